/* SPDX-License-Identifier: ISC */
/* Commands, and waiting for what comes of them. */
#include "control_fixture.h"

static void wait_ends_when_all_are_ready(void **state)
{
	int fd;

	start();
	set_state(0, LIFE_RUNNING);
	set_state(1, LIFE_STARTING);
	set_state(2, LIFE_RUNNING);
	publish();
	fd = dial();
	say(fd, "wait\n");
	ask("version"); /* it is heard by now */
	set_state(1, LIFE_RUNNING);
	publish();
	set_state(2, LIFE_DONE);
	publish();
	assert_string_equal(hear_lines(fd, 0),
			    "{\"ok\":true,\"ready\":true,\"timed_out\":false,"
			    "\"reasons\":[]}\n");
	close(fd);
}

static void wait_ends_when_one_is_blocked(void **state)
{
	start();
	run_all();
	set_state(1, LIFE_BLOCKED);
	publish();
	ask("wait timeout=60000");
	assert_has("\"ready\":false,\"timed_out\":false,\"reasons\":["
		   "{\"service\":\"db\",\"state\":\"blocked\"");
}

static void wait_ends_when_what_it_waits_for_is_blocked(void **state)
{
	struct board_service *row = &stage.f->boards.board->service[0];

	start();
	run_all();
	set_state(1, LIFE_FAILED);
	set_state(0, LIFE_WAITING);
	row->wait = BOARD_WAIT_DEPENDENCY;
	row->on = 1;
	publish();
	ask("wait web timeout=60000");
	assert_has("\"timed_out\":false,\"reasons\":[{\"service\":\"web\","
		   "\"state\":\"waiting\"");
}

static void wait_ends_when_its_time_is_over(void **state)
{
	start();
	run_all();
	set_state(1, LIFE_STARTING);
	publish();
	ask("wait timeout=50");
	assert_has("\"ready\":false,\"timed_out\":true,");
}

static void restart_is_answered_when_the_new_run_is_ready(void **state)
{
	struct command command;
	struct command_answer answer;
	int fd;

	start();
	run_all();
	fd = dial();
	say(fd, "restart id=00000000000000aa web\n");
	command = take_command();
	assert_int_equal(command.pid, getpid());
	assert_int_equal(command.uid, getuid());
	assert_int_equal(command.id, 0xaa);
	assert_int_equal(command.kind, COMMAND_RESTART);
	assert_int_equal(command.services.word[0], 1);
	/* The old run's row is not the new one's. */
	answer = accept_command(&command);
	send_answer(&answer);
	set_state(0, LIFE_STOPPING);
	publish();
	assert_int_equal(poll(&(struct pollfd){ .fd = fd, .events = POLLIN },
			      1, 100), 0);
	set_state(0, LIFE_RUNNING);
	publish();
	hear_lines(fd, 0);
	assert_has("{\"ok\":true,\"services\":[{\"service\":\"web\","
		   "\"result\":\"done\",\"state\":\"running\"");
	close(fd);
}

static void command_without_an_answer_is_sent_again(void **state)
{
	struct command first, second;
	struct command_answer answer;
	int fd;

	start();
	run_all();
	fd = dial();
	say(fd, "stop id=00000000000000ab db\n");
	first = take_command();
	second = take_command();
	assert_memory_equal(&first, &second, sizeof(first));
	answer = accept_command(&second);
	send_answer(&answer);
	set_state(1, LIFE_STOPPED);
	publish();
	hear_lines(fd, 0);
	assert_has("\"result\":\"done\",\"state\":\"stopped\"");
	close(fd);
}

static void what_pid1_refuses_is_said_for_each(void **state)
{
	struct command command;
	struct command_answer answer;
	int fd;

	start();
	run_all();
	set_state(1, LIFE_FAILED);
	fd = dial();
	say(fd, "start id=00000000000000ac web db\n");
	command = take_command();
	answer = accept_command(&command);
	command_add(&answer.refused, 1);
	send_answer(&answer);
	publish();
	hear_lines(fd, 0);
	assert_has("\"web\",\"result\":\"done\"");
	assert_has("\"db\",\"result\":\"refused\",\"state\":\"failed\"");
	close(fd);
}

static void start_that_fails_or_gets_no_room_is_answered(void **state)
{
	struct command command;
	struct command_answer answer;
	int fd;

	start();
	run_all();
	fd = dial();
	say(fd, "start id=00000000000000ad web db\n");
	command = take_command();
	answer = accept_command(&command);
	send_answer(&answer);
	set_state(0, LIFE_BACKOFF);
	set_state(1, LIFE_WAITING);
	stage.f->boards.board->service[1].wait = BOARD_WAIT_HEADROOM;
	publish();
	hear_lines(fd, 0);
	assert_has("\"web\",\"result\":\"failed\",\"state\":\"backoff\"");
	assert_has("\"db\",\"result\":\"refused\",\"state\":\"waiting\"");
	close(fd);
}

static void command_that_nobody_waits_for_is_accepted(void **state)
{
	struct command command;
	struct command_answer answer;
	int fd;

	start();
	run_all();
	fd = dial();
	say(fd, "restart id=00000000000000ae wait=0 web\n");
	command = take_command();
	answer = accept_command(&command);
	send_answer(&answer);
	hear_lines(fd, 0);
	assert_has("\"result\":\"accepted\"");
	close(fd);
}

static void errors_of_pid1_have_words(void **state)
{
	static const char *const words[] = {
		[COMMAND_WRONG] = "internal",
		[COMMAND_STALE] = "stale",
		[COMMAND_STOPPING] = "stopping",
		[COMMAND_BUSY] = "busy",
		[COMMAND_NO_FORK] = "no-process",
	};

	start();
	for (uint32_t k = COMMAND_WRONG; k <= COMMAND_NO_FORK; k++) {
		char want[64];
		struct command command;
		struct command_answer answer;
		int fd = dial();

		say(fd, "reload id=00000000000000af\n");
		command = take_command();
		answer = accept_command(&command);
		answer.error = k;
		answer.err = EAGAIN;
		send_answer(&answer);
		hear_lines(fd, 0);
		snprintf(want, sizeof(want), "\"code\":\"%s\"", words[k]);
		assert_has(want);
		close(fd);
	}
}

static void reload_ends_with_its_event(void **state)
{
	const int64_t failed[8] = { BOARD_RELOAD_MISTAKES, 3 };
	const int64_t done[8] = { 1, 2, 3, 4 };

	start();
	run_all();
	for (int k = 0; k < 2; k++) {
		struct command command;
		struct command_answer answer;
		int fd = dial();

		say(fd, "reload id=00000000000000b0\n");
		command = take_command();
		answer = accept_command(&command);
		send_answer(&answer);
		board_event(stage.f->boards.board,
			    k == 0 ? BOARD_EV_RELOAD_FAILED :
				     BOARD_EV_RELOADED,
			    -1, 1, 1, k == 0 ? failed : done);
		publish();
		hear_lines(fd, 0);
		assert_has(k == 0 ? "\"code\":\"reload-failed\",\"error\":"
				    "\"reload failed, what is in force stays" :
				    "{\"ok\":true,\"services\":[]}");
		close(fd);
	}
}

/* The loader's board as the loader maps it. */
static struct board_mistakes *loader(void)
{
	struct board_mistakes *m =
		mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED,
		     stage.f->boards.mistakes_fd, 0);

	assert_ptr_not_equal(m, MAP_FAILED);
	return m;
}

/* A reload that fails like that while the loader's board has `text` and says
 * that it belongs to the event `behind` the last one. What is answered. */
static void fail_reload(enum board_reload why, int64_t number,
			const char *text, int behind)
{
	const int64_t failed[8] = { why, number };
	struct board *b = stage.f->boards.board;
	struct board_mistakes *m = loader();
	struct command_answer answer;
	struct command command;
	int fd = dial();

	say(fd, "reload id=00000000000000b1\n");
	command = take_command();
	board_event(b, BOARD_EV_RELOAD, -1, 1, 1, NULL);
	answer = accept_command(&command);
	m->length = (uint32_t)strlen(text);
	memcpy(m->text, text, m->length);
	atomic_store(&m->event, answer.events + (uint64_t)behind);
	munmap(m, sizeof(*m));
	send_answer(&answer);
	board_event(b, BOARD_EV_RELOAD_FAILED, -1, 1, 1, failed);
	publish();
	hear_lines(fd, 0);
	close(fd);
	assert_has("\"code\":\"reload-failed\"");
}

static void mistakes_reach_whoever_asked(void **state)
{
	start();
	run_all();
	fail_reload(BOARD_RELOAD_MISTAKES, 2,
		    "a.ini:3: say \"no\"\na.ini:9: \xff\\x07\n", 0);
	assert_ends("\",\"mistakes\":[\"a.ini:3: say \\\"no\\\"\","
		    "\"a.ini:9: ?\\\\x07\"]}\n");
	/* A line that is not whole is not told, but counted. */
	fail_reload(BOARD_RELOAD_MISTAKES, 5, "a.ini:3: x\na.ini:4", 0);
	assert_ends("\"mistakes\":[\"a.ini:3: x\"],\"more\":4}\n");
	fail_reload(BOARD_RELOAD_MISTAKES, 1, "", 0);
	assert_ends("\",\"mistakes\":[],\"more\":1}\n");
}

static void mistakes_of_another_reload_are_not_told(void **state)
{
	static const struct {
		enum board_reload why;
		int behind;
	} rows[] = {
		{ BOARD_RELOAD_DIED, 0 },
		{ BOARD_RELOAD_MISTAKES, 1 },
		{ BOARD_RELOAD_MISTAKES, 2 },
		{ BOARD_RELOAD_MISTAKES, -1 }, /* 0: being written */
	};

	start();
	run_all();
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		int behind = rows[k].behind;

		if (behind < 0)
			behind = -(int)atomic_load(
				&stage.f->boards.board->events) - 1;
		fail_reload(rows[k].why, 1, "a.ini:3: x\n", behind);
		assert_null(strstr(stage.answer, "mistakes\":"));
		assert_ends("\"}\n");
	}
}

static void many_or_long_mistakes_are_cut_and_counted(void **state)
{
	static char text[BOARD_MISTAKES];
	size_t n = 0;

	start();
	run_all();
	for (int k = 0; k < 101; k++)
		n += (size_t)sprintf(text + n, "a:%d: x\n", k);
	fail_reload(BOARD_RELOAD_MISTAKES, 130, text, 0);
	assert_ends("\"a:99: x\"],\"more\":30}\n");
	/* Backslashes, so that each is twice as long in JSON. */
	for (n = 0; n < 20 * 2000; n++)
		text[n] = n % 2000 == 1999 ? '\n' : '\\';
	text[n] = '\0';
	fail_reload(BOARD_RELOAD_MISTAKES, 20, text, 0);
	assert_ends("\\\\\"],\"more\":16}\n");
	assert_in_range(strlen(stage.answer), 16000, 16384 + 512);
}

static void whoever_waits_is_told_that_all_stops(void **state)
{
	struct board *b = stage.f->boards.board;
	int fd;

	start();
	run_all();
	set_state(1, LIFE_STARTING);
	publish();
	fd = dial();
	say(fd, "wait\n");
	ask("version");
	board_head_begin(b);
	b->phase = BOARD_STOPPING_ALL;
	board_head_end(b);
	publish();
	hear_lines(fd, 0);
	assert_has("\"code\":\"stopping\"");
	close(fd);
}

static void manager_is_told_once_each(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct board *b = stage.f->boards.board;
	char text[256];
	ssize_t n;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify",
		 stage.f->directory);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	stage.job.notify_path = at.sun_path;
	start();
	set_state(0, LIFE_RUNNING);
	publish();
	ask("version");
	assert_int_equal(poll(&p, 1, 0), 0); /* db and job are not ready */
	run_all();
	assert_int_equal(poll(&p, 1, FIXTURE_WAIT_MS), 1);
	n = recv(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	assert_int_equal(strncmp(text, "READY=1\n", 8), 0);
	publish();
	board_head_begin(b);
	b->phase = BOARD_STOPPING_ALL;
	board_head_end(b);
	publish();
	assert_int_equal(poll(&p, 1, FIXTURE_WAIT_MS), 1);
	n = recv(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	assert_string_equal(text, "STOPPING=1");
	close(fd);
}


/* What a start of job is answered when its row says so. */
static void start_job(const char *line, enum life_state now,
		      enum board_wait wait, uint32_t failures,
		      const char *result)
{
	struct command command;
	struct command_answer answer;
	struct board_service *row = &stage.f->boards.board->service[2];
	int fd = dial();

	say(fd, line);
	command = take_command();
	answer = accept_command(&command);
	send_answer(&answer);
	set_state(2, LIFE_RUNNING);
	row->wait = BOARD_WAIT_NOTHING;
	publish();
	ask("version"); /* a run that goes on is no answer */
	set_state(2, now);
	row->wait = (uint8_t)wait;
	row->failures = failures;
	publish();
	hear_lines(fd, 0);
	assert_has(result);
	close(fd);
}

static void start_by_a_person_is_answered_when_its_run_is_over(void **state)
{
	fixture_service(stage.f, 2)->schedule.every_ms = 5000;
	start();
	run_all();
	start_job("start id=00000000000000c1 job\n", LIFE_WAITING,
		  BOARD_WAIT_SCHEDULE, 0, "\"job\",\"result\":\"done\"");
	start_job("start id=00000000000000c2 job\n", LIFE_WAITING,
		  BOARD_WAIT_SCHEDULE, 1, "\"job\",\"result\":\"failed\"");
	start_job("start id=00000000000000c3 job\n", LIFE_STOPPED,
		  BOARD_WAIT_NOTHING, 0, "\"job\",\"result\":\"failed\"");
	start_job("start id=00000000000000c4 job\n", LIFE_WAITING,
		  BOARD_WAIT_HEADROOM, 0, "\"job\",\"result\":\"refused\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(start_by_a_person_is_answered_when_its_run_is_over),
		CASE(wait_ends_when_all_are_ready),
		CASE(wait_ends_when_one_is_blocked),
		CASE(wait_ends_when_what_it_waits_for_is_blocked),
		CASE(wait_ends_when_its_time_is_over),
		CASE(restart_is_answered_when_the_new_run_is_ready),
		CASE(command_without_an_answer_is_sent_again),
		CASE(what_pid1_refuses_is_said_for_each),
		CASE(start_that_fails_or_gets_no_room_is_answered),
		CASE(command_that_nobody_waits_for_is_accepted),
		CASE(errors_of_pid1_have_words),
		CASE(reload_ends_with_its_event),
		CASE(mistakes_reach_whoever_asked),
		CASE(mistakes_of_another_reload_are_not_told),
		CASE(many_or_long_mistakes_are_cut_and_counted),
		CASE(whoever_waits_is_told_that_all_stops),
		CASE(manager_is_told_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
