/* SPDX-License-Identifier: ISC */
/* The loader is a copy of PID 1 that ends soon, or hangs with its files; it
 * takes no room that services have to leave, and it can only die. Its result
 * is read, because a mapped file that another process cuts off is a SIGBUS, and
 * the copy is believed once config_verify() has seen it. */
#include "init/pid1/reload.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "init/config/verify.h"
#include "init/kernel/fork.h"
#include "init/kernel/memory.h"
#include "init/kernel/spawn.h"
#include "init/loader/loader_process.h"
#include "init/pid1/reload_apply.h"
#include "init/service/lifecycle.h"

enum {
	SILENT_MS = 10000, /* the files are given up after that */
	PAUSE_MS = 1000,   /* between two reloads by SIGHUP */
};

int reload_begin(struct sup *sup, const struct loader_source *source)
{
	struct reload *r = &sup->reload;

	r->source = source;
	r->fd = memory_file_open("dashpot-loader");
	if (r->fd < 0)
		return r->fd;
	for (int k = 0; k < 2; k++) {
		r->own[k] = memory_map_unreserved(config_block_most());
		if (!r->own[k])
			return -ENOMEM;
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

/* What the child of a reload is made with. */
struct birth {
	const struct sup *sup;
	uint64_t event; /* of this reload, which the mistakes belong to */
};

static void become_loader(void *with)
{
	static bool held[CONFIG_SERVICES];
	const struct birth *b = with;
	const struct sup *sup = b->sup;
	struct loader_job job = {
		.source = *sup->reload.source,
		.parent = sup->pid,
		.board = sup->boards.board,
		.event = b->event,
		.mistakes_fd = sup->boards.mistakes_fd,
		.result_fd = sup->reload.fd,
	};

	spawn_drop_reports(sup->report);
	for (uint32_t i = 0; i < sup->config->services; i++)
		held[i] = !service_is_gone(sup, i);
	job.source.old = sup->config;
	job.source.held = held;
	loader_process_run(&job);
}

void reload_failed(struct sup *sup, enum board_reload why, int64_t number,
		   int err)
{
	SUP_SAY(sup, BOARD_EV_RELOAD_FAILED, -1, why, number, err);
}

/* 0, or the errno of a clone that was refused. */
static int begin(struct sup *sup, bool is_signal)
{
	struct reload *r = &sup->reload;
	struct birth birth = { .sup = sup };
	pid_t pid;

	r->again_ms = NEVER;
	r->began_ms = sup->now_ms;
	memory_file_empty(r->fd);
	SUP_SAY(sup, BOARD_EV_RELOAD, -1, is_signal);
	birth.event = atomic_load(&sup->boards.board->events);
	pid = fork_child(become_loader, &birth);
	if (pid < 0) {
		reload_failed(sup, BOARD_RELOAD_NO_FORK, 0, -pid);
		return -pid;
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
static struct loader_result result_of(const struct reload *r)
{
	struct loader_result result;

	if (!memory_file_read(r->fd, &result, sizeof(result), 0))
		result = (struct loader_result){ 0, 0 };
	return result;
}

/* Read its block. The size, or 0 when it is not whole. */
static uint32_t read_block(const struct reload *r, struct config *to)
{
	const uint32_t size = result_of(r).size;
	const int64_t at = sizeof(struct loader_result);

	if (size > config_block_most() ||
	    memory_file_size(r->fd) != at + size ||
	    !memory_file_read(r->fd, to, size, at))
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
		memory_forget((void *)(uintptr_t)old, old->size);
	else
		memory_forget(next, config_block_most());
}

static void take_result(struct sup *sup, int status)
{
	const uint32_t mistakes = result_of(&sup->reload).mistakes;

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
	memory_file_empty(r->fd);
	return true;
}

/* A killed one that hangs in the kernel stays the only one until it ends. */
static void give_up(struct sup *sup)
{
	struct reload *r = &sup->reload;
	const uint32_t mistakes = result_of(r).mistakes;

	fork_signal(r->pid, SIGKILL);
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
