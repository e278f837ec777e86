/* SPDX-License-Identifier: ISC */
/* libFuzzer on a line of output: whatever a service prints, what goes out is
 * one line; in JSON it is an object that says where it came from, and all of
 * the text is in it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/board/output_lines.h"
#include "init/relay/line_format.h"
#include "init/relay/object.h"
#include "init/text/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *why)
{
	fprintf(stderr, "fuzz_line: %s\n", why);
	abort();
}

/* What another reader of the same grammar takes it for. */
static struct json_value document_at(const char *text, size_t length)
{
	static char copy[LINES_OUT + 1];

	memcpy(copy, text, length);
	copy[length] = '\0';
	return json_document(copy, length, NULL);
}

static bool is_object(struct json_value value)
{
	return value.at != NULL && *value.at == '{';
}

/* How deep it can be at most. */
static unsigned count_openings(const char *text, size_t length)
{
	unsigned n = 0;

	for (size_t i = 0; i < length; i++)
		n += text[i] == '{' || text[i] == '[';
	return n;
}

static bool is_utf8(const char *text, size_t length)
{
	for (size_t i = 0, n; i < length; i += n) {
		n = object_char(text + i, length - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* Both readers have to agree: one of them does not look at UTF-8, and takes
 * less depth. */
static void check_agreement(const char *text, size_t length)
{
	struct object found;
	bool is_mine = object_scan(text, length, &found);
	bool is_theirs = is_object(document_at(text, length));

	if (is_mine && (found.behind > length || text[found.behind - 1] != '{'))
		die("its brace is elsewhere");
	if (is_mine && !is_theirs && count_openings(text, length) <= JSON_DEPTH)
		die("an object that nobody else takes for one");
	if (is_theirs && !is_mine && is_utf8(text, length))
		die("an object that is not seen");
}

/* A line of JSON is an object and says where it came from. */
static void check_object(const char *line, size_t length)
{
	struct object found;

	if (!object_scan(line, length, &found) || !found.has_service ||
	    !found.has_stream)
		die("no object, or says not where it came from");
	check_agreement(line, length);
}

static void check_line(const char *line, size_t length, bool is_open)
{
	const char *end = memchr(line, '\n', length);

	if (is_open ? end != NULL : end != line + length - 1)
		die("not one line");
}

/* Bits of the first byte: JSON, open, a middle piece, the prefix; the rest is
 * the text, up to a newline. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[LINES_OUT];
	const char *text = (const char *)data + 1, *end;
	struct line_style style = { .name = "web", .stream = "stdout" };
	struct line line = { .text = text };
	size_t taken, used;

	if (size == 0 || size > LINES_BUFFER)
		return 0;
	end = memchr(text, '\n', size - 1);
	line.length = end != NULL ? (size_t)(end - text) : size - 1;
	line.is_open = (data[0] & 2) != 0;
	line.is_mid = (data[0] & 4) != 0;
	style.is_json = (data[0] & 1) != 0;
	style.prefix = (enum config_prefix)((data[0] >> 3) % 3);
	check_agreement(text, line.length);
	while (line.length > 0) {
		used = line_format(out, sizeof(out), &style, &line, &taken);
		if (used == 0 || used > sizeof(out) || taken == 0 ||
		    taken > line.length)
			die("no progress");
		check_line(out, used, line.is_open && !style.is_json);
		if (style.is_json)
			check_object(out, used);
		else if (taken != line.length ||
			 memcmp(out + used - taken - !line.is_open, text,
				taken) != 0)
			die("text was changed");
		line.text += taken;
		line.length -= taken;
		line.is_mid = true;
	}
	return 0;
}
