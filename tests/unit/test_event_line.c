/* SPDX-License-Identifier: ISC */
/* init/text/event_line and wording: what people read. */
#include "board_fixture.h"

#include <linux/capability.h>
#include <sys/resource.h>

#include "cJSON.h"
#include "init/lib/errors.h"
#include "init/board/command_protocol.h"
#include "init/text/event_line.h"
#include "init/text/event_table.h"

static struct board_event event(enum board_event_kind kind, int service)
{
	return (struct board_event){ .kind = (uint16_t)kind,
				     .service = (int16_t)service,
				     .mono_ms = 5000,
				     .wall_ms = 1700000000123 };
}

/* The sentence of an event with these arguments. */
static const char *sentence(struct fixture *f, enum board_event_kind kind,
			    const int64_t n[8])
{
	static char text[EVENT_LINE_TEXT];
	struct phrase w = PHRASE_IN(text);
	const struct event_text_from from = { .config = f->config,
					   .board = f->boards.board };
	struct board_event e = event(kind, 0);

	memcpy(e.n, n, sizeof(e.n));
	text[0] = '\0';
	event_text_add(&w, &from, &e);
	return text;
}
#define SENTENCE(kind, ...)                                                 \
	sentence(f, kind, (const int64_t[8]){ __VA_ARGS__ })

static const char *duration(int64_t ms)
{
	static char text[32];
	struct phrase w = PHRASE_IN(text);

	phrase_duration(&w, ms);
	return text;
}

static void durations_are_said_with_two_units_at_most(void **state)
{
	(void)state;
	assert_string_equal(duration(-5), "0 ms");
	assert_string_equal(duration(0), "0 ms");
	assert_string_equal(duration(999), "999 ms");
	assert_string_equal(duration(1000), "1 s");
	assert_string_equal(duration(9444), "9.4 s");
	assert_string_equal(duration(59999), "59.9 s");
	assert_string_equal(duration(60000), "1 m");
	assert_string_equal(duration(125000), "2 m 5 s");
	assert_string_equal(duration(3600000), "1 h");
	assert_string_equal(duration(11400000), "3 h 10 m");
	assert_string_equal(duration(86400000), "1 d");
	assert_string_equal(duration(187200000), "2 d 4 h");
	assert_non_null(duration(INT64_MAX));
	assert_string_equal(duration(INT64_MIN), "0 ms");
}

static void times_are_rfc_3339_and_cut_to_its_years(void **state)
{
	char time[PHRASE_TIME];

	(void)state;
	phrase_time(time, 0);
	assert_string_equal(time, "1970-01-01T00:00:00.000Z");
	phrase_time(time, 1700000000123);
	assert_string_equal(time, "2023-11-14T22:13:20.123Z");
	phrase_time(time, -1);
	assert_string_equal(time, "1970-01-01T00:00:00.000Z");
	phrase_time(time, INT64_MAX);
	assert_string_equal(time, "9999-12-31T23:59:59.999Z");
}

static void signals_and_errnos_have_names(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(phrase_signal(SIGTERM, buf), "SIGTERM");
	assert_string_equal(phrase_signal(SIGSYS, buf), "SIGSYS");
	assert_string_equal(phrase_signal(37, buf), "SIGRTMIN+3");
	assert_string_equal(phrase_signal(0, buf), "signal 0");
	assert_string_equal(phrase_signal(-1, buf), "signal -1");
	assert_string_equal(phrase_signal(65, buf), "signal 65");
	assert_string_equal(errors_name(ENOENT, buf), "ENOENT");
	assert_string_equal(errors_name(0, buf), "none");
	assert_string_equal(errors_name(9999, buf), "errno 9999");
	assert_string_equal(errors_name(INT32_MIN, buf), "errno -21474836");
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "plain", "plain" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "a\xff" "b", "a?b" },
		{ "\xc3", "?" },
		{ "\xc0\xaf", "??" },             /* overlong */
		{ "\xe0\x80\x80", "???" },        /* overlong */
		{ "\xed\xa0\x80", "???" },        /* surrogate */
		{ "\xf4\x90\x80\x80", "????" },   /* beyond U+10FFFF */
		{ "\xe2\x82", "??" },             /* cut */
		{ "\x80", "?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16];

		snprintf(text, sizeof(text), "%s", cases[i].from);
		phrase_make_utf8(text);
		assert_string_equal(text, cases[i].to);
	}
}

static void text_that_does_not_fit_is_cut_and_ended(void **state)
{
	char text[8];
	struct phrase w = PHRASE_IN(text);

	(void)state;
	phrase_add(&w, "%s", "12345");
	assert_false(w.is_cut);
	phrase_add(&w, "%s", "67890");
	assert_true(w.is_cut);
	assert_string_equal(text, "1234567");
	phrase_add(&w, "more");
	assert_string_equal(text, "1234567");
}

static void words_of_json_differ_and_know_their_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BOARD_CAUSES; i++)
		assert_string_not_equal(phrase_cause(i), "unknown");
	assert_string_equal(phrase_cause(BOARD_CAUSES), "unknown");
	for (unsigned i = 0; i < BOARD_LIMIT_KINDS; i++)
		assert_string_not_equal(phrase_limit_kind(i), "unknown");
	assert_string_equal(phrase_limit_kind(~0u), "unknown");
	for (unsigned i = 0; i <= BOARD_WAIT_LEFTOVERS; i++)
		assert_string_not_equal(phrase_wait(i), "unknown");
	assert_string_equal(phrase_wait(~0u), "unknown");
	for (unsigned i = 0; i <= BOARD_EXITING; i++)
		assert_string_not_equal(phrase_phase(i), "unknown");
	assert_string_equal(phrase_phase(~0u), "unknown");
	for (unsigned i = 0; i < BOARD_VOLUME_STEPS; i++)
		assert_string_not_equal(phrase_volume(i), "unknown");
	assert_string_equal(phrase_volume(~0u), "unknown");
	assert_string_equal(phrase_breaker(2), "half-open");
	assert_string_equal(phrase_breaker(~0u), "unknown");
	assert_string_equal(board_helper_word(BOARD_HELPERS), "unknown");
}

static void every_kind_has_a_word_and_a_sentence(void **state)
{
	struct fixture *f = *state;

	for (unsigned kind = 0; kind < BOARD_EVENT_KINDS; kind++) {
		const char *text = SENTENCE((enum board_event_kind)kind, 0);

		assert_non_null(event_line_word(kind));
		assert_true(strlen(text) > 0);
		assert_null(strchr(text, '%'));
		assert_null(strchr(text, '['));
		assert_null(strchr(text, '|'));
		assert_null(strchr(text, '\n'));
		for (unsigned other = 0; other < kind; other++)
			assert_string_not_equal(event_line_word(kind),
						event_line_word(other));
	}
	assert_string_equal(event_line_word(BOARD_EVENT_KINDS), "unknown");
}

static void ends_are_said_by_their_cause(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_EXITED, 1, 0, 0,
				     12, 1, 99),
			    "exited with code 1 after 12 ms");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_SIGNALLED, SIGKILL,
				     0, 0, 2500, 1, 99),
			    "was killed by SIGKILL after 2.5 s");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_START_FAILED, -1,
				     BOARD_STEP_EXEC, ENOENT, -1, 1, 99),
			    "could not be started: exec: no such file or "
			    "directory (ENOENT)");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_START_TIMEOUT, 15,
				     0, 0, 5000),
			    "was not ready in time after 5 s");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_UNHEALTHY, 15, 0,
				     0, 60000),
			    "was unhealthy after 1 m");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_ASKED, 0, 0, 0, 7),
			    "ended as asked after 7 ms");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_NEVER_ENDED),
			    "never ended");
}

static void what_became_of_its_cgroup_is_said(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(SENTENCE(BOARD_EV_CELL, EBUSY),
			    "runs without a cgroup of its own, in dashpot's: "
			    "EBUSY");
	assert_non_null(strstr(SENTENCE(BOARD_EV_CELL, 0), "are undone"));
	assert_string_equal(SENTENCE(BOARD_EV_HOOK_LEFT, HOOK_CHECK, 2, 77),
			    "check left 2 processes behind (such as pid 77), "
			    "to be ended");
}

static void sentences_carry_name_number_and_what_to_do(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(SENTENCE(BOARD_EV_BEGIN, 1, 3, 9500, 0),
			    "supervises 3 services as PID 1; a full stop may "
			    "take 9.5 s: give docker stop -t 10 or more");
	assert_string_equal(SENTENCE(BOARD_EV_BEGIN, 0, 1, 1000, 1),
			    "supervises 1 service, not as PID 1: it adopts "
			    "orphans as a subreaper; a full stop may take 1 s: "
			    "give docker stop -t 1 or more");
	assert_string_equal(SENTENCE(BOARD_EV_BEGIN, 0, 1, 1000, 0),
			    "supervises 1 service, not as PID 1; a full stop "
			    "may take 1 s: give docker stop -t 1 or more");
	assert_non_null(strstr(SENTENCE(BOARD_EV_NO_SUBREAPER, EPERM),
			       "PR_SET_CHILD_SUBREAPER) is refused ("));
	assert_string_equal(SENTENCE(BOARD_EV_COMMAND, COMMAND_STOP, 0, 7,
				     1000),
			    "asked from outside: stop (uid 1000, pid 7)");
	assert_string_equal(SENTENCE(BOARD_EV_STARTED, 12, 0, 1),
			    "started, pid 12");
	assert_string_equal(SENTENCE(BOARD_EV_BACKOFF, 250, 2, 3, 15000),
			    "starts again in 250 ms (failure 2 of 3 within "
			    "15 s)");
	assert_string_equal(SENTENCE(BOARD_EV_BACKOFF, 250, 0, 0, 0),
			    "starts again in 250 ms");
	assert_string_equal(SENTENCE(BOARD_EV_BLOCKED, 10000, 1, 3, 15000),
			    "blocked: 3 failures within 15 s; next probe in "
			    "10 s");
	assert_string_equal(SENTENCE(BOARD_EV_BACKOFF, 250, 7, 10,
				     BREAKER_IN_A_ROW),
			    "starts again in 250 ms (failure 7 of 10 in a "
			    "row)");
	assert_string_equal(SENTENCE(BOARD_EV_BLOCKED, 10000, 1, 10,
				     BREAKER_IN_A_ROW),
			    "blocked: 10 failures in a row; next probe in "
			    "10 s");
	assert_string_equal(SENTENCE(BOARD_EV_BLOCKED, 40000, 3, 1, 0, 1),
			    "blocked: the start that was asked for failed; "
			    "that is no trip and the cooldown stays as it was; "
			    "next probe in 40 s");
	assert_string_equal(SENTENCE(BOARD_EV_BLOCKED, 10000, 1, 1, 0),
			    "blocked: trying again at once cannot help; next "
			    "probe in 10 s");
	assert_string_equal(SENTENCE(BOARD_EV_BLOCKED, 20000, 2, 1, 0),
			    "blocked: failed again, trip 2 in a row; next "
			    "probe in 20 s");
	assert_string_equal(SENTENCE(BOARD_EV_LEFTOVERS, 1, 77),
			    "left 1 process behind (such as pid 77), to be "
			    "ended");
	assert_string_equal(SENTENCE(BOARD_EV_SHUTDOWN, SIGQUIT, 9500),
			    "SIGQUIT: stops everything, within 9.5 s");
	assert_string_equal(SENTENCE(BOARD_EV_SHUTDOWN, 0, 9500),
			    "stops everything, within 9.5 s");
	assert_string_equal(SENTENCE(BOARD_EV_ESSENTIAL, BOARD_EXITED, 3,
				     0, 0, 12),
			    "is essential and exited with code 3 after 12 ms: "
			    "everything is stopped");
	assert_string_equal(SENTENCE(BOARD_EV_ESSENTIAL, BOARD_START_FAILED,
				     CAP_NET_RAW, BOARD_STEP_CAPABILITIES,
				     EPERM, 1),
			    "is essential and could not be started: "
			    "capabilities: net_raw: not permitted (EPERM), "
			    "dashpot does not have it: give it to the "
			    "container (--cap-add) or leave it out: "
			    "everything is stopped");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_START_FAILED,
				     RLIMIT_NOFILE, BOARD_STEP_LIMIT, EPERM, 1),
			    "could not be started: limit.nofile: not "
			    "permitted (EPERM), the hard limit is lower: "
			    "raise it (--ulimit)");
	assert_string_equal(SENTENCE(BOARD_EV_ENDED, BOARD_START_FAILED, 99,
				     BOARD_STEP_LIMIT, EINVAL, 1),
			    "could not be started: limit: invalid argument "
			    "(EINVAL)");
	assert_string_equal(SENTENCE(BOARD_EV_HELPER_DIED, BOARD_RELAY,
				     SIGKILL, 50),
			    "the relay was killed by SIGKILL: another one is "
			    "started in 50 ms; services are not affected");
	assert_string_equal(SENTENCE(BOARD_EV_HELPER_DIED, BOARD_RECORDER,
				     1 << 8, 2000),
			    "the recorder exited with code 1: another one is "
			    "started in 2 s; services are not affected");
}

static void waiting_names_the_limit_and_its_numbers(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
			 BOARD_LIMIT_PIDS_CGROUP, 24, 24, 3, 0, 0),
		"waits for room to start a process: the container holds 24 of "
		"pids.max 24 (reserve 3); raise --pids-limit or stop "
		"something");
	assert_string_equal(
		SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
			 BOARD_LIMIT_PIDS_CGROUP, 90, 100, 12, 2, 0),
		"waits for room to start a process: the control group 2 above "
		"the container holds 90 of pids.max 100 (reserve 12); raise "
		"its pids.max or stop something in it");
	assert_non_null(strstr(
		SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
			 BOARD_LIMIT_NPROC, 492, 500, 16, 1000, 0),
		"uid 1000 holds 492 of RLIMIT_NPROC 500 (reserve 16)"));
	assert_non_null(strstr(
		SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
			 BOARD_LIMIT_NPROC, -1, 500, -1, 1000, EAGAIN),
		"uid 1000 has reached RLIMIT_NPROC 500;"));
	assert_non_null(strstr(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
					BOARD_LIMIT_HIDDEN_CGROUP, -1, -1, -1,
					0, EAGAIN),
			       "cannot be seen from inside"));
	assert_non_null(strstr(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
					BOARD_LIMIT_KERNEL, -1, -1, -1, 0,
					EAGAIN),
			       "(EAGAIN): pid_max"));
	assert_non_null(strstr(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
					BOARD_LIMIT_MEMORY, -1, -1, -1, 0,
					ENOMEM),
			       "no memory"));
	assert_non_null(strstr(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
					BOARD_LIMIT_FILES, -1, -1, -1, 0,
					EMFILE),
			       "no file descriptor is left (EMFILE)"));
	assert_non_null(strstr(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_HEADROOM,
					99),
			       "no limit is known"));
	assert_string_equal(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_DEPENDENCY,
				     1),
			    "waits for db");
	assert_string_equal(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_DEPENDENCY,
				     99),
			    "waits for another");
	assert_non_null(strstr(SENTENCE(BOARD_EV_WAITING, BOARD_WAIT_BUDGET),
			       "restart_rate"));
}

static void volume_trouble_names_directory_step_and_error(void **state)
{
	struct fixture *f = *state;
	const char *text = SENTENCE(BOARD_EV_VOLUME_TROUBLE,
				    BOARD_VOLUME_CREATE, 0, EROFS);

	assert_non_null(strstr(text, f->directory));
	assert_non_null(strstr(text, "creating a file failed: read-only file "
				     "system (EROFS)"));
	assert_non_null(strstr(text, "tried again"));
	f->config->is_diagnostics_written = false;
	text = SENTENCE(BOARD_EV_VOLUME_TROUBLE, BOARD_VOLUME_OPEN, 0, EACCES);
	assert_non_null(strstr(text, "mount a volume there"));
	text = SENTENCE(BOARD_EV_VOLUME_TROUBLE, BOARD_VOLUME_MOVED, 0, 0);
	assert_non_null(strstr(text, "mounted over"));
}

static void last_words_name_the_end_and_the_code(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[0];

	assert_string_equal(SENTENCE(BOARD_EV_EXIT, 0),
			    "dashpot exits with code 0");
	board_row_begin(row);
	row->ends_count = 1;
	row->ends[0] = (struct board_end){ .cause = BOARD_EXITED, .code = 3,
					   .started_ms = 1000,
					   .ended_ms = 3000 };
	board_row_end(row);
	assert_string_equal(SENTENCE(BOARD_EV_EXIT, 3),
			    "exited with code 3 after 2 s; dashpot exits with "
			    "code 3");
}

static void levels_follow_what_the_event_says(void **state)
{
	struct fixture *f = *state;
	struct board_event e = event(BOARD_EV_ENDED, 0);

	assert_int_equal(event_line_level(f->config, &e), CONFIG_INFO);
	e.n[5] = 1;
	assert_int_equal(event_line_level(f->config, &e), CONFIG_WARNING);
	e = event(BOARD_EV_EXIT, 0);
	assert_int_equal(event_line_level(f->config, &e), CONFIG_INFO);
	e.n[0] = 1;
	assert_int_equal(event_line_level(f->config, &e), CONFIG_ERROR);
	e = event(BOARD_EV_VOLUME_TROUBLE, -1);
	assert_int_equal(event_line_level(f->config, &e), CONFIG_WARNING);
	f->config->is_diagnostics_written = false;
	assert_int_equal(event_line_level(f->config, &e), CONFIG_INFO);
	e = event(BOARD_EV_WAITING, 0);
	e.n[0] = BOARD_WAIT_HEADROOM;
	assert_int_equal(event_line_level(f->config, &e), CONFIG_WARNING);
	e.n[0] = BOARD_WAIT_RESTORE;
	assert_int_equal(event_line_level(f->config, &e), CONFIG_DEBUG);
	e = event(BOARD_EV_STABLE, 0);
	assert_int_equal(event_line_level(f->config, &e), CONFIG_DEBUG);
	e.n[1] = 1;
	assert_int_equal(event_line_level(f->config, &e), CONFIG_INFO);
}

static void text_lines_name_the_service(void **state)
{
	struct fixture *f = *state;
	const struct event_text_from from = { .config = f->config };
	struct board_event e = event(BOARD_EV_DONE, 2);
	char line[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(line);

	event_line_text(&w, &from, &e);
	assert_string_equal(line, "dashpot: job: done\n");
	e.service = -1;
	w.used = 0;
	event_line_text(&w, &from, &e);
	assert_string_equal(line, "dashpot: done\n");
	e.service = FIXTURE_SERVICES;
	w.used = 0;
	event_line_text(&w, &from, &e);
	assert_string_equal(line, "dashpot: done\n");
}

/* The line as JSON; the caller deletes it. */
static cJSON *json_line(const struct event_text_from *from,
			const struct board_event *e)
{
	char line[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(line);
	const char *end;
	cJSON *o;

	event_line_text(&w, from, e);
	assert_false(w.is_cut);
	assert_int_equal(line[w.used - 1], '\n');
	o = cJSON_ParseWithOpts(line, &end, 0);
	assert_non_null(o);
	assert_string_equal(end, "\n");
	return o;
}

static void json_lines_of_every_kind_parse(void **state)
{
	struct fixture *f = *state;
	const struct event_text_from from = { .config = f->config,
					   .board = f->boards.board };
	static const int64_t numbers[] = { 0, 1, -1, 7, 999999999999999 };

	f->config->log_format = CONFIG_JSON_LINES;
	for (unsigned kind = 0; kind < BOARD_EVENT_KINDS; kind++)
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers);
		     k++) {
			struct board_event e =
				event((enum board_event_kind)kind, 0);
			cJSON *o;

			for (int i = 0; i < 7; i++)
				e.n[i] = numbers[k];
			o = json_line(&from, &e);
			assert_string_equal(
				cJSON_GetObjectItem(o, "event")->valuestring,
				event_line_word(kind));
			assert_string_equal(
				cJSON_GetObjectItem(o, "service")->valuestring,
				"web");
			assert_string_equal(
				cJSON_GetObjectItem(o, "time")->valuestring,
				"2023-11-14T22:13:20.123Z");
			cJSON_Delete(o);
		}
}

static void numbers_out_of_any_range_are_harmless(void **state)
{
	struct fixture *f = *state;
	const struct event_text_from from = { .config = f->config,
					   .board = f->boards.board };
	static const int64_t numbers[] = { INT64_MAX, INT64_MIN, UINT32_MAX,
					   INT32_MIN, INT32_MAX };

	f->config->log_format = CONFIG_JSON_LINES;
	for (unsigned kind = 0; kind < BOARD_EVENT_KINDS + 2; kind++)
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers);
		     k++) {
			struct board_event e =
				event((enum board_event_kind)kind, -2);
			char line[EVENT_LINE_MOST];
			struct phrase w = PHRASE_IN(line);

			for (int i = 0; i < 7; i++)
				e.n[i] = numbers[k];
			event_line_text(&w, &from, &e);
			assert_false(w.is_cut);
			assert_string_equal(line + w.used - 2, "}\n");
		}
}

static void json_lines_name_their_numbers(void **state)
{
	struct fixture *f = *state;
	const struct event_text_from from = { .config = f->config };
	struct board_event e = event(BOARD_EV_ENDED, 0);
	cJSON *o;

	f->config->log_format = CONFIG_JSON_LINES;
	e.n[0] = BOARD_START_FAILED;
	e.n[1] = -1;
	e.n[2] = BOARD_STEP_DIRECTORY;
	e.n[3] = EACCES;
	e.n[5] = 1;
	o = json_line(&from, &e);
	assert_string_equal(cJSON_GetObjectItem(o, "cause")->valuestring,
			    "start-failed");
	assert_string_equal(cJSON_GetObjectItem(o, "step")->valuestring,
			    "directory");
	assert_string_equal(cJSON_GetObjectItem(o, "errno")->valuestring,
			    "EACCES");
	assert_int_equal(cJSON_GetObjectItem(o, "code")->valueint, -1);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(o, "is_failure")));
	assert_string_equal(cJSON_GetObjectItem(o, "level")->valuestring,
			    "warning");
	cJSON_Delete(o);
}

static void json_lines_hold_any_directory_name(void **state)
{
	struct fixture *f = *state;
	const struct event_text_from from = { .config = f->config };
	struct board_event e = event(BOARD_EV_VOLUME_WELL, -1);
	char path[4096];
	cJSON *o;

	f->config->log_format = CONFIG_JSON_LINES;
	memset(path, '\x01', sizeof(path));
	memcpy(path, "/a\"\\\xff\n", 6);
	path[sizeof(path) - 1] = '\0';
	f->config->diagnostics = fixture_text(f, path);
	o = json_line(&from, &e);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "service")));
	assert_memory_equal(cJSON_GetObjectItem(o, "message")->valuestring,
			    "/a\"\\?\n\x01", 7);
	cJSON_Delete(o);
}

/* A record of that kind, closed. */
static const char *record(struct fixture *f, unsigned kind, uint64_t number)
{
	static char text[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(text);
	const struct event_text_from from = { .config = f->config,
					   .board = f->boards.board };
	struct board_event e = event((enum board_event_kind)kind, 0);

	atomic_store(&e.number, number);
	event_line_json(&w, &from, &e, f->boards.board->began_wall_ms);
	phrase_add(&w, "%s}\n", kind == BOARD_EV_ENDED ? ",\"end\":null" : "");
	assert_false(w.is_cut);
	return text;
}

static void records_of_every_kind_validate(void **state)
{
	struct fixture *f = *state;
	char path[96], line[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(line);
	FILE *file;

	snprintf(path, sizeof(path), "%s/events.jsonl", f->directory);
	file = fopen(path, "we");
	assert_non_null(file);
	for (unsigned kind = BOARD_EV_BEGIN; kind < BOARD_EVENT_KINDS; kind++)
		assert_true(fputs(record(f, kind, kind), file) >= 0);
	event_line_json_lost(&w, BOARD_EVENT_KINDS + 9, 10,
			    f->boards.board->began_wall_ms, 5, 6);
	assert_true(fprintf(file, "%s}\n", line) > 0);
	assert_int_equal(fclose(file), 0);
	fixture_validate(f->directory);
}

static void record_tells_its_number_to_its_own_container(void **state)
{
	struct fixture *f = *state;
	int64_t began = f->boards.board->began_wall_ms;
	const char *text = record(f, BOARD_EV_DONE, 4711);

	assert_int_equal(event_line_json_seq(text, began), 4711);
	assert_int_equal(event_line_json_seq(text, began + 1), 0);
	assert_int_equal(event_line_json_seq("", began), 0);
	assert_int_equal(event_line_json_seq("{\"seq\":", began), 0);
	assert_int_equal(event_line_json_seq("{\"seq\":7}\n", began), 0);
}

static void lost_messages_are_counted(void **state)
{
	struct fixture *f = *state;
	char line[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(line);
	cJSON *o;

	event_line_lost(&w, f->config, 12, 1700000000123);
	assert_string_equal(line, "dashpot: 12 messages lost: stderr was not "
				  "read fast enough\n");
	f->config->log_format = CONFIG_JSON_LINES;
	w.used = 0;
	event_line_lost(&w, f->config, 1, 1700000000123);
	o = cJSON_Parse(line);
	assert_non_null(o);
	assert_int_equal(cJSON_GetObjectItem(o, "lost")->valueint, 1);
	cJSON_Delete(o);
}

#define WITH_CONFIG(test)                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)


/* What a person needs who finds that a place cannot be used. */
static void place_that_is_taken_names_path_error_and_holder(void **state)
{
	struct fixture *f = *state;

	f->config->diagnostics = fixture_text(f, "/var/lib/dashpot");
	assert_string_equal(SENTENCE(BOARD_EV_CONTROL_TROUBLE, 0, EADDRINUSE,
				     12, 1000),
			    "neither /run/dashpot.sock nor "
			    "/var/lib/dashpot/dashpot.sock can be used: "
			    "already in use (EADDRINUSE); it belongs to uid "
			    "1000, pid 12; nobody can ask there");
	f->config->control = fixture_text(f, "/a/b.sock");
	f->config->listen = fixture_text(f, "127.0.0.1:80");
	assert_string_equal(SENTENCE(BOARD_EV_CONTROL_TROUBLE, 0, EADDRINUSE,
				     0, 7),
			    "control = /a/b.sock cannot be used: already in "
			    "use (EADDRINUSE); it belongs to uid 7, no process "
			    "of this container; only commands without "
			    "--control are answered");
	assert_string_equal(SENTENCE(BOARD_EV_CONTROL_TROUBLE, 0, EADDRINUSE,
				     -1, 7),
			    "control = /a/b.sock cannot be used: already in "
			    "use (EADDRINUSE); it belongs to uid 7, is no "
			    "socket; only commands without --control are "
			    "answered");
	assert_string_equal(SENTENCE(BOARD_EV_CONTROL_TROUBLE, 0, EROFS),
			    "control = /a/b.sock cannot be used: read-only "
			    "file system (EROFS); only commands without "
			    "--control are answered");
	assert_string_equal(SENTENCE(BOARD_EV_CONTROL_TROUBLE, 1, EADDRINUSE),
			    "listen = 127.0.0.1:80 cannot be used: already in "
			    "use (EADDRINUSE); nobody can ask there");
	assert_string_equal(SENTENCE(BOARD_EV_CONTROL_TROUBLE, 0, EEXIST, 0, 0,
				     1),
			    "control = /a/b.sock: control_owner cannot be "
			    "given to it: file exists (EEXIST)");
}

static void schedules_are_told_of(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(SENTENCE(BOARD_EV_NEXT_RUN, 5000, 0, 0),
			    "its schedule runs it in 5 s");
	assert_string_equal(SENTENCE(BOARD_EV_NEXT_RUN, 5000, 0, 3),
			    "its schedule runs it in 5 s (skipped meanwhile: "
			    "3)");
	assert_string_equal(SENTENCE(BOARD_EV_RUN_FAILED, 60000, 2, 0),
			    "the run of its schedule failed (2 in a row); the "
			    "next one is in 1 m");
	assert_string_equal(SENTENCE(BOARD_EV_TICK_SKIPPED, 0, 4),
			    "its schedule is due, but the run before it goes "
			    "on: skipped (4 so far)");
	assert_string_equal(SENTENCE(BOARD_EV_TICK_SKIPPED, 1, 5),
			    "its schedule is due, but the run before it has "
			    "not begun: skipped (5 so far)");
}

/* The name that the event's row has for number i. */
static bool is_named(enum board_event_kind kind, unsigned i, const char *name)
{
	const char *at = kinds_find(kind)->args;

	for (; i > 0; i--)
		at = strchr(at, ' ') != NULL ? strchr(at, ' ') + 1 : "";
	return strcspn(at, "/ ") == strlen(name) &&
	       strncmp(at, name, strlen(name)) == 0;
}

static void numbers_stand_where_the_table_names_them(void **state)
{
	static const struct {
		enum board_event_kind kind;
		unsigned at;
		const char *name;
	} numbers[] = {
		{ BOARD_EV_ENDED, EVENT_END_CAUSE, "cause" },
		{ BOARD_EV_ENDED, EVENT_END_CODE, "code" },
		{ BOARD_EV_ENDED, EVENT_END_STEP, "step" },
		{ BOARD_EV_ENDED, EVENT_END_ERRNO, "errno" },
		{ BOARD_EV_ENDED, EVENT_END_RUNTIME_MS, "runtime_ms" },
		{ BOARD_EV_ENDED, EVENT_ENDED_IS_FAILURE, "is_failure" },
		{ BOARD_EV_ENDED, EVENT_ENDED_NUMBER, "number" },
		{ BOARD_EV_ESSENTIAL, EVENT_END_RUNTIME_MS, "runtime_ms" },
		{ BOARD_EV_HOOK_ENDED, EVENT_END_CAUSE, "cause" },
		{ BOARD_EV_HOOK_ENDED, EVENT_END_CODE, "code" },
		{ BOARD_EV_HOOK_ENDED, EVENT_HOOK_ENDED_IS_TIMED_OUT,
		  "is_timed_out" },
		{ BOARD_EV_HELD, EVENT_HELD_WAITED_MS, "waited_ms" },
		{ BOARD_EV_HELD, EVENT_LIMIT_KIND, "limit" },
		{ BOARD_EV_HELD, EVENT_LIMIT_CURRENT, "current" },
		{ BOARD_EV_HELD, EVENT_LIMIT_MAX, "max" },
		{ BOARD_EV_HELD, EVENT_LIMIT_RESERVE, "reserve" },
		{ BOARD_EV_HELD, EVENT_LIMIT_UID_OR_LEVEL, "uid_or_level" },
		{ BOARD_EV_HELD, EVENT_LIMIT_ERRNO, "errno" },
		{ BOARD_EV_HOOK_REFUSED, EVENT_HOOK, "hook" },
		{ BOARD_EV_HOOK_REFUSED, EVENT_LIMIT_ERRNO, "errno" },
		{ BOARD_EV_WAITING, EVENT_WAITING_FOR, "for" },
		{ BOARD_EV_WAITING, EVENT_WAITING_ON, "on" },
		{ BOARD_EV_WAITING, EVENT_LIMIT_ERRNO, "errno" },
		{ BOARD_EV_BLOCKED, EVENT_BLOCKED_COOLDOWN_MS, "cooldown_ms" },
		{ BOARD_EV_BLOCKED, EVENT_BLOCKED_TRIPS, "trips" },
		{ BOARD_EV_BLOCKED, EVENT_BLOCKED_FAILURES, "failures" },
		{ BOARD_EV_BLOCKED, EVENT_BLOCKED_WINDOW_MS, "window_ms" },
		{ BOARD_EV_BLOCKED, EVENT_BLOCKED_IS_ASKED, "is_asked" },
		{ BOARD_EV_CONTROL_TROUBLE, EVENT_CONTROL_IS_LISTEN,
		  "is_listen" },
		{ BOARD_EV_CONTROL_TROUBLE, EVENT_CONTROL_ERRNO, "errno" },
		{ BOARD_EV_CONTROL_TROUBLE, EVENT_CONTROL_PID, "pid" },
		{ BOARD_EV_CONTROL_TROUBLE, EVENT_CONTROL_UID, "uid" },
		{ BOARD_EV_CONTROL_TROUBLE, EVENT_CONTROL_IS_OWNER,
		  "is_owner" },
		{ BOARD_EV_RELOAD_FAILED, EVENT_RELOAD_REASON, "reason" },
		{ BOARD_EV_RELOAD_FAILED, EVENT_RELOAD_NUMBER, "number" },
		{ BOARD_EV_RELOAD_FAILED, EVENT_RELOAD_ERRNO, "errno" },
		{ BOARD_EV_VOLUME_TROUBLE, EVENT_VOLUME_STEP, "step" },
		{ BOARD_EV_VOLUME_TROUBLE, EVENT_VOLUME_ERRNO, "errno" },
		{ BOARD_EV_ZOMBIE_LIMIT, EVENT_ZOMBIES, "zombies" },
		{ BOARD_EV_ZOMBIE_LIMIT, EVENT_ZOMBIES_SERVICE_PID,
		  "service_pid" },
		{ BOARD_EV_ZOMBIE_LIMIT, EVENT_ZOMBIES_LIMIT, "zombie_limit" },
		{ BOARD_EV_EXIT, EVENT_EXIT_CODE, "exit_code" },
		{ BOARD_EV_STABLE, EVENT_STABLE_IS_CLOSED, "is_closed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!is_named(numbers[i].kind, numbers[i].at, numbers[i].name))
			fail_msg("%s of %s", numbers[i].name,
				 kinds_word(numbers[i].kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONFIG(place_that_is_taken_names_path_error_and_holder),
		WITH_CONFIG(schedules_are_told_of),
		cmocka_unit_test(durations_are_said_with_two_units_at_most),
		cmocka_unit_test(times_are_rfc_3339_and_cut_to_its_years),
		cmocka_unit_test(signals_and_errnos_have_names),
		cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
		cmocka_unit_test(text_that_does_not_fit_is_cut_and_ended),
		cmocka_unit_test(words_of_json_differ_and_know_their_end),
		WITH_CONFIG(every_kind_has_a_word_and_a_sentence),
		WITH_CONFIG(ends_are_said_by_their_cause),
		WITH_CONFIG(what_became_of_its_cgroup_is_said),
		WITH_CONFIG(sentences_carry_name_number_and_what_to_do),
		WITH_CONFIG(waiting_names_the_limit_and_its_numbers),
		WITH_CONFIG(volume_trouble_names_directory_step_and_error),
		WITH_CONFIG(last_words_name_the_end_and_the_code),
		WITH_CONFIG(levels_follow_what_the_event_says),
		WITH_CONFIG(text_lines_name_the_service),
		WITH_CONFIG(json_lines_of_every_kind_parse),
		WITH_CONFIG(numbers_out_of_any_range_are_harmless),
		WITH_CONFIG(json_lines_name_their_numbers),
		WITH_CONFIG(json_lines_hold_any_directory_name),
		WITH_CONFIG(records_of_every_kind_validate),
		WITH_CONFIG(record_tells_its_number_to_its_own_container),
		WITH_CONFIG(lost_messages_are_counted),
		cmocka_unit_test(numbers_stand_where_the_table_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
