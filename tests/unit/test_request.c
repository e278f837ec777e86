/* SPDX-License-Identifier: ISC */
/* Lines that clients send, and the names in them. */
#include "board_fixture.h"

#include "init/config/name_pattern.h"
#include "init/control/dispatch.h"
#include "init/control/request.h"

static struct request request;
static struct why why;
static char line[REQUEST_LINE + 1];

static bool parse(const char *text)
{
	strcpy(line, text);
	why.text[0] = '\0';
	return request_parse(&request, line, strlen(text), &why);
}

static void assert_names(const char *a, const char *b)
{
	assert_int_equal(request.count, b == NULL ? 1 : 2);
	assert_string_equal(request.names, a);
	if (b != NULL)
		assert_string_equal(request.names + strlen(a) + 1, b);
}

static void assert_wrong(const char *text, const char *reason)
{
	assert_false(parse(text));
	if (strstr(why.text, reason) == NULL)
		fail_msg("%s: %s", text, why.text);
}

static void every_request_is_understood(void **state)
{
	static const struct {
		const char *text;
		uint32_t kind;
	} all[] = {
		{ "status", REQUEST_STATUS },
		{ "events", REQUEST_EVENTS },
		{ "logs web", REQUEST_LOGS },
		{ "health", REQUEST_HEALTH },
		{ "wait", REQUEST_WAIT },
		{ "version", REQUEST_VERSION },
		{ "start id=0123456789abcdef web", COMMAND_START },
		{ "stop id=0123456789abcdef web", COMMAND_STOP },
		{ "restart id=0123456789abcdef web", COMMAND_RESTART },
		{ "reset id=0123456789abcdef web", COMMAND_RESET },
		{ "signal id=0123456789abcdef HUP web", COMMAND_SIGNAL },
		{ "reload id=0123456789abcdef", COMMAND_RELOAD },
		{ "orphans", REQUEST_ORPHANS },
		{ "sweep id=0123456789abcdef", COMMAND_SWEEP },
		{ "reload id=0123456789abcdef web",
		  COMMAND_RELOAD_SERVICE },
	};

	assert_int_equal(sizeof(all) / sizeof(all[0]), REQUEST_KINDS);
	for (size_t i = 0; i < REQUEST_KINDS; i++) {
		assert_true(parse(all[i].text));
		assert_int_equal(request.kind, all[i].kind);
		assert_int_equal(request_is_command(&request),
				 strstr(all[i].text, "id=") != NULL);
	}
}

static void options_and_names_stand_in_any_order(void **state)
{
	assert_true(parse("  logs  web lines=7   db follow "));
	assert_true(request.is_follow);
	assert_int_equal(request.lines, 7);
	assert_names("web", "db");
	assert_true(parse("events after=12 w* follow"));
	assert_true(request.has_after);
	assert_int_equal(request.after, 12);
	assert_names("w*", NULL);
	assert_true(parse("stop web wait=0 id=00000000000000ff db"));
	assert_int_equal(request.id, 255);
	assert_int_equal(request.wait_ms, 0);
	assert_names("web", "db");
}

static void sweep_is_about_orphans_only_where_it_says_so(void **state)
{
	assert_true(parse("sweep id=0123456789abcdef web db"));
	assert_false(request.has_orphans);
	assert_names("web", "db");
	assert_true(parse("sweep orphans=yes id=0123456789abcdef web"));
	assert_true(request.has_orphans);
	assert_names("web", NULL);
	assert_wrong("orphans web", "takes no");
}

static void name_longer_than_the_request_stays_whole(void **state)
{
	assert_true(parse("logs frontend-1 db"));
	assert_names("frontend-1", "db");
}

static void what_is_not_said_has_a_default(void **state)
{
	assert_true(parse("logs web"));
	assert_false(request.is_follow);
	assert_true(request.lines == UINT64_MAX);
	assert_true(parse("wait"));
	assert_int_equal(request.wait_ms, REQUEST_WAIT_MS);
	assert_int_equal(request.count, 0);
	assert_true(parse("events"));
	assert_false(request.has_after);
}

static void signal_takes_the_first_word_as_the_signal(void **state)
{
	assert_true(parse("signal id=0123456789abcdef SIGUSR1 HUP web"));
	assert_int_equal(request.signal, SIGUSR1);
	assert_names("HUP", "web");
	assert_wrong("signal id=0123456789abcdef NOPE web", "no signal");
	assert_wrong("signal id=0123456789abcdef", "a signal and a name");
	assert_wrong("signal id=0123456789abcdef HUP", "name of a service");
}

static void command_without_a_proper_id_is_wrong(void **state)
{
	assert_wrong("start web", "needs an id=");
	assert_wrong("start id= web", "16 hexadecimal");
	assert_wrong("start id=123 web", "16 hexadecimal");
	assert_wrong("start id=0123456789abcdef0 web", "16 hexadecimal");
	assert_wrong("start id=0123456789abcdeg web", "16 hexadecimal");
	assert_wrong("start id=0000000000000000 web", "16 hexadecimal");
	assert_wrong("reload", "needs an id=");
}

static void what_a_request_does_not_take_is_wrong(void **state)
{
	assert_wrong("", "is no request");
	assert_wrong("    ", "is no request");
	assert_wrong("restrat web", "`restrat` is no request");
	assert_wrong("STATUS", "is no request");
	assert_wrong("status web", "takes no `web`");
	assert_wrong("version follow", "takes no `follow`");
	assert_wrong("reload web", "reload needs an id=");
	assert_wrong("logs", "name of a service");
	assert_wrong("logs web lines=", "take a number");
	assert_wrong("logs web lines=1x", "take a number");
	assert_wrong("events after=-1", "take a number");
	assert_wrong("wait timeout=604800001", "a week at most");
	assert_wrong("wait timeout=99999999999999999999999", "a week");
	assert_true(parse("wait timeout=604800000"));
}

static void option_of_another_request_is_a_name_there(void **state)
{
	assert_true(parse("health follow"));
	assert_names("follow", NULL);
}

static void control_characters_are_refused(void **state)
{
	assert_wrong("status\r", "control characters");
	assert_wrong("logs\tweb", "control characters");
	assert_wrong("logs web\x7f", "control characters");
	memcpy(line, "logs\0web", 8);
	assert_false(request_parse(&request, line, 8, &why));
}

static void longest_line_fits(void **state)
{
	memset(line, 'a', REQUEST_LINE);
	memcpy(line, "health ", 7);
	for (size_t i = 8; i < REQUEST_LINE - 1; i += 2)
		line[i] = ' ';
	assert_true(request_parse(&request, line, REQUEST_LINE - 1, &why));
	assert_int_equal(request.count, (REQUEST_LINE - 1 - 7 + 1) / 2);
}

static void patterns_match_as_a_shell_has_it(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool is_match;
	} all[] = {
		{ "web", "web", true },	      { "web", "webs", false },
		{ "web", "we", false },	      { "*", "web", true },
		{ "w*", "web", true },	      { "*b", "web", true },
		{ "*e*", "web", true },	      { "*x*", "web", false },
		{ "w?b", "web", true },	      { "w?", "web", false },
		{ "???", "web", true },	      { "[vw]eb", "web", true },
		{ "[a-f]eb", "web", false },  { "[a-z]eb", "web", true },
		{ "[!w]eb", "web", false },   { "[!v]eb", "web", true },
		{ "[]w]eb", "web", true },    { "[w", "[w", true },
		{ "[w", "w", false },	      { "*a*b*c", "xaxbxc", true },
		{ "*a*b*c", "xaxbx", false }, { "**", "", true },
		{ "", "", true },	      { "", "web", false },
		{ "[w-]eb", "-eb", true },    { "w[e-e]b*", "web-1", true },
		{ "web", "web:0", true },     { "web:1", "web:1", true },
		{ "web:1", "web:11", false }, { "*:1", "web:1", true },
		{ "we", "web:0", false },     { "w?b", "web:0", true },
		{ "*b", "web:0", true },      { "0", "web:0", false },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (pattern_matches(all[i].pattern, all[i].name) !=
		    all[i].is_match)
			fail_msg("%s %s", all[i].pattern, all[i].name);
}

static void names_become_a_set(void **state)
{
	struct fixture *f = *state;
	struct command_set set;
	const char *nearest;

	assert_null(dispatch_find(f->config, "job\0w*", 2, &set, &nearest));
	assert_int_equal(set.word[0], 1 << 0 | 1 << 2);
	assert_null(dispatch_find(f->config, "*\0web", 2, &set, &nearest));
	assert_int_equal(set.word[0], 7);
	assert_null(dispatch_find(f->config, "", 0, &set, &nearest));
	assert_int_equal(set.word[0], 0);
}

static void unknown_name_is_told_with_the_nearest(void **state)
{
	struct fixture *f = *state;
	struct command_set set;
	const char *nearest;

	assert_string_equal(dispatch_find(f->config, "db\0wbe\0job", 3, &set,
				       &nearest), "wbe");
	assert_string_equal(nearest, "web");
	assert_string_equal(dispatch_find(f->config, "x*", 1, &set, &nearest),
			    "x*");
	assert_null(nearest);
}

/* Whom `kind` of a pattern and a name means: bits of web, db, job. */
static unsigned meant(struct fixture *f, uint32_t kind,
		      const char *names, uint32_t count)
{
	const struct request r = { .kind = kind, .names = names,
				   .count = count };
	struct command_set set;
	const char *nearest;

	assert_null(dispatch_find(f->config, names, count, &set, &nearest));
	dispatch_leave_resting(f->config, f->boards.board, &r, &set);
	return set.word[0];
}

static void pattern_leaves_out_who_is_at_rest(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = f->boards.board->service;
	/* Of db: its state, why it waits, asked to stop, started by itself,
	 * with a process; and whether a start, stop, restart and signal of a
	 * pattern mean it. */
	static const struct {
		enum life_state state;
		enum board_wait wait;
		bool is_asked, is_autostart, has_pid, start, stop, restart,
			signal;
	} rows[] = {
		{ LIFE_RUNNING, 0, false, true, true, 1, 1, 1, 1 },
		{ LIFE_RUNNING, 0, false, false, true, 1, 1, 1, 1 },
		{ LIFE_BLOCKED, 0, false, true, false, 1, 1, 1, 0 },
		{ LIFE_WAITING, BOARD_WAIT_DEPENDENCY, false, true, false, 1,
		  1, 1, 0 },
		{ LIFE_WAITING, BOARD_WAIT_SCHEDULE, false, true, false, 0, 1,
		  0, 0 },
		{ LIFE_DONE, 0, false, true, false, 0, 1, 0, 0 },
		{ LIFE_FAILED, 0, false, true, false, 1, 1, 0, 0 },
		{ LIFE_STOPPED, 0, true, true, false, 1, 1, 0, 0 },
		{ LIFE_STOPPED, 0, true, false, false, 1, 1, 0, 0 },
		{ LIFE_STOPPED, 0, false, true, false, 1, 1, 0, 0 },
		{ LIFE_STOPPED, 0, false, false, false, 0, 0, 0, 0 },
	};

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		row[1].state = rows[k].state;
		row[1].wait = rows[k].wait;
		row[1].is_stop_asked = rows[k].is_asked;
		row[1].pid = rows[k].has_pid ? 12 : 0;
		fixture_service(f, 1)->is_autostart = rows[k].is_autostart;
		assert_int_equal(meant(f, COMMAND_START, "d*", 1) >> 1,
				 rows[k].start);
		assert_int_equal(meant(f, COMMAND_STOP, "d*", 1) >> 1,
				 rows[k].stop);
		assert_int_equal(meant(f, COMMAND_RESTART, "[d]b", 1) >> 1,
				 rows[k].restart);
		assert_int_equal(meant(f, COMMAND_SIGNAL, "?b", 1) >> 1,
				 rows[k].signal);
		assert_int_equal(meant(f, COMMAND_RESTART, "d*\0db", 2), 2);
	}
}

static void removed_service_has_no_name(void **state)
{
	struct fixture *f = *state;
	struct command_set set;
	const char *nearest;

	fixture_service(f, 0)->is_removed = true;
	assert_null(dispatch_find(f->config, "*", 1, &set, &nearest));
	assert_int_equal(set.word[0], 6);
	assert_non_null(dispatch_find(f->config, "web", 1, &set, &nearest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_understood),
		cmocka_unit_test(options_and_names_stand_in_any_order),
		cmocka_unit_test(sweep_is_about_orphans_only_where_it_says_so),
		cmocka_unit_test(name_longer_than_the_request_stays_whole),
		cmocka_unit_test(what_is_not_said_has_a_default),
		cmocka_unit_test(signal_takes_the_first_word_as_the_signal),
		cmocka_unit_test(command_without_a_proper_id_is_wrong),
		cmocka_unit_test(what_a_request_does_not_take_is_wrong),
		cmocka_unit_test(option_of_another_request_is_a_name_there),
		cmocka_unit_test(control_characters_are_refused),
		cmocka_unit_test(longest_line_fits),
		cmocka_unit_test(patterns_match_as_a_shell_has_it),
		cmocka_unit_test_setup_teardown(names_become_a_set,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			pattern_leaves_out_who_is_at_rest, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			unknown_name_is_told_with_the_nearest, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(removed_service_has_no_name,
						fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
