/* SPDX-License-Identifier: ISC */
/* init/relay/loop, forward, stream and sink as the relay process: what comes
 * out of it, whatever goes in and however it ends. */
#include "relay_fixture.h"

static void lines_go_to_the_output_of_their_stream(void **state)
{
	struct fixture *f = *state;

	carry_start(f);
	put_text(0, "one\n");
	put_text(1, "two\n");
	FIXTURE_WAIT(has_got(0, "web | one\n"));
	FIXTURE_WAIT(has_got(1, "web | two\n"));
	carry_finish(f);
}

static void half_a_line_waits_for_the_rest(void **state)
{
	struct fixture *f = *state;

	carry_start(f);
	put_text(0, "hel");
	put_text(2, "other\n");
	FIXTURE_WAIT(has_got(0, "db | other\n"));
	fixture_sleep(20);
	assert_true(has_got(0, "db | other\n"));
	put_text(0, "lo\n");
	FIXTURE_WAIT(has_got(0, "db | other\nweb | hello\n"));
	carry_finish(f);
}

static void last_line_without_newline_gets_one_at_the_end(void **state)
{
	struct fixture *f = *state;

	fixture_service(f, 0)->log_prefix = CONFIG_NO_PREFIX;
	carry_start(f);
	put_text(0, "panic");
	inlet_close(0);
	FIXTURE_WAIT(has_got(0, "panic\n"));
	carry_finish(f);
	assert_true(has_got(0, "panic\n"));
}

static void last_line_without_newline_ends_before_the_next_run(void **state)
{
	struct fixture *f = *state;

	fixture_service(f, 0)->log_prefix = CONFIG_NO_PREFIX;
	f->boards.board->service[0].starts = 1;
	carry_start(f);
	put_text(0, "first, which a child holds open");
	FIXTURE_WAIT(lines_load(&lines_stream(f->boards.relay,
					      0)->span) != 0);
	fixture_sleep(5);
	f->boards.board->service[0].starts = 2;
	put_text(0, "second\n");
	FIXTURE_WAIT(has_got(0, "first, which a child holds open\nsecond\n"));
	carry_finish(f);
}

/* The relay's buffer is full, and what is behind it still in the pipe, when
 * the next run begins. */
static void line_that_is_read_in_parts_is_whole_at_the_next_run(void **state)
{
	enum { LINES = 2500, EACH = 50 };
	static char text[LINES * EACH];
	static const char line[EACH + 1] =
		"a line of fifty bytes that divides no buffer here\n";
	struct fixture *f = *state;
	struct lines_stream *s = lines_stream(f->boards.relay, 0);

	for (int i = 0; i < LINES; i++)
		memcpy(text + i * EACH, line, EACH);
	fixture_service(f, 0)->log_prefix = CONFIG_NO_PREFIX;
	f->boards.board->service[0].starts = 1;
	carry_start(f);
	put(0, text, sizeof(text));
	FIXTURE_WAIT(lines_load(&s->span) >> 32 == LINES_BUFFER);
	f->boards.board->service[0].starts = 2;
	carry_finish(f);
	assert_int_equal(outlets[0].used, sizeof(text));
	assert_memory_equal(outlets[0].text, text, sizeof(text));
}

static void last_line_without_newline_ends_when_dashpot_exits(void **state)
{
	struct fixture *f = *state;

	carry_start(f);
	put_text(0, "rest");
	carry_finish(f);
	assert_true(has_got(0, "web | rest\n"));
}

static void pipe_that_is_opened_again_is_read_again(void **state)
{
	struct fixture *f = *state;
	char path[64];

	carry_start(f);
	put_text(0, "one\n");
	inlet_close(0);
	FIXTURE_WAIT(has_got(0, "web | one\n"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->pipes[0]);
	for (int i = 0; i < 20; i++) {
		char want[32];

		inlet[0] = open(path, O_WRONLY | O_CLOEXEC);
		assert_true(inlet[0] >= 0);
		snprintf(want, sizeof(want), "web | %d\n", i);
		put_text(0, want + 6);
		inlet_close(0);
		FIXTURE_WAIT(strstr(got(0), want) != NULL);
	}
	carry_finish(f);
}

static void bytes_pass_unchanged(void **state)
{
	static char all[3 * 256], want[sizeof(all) + 16];
	struct fixture *f = *state;
	size_t used = 0;

	fixture_service(f, 0)->log_prefix = CONFIG_NO_PREFIX;
	for (size_t i = 0; i < sizeof(all); i++)
		if (i % 256 != '\n')
			all[used++] = (char)i;
	memcpy(want, all, used);
	memcpy(want + used, "\r\n\n\0\n", 5);
	carry_start(f);
	put(0, want, used + 5);
	FIXTURE_WAIT((got(0), outlets[0].used) >= used + 5);
	assert_int_equal(outlets[0].used, used + 5);
	assert_memory_equal(outlets[0].text, want, used + 5);
	carry_finish(f);
}

/* Fill `text` with a line of so many bytes and its newline. */
static char *make_line(size_t length, char c)
{
	char *text = malloc(length + 2);

	assert_non_null(text);
	memset(text, c, length);
	memcpy(text + length, "\n", 2);
	return text;
}

static void long_line_stays_one_line(void **state)
{
	static const size_t lengths[] = { LINES_BUFFER - 1, LINES_BUFFER,
					  LINES_BUFFER + 1, 5 * LINES_BUFFER,
					  1000000 };
	struct fixture *f = *state;

	fixture_service(f, 0)->log_prefix = CONFIG_NO_PREFIX;
	fixture_service(f, 1)->log_prefix = CONFIG_NO_PREFIX;
	carry_start(f);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *text = make_line(lengths[i], 'x');
		size_t before = outlets[0].used;
		pid_t writer = fork();

		assert_true(writer >= 0);
		if (writer == 0) { /* the pipe holds less than a line */
			put(0, text, lengths[i]);
			put_text(2, "other\n");
			usleep(1000);
			put_text(0, "\n");
			_exit(0);
		}
		FIXTURE_WAIT((got(0), outlets[0].used) - before >=
			     lengths[i] + 7);
		fixture_reap(writer);
		if (memcmp(outlets[0].text + before, "other\n", 6) == 0)
			assert_string_equal(outlets[0].text + before + 6,
					    text);
		else
			assert_memory_equal(outlets[0].text + before, text,
					    lengths[i] + 1);
		free(text);
	}
	carry_finish(f);
}

static void long_line_that_pauses_is_cut(void **state)
{
	struct fixture *f = *state;
	char *text = make_line(LINES_BUFFER, 'x');
	int64_t began_ms = clock_mono_ms();

	text[LINES_BUFFER] = '\0';
	carry_start(f);
	put_text(0, text);
	FIXTURE_WAIT(outlets[0].used + strlen(got(0)) > LINES_BUFFER);
	put_text(2, "other\n");
	FIXTURE_WAIT(strstr(got(0), "x\ndb | other\n") != NULL);
	assert_true(clock_mono_ms() - began_ms >= 900);
	put_text(0, "more\n");
	FIXTURE_WAIT(strstr(got(0), "other\nweb | more\n") != NULL);
	carry_finish(f);
	free(text);
}

static void endless_line_is_cut_at_a_mebibyte(void **state)
{
	enum { LENGTH = 3 << 20 };
	struct fixture *f = *state;
	char *text = make_line(LENGTH, 'x');
	pid_t writer;
	unsigned lines = 0;

	carry_start(f);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		put_text(0, text);
		_exit(0);
	}
	FIXTURE_WAIT((got(0), outlets[0].used) > LENGTH &&
		     outlets[0].text[outlets[0].used - 1] == '\n');
	fixture_reap(writer);
	carry_finish(f);
	for (const char *at = got(0); (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_in_range(lines, 3, 4);
	free(text);
}

static void long_json_message_goes_in_pieces(void **state)
{
	struct fixture *f = *state;
	char *text = make_line(3 * LINES_BUFFER, '"');
	size_t quotes = 0;
	pid_t writer;

	fixture_service(f, 0)->log_format = CONFIG_JSON_LINES;
	carry_start(f);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		put_text(0, text);
		put_text(0, "end\n");
		_exit(0);
	}
	FIXTURE_WAIT(strstr(got(0), "\"message\":\"end\"}\n") != NULL);
	fixture_reap(writer);
	carry_finish(f);
	for (const char *at = got(0); (at = strstr(at, "\\\"")) != NULL;
	     at += 2)
		quotes++;
	assert_int_equal(quotes, 3 * LINES_BUFFER);
	for (const char *at = outlets[0].text; *at != '\0';
	     at = strchr(at, '\n') + 1)
		assert_memory_equal(at, "{\"time\":\"", 9);
	free(text);
}

static void prefix_is_for_several_services_only(void **state)
{
	struct fixture *f = *state;

	for (uint32_t k = 2; k < STREAMS; k++)
		stream_of(f, k)->output = CONFIG_NULL;
	carry_start(f);
	put_text(0, "alone\n");
	FIXTURE_WAIT(has_got(0, "alone\n"));
	carry_finish(f);
}

static void last_lines_are_on_the_board(void **state)
{
	struct fixture *f = *state;
	struct lines_line line;
	char *text = make_line(LINES_TEXT + 1, 'y');

	f->boards.board->service[1].starts = 7;
	carry_start(f);
	put_text(3, "one\ntwo\n");
	FIXTURE_WAIT(lines_count(f->boards.relay, f->config, 1) == 2);
	put_text(2, text);
	put_text(2, "rest");
	inlet_close(2);
	FIXTURE_WAIT(lines_count(f->boards.relay, f->config, 1) == 4);
	assert_true(lines_read(f->boards.relay, f->config, 1, 2, &line));
	assert_int_equal(line.length, 3);
	assert_memory_equal(line.text, "two", 3);
	assert_int_equal(line.stream, 2);
	assert_int_equal(line.run, 7);
	assert_true(lines_read(f->boards.relay, f->config, 1, 3, &line));
	assert_int_equal(line.length, LINES_TEXT);
	assert_true(line.is_cut);
	assert_true(lines_read(f->boards.relay, f->config, 1, 4, &line));
	assert_int_equal(line.length, 4);
	assert_int_equal(line.stream, 1);
	carry_finish(f);
	free(text);
}

static void long_line_is_in_the_tail_once(void **state)
{
	struct fixture *f = *state;
	char *text = make_line(3 * LINES_BUFFER, 'y');

	carry_start(f);
	put_text(0, text);
	put_text(0, "next\n");
	FIXTURE_WAIT(strstr(got(0), "next\n") != NULL);
	assert_int_equal(lines_count(f->boards.relay, f->config, 0), 2);
	carry_finish(f);
	free(text);
}

/* Put lines into a stream until its pipe is full; how many bytes. */
static size_t fill(uint32_t k)
{
	size_t all = 0;
	ssize_t n;

	assert_int_equal(fcntl(inlet[k], F_SETFL, O_NONBLOCK), 0);
	for (int tries = 0; tries < 20; tries++) {
		while ((n = write(inlet[k], "0123456789abcde\n", 16)) > 0)
			all += (size_t)n;
		fixture_sleep(5);
	}
	assert_int_equal(fcntl(inlet[k], F_SETFL, 0), 0);
	return all;
}

static void stalled_stdout_stops_nothing_else(void **state)
{
	struct fixture *f = *state;
	size_t bytes;

	for (uint32_t i = 0; i < FIXTURE_SERVICES; i++)
		fixture_service(f, i)->log_prefix = CONFIG_NO_PREFIX;
	carry_start(f);
	bytes = fill(0); /* nobody reads stdout: the service blocks */
	assert_in_range(bytes, 65536, 300000);
	put_text(1, "stderr of the same\n");
	put_text(3, "another\n");
	FIXTURE_WAIT(strlen(got(1)) == 27);
	/* What a crash says last is known, though it cannot be printed. */
	put_text(2, "last words\n");
	FIXTURE_WAIT(lines_count(f->boards.relay, f->config, 1) == 2);
	FIXTURE_WAIT((got(0), outlets[0].used) == bytes + 11);
	carry_finish(f);
}

static void events_are_drained_when_the_pipes_are(void **state)
{
	struct fixture *f = *state;
	const int64_t n[8] = { 0 };

	carry_start(f);
	for (int i = 1; i <= 100; i++) {
		put_text(0, "x\n");
		board_event(f->boards.board, BOARD_EV_NONE, 0,
			    clock_mono_ms(), clock_wall_ms(), n);
		fixture_publish(f);
		FIXTURE_WAIT(atomic_load(&f->boards.relay->drained) ==
			     (unsigned)i);
		assert_int_equal(lines_count(f->boards.relay, f->config, 0),
				 i);
	}
	carry_finish(f);
}

static void output_and_messages_share_stderr_line_by_line(void **state)
{
	struct fixture *f = *state;
	const int64_t n[8] = { 0 };
	unsigned mine = 0, theirs = 0;
	char *text = make_line(LINES_BUFFER + 5, 'z');

	fixture_service(f, 0)->log_prefix = CONFIG_NO_PREFIX;
	carry_start(f);
	for (int i = 0; i < 50; i++) {
		put_text(1, text);
		board_event(f->boards.board, BOARD_EV_DONE, 0,
			    clock_mono_ms(), clock_wall_ms(), n);
		fixture_publish(f);
		got(1);
	}
	carry_finish(f);
	for (const char *at = got(1); *at != '\0'; at = strchr(at, '\n') + 1) {
		if (strncmp(at, text, strlen(text)) == 0)
			theirs++;
		else if (strncmp(at, "dashpot: web: done\n", 19) == 0)
			mine++;
		else
			fail_msg("not a line: %.80s", at);
	}
	assert_int_equal(mine, 50);
	assert_int_equal(theirs, 50);
	free(text);
}

static void nonsense_on_the_board_is_thrown_away(void **state)
{
	struct fixture *f = *state;
	int fd = f->boards.relay_fd;
	struct board_lines *b = mmap(NULL, f->boards.lines_size,
				     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_true(b != MAP_FAILED);
	srand(1);
	for (int round = 0; round < 60; round++) {
		size_t end = round % 2 == 0 ?
				     sizeof(*b) + STREAMS * 128 : sizeof(*b);

		for (size_t i = 0; i < end; i++)
			((unsigned char *)b)[i] = (unsigned char)rand();
		if (round % 3 == 0) /* a commit that may seem to be one */
			atomic_store(&b->puts.count, (unsigned)rand() % 9);
		atomic_store(&b->printed, 0);
		carry_start(f);
		inlet_close(0);
		close(f->pipes[0]);
		inlet_open(f, 0);
		fixture_sleep(1);
		assert_int_equal(WEXITSTATUS(carry_end(SIGTERM)), 0);
		got(0);
		got(1);
		outlets[0].used = outlets[1].used = 0;
	}
	memset(b, 0, f->boards.lines_size);
	munmap(b, f->boards.lines_size);
	carry_start(f);
	put_text(0, "well\n");
	FIXTURE_WAIT(strstr(got(0), "well\n") != NULL);
	carry_finish(f);
}

enum { LINE = 64, LINES = 40000 };

/* A child that writes LINES lines of LINE bytes: stream, number, filler. */
static pid_t start_writer(uint32_t k)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	srand(k);
	for (int n = 0; n < LINES; n++) {
		char line[2 * LINE];
		int split = rand() % LINE;

		if (snprintf(line, sizeof(line), "%u %06d %0*d\n", k, n,
			     LINE - 10, n) != LINE)
			_exit(1);
		if (write(inlet[k], line, (size_t)split) != split ||
		    write(inlet[k], line + split, (size_t)(LINE - split)) !=
			    LINE - split)
			_exit(1);
		if (n % 200 == 0) /* it lives as long as many relays */
			usleep(2000);
	}
	_exit(0);
}

/* What became of the lines of a stream. */
struct fate {
	unsigned missing, again, broken;
	int last;
};

static void judge(const char *text, struct fate fate[STREAMS])
{
	for (uint32_t k = 0; k < STREAMS; k++)
		fate[k] = (struct fate){ .last = -1 };
	for (const char *at = text, *end; *at != '\0'; at = end + 1) {
		char want[LINE + 1];
		unsigned k;
		int n;

		end = strchr(at, '\n');
		assert_non_null(end);
		if (strncmp(at, "dashpot: ", 9) == 0)
			continue;
		if (sscanf(at, "%u %06d ", &k, &n) != 2 || k >= STREAMS) {
			fate[0].broken++;
			continue;
		}
		snprintf(want, sizeof(want), "%u %06d %0*d\n", k, n, LINE - 10,
			 n);
		if (strncmp(at, want, LINE) != 0) {
			fate[k].broken++;
		} else if (n <= fate[k].last) {
			fate[k].again++;
		} else {
			fate[k].missing += (unsigned)(n - fate[k].last - 1);
			fate[k].last = n;
		}
	}
	for (uint32_t k = 0; k < STREAMS; k++)
		fate[k].missing += (unsigned)(LINES - 1 - fate[k].last);
}

/* Let all streams print while the relay is ended by this signal again and
 * again; how often. */
static unsigned storm(struct fixture *f, int number, struct fate fate[STREAMS],
		      struct fate other[STREAMS])
{
	unsigned ends = 0, done = 0;
	pid_t writer[STREAMS];

	for (uint32_t i = 0; i < FIXTURE_SERVICES; i++)
		fixture_service(f, i)->log_prefix = CONFIG_NO_PREFIX;
	for (uint32_t k = 0; k < STREAMS; k++)
		writer[k] = start_writer(k);
	srand(7);
	while (done < STREAMS) {
		carry_start(f);
		for (int t = rand() % 8; t > 0; t--) {
			got(0);
			got(1);
			usleep((unsigned)rand() % 700);
		}
		carry_end(number);
		ends++;
		for (uint32_t k = 0; k < STREAMS; k++)
			if (writer[k] > 0 &&
			    waitpid(writer[k], NULL, WNOHANG) == writer[k]) {
				writer[k] = 0;
				inlet_close(k);
				done++;
			}
	}
	carry_start(f);
	carry_finish(f);
	judge(got(0), fate);
	judge(got(1), other);
	return ends;
}

static void terminated_relay_loses_and_repeats_nothing(void **state)
{
	struct fate fate[2][STREAMS];
	unsigned ends = storm(*state, SIGTERM, fate[0], fate[1]);

	assert_true(ends >= 20);
	for (uint32_t k = 0; k < STREAMS; k++) {
		assert_int_equal(fate[k % 2][k].missing, 0);
		assert_int_equal(fate[k % 2][k].again, 0);
		assert_int_equal(fate[k % 2][k].broken, 0);
		assert_int_equal(fate[(k + 1) % 2][k].last, -1);
	}
	print_message("terminated %u times\n", ends);
}

static void killed_relay_tears_one_buffer_and_says_so(void **state)
{
	struct fixture *f = *state;
	struct fate fate[2][STREAMS];
	unsigned ends = storm(f, SIGKILL, fate[0], fate[1]);
	unsigned hurt = 0, all = 0;

	assert_true(ends >= 20);
	for (uint32_t k = 0; k < STREAMS; k++) {
		const struct fate *is = &fate[k % 2][k];

		/* Each kill tears one read or write. */
		assert_true((is->missing + is->again) * LINE <=
			    ends * (LINES_READ + 2 * LINE));
		assert_true(is->broken <= 2 * ends);
		hurt += is->missing + is->again + is->broken;
		all += LINES;
	}
	assert_true(hurt < all / 4);
	if (hurt > 0)
		assert_true(count_news(f->boards.relay, BOARD_EV_OUTPUT_TORN,
				       NULL) > 0);
	print_message("killed %u times: %u of %u lines lost, repeated or "
		      "broken; said %u times\n", ends, hurt, all,
		      count_news(f->boards.relay, BOARD_EV_OUTPUT_TORN, NULL));
}

static void untorn_kill_is_not_called_torn(void **state)
{
	struct fixture *f = *state;

	carry_start(f);
	put_text(0, "whole\nhalf");
	FIXTURE_WAIT(has_got(0, "web | whole\n"));
	fixture_sleep(10);
	carry_end(SIGKILL);
	carry_start(f);
	put_text(0, " and half\n");
	FIXTURE_WAIT(has_got(0, "web | whole\nweb | half and half\n"));
	carry_finish(f);
	assert_int_equal(atomic_load(&f->boards.relay->news.count), 0);
}

static void last_words_have_the_last_line_in_them(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[1];
	const int64_t n[8] = { 3 };

	row->starts = 1;
	carry_start(f);
	put_text(3, "config: no such key\r\n\n \n");
	FIXTURE_WAIT(lines_count(f->boards.relay, f->config, 1) == 3);
	row->ends_count = 1;
	row->ends[0] = (struct board_end){ .cause = BOARD_EXITED, .code = 3,
					   .run = 1, .started_ms = -1 };
	board_event(f->boards.board, BOARD_EV_EXIT, 1, clock_mono_ms(),
		    clock_wall_ms(), n);
	carry_finish(f);
	assert_non_null(strstr(got(1), "dashpot: db: exited with code 3; last "
				       "line: \"config: no such key\"; dashpot "
				       "exits with code 3\n"));
}

#define CARRIED_TEST(test)                                                  \
	cmocka_unit_test_setup_teardown(test, carry_setup, carry_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARRIED_TEST(lines_go_to_the_output_of_their_stream),
		CARRIED_TEST(half_a_line_waits_for_the_rest),
		CARRIED_TEST(last_line_without_newline_gets_one_at_the_end),
		CARRIED_TEST(
			last_line_without_newline_ends_before_the_next_run),
		CARRIED_TEST(
			line_that_is_read_in_parts_is_whole_at_the_next_run),
		CARRIED_TEST(last_line_without_newline_ends_when_dashpot_exits),
		CARRIED_TEST(pipe_that_is_opened_again_is_read_again),
		CARRIED_TEST(bytes_pass_unchanged),
		CARRIED_TEST(long_line_stays_one_line),
		CARRIED_TEST(long_line_that_pauses_is_cut),
		CARRIED_TEST(endless_line_is_cut_at_a_mebibyte),
		CARRIED_TEST(long_json_message_goes_in_pieces),
		CARRIED_TEST(prefix_is_for_several_services_only),
		CARRIED_TEST(last_lines_are_on_the_board),
		CARRIED_TEST(long_line_is_in_the_tail_once),
		CARRIED_TEST(stalled_stdout_stops_nothing_else),
		CARRIED_TEST(events_are_drained_when_the_pipes_are),
		CARRIED_TEST(output_and_messages_share_stderr_line_by_line),
		CARRIED_TEST(nonsense_on_the_board_is_thrown_away),
		CARRIED_TEST(terminated_relay_loses_and_repeats_nothing),
		CARRIED_TEST(killed_relay_tears_one_buffer_and_says_so),
		CARRIED_TEST(untorn_kill_is_not_called_torn),
		CARRIED_TEST(last_words_have_the_last_line_in_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
