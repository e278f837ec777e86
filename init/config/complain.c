/* SPDX-License-Identifier: ISC */
/* Collecting, sorting and printing mistakes; edit distance. */
#include "init/config/complain.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "init/config/sort.h"
#include "init/lib/format.h"

enum { LONGEST = 512, KEPT = 10000, NEAR_WORD = 48, NEAR_EDITS = 3 };

struct complaint {
	struct complaint *older;
	struct place where;
	const char *text;
};

void complain(struct complaints *c, struct place where, const char *form,
	      ...)
{
	struct complaint *new;
	char text[LONGEST];
	va_list args;

	if (c->count++ >= KEPT)
		return;
	new = arena_get(c->arena, sizeof(*new));
	va_start(args, form);
	format_list(text, sizeof(text), form, args);
	va_end(args);
	*new = (struct complaint){
		.older = c->newest,
		.where = where,
		.text = arena_copy(c->arena, text, strlen(text)),
	};
	c->newest = new;
}

static int by_place(const void *left, const void *right)
{
	const struct complaint *a = left, *b = right;

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

static void print(int fd, const struct complaint *c)
{
	char line[4 * LONGEST];
	size_t at = escaped(line, 0, LONGEST, c->where.file->name);

	if (c->where.line != 0)
		at += (size_t)format(line + at, 16, ":%u", c->where.line);
	line[at++] = ':';
	line[at++] = ' ';
	escaped(line, at, sizeof(line), c->text);
	format_fd(fd, "%s\n", line);
}

unsigned complain_print(struct complaints *c, int fd)
{
	void **sorted;
	unsigned i = 0, kept, told = 0;

	if (c->count == 0)
		return 0;
	sorted = arena_get(c->arena, KEPT * sizeof(*sorted));
	for (struct complaint *at = c->newest; at != NULL; at = at->older)
		sorted[i++] = at;
	kept = i;
	sort_pointers(sorted, kept, by_place);
	for (i = 0; i < kept; i++) {
		if (i > 0 && by_place(sorted[i - 1], sorted[i]) == 0)
			continue;
		if (told++ < COMPLAIN_MOST && fd >= 0)
			print(fd, sorted[i]);
	}
	told += c->count - kept;
	if (told > COMPLAIN_MOST && fd >= 0)
		format_fd(fd, "dashpot: and %u more mistakes\n",
			told - COMPLAIN_MOST);
	return told;
}

static unsigned char folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (insert, remove, replace, swap two neighbours) from a to b; both are
 * shorter than NEAR_WORD. */
static unsigned edits(const char *a, const char *b)
{
	unsigned row[3][NEAR_WORD + 1];
	size_t len_a = strlen(a), len_b = strlen(b);

	for (unsigned j = 0; j <= len_b; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3];
		const unsigned *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned char ca = folded(a[i - 1]);
			unsigned char cb = folded(b[j - 1]);

			now[j] = least(last[j - 1] + (ca != cb),
				       least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == folded(b[j - 2]) &&
			    cb == folded(a[i - 2]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[len_a % 3][len_b];
}

/* The letters of a word as a set of bits. */
static uint32_t letters(const char *word)
{
	uint32_t set = 0;

	for (; *word != '\0'; word++)
		set |= UINT32_C(1) << (folded(*word) & 31);
	return set;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word), size = strlen(candidate);
	size_t most = len / 3 < NEAR_EDITS ? len / 3 : NEAR_EDITS, missing = 0;
	unsigned distance;

	/* Each letter that only one of them has takes an edit. */
	for (uint32_t set = letters(n->word) & ~letters(candidate); set != 0;
	     set &= set - 1)
		missing++;
	if (len > NEAR_WORD || size > NEAR_WORD || size > len + most ||
	    len > size + most || missing > most)
		return;
	distance = edits(n->word, candidate);
	if (distance > most || (n->best != NULL && n->distance <= distance))
		return;
	n->best = candidate;
	n->distance = distance;
}
