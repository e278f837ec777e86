/* SPDX-License-Identifier: ISC */
/* A volume made by hand, and what a command prints about it. */
#ifndef TESTS_UNIT_VOLUME_FIXTURE_H
#define TESTS_UNIT_VOLUME_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "init/cli/terminal_out.h"

/* 2026-11-22T12:00:00Z, from which the fixtures count. */
#define NOON INT64_C(1795348800000)

struct volume {
	char dir[64];
	int fd;            /* what is printed */
	char text[65536];  /* the same, read back */
};

static struct volume volume;

static inline int volume_setup(void **state)
{
	char template[] = "/tmp/dashpot-volume-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(template));
	strcpy(volume.dir, template);
	setenv("COLUMNS", "80", 1);
	return 0;
}

static inline int volume_teardown(void **state)
{
	static const char *const names[] = { "diagnostic.json", "events.jsonl",
					     "events.jsonl.1",
					     "process-registry.json" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", volume.dir, names[i]);
		unlink(path);
	}
	return rmdir(volume.dir);
}

/* Write a file; a single quote in text stands for a double one. */
static inline void volume_put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", volume.dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	for (; *text != '\0'; text++)
		putc(*text == '\'' ? '"' : *text, file);
	assert_int_equal(fclose(file), 0);
}

/* Print `call` with `o`, as on a pipe; its exit code. volume.text is what was
 * printed, and behind it what went to stderr where the program ended. */
static inline int volume_run(int (*call)(struct out *o))
{
	FILE *file = tmpfile();
	int status;
	pid_t pid;
	size_t n;

	assert_non_null(file);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		static struct out o;
		int code;

		dup2(fileno(file), STDERR_FILENO);
		out_begin(&o, fileno(file));
		code = call(&o);
		_exit(out_end(&o) < 0 ? 99 : code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	rewind(file);
	n = fread(volume.text, 1, sizeof(volume.text) - 1, file);
	volume.text[n] = '\0';
	fclose(file);
	return WEXITSTATUS(status);
}

/* The text is in what was printed, blanks and line ends counted as one. */
static inline bool volume_says(const char *text)
{
	static char flat[sizeof(volume.text)];
	size_t used = 0;

	for (const char *at = volume.text; *at != '\0'; at++) {
		bool is_blank = *at == ' ' || *at == '\n';

		if (!is_blank || used == 0 || flat[used - 1] != ' ')
			flat[used++] = is_blank ? ' ' : *at;
	}
	flat[used] = '\0';
	if (strstr(flat, text) != NULL)
		return true;
	printf("# not said: %s\n%s\n", text, volume.text);
	return false;
}

#endif
