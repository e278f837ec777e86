/* SPDX-License-Identifier: ISC */
/* What the control socket and the HTTP pages answer. */
#include "control_fixture.h"

static void status_is_the_report_on_one_line(void **state)
{
	start();
	run_all();
	ask("status");
	assert_has("{\"ok\":true,\"report\":{\"schema\": 1,");
	assert_has("3 services: 2 running, 1 done");
	assert_has("\"web\": {");
	assert_ends("}}\n");
	assert_ptr_equal(strchr(stage.answer, '\n'),
			 stage.answer + strlen(stage.answer) - 1);
	assert_null(strchr(stage.answer, '\t'));
}

static void version_names_the_protocol(void **state)
{
	start();
	ask("version");
	assert_has("\"protocol\":1}");
}

static void health_says_which_daemon_is_not_well(void **state)
{
	start();
	run_all();
	assert_string_equal(ask("health"),
			    "{\"ok\":true,\"healthy\":true,\"reasons\":[]}\n");
	set_state(1, LIFE_BLOCKED);
	publish();
	ask("health");
	assert_has("\"healthy\":false,\"reasons\":[{\"service\":\"db\","
		   "\"state\":\"blocked\",\"why\":\"blocked: ");
	assert_null(strstr(stage.answer, "web"));
	assert_string_equal(ask("health we?"),
			    "{\"ok\":true,\"healthy\":true,\"reasons\":[]}\n");
}

static void health_leaves_out_who_is_to_be_ignored_and_not_named(void **state)
{
	fixture_service(stage.f, 1)->is_health_ignored = true;
	start();
	run_all();
	set_state(1, LIFE_BLOCKED);
	publish();
	assert_string_equal(ask("health"),
			    "{\"ok\":true,\"healthy\":true,\"reasons\":[]}\n");
	ask("health db");
	assert_has("\"healthy\":false,\"reasons\":[{\"service\":\"db\",");
	/* Whoever waits for everything waits for it as well. */
	ask("wait timeout=1");
	assert_has("\"ready\":false");
}

static void what_is_wrong_is_said(void **state)
{
	start();
	ask("hello");
	assert_has("{\"ok\":false,\"code\":\"usage\",\"error\":\"`hello` ");
	ask("health wbe");
	assert_has("\"code\":\"unknown-service\"");
	assert_has("\"nearest\":\"web\"}");
	ask("health zzzzz");
	assert_null(strstr(stage.answer, "nearest"));
}

static void events_come_after_a_number(void **state)
{
	struct board *b = stage.f->boards.board;
	const int64_t started[8] = { 12, 0, 1 };

	for (int i = 0; i < 3; i++)
		board_event(b, BOARD_EV_STARTED, i, 1, 1, started);
	start();
	ask("events after=1");
	assert_has("{\"ok\":true,\"events\":[{\"seq\":2,");
	assert_has("},{\"seq\":3,");
	assert_ends("}]}\n");
	ask("events job");
	assert_has("\"events\":[{\"seq\":3,");
	ask("events after=3");
	assert_string_equal(stage.answer, "{\"ok\":true,\"events\":[]}\n");
}

static void events_that_the_ring_lost_are_counted(void **state)
{
	struct board *b = stage.f->boards.board;

	for (int i = 0; i < BOARD_EVENTS + 10; i++)
		board_event(b, BOARD_EV_STABLE, 0, 1, 1, NULL);
	start();
	ask("events after=4");
	assert_has("\"events\":[{\"seq\":11,");
	assert_has("\"event\":\"lost\"");
	assert_has("\"lost\":7}");
	ask("events");
	assert_null(strstr(stage.answer, "\"lost\""));
}

static void follower_gets_events_as_they_come(void **state)
{
	struct board *b = stage.f->boards.board;
	int fd;

	board_event(b, BOARD_EV_STABLE, 0, 1, 1, NULL);
	start();
	fd = dial();
	say(fd, "events follow db\n");
	board_event(b, BOARD_EV_STABLE, 1, 1, 1, NULL);
	publish();
	hear_lines(fd, 1);
	assert_has("{\"seq\":2,");
	board_event(b, BOARD_EV_STABLE, 1, 1, 1, NULL);
	publish();
	hear_lines(fd, 1);
	assert_has("{\"seq\":3,");
	close(fd);
}

static void print_line(struct board_lines *to, uint32_t i, int64_t mono_ms,
		       const char *text)
{
	struct lines_line line = { .mono_ms = mono_ms, .wall_ms = mono_ms,
				   .run = 1, .stream = 1 };

	line.length = (uint16_t)strlen(text);
	memcpy(line.text, text, line.length);
	lines_append(to, stage.f->config, i, &line);
}

/* Boards of lines that the test may write; see FIXTURE_TAIL. */
static void make_tails(struct board_lines **relay, struct board_lines **files)
{
	struct fixture *f = stage.f;
	struct boards *b = &f->boards;

	*relay = mmap(NULL, b->lines_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      b->relay_fd, 0);
	*files = mmap(NULL, b->lines_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      b->files_fd, 0);
	assert_true(*relay != MAP_FAILED && *files != MAP_FAILED);
}

static void unmap_tails(struct board_lines *relay, struct board_lines *files)
{
	munmap(relay, stage.f->boards.lines_size);
	munmap(files, stage.f->boards.lines_size);
}

static void logs_come_in_the_order_of_time(void **state)
{
	struct board_lines *relay, *files;
	const char *at;

	make_tails(&relay, &files);
	start();
	print_line(relay, 0, 100, "one");
	print_line(files, 0, 300, "three");
	print_line(relay, 1, 200, "two");
	print_line(relay, 1, 400, "four \x01\"\xff");
	ask("logs web db");
	assert_has("{\"ok\":true,\"lines\":[{\"service\":\"web\",\"time\":"
		   "\"1970-01-01T00:00:00.100Z\",\"stream\":\"stdout\","
		   "\"run\":1,\"text\":\"one\",\"is_cut\":false},");
	at = strstr(stage.answer, "\"one\"");
	at = strstr(at, "\"two\"");
	assert_non_null(at);
	at = strstr(at, "\"three\"");
	assert_non_null(at);
	assert_non_null(strstr(at, "\"four \\u0001\\\"?\""));
	ask("logs web lines=1");
	assert_null(strstr(stage.answer, "one"));
	assert_has("three");
	unmap_tails(relay, files);
}

static void follower_gets_lines_as_they_come(void **state)
{
	struct board_lines *relay, *files;
	int fd, other;

	make_tails(&relay, &files);
	start();
	print_line(relay, 0, 100, "old");
	fd = dial();
	say(fd, "logs follow web\n");
	hear_lines(fd, 1);
	assert_has("old");
	print_line(relay, 1, 150, "not asked for");
	print_line(relay, 0, 200, "new");
	hear_lines(fd, 1);
	assert_has("new");
	other = dial();
	say(other, "logs db web follow lines=1\n");
	hear_lines(other, 2);
	assert_has("not asked for");
	assert_has("new");
	print_line(files, 0, 300, "both");
	hear_lines(fd, 1);
	assert_has("both");
	hear_lines(other, 1);
	assert_has("both");
	close(fd);
	close(other);
	unmap_tails(relay, files);
}

static const char *get(const char *request)
{
	int fd = dial_http();

	say(fd, request);
	hear_lines(fd, 0);
	close(fd);
	return stage.answer;
}

static void http_pages_answer(void **state)
{
	start();
	run_all();
	get("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_has("HTTP/1.1 200 OK\r\n");
	assert_has("Content-Length: 3\r\n");
	assert_ends("\r\n\r\nok\n");
	get("GET /readyz HTTP/1.1\r\n\r\n");
	assert_has("HTTP/1.1 200 OK\r\n");
	set_state(1, LIFE_BLOCKED);
	publish();
	get("GET /readyz HTTP/1.1\r\n\r\n");
	assert_has("HTTP/1.1 503 Service Unavailable\r\n");
	assert_has("\r\n\r\ndb: blocked: ");
	get("GET /metrics HTTP/1.1\r\n\r\n");
	assert_has("version=0.0.4");
	assert_has("\ndashpot_service_breaker_open{service=\"db\"} ");
	get("HEAD /metrics HTTP/1.1\r\n\r\n");
	assert_has("HTTP/1.1 200 OK\r\n");
	assert_ends("\r\n\r\n");
}

static void http_refuses_everything_else(void **state)
{
	static char big[2 * HTTP_HEAD];

	start();
	get("GET /status HTTP/1.1\r\n\r\n");
	assert_has("HTTP/1.1 404 Not Found\r\n");
	assert_ends("\r\n\r\nNot Found");
	get("POST /livez HTTP/1.1\r\n\r\n");
	assert_has("HTTP/1.1 405 Method Not Allowed\r\n");
	assert_has("Allow: GET, HEAD\r\n");
	get("status\n\n");
	assert_has("HTTP/1.1 400 Bad Request\r\n");
	memset(big, 'a', HTTP_HEAD);
	memcpy(big, "GET /", 5);
	get(big);
	assert_has("HTTP/1.1 431 ");
}


static void scheduled_service_is_well_unless_its_last_run_failed(void **state)
{
	struct board_service *row;

	fixture_service(stage.f, 2)->schedule.every_ms = 5000;
	start();
	run_all();
	row = &stage.f->boards.board->service[2];
	set_state(2, LIFE_WAITING);
	row->wait = BOARD_WAIT_SCHEDULE;
	publish();
	ask("health job");
	assert_has("\"healthy\":true");
	ask("wait timeout=60000");
	assert_has("\"ready\":true");
	row->failures = 1;
	publish();
	ask("health job");
	assert_has("\"healthy\":false,\"reasons\":[{\"service\":\"job\",");
	/* Nobody who did not ask for it hears of it. */
	ask("health");
	assert_has("\"healthy\":true");
	set_state(2, LIFE_STOPPED);
	row->failures = 0;
	publish();
	ask("health job");
	assert_has("\"healthy\":false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(scheduled_service_is_well_unless_its_last_run_failed),
		CASE(status_is_the_report_on_one_line),
		CASE(version_names_the_protocol),
		CASE(health_says_which_daemon_is_not_well),
		CASE(health_leaves_out_who_is_to_be_ignored_and_not_named),
		CASE(what_is_wrong_is_said),
		CASE(events_come_after_a_number),
		CASE(events_that_the_ring_lost_are_counted),
		CASE(follower_gets_events_as_they_come),
		CASE(logs_come_in_the_order_of_time),
		CASE(follower_gets_lines_as_they_come),
		CASE(http_pages_answer),
		CASE(http_refuses_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
