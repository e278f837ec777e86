/* SPDX-License-Identifier: ISC */
/* init/report/diagnostic_json: diagnostic.json from the board. */
#include "json_fixture.h"

#include "init/text/policy_text.h"
#include "policy/breaker.h"

static struct document document;
static struct registry_service earlier[FIXTURE_SERVICES];
static struct registry registry;

static int setup(void **state)
{
	int err = fixture_setup(state);
	struct fixture *f = *state;
	struct registry_now now = {
		.began_wall_ms = f->boards.board->began_wall_ms
	};

	memset(earlier, 0, sizeof(earlier));
	registry.service = earlier;
	registry_begin(&registry, &now);
	return err;
}

/* Render; 0 or -errno. The text is in `document`. */
static int render(struct fixture *f)
{
	struct report r = report_of(f, &registry);
	struct json j = { .put = document_put, .context = &document };

	document.size = 0;
	report_write(&j, &r);
	assert_int_equal(heap_in_use(), 0);
	return j.err;
}

/* Render, validate and parse; the caller deletes it. */
static cJSON *rendered(struct fixture *f)
{
	cJSON *o;

	assert_int_equal(render(f), 0); /* before anything is parsed */
	save(f, "diagnostic.json", &document);
	o = cJSON_Parse(document.text);
	assert_non_null(o);
	return o;
}

static const cJSON *get(const cJSON *o, const char *a, const char *b)
{
	const cJSON *in = cJSON_GetObjectItemCaseSensitive(o, a);

	assert_non_null(in);
	if (b == NULL)
		return in;
	in = cJSON_GetObjectItemCaseSensitive(in, b);
	assert_non_null(in);
	return in;
}

static const char *text_of(const cJSON *o, const char *a)
{
	const char *text = cJSON_GetStringValue(get(o, a, NULL));

	assert_non_null(text);
	return text;
}

static struct board_service *row_of(struct fixture *f, int i)
{
	return &f->boards.board->service[i];
}

/* How long ago the fixture's moment of rendering is: began + 1 s. */
static int64_t ago(struct fixture *f, int64_t ms)
{
	return f->boards.board->began_ms + 1000 - ms;
}

static void fill_end(struct fixture *f, struct board_service *row,
		     enum board_cause cause)
{
	bool is_start = cause == BOARD_START_FAILED;
	bool is_kill = cause == BOARD_SIGNALLED || cause == BOARD_OUT_OF_MEMORY;

	row->ends_count++;
	row->ends[(row->ends_count - 1) % BOARD_ENDS] = (struct board_end){
		.number = row->ends_count,
		.started_ms = is_start ? -1 : ago(f, 112),
		.ended_ms = ago(f, 100),
		.ended_wall_ms = f->boards.board->began_wall_ms + 900,
		.cpu_us = 1234,
		.peak_kib = 5678,
		.tasks_current = 4,
		.tasks_max = -1,
		.cause = cause,
		.step = is_start ? BOARD_STEP_EXEC : BOARD_STEP_NONE,
		.err = is_start ? ENOENT : 0,
		.code = is_start ? -1 : is_kill ? SIGKILL : 1,
		.was_signalled = is_kill,
		.oom = cause == BOARD_OUT_OF_MEMORY ? BOARD_OOM_LIKELY :
						      BOARD_OOM_NO,
		.was_failure = cause != BOARD_ASKED,
	};
}

/* The sentence for a service in this state. */
static const char *why(struct fixture *f, enum life_state state)
{
	static char text[600];
	struct report r = report_of(f, &registry);
	struct phrase w = PHRASE_IN(text);

	row_of(f, 0)->state = (uint8_t)state;
	report_why(&w, &r, 0, row_of(f, 0));
	return text;
}

static void untouched_board_validates(void **state)
{
	struct fixture *f = *state;
	cJSON *o = rendered(f);

	assert_int_equal(get(o, "schema", NULL)->valueint, REPORT_SCHEMA);
	assert_int_equal(get(o, "generation", NULL)->valueint, 7);
	assert_string_equal(text_of(o, "phase"), "up");
	assert_string_equal(text_of(o, "summary"), "3 services: 3 stopped");
	assert_int_equal(cJSON_GetArraySize(get(o, "services", NULL)), 3);
	assert_string_equal(text_of(get(o, "services", "db"), "state"),
			    "stopped");
	fixture_validate(f->directory);
	cJSON_Delete(o);
}

static void every_state_validates(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < LIFE_STATES; i += 3) {
		cJSON *o;

		for (int k = 0; k < 3 && i + k < LIFE_STATES; k++) {
			struct board_service *row = row_of(f, k);

			row->state = (uint8_t)(i + k);
			row->breaker = (uint8_t)((i + k) % 4);
			row->since_ms = ago(f, 3000);
			row->next_ms = ago(f, -9400);
			row->starts = 3;
			row->started_ms = ago(f, 3000);
			row->pid = life_is_up((enum life_state)(i + k)) ? 9 : 0;
		}
		o = rendered(f);
		fixture_validate(f->directory);
		for (int k = 0; k < 3 && i + k < LIFE_STATES; k++) {
			const cJSON *s = cJSON_GetArrayItem(
				get(o, "services", NULL), k);

			assert_string_equal(
				text_of(s, "state"),
				life_word((enum life_state)(i + k)));
			assert_memory_equal(text_of(s, "why"),
					    text_of(s, "state"),
					    strlen(text_of(s, "state")));
		}
		cJSON_Delete(o);
	}
}

static void every_cause_validates(void **state)
{
	struct fixture *f = *state;
	const cJSON *ends, *end;
	cJSON *o;

	for (int cause = BOARD_EXITED; cause <= BOARD_OUT_OF_MEMORY; cause++)
		fill_end(f, row_of(f, 0), (enum board_cause)cause);
	o = rendered(f);
	fixture_validate(f->directory);
	ends = get(get(o, "services", "web"), "ends", NULL);
	assert_int_equal(cJSON_GetArraySize(ends), BOARD_OUT_OF_MEMORY);
	for (int cause = BOARD_EXITED; cause <= BOARD_OUT_OF_MEMORY; cause++) {
		end = cJSON_GetArrayItem(ends, BOARD_OUT_OF_MEMORY - cause);
		assert_string_equal(text_of(end, "cause"),
				    phrase_cause((unsigned)cause));
	}
	end = cJSON_GetArrayItem(ends, 0);
	assert_string_equal(text_of(end, "signal"), "SIGKILL");
	assert_string_equal(text_of(end, "oom"), "likely");
	end = cJSON_GetArrayItem(ends,
				 BOARD_OUT_OF_MEMORY - BOARD_SIGNALLED);
	assert_string_equal(text_of(end, "oom"), "no");
	ends = cJSON_GetArrayItem(ends,
				  BOARD_OUT_OF_MEMORY - BOARD_START_FAILED);
	assert_string_equal(text_of(ends, "step"), "exec");
	assert_string_equal(text_of(ends, "errno_name"), "ENOENT");
	assert_int_equal(get(ends, "errno", NULL)->valueint, ENOENT);
	assert_true(cJSON_IsNull(get(ends, "code", NULL)));
	assert_true(cJSON_IsNull(get(ends, "runtime_ms", NULL)));
	cJSON_Delete(o);
}

static void out_of_memory_says_how_sure_it_is_and_what_to_do(void **state)
{
	struct fixture *f = *state;

	fill_end(f, row_of(f, 0), BOARD_OUT_OF_MEMORY);
	assert_non_null(strstr(why(f, LIFE_BACKOFF),
			       "out of memory after 12 ms (likely, its peak "
			       "was 6 MiB: raise the memory limit"));
	row_of(f, 0)->ends[0].oom = BOARD_OOM_CERTAIN;
	assert_non_null(strstr(why(f, LIFE_BLOCKED), "(certain, its peak"));
}

/* The relay's board, as its helper has it: the fixture's own is read-only. */
static struct board_lines *writable(const struct fixture *f, int fd)
{
	void *lines = mmap(NULL, f->boards.lines_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);

	assert_true(lines != MAP_FAILED);
	return lines;
}

/* Service 0 printed this; 0 ms is the moment of its start. */
static void print(struct fixture *f, int fd, int stream, uint64_t run, int ms,
		  const char *text, size_t length)
{
	struct board_lines *lines = writable(f, fd);
	struct lines_line line = {
		.mono_ms = f->boards.board->began_ms + ms,
		.wall_ms = f->boards.board->began_wall_ms + ms,
		.run = run, .stream = (uint8_t)stream,
		.length = (uint16_t)length, .is_cut = length == LINES_TEXT,
	};

	memcpy(line.text, text, length);
	lines_append(lines, f->config, 0, &line);
	munmap(lines, f->boards.lines_size);
}

static const cJSON *line_at(const cJSON *service, int i)
{
	const cJSON *line =
		cJSON_GetArrayItem(get(service, "output", NULL), i);

	assert_non_null(line);
	return line;
}

static void last_lines_of_both_relays_are_shown_in_order(void **state)
{
	struct fixture *f = *state;
	const cJSON *web;
	cJSON *o;

	for (int n = 1; n <= 6; n++) /* the first two are gone */
		print(f, f->boards.relay_fd, 1, 1, 10 * n, "out", 3);
	print(f, f->boards.files_fd, 2, 2, 45, "late", 4);
	print(f, f->boards.files_fd, 2, 2, 99, "last", 4);
	o = rendered(f);
	fixture_validate(f->directory);
	web = get(o, "services", "web");
	assert_int_equal(cJSON_GetArraySize(get(web, "output", NULL)), 4);
	assert_string_equal(text_of(line_at(web, 0), "text"), "late");
	assert_string_equal(text_of(line_at(web, 0), "stream"), "stderr");
	assert_int_equal(get(line_at(web, 0), "run", NULL)->valueint, 2);
	assert_string_equal(text_of(line_at(web, 1), "text"), "out");
	assert_string_equal(text_of(line_at(web, 3), "text"), "last");
	cJSON_Delete(o);
}

static void end_has_the_lines_of_its_own_run(void **state)
{
	struct fixture *f = *state;
	const cJSON *ends, *lines;
	cJSON *o;

	print(f, f->boards.relay_fd, 1, 1, 10, "first", 5);
	print(f, f->boards.relay_fd, 2, 2, 20, "second", 6);
	for (uint64_t run = 1; run <= 2; run++) {
		fill_end(f, row_of(f, 0), BOARD_EXITED);
		row_of(f, 0)->ends[run - 1].run = run;
	}
	o = rendered(f);
	fixture_validate(f->directory);
	ends = get(get(o, "services", "web"), "ends", NULL);
	for (int i = 0; i < 2; i++) {
		lines = get(cJSON_GetArrayItem(ends, i), "output", NULL);
		assert_int_equal(cJSON_GetArraySize(lines), 1);
		assert_string_equal(
			cJSON_GetStringValue(cJSON_GetArrayItem(lines, 0)),
			i == 0 ? "second" : "first");
	}
	cJSON_Delete(o);
}

static void any_bytes_of_a_line_are_shown(void **state)
{
	struct fixture *f = *state;
	char bytes[LINES_TEXT];
	cJSON *o;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	print(f, f->boards.relay_fd, 1, 1, 10, bytes, sizeof(bytes));
	print(f, f->boards.relay_fd, 1, 1, 11, "", 0);
	o = rendered(f);
	fixture_validate(f->directory);
	assert_string_equal(text_of(line_at(get(o, "services", "web"), 1),
				    "text"), "");
	assert_int_equal(strlen(text_of(line_at(get(o, "services", "web"), 0),
					"text")), LINES_TEXT);
	cJSON_Delete(o);
}

static void no_tail_keeps_output_out_of_the_file(void **state)
{
	struct fixture *f = *state;

	print(f, f->boards.relay_fd, 1, 1, 10, "secret", 6);
	fixture_service(f, 0)->tail_lines = 0;
	cJSON_Delete(rendered(f));
	fixture_validate(f->directory);
	assert_null(strstr(document.text, "secret"));
}

static void wait_for_room_names_who_holds_it_by_zombies(void **state)
{
	struct fixture *f = *state;
	struct usage_row used[FIXTURE_SERVICES] = {
		{ .pid = 9, .zombies = 40, .parent = 12 }, { .pid = 0 },
	};
	struct usage usage = { .mono_ms = 1, .wall_ms = 1, .row = used };
	struct report r = report_of(f, &registry);
	char text[512];
	struct phrase w = PHRASE_IN(text), again = PHRASE_IN(text);

	r.usage = &usage;
	row_of(f, 1)->state = LIFE_WAITING;
	row_of(f, 1)->wait = BOARD_WAIT_HEADROOM;
	row_of(f, 1)->limit.kind = BOARD_LIMIT_PIDS_CGROUP;
	report_why(&w, &r, 1, row_of(f, 1));
	assert_non_null(strstr(text, "; 40 of them have ended, and pid 12 of "
				     "web does not wait for them"));
	used[0].zombies = 0;
	report_why(&again, &r, 1, row_of(f, 1));
	assert_null(strstr(text, "have ended"));
}

static void usage_is_shown_of_the_present_process_only(void **state)
{
	struct fixture *f = *state;
	struct usage_row used[FIXTURE_SERVICES] = {
		{ .pid = 9, .processes = 2, .threads = 5, .zombies = 1,
		  .cpu_ms = 1234, .rss_kib = 99, .share = 98 },
		{ .pid = 10, .share = -1 },
	};
	struct usage usage = { .mono_ms = 1, .wall_ms = 1, .row = used,
			       .cgroup = "/", .memory_kib = 7,
			       .memory_max_kib = -1, .oom_kills = -1 };
	struct report r = report_of(f, &registry);
	struct json j = { .put = document_put, .context = &document };
	const cJSON *u;
	cJSON *o;

	r.usage = &usage;
	row_of(f, 0)->state = LIFE_RUNNING;
	row_of(f, 0)->pid = 9;
	row_of(f, 1)->pid = 11; /* has been restarted since */
	document.size = 0;
	report_write(&j, &r);
	assert_int_equal(j.err, 0);
	save(f, "diagnostic.json", &document);
	fixture_validate(f->directory);
	o = cJSON_Parse(document.text);
	u = get(get(o, "services", "web"), "usage", NULL);
	assert_int_equal(get(u, "cpu_percent", NULL)->valueint, 98);
	assert_int_equal(get(u, "zombies", NULL)->valueint, 1);
	assert_true(cJSON_IsNull(get(get(o, "services", "db"), "usage", NULL)));
	assert_int_equal(get(get(o, "container", "memory"), "current_kib",
			     NULL)->valueint, 7);
	assert_non_null(strstr(document.text,
			       ", uses 98 % of a core, does not wait for 1 of "
			       "its processes"));
	cJSON_Delete(o);
}

static void every_step_validates(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		row_of(f, i)->state = LIFE_STARTING;
	for (unsigned step = 1; step < BOARD_STEPS; step++) {
		struct board_service *row = row_of(f, (int)step % 3);

		fill_end(f, row, BOARD_START_FAILED);
		row->ends[(row->ends_count - 1) % BOARD_ENDS].step =
			(enum board_step)step;
		row->step = (uint8_t)step;
		row->is_stuck = true;
	}
	cJSON_Delete(rendered(f));
	fixture_validate(f->directory);
}

static void every_wait_and_limit_validates(void **state)
{
	struct fixture *f = *state;
	struct board *b = f->boards.board;

	for (int i = 0; i < 3; i++)
		row_of(f, i)->state = LIFE_WAITING;
	for (int kind = BOARD_LIMIT_PIDS_CGROUP; kind <= BOARD_LIMIT_FILES;
	     kind++)
		b->limit[kind - 1] = (struct board_limit){
			.kind = (enum board_limit_kind)kind,
			.level = 1, .uid = 1000, .err = EAGAIN,
			.current = kind % 2 != 0 ? 24 : -1, .max = 24,
			.reserve = 3,
		};
	for (int wait = BOARD_WAIT_RESTORE; wait <= BOARD_WAIT_LEFTOVERS;
	     wait++) {
		struct board_service *row = row_of(f, wait % 3);

		row->wait = (uint8_t)wait;
		row->on = wait == BOARD_WAIT_DEPENDENCY ? 1 : -1;
		row->limit = b->limit[wait];
		if (wait % 3 == 2 || wait == BOARD_WAIT_LEFTOVERS) {
			cJSON_Delete(rendered(f));
			fixture_validate(f->directory);
		}
	}
	row_of(f, 0)->wait = BOARD_WAIT_HEADROOM;
	row_of(f, 0)->limit = b->limit[0];
	row_of(f, 0)->limit.level = 0;
	assert_string_equal(why(f, LIFE_WAITING),
			    "waiting: for room to start a process: the "
			    "container holds 24 of pids.max 24 (reserve 3); "
			    "raise --pids-limit or stop something");
	row_of(f, 0)->wait = BOARD_WAIT_DEPENDENCY;
	row_of(f, 0)->on = 1;
	row_of(f, 1)->wait = BOARD_WAIT_NOTHING;
	assert_string_equal(why(f, LIFE_WAITING),
			    "waiting: for db, which is about to start");
}

/* web waits for db, db is like that. */
static void assert_chain(struct fixture *f, enum life_state state,
			 const char *sentence)
{
	row_of(f, 1)->state = (uint8_t)state;
	assert_string_equal(why(f, LIFE_WAITING), sentence);
}

static void waiting_says_why_the_other_one_is_not_ready(void **state)
{
	struct fixture *f = *state;
	struct board_service *db = row_of(f, 1), *third = row_of(f, 2);

	row_of(f, 0)->wait = BOARD_WAIT_DEPENDENCY;
	row_of(f, 0)->on = 1;
	db->next_ms = 0;
	assert_chain(f, LIFE_STARTING, "waiting: for db, which is starting");
	assert_chain(f, LIFE_PROBING, "waiting: for db, which has to have been "
				      "ready for 2 s");
	db->step = BOARD_STEP_EXEC;
	assert_chain(f, LIFE_PROBING, "waiting: for db, which is being probed");
	db->step = BOARD_STEP_NONE;
	assert_chain(f, LIFE_FAILED, "waiting: for db, which has failed");
	db->breaker = BREAKER_LATCHED;
	assert_chain(f, LIFE_FAILED, "waiting: for db, which has failed, and "
				     "needs a reset");
	assert_chain(f, LIFE_STOPPED, "waiting: for db, which nobody starts "
				      "(autostart = no)");
	db->is_stop_asked = true;
	assert_chain(f, LIFE_STOPPED, "waiting: for db, which somebody "
				      "stopped");
	assert_chain(f, LIFE_RUNNING, "waiting: for db, which is about to "
				      "stop");
	db->is_stop_asked = false;
	db->wait = BOARD_WAIT_DEPENDENCY;
	db->on = 2;
	third->state = LIFE_BLOCKED;
	assert_chain(f, LIFE_WAITING, "waiting: for db, which waits for job, "
				      "which is blocked, and probed");
}

static void every_phase_validates(void **state)
{
	struct fixture *f = *state;

	for (unsigned phase = 0; phase <= BOARD_EXITING; phase++) {
		f->boards.board->phase = (uint8_t)phase;
		f->boards.board->exit_code = 3;
		f->boards.board->exit_service = 0;
		cJSON_Delete(rendered(f));
		fixture_validate(f->directory);
	}
	assert_non_null(strstr(document.text, "\"exit_service\":\t\"web\""));
}

static void blocked_says_why_and_when_it_is_probed(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = row_of(f, 0);

	row->breaker = BREAKER_OPEN;
	row->trips = 1;
	row->next_ms = ago(f, -9400);
	fill_end(f, row, BOARD_EXITED);
	row->tally = (struct breaker_tally){ 3, 3, 15000 };
	assert_string_equal(why(f, LIFE_BLOCKED),
			    "blocked: 3 failures within 15 s, last: exited "
			    "with code 1 after 12 ms; next probe in 9.4 s");
	row->tally = (struct breaker_tally){ 10, 10, 600000 };
	assert_non_null(strstr(why(f, LIFE_BLOCKED),
			       "10 failures within 10 m, last"));
	row->tally.window_ms = BREAKER_IN_A_ROW;
	assert_non_null(strstr(why(f, LIFE_BLOCKED),
			       "10 failures in a row, last"));
	row->tally = (struct breaker_tally){ 1, 1, 15000 };
	assert_non_null(strstr(why(f, LIFE_BLOCKED),
			       "blocked: 1 failure within 15 s, last"));
	row->trips = 2;
	assert_non_null(strstr(why(f, LIFE_BLOCKED),
			       "its probe failed too, trip 2 in a row"));
	row->at_once = 2;
	assert_non_null(strstr(why(f, LIFE_BLOCKED),
			       "trying again at once cannot help, trip 2"));
	row->is_remembered = true;
	assert_non_null(strstr(why(f, LIFE_BLOCKED), "remembered from before"));
	row->was_asked = true;
	assert_non_null(strstr(why(f, LIFE_BLOCKED), "the start that was asked "
			       "for failed, after trip 2 in a row"));
}

static void other_states_say_why(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = row_of(f, 0);

	row->since_ms = ago(f, 6200);
	row->pid = 12;
	assert_string_equal(why(f, LIFE_RUNNING),
			    "running: for 6.2 s, pid 12");
	row->failures = 1;
	row->starts = 2;
	fill_end(f, row, BOARD_SIGNALLED);
	assert_string_equal(why(f, LIFE_RUNNING),
			    "running: for 6.2 s, pid 12, 1 failure since it "
			    "was last stable, last: was killed by SIGKILL "
			    "after 12 ms");
	row->tally = (struct breaker_tally){ 7, 10, BREAKER_IN_A_ROW };
	assert_non_null(strstr(why(f, LIFE_RUNNING),
			       "stable (7 of 10 in a row block it), last"));
	assert_non_null(strstr(why(f, LIFE_BACKOFF),
			       "failure 7 of 10 in a row, last"));
	row->tally = (struct breaker_tally){ 2, 3, 15000 };
	row->next_ms = ago(f, -240);
	assert_string_equal(why(f, LIFE_BACKOFF),
			    "backoff: failure 2 of 3 within 15 s, last: was "
			    "killed by SIGKILL after 12 ms; next start in "
			    "240 ms");
	row->step = BOARD_STEP_DIRECTORY;
	row->is_stuck = true;
	assert_string_equal(why(f, LIFE_STARTING),
			    "starting: stuck at directory for 6.2 s; the file "
			    "or file system that it needs there does not "
			    "answer");
	row->is_stop_asked = true;
	assert_non_null(strstr(why(f, LIFE_STOPPED), "somebody asked for it"));
	row->next_ms = ago(f, -6800);
	assert_string_equal(why(f, LIFE_STOPPING),
			    "stopping: told to stop 6.2 s ago; killed in "
			    "6.8 s");
	row->breaker = BREAKER_LATCHED;
	row->trips = 4;
	assert_non_null(
		strstr(why(f, LIFE_FAILED), "blocked 4 times in a row"));
	row->breaker = BREAKER_CLOSED;
	assert_non_null(strstr(why(f, LIFE_FAILED), "ended for good, without"));
	assert_non_null(strstr(why(f, LIFE_DONE), "with success"));
}

static void what_cannot_be_signalled_is_said_first(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = row_of(f, 0);
	cJSON *o;

	row->since_ms = ago(f, 6200);
	row->unsent = EPERM;
	for (unsigned k = 0; k < LIFE_STATES; k++) {
		if (k == LIFE_IDLE)
			continue;
		assert_non_null(strstr(why(f, (enum life_state)k),
				       ": cannot be signalled (not permitted): "
				       "dashpot needs CAP_KILL; "));
	}
	assert_non_null(strstr(why(f, LIFE_STOPPING),
			       "; its stop began 6.2 s ago"));
	o = rendered(f);
	assert_true(cJSON_IsTrue(get(get(o, "services", "web"),
				     "is_unsignalled", NULL)));
	cJSON_Delete(o);
	row->unsent = 0;
	o = rendered(f);
	assert_true(cJSON_IsFalse(get(get(o, "services", "web"),
				      "is_unsignalled", NULL)));
	cJSON_Delete(o);
}

static void policy_is_said_in_words(void **state)
{
	struct fixture *f = *state;
	struct config_service *s = fixture_service(f, 0);
	char text[512];
	struct phrase w = PHRASE_IN(text);

	s->is_essential = true;
	s->min_runtime_ms = 5000;
	s->breaker.max_trips = 3;
	policy_text(&w, f->config, s);
	assert_string_equal(text,
			    "always restarted, after 250 ms doubling to 30 s; "
			    "the 3rd failure within 15 s or the 10th within "
			    "10 m blocks it; tried again after 10 s, then "
			    "20 s, at most every 5 m; stable after 1 m; given "
			    "up at trip 3; a run that ends well within 5 s "
			    "has failed too; essential: everything stops "
			    "with it");
	assert_false(w.is_cut);
}

static void torn_row_says_so_and_the_others_are_whole(void **state)
{
	struct fixture *f = *state;
	cJSON *o;

	board_row_begin(row_of(f, 1));
	row_of(f, 1)->pid = 99;
	o = rendered(f);
	fixture_validate(f->directory);
	assert_true(cJSON_IsTrue(get(get(o, "services", "db"), "torn", NULL)));
	assert_int_equal(cJSON_GetArraySize(get(o, "services", "db")), 2);
	assert_string_equal(text_of(get(o, "services", "web"), "state"),
			    "stopped");
	board_row_end(row_of(f, 1));
	cJSON_Delete(o);
}

static void torn_head_is_no_document(void **state)
{
	struct fixture *f = *state;

	board_head_begin(f->boards.board);
	assert_int_equal(render(f), -EAGAIN);
	board_head_end(f->boards.board);
	assert_int_equal(render(f), 0);
}

static void numbers_keep_all_their_digits(void **state)
{
	struct fixture *f = *state;

	row_of(f, 0)->starts = 9007199254740993;      /* 2^53 + 1 */
	row_of(f, 0)->failed = 999999999999999999;
	row_of(f, 0)->leftovers_ended = 1000000001;
	assert_int_equal(render(f), 0); /* cJSON here reads 15 digits */
	save(f, "diagnostic.json", &document);
	assert_non_null(strstr(document.text, "9007199254740993"));
	assert_non_null(strstr(document.text, "999999999999999999"));
	assert_non_null(strstr(document.text, "1000000001"));
	fixture_validate(f->directory);
}

static void text_that_is_no_utf8_does_not_spoil_the_document(void **state)
{
	struct fixture *f = *state;
	struct config_service *s = fixture_service(f, 0);

	s->name = fixture_text(f, "we\xff\"b");
	s->user = fixture_text(f, "\xc3\x28");
	s->file = fixture_text(f, "/etc/\x01\n\xf0\x9f\x98\x80.ini");
	cJSON_Delete(rendered(f));
	fixture_validate(f->directory);
	assert_non_null(strstr(document.text, "we?\\\"b"));
}

static void ends_of_earlier_containers_come_last(void **state)
{
	struct fixture *f = *state;
	const cJSON *ends;
	cJSON *o;

	fill_end(f, row_of(f, 0), BOARD_EXITED);
	earlier[0] = (struct registry_service){ .starts = 10, .failures = 4,
						.ends = 2 };
	earlier[0].end[0] = (struct board_end){
		.number = 9, .cause = BOARD_EXITED, .code = 7,
		.ended_wall_ms = 1700000000000, .ended_ms = 40,
		.tasks_current = -1, .tasks_max = -1,
	};
	earlier[0].end[1] = earlier[0].end[0];
	o = rendered(f);
	fixture_validate(f->directory);
	ends = get(get(o, "services", "web"), "ends", NULL);
	assert_int_equal(cJSON_GetArraySize(ends), 3);
	assert_true(cJSON_IsFalse(
		get(cJSON_GetArrayItem(ends, 0), "is_earlier", NULL)));
	ends = cJSON_GetArrayItem(ends, 1);
	assert_true(cJSON_IsTrue(get(ends, "is_earlier", NULL)));
	assert_string_equal(text_of(ends, "text"),
			    "exited with code 7 after 40 ms");
	assert_string_equal(text_of(ends, "ended"),
			    "2023-11-14T22:13:20.000Z");
	assert_int_equal(get(get(o, "services", "web"), "starts_earlier",
			     NULL)->valueint,
			 10);
	cJSON_Delete(o);
}

static void allocation_that_fails_is_always_noticed(void **state)
{
	struct fixture *f = *state;
	long n;

	print(f, f->boards.relay_fd, 1, 1, 10, "one", 3);
	print(f, f->boards.relay_fd, 1, 1, 10, "two", 3);
	for (int i = 0; i < 20; i++) {
		fill_end(f, row_of(f, 0), BOARD_START_FAILED);
		row_of(f, 0)->ends[i % BOARD_ENDS].run = 1;
	}
	row_of(f, 1)->state = LIFE_WAITING;
	row_of(f, 1)->wait = BOARD_WAIT_HEADROOM;
	row_of(f, 1)->next_ms = 77;
	f->boards.board->limit[0].kind = BOARD_LIMIT_PIDS_CGROUP;
	for (n = 0;; n++) {
		int err;

		limit_allocations(n);
		err = render(f);
		if (allocations_left > 0) {
			assert_int_equal(err, 0);
			break;
		}
		limit_allocations(-1);
		if (err == 0) { /* exactly enough */
			cJSON *o = cJSON_Parse(document.text);

			assert_non_null(o);
			cJSON_Delete(o);
		} else {
			assert_int_equal(err, -ENOMEM);
		}
	}
	limit_allocations(-1);
	assert_true(n > 500);
}

static int full(void *context, const char *text, size_t size)
{
	size_t *left = context;

	(void)text;
	if (size > *left)
		return -ENOSPC;
	*left -= size;
	return 0;
}

static void place_that_takes_no_more_ends_the_document(void **state)
{
	struct fixture *f = *state;
	struct report r = report_of(f, &registry);

	for (size_t room = 0; room < 3000; room += 97) {
		size_t left = room;
		struct json j = { .put = full, .context = &left };

		report_write(&j, &r);
		assert_int_equal(j.err, -ENOSPC);
	}
}

static void what_is_due_is_told_by_what_it_leads_to(void **state)
{
	static const struct {
		enum life_state state;
		bool is_unready;
		const char *what;
	} cases[] = {
		{ LIFE_STARTING, true, "give-up" },
		{ LIFE_PROBING, true, "give-up" },
		{ LIFE_PROBING, false, "stable" },
		{ LIFE_RUNNING, false, "stable" },
		{ LIFE_BACKOFF, false, "start" },
		{ LIFE_BLOCKED, false, "probe" },
		{ LIFE_STOPPING, true, "kill" },
	};
	struct fixture *f = *state;
	struct board_service *row = row_of(f, 0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *o;

		row->state = cases[i].state;
		row->is_unready = cases[i].is_unready;
		row->next_ms = ago(f, -9400);
		o = rendered(f);
		fixture_validate(f->directory);
		assert_string_equal(text_of(get(get(o, "services", "web"),
						"next", NULL), "what"),
				    cases[i].what);
		cJSON_Delete(o);
	}
}

static void schedule_is_shown_with_its_next_run(void **state)
{
	struct fixture *f = *state;
	struct config_service *s = fixture_service(f, 0);
	struct board_service *row = row_of(f, 0);
	const cJSON *web;
	cJSON *o;

	s->type = CONFIG_ONESHOT;
	s->restart = CONFIG_NEVER;
	s->schedule = (struct schedule){ .minutes = 1, .hours = 1, .days = 2,
					 .months = 2, .weekdays = 1,
					 .east_min = -90 };
	s->schedule_text = fixture_text(f, "0 0 1 1 0");
	row->wait = BOARD_WAIT_SCHEDULE;
	row->next_ms = row->tick_ms = ago(f, -9400);
	row->tick_wall_ms = INT64_C(1796008500000); /* 03:15 */
	row->failures = 2;
	row->skipped = 5;
	row->since_ms = ago(f, 3000);
	fill_end(f, row, BOARD_EXITED);
	assert_string_equal(why(f, LIFE_WAITING),
			    "waiting: next run at 2026-11-30T03:15Z (0 0 1 1 "
			    "0), 2 runs in a row failed, skipped 5, last: "
			    "exited with code 1 after 12 ms");
	o = rendered(f);
	fixture_validate(f->directory);
	web = get(o, "services", "web");
	assert_string_equal(text_of(get(web, "next", NULL), "what"),
			    "schedule");
	assert_string_equal(text_of(get(web, "next", NULL), "time"),
			    "2026-11-30T03:15:00.000Z");
	assert_string_equal(text_of(get(web, "waiting", NULL), "for"),
			    "schedule");
	web = get(web, "schedule", NULL);
	assert_string_equal(text_of(web, "text"), "0 0 1 1 0");
	assert_string_equal(text_of(web, "next"), "2026-11-30T03:15:00.000Z");
	assert_int_equal(get(web, "utc_offset_minutes", NULL)->valueint, -90);
	assert_int_equal(get(web, "skipped", NULL)->valueint, 5);
	assert_true(cJSON_IsNull(
		get(get(o, "services", "db"), "schedule", NULL)));
	cJSON_Delete(o);
	/* Steps have no time of the clock; a stopped one has no next run. */
	s->schedule = (struct schedule){ .every_ms = 300000 };
	s->schedule_text = fixture_text(f, "every 5m");
	row->tick_wall_ms = -1;
	row->failures = 0;
	row->skipped = 0;
	assert_string_equal(why(f, LIFE_WAITING),
			    "waiting: by its schedule (every 5m), last: "
			    "exited with code 1 after 12 ms; next run in "
			    "9.4 s");
	row->next_ms = row->tick_ms = -1;
	row->wait = BOARD_WAIT_NOTHING;
	row->state = LIFE_STOPPED;
	o = rendered(f);
	fixture_validate(f->directory);
	web = get(get(o, "services", "web"), "schedule", NULL);
	assert_true(cJSON_IsNull(get(web, "next", NULL)));
	cJSON_Delete(o);
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARDS(schedule_is_shown_with_its_next_run),
		WITH_BOARDS(what_is_due_is_told_by_what_it_leads_to),
		WITH_BOARDS(untouched_board_validates),
		WITH_BOARDS(every_state_validates),
		WITH_BOARDS(every_cause_validates),
		WITH_BOARDS(out_of_memory_says_how_sure_it_is_and_what_to_do),
		WITH_BOARDS(last_lines_of_both_relays_are_shown_in_order),
		WITH_BOARDS(end_has_the_lines_of_its_own_run),
		WITH_BOARDS(any_bytes_of_a_line_are_shown),
		WITH_BOARDS(no_tail_keeps_output_out_of_the_file),
		WITH_BOARDS(wait_for_room_names_who_holds_it_by_zombies),
		WITH_BOARDS(usage_is_shown_of_the_present_process_only),
		WITH_BOARDS(every_step_validates),
		WITH_BOARDS(every_wait_and_limit_validates),
		WITH_BOARDS(waiting_says_why_the_other_one_is_not_ready),
		WITH_BOARDS(every_phase_validates),
		WITH_BOARDS(blocked_says_why_and_when_it_is_probed),
		WITH_BOARDS(other_states_say_why),
		WITH_BOARDS(what_cannot_be_signalled_is_said_first),
		WITH_BOARDS(policy_is_said_in_words),
		WITH_BOARDS(torn_row_says_so_and_the_others_are_whole),
		WITH_BOARDS(torn_head_is_no_document),
		WITH_BOARDS(numbers_keep_all_their_digits),
		WITH_BOARDS(text_that_is_no_utf8_does_not_spoil_the_document),
		WITH_BOARDS(ends_of_earlier_containers_come_last),
		WITH_BOARDS(allocation_that_fails_is_always_noticed),
		WITH_BOARDS(place_that_takes_no_more_ends_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
