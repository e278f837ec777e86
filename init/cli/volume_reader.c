/* SPDX-License-Identifier: ISC */
/* Files are opened once and read to their end: one that is replaced
 * meanwhile is still read whole. */
#include "init/cli/volume_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "init/config/name_pattern.h"
#include "init/kernel/die.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"

const char *reader_directory(const char *given)
{
	const char *dir = given != NULL ? given : getenv("DASHPOT_DIAGNOSTICS");

	return dir != NULL && *dir != '\0' ? dir : "/var/lib/dashpot";
}

static _Noreturn void refuse(const char *dir, const char *name, int err)
{
	die_text(DIE_SYSTEM, "%s/%s: %s", dir, name, errors_text(err));
}

/* A file in the directory, or -ENOENT. */
static int open_file(const char *dir, const char *name)
{
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, err;
	struct stat s;

	if (at < 0)
		die_text(DIE_SYSTEM,
			 "%s: %s; name the diagnostics volume with --dir DIR",
			 dir, errors_text(errno));
	/* A FIFO of that name must not make it wait. */
	fd = openat(at, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	err = fd < 0 ? errno : 0;
	close(at);
	if (err != 0 && err != ENOENT)
		refuse(dir, name, err);
	if (err != 0)
		return -err;
	if (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))
		die_text(DIE_SYSTEM, "%s/%s: is no regular file", dir, name);
	return fd;
}

static ssize_t read_some(int fd, char *to, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, to, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

void *reader_take(size_t size)
{
	void *piece = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (piece == MAP_FAILED)
		die_system("memory", errno);
	return piece;
}

/* The whole file and a NUL; its size in *size. */
static const char *read_all(int fd, const char *dir, const char *name,
			    size_t *size)
{
	struct stat s;
	char *text;
	ssize_t n;

	if (fstat(fd, &s) < 0 || s.st_size > READER_DOCUMENT)
		die_text(DIE_SYSTEM, "%s/%s: is larger than %d MiB, the most "
			 "that is read", dir, name,
			 READER_DOCUMENT >> 20);
	text = reader_take((size_t)s.st_size + 1);
	*size = 0;
	while ((n = read_some(fd, text + *size,
			      (size_t)s.st_size - *size)) > 0)
		*size += (size_t)n;
	if (n < 0)
		refuse(dir, name, errno);
	text[*size] = '\0';
	return text;
}

/* What is wrong with a document, as a line for a person. */
static void check(struct json_value all, size_t where, const char *dir,
		  const char *name)
{
	char version[32];
	int64_t schema = json_to_int(json_get(all, "schema"), 0);

	if (all.at == NULL || schema < 1)
		die_text(DIE_SYSTEM,
			 "%s/%s: is not what dashpot wrote (%s at byte %zu): "
			 "something else damaged "
			 "it; `dashpot events` does not need it",
			 dir, name, all.at == NULL ? "no JSON" : "no schema",
			 where);
	if (schema > READER_SCHEMA)
		die_text(DIE_SYSTEM,
			 "%s/%s: has schema %lld and this dashpot knows %d: "
			 "use dashpot %s, which wrote it, or a newer one",
			 dir, name, (long long)schema, READER_SCHEMA,
			 json_to_text(json_get(all, "dashpot"), version,
				   sizeof(version)));
}

struct json_value reader_document(const char *dir, const char *name,
				  bool is_needed)
{
	int fd = open_file(dir, name);
	size_t size, where = 0;
	const char *text;
	struct json_value all;

	if (fd < 0 && !is_needed)
		return (struct json_value){ NULL, NULL };
	if (fd < 0)
		die_text(DIE_SYSTEM,
			 "%s: there is no %s in it: it is no diagnostics "
			 "volume, or nothing was written yet", dir, name);
	text = read_all(fd, dir, name, &size);
	close(fd);
	all = json_document(text, size, &where);
	if (is_needed)
		check(all, where, dir, name);
	return all;
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	       x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

void reader_close(struct reader *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->fd[i] >= 0)
			close(r->fd[i]);
		r->fd[i] = -1;
	}
}

static char *buffer; /* of the one reader that is open */

bool reader_open(struct reader *r, const char *dir)
{
	*r = (struct reader){ .fd = { -1, -1 } };
	/* The newer one first: when it was rotated in between, it is found
	 * again under its new name, and a newer one is there. */
	for (int tries = 0; tries < 3; tries++) {
		reader_close(r);
		r->fd[1] = open_file(dir, "events.jsonl");
		r->fd[0] = open_file(dir, "events.jsonl.1");
		if (!is_same_file(r->fd[0], r->fd[1]))
			break;
	}
	if (buffer == NULL)
		buffer = reader_take(READER_LINE + 1);
	r->buffer = buffer;
	return r->fd[0] >= 0 || r->fd[1] >= 0;
}

void reader_use(struct reader *r, int fd)
{
	if (buffer == NULL)
		buffer = reader_take(READER_LINE + 1);
	*r = (struct reader){ .fd = { -1, fd }, .buffer = buffer };
}

void reader_follow(struct reader *r, int fd)
{
	reader_use(r, fd);
	r->is_followed = true;
}

/* Sleep until there is something to read. */
static void wait_to_read(int fd)
{
	struct pollfd both[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* POLLERR: a pipe without a reader */
	};

	while (poll(both, 2, -1) < 0 && errno == EINTR)
		;
	if ((both[1].revents & POLLERR) != 0)
		(void)kill(getpid(), SIGPIPE);
}

void reader_rewind(struct reader *r)
{
	for (int i = 0; i < 2; i++)
		if (r->fd[i] >= 0 && lseek(r->fd[i], 0, SEEK_SET) < 0)
			die_system("lseek", errno);
	r->at = 0;
	r->damaged = 0;
	r->start = r->end = 0;
	r->is_skipping = false;
}

/* More bytes behind those in the buffer; false at the end of both files. */
static bool fill(struct reader *r)
{
	ssize_t n;

	memmove(r->buffer, r->buffer + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	if (r->end == READER_LINE) { /* no newline in all of it */
		r->is_skipping = true;
		r->end = 0;
	}
	while (r->at < 2) {
		if (r->is_followed && r->fd[r->at] >= 0)
			wait_to_read(r->fd[r->at]);
		n = r->fd[r->at] < 0 ? 0 :
			read_some(r->fd[r->at], r->buffer + r->end,
				  (size_t)READER_LINE - r->end);
		if (n < 0 && errno == ECONNRESET) /* as one that was closed */
			n = 0;
		if (n < 0)
			die_system("reading events.jsonl", errno);
		r->end += (size_t)n;
		if (n > 0)
			return true;
		/* What the older one ends with has no newline to come. */
		r->damaged += r->at == 0 && (r->end > 0 || r->is_skipping);
		r->end = 0;
		r->is_skipping = false;
		r->at++;
	}
	return false;
}

bool reader_next(struct reader *r, struct json_value *event)
{
	for (;;) {
		char *line = r->buffer + r->start;
		char *newline = memchr(line, '\n', r->end - r->start);
		bool was_skipping = r->is_skipping;

		if (newline == NULL) {
			if (!fill(r))
				return false;
			continue;
		}
		*newline = '\0';
		r->start += (size_t)(newline - line) + 1;
		r->is_skipping = false;
		*event = json_document(line, (size_t)(newline - line), NULL);
		if (!was_skipping && event->at != NULL && *event->at == '{')
			return true;
		r->damaged++;
	}
}

bool reader_matches(const char *pattern, const char *name)
{
	return pattern == NULL || pattern_matches(pattern, name);
}

const char *reader_text(struct json_value object, const char *key)
{
	static char text[READER_TEXT];

	return json_to_text(json_get(object, key), text, sizeof(text));
}
