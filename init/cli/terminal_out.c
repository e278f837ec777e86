/* SPDX-License-Identifier: ISC */
/* One buffer, one column counter. A character is a column: what is wider is
 * rare in logs, and only the breaks of lines suffer. */
#include "init/cli/terminal_out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"
#include "init/text/json_writer.h"
#include "init/text/wording.h"

void out_begin(struct out *o, int fd)
{
	const char *columns = getenv("COLUMNS"), *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	struct winsize size = { .ws_col = 80 };
	bool is_terminal = isatty(fd) == 1;
	uint64_t width;

	if (is_terminal)
		(void)ioctl(fd, TIOCGWINSZ, &size); /* stays 80 */
	width = size.ws_col == 0 ? 80 : size.ws_col;
	if (columns != NULL && *columns >= '1' && *columns <= '9')
		width = scan_unsigned(&columns, 10);
	*o = (struct out){
		.fd = fd,
		.is_coloured = is_terminal && (no == NULL || *no == '\0') &&
			       (term == NULL || strcmp(term, "dumb") != 0),
		.is_whole = !is_terminal && columns == NULL,
		.width = width < OUT_NARROW ? OUT_NARROW :
			 width > OUT_WIDE   ? OUT_WIDE :
					      (unsigned)width,
	};
}

static void flush(struct out *o)
{
	size_t at = 0;

	while (at < o->used && o->err == 0) {
		ssize_t n = write(o->fd, o->buffer + at, o->used - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			o->err = -errno;
	}
	o->used = 0;
}

void out_raw(struct out *o, const char *bytes, size_t size)
{
	while (size > 0) {
		size_t room = sizeof(o->buffer) - o->used;
		size_t n = size < room ? size : room;

		memcpy(o->buffer + o->used, bytes, n);
		o->used += n;
		bytes += n;
		size -= n;
		if (o->used == sizeof(o->buffer))
			flush(o);
	}
}

/* The character at text as it may be shown, in `to`; returns its bytes. */
static size_t show(const char *text, char to[8], unsigned *columns)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = phrase_utf8_length(text);
	unsigned c = phrase_hidden(text);

	*columns = 1;
	if (*s == '\t')
		*columns = (unsigned)format(to, 8, "    ");
	else if (n == 0 || *s < 0x20 || c == 0x7f)
		*columns = (unsigned)format(to, 8, "\\x%02x", *s);
	else if (c != 0)
		*columns = (unsigned)format(to, 8, "\\u%04x", c);
	else
		format(to, 8, "%.*s", (int)n, text);
	return n == 0 ? 1 : n;
}

static int put_raw(void *o, const char *text, size_t size)
{
	out_raw(o, text, size);
	return 0;
}

void out_json(struct out *o, struct json_value value)
{
	struct json j = { .put = put_raw, .context = o };

	json_put(&j, value.at, (size_t)(value.end - value.at));
}

static void put(struct out *o, const char *text, size_t size)
{
	char shown[8];
	unsigned columns;

	for (const char *end = text + size; text < end;) {
		text += show(text, shown, &columns);
		out_raw(o, shown, strlen(shown));
		o->column += columns;
	}
}

void out_text(struct out *o, const char *text)
{
	put(o, text, strlen(text));
}

void out_add(struct out *o, const char *form, ...)
{
	char text[OUT_ADD];
	va_list args;

	va_start(args, form);
	format_list(text, sizeof(text), form, args);
	va_end(args);
	out_text(o, text);
}

static unsigned columns_of(const char *text, size_t size)
{
	char shown[8];
	unsigned sum = 0, columns;

	for (const char *end = text + size; text < end; sum += columns)
		text += show(text, shown, &columns);
	return sum;
}

unsigned out_columns(const char *text)
{
	return columns_of(text, strlen(text));
}

void out_wrap(struct out *o, unsigned indent, const char *text)
{
	while (*text != '\0') {
		size_t blanks = strspn(text, " ");
		size_t word = strcspn(text + blanks, " ");
		unsigned columns = columns_of(text + blanks, word);

		if (o->column > indent &&
		    o->column + blanks + columns > o->width) {
			out_line(o);
			out_to(o, indent);
			blanks = 0;
			text += strspn(text, " ");
		}
		put(o, text, blanks + word);
		text += blanks + word;
	}
}

void out_to(struct out *o, unsigned column)
{
	if (o->column >= column && o->column > 0) {
		out_text(o, " ");
		return;
	}
	while (o->column < column)
		out_text(o, " ");
}

void out_line(struct out *o)
{
	out_raw(o, "\n", 1);
	o->column = 0;
}

void out_text_line(struct out *o, const char *text)
{
	out_text(o, text);
	out_line(o);
}

void out_json_line(struct out *o, struct json_value value)
{
	out_json(o, value);
	out_raw(o, "\n", 1);
}

void out_style(struct out *o, enum out_style style)
{
	static const char *const codes[] = {
		[OUT_PLAIN] = "\033[0m",   [OUT_BOLD] = "\033[1m",
		[OUT_FAINT] = "\033[2m",   [OUT_RED] = "\033[31m",
		[OUT_YELLOW] = "\033[33m", [OUT_GREEN] = "\033[32m",
		[OUT_CYAN] = "\033[36m",
	};

	if (o->is_coloured)
		out_raw(o, codes[style], strlen(codes[style]));
}

void out_styled(struct out *o, enum out_style style, const char *text)
{
	out_style(o, style);
	out_text(o, text);
	out_style(o, OUT_PLAIN);
}

void out_begin_row(struct out *o, const char *word)
{
	out_text(o, "  ");
	out_styled(o, OUT_CYAN, word);
	out_to(o, OUT_ROW);
	o->indent = OUT_ROW;
}

void out_row(struct out *o, const char *word, const char *text)
{
	out_begin_row(o, word);
	out_wrap(o, OUT_ROW, text);
	out_line(o);
}

int out_end(struct out *o)
{
	flush(o);
	return o->err;
}

void out_time(struct out *o, int64_t time_ms, int64_t now_ms)
{
	enum { DAY_MS = 86400000 };
	bool is_today = time_ms / DAY_MS == now_ms / DAY_MS;
	char text[PHRASE_TIME];

	phrase_time(text, time_ms);
	text[10] = ' ';
	memcpy(text + 19, "Z", 2);
	out_wrap(o, o->indent, time_ms < 0 ? "an unknown time" :
			       is_today	   ? text + 11 :
					     text);
}

void out_distance(struct out *o, int64_t time_ms, int64_t now_ms)
{
	bool is_future = time_ms > now_ms;
	char text[48] = "";
	struct phrase w = PHRASE_IN(text);

	phrase_add(&w, is_future ? "in " : "");
	phrase_duration(&w, is_future ? time_ms - now_ms : now_ms - time_ms);
	phrase_add(&w, is_future ? "" : " ago");
	out_wrap(o, o->indent, text);
}
