/* SPDX-License-Identifier: ISC */
/* Events that are not followed are put into a file in memory, so that they are
 * read like the file on the volume. */
#include "init/cli/fetch.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "init/cli/volume_reader.h"
#include "init/kernel/die.h"
#include "init/kernel/print.h"

/* Ask; false when there is no answer, or none of use, and that is said. */
static bool get(struct query *a, struct json_value *answer)
{
	int err = query_try(a, answer);
	char text[800] = "";
	struct phrase w = PHRASE_IN(text);

	if (err == 0 && !query_is_error(*answer))
		return true;
	if (err < 0 && a->control != NULL)
		query_fail(a, err);
	if (err == 0 && (a->control != NULL ||
			 !json_is(json_get(*answer, "code"), "internal")))
		query_refuse(a, *answer);
	if (err < 0)
		socket_describe(&w, a->control, a->place, err);
	else
		json_to_text(json_get(*answer, "error"), text, sizeof(text));
	print_fd(STDERR_FILENO, "dashpot: %s: %s; reading %s instead\n",
		  a->word, text, reader_directory(NULL));
	return false;
}

void fetch_refuse_both(const char *word, const char *dir, const char *control)
{
	if (dir != NULL && control != NULL)
		die_text(DIE_USAGE, "%s: --dir reads a volume, --control asks "
			 "a running dashpot: give one", word);
}

struct json_value fetch_report(const char *word, const char *control)
{
	static struct query a;
	struct json_value answer = { NULL, NULL };

	query_begin(&a, "status", control);
	a.word = word;
	if (!get(&a, &answer))
		return (struct json_value){ NULL, NULL };
	answer = json_get(answer, "report");
	if (answer.at == NULL)
		query_fail(&a, -EPROTO);
	return answer;
}

/* The events of a list as lines; a descriptor at the first of them. */
static int put_lines(struct json_value events)
{
	int fd = memfd_create("events", MFD_CLOEXEC);
	struct json_value event;

	if (fd < 0)
		die_system("memfd_create", errno);
	while (json_next(&events, NULL, &event)) {
		union {
			const void *from;
			void *to;
		} text = { .from = event.at }, newline = { .from = "\n" };
		struct iovec parts[2] = {
			{ text.to, (size_t)(event.end - event.at) },
			{ newline.to, 1 },
		};

		if (writev(fd, parts, 2) != event.end - event.at + 1)
			die_system("memory for events", ENOSPC);
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		die_system("lseek", errno);
	return fd;
}

int fetch_events(struct query *a, const char *control, const char *name,
		bool is_followed)
{
	struct json_value answer;
	int err;

	/* The events of one service alone would not show which are lost, so
	 * all are asked for; whether there is such a service, is not said. */
	if (name != NULL) {
		query_begin(a, "health", control);
		a->word = "events";
		query_add_names(a, &name, 1);
		if (is_followed)
			(void)query_get(a);
		else if (!get(a, &answer))
			return -1;
	}
	query_begin(a, "events", control);
	if (!is_followed)
		return get(a, &answer) ?
			       put_lines(json_get(answer, "events")) :
			       -1;
	phrase_add(&a->line, " follow");
	err = query_stream(a);
	if (err < 0)
		query_fail(a, err);
	return a->fd;
}
