/* SPDX-License-Identifier: ISC */
/* init/cli: query, control_socket, fetch, service_commands, health and logs:
 * what a person who types a command sees of a dashpot that answers well, badly,
 * late or not at all. The server is a child of the test, on a socket in a
 * directory of its own. */
#include "volume_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "init/cli/events.h"
#include "init/cli/explain.h"
#include "init/cli/health.h"
#include "init/cli/logs.h"
#include "init/cli/query.h"
#include "init/cli/service_commands.h"
#include "init/cli/status.h"

/* What the server does with one connection after the other; the last one is
 * for all that follow. An empty text ends the connection without an answer,
 * HANG says nothing and keeps it. */
#define HANG ((const char *)-1)

static char place[128];
static pid_t server;
static int asked_fd; /* requests, as they came */

static void answer_one(int fd, const char *text)
{
	char line[QUERY_LINE + 1];
	size_t used = 0;
	ssize_t n;

	do {
		n = read(fd, line + used, sizeof(line) - used);
		used += n > 0 ? (size_t)n : 0;
	} while (n > 0 && line[used - 1] != '\n');
	(void)!write(asked_fd, line, used);
	if (text == HANG)
		pause(); /* until the test is over */
	for (; *text != '\0'; text++) {
		char c = *text == '\'' ? '"' : *text;

		(void)!write(fd, &c, 1);
	}
	close(fd);
}

static _Noreturn void serve(int fd, const char *const *texts)
{
	signal(SIGPIPE, SIG_IGN); /* some hang up without an answer */
	for (;;) {
		int client = accept(fd, NULL, NULL);

		answer_one(client, *texts);
		texts += texts[1] != NULL;
	}
}

/* Listen, and answer with texts, which end with a text. */
static void start(const char *const *texts)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *file = tmpfile();

	assert_non_null(file);
	asked_fd = dup(fileno(file));
	fclose(file);
	strcpy(at.sun_path, place);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0)
		serve(fd, texts);
	close(fd);
}

#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })

static int setup(void **state)
{
	volume_setup(state);
	snprintf(place, sizeof(place), "%s/socket", volume.dir);
	unsetenv("DASHPOT_CONTROL");
	unsetenv("DASHPOT_DIAGNOSTICS");
	server = 0;
	asked_fd = -1;
	return 0;
}

static int teardown(void **state)
{
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	close(asked_fd);
	unlink(place);
	return volume_teardown(state);
}

/* What was asked, one line each. */
static const char *asked(void)
{
	static char text[65536];
	ssize_t n = pread(asked_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *words[16];
static int words_count;
static int (*command)(int argc, char **argv);

static int call(struct out *o)
{
	dup2(o->fd, STDOUT_FILENO);
	return command(words_count, words);
}

/* Type a command: it asks at `place` unless it says --dir or --control. */
static int type(int (*run)(int, char **), const char *line)
{
	static char copy[1024];
	char *save = NULL;

	snprintf(copy, sizeof(copy), "%s%s%s", line,
		 strstr(line, "--dir") || strstr(line, "--usual") ||
				 strstr(line, "--control") ?
			 "" : " --control ",
		 strstr(line, "--dir") || strstr(line, "--usual") ||
				 strstr(line, "--control") ? "" : place);
	words_count = 0;
	for (char *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		if (strcmp(word, "--usual") != 0)
			words[words_count++] = word;
	words[words_count] = NULL;
	command = run;
	return volume_run(call);
}

#define DONE                                                                 \
	"{'ok':true,'services':[{'service':'web','result':'done',"           \
	"'state':'running','why':'running: for 3 ms, pid 7'}]}\n"

#define REPORT                                                               \
	"{'schema':1,'dashpot':'0.1.0','time':'2026-11-22T12:00:00.000Z',"   \
	"'phase':'up','summary':'2 services: 1 running, 1 blocked',"         \
	"'container':{'hostname':'host','uptime_ms':65000,'exit_code':null,"  \
	"'started':'2026-11-22T11:00:00.000Z'},"                             \
	"'headroom':{'waiting':3,'limits':["                                 \
	"{'current':1,'max':null,'text':'no limit'},"                        \
	"{'current':20,'max':24,'text':'20 of pids.max 24'},"                \
	"{'current':1,'max':100,'text':'1 of 100'}]},'services':{"           \
	"'web':{'name':'web','state':'running','breaker':'closed',"          \
	"'why':'running: for 3 s, pid 7','pid':7,'starts':2,"                \
	"'since':'2026-11-22T11:59:57.000Z','next':null,"                    \
	"'failures_since_stable':0,"                                         \
	"'ends':[{'text':'exited with code 3 after 1 s'}]},"                 \
	"'crash':{'name':'crash','state':'blocked','breaker':'open',"        \
	"'why':'blocked: 3 failures within 15 s, last: was killed by "       \
	"SIGABRT after 12 ms; next probe in 10 s','pid':null,'starts':3,"    \
	"'since':'2026-11-22T11:59:58.000Z','next':null,'ends':[]}}}"

static void a_command_carries_an_id_and_says_what_came_of_it(void **state)
{
	(void)state;
	START(DONE);
	assert_int_equal(type(service_commands_run,
			      "restart --timeout 2s web"), 0);
	assert_true(volume_says("web: running: for 3 ms, pid 7"));
	assert_memory_equal(asked(), "restart id=", 11);
	assert_int_equal(strspn(asked() + 11, "0123456789abcdef"), 16);
	assert_string_equal(asked() + 27, " wait=2000 web\n");
}

static void a_broken_connection_is_answered_by_the_same_line(void **state)
{
	const char *first, *second;

	(void)state;
	START("", "{'ok':true,'serv", DONE);
	assert_int_equal(type(service_commands_run, "start web"), 0);
	assert_true(volume_says("web: running"));
	first = asked();
	second = strchr(first, '\n') + 1;
	assert_int_equal(strlen(first), 3 * (size_t)(second - first));
	assert_memory_equal(first, second, (size_t)(second - first));
}

static void a_stale_command_is_sent_anew_with_another_id(void **state)
{
	(void)state;
	START("{'ok':false,'code':'stale','error':'reloaded'}\n", DONE);
	assert_int_equal(type(service_commands_run, "start web"), 0);
	assert_memory_equal(asked(), strchr(asked(), '\n') + 1, 9);
	assert_memory_not_equal(asked() + 9, strchr(asked(), '\n') + 10, 16);
}

static void what_was_not_done_is_a_no(void **state)
{
	(void)state;
	START("{'ok':true,'services':[{'service':'web','result':'done',"
	      "'state':'running','why':'running: for 3 ms, pid 7'},"
	      "{'service':'db','result':'refused','state':'failed',"
	      "'why':'failed: blocked 3 times in a row\\u001b[31m'}]}\n");
	assert_int_equal(type(service_commands_run, "start web db"), 1);
	assert_true(volume_says("web: running"));
	assert_true(volume_says("db: refused; failed: blocked 3 times"));
	assert_true(volume_says("row\\x1b[31m"));
	assert_int_equal(type(service_commands_run, "start web db --json"), 1);
	assert_non_null(strstr(volume.text, "\"result\":\"refused\""));
}

static void an_error_is_told_with_the_nearest_name(void **state)
{
	(void)state;
	START("{'ok':false,'code':'unknown-service','error':'there is no "
	      "service `wbe`','nearest':'web'}\n",
	      "{'ok':false,'code':'forbidden','error':'not you'}\n",
	      "{'ok':false,'code':'stopping','error':'too late'}\n",
	      "{'ok':false,'code':'reload-failed','error':'a.ini:3: no'}\n");
	assert_int_equal(type(service_commands_run, "stop wbe"), 100);
	assert_true(volume_says("dashpot: stop: there is no service `wbe`; "
				"did you mean web?"));
	assert_int_equal(type(service_commands_run, "stop web"), 111);
	assert_true(volume_says("stop: not you"));
	assert_int_equal(type(service_commands_run, "stop web"), 1);
	assert_int_equal(type(service_commands_run, "reload"), 1);
	assert_true(volume_says("reload: a.ini:3: no"));
}

static void mistakes_of_a_reload_are_told_a_line_each(void **state)
{
	(void)state;
	START("{'ok':false,'code':'reload-failed','error':'it failed',"
	      "'mistakes':['a.ini:3: one\\u001b','a.ini:4: two'],'more':7}\n");
	assert_int_equal(type(service_commands_run, "reload"), 1);
	assert_string_equal(volume.text, "a.ini:3: one\\x1b\na.ini:4: two\n"
					 "dashpot: and 7 more mistakes\n"
					 "dashpot: reload: it failed\n");
}

static void what_cannot_be_asked_is_not_asked(void **state)
{
	(void)state;
	START(DONE);
	assert_int_equal(type(service_commands_run, "start"), 100);
	assert_int_equal(type(service_commands_run, "start web=1"), 100);
	assert_int_equal(type(service_commands_run, "signal HUP"), 100);
	assert_int_equal(type(service_commands_run, "signal NOPE web"), 100);
	assert_int_equal(type(service_commands_run, "reload web=1"), 100);
	assert_int_equal(type(service_commands_run,
			      "start web --timeout 5"), 100);
	assert_int_equal(type(service_commands_run,
			      "signal HUP web --no-wait"), 100);
	assert_int_equal(type(logs_run, "logs"), 100);
	assert_int_equal(type(logs_run, "logs web -n many"), 100);
	assert_string_equal(asked(), "");
	assert_int_equal(type(service_commands_run, "signal HUP follow"), 0);
	assert_non_null(strstr(asked(), " HUP [f]ollow\n"));
}

static void nobody_there_is_said_with_the_places(void **state)
{
	(void)state;
	setenv("DASHPOT_DIAGNOSTICS", volume.dir, 1);
	assert_int_equal(type(service_commands_run, "start web --usual"), 111);
	assert_true(volume_says("start: no dashpot answers here; tried: "
				"/run/dashpot.sock, "));
	assert_true(volume_says("/dashpot.sock and @dashpot-"));
	assert_int_equal(type(service_commands_run, "start web"), 111);
	assert_true(volume_says("/socket; name the socket with --control"));
	assert_int_equal(type(health_run, "health"), 1);
	setenv("DASHPOT_CONTROL", "/nowhere/at/all", 1);
	assert_int_equal(type(service_commands_run, "start web --usual"), 111);
	assert_true(volume_says("tried: /nowhere/at/all;"));
}

static void what_is_no_dashpot_is_not_believed(void **state)
{
	(void)state;
	START("hello\n", "[1]\n", "{'report':{}}\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(type(service_commands_run, "start web"), 111);
		assert_true(volume_says("what answers there is no dashpot"));
	}
}

static void health_is_over_soon_when_the_server_hangs(void **state)
{
	int64_t before_ms = now_ms();

	(void)state;
	START(HANG);
	assert_int_equal(type(health_run, "health"), 1);
	assert_true(volume_says("health: ") &&
		    volume_says("dashpot does not answer in time"));
	assert_in_range(now_ms() - before_ms, 1000, 4000);
	/* Nobody accepts, and the queue fills. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(type(health_run, "health"), 1);
	assert_in_range(now_ms() - before_ms, 5000, 20000);
}

static void health_says_who_is_not_well(void **state)
{
	(void)state;
	START("{'ok':true,'healthy':true,'reasons':[]}\n",
	      "{'ok':true,'healthy':false,'reasons':[{'service':'web',"
	      "'state':'blocked','why':'blocked: 3 failures'}]}\n");
	assert_int_equal(type(health_run, "health"), 0);
	assert_true(volume_says("healthy"));
	assert_int_equal(type(health_run, "health web db"), 1);
	assert_string_equal(volume.text, "web: blocked: 3 failures\n");
	assert_string_equal(asked(), "health\nhealth web db\n");
}

static void wait_tells_ready_from_late(void **state)
{
	(void)state;
	START("{'ok':true,'ready':true,'timed_out':false,'reasons':[]}\n",
	      "{'ok':true,'ready':false,'timed_out':true,'reasons':["
	      "{'service':'web','state':'waiting',"
	      "'why':'waiting: for db'}]}\n");
	assert_int_equal(type(health_wait, "wait"), 0);
	assert_string_equal(volume.text, "ready\n");
	assert_int_equal(type(health_wait, "wait web --timeout=250ms"), 1);
	assert_string_equal(volume.text,
			    "not ready in time\nweb: waiting: for db\n");
	assert_string_equal(asked(), "wait timeout=30000\n"
				     "wait timeout=250 web\n");
}

static void wait_waits_for_dashpot_itself(void **state)
{
	int64_t before_ms = now_ms();

	(void)state;
	assert_int_equal(type(health_wait, "wait --timeout 300ms"), 111);
	assert_in_range(now_ms() - before_ms, 250, 4000);
	assert_true(volume_says("no dashpot answers here"));
}

static void status_is_a_table_within_80_columns(void **state)
{
	(void)state;
	START("{'ok':true,'report':" REPORT "}\n");
	assert_int_equal(type(status_run, "status"), 0);
	assert_true(volume_says("host: 2 services: 1 running, 1 blocked"));
	assert_true(volume_says("up 1 m 5 s; 3 waiting for room or their "
				"turn; 20 of pids.max 24"));
	assert_true(volume_says("NAME STATE SINCE PID STARTS WHY"));
	assert_true(volume_says(" 7 2 last: exited with code 3 after 1 s"));
	assert_true(volume_says("- 3 3 failures within 15 s, last: was"));
	for (const char *at = volume.text; *at != '\0';
	     at += strcspn(at, "\n") + 1)
		assert_in_range(strcspn(at, "\n"), 1, 80);
	assert_string_equal(asked(), "status\n");
}

static void status_shows_only_who_is_named(void **state)
{
	(void)state;
	START("{'ok':true,'report':" REPORT "}\n");
	assert_int_equal(type(status_run, "status c*"), 0);
	assert_null(strstr(volume.text, "web"));
	assert_non_null(strstr(volume.text, "crash"));
	assert_int_equal(type(status_run, "status crash --json"), 0);
	assert_null(strstr(volume.text, "\"web\""));
	assert_non_null(strstr(volume.text, "\"services\":{\"crash\":{"));
	assert_non_null(strstr(volume.text, "\"limits\":["));
	assert_int_equal(type(status_run, "status crash wbe"), 100);
	assert_true(volume_says("did you mean web?"));
}

/* Nobody has a terminal here. */
static void status_is_cut_at_no_column_without_a_terminal(void **state)
{
	(void)state;
	volume_put("diagnostic.json", REPORT);
	setenv("DASHPOT_DIAGNOSTICS", volume.dir, 1);
	unsetenv("COLUMNS");
	assert_int_equal(type(status_run, "status --usual"), 0);
	assert_null(strstr(volume.text, "..."));
	assert_true(volume_says("3 failures within 15 s, last: was killed"));
	setenv("COLUMNS", "60", 1);
	assert_int_equal(type(status_run, "status --wide --usual"), 0);
	assert_null(strstr(volume.text, "..."));
	assert_int_equal(type(status_run, "status --usual"), 0);
	setenv("COLUMNS", "80", 1);
	assert_non_null(strstr(volume.text, "..."));
}

static void status_falls_back_to_the_volume_and_says_its_age(void **state)
{
	char path[128];

	(void)state;
	volume_put("diagnostic.json", REPORT);
	setenv("DASHPOT_DIAGNOSTICS", volume.dir, 1);
	assert_int_equal(type(status_run, "status --usual"), 0);
	assert_true(volume_says("status: no dashpot answers here"));
	assert_true(volume_says("instead host: 2 services"));
	assert_true(volume_says("This is old: it was written at"));
	assert_true(volume_says("all of it is as it was then"));
	/* By the clock of the writing, not by the one on the wall. */
	assert_true(volume_says("web was running 3 s"));
	assert_true(volume_says("crash was blocked"));
	assert_int_equal(type(status_run, "status"), 111);
	snprintf(path, sizeof(path), "%s/diagnostic.json", volume.dir);
	unlink(path);
	assert_int_equal(type(status_run, "status --usual"), 111);
	assert_true(volume_says("there is no diagnostic.json in it"));
}

static void explain_asks_first(void **state)
{
	(void)state;
	START("{'ok':true,'report':" REPORT "}\n");
	assert_int_equal(type(explain_run, "explain"), 1);
	assert_true(volume_says("crash: blocked since"));
	assert_null(strstr(volume.text, "last written"));
	assert_null(strstr(volume.text, "was due for a change"));
}

#define EVENT(seq, service, rest)                                            \
	"{'seq':" seq ",'container':'2026-11-22T11:00:00.000Z',"             \
	"'time':'2026-11-22T11:00:0" seq ".000Z','level':'info',"            \
	"'event':'started','service':'" service "','message':'one' " rest "}"

static void events_of_a_running_dashpot_look_like_the_file(void **state)
{
	(void)state;
	START("{'ok':true,'events':[" EVENT("1", "web", "") ","
	      EVENT("3", "db", "") "]}\n");
	assert_int_equal(type(events_run, "events"), 0);
	assert_true(volume_says("--- container started 2026-11-22"));
	assert_true(volume_says("web: one ... 1 event lost 2026"));
	assert_true(volume_says("db: one"));
	assert_int_equal(type(events_run, "events --json"), 0);
	assert_memory_equal(volume.text, "{\"seq\":1,", 9);
	assert_int_equal(type(events_run, "events db"), 0);
	assert_null(strstr(volume.text, "web"));
	assert_string_equal(asked(), "events\nevents\nhealth db\nevents\n");
}

static void followed_events_go_on_after_a_broken_connection(void **state)
{
	(void)state;
	START(EVENT("1", "web", "") "\n" EVENT("2", "web", "") "\n{'seq':",
	      EVENT("3", "db", "") "\n",
	      "{'ok':false,'code':'internal','error':'over'}\n");
	assert_int_equal(type(events_run, "events --follow"), 111);
	assert_true(volume_says("02.000Z web: one 2026-11-22 11:00:03"));
	assert_true(volume_says("db: one"));
	assert_true(volume_says("dashpot: events: over"));
	assert_string_equal(asked(), "events follow\nevents follow after=2\n"
				     "events follow after=3\n");
}

#define LINE(time, service, text)                                            \
	"{'service':'" service "','time':'2026-11-22T11:00:0" time "Z',"     \
	"'stream':'stdout','run':1,'text':'" text "','is_cut':false}"

static void logs_prints_lines_and_names_where_there_are_several(void **state)
{
	(void)state;
	START("{'ok':true,'lines':[" LINE("1.000", "web", "a\\u001bb") ","
	      LINE("2.000", "db", "two") "]}\n");
	assert_int_equal(type(logs_run, "logs web -n 5"), 0);
	assert_string_equal(volume.text, "a\\x1bb\ntwo\n");
	assert_int_equal(type(logs_run, "logs web db"), 0);
	assert_string_equal(volume.text, "web: a\\x1bb\ndb: two\n");
	assert_int_equal(type(logs_run, "logs web --times"), 0);
	assert_memory_equal(volume.text, "2026-11-22T11:00:01.000Z a", 26);
	assert_string_equal(asked(), "logs lines=5 web\nlogs web db\n"
				     "logs web\n");
}

static void followed_lines_are_shown_once(void **state)
{
	(void)state;
	START(LINE("1.000", "web", "1") "\n" LINE("2.000", "web", "2") "\n"
	      LINE("2.000", "web", "3") "\n",
	      LINE("1.000", "web", "1") "\n" LINE("2.000", "web", "2") "\n"
	      LINE("2.000", "web", "3") "\n" LINE("2.000", "web", "4") "\n"
	      LINE("3.000", "web", "5") "\n",
	      LINE("2.000", "web", "4") "\n" LINE("3.000", "web", "5") "\n"
	      LINE("3.000", "web", "6") "\n",
	      "{'ok':false,'code':'internal','error':'over'}\n");
	assert_int_equal(type(logs_run, "logs web -f -n 3"), 111);
	assert_memory_equal(volume.text, "1\n2\n3\n4\n5\n6\n", 12);
	assert_true(volume_says("dashpot: logs: over"));
}

static void run_is_refused_where_a_dashpot_answers(void **state)
{
	static struct {
		struct config c;
		char text[256];
	} block = { .c = { .text_at = sizeof(struct config) } };
	int status;
	pid_t pid;

	(void)state;
	START(DONE);
	block.c.control = 1;
	strcpy(block.text + 1, place);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		socket_refuse_second(&block.c);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 100);
	strcat(block.text + 1, "-other");
	socket_refuse_second(&block.c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_command_carries_an_id_and_says_what_came_of_it),
		TEST(a_broken_connection_is_answered_by_the_same_line),
		TEST(a_stale_command_is_sent_anew_with_another_id),
		TEST(what_was_not_done_is_a_no),
		TEST(an_error_is_told_with_the_nearest_name),
		TEST(mistakes_of_a_reload_are_told_a_line_each),
		TEST(what_cannot_be_asked_is_not_asked),
		TEST(nobody_there_is_said_with_the_places),
		TEST(what_is_no_dashpot_is_not_believed),
		TEST(health_is_over_soon_when_the_server_hangs),
		TEST(health_says_who_is_not_well),
		TEST(wait_tells_ready_from_late),
		TEST(wait_waits_for_dashpot_itself),
		TEST(status_is_a_table_within_80_columns),
		TEST(status_is_cut_at_no_column_without_a_terminal),
		TEST(status_shows_only_who_is_named),
		TEST(status_falls_back_to_the_volume_and_says_its_age),
		TEST(explain_asks_first),
		TEST(events_of_a_running_dashpot_look_like_the_file),
		TEST(followed_events_go_on_after_a_broken_connection),
		TEST(logs_prints_lines_and_names_where_there_are_several),
		TEST(followed_lines_are_shown_once),
		TEST(run_is_refused_where_a_dashpot_answers),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
