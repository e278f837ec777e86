/* SPDX-License-Identifier: ISC */
/* init/recorder/registry: what survives the container, and what a damaged or
 * hostile file cannot do. */
#include "json_fixture.h"

#include "policy/breaker.h"

static struct document document;
static struct registry_service service[FIXTURE_SERVICES];
static struct registry registry;
static struct board_restored rows[FIXTURE_SERVICES];

/* This container's moment: one second after it began. */
static struct registry_now now_of(const struct fixture *f)
{
	struct registry_now now = {
		.mono_ms = f->boards.board->began_ms + 1000,
		.wall_ms = f->boards.board->began_wall_ms + 1000,
		.began_wall_ms = f->boards.board->began_wall_ms,
		.boot_id = "8c25af9d-4d39-4d9c-88b1-edbb856acb97",
	};

	return now;
}

/* The next container, `later_ms` after that, on the same boot. */
static struct registry_now later(const struct fixture *f, int64_t later_ms)
{
	struct registry_now now = now_of(f);

	now.mono_ms += later_ms;
	now.wall_ms += later_ms;
	now.began_wall_ms = now.wall_ms - 10;
	return now;
}

static int setup(void **state)
{
	int err = fixture_setup(state);
	struct registry_now now = now_of(*state);

	memset(service, 0, sizeof(service));
	memset(rows, 0, sizeof(rows));
	registry = (struct registry){ .service = service };
	registry_begin(&registry, &now);
	return err;
}

static int write_registry(struct fixture *f)
{
	struct registry_now now = now_of(f);
	struct json j = { .put = document_put, .context = &document };

	document.size = 0;
	registry_write(&j, &registry, f->config, &now, f->boards.board,
		       f->boards.exe);
	assert_int_equal(heap_in_use(), 0);
	return j.err;
}

static bool read_registry(struct fixture *f, const struct registry_now *now)
{
	memset(service, 0, sizeof(service));
	memset(rows, 0, sizeof(rows));
	return registry_read(&registry, rows, f->config, now, document.text,
			     document.size);
}

/* A blocked service with a history. */
static void fill(struct fixture *f)
{
	struct board_service *row = &f->boards.board->service[0];

	row->state = LIFE_BLOCKED;
	row->breaker = BREAKER_OPEN;
	row->trips = 3;
	row->at_once = 1;
	row->doublings = 2;
	row->in_row = 7;
	row->until_ms = f->boards.board->began_ms + 1000 + 9400;
	row->starts = 12;
	row->failed = 9;
	for (uint64_t n = 1; n <= 20; n++) {
		row->ends_count = n;
		row->ends[(n - 1) % BOARD_ENDS] = (struct board_end){
			.number = n,
			.started_ms = f->boards.board->began_ms,
			.ended_ms = f->boards.board->began_ms + (int64_t)n,
			.ended_wall_ms = f->boards.board->began_wall_ms +
					 (int64_t)n,
			.cpu_us = 11, .peak_kib = 22,
			.tasks_current = 5, .tasks_max = -1,
			.run = n + 1,
			.cause = n == 19 || n == 17 ? BOARD_START_FAILED :
				 n == 18 ? BOARD_OUT_OF_MEMORY :
					   BOARD_EXITED,
			.step = n == 19 ? BOARD_STEP_EXEC :
				n == 17 ? BOARD_STEP_AMBIENT :
					  BOARD_STEP_NONE,
			.err = n == 19 ? ENOENT : 0,
			.code = n == 19 ? -1 :
				n == 18 ? SIGKILL :
					  (int32_t)n,
			.was_signalled = n == 18,
			.oom = n == 18 ? BOARD_OOM_LIKELY : BOARD_OOM_NO,
			.leftovers = 2,
			.was_failure = true,
		};
	}
}

static void what_was_written_is_read_back(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 400);
	const struct board_end *end = service[0].end;

	fill(f);
	assert_int_equal(write_registry(f), 0);
	save(f, "process-registry.json", &document);
	fixture_validate(f->directory);
	assert_true(read_registry(f, &now));
	assert_true(rows[0].is_known);
	assert_int_equal(rows[0].breaker, BREAKER_OPEN);
	assert_int_equal(rows[0].trips, 3);
	assert_int_equal(rows[0].at_once, 1);
	assert_int_equal(rows[0].doublings, 2);
	assert_int_equal(rows[0].in_row, 7);
	assert_int_equal(rows[0].wait_ms, 9000);
	assert_int_equal(rows[0].fingerprint,
			 fixture_service(f, 0)->fingerprint);
	assert_true(rows[2].is_known);
	assert_int_equal(rows[2].breaker, BREAKER_CLOSED);
	assert_int_equal(service[0].starts, 12);
	assert_int_equal(service[0].failures, 9);
	assert_int_equal(service[0].ends, REGISTRY_ENDS);
	for (uint64_t i = 0; i < REGISTRY_ENDS; i++) {
		assert_int_equal(end[i].number, 20 - i);
		assert_int_equal(end[i].run, 21 - i);
	}
	assert_int_equal(end[0].code, 20);
	assert_int_equal(end[0].ended_ms - end[0].started_ms, 20);
	assert_int_equal(end[2].cause, BOARD_OUT_OF_MEMORY);
	assert_int_equal(end[2].oom, BOARD_OOM_LIKELY);
	assert_true(end[2].was_signalled);
	assert_false(end[3].was_signalled);
	assert_int_equal(end[3].oom, BOARD_OOM_NO);
	assert_int_equal(end[0].tasks_current, 5);
	assert_int_equal(end[0].tasks_max, -1);
	assert_int_equal(end[0].leftovers, 2);
	assert_true(end[0].was_failure);
	assert_int_equal(end[1].cause, BOARD_START_FAILED);
	assert_int_equal(end[1].step, BOARD_STEP_EXEC);
	assert_int_equal(end[1].err, ENOENT);
	assert_int_equal(end[1].code, -1);
	assert_int_equal(end[3].step, BOARD_STEP_AMBIENT);
	assert_int_equal(end[3].code, 17);
	assert_int_equal(registry.starts, 2);
	assert_int_equal(registry_recent_starts(&registry, &now), 2);
}

static void executables_keep_every_digit(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 0);
	pid_t pid = fixture_fork(f, BOARD_INSPECTOR, -1);

	assert_int_equal(WEXITSTATUS(fixture_reap(pid)), 0);
	assert_int_equal(write_registry(f), 0);
	save(f, "process-registry.json", &document);
	fixture_validate(f->directory);
	assert_true(read_registry(f, &now));
	assert_true(rows[0].exe_size > 0);
	assert_int_equal(rows[0].exe_size, f->boards.exe->service[0].size);
	assert_int_equal(rows[0].exe_mtime_ns,
			 f->boards.exe->service[0].mtime_ns);
}

static void history_adds_up_over_containers(void **state)
{
	struct fixture *f = *state;
	struct registry_now now;

	fill(f);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(write_registry(f), 0);
		now = later(f, 60000);
		assert_true(read_registry(f, &now));
		assert_int_equal(service[0].starts, 12 * i);
		assert_int_equal(service[0].failures, 9 * i);
		f->boards.board->began_wall_ms = now.began_wall_ms;
		f->boards.board->began_ms += 60000;
		assert_int_equal(registry.starts, i + 1);
	}
}

static void own_share_is_not_counted_twice(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = now_of(f);

	fill(f);
	service[0].starts = 100;
	assert_int_equal(write_registry(f), 0);
	/* A restarted recorder of the same container reads it. */
	assert_true(read_registry(f, &now));
	assert_int_equal(service[0].starts, 100);
	assert_int_equal(service[0].ends, 0);
	assert_int_equal(registry.starts, 1);
}

static void other_boot_counts_wall_time(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 400);

	fill(f);
	assert_int_equal(write_registry(f), 0);
	memset(now.boot_id, 'a', 8);
	now.mono_ms = 5; /* the machine was restarted */
	assert_true(read_registry(f, &now));
	assert_int_equal(rows[0].wait_ms, 9000);
	now.boot_id[0] = '\0';
	assert_true(read_registry(f, &now));
	assert_int_equal(rows[0].wait_ms, 9000);
}

static void remaining_cooldown_is_cut_to_what_settings_allow(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 0);

	fill(f);
	assert_int_equal(write_registry(f), 0);
	now.boot_id[0] = 'x';
	now.wall_ms -= 365LL * 86400 * 1000; /* the clock was set back */
	assert_true(read_registry(f, &now));
	assert_int_equal(rows[0].wait_ms, 300000);
	now.wall_ms += 2 * 365LL * 86400 * 1000;
	assert_true(read_registry(f, &now));
	assert_int_equal(rows[0].wait_ms, 0);
}

static void only_starts_of_ten_minutes_are_recent(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = now_of(f);

	registry.starts = 4;
	registry.start_wall_ms[0] = now.wall_ms;
	registry.start_wall_ms[1] = now.wall_ms - 599999;
	registry.start_wall_ms[2] = now.wall_ms - 600000;
	registry.start_wall_ms[3] = now.wall_ms + 600000;
	assert_int_equal(registry_recent_starts(&registry, &now), 2);
}

static void starts_are_bounded(void **state)
{
	struct fixture *f = *state;

	for (int i = 1; i <= 40; i++) {
		struct registry_now now = later(f, i * 1000);

		assert_int_equal(write_registry(f), 0);
		assert_true(read_registry(f, &now));
	}
	assert_int_equal(registry.starts, REGISTRY_STARTS);
}

static void history_only_leaves_rows_alone(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 0);

	fill(f);
	assert_int_equal(write_registry(f), 0);
	assert_true(registry_read(&registry, NULL, f->config, &now,
				  document.text, document.size));
	assert_int_equal(service[0].starts, 12);
}

static void torn_row_is_no_registry(void **state)
{
	struct fixture *f = *state;

	board_row_begin(&f->boards.board->service[1]);
	assert_int_equal(write_registry(f), -EAGAIN);
}

static void garbage_is_refused(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = now_of(f);
	static const char *const cases[] = {
		"", " ", "x", "{", "null", "[]", "{}", "\"\"", "0",
		"{\"schema\":1}",
		"{\"schema\":1,\"services\":[],\"container_starts\":[]}",
		"{\"schema\":1,\"services\":{},\"container_starts\":{}}",
		"{\"schema\":2,\"services\":{},\"container_starts\":[]}",
		"{\"schema\":\"1\",\"services\":{},\"container_starts\":[]}",
		"{\"schema\":1,\"services\":{},\"container_starts\":[]} x",
		"\xff\xfe{}",
	};
	static const char least[] = "{\"schema\":1,\"services\":{},"
				    "\"container_starts\":[]} \n";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(registry_read(&registry, rows, f->config, &now,
					   cases[i], strlen(cases[i])));
	assert_int_equal(registry.starts, 1);
	assert_true(registry_read(&registry, rows, f->config, &now, least,
				  strlen(least)));
}

static void deep_nesting_is_refused(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = now_of(f);

	memset(document.text, '[', 500000);
	document.text[500000] = '\0';
	assert_false(registry_read(&registry, rows, f->config, &now,
				   document.text, 500000));
}

static void truncated_file_is_refused_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 0);
	size_t size;

	fill(f);
	assert_int_equal(write_registry(f), 0);
	for (size = 0; size + 1 < document.size;
	     size += size % 64 == 0 ? 1 : 3) {
		char *cut = malloc(size + 1); /* exact, for ASan */

		assert_non_null(cut);
		memcpy(cut, document.text, size);
		cut[size] = '\0';
		assert_false(registry_read(&registry, rows, f->config, &now,
					   cut, size));
		free(cut);
	}
}

/* A registry whose service web has this member instead of its own. */
static bool read_with(struct fixture *f, const char *key, const char *value)
{
	static const char *const members[][2] = {
		{ "fingerprint", "\"0000000000000001\"" },
		{ "executable", "null" },
		{ "breaker", "\"open\"" },
		{ "trips", "1" },
		{ "at_once", "0" },
		{ "doublings", "0" },
		{ "until", "null" },
		{ "until_monotonic_ms", "null" },
		{ "starts", "1" },
		{ "failures", "1" },
		{ "starts_earlier", "0" },
		{ "failures_earlier", "0" },
		{ "ends", "[]" },
	};
	struct registry_now now = later(f, 0);
	struct phrase w = { .at = document.text, .size = 4096 };

	phrase_add(&w, "{\"schema\":1,\"boot_id\":\"%s\","
		       "\"container_starts\":[],\"services\":{\"web\":{",
		   now.boot_id);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		phrase_add(&w, "%s\"%s\":%s", i == 0 ? "" : ",", members[i][0],
			   strcmp(members[i][0], key) == 0 ? value :
							     members[i][1]);
	phrase_add(&w, "}}}");
	document.size = w.used;
	return read_registry(f, &now) && rows[0].is_known;
}

static void hostile_values_leave_the_service_out(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[][2] = {
		{ "fingerprint", "1" },
		{ "fingerprint", "\"\"" },
		{ "fingerprint", "\"0x1g\"" },
		{ "fingerprint", "\"00000000000000000000000000000001\"" },
		{ "executable", "5" },
		{ "executable", "{}" },
		{ "executable", "{\"size\":\"1\",\"mtime_ns\":\"\"}" },
		{ "executable", "{\"size\":\"z\",\"mtime_ns\":\"1\"}" },
		{ "breaker", "\"OPEN\"" },
		{ "breaker", "7" },
		{ "breaker", "null" },
		{ "trips", "-1" },
		{ "trips", "4294967296" },
		{ "trips", "1.5" },
		{ "trips", "1e300" },
		{ "trips", "-1e300" },
		{ "trips", "1e999" },
		{ "trips", "\"1\"" },
		{ "trips", "true" },
		{ "trips", "[1]" },
		{ "at_once", "9999999999999999999999" },
		{ "doublings", "63" },
		{ "starts", "-1" },
		{ "starts", "99999999999999999999" },
		{ "failures_earlier", "null" },
		{ "ends", "{}" },
	};

	assert_true(read_with(f, "", ""));
	assert_int_equal(rows[0].wait_ms, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (read_with(f, cases[i][0], cases[i][1]))
			fail_msg("%s: %s", cases[i][0], cases[i][1]);
}

static void hostile_times_count_as_none(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[] = {
		"5", "\"\"", "\"soon\"", "\"2026-13-01T00:00:00.000Z\"",
		"\"2026-02-30T00:00:00.000Z\"", "\"2026-01-01T24:00:00.000Z\"",
		"\"2026-01-01T00:00:00.000+\"", "\"2026-01-01 00:00:00.000Z\"",
		"\"-026-01-01T00:00:00.000Z\"", "\"0000-00-00T00:00:00.000Z\"",
		"\"99999-1-01T00:00:00.000Z\"", "{}", "[]",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(read_with(f, "until", cases[i]));
		assert_int_equal(rows[0].wait_ms, 0);
	}
	assert_true(read_with(f, "until_monotonic_ms", "999999999999999"));
	assert_int_equal(rows[0].wait_ms, 300000);
	assert_true(read_with(f, "until", "\"9999-12-31T23:59:59.999Z\""));
	assert_int_equal(rows[0].wait_ms, 300000);
}

static void hostile_ends_are_left_out(void **state)
{
	struct fixture *f = *state;

	assert_true(read_with(f, "ends", "[1,null,{},\"x\",[],"
					 "{\"number\":1,\"cause\":\"exited\","
					 "\"code\":256}]"));
	assert_int_equal(service[0].ends, 0);
	assert_true(read_with(
		f, "ends",
		"[{\"number\":1,\"cause\":\"exited\",\"code\":3,\"errno\":null,"
		"\"ended\":\"2001-01-01T00:00:00.000Z\",\"runtime_ms\":5,"
		"\"cpu_us\":0,\"peak_kib\":0,\"leftovers\":0,"
		"\"is_failure\":true,\"is_probe\":false,"
		"\"is_core_dumped\":false}]"));
	assert_int_equal(service[0].ends, 1);
	assert_int_equal(service[0].end[0].code, 3);
}

static void allocation_that_fails_gives_no_half_registry(void **state)
{
	struct fixture *f = *state;
	struct registry_now now = later(f, 0);
	size_t whole;
	long n;

	fill(f);
	assert_int_equal(write_registry(f), 0);
	whole = document.size;
	for (n = 0; n < 100000; n++) {
		int err;

		limit_allocations(n);
		err = write_registry(f);
		if (err == 0)
			break;
		assert_int_equal(err, -ENOMEM);
	}
	assert_int_equal(document.size, whole);
	assert_true(n > 100);
	limit_allocations(0); /* what is read needs none */
	assert_true(read_registry(f, &now));
	limit_allocations(-1);
	assert_true(rows[0].is_known);
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARDS(what_was_written_is_read_back),
		WITH_BOARDS(executables_keep_every_digit),
		WITH_BOARDS(history_adds_up_over_containers),
		WITH_BOARDS(own_share_is_not_counted_twice),
		WITH_BOARDS(other_boot_counts_wall_time),
		WITH_BOARDS(remaining_cooldown_is_cut_to_what_settings_allow),
		WITH_BOARDS(only_starts_of_ten_minutes_are_recent),
		WITH_BOARDS(starts_are_bounded),
		WITH_BOARDS(history_only_leaves_rows_alone),
		WITH_BOARDS(torn_row_is_no_registry),
		WITH_BOARDS(garbage_is_refused),
		WITH_BOARDS(deep_nesting_is_refused),
		WITH_BOARDS(truncated_file_is_refused_at_every_byte),
		WITH_BOARDS(hostile_values_leave_the_service_out),
		WITH_BOARDS(hostile_times_count_as_none),
		WITH_BOARDS(hostile_ends_are_left_out),
		WITH_BOARDS(allocation_that_fails_gives_no_half_registry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
