/* SPDX-License-Identifier: ISC */
/* init/cli/events and graph: files of events made by hand, printed and
 * drawn. */
#include "volume_fixture.h"

#include "init/cli/events.h"
#include "init/cli/events_graph.h"
#include "init/relay/line_format.h"
#include "init/text/json_writer.h"
#include "init/text/wording.h"

static struct events asked;

static int call(struct out *o)
{
	return events_print(&asked, o);
}

/* Print what is not older than since_ms at now_ms; colours apart. */
static int events(const char *name, int64_t since_ms, int64_t now_ms)
{
	asked.dir = volume.dir;
	asked.name = name;
	asked.since_ms = since_ms;
	asked.now_ms = now_ms;
	return volume_run(call);
}

static int graph(const char *name, int64_t since_ms, int64_t now_ms)
{
	int code;

	asked.is_graph = true;
	code = events(name, since_ms, now_ms);
	asked.is_graph = false;
	return code;
}

static char file[1 << 20];
static size_t used;

static int setup(void **state)
{
	used = 0;
	file[0] = '\0';
	return volume_setup(state);
}

/* One event of the container that began at `began`, each in ms since noon. */
static void event(int64_t began, int seq, int64_t at, const char *service,
		  const char *word, const char *rest)
{
	char times[2][PHRASE_TIME];

	phrase_time(times[0], NOON + began);
	phrase_time(times[1], NOON + at);
	used += (size_t)snprintf(file + used, sizeof(file) - used,
		"{'seq':%d,'container':'%s','time':'%s','level':'info',"
		"'event':'%s',%s%s%s'message':'%s of %s'%s}\n", seq, times[0],
		times[1], word, service ? "'service':'" : "'service':null,",
		service ? service : "", service ? "'," : "", word,
		service ? service : "all", rest);
}

/* The row of a service in the graph, up to the last mark; "" for none. */
static const char *row(const char *name)
{
	static char text[1024];
	const char *at = volume.text;
	size_t length = strlen(name);

	for (; at != NULL; at = strchr(at, '\n'), at += at != NULL) {
		if (strncmp(at, name, length) != 0 || at[length] != ' ')
			continue;
		at += length + strspn(at + length, " ");
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "\n"),
			 at);
		return text;
	}
	return "";
}

#define FAILED ",'is_failure':true"

static void events_are_lines_in_the_order_of_both_files(void **state)
{
	(void)state;
	event(0, 1, 10, NULL, "begin", "");
	event(0, 2, 20, "web", "started", "");
	volume_put("events.jsonl.1", file);
	used = 0;
	event(0, 3, 1030, "web", "ended", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_string_equal(volume.text,
		"--- container started 2026-11-22 12:00:00.000Z\n"
		"2026-11-22 12:00:00.010Z  begin of all\n"
		"2026-11-22 12:00:00.020Z  web: started of web\n"
		"2026-11-22 12:00:01.030Z  web: ended of web\n");
}

static void the_older_file_alone_is_enough(void **state)
{
	(void)state;
	event(0, 2, 20, "web", "started", "");
	volume_put("events.jsonl.1", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_true(volume_says("started of web"));
	assert_false(strstr(volume.text, "lost") != NULL);
}

static void a_gap_is_said_also_to_who_asks_for_one_service(void **state)
{
	(void)state;
	event(0, 1, 1, "web", "started", "");
	event(0, 14, 2, "db", "started", "");
	event(0, 16, 3, "web", "ended", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_true(volume_says("started of web ... 12 events lost"));
	assert_true(volume_says("started of db ... 1 event lost"));
	assert_int_equal(events("web", -1, NOON), 0);
	assert_true(volume_says("... 13 events lost"));
}

static void a_record_of_a_loss_is_no_gap_beside_itself(void **state)
{
	(void)state;
	event(0, 1, 1, "web", "started", "");
	event(0, 13, 2, NULL, "lost", ",'lost':12");
	event(0, 14, 3, "web", "ended", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_true(volume_says("lost of all"));
	assert_null(strstr(volume.text, "... "));
	assert_int_equal(events("web", -1, NOON), 0);
	assert_true(volume_says("... 12 events lost"));
}

static void every_start_of_the_container_is_marked_once(void **state)
{
	(void)state;
	event(0, 1, 1, "web", "started", "");
	event(60000, 1, 60001, "web", "started", "");
	event(60000, 2, 60002, "web", "ended", "");
	event(90000, 3, 90003, "web", "started", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_true(volume_says("12:00:00.001Z web: started of web --- "
				"container started 2026-11-22 12:01:00.000Z "
				"2026-11-22 12:01:00.001Z"));
	assert_true(volume_says("ended of web ... 2 events lost --- container "
				"started 2026-11-22 12:01:30.000Z"));
}

static void since_leaves_out_what_is_older(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "started", "");
	event(0, 2, 5000, "web", "ended", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, NOON + 5000, NOON + 6000), 0);
	assert_null(strstr(volume.text, "started of"));
	assert_true(volume_says("ended of web"));
	assert_int_equal(events(NULL, NOON + 5001, NOON + 65000), 1);
	assert_true(volume_says("no such event; the newest one is of "
				"12:00:05Z, 1 m ago"));
}

static void json_is_the_lines_as_they_are(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "started", ",'more':{'x':[1,2]}");
	event(0, 2, 1, "db", "started", "");
	volume_put("events.jsonl", file);
	asked.is_json = true;
	assert_int_equal(events("web", -1, NOON), 0);
	asked.is_json = false;
	*strchr(file, '\n') = '\0';
	for (char *at = file; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	assert_int_equal(strlen(volume.text), strlen(file) + 1);
	assert_memory_equal(volume.text, file, strlen(file));
}

/* In the order of the blocks that phrase_hidden() names; what is beside them
 * stays. */
#define HIDDEN "\x7f\xc2\x80\xc2\x9b" "31m\xd8\x9c\xe2\x80\x8b\xe2\x80\xa8" \
	"\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf"
#define SHOWN "\\u007f\\u0080\\u009b31m\\u061c\\u200b\\u2028\\u202e" \
	"\\u2066\\ufeff"
#define PLAIN "\xc2\xa0\xc3\xa9\xe2\x82\xac\xe2\x80\xa6\xf0\x9f\x98\x80"

static void json_hides_nothing_from_who_reads_it_on_a_terminal(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "started", ",'said':'" HIDDEN PLAIN "'");
	volume_put("events.jsonl", file);
	asked.is_json = true;
	assert_int_equal(events("web", -1, NOON), 0);
	asked.is_json = false;
	assert_non_null(strstr(volume.text, "\"said\":\"" SHOWN PLAIN "\""));
}

static int keep(void *context, const char *text, size_t size)
{
	strncat(context, text, size);
	return 0;
}

static void whatever_makes_json_escapes_the_same(void **state)
{
	char quoted[256], text[512] = "", line[256] = "";
	struct phrase w = PHRASE_IN(quoted);
	struct json j = { .put = keep, .context = text };
	const struct line_style style = { .name = "s", .stream = "stdout",
					  .is_json = true };
	const struct line said = { .text = HIDDEN PLAIN,
				   .length = strlen(HIDDEN PLAIN) };
	size_t taken;
	cJSON *o = cJSON_CreateObject();

	(void)state;
	phrase_add_json(&w, HIDDEN PLAIN);
	assert_string_equal(quoted, "\"" SHOWN PLAIN "\"");
	json_text(&j, o, "said", HIDDEN PLAIN);
	json_open(&j, NULL);
	json_member(&j, "o", o);
	json_close(&j);
	assert_int_equal(j.err, 0);
	assert_non_null(strstr(text, "\"" SHOWN PLAIN "\""));
	line_format(line, sizeof(line) - 1, &style, &said, &taken);
	assert_int_equal(taken, said.length);
	assert_non_null(strstr(line, "\"message\":\"" SHOWN PLAIN "\""));
}

static void damaged_lines_are_counted_and_left_out(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "started", "");
	strcat(file, "{'seq':2,'conta\n[]\n");
	used = strlen(file);
	event(0, 2, 1, "web", "ended", "");
	strcat(file, "{'seq':3,'is still being writ");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_true(volume_says("started of web"));
	assert_true(volume_says("ended of web"));
	assert_true(volume_says("2 lines that are no event were left out"));
}

static void a_line_that_is_too_long_is_left_out(void **state)
{
	static char big[READER_LINE + 1000];

	(void)state;
	memset(big, 'x', READER_LINE + 100);
	strcpy(big + READER_LINE + 100, "\n");
	event(0, 1, 0, "web", "started", "");
	strcat(big, file);
	volume_put("events.jsonl", big);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_true(volume_says("started of web"));
	assert_true(volume_says("1 lines that are no event were left out"));
}

static void nothing_reaches_the_terminal_but_text(void **state)
{
	(void)state;
	event(0, 1, 0, "w\\u001b[2Jb", "started\\u0007\\u009b2J\\u202e", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events(NULL, -1, NOON), 0);
	assert_null(strpbrk(volume.text, "\033\a"));
	assert_null(strstr(volume.text, "\xc2\x9b"));
	assert_null(strstr(volume.text, "\xe2\x80\xae"));
	assert_true(volume_says("w\\x1b[2Jb: started\\x07\\u009b2J\\u202e"));
}

static void an_unknown_name_or_no_file_is_said(void **state)
{
	(void)state;
	assert_int_equal(events(NULL, -1, NOON), 111);
	assert_true(volume_says("there is no events.jsonl in it"));
	event(0, 1, 0, "crash", "started", "");
	volume_put("events.jsonl", file);
	assert_int_equal(events("crahs", -1, NOON), 100);
	assert_true(volume_says("did you mean crash?"));
	assert_int_equal(events("x*", -1, NOON), 1);
	assert_int_equal(graph("x*", -1, NOON), 1);
}

/* A crash loop of 76 s, in 76 columns of one second. */
static void a_row_shows_runs_delays_blocks_and_probes(void **state)
{
	(void)state;
	event(0, 1, 0, NULL, "begin", "");
	event(0, 2, 0, "web", "started", "");
	event(0, 3, 4000, "web", "ended", FAILED);
	event(0, 4, 4000, "web", "backoff", "");
	event(0, 5, 8000, "web", "started", "");
	event(0, 6, 12000, "web", "ended", FAILED);
	event(0, 7, 12000, "web", "blocked", "");
	event(0, 8, 22000, "web", "started", ",'is_probe':true");
	event(0, 9, 30000, "web", "stable", "");
	event(0, 10, 40000, "web", "stopping", "");
	event(0, 11, 42000, "web", "stopped", "");
	event(0, 12, 50000, "web", "waiting", "");
	event(0, 13, 55000, "web", "latched", "");
	event(0, 14, 75999, "web", "nothing-known", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, -1, NOON), 0);
	assert_string_equal(row("web"),
		"|===X...====X#########\?\?\?\?\?\?\?\?==========ss----"
		"----wwwww!!!!!!!!!!!!!!!!!!!!!");
	assert_true(volume_says("2026-11-22 12:00:00Z to 12:01:15Z, a column "
				"is 1 s"));
	assert_true(volume_says("12:00:00 12:00:20 12:00:40"));
	assert_true(volume_says("# blocked"));
}

static void failures_in_one_column_are_counted(void **state)
{
	int seq = 1;

	(void)state;
	for (int cell = 0; cell < 4; cell++)
		for (int i = 0; i < cell * 4; i++)
			event(0, seq++, cell * 1000 + i, "web", "ended",
			      FAILED);
	event(0, seq++, 4000, "web", "started", "");
	event(0, seq++, 75998, "web", "stable", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, NOON, NOON + 75998), 0);
	assert_int_equal(strncmp(row("web"), "|48*====", 8), 0);
}

static void a_run_shorter_than_a_column_does_not_hide_the_rest(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "waiting", "");
	event(0, 2, 3000, "web", "started", "");
	event(0, 3, 3100, "web", "ended", "");
	event(0, 4, 3100, "web", "waiting", "");
	event(0, 5, 75999, "web", "done", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, NOON, NOON + 75999), 0);
	assert_null(strpbrk(row("web"), "=-"));
	assert_int_equal(strlen(row("web")), 76);
}

static void what_a_loss_hides_is_blank_and_said(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "started", "");
	event(0, 2, 10000, "db", "started", "");
	event(0, 9, 20000, "db", "ended", FAILED);
	event(0, 10, 30000, "web", "started", "");
	event(0, 11, 75999, "db", "done", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, NOON, NOON + 75999), 0);
	assert_int_equal(strncmp(row("web"),
				 "|=========                    ====", 34), 0);
	assert_true(volume_says("6 events are lost"));
}

static void each_start_of_the_container_is_a_bar_in_all_rows(void **state)
{
	(void)state;
	event(0, 1, 100, "web", "started", "");
	event(0, 2, 100, "old", "started", "");
	event(0, 3, 20000, "web", "ended", FAILED);
	event(0, 4, 21000, NULL, "exit", "");
	event(40000, 1, 40100, "web", "started", "");
	event(60000, 1, 60100, "web", "started", "");
	event(60000, 2, 75999, "web", "stable", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, NOON, NOON + 75999), 0);
	assert_string_equal(row("web"),
		"|===================X                   |==================="
		"|===============");
	/* The second container said nothing of it, and did not say its end. */
	assert_string_equal(row("old"),
		"|====================                   |                   "
		"|               ");
}

static void the_last_state_is_drawn_on_and_that_is_said(void **state)
{
	(void)state;
	event(0, 1, 0, "web", "started", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, NOON + 10000, NOON + 3600000), 0);
	assert_int_equal(strspn(row("web"), "="), strlen(row("web")));
	assert_true(volume_says("no event since 12:00:00Z: what was true then "
				"is drawn on"));
}

static void one_event_is_a_graph_of_one_column(void **state)
{
	(void)state;
	event(0, 7, 0, "web", "ended", FAILED);
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, -1, NOON + 1), 0);
	assert_string_equal(row("web"), "X");
}

static void the_graph_is_as_wide_as_asked(void **state)
{
	static const char *const widths[] = { "40", "80", "133" };

	(void)state;
	event(0, 1, 0, "a-service-with-a-name-of-forty-one-letters", "started",
	      "");
	event(0, 2, 999983, "web", "started", "");
	volume_put("events.jsonl", file);
	for (size_t i = 0; i < 3; i++) {
		size_t most = 0;
		char *line;

		setenv("COLUMNS", widths[i], 1);
		assert_int_equal(graph(NULL, -1, NOON), 0);
		assert_non_null(strstr(volume.text, "a-service-with-a-name-o~ |"
							 "="));
		for (line = strtok(volume.text, "\n"); line != NULL;
		     line = strtok(NULL, "\n"))
			if (strchr(line, '~') && strlen(line) > most)
				most = strlen(line);
		assert_in_range(most, atoi(widths[i]) - 1, atoi(widths[i]));
	}
}

static void a_clock_that_is_set_back_does_no_harm(void **state)
{
	(void)state;
	event(0, 1, 60000, "web", "started", "");
	event(0, 2, -60000, "web", "ended", FAILED);
	event(0, 3, 75999, "web", "started", "");
	event(0, 4, -90000, "web", "ended", FAILED);
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, -1, NOON), 0);
	assert_int_equal(graph(NULL, NOON + 60000, NOON + 1), 0);
	used = 0;
	event(60000, 1, 0, "web", "started", "");
	volume_put("events.jsonl", file);
	assert_int_equal(graph(NULL, -1, NOON), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, volume_teardown)
	const struct CMUnitTest tests[] = {
		TEST(events_are_lines_in_the_order_of_both_files),
		TEST(the_older_file_alone_is_enough),
		TEST(a_gap_is_said_also_to_who_asks_for_one_service),
		TEST(a_record_of_a_loss_is_no_gap_beside_itself),
		TEST(every_start_of_the_container_is_marked_once),
		TEST(since_leaves_out_what_is_older),
		TEST(json_is_the_lines_as_they_are),
		TEST(json_hides_nothing_from_who_reads_it_on_a_terminal),
		TEST(whatever_makes_json_escapes_the_same),
		TEST(damaged_lines_are_counted_and_left_out),
		TEST(a_line_that_is_too_long_is_left_out),
		TEST(nothing_reaches_the_terminal_but_text),
		TEST(an_unknown_name_or_no_file_is_said),
		TEST(a_row_shows_runs_delays_blocks_and_probes),
		TEST(failures_in_one_column_are_counted),
		TEST(a_run_shorter_than_a_column_does_not_hide_the_rest),
		TEST(what_a_loss_hides_is_blank_and_said),
		TEST(each_start_of_the_container_is_a_bar_in_all_rows),
		TEST(the_last_state_is_drawn_on_and_that_is_said),
		TEST(one_event_is_a_graph_of_one_column),
		TEST(the_graph_is_as_wide_as_asked),
		TEST(a_clock_that_is_set_back_does_no_harm),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
