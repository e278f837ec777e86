/* SPDX-License-Identifier: ISC */
/* Collecting, sorting and printing. */
#include "init/loader/mistakes.h"

#include <stdarg.h>
#include <string.h>

#include "init/kernel/print.h"
#include "init/lib/format.h"
#include "init/lib/sort.h"

enum { LONGEST = 512, KEPT = 10000 };

struct mistake {
	struct mistake *older;
	struct place where;
	const char *text;
};

void mistake(struct mistakes *c, struct place where, const char *form,
	     ...)
{
	struct mistake *new;
	char text[LONGEST];
	va_list args;

	if (c->count++ >= KEPT)
		return;
	new = arena_get(c->arena, sizeof(*new));
	va_start(args, form);
	format_list(text, sizeof(text), form, args);
	va_end(args);
	*new = (struct mistake){
		.older = c->newest,
		.where = where,
		.text = arena_copy(c->arena, text, strlen(text)),
	};
	c->newest = new;
}

static int by_place(const void *left, const void *right)
{
	const struct mistake *a = left, *b = right;

	if (a->where.file->number != b->where.file->number)
		return a->where.file->number < b->where.file->number ? -1 : 1;
	if (a->where.line != b->where.line)
		return a->where.line < b->where.line ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* Append s to the line of `size` bytes at `at`, escaped; returns its end. */
static size_t escaped(char *line, size_t at, size_t size, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	for (; *s != '\0' && at + 6 < size; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= ' ' && c < 0x7f) {
			line[at++] = *s;
			continue;
		}
		line[at++] = '\\';
		line[at++] = 'x';
		line[at++] = hex[c >> 4];
		line[at++] = hex[c & 15];
	}
	line[at] = '\0';
	return at;
}

static void print(int fd, const struct mistake *c)
{
	char line[4 * LONGEST];
	size_t at = escaped(line, 0, LONGEST, c->where.file->name);

	if (c->where.line != 0)
		at += (size_t)format(line + at, 16, ":%u", c->where.line);
	line[at++] = ':';
	line[at++] = ' ';
	escaped(line, at, sizeof(line), c->text);
	print_fd(fd, "%s\n", line);
}

unsigned mistakes_print(struct mistakes *c, int fd)
{
	void **sorted;
	unsigned i = 0, kept, told = 0;

	if (c->count == 0)
		return 0;
	sorted = arena_get(c->arena, KEPT * sizeof(*sorted));
	for (struct mistake *at = c->newest; at != NULL; at = at->older)
		sorted[i++] = at;
	kept = i;
	sort_pointers(sorted, kept, by_place);
	for (i = 0; i < kept; i++) {
		if (i > 0 && by_place(sorted[i - 1], sorted[i]) == 0)
			continue;
		if (told++ < MISTAKES_MOST && fd >= 0)
			print(fd, sorted[i]);
	}
	told += c->count - kept;
	if (told > MISTAKES_MOST && fd >= 0)
		print_fd(fd, "dashpot: and %u more mistakes\n",
			told - MISTAKES_MOST);
	return told;
}
