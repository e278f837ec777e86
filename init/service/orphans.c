/* SPDX-License-Identifier: ISC */
/* The list has a fixed size: of more orphans the others are taken up when there
 * is a place, and their age counts from then on. */
#include "init/service/orphans.h"

#include <signal.h>

#include "init/kernel/cgroup.h"
#include "init/kernel/processes.h"
#include "init/kernel/signal_courier.h"
#include "init/service/leftovers.h"
#include "init/service/stop.h"

enum {
	PARTS = 8,        /* looks in the age at which they are ended ... */
	OFTEN_MS = 1000,  /* ... not more often than that ... */
	RARELY_MS = 60000, /* ... nor more rarely */
	SOON_MS = 100,    /* looks while somebody waits for a sweep */
	SWEEP_MS = 5000,  /* a sweep takes up new ones for so long */
	GRACE_MS = 2000,  /* from SIGTERM to SIGKILL */
};

static bool is_known(const struct sup *sup, pid_t pid)
{
	bool is_own = pid == sup->reload.pid;

	for (int k = 0; k < BOARD_HELPERS; k++)
		is_own = is_own || pid == sup->kept[k].pid;
	for (uint32_t k = 0; k < sup->hooks; k++)
		is_own = is_own || pid == sup->hook[k].pid;
	return is_own;
}

/* What is left of a service that is gone from the configuration is an orphan:
 * nobody else looks for it any more. */
static bool is_in_use(const struct sup *sup, uint32_t i)
{
	return !settings(sup, i)->is_removed || sup->service[i].pid ||
	       sup->service[i].is_swept;
}

/* Some service's leader, or in the session, or the group, of its last one. */
static bool is_in_session(const struct sup *sup,
			  const struct processes_child *c)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		const struct service *s = &sup->service[i];
		pid_t of = settings(sup, i)->is_main ? c->group : c->session;

		if (s->session && is_in_use(sup, i) &&
		    (of == s->session || c->pid == s->pid) &&
		    c->start_ticks >= s->born_ticks)
			return true;
	}
	return false;
}

static bool is_marked(const struct sup *sup, const struct processes_child *c)
{
	uint64_t number = mark_id(sup->mark_base,
				  processes_mark(sup->proc_fd, c->pid));

	for (uint32_t i = 0; number && i < sup->config->services; i++)
		if (number - sup->service[i].mark <= HOOKS &&
		    (number != sup->service[i].mark || is_in_use(sup, i)))
			return true;
	return false;
}

static bool is_orphan(const struct sup *sup, const struct processes_child *c)
{
	if (is_known(sup, c->pid) || is_in_session(sup, c) ||
	    is_marked(sup, c))
		return false;
	return sup->cells.err ||
	       !processes_is_in(sup->proc_fd, c->pid,
			     "/" CGROUP_TOP "/" CGROUP_SERVICE);
}

static void see(void *with, const struct processes_child *c)
{
	struct sup *sup = with;
	struct orphans *o = &sup->adrift;

	for (uint32_t k = 0; k < o->n; k++)
		if (o->list[k].pid == c->pid &&
		    o->list[k].start_ticks == c->start_ticks) {
			o->list[k].is_seen = true;
			return;
		}
	if (o->n < SUP_ORPHANS && is_orphan(sup, c))
		o->list[o->n++] = (struct orphan){
			.pid = c->pid,
			.start_ticks = c->start_ticks,
			.seen_ms = sup->now_ms,
			.told_ms = NEVER,
			.is_seen = true,
		};
}

/* When it is told to end. */
static int64_t due_ms(const struct sup *sup, const struct orphan *o)
{
	if (sup->now_ms < sup->adrift.all_ms)
		return sup->now_ms;
	return sup->config->orphans_kill_ms
		       ? o->seen_ms + sup->config->orphans_kill_ms
		       : NEVER;
}

static void tell(struct sup *sup, struct orphan *o, int number)
{
	bool is_news = number == SIGTERM || !o->is_killed;

	const struct processes it = {
		.born_ticks = o->start_ticks, .signal = number,
	};

	int err = processes_tell(sup->proc_fd, o->pid, o->start_ticks, &it);

	if (err > 0) {
		err = courier_send(-1, number, o->pid, false);
		stop_sent(sup, -1, &o->unsent, number, o->pid, err);
	}
	if (err < 0)
		return; /* the next look tries again */
	if (is_news)
		SUP_SAY(sup, BOARD_EV_ORPHAN_TOLD, -1, o->pid,
			sup->now_ms - o->seen_ms, number);
	o->is_killed = number == SIGKILL;
	if (o->told_ms == NEVER)
		o->told_ms = sup->now_ms;
}

/* One that could not be seen is gone, or somebody's again. */
static void forget_gone(struct orphans *o)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < o->n; k++)
		if (o->list[k].is_seen)
			o->list[n++] = o->list[k];
	o->n = n;
}

static int64_t between_looks(const struct sup *sup)
{
	int64_t ms = sup->config->orphans_kill_ms / PARTS;

	if (sup->now_ms < sup->adrift.all_ms)
		return SOON_MS;
	if (!ms)
		return RARELY_MS;
	return ms < OFTEN_MS ? OFTEN_MS : earlier(ms, RARELY_MS);
}

static void look(struct sup *sup)
{
	struct orphans *o = &sup->adrift;

	o->look_ms = sup->now_ms + between_looks(sup);
	for (uint32_t k = 0; k < o->n; k++)
		o->list[k].is_seen = false;
	if (!leftovers_has_strangers(sup)) {
		o->n = 0;
		return;
	}
	/* Who was not seen because a file could not be opened is not gone. */
	if (processes_children(sup->proc_fd, sup->pid, see, sup) < 0)
		return;
	forget_gone(o);
	for (uint32_t k = 0; k < o->n; k++) {
		struct orphan *one = &o->list[k];

		if (one->told_ms != NEVER &&
		    sup->now_ms >= one->told_ms + GRACE_MS)
			tell(sup, one, SIGKILL);
		else if (one->told_ms == NEVER &&
			 sup->now_ms >= due_ms(sup, one))
			tell(sup, one, SIGTERM);
		if (one->told_ms != NEVER && !one->is_killed)
			o->look_ms = earlier(o->look_ms,
					     one->told_ms + GRACE_MS);
		else if (one->told_ms == NEVER)
			o->look_ms = earlier(o->look_ms, due_ms(sup, one));
	}
}

static bool has_to_look(const struct sup *sup)
{
	const struct orphans *o = &sup->adrift;
	bool is_told = false;

	for (uint32_t k = 0; k < o->n; k++)
		is_told = is_told || o->list[k].told_ms != NEVER;
	return sup->proc_fd >= 0 && sup->stop.phase == STOP_NOT &&
	       (sup->config->orphans_kill_ms || sup->now_ms < o->all_ms ||
		is_told);
}

int64_t orphans_next_ms(const struct sup *sup)
{
	return has_to_look(sup) ? sup->adrift.look_ms : NEVER;
}

void orphans_run(struct sup *sup)
{
	if (sup->now_ms >= orphans_next_ms(sup))
		look(sup);
}

void orphans_sweep(struct sup *sup)
{
	sup->adrift.all_ms = sup->now_ms + SWEEP_MS;
	sup->adrift.look_ms = sup->now_ms;
}
