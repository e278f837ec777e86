/* SPDX-License-Identifier: ISC */
/* PID 1's check of a compiled block that it must not trust: what the loader
 * makes passes, whatever is bent in it does not. */
#include "tests/unit/config_world.h"

#include <stdlib.h>
#include <time.h>

#include "tests/unit/config_valid.h"

/* A private copy of a valid block, to be bent. */
static struct config *block;

static const char valid[] =
	"[defaults]\nenv.A = 1\nmax_failures = 2 in 2s, 3 in 3s\n"
	"[service:web]\ncommand = /bin/web a b\nafter = db\nrequires = log\n"
	"user = 1000:1001\ngroups = 3 4\numask = 022\ndirectory = /srv\n"
	"stdout = file:/log/web\nstderr = stdout\nlimit.nofile = 5:6\n"
	"limit.core = -0\nnice = 3\noom_score_adj = 4\n"
	"[service:db]\nshell = exec db\nafter = log\ntype = oneshot\n"
	"limit.as = 7\n"
	"[service:log]\ncommand = log\nstdout = relay\nstderr = null\n";

/* The block with a fourth service that was removed. */
static int make_block(void **state)
{
	static char text[2000];
	const struct config *first;
	struct loader_source from = { .files_count = 1 };
	static const char *const names[] = { "t.ini" };

	(void)state;
	snprintf(text, sizeof(text), "%s[service:old]\ncommand = x\n", valid);
	load_text(text);
	first = loaded.c;
	loaded.c = NULL;
	forget(NULL);
	add_file("t.ini", valid);
	from.files = names;
	from.old = first;
	load_source(&fake_world, &from);
	munmap((void *)(uintptr_t)first, first->size);
	assert_non_null(loaded.c);
	block = malloc(loaded.c->size);
	memcpy(block, loaded.c, loaded.c->size);
	return 0;
}

static int drop_block(void **state)
{
	free(block);
	block = NULL;
	return forget(state);
}

static void mend(void)
{
	memcpy(block, loaded.c, loaded.c->size);
}

static struct config_service *bent(uint32_t i)
{
	return (struct config_service *)(uintptr_t)config_service(block, i);
}

static struct config_dep *bent_dep(uint32_t i)
{
	return (struct config_dep *)(uintptr_t)config_dep(block, i);
}

static uint16_t *bent_order(void)
{
	return (uint16_t *)(uintptr_t)config_order(block);
}

static char *bent_text(void)
{
	return (char *)block + block->text_at;
}

/* What the check says of the bent block; then it is mended. */
static enum verify_rule broken(void)
{
	int err = config_verify(block, loaded.c->size);

	if (err == 0)
		config_walk(block);
	mend();
	assert_true(err <= 0 && err > -VERIFY_RULES);
	return (enum verify_rule)-err;
}

/* Do something to the block, and see which rule it breaks. */
#define BREAKS(rule, ...)                                                    \
	do {                                                                 \
		__VA_ARGS__;                                                 \
		assert_string_equal(config_rules[broken()],                  \
				    config_rules[VERIFY_##rule]);            \
	} while (0)

static void block_of_the_loader_is_well(void **state)
{
	assert_int_equal(config_verify(block, loaded.c->size), 0);
	assert_int_equal(block->services, 4);
	assert_true(config_service(block, 3)->is_removed);
	assert_int_equal(block->deps, 3);
	assert_int_equal(block->limits, 3);
	assert_int_equal(config_verify(block, (size_t)1 << 40), 0);
}

static void block_larger_than_its_room_is_refused(void **state)
{
	const size_t size = loaded.c->size;
	size_t sizes[] = { 0, 1, sizeof(*block) - 1, sizeof(*block),
			   size - 1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(config_verify(block, sizes[i]), -VERIFY_SIZE);
}

static void count_out_of_range_is_refused(void **state)
{
	BREAKS(SIZE, block->services = 0);
	BREAKS(SIZE, block->services = CONFIG_SERVICES + 1);
	BREAKS(SIZE, block->services = UINT32_MAX);
	BREAKS(SIZE, block->deps = UINT32_MAX);
	BREAKS(SIZE, block->deps = 1024 * 1023 / 2 + 1);
	BREAKS(SIZE, block->limits = 1024 * 16 + 1);
	BREAKS(SIZE, block->text = 0);
	BREAKS(SIZE, block->text = CONFIG_TEXT + 1);
	BREAKS(SIZE, block->size = loaded.c->size + 1);
}

static void part_elsewhere_is_refused(void **state)
{
	uint32_t *at[] = { &block->services_at, &block->deps_at,
			   &block->limits_at, &block->order_at,
			   &block->text_at };
	const uint32_t to[] = { 0, 1, 8, loaded.c->size, UINT32_MAX,
				UINT32_MAX - 7 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		for (size_t n = 0; n < sizeof(to) / sizeof(to[0]); n++)
			BREAKS(LAYOUT, *at[i] = to[n]);
	BREAKS(LAYOUT, block->size--);
	BREAKS(LAYOUT, block->size = 0);
	BREAKS(LAYOUT, block->services = 3);
	BREAKS(LAYOUT, block->services = 5);
	BREAKS(LAYOUT, block->deps += 2);
	BREAKS(LAYOUT, block->limits--);
	BREAKS(LAYOUT, block->text--);
}

static void head_out_of_range_is_refused(void **state)
{
	BREAKS(HEAD, block->headroom = -2);
	BREAKS(HEAD, block->headroom = 1000001);
	BREAKS(HEAD, block->shutdown_timeout_ms = 0);
	BREAKS(HEAD, block->shutdown_timeout_ms = INT64_MAX);
	BREAKS(HEAD, block->shutdown_needs_ms = 1499);
	BREAKS(HEAD, block->exit_when_all_blocked_ms = -1);
	BREAKS(HEAD, block->exit_when_all_blocked_ms = 604800001);
	BREAKS(HEAD, block->restart_rate.period_ms = 0);
	BREAKS(HEAD, block->restart_rate.period_ms = 86400001);
	BREAKS(HEAD, block->restart_rate.rate = 0);
	BREAKS(HEAD, block->restart_rate.burst = 100001);
	BREAKS(HEAD, block->stop_signals = 0);
	BREAKS(HEAD, block->stop_signals |= 1 << (17 - 1)); /* SIGCHLD */
	BREAKS(HEAD, block->stop_signals |= 1 << (1 - 1));  /* SIGHUP */
	BREAKS(HEAD, block->forward_signals |= 1 << (15 - 1)); /* SIGTERM */
	BREAKS(HEAD, block->log_level = 4);
	BREAKS(HEAD, block->log_format = 2);
	BREAKS(HEAD, block->tails = CONFIG_TAILS + 1);
	BREAKS(HEAD, block->control_mode = 01000);
	BREAKS(HEAD, memset(&block->has_metrics_file, 2, 1));
	BREAKS(HEAD, memset(&block->is_diagnostics_written, 0xff, 1));
	BREAKS(HEAD, memset(&block->has_control_owner, 0x80, 1));
}

static void text_outside_or_without_end_is_refused(void **state)
{
	const uint32_t end = loaded.c->text;

	BREAKS(TEXT, bent_text()[end - 1] = 'x');
	BREAKS(TEXT, bent_text()[0] = 'x');
	BREAKS(TEXT, block->diagnostics = end);
	BREAKS(TEXT, block->diagnostics = 0);
	BREAKS(TEXT, block->control = UINT32_MAX);
	BREAKS(TEXT, block->listen = end);
	BREAKS(TEXT, bent(0)->file = end);
	BREAKS(TEXT, bent(1)->path = end);
	BREAKS(TEXT, bent(2)->user = end);
	BREAKS(TEXT, bent(3)->directory = end + 1);
	BREAKS(TEXT, bent(0)->directory = bent(0)->name);
	BREAKS(NAME, bent(0)->name = end);
	BREAKS(NAME, bent(0)->name = 0);
	BREAKS(STREAM, bent(0)->out.path = end);
	BREAKS(WELL, bent(0)->user = end - 1);
}

static void list_without_its_strings_is_refused(void **state)
{
	const uint32_t end = loaded.c->text;

	BREAKS(LIST, bent(0)->argv.at = end);
	BREAKS(LIST, bent(0)->argv.at = UINT32_MAX);
	BREAKS(LIST, bent(0)->argv.count = 0);
	BREAKS(LIST, bent(0)->argv.at = 0); /* its first word is empty */
	BREAKS(LIST, bent(0)->argv.count = UINT32_MAX);
	BREAKS(LIST, bent(0)->env.count = UINT32_MAX);
	BREAKS(LIST, bent(0)->env.at = end);
	BREAKS(LIST, bent(0)->env = (struct config_list){ end, 0 });
	BREAKS(LIST, bent(0)->env = (struct config_list){ end - 1, 2 });
	BREAKS(WELL, bent(0)->env = (struct config_list){ end - 1, 1 });
}

static void proper_and_different_names_are_demanded(void **state)
{
	char *name = bent_text() + bent(2)->name;

	BREAKS(NAME, bent(2)->name = bent(0)->name);
	BREAKS(NAME, bent(3)->name = bent(1)->name);
	BREAKS(NAME, memcpy(name, "web", 3));
	BREAKS(NAME, memcpy(name, "a b", 3));
	BREAKS(NAME, memcpy(name, "a:b", 3));
	BREAKS(NAME, memcpy(name, ":00", 3));
	BREAKS(NAME, memcpy(name, "a::", 3));
	BREAKS(WELL, memcpy(name, "a:0", 3));
	BREAKS(NAME, memcpy(name, ".ab", 3));
	BREAKS(NAME, name[1] = '\n');
	BREAKS(WELL, memcpy(name, "a-9", 3));
}

/* db is a oneshot that nobody but web waits for. */
static void schedule_out_of_range_is_refused(void **state)
{
	static const struct schedule daily = { .minutes = 1, .hours = 1,
					       .days = 2, .months = 2,
					       .weekdays = 1 };
	struct config_service *web = bent(0);

#define SCHEDULE(...) web->type = CONFIG_ONESHOT;                            \
	web->restart = CONFIG_NEVER;                                         \
	web->schedule = daily; __VA_ARGS__
	BREAKS(WELL, SCHEDULE());
	BREAKS(WELL, SCHEDULE(web->schedule = (struct schedule){
		.every_ms = 1000 }));
	BREAKS(SERVICE, SCHEDULE(web->type = CONFIG_DAEMON));
	BREAKS(SERVICE, SCHEDULE(web->restart = CONFIG_ON_FAILURE));
	BREAKS(SERVICE, SCHEDULE(web->is_essential = true));
	BREAKS(SERVICE, SCHEDULE(web->schedule.every_ms = 1000));
	BREAKS(SERVICE, SCHEDULE(web->schedule = (struct schedule){
		.every_ms = 999 }));
	BREAKS(SERVICE, SCHEDULE(web->schedule = (struct schedule){
		.every_ms = -1 }));
	BREAKS(SERVICE, SCHEDULE(web->schedule = (struct schedule){
		.every_ms = 7 * 86400000 + 1 }));
	BREAKS(SERVICE, SCHEDULE(web->schedule.minutes = 1ULL << 60));
	BREAKS(SERVICE, SCHEDULE(web->schedule.minutes = 0));
	BREAKS(SERVICE, SCHEDULE(web->schedule.hours = 0));
	BREAKS(SERVICE, SCHEDULE(web->schedule.hours = 1 << 24));
	BREAKS(SERVICE, SCHEDULE(web->schedule.days = 0));
	BREAKS(SERVICE, SCHEDULE(web->schedule.days = 3));
	BREAKS(SERVICE, SCHEDULE(web->schedule.months = 0));
	BREAKS(SERVICE, SCHEDULE(web->schedule.months = 1));
	BREAKS(SERVICE, SCHEDULE(web->schedule.months = 1 << 13));
	BREAKS(SERVICE, SCHEDULE(web->schedule.weekdays = 0));
	BREAKS(SERVICE, SCHEDULE(web->schedule.weekdays = 0x80));
	BREAKS(SERVICE, SCHEDULE(web->schedule.east_min = 841));
	BREAKS(SERVICE, SCHEDULE(web->schedule.east_min = -841));
	BREAKS(SERVICE, SCHEDULE(memset(&web->schedule.is_either_day, 2, 1)));
	/* 31 February */
	BREAKS(SERVICE, SCHEDULE(web->schedule.days = 1U << 31;
				 web->schedule.months = 1 << 2));
	BREAKS(TEXT, SCHEDULE(web->schedule_text = loaded.c->text));
#undef SCHEDULE
	/* web waits for db, which then has no end. */
	BREAKS(DEPENDENCY, bent(1)->restart = CONFIG_NEVER;
	       bent(1)->schedule = daily);
}

static void service_out_of_range_is_refused(void **state)
{
	BREAKS(SERVICE, bent(0)->breaker.windows = 5;
	       bent(0)->breaker.window[2] = bent(0)->breaker.window[3] =
		       bent(0)->breaker.window[0]);
	BREAKS(SERVICE, bent(0)->dampen.min_ms = -1);
	BREAKS(SERVICE, bent(0)->breaker.window[0].max_failures = 0);
	BREAKS(SERVICE, bent(0)->breaker.window[1].max_failures = 65);
	BREAKS(SERVICE, bent(0)->breaker.window[1].window_ms = 0);
	BREAKS(SERVICE, bent(0)->breaker.max_in_row = BREAKER_ROW + 1);
	BREAKS(SERVICE, bent(0)->breaker.window[0].window_ms = INT64_MAX);
	BREAKS(WELL, bent(0)->breaker.window[2].window_ms = INT64_MIN);
	BREAKS(SERVICE, bent(0)->breaker.cooldown_min_ms = 300001);
	BREAKS(SERVICE, bent(0)->breaker.cooldown_min_ms = -1);
	BREAKS(SERVICE, bent(0)->breaker.cooldown_max_ms = INT64_MAX);
	BREAKS(SERVICE, bent(0)->dampen.min_ms = 30001);
	BREAKS(SERVICE, bent(0)->dampen.max_ms = 604800001);
	BREAKS(SERVICE, bent(0)->stable_ms = INT64_MIN);
	BREAKS(SERVICE, bent(0)->stop_timeout_ms = INT64_MAX);
	BREAKS(SERVICE, bent(0)->leftover_grace_ms = -1);
	BREAKS(SERVICE, bent(0)->log_max_size = UINT64_MAX);
	BREAKS(SERVICE, bent(0)->stop_signal = 0);
	BREAKS(SERVICE, bent(0)->stop_signal = 65);
	BREAKS(SERVICE, bent(0)->nice = 20);
	BREAKS(SERVICE, bent(0)->nice = -21);
	BREAKS(SERVICE, bent(0)->oom_score_adj = -1001);
	BREAKS(SERVICE, bent(0)->umask = 01000);
	BREAKS(SERVICE, bent(0)->groups_count = CONFIG_GROUPS + 1);
	BREAKS(SERVICE, bent(0)->groups[1] = UINT32_MAX);
	BREAKS(SERVICE, bent(0)->uid = UINT32_MAX);
	BREAKS(SERVICE, bent(0)->gid = UINT32_MAX);
	BREAKS(WELL, bent(2)->gid = UINT32_MAX); /* has none */
	BREAKS(SERVICE, memset(&bent(0)->type, 2, 1));
	BREAKS(SERVICE, memset(&bent(0)->restart, 0x80, 4));
	BREAKS(SERVICE, bent(1)->restart = CONFIG_ALWAYS); /* a oneshot */
	BREAKS(SERVICE, memset(&bent(0)->is_removed, 2, 1));
	BREAKS(SERVICE, memset(&bent(0)->is_essential, 2, 1));
	BREAKS(SERVICE, bent(0)->is_main = bent(2)->is_main = true);
}

static void ends_of_a_range_are_in_it(void **state)
{
	struct breaker_policy *p = &bent(0)->breaker;

	BREAKS(WELL, p->max_in_row = BREAKER_ROW);
	BREAKS(WELL, p->max_in_row = 0);
	BREAKS(WELL, p->window[0].max_failures = BREAKER_SLOTS);
	BREAKS(WELL, p->window[0].max_failures = 1);
	BREAKS(WELL, p->window[0].window_ms = 1);
	BREAKS(WELL, p->window[0].window_ms = 604800000);
	BREAKS(WELL, p->cooldown_min_ms = p->cooldown_max_ms);
	BREAKS(WELL, bent(0)->dampen.min_ms = bent(0)->dampen.max_ms);
	BREAKS(WELL, bent(0)->stop_timeout_ms = 604800000);
	BREAKS(WELL, bent(0)->stop_signal = 64);
	BREAKS(WELL, bent(0)->nice = -20);
	BREAKS(WELL, bent(0)->log_max_size = INT64_MAX);
	BREAKS(WELL, bent(0)->groups[bent(0)->groups_count] = UINT32_MAX);
	BREAKS(WELL, bent(2)->is_main = true);
}

static void stream_that_contradicts_itself_is_refused(void **state)
{
	BREAKS(STREAM, bent(0)->out.output = CONFIG_STDOUT);
	BREAKS(STREAM, bent(0)->out.path = 0);
	BREAKS(STREAM, bent(0)->out.path = bent(0)->name);
	BREAKS(STREAM, bent(0)->out.output = CONFIG_NULL);
	BREAKS(STREAM, bent(0)->err.output = (enum config_output)5);
	BREAKS(STREAM, memset(&bent(0)->err.output, 0xff, 4));
	BREAKS(STREAM, bent(0)->err.fd = 1);
	BREAKS(STREAM, bent(2)->out.fd = 0);
	BREAKS(STREAM, bent(2)->out.fd = 3);
}

static void limit_out_of_range_is_refused(void **state)
{
	struct config_limit *limit = (struct config_limit *)
		(uintptr_t)config_limit(block, 1);

	BREAKS(LIMIT, limit->resource = 16);
	BREAKS(LIMIT, limit->soft = limit->hard + 1);
	BREAKS(LIMIT, memset(&limit->is_try, 2, 1));
	BREAKS(LIMIT, bent(0)->limits_first = 1);
	BREAKS(LIMIT, bent(1)->limits_first = UINT32_MAX);
	BREAKS(LIMIT, bent(0)->limits = 4);
	BREAKS(LIMIT, bent(0)->limits = 1);
	BREAKS(LIMIT, bent(1)->limits = 0);
	BREAKS(LIMIT, bent(1)->limits = 0;
	       bent(2)->limits_first = bent(3)->limits_first = 2);
	BREAKS(SERVICE, bent(0)->limits = CONFIG_LIMITS + 1);
}

static void dependency_on_nobody_is_refused(void **state)
{
	BREAKS(DEPENDENCY, bent_dep(0)->service = 4);
	BREAKS(DEPENDENCY, bent_dep(0)->service = UINT16_MAX);
	BREAKS(DEPENDENCY, bent_dep(0)->service = 0); /* itself */
	BREAKS(DEPENDENCY, bent_dep(0)->service = 3); /* removed */
	BREAKS(DEPENDENCY, memset(&bent_dep(1)->is_required, 2, 1));
	BREAKS(DEPENDENCY, bent(1)->deps_first = 1);
	BREAKS(DEPENDENCY, bent(0)->deps = 1);
	BREAKS(DEPENDENCY, bent(0)->deps = 4);
	BREAKS(DEPENDENCY, bent(1)->deps = 0);
	BREAKS(DEPENDENCY, bent(1)->deps = 0;
	       bent(2)->deps_first = bent(3)->deps_first = 2);
	BREAKS(SERVICE, bent(0)->deps = CONFIG_SERVICES);
}

static void order_obeys_every_dependency(void **state)
{
	uint16_t *order = bent_order();

	assert_int_equal(order[0], 2);
	BREAKS(ORDER, order[0] = 4);
	BREAKS(ORDER, order[0] = UINT16_MAX);
	BREAKS(ORDER, order[0] = order[1]);
	BREAKS(ORDER, order[0] = 1; order[1] = 2);
	BREAKS(ORDER, bent_dep(2)->service = 0); /* a circle */
	BREAKS(WELL, memcpy(order, (const uint16_t[]){ 3, 2, 1, 0 }, 8));
}

static void check_has_what_its_kind_needs(void **state)
{
	const config_text path = bent(0)->directory, word = bent(0)->name;
	const struct config_list argv = bent(0)->argv;
#define CHECK(rule, what, ...)                                               \
	{ VERIFY_##rule, { .kind = CONFIG_CHECK_##what, __VA_ARGS__ } }
	const struct {
		enum verify_rule rule;
		struct config_check check;
	} cases[] = {
		CHECK(WELL, NOTIFY, .number = 0),
		CHECK(WELL, FD, .number = 3),
		CHECK(WELL, TCP, .number = 1, .host = word),
		CHECK(WELL, HTTP, .number = 1, .host = word, .path = path),
		CHECK(WELL, UNIX, .path = path),
		CHECK(WELL, FILE, .path = path),
		CHECK(WELL, EXEC, .argv = argv),
		CHECK(SERVICE, EXEC + 1, .number = 0),
		CHECK(SERVICE, TCP, .number = 65536, .host = word),
		CHECK(CHECK, NONE, .number = 1),
		CHECK(CHECK, NONE, .path = path),
		CHECK(CHECK, NOTIFY, .number = 1),
		CHECK(CHECK, FD, .number = 0),
		CHECK(CHECK, FD, .number = 3, .argv = argv),
		CHECK(CHECK, TCP, .number = 0, .host = word),
		CHECK(CHECK, TCP, .number = 1, .host = 0),
		CHECK(CHECK, TCP, .number = 1, .host = UINT32_MAX),
		CHECK(CHECK, TCP, .number = 1, .host = word, .path = path),
		CHECK(CHECK, HTTP, .number = 1, .host = word, .path = word),
		CHECK(CHECK, FILE, .path = word),
		CHECK(CHECK, FILE, .path = path, .host = word),
		CHECK(CHECK, UNIX, .path = 0),
		CHECK(CHECK, EXEC, .argv = { 0, 0 }),
		CHECK(CHECK, EXEC, .argv = { 0, 1 }),
		CHECK(CHECK, EXEC, .argv = { UINT32_MAX, 1 }),
		CHECK(CHECK, EXEC, .argv = { argv.at, UINT32_MAX }),
	};
#undef CHECK

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bent(0)->ready = cases[i].check;
		assert_int_equal(broken(), cases[i].rule);
		bent(0)->health = cases[i].check;
		assert_int_equal(broken(), cases[i].rule);
	}
}

static void hook_is_a_command_or_none(void **state)
{
	const struct config_list argv = bent(0)->argv;

	BREAKS(WELL, bent(0)->stop_command = argv);
	BREAKS(WELL, bent(0)->on_blocked = argv);
	BREAKS(WELL, bent(3)->stop_command = argv); /* removed */
	BREAKS(SERVICE, bent(3)->on_blocked = argv);
	BREAKS(LIST, bent(0)->stop_command.at = argv.at);
	BREAKS(LIST, bent(0)->stop_command.count = 1);
	BREAKS(LIST, bent(0)->on_blocked.count = UINT32_MAX);
	BREAKS(LIST, bent(0)->on_blocked = (struct config_list){
			     UINT32_MAX, 1 });
	BREAKS(SERVICE, bent(0)->reload_signal = 0);
	BREAKS(SERVICE, bent(0)->drain_delay_ms = -1);
	BREAKS(SERVICE, bent(0)->health_failures = 0);
	BREAKS(SERVICE, bent(0)->health_interval_ms = 99);
	BREAKS(SERVICE, bent(0)->tasks_max = UINT64_MAX);
	BREAKS(HEAD, block->held_timeout_ms = -1);
	BREAKS(HEAD, block->orphans_kill_ms = INT64_MAX);
}

static void tails_have_to_add_up(void **state)
{
	BREAKS(TAIL, bent(0)->tail_first = 1);
	BREAKS(TAIL, bent(2)->tail_first = 0);
	BREAKS(TAIL, bent(0)->tail_lines = 0);
	BREAKS(TAIL, bent(3)->tail_lines = 1000);
	BREAKS(TAIL, block->tails--);
	BREAKS(TAIL, block->tails = 0);
	BREAKS(SERVICE, bent(3)->tail_lines = 1001);
}

static void removed_service_can_only_be_waited_for(void **state)
{
	BREAKS(SERVICE, bent(3)->argv = bent(0)->argv);
	BREAKS(SERVICE, bent(3)->is_autostart = true);
	BREAKS(SERVICE, bent(3)->is_essential = true);
	BREAKS(SERVICE, bent(3)->is_main = true);
	BREAKS(LIST, bent(3)->is_removed = false);
	BREAKS(SERVICE, bent(0)->is_removed = true);
}

static void somebody_has_to_be_left(void **state)
{
	for (uint32_t i = 0; i < 4; i++) {
		bent(i)->is_removed = true;
		bent(i)->is_autostart = false;
		bent(i)->argv = (struct config_list){ 0, 0 };
		bent(i)->deps = bent(i)->deps_first = 0;
	}
	block->deps = 0;
	/* Without dependencies the parts behind them lie elsewhere. */
	config_lay_out(block);
	memmove((char *)block + block->limits_at,
		(char *)block + loaded.c->limits_at,
		loaded.c->size - loaded.c->limits_at);
	BREAKS(SERVICE, (void)0);
}

/* Part of a struct. */
struct field {
	size_t at, size;
};

#define FIELD(type, field)                                                   \
	{ offsetof(struct type, field), sizeof(((struct type *)0)->field) }
#define S(field) FIELD(config_service, field)
#define H(field) FIELD(config, field)

/* Hashes, people, and what is shown only. */
static const struct field service_free[] = {
	S(success_codes), S(fatal_codes), S(fingerprint), S(run_fingerprint),
	S(health_fingerprint),
	S(line), S(uid), S(gid), S(log_uid), S(log_gid),
	S(groups), S(breaker.window[2]),
	S(breaker.window[3]), { 0, 0 },
};
static const struct field head_free[] = {
	H(control_uid), H(control_gid), { 0, 0 },
};

/* Numbers of which one byte alone can be anything. */
static const struct field service_wide[] = {
	S(breaker.window[0].window_ms), S(breaker.window[1].window_ms),
	S(breaker.max_trips), S(breaker.max_in_row),
	S(breaker.cooldown_min_ms),
	S(breaker.cooldown_max_ms), S(dampen.min_ms), S(dampen.max_ms),
	S(stable_ms), S(min_runtime_ms), S(stop_timeout_ms),
	S(leftover_grace_ms), S(log_max_size), S(log_keep), S(umask),
	S(log_mode), S(oom_score_adj), S(ready_timeout_ms),
	S(health_interval_ms),
	S(health_timeout_ms), S(health_grace_ms), S(health_failures),
	S(drain_delay_ms), S(zombie_limit), S(tasks_max), S(memory_max),
	S(capabilities), S(schedule.east_min), { 0, 0 },
};
static const struct field head_wide[] = {
	H(headroom), H(shutdown_timeout_ms), H(shutdown_needs_ms),
	H(exit_when_all_blocked_ms), H(restart_rate.period_ms),
	H(restart_rate.rate), H(restart_rate.burst), H(stop_signals),
	H(forward_signals),
	H(control), H(listen), H(control_mode), H(held_timeout_ms),
	H(orphans_kill_ms), { 0, 0 },
};

static bool is_in(const struct field *fields, size_t at)
{
	for (; fields->size > 0; fields++)
		if (at >= fields->at && at - fields->at < fields->size)
			return true;
	return false;
}

/* True when these bytes are refused with some value. */
static bool are_looked_at(unsigned char *bytes, size_t size)
{
	static const unsigned char to[] = { 0xff, 0x80, 0x7f, 2, 1, 0 };
	bool is_refused = false;

	for (size_t i = 0; i < sizeof(to) && !is_refused; i++) {
		memset(bytes, to[i], size);
		is_refused = config_verify(block, loaded.c->size) != 0;
		if (!is_refused)
			config_walk(block);
		mend();
	}
	return is_refused;
}

/* Fields of a struct in the block that can be anything. is_field: 0 for the
 * bytes between two of them. */
static unsigned unseen(unsigned char *base, size_t size,
		       const unsigned char *is_field, const struct field *wide,
		       const struct field *may_be_any)
{
	unsigned count = 0;

	for (const struct field *f = wide; f->size > 0; f++) {
		if (are_looked_at(base + f->at, f->size))
			continue;
		print_message("the field at %zu can be anything\n", f->at);
		count++;
	}
	for (size_t at = 0; at < size; at++) {
		if (is_field[at] == 0 || is_in(wide, at) ||
		    is_in(may_be_any, at) || are_looked_at(base + at, 1))
			continue;
		print_message("byte %zu can be anything\n", at);
		count++;
	}
	return count;
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define CLEAR_PADDING(at) (__builtin_clear_padding(at), true)
#endif
#endif
#ifndef CLEAR_PADDING
#define CLEAR_PADDING(at) ((void)(at), false)
#endif

/* A field that is missing in the table of init/config/keys.c fails here. */
static void every_field_is_looked_at(void **state)
{
	struct config_service s;
	struct config head;

	memset(&s, 0xff, sizeof(s));
	memset(&head, 0xff, sizeof(head));
	if (!CLEAR_PADDING(&s) || !CLEAR_PADDING(&head))
		skip(); /* the compiler does not tell fields from the rest */
	assert_int_equal(unseen((unsigned char *)bent(0), sizeof(s),
				(unsigned char *)&s, service_wide,
				service_free), 0);
	assert_int_equal(unseen((unsigned char *)block, sizeof(head),
				(unsigned char *)&head, head_wide, head_free),
			 0);
}

/* The CPU time of one check in ms, the best of five. */
static double cost_ms(const struct config *c)
{
	double best = 1e9;

	for (int i = 0; i < 5; i++) {
		struct timespec a, b;
		double ms;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		assert_int_equal(config_verify(c, c->size), 0);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		ms = (double)(b.tv_sec - a.tv_sec) * 1e3 +
		     (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	return best;
}

static void shared_long_lists_do_not_cost_their_length_each(void **state)
{
	enum { BYTES = 60000, VARIABLES = 60 };
	char *value = calloc(1, BYTES + 1), *text = calloc(1, 100000),
	     *to = text;
	double once;

	forget(NULL);
	memset(value, 'x', BYTES);
	add_file("/v", value);
	to += sprintf(to, "[service:s]\ncommand = x\n");
	for (int i = 0; i < VARIABLES; i++)
		to += sprintf(to, "env_from_file.V%d = /v\n", i);
	for (int i = 1; i < CONFIG_SERVICES; i++)
		to += sprintf(to, "[service:s%d]\ncommand = x\n", i);
	add_file("t.ini", text);
	load_files((const char *const[]){ "t.ini" }, 1);
	assert_int_equal(service("s")->env.count, VARIABLES);
	free(block);
	block = malloc(loaded.c->size);
	mend();
	once = cost_ms(block);
	/* To walk along all of these is to read 3.6 GB. */
	for (uint32_t i = 1; i < CONFIG_SERVICES; i++)
		bent(i)->env = bent(0)->env;
	assert_true(cost_ms(block) < 4 * once + 20);
	free(value);
	free(text);
}

static void largest_block_is_that_of_the_limits(void **state)
{
	struct config c = { .services = CONFIG_SERVICES,
			    .deps = 1024 * 1023 / 2,
			    .limits = 1024 * 16,
			    .text = CONFIG_TEXT };

	config_lay_out(&c);
	assert_int_equal(config_block_most(), c.size);
	assert_true(c.size > (4 << 20) + 1024 * 1023 / 2 * 4);
	assert_true(c.size < 8 << 20);
	assert_int_equal(c.services_at % 8, 0);
	assert_int_equal(c.text_at % 8, 0);
	assert_int_equal(c.text_at + c.text, c.size);
}

/* Part of a block to its place in another one. */
static void copy_part(struct config *to, uint32_t to_at,
		      const struct config *from, uint32_t at, size_t size)
{
	memcpy((char *)to + to_at, (const char *)from + at, size);
}

static void every_service_may_wait_for_all_before_it(void **state)
{
	char *text = calloc(1, 100000), *to = text;
	const struct config *c;
	struct config_dep *dep;

	forget(NULL);
	for (int i = 0; i < CONFIG_SERVICES; i++)
		to += sprintf(to, "[service:s%d]\ncommand = x\n", i);
	load_text(text);
	free(text);
	assert_non_null(loaded.c);
	c = loaded.c;
	free(block);
	block = calloc(1, config_block_most());
	memcpy(block, c, sizeof(*c));
	block->deps = 1024 * 1023 / 2;
	config_lay_out(block);
	copy_part(block, block->services_at, c, c->services_at,
		  c->services * sizeof(struct config_service));
	copy_part(block, block->order_at, c, c->order_at, 2 * c->services);
	copy_part(block, block->text_at, c, c->text_at, c->text);
	dep = bent_dep(0);
	for (uint32_t i = 0; i < c->services; i++) {
		bent(i)->deps_first = i > 0 ? i * (i - 1) / 2 : 0;
		bent(i)->deps = i;
		for (uint32_t on = 0; on < i; on++)
			*dep++ = (struct config_dep){ (uint16_t)on, true };
	}
	assert_true(cost_ms(block) < 500);
	bent_order()[1022] = 1023;
	bent_order()[1023] = 1022;
	assert_int_equal(config_verify(block, block->size), -VERIFY_ORDER);
}

/* Load a service with a variable of so many bytes; the size of the text. */
static uint32_t text_with(int bytes)
{
	static char text[8192], value[4096];

	forget(NULL);
	memset(value, 'x', (size_t)bytes);
	value[bytes] = '\0';
	snprintf(text, sizeof(text),
		 "[service:s]\ncommand = x\nenv.V = %s\n", value);
	load_text(text);
	assert_non_null(loaded.c);
	free(block);
	block = malloc(loaded.c->size);
	mend();
	return loaded.c->text;
}

static void text_of_any_length_has_its_strings_counted(void **state)
{
	const int to_2048 = 1000 + 2048 - (int)text_with(1000);

	/* Texts that end around the end of what is counted at once. */
	for (int n = -3; n <= 3; n++) {
		const uint32_t end = text_with(to_2048 + n);

		assert_int_equal(end, 2048 + n);
		BREAKS(WELL, (void)0);
		BREAKS(WELL, bent(0)->env = (struct config_list){ end - 1, 1 });
		BREAKS(LIST, bent(0)->env = (struct config_list){ end - 1, 2 });
		BREAKS(LIST, bent(0)->env.count = 64);
	}
}

#define VERIFY(fact)                                                         \
	cmocka_unit_test_setup_teardown(fact, make_block, drop_block)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VERIFY(block_of_the_loader_is_well),
		VERIFY(block_larger_than_its_room_is_refused),
		VERIFY(count_out_of_range_is_refused),
		VERIFY(part_elsewhere_is_refused),
		VERIFY(head_out_of_range_is_refused),
		VERIFY(text_outside_or_without_end_is_refused),
		VERIFY(list_without_its_strings_is_refused),
		VERIFY(proper_and_different_names_are_demanded),
		VERIFY(schedule_out_of_range_is_refused),
		VERIFY(service_out_of_range_is_refused),
		VERIFY(ends_of_a_range_are_in_it),
		VERIFY(stream_that_contradicts_itself_is_refused),
		VERIFY(limit_out_of_range_is_refused),
		VERIFY(dependency_on_nobody_is_refused),
		VERIFY(order_obeys_every_dependency),
		VERIFY(tails_have_to_add_up),
		VERIFY(check_has_what_its_kind_needs),
		VERIFY(hook_is_a_command_or_none),
		VERIFY(removed_service_can_only_be_waited_for),
		VERIFY(somebody_has_to_be_left),
		VERIFY(every_field_is_looked_at),
		VERIFY(shared_long_lists_do_not_cost_their_length_each),
		VERIFY(every_service_may_wait_for_all_before_it),
		VERIFY(largest_block_is_that_of_the_limits),
		VERIFY(text_of_any_length_has_its_strings_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
