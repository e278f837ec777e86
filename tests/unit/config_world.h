/* SPDX-License-Identifier: ISC */
/* A machine for tests of the loader: its files, users and environment are
 * tables in memory, and its mistakes are kept as text. */
#ifndef TESTS_UNIT_CONFIG_WORLD_H
#define TESTS_UNIT_CONFIG_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/loader/load_state.h"
#include "init/loader/loader.h"

struct fake_file {
	const char *name, *text;
	size_t len; /* 0: of the string */
	int err;    /* returned instead */
};

/* The files that a test adds before it loads; the last one has no name. */
static struct fake_file fake_files[16];

static const struct fake_file usual_files[] = {
	{ .name = "/etc/passwd",
	  .text = "root:x:0:0:root:/root:/bin/sh\n"
		  "\n"
		  "# no entry\n"
		  "broken:x:1\n"
		  "app:x:1000:1001:App:/home/app:/bin/sh\n"
		  "www-data:x:33:33:www:/var/www:/usr/sbin/nologin" },
	{ .name = "/etc/group",
	  .text = "root:x:0:\n"
		  "www-data:x:33:app\n"
		  "app:x:1001:\n"
		  "adm:x:4:syslog,app\n"
		  "apples:x:5:apple,applet\n" },
	{ .name = NULL },
};

static char env_path[] = "PATH=/fake/bin", env_name[] = "NAME=value",
	    env_empty[] = "EMPTY=", env_list[] = "LIST=web db",
	    env_seconds[] = "SECONDS=7s", env_odd[] = "ODD=x\001y";
static char *const fake_environment[] = { env_path,    env_name, env_empty,
					  env_list,    env_odd,
					  env_seconds, NULL };

static int fake_read(struct arena *a, const char *path, size_t most,
		     char **text, size_t *len)
{
	const struct fake_file *tables[] = { fake_files, usual_files };

	for (int t = 0; t < 2; t++) {
		for (const struct fake_file *f = tables[t]; f->name; f++) {
			if (strcmp(f->name, path) != 0)
				continue;
			if (f->err != 0)
				return f->err;
			*len = f->len ? f->len : strlen(f->text);
			if (*len > most)
				return -EFBIG;
			*text = arena_copy(a, f->text, *len);
			return 0;
		}
	}
	return -ENOENT;
}

static const struct loader_world fake_world = {
	.read = fake_read,
	.read_variables = fake_read,
	.environment = fake_environment,
	.passwd = "/etc/passwd",
	.group = "/etc/group",
	.file = "/nowhere/dashpot.ini",
	.directory = "/nowhere/dashpot.d",
};

static inline void add_file(const char *name, const char *text)
{
	size_t i = 0;

	while (fake_files[i].name != NULL)
		i++;
	fake_files[i] = (struct fake_file){ .name = name, .text = text };
}

/* What came out of a load. */
struct loaded {
	const struct config *c; /* NULL: there were mistakes */
	unsigned mistakes;
	char said[32768];
};

static struct loaded loaded; /* the last one */

static inline void load_source(const struct loader_world *world,
			       const struct loader_source *from)
{
	int fd = memfd_create("mistakes", 0);
	ssize_t n;

	loaded.c = loader_load_in(world, from, fd, &loaded.mistakes);
	n = pread(fd, loaded.said, sizeof(loaded.said) - 1, 0);
	loaded.said[n > 0 ? n : 0] = '\0';
	close(fd);
	assert_int_equal(loaded.c == NULL, loaded.mistakes != 0);
}

/* Load the files of these names. */
static inline void load_files(const char *const *names, size_t count)
{
	struct loader_source from = { .files = names, .files_count = count };

	load_source(&fake_world, &from);
}

/* Load one text as "t.ini". */
static inline void load_text(const char *text)
{
	static const char *const name[] = { "t.ini" };

	fake_files[0] = (struct fake_file){ .name = "t.ini", .text = text };
	load_files(name, 1);
}

static inline int forget(void **state)
{
	(void)state;
	if (loaded.c != NULL)
		munmap((void *)(uintptr_t)loaded.c, loaded.c->size);
	memset(fake_files, 0, sizeof(fake_files));
	memset(&loaded, 0, sizeof(loaded));
	return 0;
}

/* The loaded service of that name. */
static inline const struct config_service *service(const char *name)
{
	if (loaded.c == NULL) {
		print_message("%s", loaded.said);
		fail_msg("mistakes where none should be");
	}
	for (uint32_t i = 0; i < loaded.c->services; i++) {
		const struct config_service *s = config_service(loaded.c, i);

		if (strcmp(config_string(loaded.c, s->name), name) == 0)
			return s;
	}
	fail_msg("no service %s", name);
	return NULL;
}

/* Load one [service:s] with a command and these further lines. */
static inline const struct config_service *service_with(const char *lines)
{
	static char text[16384];

	forget(NULL);
	snprintf(text, sizeof(text), "[service:s]\ncommand = /bin/x\n%s\n",
		 lines);
	load_text(text);
	return service("s");
}

/* Word i of a list in the loaded block. */
static inline const char *word(struct config_list list, uint32_t i)
{
	const char *at = config_string(loaded.c, list.at);

	assert_true(i < list.count);
	while (i-- > 0)
		at += strlen(at) + 1;
	return at;
}

/* The value of a variable of a service; NULL when it is not in its list. */
static inline const char *variable(const struct config_service *s,
				   const char *name)
{
	size_t len = strlen(name);

	for (uint32_t i = 0; i < s->env.count; i++) {
		const char *at = word(s->env, i);

		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

/* The load was refused, and one of its messages holds this text. */
static inline void assert_said(const char *text)
{
	assert_null(loaded.c);
	if (strstr(loaded.said, text) != NULL)
		return;
	print_message("%s", loaded.said);
	fail_msg("not said: %s", text);
}

/* [service:s] with these lines is refused with exactly one message, of line 3,
 * that holds the text. */
static inline void assert_refused(const char *lines, const char *text)
{
	static char whole[16384];

	forget(NULL);
	snprintf(whole, sizeof(whole), "[service:s]\ncommand = /bin/x\n%s\n",
		 lines);
	load_text(whole);
	assert_said(text);
	assert_said("t.ini:3: ");
	if (loaded.mistakes != 1)
		print_message("%s", loaded.said);
	assert_int_equal(loaded.mistakes, 1);
}

#define TEST(fact) cmocka_unit_test_teardown(fact, forget)

#endif
