/* SPDX-License-Identifier: ISC */
/* init/board/output_lines: the tails through reloads that move them. */
#include "tests/unit/config_world.h"

#include <stdlib.h>

#include "init/board/output_lines.h"

#define ABC(lines_of_b) \
	"[defaults]\ntail_lines = 4\n[service:a]\ncommand = x\n" \
	"[service:b]\ncommand = x\ntail_lines = " lines_of_b "\n" \
	"[service:c]\ncommand = x\n"

static struct board_lines *board;

static int begin(void **state)
{
	board = mmap(NULL, lines_size(), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return board == MAP_FAILED ? -1 : 0;
}

static int end(void **state)
{
	munmap(board, lines_size());
	return forget(state);
}

/* A relay that begins with this configuration. */
static void relay_with(const char *text)
{
	forget(NULL);
	load_text(text);
	assert_non_null(loaded.c);
	lines_recover(board, loaded.c);
}

static void append(uint32_t i, char text)
{
	struct lines_line line = { .length = 1, .text = { text } };

	lines_append(board, loaded.c, i, &line);
}

/* The text of all lines of service i that can be read. */
static const char *tail(uint32_t i)
{
	static char text[16];
	struct lines_line line;
	size_t used = 0;

	for (uint64_t n = 1; n <= lines_count(board, loaded.c, i); n++)
		if (lines_read(board, loaded.c, i, n, &line))
			text[used++] = line.text[0];
	text[used] = '\0';
	return text;
}

static void unmoved_tail_is_kept_and_a_moved_one_begins_anew(void **state)
{
	relay_with(ABC("4"));
	append(0, 'a');
	append(1, 'b');
	append(2, 'c');
	relay_with(ABC("4"));
	assert_string_equal(tail(2), "c");
	relay_with(ABC("2"));
	assert_string_equal(tail(0), "a");
	assert_string_equal(tail(1), "");
	assert_string_equal(tail(2), "");
	append(2, 'd');
	assert_string_equal(tail(2), "d");
}

static void reader_with_the_new_places_sees_nothing_of_the_old(void **state)
{
	relay_with(ABC("4"));
	append(2, 'c');
	forget(NULL);
	load_text(ABC("2")); /* the relay has not been replaced yet */
	assert_string_equal(tail(2), "");
}

static void tail_that_comes_back_to_its_place_has_no_lines_of_others(
	void **state)
{
	relay_with(ABC("4"));
	append(2, 'c');
	relay_with(ABC("9"));
	append(1, '1');
	relay_with(ABC("4"));
	assert_string_equal(tail(2), "");
}

static void next_service_at_an_index_has_no_lines_of_the_last(void **state)
{
	relay_with("[service:a]\ncommand = x\n");
	append(0, 'a');
	relay_with("[service:b]\ncommand = x\n");
	assert_string_equal(tail(0), "");
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unmoved_tail_is_kept_and_a_moved_one_begins_anew),
		TEST(reader_with_the_new_places_sees_nothing_of_the_old),
		TEST(tail_that_comes_back_to_its_place_has_no_lines_of_others),
		TEST(next_service_at_an_index_has_no_lines_of_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
