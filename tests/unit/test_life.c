/* SPDX-License-Identifier: ISC */
/* The life of a service: every state with every event, compared with a picture
 * drawn by hand, and the laws that the picture must obey. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/life.h"

/* Letters of the states, in the order of enum life_state. */
static const char letters[] = "SWARBOPTDFI";

/* Letters of the deeds, by bit. */
static const char deeds[] = "qsdcxtmr";

/* One line an event, one column of five letters a state, each cell the letter
 * of the next state and the deeds: q queue, s arm stable, d arm delay, c arm
 * cooldown, x disarm, t tell, m calm, r arm ready_timeout. "." is a
 * pair that does nothing. */
enum { CELL = 5 };

static const char *const picture[LIFE_EVENTS] = {
	/*              S    W    A    R    B    O    P    T    D    F    I */
	/* want     */ "Wqx  .    .    .    Wqx  Wqx  .    .    Wqx  Wqx  Wqx ",
	/* spawned  */ ".    Ar   .    .    .    .    .    .    .    .    .   ",
	/* probe    */ ".    Pr   .    .    .    .    .    .    .    .    .   ",
	/* refused  */ ".    .    Wqx  .    .    .    Wqx  .    .    .    .   ",
	/* ready    */ ".    .    Rs   .    .    .    Ps   .    .    .    .   ",
	/* stable   */ ".    .    .    Rxm  .    .    Rxm  .    .    .    .   ",
	/* due      */ ".    .    .    .    Wqx  Wqx  .    .    .    .    Wqx ",
	/* retry    */ ".    .    Bd   Bd   .    .    Bd   .    .    .    .   ",
	/* block    */ ".    .    Oc   Oc   .    .    Oc   .    .    .    .   ",
	/* latch    */ ".    .    Fx   Fx   .    .    Fx   .    .    .    .   ",
	/* clean    */ ".    .    Bd   Bd   .    .    Bd   .    .    .    .   ",
	/* done     */ ".    .    Dx   Dx   .    .    Dxm  .    .    .    .   ",
	/* bad      */ ".    .    Fx   Fx   .    .    Fx   .    .    .    .   ",
	/* stop     */ ".    Sx   Tt   Tt   Sx   Sx   Tt   .    .    .    Sx  ",
	/* gone     */ ".    .    .    .    .    .    .    Sx   .    .    .   ",
	/* g-retry  */ ".    .    .    .    .    .    .    Bd   .    .    .   ",
	/* g-block  */ ".    .    .    .    .    .    .    Oc   .    .    .   ",
	/* g-bad    */ ".    .    .    .    .    .    .    Fx   .    .    .   ",
	/* r-block  */ "Oc   Oc   .    .    .    .    .    .    .    .    .   ",
	/* sched    */ "Ix   .    .    .    .    .    .    .    Ix   Ix   .   ",
	/* tick     */ ".    .    Ix   Ix   .    .    Ix   .    .    .    .   ",
	/* g-tick   */ ".    .    .    .    .    .    .    Ix   .    .    .   ",
};

/* Does the cell drawn for this pair say the same as `seen`? */
static bool is_as_drawn(int from, int on, const char *seen)
{
	const char *cell = picture[on] + CELL * from;
	size_t n = strcspn(cell, " ");

	return strlen(seen) == n && strncmp(seen, cell, n) == 0;
}

enum {
	DEADLINES = LIFE_DO_STABLE | LIFE_DO_DELAY | LIFE_DO_COOLDOWN |
		    LIFE_DO_DISARM | LIFE_DO_TELL | LIFE_DO_READY,
};

struct step {
	enum life_state from, to;
	enum life_event on;
	unsigned deeds;
	bool is_row;
};

static struct step step(int from, int on)
{
	struct step s = { .from = (enum life_state)from,
			  .to = (enum life_state)from,
			  .on = (enum life_event)on };

	s.deeds = life_step(&s.to, s.on);
	s.is_row = s.deeds != 0 || s.to != s.from;
	return s;
}

static void each_state_and_event_is_as_drawn(void **state)
{
	(void)state;
	for (int from = 0; from < LIFE_STATES; from++) {
		for (int on = 0; on < LIFE_EVENTS; on++) {
			struct step s = step(from, on);
			char seen[16] = ".";
			size_t n = 0;

			if (s.is_row)
				seen[n++] = letters[s.to];
			for (size_t bit = 0; bit < sizeof(deeds) - 1; bit++)
				if (s.deeds & 1u << bit)
					seen[n++] = deeds[bit];
			assert_int_equal(s.deeds >> (sizeof(deeds) - 1), 0);
			if (!is_as_drawn(from, on, seen))
				fail_msg("%s, event %d: %s, drawn otherwise",
					 life_word(s.from), on, seen);
		}
	}
}

/* Calls law() with every row that exists. */
static void for_each_row(void (*law)(const struct step *s))
{
	for (int from = 0; from < LIFE_STATES; from++) {
		for (int on = 0; on < LIFE_EVENTS; on++) {
			struct step s = step(from, on);

			if (s.is_row)
				law(&s);
		}
	}
}

static bool is_one_bit(unsigned set)
{
	return set != 0 && (set & (set - 1)) == 0;
}

static void one_deadline(const struct step *s)
{
	assert_true(is_one_bit(s->deeds & DEADLINES));
}

static void each_row_says_what_becomes_of_the_one_deadline(void **state)
{
	(void)state;
	for_each_row(one_deadline);
}

static void deadline_fits(const struct step *s)
{
	assert_int_equal(s->to == LIFE_BACKOFF,
			 (s->deeds & LIFE_DO_DELAY) != 0);
	assert_int_equal(s->to == LIFE_BLOCKED,
			 (s->deeds & LIFE_DO_COOLDOWN) != 0);
	assert_int_equal(s->to == LIFE_STOPPING,
			 (s->deeds & LIFE_DO_TELL) != 0);
	assert_int_equal(s->to == LIFE_WAITING,
			 (s->deeds & LIFE_DO_QUEUE) != 0);
	if (s->to == LIFE_DONE || s->to == LIFE_FAILED)
		assert_true(s->deeds & LIFE_DO_DISARM);
	if (s->deeds & (LIFE_DO_STABLE | LIFE_DO_READY))
		assert_true(life_is_up(s->to) && s->to != LIFE_STOPPING);
}

static void deeds_belong_to_the_state_that_is_entered(void **state)
{
	(void)state;
	for_each_row(deadline_fits);
}

static void tell_needs_process(const struct step *s)
{
	if (s->deeds & LIFE_DO_TELL)
		assert_true(life_is_up(s->from));
}

static void only_a_process_is_told_to_stop(void **state)
{
	(void)state;
	for_each_row(tell_needs_process);
}

static void ends_need_process(const struct step *s)
{
	if ((s->on >= LIFE_FAILED_RETRY && s->on <= LIFE_ENDED_BAD) ||
	    s->on == LIFE_ENDED_TICK) {
		assert_true(life_is_up(s->from));
		assert_true(s->from != LIFE_STOPPING);
		assert_false(life_is_up(s->to));
	}
	if ((s->on >= LIFE_GONE && s->on <= LIFE_GONE_BAD) ||
	    s->on == LIFE_GONE_TICK) {
		assert_int_equal(s->from, LIFE_STOPPING);
		assert_false(life_is_up(s->to));
	}
	if (s->on == LIFE_RESTORED_BLOCK)
		assert_false(life_is_up(s->from));
}

static void only_what_is_up_can_end(void **state)
{
	(void)state;
	for_each_row(ends_need_process);
}

static void process_begins_with_spawned(const struct step *s)
{
	if (!life_is_up(s->from) && life_is_up(s->to)) {
		assert_int_equal(s->from, LIFE_WAITING);
		assert_true(s->on == LIFE_SPAWNED ||
			    s->on == LIFE_SPAWNED_PROBE);
	}
}

static void process_begins_only_in_the_queue_with_spawned(void **state)
{
	(void)state;
	for_each_row(process_begins_with_spawned);
}

static void every_process_can_fail_end_and_be_stopped(void **state)
{
	(void)state;
	for (int from = 0; from < LIFE_STATES; from++) {
		if (!life_is_up((enum life_state)from))
			continue;
		for (int on = 0; on < LIFE_EVENTS; on++) {
			bool is_end = from == LIFE_STOPPING
					      ? (on >= LIFE_GONE &&
						 on <= LIFE_GONE_BAD) ||
							on == LIFE_GONE_TICK
					      : (on >= LIFE_FAILED_RETRY &&
						 on <= LIFE_STOP) ||
							on == LIFE_ENDED_TICK;

			if (is_end)
				assert_true(step(from, on).is_row);
		}
	}
}

static void every_state_is_left_by_some_event(void **state)
{
	(void)state;
	for (int from = 0; from < LIFE_STATES; from++) {
		bool is_left = false;

		for (int on = 0; on < LIFE_EVENTS; on++)
			is_left |= step(from, on).to != (enum life_state)from;
		assert_true(is_left);
	}
}

static void every_state_is_reached_from_stopped(void **state)
{
	bool is_reached[LIFE_STATES] = { [LIFE_STOPPED] = true };

	(void)state;
	for (int round = 0; round < LIFE_STATES; round++)
		for (int from = 0; from < LIFE_STATES; from++)
			for (int on = 0; is_reached[from] && on < LIFE_EVENTS;
			     on++)
				is_reached[step(from, on).to] = true;
	for (int i = 0; i < LIFE_STATES; i++)
		assert_true(is_reached[i]);
}

static void every_event_does_something_somewhere(void **state)
{
	(void)state;
	for (int on = 0; on < LIFE_EVENTS; on++) {
		bool is_used = false;

		for (int from = 0; from < LIFE_STATES; from++)
			is_used |= step(from, on).is_row;
		assert_true(is_used);
	}
}

static void stop_twice_and_gone_lead_to_rest_from_every_state(void **state)
{
	(void)state;
	for (int from = 0; from < LIFE_STATES; from++) {
		enum life_state s = (enum life_state)from;

		life_step(&s, LIFE_STOP);
		assert_int_equal(life_step(&s, LIFE_STOP), 0);
		life_step(&s, LIFE_GONE);
		assert_true(s == LIFE_STOPPED || s == LIFE_DONE ||
			    s == LIFE_FAILED);
	}
}

static void numbers_out_of_range_do_nothing(void **state)
{
	enum life_state s = LIFE_STATES;

	(void)state;
	assert_int_equal(life_step(&s, LIFE_WANT), 0);
	assert_int_equal(s, LIFE_STATES);
	s = LIFE_STOPPED;
	assert_int_equal(life_step(&s, LIFE_EVENTS), 0);
	assert_int_equal(s, LIFE_STOPPED);
}

static void words_are_those_of_the_documents(void **state)
{
	static const char *const words[] = {
		"stopped", "waiting", "starting", "running", "backoff",
		"blocked", "probing", "stopping", "done",    "failed",
		"waiting", "unknown",
	};

	(void)state;
	for (int i = 0; i <= LIFE_STATES; i++)
		assert_string_equal(life_word((enum life_state)i), words[i]);
	assert_string_equal(life_word((enum life_state)77), "unknown");
}

static void up_are_exactly_the_four_states_with_a_process(void **state)
{
	(void)state;
	for (int i = 0; i <= LIFE_STATES; i++)
		assert_int_equal(life_is_up((enum life_state)i),
				 i < LIFE_STATES &&
					 strchr("ARPT", letters[i]) != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_and_event_is_as_drawn),
		cmocka_unit_test(
			each_row_says_what_becomes_of_the_one_deadline),
		cmocka_unit_test(deeds_belong_to_the_state_that_is_entered),
		cmocka_unit_test(only_a_process_is_told_to_stop),
		cmocka_unit_test(only_what_is_up_can_end),
		cmocka_unit_test(process_begins_only_in_the_queue_with_spawned),
		cmocka_unit_test(every_process_can_fail_end_and_be_stopped),
		cmocka_unit_test(every_state_is_left_by_some_event),
		cmocka_unit_test(every_state_is_reached_from_stopped),
		cmocka_unit_test(every_event_does_something_somewhere),
		cmocka_unit_test(
			stop_twice_and_gone_lead_to_rest_from_every_state),
		cmocka_unit_test(numbers_out_of_range_do_nothing),
		cmocka_unit_test(words_are_those_of_the_documents),
		cmocka_unit_test(up_are_exactly_the_four_states_with_a_process),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
