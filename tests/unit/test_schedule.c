/* SPDX-License-Identifier: ISC */
/* Schedules: their texts, a table of dates, and a walk along all minutes that
 * has to come to the same. */
#include "tests/unit/config_world.h"

#include "init/loader/cron.h"
#include "policy/date.h"
#include "policy/schedule.h"

static struct schedule parsed(const char *text)
{
	struct schedule s = { 0 };
	struct why why;

	if (!cron_schedule(text, &s, &why))
		fail_msg("%s: %s", text, why.text);
	assert_true(schedule_is_set(&s) && schedule_is_well(&s));
	return s;
}

/* "2026-11-30 03:15" as Unix time, by date.c, which has a test of its own. */
static int64_t at(const char *text)
{
	int hour, minute, second = 0;
	struct date d;

	assert_true(sscanf(text, "%d-%d-%d %d:%d:%d", &d.year, &d.month,
			   &d.day, &hour, &minute, &second) >= 5);
	return ((date_to_day(&d) * 24 + hour) * 60 + minute) * 60 + second;
}

static const char *said(int64_t s)
{
	static char text[32];
	struct date d = date_of_day(s / 86400);

	snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d", d.year,
		 d.month, d.day, (int)(s / 3600 % 24), (int)(s / 60 % 60));
	return text;
}

static void next_run_is_the_first_time_of_the_schedule(void **state)
{
	static const struct {
		const char *schedule, *after, *next;
	} all[] = {
		{ "* * * * *", "2026-11-30 03:15", "2026-11-30 03:16" },
		{ "* * * * *", "2026-11-30 03:15:01", "2026-11-30 03:16" },
		{ "* * * * *", "2026-11-30 03:14:59", "2026-11-30 03:15" },
		{ "15 3 * * *", "2026-11-30 03:14:59", "2026-11-30 03:15" },
		{ "15 3 * * *", "2026-11-30 03:15:00", "2026-12-01 03:15" },
		{ "15 3 * * *", "2026-12-31 23:59:59", "2027-01-01 03:15" },
		{ "*/20 * * * *", "2026-11-30 03:15", "2026-11-30 03:20" },
		{ "*/20 * * * *", "2026-11-30 03:40", "2026-11-30 04:00" },
		{ "5/20 * * * *", "2026-11-30 03:26", "2026-11-30 03:45" },
		{ "10-20/5 8-9 * * *", "2026-11-30 08:21", "2026-11-30 09:10" },
		{ "0,30 1,2 * * *", "2026-11-30 02:30", "2026-12-01 01:00" },
		/* Days of the month, of the year, of four years, of 400. */
		{ "0 0 31 * *", "2026-03-31 00:00", "2026-05-31 00:00" },
		{ "0 0 30 2-4 *", "2026-01-01 00:00", "2026-03-30 00:00" },
		{ "0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00" },
		{ "0 0 29 2 *", "2096-03-01 00:00", "2104-02-29 00:00" },
		{ "0 0 29 2 *", "1996-03-01 00:00", "2000-02-29 00:00" },
		{ "0 0 1 1 *", "2026-01-01 00:00", "2027-01-01 00:00" },
		{ "0 0 1 jan-mar *", "2026-04-01 00:00", "2027-01-01 00:00" },
		{ "0 0 1 DEC *", "2026-12-01 00:00", "2027-12-01 00:00" },
		/* 2026-11-30 is a Monday. */
		{ "0 0 * * 1", "2026-11-29 12:00", "2026-11-30 00:00" },
		{ "0 0 * * mon", "2026-11-30 00:00", "2026-12-07 00:00" },
		{ "0 0 * * 7", "2026-11-30 00:00", "2026-12-06 00:00" },
		{ "0 0 * * 0", "2026-11-30 00:00", "2026-12-06 00:00" },
		{ "0 0 * * 5-7", "2026-11-30 00:00", "2026-12-04 00:00" },
		{ "0 0 * * sun-tue", "2026-12-02 00:00", "2026-12-06 00:00" },
		/* Either day where both are restricted, else both. */
		{ "0 0 13 * fri", "2026-11-30 00:00", "2026-12-04 00:00" },
		{ "0 0 13 * fri", "2026-12-11 00:00", "2026-12-13 00:00" },
		{ "0 0 */2 * fri", "2026-11-30 00:00", "2026-12-11 00:00" },
		{ "0 0 13 * */5", "2026-11-30 00:00", "2026-12-13 00:00" },
		/* 29 February on a Sunday. */
		{ "0 0 29 2 */7", "2026-01-01 00:00", "2032-02-29 00:00" },
		{ "0 0 29 2 */7", "2088-03-01 00:00", "2128-02-29 00:00" },
		{ "59 23 31 12 *", "1969-12-31 00:00", "1969-12-31 23:59" },
		{ "0 0 1 1 *", "1968-06-01 00:00", "1969-01-01 00:00" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct schedule s = parsed(all[i].schedule);
		int64_t next = schedule_next_s(&s, at(all[i].after));

		if (next != at(all[i].next))
			fail_msg("%s after %s: %s, not %s", all[i].schedule,
				 all[i].after, said(next), all[i].next);
	}
}

static void clock_of_a_schedule_may_be_ahead_of_utc_or_behind(void **state)
{
	static const struct {
		int east_min;
		const char *after, *next;
	} all[] = {
		{ 0, "2026-11-30 00:00", "2026-11-30 03:15" },
		{ 120, "2026-11-30 00:00", "2026-11-30 01:15" },
		{ 120, "2026-11-30 01:15", "2026-12-01 01:15" },
		{ -210, "2026-11-30 00:00", "2026-11-30 06:45" },
		{ 840, "2026-11-30 00:00", "2026-11-30 13:15" },
		{ -840, "2026-11-30 17:15", "2026-12-01 17:15" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct schedule s = parsed("15 3 * * *");

		s.east_min = all[i].east_min;
		assert_true(schedule_is_well(&s));
		assert_int_equal(schedule_next_s(&s, at(all[i].after)),
				 at(all[i].next));
	}
}

/* --- A walk ------------------------------------------------------------ */

static uint32_t seed = 1;

static uint32_t draw(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

/* A day that is counted from another one, without any division of years. */
struct walk {
	int year, month, day, weekday;
};

static int month_length(int year, int month)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return length[month - 1] + (month == 2 && is_leap);
}

static void one_day(struct walk *w)
{
	w->weekday = (w->weekday + 1) % 7;
	if (++w->day <= month_length(w->year, w->month))
		return;
	w->day = 1;
	if (++w->month <= 12)
		return;
	w->month = 1;
	w->year++;
}

static bool is_time(const struct schedule *s, const struct walk *w, int minute)
{
	bool is_day = s->days >> w->day & 1;
	bool is_weekday = s->weekdays >> w->weekday & 1;

	return (s->months >> w->month & 1) &&
	       (s->hours >> minute / 60 & 1) &&
	       (s->minutes >> minute % 60 & 1) &&
	       (s->is_either_day ? is_day || is_weekday
				 : is_day && is_weekday);
}

/* The next time by looking at each minute of so many days; or NEVER. */
static int64_t walked(const struct schedule *s, int64_t after_s, int days)
{
	/* 1970-01-01 was a Thursday. */
	struct walk w = { 1970, 1, 1, 4 };
	int64_t local_s = after_s + s->east_min * 60, day = 0;

	while ((day + 1) * 86400 <= local_s) {
		one_day(&w);
		day++;
	}
	for (int n = 0; n < days; n++, day++, one_day(&w))
		for (int minute = 0; minute < 1440; minute++)
			if (is_time(s, &w, minute) &&
			    (day * 1440 + minute) * 60 > local_s)
				return (day * 1440 + minute) * 60 -
				       s->east_min * 60;
	return SCHEDULE_NEVER;
}

/* A set of some of the bits, or of all; never empty. */
static uint64_t some(int first, int last)
{
	uint64_t set = 0;

	if (draw(3) == 0) {
		for (int n = first; n <= last; n++)
			set |= UINT64_C(1) << n;
		return set;
	}
	for (uint32_t n = 1 + draw(3); n > 0; n--)
		set |= UINT64_C(1) << (first + (int)draw(
					       (uint32_t)(last - first + 1)));
	return set;
}

static void next_run_is_what_a_walk_along_all_minutes_finds(void **state)
{
	enum { CASES = 400, DAYS = 800 };
	unsigned found = 0;

	for (int i = 0; i < CASES; i++) {
		struct schedule s = {
			.minutes = some(0, 59),
			.hours = (uint32_t)some(0, 23),
			.days = (uint32_t)some(1, 31),
			.months = (uint16_t)some(1, 12),
			.weekdays = (uint8_t)some(0, 6),
			.is_either_day = draw(2) == 0,
			.east_min = (int)draw(1681) - 840,
		};
		int64_t after_s = 900000 + (int64_t)draw(UINT32_MAX), next;
		int64_t seen;

		if (!schedule_is_well(&s)) {
			assert_int_equal(schedule_next_s(&s, after_s),
					 SCHEDULE_NEVER);
			continue;
		}
		next = schedule_next_s(&s, after_s);
		seen = walked(&s, after_s, DAYS);
		found += seen != SCHEDULE_NEVER;
		if (seen == SCHEDULE_NEVER)
			assert_true(next > after_s + (DAYS - 2) * 86400);
		else
			assert_int_equal(next, seen);
	}
	assert_true(found > CASES / 2);
}

static void every_well_schedule_comes_some_time(void **state)
{
	for (int i = 0; i < 20000; i++) {
		struct schedule s = {
			.minutes = some(0, 59),
			.hours = (uint32_t)some(0, 23),
			.days = (uint32_t)some(1, 31),
			.months = (uint16_t)some(1, 12),
			.weekdays = (uint8_t)some(0, 6),
			.is_either_day = draw(2) == 0,
		};
		int64_t next = schedule_next_s(&s, draw(UINT32_MAX));

		assert_int_equal(schedule_is_well(&s),
				 next != SCHEDULE_NEVER);
	}
}

/* --- Steps ------------------------------------------------------------- */

static void steps_stay_where_they_were_however_late_one_looks(void **state)
{
	struct schedule s = parsed("every 5s");

	assert_int_equal(schedule_step_ms(&s, 1000, 1000), 6000);
	assert_int_equal(schedule_step_ms(&s, 1000, 5999), 6000);
	assert_int_equal(schedule_step_ms(&s, 1000, 6000), 11000);
	assert_int_equal(schedule_step_ms(&s, 1000, 6003), 11000);
	assert_int_equal(schedule_step_ms(&s, 1000, 1000000), 1001000);
	assert_int_equal(schedule_step_ms(&s, 1000, 0), 6000);
}

/* --- Texts ------------------------------------------------------------- */

static void schedules_are_an_interval_or_five_fields(void **state)
{
	static const char *const right[] = {
		"every 5m", "every  1s", "every\t1h30m", "* * * * *",
		"0 4 1 12 7", "*/15 0-6,22-23 * * 1-5", "59  23 31 12 0",
		"0-59/2 * * * *", "0 0 1 Jan,JUL sun", "0 0 * * Mon-Fri",
		"0 0 31 2,3 *", "0 0 31 2 1",
	};
	static const char *const wrong[] = {
		"",	     "every",	   "every 5",	   "every 999ms",
		"every 8d",  "* * * *",	   "* * * * * *",  "60 * * * *",
		"* 24 * * *", "* * 0 * *", "* * * 13 *",   "* * * * 8",
		"*/0 * * * *", "5-1 * * * *", "a * * * *", "1, * * * *",
		", * * * *", "@daily",	   "1- * * * *",   "-1 * * * *",
		"*/ * * * *", "0 0 * foo *", "0 0 jan * *", "0 0 * * ja",
		"0 0 * sun *", "0 0 * january *", "*5 * * * *", "** * * * *",
		"everyday",  "0 0 * * fri-mon", "1 2 3 4 5x", "+1 * * * *",
	};
	struct schedule s;
	struct why why;

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		(void)parsed(right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (cron_schedule(wrong[i], &s, &why))
			fail_msg("%s", wrong[i]);
}

static void fields_become_sets(void **state)
{
	struct schedule s = parsed("1-10/3,30 */6 5/10 2,mar 1,7");

	assert_int_equal(s.minutes, 1 << 1 | 1 << 4 | 1 << 7 | 1 << 10 |
					    1 << 30);
	assert_int_equal(s.hours, 1 << 0 | 1 << 6 | 1 << 12 | 1 << 18);
	assert_int_equal(s.days, 1 << 5 | 1 << 15 | 1 << 25);
	assert_int_equal(s.months, 1 << 2 | 1 << 3);
	assert_int_equal(s.weekdays, 1 << 0 | 1 << 1);
	assert_true(s.is_either_day);
	assert_int_equal(parsed("* * * * */2").weekdays, 0x55);
	assert_int_equal(parsed("* * * * 1/2").weekdays, 0x2a);
	assert_int_equal(parsed("* * * * *").weekdays, 0x7f);
}

static void timezones_are_offsets(void **state)
{
	static const char *const wrong[] = { "02:00", "+2:00", "+15:00",
					     "+02:60", "UTC", "+02-00",
					     "+14:01", "-14:30", "" };
	int32_t minutes;
	struct why why;

	assert_true(cron_timezone("+02:00", &minutes, &why));
	assert_int_equal(minutes, 120);
	assert_true(cron_timezone("-03:30", &minutes, &why));
	assert_int_equal(minutes, -210);
	assert_true(cron_timezone("+14:00", &minutes, &why));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(cron_timezone(wrong[i], &minutes, &why));
}

/* --- In the configuration ---------------------------------------------- */

#define JOB "[service:job]\ncommand = x\ntype = oneshot\n"

static void date_that_never_comes_is_a_mistake_that_says_so(void **state)
{
	static const char *const wrong[] = { "0 0 31 2 *", "0 0 30 2 *",
					     "0 0 31 4,6,9,11 *",
					     "0 0 31 jun */2" };
	char lines[100];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(lines, sizeof(lines), "schedule = %s\ntype = oneshot",
			 wrong[i]);
		assert_refused(lines, "days that none of its months has");
	}
}

static void schedule_is_compiled_with_its_text_and_its_clock(void **state)
{
	const struct config_service *s;

	load_text(JOB "schedule = 15 3 * * *\ntimezone = -02:00\n");
	s = service("job");
	assert_true(config_is_scheduled(loaded.c, 0));
	assert_string_equal(config_string(loaded.c, s->schedule_text),
			    "15 3 * * *");
	assert_int_equal(s->schedule.east_min, -120);
	assert_int_equal(s->restart, CONFIG_NEVER);
}

static void schedule_is_for_oneshots(void **state)
{
	assert_refused("schedule = every 5m",
		       "schedule in [service:s], which is a daemon; write "
		       "type = oneshot");
}

static void scheduled_service_is_neither_restarted_nor_essential(void **state)
{
	assert_refused("restart = on-failure\ntype = oneshot\n"
		       "schedule = every 5m", "restart = on-failure");
	assert_refused("essential = yes\ntype = oneshot\n"
		       "schedule = every 5m", "essential = yes");
	load_text("[defaults]\nrestart = on-failure\nessential = yes\n" JOB
		  "schedule = every 5m\n");
	assert_int_equal(service("job")->restart, CONFIG_NEVER);
	assert_false(service("job")->is_essential);
}

static void schedule_is_no_default(void **state)
{
	load_text("[defaults]\nschedule = every 5m\n" JOB);
	assert_said("schedule belongs in [service:NAME]");
}

static void nobody_can_wait_for_a_scheduled_service(void **state)
{
	load_text(JOB "schedule = every 5m\n"
		  "[service:web]\ncommand = x\nafter = job\n");
	assert_said("t.ini:7: after: job has a schedule, so it is never done");
	forget(NULL);
	load_text("[service:web]\ncommand = x\n" JOB
		  "schedule = every 5m\nrequires = web\n");
	assert_non_null(loaded.c);
}

static void command_of_the_command_line_waits_for_no_schedule(void **state)
{
	static char program[] = "/bin/x";
	static char *const command[] = { program, NULL };
	static const char *const names[] = { "t.ini" };
	const struct loader_source from = { .files = names, .files_count = 1,
					    .command = command };

	add_file("t.ini", JOB "schedule = every 5m\n");
	load_source(&fake_world, &from);
	assert_int_equal(service("main")->deps, 0);
}

static void schedule_changes_no_process(void **state)
{
	uint64_t all, run;

	load_text(JOB "schedule = every 5m\n");
	all = service("job")->fingerprint;
	run = service("job")->run_fingerprint;
	forget(NULL);
	load_text(JOB "schedule = every 6m\n");
	assert_true(service("job")->fingerprint != all);
	assert_true(service("job")->run_fingerprint == run);
	forget(NULL);
	load_text(JOB "schedule = every  5m\n");
	assert_true(service("job")->fingerprint == all);
}

static void timezone_without_schedule_changes_nothing(void **state)
{
	uint64_t all;

	load_text(JOB);
	all = service("job")->fingerprint;
	forget(NULL);
	load_text("[defaults]\ntimezone = +01:00\n" JOB);
	assert_true(service("job")->fingerprint == all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(next_run_is_the_first_time_of_the_schedule),
		TEST(clock_of_a_schedule_may_be_ahead_of_utc_or_behind),
		TEST(next_run_is_what_a_walk_along_all_minutes_finds),
		TEST(every_well_schedule_comes_some_time),
		TEST(steps_stay_where_they_were_however_late_one_looks),
		TEST(schedules_are_an_interval_or_five_fields),
		TEST(fields_become_sets),
		TEST(timezones_are_offsets),
		TEST(date_that_never_comes_is_a_mistake_that_says_so),
		TEST(schedule_is_compiled_with_its_text_and_its_clock),
		TEST(schedule_is_for_oneshots),
		TEST(scheduled_service_is_neither_restarted_nor_essential),
		TEST(schedule_is_no_default),
		TEST(nobody_can_wait_for_a_scheduled_service),
		TEST(command_of_the_command_line_waits_for_no_schedule),
		TEST(schedule_changes_no_process),
		TEST(timezone_without_schedule_changes_nothing),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
