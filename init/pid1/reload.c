/* SPDX-License-Identifier: ISC */
/* The loader is a copy of PID 1 that ends soon, or hangs with its files; it
 * takes no room that services have to leave, and it can only die. What it
 * wrote is read, for a mapped file that somebody cuts off is a SIGBUS, and
 * believed once config_verify() has seen the copy. */
#include "init/pid1/reload.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/config/verify.h"
#include "init/kernel/spawn.h"
#include "init/pid1/reload_apply.h"

enum {
	SILENT_MS = 10000, /* the files are given up after that */
	PAUSE_MS = 1000,   /* between two reloads by SIGHUP */
};

/* What the loader leaves begins with this; the block is behind it. */
struct left {
	uint32_t mistakes;
	uint32_t size; /* of the block; 0: there is none */
};

int reload_begin(struct sup *sup, const struct loader_source *source)
{
	struct reload *r = &sup->reload;
	const int how = MAP_ANONYMOUS | MAP_NORESERVE | MAP_PRIVATE;

	r->source = *source;
	r->fd = memfd_create("dashpot-loader", MFD_CLOEXEC);
	if (r->fd < 0)
		return -errno;
	for (int k = 0; k < 2; k++) {
		void *at = mmap(NULL, config_block_most(),
				PROT_READ | PROT_WRITE, how, -1, 0);

		if (at == MAP_FAILED)
			return -errno;
		r->own[k] = at;
	}
	r->kill_ms = NEVER;
	r->again_ms = NEVER;
	r->began_ms = sup->now_ms - PAUSE_MS;
	return 0;
}

bool reload_is_meant(const struct sup *sup)
{
	return sup->config->services > 1 || !settings(sup, 0)->is_main;
}

/* --- In the loader ----------------------------------------------------- */

/* Who typed the command has no eyes on stderr, so the mistakes go to both. */
static void print_mistakes(const struct board_mistakes *text)
{
	ssize_t n = 1;

	/* All signals are blocked: nothing interrupts it. */
	for (uint32_t at = 0; at < text->length && n > 0; at += (uint32_t)n)
		n = write(STDERR_FILENO, text->text + at, text->length - at);
}

/* Leave it for PID 1. What finds no room has an exit code. */
static void leave(int fd, const void *data, size_t size, off_t at)
{
	const char *from = data;

	for (ssize_t n; size > 0; size -= (size_t)n, from += n, at += n) {
		n = pwrite(fd, from, size, at);
		if (n <= 0)
			_exit(111);
	}
}

static _Noreturn void load_files(const struct sup *sup, uint64_t event)
{
	static bool held[CONFIG_SERVICES];
	struct loader_source from = sup->reload.source;
	struct left left = { 0, 0 };
	const int fd = sup->boards.mistakes_fd;
	struct board_mistakes *text = mmap(
		NULL, sizeof(*text), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const off_t begin = offsetof(struct board_mistakes, text);
	const struct config *config;
	unsigned mistakes = 0;

	spawn_drop_reports(sup);
	munmap(sup->boards.board, sizeof(*sup->boards.board));
	prctl(PR_SET_NAME, "dashpot: loader");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (text == MAP_FAILED || getppid() != sup->pid ||
	    lseek(fd, begin, SEEK_SET) != begin)
		_exit(111);
	atomic_store(&text->event, 0);
	for (uint32_t i = 0; i < sup->config->services; i++)
		held[i] = !adopt_is_gone(sup, i);
	from.old = sup->config;
	from.held = held;
	config = loader_load(&from, fd, &mistakes);
	text->length = (uint32_t)(lseek(fd, 0, SEEK_CUR) - begin);
	atomic_store(&text->event, event);
	left.mistakes = mistakes;
	left.size = config ? config->size : 0;
	if (config)
		leave(sup->reload.fd, config, config->size, sizeof(left));
	leave(sup->reload.fd, &left, sizeof(left), 0);
	if (!config) {
		print_mistakes(text);
		_exit(100);
	}
	_exit(0);
}

/* --- In PID 1 ---------------------------------------------------------- */

void reload_failed(struct sup *sup, enum board_reload why, int64_t number,
		   int err)
{
	SUP_SAY(sup, BOARD_EV_RELOAD_FAILED, -1, why, number, err);
}

/* 0, or the errno of a clone that was refused. */
static int begin(struct sup *sup, bool is_signal)
{
	struct reload *r = &sup->reload;
	pid_t pid;

	r->again_ms = NEVER;
	r->began_ms = sup->now_ms;
	(void)!ftruncate(r->fd, 0);
	SUP_SAY(sup, BOARD_EV_RELOAD, -1, is_signal);
	pid = spawn_clone();
	if (pid == 0)
		load_files(sup, atomic_load(&sup->boards.board->events));
	if (pid < 0) {
		int err = errno;

		reload_failed(sup, BOARD_RELOAD_NO_FORK, 0, err);
		return err;
	}
	r->pid = pid;
	r->is_given_up = false;
	r->kill_ms = sup->now_ms + SILENT_MS;
	return 0;
}

void reload_by_signal(struct sup *sup)
{
	struct reload *r = &sup->reload;

	r->again_ms = r->began_ms + PAUSE_MS;
}

uint32_t reload_by_command(struct sup *sup, int32_t *err)
{
	/* What the registry remembers is kept by index, until it is known. */
	if (sup->reload.pid || sup->restore_ms != NEVER)
		return COMMAND_BUSY;
	*err = begin(sup, false);
	return *err ? COMMAND_NO_FORK : 0;
}

/* What the loader says of its work; nothing when it has left nothing. */
static struct left look_at_left(const struct reload *r)
{
	struct left left;

	if (pread(r->fd, &left, sizeof(left), 0) != sizeof(left))
		left = (struct left){ 0, 0 };
	return left;
}

/* Read its block. The size, or 0 when it is not whole. */
static uint32_t read_block(const struct reload *r, struct config *to)
{
	const uint32_t size = look_at_left(r).size;
	struct stat st;

	if (size > config_block_most() || fstat(r->fd, &st) < 0 ||
	    st.st_size != (off_t)(sizeof(struct left) + size) ||
	    pread(r->fd, to, size, sizeof(struct left)) != (ssize_t)size)
		return 0;
	return size;
}

/* The loader's block is there: take it, or say why not. */
static void take_block(struct sup *sup)
{
	struct reload *r = &sup->reload;
	const struct config *old = sup->config;
	struct config *next = r->own[r->own[0] == old];
	const uint32_t size = read_block(r, next);
	const int broken = config_verify(next, size);

	if (broken)
		reload_failed(sup, BOARD_RELOAD_DAMAGED, -broken, 0);
	else if (next->size == old->size && memcmp(next, old, size) == 0)
		adopt_nothing(sup);
	else
		reload_apply(sup, next);
	/* Whatever is not in force gives its memory back. */
	if (sup->config == next)
		(void)madvise((void *)(uintptr_t)old, old->size, MADV_DONTNEED);
	else
		(void)madvise(next, config_block_most(), MADV_DONTNEED);
}

static void take_result(struct sup *sup, int status)
{
	const uint32_t mistakes = look_at_left(&sup->reload).mistakes;

	if (mistakes > 0)
		reload_failed(sup, BOARD_RELOAD_MISTAKES, mistakes, 0);
	else if (status != 0)
		reload_failed(sup, BOARD_RELOAD_DIED, status, 0);
	else
		take_block(sup);
}

bool reload_reaped(struct sup *sup, pid_t pid, int status)
{
	struct reload *r = &sup->reload;

	if (!r->pid || pid != r->pid)
		return false;
	r->pid = 0;
	r->kill_ms = NEVER;
	if (!r->is_given_up && sup->stop.phase == STOP_NOT)
		take_result(sup, status);
	(void)!ftruncate(r->fd, 0);
	return true;
}

/* A killed one that hangs in the kernel stays the only one until it ends. */
static void give_up(struct sup *sup)
{
	struct reload *r = &sup->reload;
	const uint32_t mistakes = look_at_left(r).mistakes;

	kill(r->pid, SIGKILL);
	r->kill_ms = NEVER;
	r->is_given_up = true;
	if (sup->stop.phase != STOP_NOT)
		return;
	/* It may have been stderr that did not answer. */
	if (mistakes > 0)
		reload_failed(sup, BOARD_RELOAD_MISTAKES, mistakes, 0);
	else
		reload_failed(sup, BOARD_RELOAD_SILENT,
			      sup->now_ms - r->began_ms, 0);
}

void reload_run(struct sup *sup)
{
	struct reload *r = &sup->reload;

	if (r->kill_ms != NEVER &&
	    (sup->now_ms >= r->kill_ms || sup->stop.phase != STOP_NOT))
		give_up(sup);
	if (sup->now_ms >= reload_next_ms(sup) && !r->pid)
		(void)begin(sup, true); /* the event has said it */
}

int64_t reload_next_ms(const struct sup *sup)
{
	const struct reload *r = &sup->reload;

	if (sup->stop.phase != STOP_NOT)
		return NEVER;
	return r->pid || sup->restore_ms != NEVER ? r->kill_ms : r->again_ms;
}
