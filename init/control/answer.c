/* SPDX-License-Identifier: ISC */
/* A mapping without reservation as large as is allowed now, cut to what was
 * used once the answer is whole. */
#include "init/control/answer.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 }; /* where they are larger, cutting fails, harmlessly */

static struct answer answers[ANSWERS];
static size_t total;

struct answer *answer_new(size_t room)
{
	size_t kept = room > ANSWER_SMALL ? ANSWER_KEPT : 0;
	size_t left = total + kept < ANSWER_ALL ? ANSWER_ALL - kept - total : 0;
	struct answer *a = answers;
	void *map;

	while (a < answers + ANSWERS && a->text != NULL)
		a++;
	if (room > left)
		room = left / PAGE * PAGE;
	if (a == answers + ANSWERS || room < PAGE)
		return NULL;
	map = mmap(NULL, room, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	*a = (struct answer){ .text = map, .room = room, .holders = 1,
			      .json = { .put = answer_put, .context = a } };
	total += room;
	return a;
}

int answer_put(void *answer, const char *text, size_t size)
{
	struct answer *a = answer;

	if (a->json.err == 0 && size > a->room - a->used)
		a->json.err = -E2BIG;
	for (size_t i = 0; i < size && a->json.err == 0; i++)
		if (!a->is_flat || (text[i] != '\n' && text[i] != '\t'))
			a->text[a->used++] = text[i];
	return a->json.err;
}

void answer_end(struct answer *a)
{
	size_t kept = (a->used + PAGE - 1) / PAGE * PAGE;

	if (kept == 0)
		kept = PAGE;
	if (kept >= a->room || munmap(a->text + kept, a->room - kept) < 0)
		return;
	total -= a->room - kept;
	a->room = kept;
}

void answer_cut(struct answer *a, size_t size)
{
	memmove(a->text, a->text + size, a->used - size);
	a->used -= size;
}

void answer_drop(struct answer *a)
{
	if (a == NULL || --a->holders > 0)
		return;
	munmap(a->text, a->room);
	total -= a->room;
	a->text = NULL;
}
