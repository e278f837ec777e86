/* SPDX-License-Identifier: ISC */
/* As exec_by_path() of init/kernel/spawn.c, without the exec. */
#include "init/cli/check_program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/lib/format.h"

static bool is_member(const struct config_service *s, uint32_t gid)
{
	if (gid == (s->has_group ? s->gid : (uint32_t)getegid()))
		return true;
	for (uint16_t i = 0; i < s->groups_count; i++)
		if (s->groups[i] == gid)
			return true;
	return false;
}

/* May the service execute it? Root may what anybody may. */
static bool is_executable(const struct config_service *s,
			  const struct stat *st)
{
	uint32_t uid = s->has_user ? s->uid : (uint32_t)geteuid();

	if (!S_ISREG(st->st_mode))
		return false;
	if (uid == 0)
		return (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
	if (uid == st->st_uid)
		return (st->st_mode & S_IXUSR) != 0;
	if (is_member(s, st->st_gid))
		return (st->st_mode & S_IXGRP) != 0;
	return (st->st_mode & S_IXOTH) != 0;
}

/* A script ("#!" and a path): its interpreter as the kernel reads it. */
static void look_at_script(struct program *l, const char *text)
{
	const char *line = text + 2 + strspn(text + 2, " \t");
	size_t length = strcspn(line, "\n");
	bool has_return = length > 0 && line[length - 1] == '\r';

	format(l->interpreter, sizeof(l->interpreter), "%.*s",
	       (int)strcspn(line, " \t\n"), line);
	if (has_return)
		l->flaw = PROGRAM_RETURN;
	else if (*l->interpreter == '/' && access(l->interpreter, F_OK) < 0)
		l->flaw = PROGRAM_INTERPRETER;
}

/* This machine, and the narrow one that its kernel may execute too. */
#ifdef __x86_64__
enum { OWN = EM_X86_64, NARROW = EM_386 };
#elif defined(__aarch64__)
enum { OWN = EM_AARCH64, NARROW = EM_ARM };
#else
enum { OWN = EM_NONE, NARROW = EM_NONE };
#endif

/* What is read of a file: as much as the kernel begins with. */
struct head {
	size_t size;
	char text[4096]; /* and a NUL */
};

/* A number of an ELF file of this machine's byte order; 0 behind the end. */
static uint64_t number_at(const struct head *h, uint64_t at, size_t width)
{
	const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	uint64_t number = 0;

	if (at > h->size || h->size - at < width)
		return 0;
	memcpy((char *)&number + (is_little ? 0 : sizeof(number) - width),
	       h->text + at, width);
	return number;
}

/* An ELF file: its machine, and the loader that it names. */
static void look_at_elf(struct program *l, int fd, const struct head *h)
{
	const bool is_wide = h->text[EI_CLASS] == ELFCLASS64;
	const size_t width = is_wide ? 8 : 4;
	const uint64_t machine = number_at(h, 18, 2);
	uint64_t at = number_at(h, is_wide ? 32 : 28, width);
	uint64_t count = number_at(h, is_wide ? 56 : 44, 2);
	ssize_t n;

	if (OWN != EM_NONE && machine != OWN && machine != NARROW) {
		l->flaw = PROGRAM_MACHINE;
		return;
	}
	while (count > 0 && number_at(h, at, 4) != PT_INTERP) {
		at += is_wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
		count--;
	}
	if (count == 0)
		return;
	n = pread(fd, l->interpreter, sizeof(l->interpreter) - 1,
		  (off_t)number_at(h, at + width, width));
	l->interpreter[n > 0 ? n : 0] = '\0';
	if (*l->interpreter == '/' && access(l->interpreter, F_OK) < 0)
		l->flaw = PROGRAM_INTERPRETER;
}

/* What the kernel would find in the file; what cannot be read is fine. */
static void look_into(struct program *l)
{
	static struct head h;
	int fd = open(l->found, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, h.text, sizeof(h.text) - 1);

	h.size = n > 0 ? (size_t)n : 0;
	h.text[h.size] = '\0';
	if (n == 0)
		l->flaw = PROGRAM_EMPTY;
	else if (strncmp(h.text, ELFMAG, SELFMAG) == 0)
		look_at_elf(l, fd, &h);
	else if (strncmp(h.text, "#!", 2) == 0)
		look_at_script(l, h.text);
	else if (strncmp(h.text, "\xef\xbb\xbf", 3) == 0)
		l->flaw = PROGRAM_MARK;
	else if (strnlen(h.text, 128) < (h.size < 128 ? h.size : 128))
		l->flaw = PROGRAM_UNKNOWN;
	if (fd >= 0)
		close(fd);
}

/* The errno of a start of what was looked into. */
static int errno_of(const struct program *l)
{
	switch (l->flaw) {
	case PROGRAM_INTERPRETER:
		return ENOENT;
	case PROGRAM_EMPTY:
	case PROGRAM_MACHINE:
	case PROGRAM_UNKNOWN:
		return ENOEXEC;
	case PROGRAM_RETURN:
		/* With an argument behind it the name itself is whole. */
		return *l->interpreter == '/' &&
				       access(l->interpreter, F_OK) < 0
			       ? ENOENT : 0;
	case PROGRAM_FINE:
	case PROGRAM_MARK:
		break;
	}
	return 0;
}

/* One file, which is relative to the directory of the service. */
static int look_at(const struct config *c, const struct config_service *s,
		   const char *path, size_t length, const char *name,
		   struct program *l)
{
	const char *in = config_string(c, s->directory);
	bool is_relative = (length > 0 ? *path : *name) != '/';
	struct stat st;
	int n = format(l->found, sizeof(l->found), "%s%s%.*s%s%s",
		       is_relative ? in : "", is_relative && *in ? "/" : "",
		       (int)length, path, length > 0 ? "/" : "", name);

	if (n >= (int)sizeof(l->found))
		return -ENAMETOOLONG;
	if (stat(l->found, &st) < 0)
		return -errno;
	if (!is_executable(s, &st))
		return -EACCES;
	look_into(l);
	return -errno_of(l);
}

int program_find(const struct config *c, const struct config_service *s,
		   struct config_list argv, struct program *l)
{
	const char *name = config_string(c, argv.at);
	const char *path = config_string(c, s->path), *end;
	int err = -ENOENT;

	*l->interpreter = '\0';
	l->flaw = PROGRAM_FINE;
	if (strchr(name, '/') != NULL)
		return look_at(c, s, "", 0, name, l);
	for (;; path = end + 1) {
		int why;

		end = path + strcspn(path, ":");
		why = look_at(c, s, path, (size_t)(end - path), name, l);
		if (why == 0 || l->flaw != PROGRAM_FINE)
			return why;
		if (why == -EACCES)
			err = why;
		else if (why != -ENOENT && why != -ENOTDIR &&
			 why != -ENAMETOOLONG)
			return why;
		if (*end == '\0')
			return err;
	}
}
