/* SPDX-License-Identifier: ISC */
/* One answer everywhere: each case of docs/CONTROL.md is put on the board, and
 * everything that a person or a probe can ask is asked. What `after` makes of
 * it is in test_dependency_tree.c. */
#include "tests/unit/control_fixture.h"

#include "init/cli/explain.h"
#include "init/cli/explain_service.h"
#include "init/text/json_reader.h"
#include "tests/unit/health_cases.h"

static char seen[STAGE_ANSWER]; /* the answer to `status` */

static void every_row_of_the_document_has_a_case(void **state)
{
	const char *text = well_document();
	const char *end;
	unsigned rows = 0, known = 0;

	(void)state;
	text = strstr(text, "| service | well |\n");
	assert_non_null(text);
	end = strstr(text, "\n\n");
	for (const char *at = strchr(text, '\n') + 1; at < end;
	     at = strchr(at, '\n') + 1)
		rows++;
	for (int i = 0; i < WELL_CASES; i++) {
		bool is_again = false;

		(void)well_documented(text, &health_cases[i]);
		for (int k = 0; k < i && !is_again; k++)
			is_again = strcmp(health_cases[k].row,
					  health_cases[i].row) == 0;
		known += !is_again;
	}
	assert_int_equal(known, rows - 1); /* the line below the head */
}

/* The case becomes service 0, web. The others are well. */
static void put(const struct well_case *c)
{
	struct config_service *s = fixture_service(stage.f, 0);
	struct board_service *row = &stage.f->boards.board->service[0];
	const unsigned t = c->traits;

	s->type = t & ONESHOT ? CONFIG_ONESHOT : CONFIG_DAEMON;
	s->schedule.every_ms = t & SCHEDULE ? 5000 : 0;
	s->is_autostart = !(t & NO_AUTOSTART);
	s->is_health_ignored = (t & IGNORED) != 0;
	s->health.kind = t & HEALTH ? CONFIG_CHECK_FILE : CONFIG_CHECK_NONE;
	s->health.path = fixture_text(stage.f, "/x");
	s->health_grace_ms = t & GRACE ? 60000 : 0;
	s->health_failures = 3;
	run_all();
	set_state(0, c->state);
	row->is_unready = (t & UNREADY) != 0;
	row->is_stop_asked = (t & ASKED) != 0;
	row->is_parted = (t & PARTED) != 0;
	row->has_passed = (t & PASSED) != 0;
	row->is_passing = row->has_passed && c->unhealthy == 0;
	row->answer = t & ANSWERED ? BOARD_ANSWER_ERROR : BOARD_ANSWER_NONE;
	row->unhealthy = c->unhealthy;
	row->failures = t & FAILED_RUN ? 1 : 0;
	row->breaker = t & LATCHED ? BREAKER_LATCHED : BREAKER_CLOSED;
	row->wait = t & SCHEDULE && c->state == LIFE_WAITING
			    ? BOARD_WAIT_SCHEDULE
			    : BOARD_WAIT_NOTHING;
	publish();
}

/* The answer holds `text` exactly if it should. */
static void holds(const struct well_case *c, const char *text, bool is_wished)
{
	if ((strstr(stage.answer, text) != NULL) != is_wished)
		fail_msg("%s (%s, %u): %s%s in: %.2000s", c->row,
			 life_word(c->state), c->traits,
			 is_wished ? "no " : "", text, stage.answer);
}

static void get(const char *page)
{
	int fd = dial_http();

	say(fd, "GET ");
	say(fd, page);
	say(fd, " HTTP/1.0\r\n\r\n");
	hear_lines(fd, 0);
	close(fd);
}

/* The exit code of explain about web, or about all. */
static int explained(struct json_value report, const char *name, bool is_json,
		     char *said, size_t size)
{
	struct explain e = { .live = report, .name = name, .is_json = is_json,
			     .now_ms = json_to_time(json_get(report, "time")) };
	int fd = memfd_create("explain", 0);
	static struct out o;
	ssize_t n;
	int code;

	out_begin(&o, fd);
	code = explain_print(&e, &o);
	assert_int_equal(out_end(&o), 0);
	n = pread(fd, said, size - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(fd);
	return code;
}

static void the_report_agrees(const struct well_case *c, enum well well)
{
	static char said[STAGE_ANSWER];
	struct json_value report, web;

	ask("status");
	memcpy(seen, stage.answer, sizeof(seen));
	report = json_get(json_document(seen, strlen(seen), NULL), "report");
	web = json_get(json_get(report, "services"), "web");
	assert_non_null(web.at);
	assert_int_equal(service_is_well(web), well == WELL_YES);
	assert_int_equal(service_is_unasked(web), well == WELL_UNASKED);
	assert_int_equal(service_style(web) == OUT_GREEN, well == WELL_YES);
	assert_int_equal(explained(report, "web", true, said, sizeof(said)),
			 well != WELL_YES);
	if ((strstr(said, "{\"schema\":1,\"is_well\":true") != NULL) !=
	    (well == WELL_YES))
		fail_msg("%s: explain says %.200s", c->row, said);
	if (explained(report, NULL, false, said, sizeof(said)) !=
	    (well == WELL_NO))
		fail_msg("%s: explain without a name: %s", c->row, said);
}

static void all_answers_agree_with_the_document(void **state)
{
	const char *text = well_document();

	(void)state;
	for (int i = 0; i < WELL_CASES; i++) {
		const struct well_case *c = &health_cases[i];
		const enum well well = well_documented(text, c);
		const bool is_yes = well == WELL_YES;
		const bool is_left_out =
			(c->traits & (ONESHOT | IGNORED | NO_AUTOSTART)) != 0;

		put(c);
		start();
		ask("health web");
		holds(c, "\"healthy\":true", is_yes);
		ask("wait timeout=1 web");
		holds(c, "\"ready\":true", is_yes);
		the_report_agrees(c, well);
		ask("health");
		holds(c, "\"healthy\":true", is_yes || is_left_out);
		get("/readyz");
		holds(c, " 200 ", is_yes || is_left_out);
		get("/metrics");
		holds(c, "\ndashpot_service_well{service=\"web\"} 1\n", is_yes);
		holds(c, "\ndashpot_service_well{service=\"web\"} 0\n",
		      well == WELL_NO);
		fixture_kill(stage.pid);
		stage.pid = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_document_has_a_case),
		CASE(all_answers_agree_with_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
