/* SPDX-License-Identifier: ISC */
/* Only system calls, and memory that was mapped for this child alone: what is
 * inherited may be as large as the kernel allows. */
#include "init/kernel/execute.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/kernel/signals.h"

enum { LOOK = 128 }; /* bytes that tell a script from a program */

extern char **environ;

static size_t count(char *const *words)
{
	size_t n = 0;

	while (words && words[n])
		n++;
	return n;
}

bool execute_reserve(struct execute *e, size_t words, size_t variables)
{
	size_t own = EXECUTE_EXTRA + variables;
	/* The slot before argv, argv, own and env, each with its NULL. */
	size_t slots = 1 + words + 1 + own + 1 + count(environ) + own + 1;
	char **memory = mmap(NULL, slots * sizeof(*memory),
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	e->argv = memory + 1;
	e->own = e->argv + words + 1;
	e->env = e->own + own + 1;
	return true;
}

/* Put the strings of a list, and a NULL, to `to`. */
static void put(char **to, const struct config *c, struct config_list list)
{
	char *text = (char *)(uintptr_t)config_string(c, list.at);

	for (uint32_t i = 0; i < list.count; i++) {
		*to++ = text;
		text += strlen(text) + 1;
	}
	*to = NULL;
}

void execute_words(struct execute *e, const struct config *c,
		   struct config_list list)
{
	put(e->argv, c, list);
}

static bool is_same_name(const char *a, const char *b)
{
	while (*a == *b && *a && *a != '=') {
		a++;
		b++;
	}
	return *a == '=' && *b == '=';
}

/* NOTIFY_SOCKET speaks to dashpot: a service that answered there would speak
 * for all of them. One that shall tell when it is ready gets its own. */
static bool is_kept(const char *variable)
{
	return is_same_name("NOTIFY_SOCKET=", variable);
}

static bool is_set(char *const *own, const char *variable)
{
	for (; *own; own++)
		if (is_same_name(*own, variable))
			return true;
	return false;
}

void execute_variables(struct execute *e, const struct config *c,
		       struct config_list list, bool is_cleared,
		       const char *const *extra)
{
	char **own = e->own, **to = e->env;

	for (; *extra; extra++)
		*own++ = (char *)(uintptr_t)*extra;
	put(own, c, list);
	for (char **v = environ; v && *v && !is_cleared; v++)
		if (!is_set(e->own, *v) && !is_kept(*v))
			*to++ = *v;
	memcpy(to, e->own, (count(e->own) + 1) * sizeof(*to));
}

/* Why the kernel does not execute a file that is there: enum board_flaw. -1:
 * there is no reason to be seen. *is_text: it is a script whose first line
 * names no interpreter; what the kernel does not know otherwise is a program
 * of another machine, or nothing. */
static int32_t look_at(const char *file, bool *is_text)
{
	char text[LOOK];
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	const char *end;

	if (fd >= 0)
		close(fd);
	*is_text = n > 0 && !memchr(text, '\0', (size_t)n);
	if (n <= 0)
		return n == 0 ? BOARD_FLAW_EMPTY : -1;
	end = memchr(text, '\n', (size_t)n);
	if (end && end > text && end[-1] == '\r')
		return BOARD_FLAW_RETURN;
	return n >= 4 && memcmp(text, "\177ELF", 4) == 0 ? BOARD_FLAW_MACHINE
							: -1;
}

/* exec one file; returns the errno. A file that is there and yet "not found"
 * lacks its interpreter or loader: the step becomes that. */
static int exec_file(const struct execute *e, const char *file,
		     struct spawn_report *report)
{
	char **with_shell = e->argv - 1;
	bool is_text;
	int32_t flaw;
	int err;

	execve(file, e->argv, e->env);
	err = errno;
	if (err != ENOEXEC && (err != ENOENT || access(file, F_OK) < 0))
		return err;
	flaw = look_at(file, &is_text);
	if (err == ENOENT) {
		report->step = BOARD_STEP_INTERPRETER;
		report->which = flaw == BOARD_FLAW_RETURN ? flaw : -1;
	} else if (is_text) {
		with_shell[0] = (char *)(uintptr_t)"/bin/sh";
		with_shell[1] = (char *)(uintptr_t)file;
		execve(with_shell[0], with_shell, e->env);
		/* The missing line is still what can be mended. */
	} else {
		report->which = flaw == BOARD_FLAW_RETURN ? -1 : flaw;
	}
	return err;
}

/* EACCES of a file that is there is remembered while later directories are
 * tried: one that may not be searched, as root's may be on a user's path, says
 * nothing of the file. Everything else but "not there" is the answer. */
int execute_run(const struct execute *e, struct spawn_report *report)
{
	const char *name = e->argv[0];
	char full[PATH_MAX];
	size_t length = strlen(name);
	int err = ENOENT;

	report->step = BOARD_STEP_EXEC;
	report->which = -1;
	signals_unblock_all();
	if (strchr(name, '/'))
		return exec_file(e, name, report);
	for (const char *path = e->path, *end = path; length > 0 && end;
	     path = end + 1) {
		size_t size;
		int why = ENAMETOOLONG;

		end = strchr(path, ':');
		size = end ? (size_t)(end - path) : strlen(path);
		if (size + length + 2 <= sizeof(full)) {
			memcpy(full, path, size);
			full[size] = '/';
			memcpy(full + size + (size > 0), name, length + 1);
			why = exec_file(e, full, report);
		}
		if (why == EACCES)
			err = access(full, F_OK) == 0 ? EACCES : err;
		else if ((why != ENOENT && why != ENOTDIR) ||
			 report->step == BOARD_STEP_INTERPRETER)
			return why;
	}
	return err;
}
