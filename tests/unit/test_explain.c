/* SPDX-License-Identifier: ISC */
/* init/cli/explain, service, advice and reader: volumes made by hand, and what
 * a person reads about them. */
#include "volume_fixture.h"

#include "init/cli/explain.h"
#include "init/cli/explain_advice.h"
#include "init/cli/volume_reader.h"

static struct explain asked;

static int call(struct out *o)
{
	return explain_print(&asked, o);
}

static int explain(const char *name, int64_t now_ms)
{
	asked.dir = volume.dir;
	asked.name = name;
	asked.now_ms = now_ms;
	return volume_run(call);
}

#define HEAD(phase, exit)                                                    \
	"{'schema':1,'dashpot':'0.1.0','time':'2026-11-22T12:00:00.000Z',"   \
	"'phase':'" phase "','summary':'a summary','container':{"            \
	"'hostname':'host','started':'2026-11-22T11:00:00.000Z',"            \
	"'recent_starts':1,'is_outer_loop':false," exit "},'services':{"

#define UP HEAD("up", "'exit_code':null,'exit_service':null")

#define WEB                                                                  \
	"'web':{'name':'web','state':'running','breaker':'closed',"          \
	"'why':'running: for 3 s, pid 7','pid':7,"                           \
	"'since':'2026-11-22T11:59:57.000Z','next':null,"                    \
	"'failures_since_stable':0,'ends':[]}"

#define END(text, rest)                                                      \
	"{'number':3,'is_earlier':false,'text':'" text "',"                  \
	"'ended':'2026-11-22T11:59:58.000Z','cpu_us':3000,'peak_kib':4300,"  \
	"'tasks':12,'tasks_max':100,'leftovers':0,'is_failure':true,"        \
	"'is_probe':false," rest "}"

#define ABORT                                                                \
	END("was killed by SIGABRT after 12 ms",                             \
	    "'cause':'signalled','code':6,'signal':'SIGABRT',"               \
	    "'is_core_dumped':true,'output':['one','two \\u001b[31mred',"    \
	    "{'text':'three','is_cut':true}]")

#define CRASH(state, next, ends)                                             \
	"'crash':{'name':'crash','state':'" state "','breaker':'open',"      \
	"'why':'" state ": 3 failures within 15 s, last: was killed by "     \
	"SIGABRT after 12 ms; next probe in 10 s','pid':null,"               \
	"'since':'2026-11-22T11:59:58.000Z','next':" next ",'starts':3,"     \
	"'failures':3,'failures_since_stable':3,'trips':1,"                  \
	"'policy':'always restarted','file':'a.ini','line':4,"               \
	"'ends':[" ends "]}"

#define PROBE                                                                \
	"{'what':'probe','time':'2026-11-22T12:00:08.000Z','in_ms':8000}"

static void a_well_service_is_one_line_and_the_answer_is_yes(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP WEB "}}");
	assert_int_equal(explain(NULL, NOON), 0);
	assert_true(volume_says("host: a summary"));
	assert_true(volume_says("web running since 11:59:57Z, 3 s ago, pid 7"));
	assert_null(strstr(volume.text, "settings"));
}

static void a_blocked_service_is_told_whole(void **state)
{
	(void)state;
	volume_put("diagnostic.json",
		   UP WEB "," CRASH("blocked", PROBE, ABORT) "}}");
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("crash: blocked since 11:59:58Z, 2 s ago"));
	assert_true(volume_says("why 3 failures within 15 s last run"));
	assert_true(volume_says(
		"11:59:58Z: was killed by SIGABRT after 12 ms, core dumped; "
		"CPU 3 ms, peak memory 4.1 MiB; the container held 12 of 100 "
		"tasks then"));
	assert_true(volume_says("last, 3 lines: | one | two \\x1b[31mred | "
				"three ..."));
	assert_true(volume_says("a probe, one start to see whether it lives, "
				"in 8 s, at 12:00:08Z"));
	assert_true(volume_says("to do The program crashed."));
	assert_true(volume_says("settings always restarted (a.ini:4)"));
	assert_null(strchr(volume.text, '\033'));
}

static void the_end_of_ready_timeout_is_told_as_what_it_is(void **state)
{
	(void)state;
	volume_put("diagnostic.json",
		   UP CRASH("starting",
			    "{'what':'give-up','time':"
			    "'2026-11-22T12:00:08.000Z','in_ms':8000}", ABORT)
		   "}}");
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("next it is given up where it is not ready in "
				"8 s, at 12:00:08Z"));
}

static void no_line_is_wider_than_asked(void **state)
{
	char *line;

	(void)state;
	volume_put("diagnostic.json", UP CRASH("blocked", PROBE, ABORT) "}}");
	setenv("COLUMNS", "50", 1);
	assert_int_equal(explain(NULL, NOON + 3600000), 1);
	for (line = strtok(volume.text, "\n"); line; line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 1, 50);
}

static void a_deadline_that_passed_is_told_as_what_would_have_been(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP CRASH("blocked", PROBE, ABORT) "}}");
	assert_int_equal(explain(NULL, NOON + 3608000), 1);
	assert_true(volume_says("would have been tried again by a probe, at "
				"12:00:08Z, 1 h ago"));
	assert_true(volume_says("crash was due for a change at 12:00:08Z, 1 h "
				"ago, and nothing was written since"));
}

static void an_overdue_container_is_not_well(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP
		   "'web':{'name':'web','state':'running','breaker':'closed',"
		   "'why':'running: for 3 s','pid':7,'since':"
		   "'2026-11-22T11:59:57.000Z','failures_since_stable':0,"
		   "'next':{'what':'stable','time':"
		   "'2026-11-22T12:00:57.000Z'},'ends':[]}}}");
	assert_int_equal(explain(NULL, NOON + 60000), 0);
	assert_int_equal(explain(NULL, NOON + 63000), 1);
	assert_int_equal(explain("web", NOON + 63000), 1);
	assert_true(volume_says("gone or paused"));
}

static void an_old_file_of_well_services_says_how_old_it_is(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP WEB "}}");
	assert_int_equal(explain(NULL, NOON + 3 * 86400000), 0);
	assert_true(volume_says("last written 2026-11-22 12:00:00Z, 3 d ago; "
				"nothing is written while nothing changes"));
}

static void a_container_that_ended_says_its_code(void **state)
{
	(void)state;
	volume_put("process-registry.json",
		   "{'services':{'crash':{'until':"
		   "'2026-11-22T12:00:09.000Z'}}}");
	volume_put("diagnostic.json",
		   HEAD("exiting", "'exit_code':134,'exit_service':'crash'")
		   CRASH("stopped", "null", ABORT) "}}");
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("dashpot exited with code 134, which crash "
				"decided"));
	assert_true(volume_says("would have been tried again by a probe, at "
				"12:00:09Z, in 9 s, but the container has "
				"ended A new container on this volume tries it "
				"once"));
	volume_put("diagnostic.json",
		   HEAD("exiting", "'exit_code':0,'exit_service':null")
		   "'web':{'name':'web','state':'stopped','breaker':'closed',"
		   "'ends':[]}}}");
	assert_int_equal(explain(NULL, NOON), 0);
}

static void what_the_document_forgot_is_found_among_the_events(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP CRASH("blocked", PROBE,
		   END("was killed by SIGSEGV", "'cause':'signalled','code':11,"
		       "'signal':'SIGSEGV','is_core_dumped':false")) "}}");
	volume_put("events.jsonl.1",
		   "{'seq':1,'service':'crash','event':'ended','end':{'ended':"
		   "'2026-11-22T11:59:51.000Z','output':['wrong time']}}\n"
		   "{'seq':2,'service':'other','event':'ended','end':{'ended':"
		   "'2026-11-22T11:59:58.000Z','output':['wrong name']}}\n");
	volume_put("events.jsonl",
		   "{'seq':3,'service':'crash','event':'ended','end':{'ended':"
		   "'2026-11-22T11:59:58.000Z','output':['last words']}}\n");
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("last, 1 line: | last words"));
	assert_null(strstr(volume.text, "wrong"));
}

static void only_the_last_lines_are_shown_unless_it_is_named(void **state)
{
	static char ends[4096] = "", text[8192];
	char line[24];

	(void)state;
	for (int i = 1; i <= 30; i++) {
		snprintf(line, sizeof(line), "%s'line %d'",
			 i > 1 ? "," : "", i);
		strcat(ends, line);
	}
	snprintf(text, sizeof(text), UP CRASH("blocked", PROBE,
		 END("was killed",
		     "'cause':'signalled','code':9,'output':[%s]"))
		 "}}", ends);
	volume_put("diagnostic.json", text);
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("last, 20 lines: | line 11 | line 12"));
	assert_int_equal(explain("cr*", NOON), 1);
	assert_true(volume_says("last, 30 lines: | line 1 | line 2"));
}

static void what_waits_or_is_stuck_is_not_well(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP
		   "'a':{'name':'a','state':'waiting','breaker':'closed',"
		   "'why':'waiting: for b, which is not ready','waiting':{"
		   "'for':'dependency','service':'b'},'ends':[]},"
		   "'b':{'name':'b','state':'starting','breaker':'closed',"
		   "'why':'starting: stuck at directory for 6 s','pid':4,"
		   "'is_stuck':true,'ends':[]}}}");
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("for b, which is not ready"));
	assert_true(volume_says("Look at the service that it waits for."));
	assert_true(volume_says("stuck at directory for 6 s"));
	assert_true(volume_says("hangs: mend that one."));
}

static void leftover_that_cannot_be_signalled_is_told(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP
		   "'a':{'name':'a','state':'done','breaker':'closed',"
		   "'why':'done: cannot be signalled (not permitted): dashpot "
		   "needs CAP_KILL; ended for good, with success, last: x',"
		   "'is_unsignalled':true,'is_well':true,"
		   "'waiting':{'for':'leftovers'},'ends':[]}}}");
	assert_int_equal(explain(NULL, NOON), 0);
	assert_true(volume_says("cannot be signalled (not permitted)"));
	assert_false(volume_says("mend it"));
}

static void explain_says_who_waits_for_a_service(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP
		   "'a':{'name':'a','state':'waiting','breaker':'closed',"
		   "'waiting':{'for':'dependency','service':'c','services':"
		   "['c','b']},'ends':[]},"
		   "'b':{'name':'b','state':'blocked','breaker':'open',"
		   "'ends':[]},"
		   "'c':{'name':'c','state':'waiting','breaker':'closed',"
		   "'waiting':{'for':'dependency','service':'b','services':"
		   "['b']},'ends':[]}}}");
	assert_int_equal(explain("b", NOON), 1);
	assert_true(volume_says("held up 2 services wait for it: a, c"));
	assert_int_equal(explain("c", NOON), 1);
	assert_true(volume_says("held up 1 service waits for it: a"));
	assert_int_equal(explain("a", NOON), 1);
	assert_false(volume_says("held up"));
}

static void a_running_service_that_keeps_failing_is_not_well(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP
		   "'web':{'name':'web','state':'running','breaker':'closed',"
		   "'why':'running: for 3 s, pid 7, 2 failures since it was "
		   "last stable','pid':7,'failures_since_stable':2,"
		   "'ends':[" ABORT "]}}}");
	assert_int_equal(explain(NULL, NOON), 1);
	assert_true(volume_says("2 failures since it was last stable"));
}

static void a_torn_row_is_said_to_be_torn(void **state)
{
	(void)state;
	volume_put("diagnostic.json", UP "'a':{'name':'a','torn':true}}}");
	explain(NULL, NOON);
	assert_true(volume_says("a was changing while the file was written"));
}

static void an_unknown_name_is_answered_by_the_nearest(void **state)
{
	(void)state;
	volume_put("diagnostic.json",
		   UP WEB "," CRASH("blocked", PROBE, ABORT) "}}");
	assert_int_equal(explain("crahs", NOON), 100);
	assert_true(volume_says("did you mean crash?"));
	assert_int_equal(explain("database", NOON), 100);
	assert_true(volume_says("there are: web, crash"));
	assert_int_equal(explain("w?b", NOON), 0);
}

static void json_gives_the_verdict_and_the_services_asked_for(void **state)
{
	(void)state;
	volume_put("diagnostic.json",
		   UP WEB "," CRASH("blocked", PROBE, ABORT) "}}");
	asked.is_json = true;
	assert_int_equal(explain("web", NOON + 1500), 0);
	asked.is_json = false;
	assert_non_null(strstr(volume.text, "{\"schema\":1,\"is_well\":true,"
			       "\"is_overdue\":false,\"age_ms\":1500,"));
	assert_non_null(strstr(volume.text, "\"services\":{\"web\":{"));
	assert_null(strstr(volume.text, "crash"));
	assert_int_equal(volume.text[strlen(volume.text) - 1], '\n');
}

static void what_cannot_be_read_is_said_with_what_to_do(void **state)
{
	char path[128];

	(void)state;
	assert_int_equal(explain(NULL, NOON), 111);
	assert_true(volume_says("there is no diagnostic.json in it"));
	volume_put("diagnostic.json", "{'schema':1,");
	assert_int_equal(explain(NULL, NOON), 111);
	assert_true(volume_says("/diagnostic.json: is not what dashpot wrote "
				"(no JSON at byte 12)"));
	volume_put("diagnostic.json", "{}");
	assert_int_equal(explain(NULL, NOON), 111);
	assert_true(volume_says("no schema"));
	volume_put("diagnostic.json", "{'schema':2,'dashpot':'9.0'}");
	assert_int_equal(explain(NULL, NOON), 111);
	assert_true(volume_says("has schema 2 and this dashpot knows 1: use "
				"dashpot 9.0"));
	snprintf(path, sizeof(path), "%s/diagnostic.json", volume.dir);
	assert_int_equal(truncate(path, (off_t)READER_DOCUMENT + 1), 0);
	assert_int_equal(explain(NULL, NOON), 111);
	assert_true(volume_says("is larger than 128 MiB"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(explain(NULL, NOON), 111);
	assert_true(volume_says("is no regular file"));
	asked.dir = "/does/not/exist";
	assert_int_equal(volume_run(call), 111);
	assert_true(volume_says("/does/not/exist: no such file or directory; "
				"name the diagnostics volume with --dir"));
}

static void no_damage_to_a_document_harms_the_reader(void **state)
{
	static const char good[] =
		UP WEB "," CRASH("blocked", PROBE, ABORT) "}}";
	static char text[sizeof(good)];

	(void)state;
	for (size_t i = 0; i < sizeof(good) - 1; i += 7) {
		int code;

		memcpy(text, good, sizeof(good));
		text[i] = "{}[],:'\\x0"[i % 10];
		volume_put("diagnostic.json", text);
		code = explain(NULL, NOON);
		assert_true(code == 0 || code == 1 || code == 111);
	}
}

static const char *advice(const char *service)
{
	static char text[512];
	size_t i;

	for (i = 0; service[i] != '\0'; i++)
		text[i] = service[i] == '\'' ? '"' : service[i];
	text[i] = '\0';
	return advice_for(json_document(text, i, NULL));
}

static void advice_fits_the_cause(void **state)
{
	(void)state;
#define FITS(service, word) \
	assert_non_null(strstr(advice(service), word))
	FITS("{'ends':[{'cause':'start-failed','errno_name':'ENOENT',"
	     "'step':'exec'}]}", "typing mistake");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'ENOENT',"
	     "'step':'interpreter'}]}", "interpreter");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'ENOENT',"
	     "'which':'carriage return','step':'interpreter'}]}", "LF line");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'ENOEXEC',"
	     "'which':'program of another machine','step':'exec'}]}",
	     "uname -m");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'ENOENT',"
	     "'step':'directory'}]}", "mount");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'EACCES',"
	     "'step':'nice'}]}", "CAP_SYS_NICE");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'EACCES',"
	     "'step':'oom_score_adj'}]}", "CAP_SYS_RESOURCE");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'ENOENT',"
	     "'step':'cgroup'}]}", "cgroup");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'EACCES',"
	     "'step':'exec'}]}", "executable");
	FITS("{'ends':[{'cause':'start-failed','errno_name':'EIO'}]}",
	     "no process of it");
	FITS("{'ends':[{'cause':'out-of-memory','code':9,"
	     "'signal':'SIGKILL'}]}", "memory limit");
	FITS("{'ends':[{'cause':'signalled','signal':'SIGKILL'}]}",
	     "outside dashpot");
	FITS("{'ends':[{'cause':'signalled','signal':'SIGSEGV',"
	     "'is_core_dumped':true}]}", "look into its core. The "
	     "kernel's core_pattern is");
	FITS("{'ends':[{'cause':'signalled','signal':'SIGABRT',"
	     "'is_core_dumped':false}]}", "limit.core has to be unlimited");
	FITS("{'ends':[{'cause':'exited','code':0}]}", "foreground");
	FITS("{'ends':[{'cause':'exited','code':127}]}", "not found");
	FITS("{'ends':[{'cause':'exited','code':3}]}", "gave up by itself");
	FITS("{'breaker':'latched','ends':[{'cause':'exited','code':3}]}",
	     "`dashpot reset`");
	FITS("{'waiting':{'for':'headroom'},'ends':[]}", "room");
#undef FITS
	assert_null(strstr(advice("{'ends':[{'cause':'signalled','signal':"
				  "'SIGSEGV','is_core_dumped':true}]}"),
			   "limit.core"));
	assert_null(advice("{'ends':[]}"));
	assert_null(advice("{'ends':[{'cause':'asked'}]}"));
}

static void patterns_match_whole_names(void **state)
{
	(void)state;
	assert_true(reader_matches(NULL, "web"));
	assert_true(reader_matches("web", "web"));
	assert_false(reader_matches("we", "web"));
	assert_false(reader_matches("webs", "web"));
	assert_true(reader_matches("*", ""));
	assert_true(reader_matches("w*", "web"));
	assert_true(reader_matches("*b*b", "abab"));
	assert_true(reader_matches("*:?", "web:0"));
	assert_false(reader_matches("*:?", "web:10"));
	assert_false(reader_matches("", "web"));
	assert_false(reader_matches("?", ""));
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, volume_setup, volume_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_well_service_is_one_line_and_the_answer_is_yes),
		TEST(a_blocked_service_is_told_whole),
		TEST(the_end_of_ready_timeout_is_told_as_what_it_is),
		TEST(no_line_is_wider_than_asked),
		TEST(a_deadline_that_passed_is_told_as_what_would_have_been),
		TEST(an_overdue_container_is_not_well),
		TEST(an_old_file_of_well_services_says_how_old_it_is),
		TEST(a_container_that_ended_says_its_code),
		TEST(what_the_document_forgot_is_found_among_the_events),
		TEST(only_the_last_lines_are_shown_unless_it_is_named),
		TEST(what_waits_or_is_stuck_is_not_well),
		TEST(leftover_that_cannot_be_signalled_is_told),
		TEST(explain_says_who_waits_for_a_service),
		TEST(a_running_service_that_keeps_failing_is_not_well),
		TEST(a_torn_row_is_said_to_be_torn),
		TEST(an_unknown_name_is_answered_by_the_nearest),
		TEST(json_gives_the_verdict_and_the_services_asked_for),
		TEST(what_cannot_be_read_is_said_with_what_to_do),
		TEST(no_damage_to_a_document_harms_the_reader),
		cmocka_unit_test(advice_fits_the_cause),
		cmocka_unit_test(patterns_match_whole_names),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
