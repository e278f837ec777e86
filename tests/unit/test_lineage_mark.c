/* SPDX-License-Identifier: ISC */
/* init/kernel/lineage_mark: a pair of limits belongs to one service, and by
 * lowering them no process gets another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "init/kernel/lineage_mark.h"

/* What the next prlimit(2) for a limit answers. */
static rlim_t own_locks, own_rss;
/* The last ones that were set; 0: none. */
static rlim_t set_locks, set_rss;

int __wrap_prlimit(pid_t pid, int resource, const struct rlimit *to,
		   struct rlimit *from);
int __wrap_prlimit(pid_t pid, int resource, const struct rlimit *to,
		   struct rlimit *from)
{
	bool is_locks = resource == RLIMIT_LOCKS;

	(void)pid;
	if (from)
		from->rlim_max = is_locks ? own_locks : own_rss;
	if (to)
		*(is_locks ? &set_locks : &set_rss) = to->rlim_max;
	return 0;
}

static uint64_t random_below(uint64_t end)
{
	uint64_t r = (uint64_t)random() << 31 ^ (uint64_t)random();

	return end == 0 ? 0 : r % end;
}

static void number_comes_back_from_its_mark(void **state)
{
	const uint64_t bases[] = { 2, 100, 1 << 20, 1ULL << 55 };

	(void)state;
	for (size_t b = 0; b < 4; b++)
		for (uint64_t id = 1; id < 5000 && id < bases[b]; id++)
			assert_int_equal(mark_id(bases[b],
						 mark_make(bases[b], id)),
					 id);
}

/* Every pair below the marks of a few services, on a small base. */
static void no_lowering_of_both_convicts_another(void **state)
{
	const uint64_t base = 40;

	(void)state;
	for (uint64_t id = 1; id < base; id++) {
		const struct mark own = mark_make(base, id);

		for (uint64_t locks = 0; locks <= own.locks; locks++)
			for (uint64_t rss = 0; rss <= own.rss; rss++) {
				uint64_t of = mark_id(
					base, (struct mark){ locks, rss });

				assert_true(of == 0 || of == id);
				assert_true(of == 0 || (locks == own.locks &&
							rss == own.rss));
			}
	}
}

/* The same by chance where bases are as large as real ones, near the marks of
 * other services and anywhere below. */
static void no_random_lowering_convicts_another(void **state)
{
	(void)state;
	own_locks = own_rss = RLIM_INFINITY;
	for (int n = 0; n < 200000; n++) {
		const uint64_t base = mark_base((uint64_t)n);
		const uint64_t id = 1 + random_below(5000);
		const struct mark own = mark_make(base, id);
		const uint64_t near = random_below(2) ? 5000 : own.rss;
		const struct mark lowered = {
			.locks = own.locks - random_below(near),
			.rss = own.rss - random_below(near),
		};
		uint64_t of = mark_id(base, lowered);

		assert_true(of == 0 || of == id);
	}
}

static void unlimited_unknown_or_one_of_both_is_no_mark(void **state)
{
	const struct mark own = mark_make(1000, 7);
	const char text[] =
		"Limit                     Soft Limit  Hard Limit  Units\n"
		"Max resident set          unlimited   unlimited   bytes\n"
		"Max file locks            1007        1007        locks\n";

	(void)state;
	assert_int_equal(mark_id(1000, (struct mark){ 0, 0 }), 0);
	assert_int_equal(mark_id(1000, (struct mark){ own.locks, 0 }), 0);
	assert_int_equal(mark_id(1000, (struct mark){ 0, own.rss }), 0);
	assert_int_equal(mark_id(1000, (struct mark){ 1000, 1000 }), 0);
	assert_int_equal(mark_id(1000, (struct mark){ 2000, 0 }), 0);
	assert_int_equal(mark_id(0, (struct mark){ 0, 0 }), 0);
	assert_int_equal(mark_id(0, (struct mark){ UINT64_MAX, 1 }), 0);
	assert_int_equal(mark_id(1000, mark_read(text)), 0);
	assert_int_equal(mark_id(1000, mark_read("")), 0);
	/* Number 0 is nobody's, and one too many has no room. */
	assert_int_equal(mark_make(1000, 0).locks, 0);
	assert_int_equal(mark_make(1000, 1000).locks, 0);
}

static void mark_is_read_from_the_hard_limits(void **state)
{
	const char text[] =
		"Max cpu time              unlimited   unlimited   seconds\n"
		"Max resident set          5           993         bytes\n"
		"Max locked memory         12          12          bytes\n"
		"Max file locks            6           1007        locks\n";

	(void)state;
	assert_int_equal(mark_id(1000, mark_read(text)), 7);
}

/* Each dashpot is a service of the one before. */
static void nested_dashpots_have_nothing_in_common(void **state)
{
	uint64_t base[8];

	(void)state;
	own_locks = own_rss = RLIM_INFINITY;
	for (int level = 0; level < 8; level++) {
		base[level] = mark_base((uint64_t)level);
		for (uint64_t id = 1; id <= 5000; id += 7) {
			struct mark m = mark_make(base[level], id);

			assert_true(m.locks != 0);
			assert_true(m.locks <= own_locks && m.rss <= own_rss);
			for (int outer = 0; outer < level; outer++)
				assert_int_equal(mark_id(base[outer], m), 0);
		}
		own_locks = mark_make(base[level], 3).locks;
		own_rss = mark_make(base[level], 3).rss;
	}
}

static void limits_too_low_for_a_mark_leave_none(void **state)
{
	(void)state;
	own_locks = 3;
	own_rss = RLIM_INFINITY;
	assert_int_equal(mark_base(12345), 0);
	own_locks = 0;
	assert_int_equal(mark_base(12345), 0);
	assert_int_equal(mark_make(0, 1).locks, 0);
	set_locks = set_rss = 0;
	mark_take(mark_make(0, 1));
	assert_int_equal(set_locks, 0);
	assert_int_equal(set_rss, 0);
}

static void both_limits_are_taken(void **state)
{
	(void)state;
	mark_take(mark_make(1000, 7));
	assert_int_equal(set_locks, 1007);
	assert_int_equal(set_rss, 993);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_comes_back_from_its_mark),
		cmocka_unit_test(no_lowering_of_both_convicts_another),
		cmocka_unit_test(no_random_lowering_convicts_another),
		cmocka_unit_test(unlimited_unknown_or_one_of_both_is_no_mark),
		cmocka_unit_test(mark_is_read_from_the_hard_limits),
		cmocka_unit_test(nested_dashpots_have_nothing_in_common),
		cmocka_unit_test(limits_too_low_for_a_mark_leave_none),
		cmocka_unit_test(both_limits_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
