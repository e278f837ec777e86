/* SPDX-License-Identifier: ISC */
/* None is needed while all children are known. Else a look costs up to 15
 * microseconds for each process that lives here, and after it none comes for
 * four times as long: among thousands of processes a loop that dies fast must
 * not buy all of PID 1's time, and among a few a lone death is looked at in its
 * turn. */
#include "init/service/leftovers.h"

#include <signal.h>

#include "init/kernel/processes.h"
#include "init/kernel/service_cgroup.h"
#include "init/service/hooks.h"
#include "init/service/lifecycle.h"
#include "init/service/publish.h"
#include "init/service/stop.h"

enum {
	AT_ONCE = 32,    /* sessions in one look */
	AGAIN_MS = 50,   /* until the next look */
	SOON_MS = 10,    /* ... when an orphan was reaped meanwhile */
	STAY_MS = 2000,  /* a process survives SIGKILL for so long: said */
	RARELY_MS = 1000, /* looks after that, or when one failed */
	A_MS = 16,       /* processes looked at for each ms without a look */
};

bool leftovers_keeps(const struct sup *sup, uint32_t i)
{
	return settings(sup, i)->keeps_leftovers &&
	       sup->stop.phase == STOP_NOT && !sup->service[i].is_sweep_asked;
}

void leftovers_begin(struct sup *sup, uint32_t i, bool is_asked)
{
	struct service *s = &sup->service[i];

	s->has_cell = s->has_cell || sup->report[i].is_in_cell;
	s->is_sweep_asked = is_asked;
	if (s->state != LIFE_STOPPING)
		s->unsent = 0;
	if (leftovers_keeps(sup, i) && s->state != LIFE_STOPPING)
		return;
	if (s->state != LIFE_STOPPING) {
		s->told_ticks = 0;
		s->kill_ms = NEVER;
		s->is_killed = false;
	}
	s->left = 0;
	s->is_stay_said = false;
	s->is_swept = true;
	s->sweep_ms = sup->now_ms;
	sup->swept++;
	service_touch(sup, i);
}

void leftovers_soon(struct sup *sup)
{
	for (uint32_t i = 0; sup->swept > 0 && i < sup->config->services; i++) {
		struct service *s = &sup->service[i];

		if (!s->is_swept || s->sweep_ms <= sup->now_ms + SOON_MS)
			continue;
		s->sweep_ms = sup->now_ms + SOON_MS;
		service_touch(sup, i);
	}
}

void leftovers_tidy(struct sup *sup, uint32_t i)
{
	const unsigned resting = 1 << LIFE_STOPPED | 1 << LIFE_DONE |
				 1 << LIFE_FAILED | 1 << LIFE_BLOCKED;
	struct service *s = &sup->service[i];

	if (!s->has_cell || s->pid || s->is_swept ||
	    !(resting >> s->state & 1))
		return;
	s->has_cell = !service_cgroup_remove(&sup->cells,
					     config_name(sup->config, i));
}

static void finish(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->is_swept = s->is_sweep_asked = false;
	s->told_ticks = 0;
	s->left = 0;
	s->unsent = 0;
	s->sweep_ms = NEVER;
	s->kill_ms = NEVER;
	sup->swept--;
	/* It may have been the last thing that was waited for. */
	sup->is_tree_changed = true;
	if (s->state == LIFE_STOPPING) {
		if (s->is_wanted || sup->stop.phase != STOP_NOT)
			s->gone = LIFE_GONE;
		service_take(sup, i, s->gone);
		s->gone = LIFE_GONE;
		if (!s->is_wanted || sup->stop.phase != STOP_NOT)
			;
		else if (s->is_forced || s->is_parted)
			service_take(sup, i, LIFE_WANT);
		else
			service_want(sup, i);
	}
	leftovers_tidy(sup, i);
	service_touch(sup, i);
}

static void say_first(struct sup *sup, uint32_t i, const struct processes *g)
{
	struct service *s = &sup->service[i];

	if (s->has_vanished)
		SUP_SAY(sup, BOARD_EV_DAEMONISES, (int)i, g->one);
	s->has_vanished = false;
	SUP_SAY(sup, BOARD_EV_LEFTOVERS, (int)i, g->found, g->one);
	if (s->state != LIFE_STOPPING)
		s->kill_ms = sup->now_ms +
			     config_service(sup->config, i)->leftover_grace_ms;
}

static void put_off(struct sup *sup, uint32_t i, int64_t until_ms)
{
	sup->service[i].sweep_ms = until_ms;
	service_touch(sup, i);
}

/* A look has seen none that lives, and some that ended a moment ago: they may
 * have forked behind its back, and be gone again at the next look. */
static void look_again(struct sup *sup, uint32_t i, const struct processes *g)
{
	struct service *s = &sup->service[i];

	if (s->kill_ms == NEVER)
		s->kill_ms = sup->now_ms +
			     settings(sup, i)->leftover_grace_ms;
	if (sup->now_ms >= s->kill_ms && sup->now_ms - s->kill_ms >= STAY_MS &&
	    !s->is_stay_said) {
		s->is_stay_said = true;
		SUP_SAY(sup, BOARD_EV_LEFTOVERS_STAY, (int)i, 1, g->one);
	}
	put_off(sup, i, sup->now_ms + SOON_MS);
}

/* What one look at service i found: say it, and say when to look again. */
static void follow(struct sup *sup, uint32_t i, const struct processes *g)
{
	struct service *s = &sup->service[i];

	if (g->found == 0 && g->ended > 0) {
		look_again(sup, i, g);
		return;
	}
	publish_left(sup, i, g->found);
	if (g->found == 0 && hook_runs(sup, i, HOOK_STOP)) {
		/* Its stop_command may clean up still; its end, or its
		 * time-out, looks again. */
		s->left = 0;
		s->sweep_ms = NEVER;
		service_touch(sup, i);
		return;
	}
	if (g->found == 0) {
		finish(sup, i);
		return;
	}
	if (s->left == 0)
		say_first(sup, i, g);
	if (g->signal)
		stop_sent(sup, (int32_t)i, &s->unsent, g->signal, g->one,
			  processes_sent(g));
	if (g->err == 0 && g->signal == SIGKILL && !s->is_killed) {
		s->is_killed = true;
		SUP_SAY(sup, BOARD_EV_LEFTOVERS_KILLED, (int)i, g->found);
	}
	s->left = g->found;
	s->sweep_ms = earlier(sup->now_ms + AGAIN_MS, s->kill_ms);
	if (sup->now_ms >= s->kill_ms)
		s->sweep_ms = sup->now_ms + SOON_MS;
	if (sup->now_ms >= s->kill_ms + STAY_MS) {
		s->sweep_ms = sup->now_ms + RARELY_MS;
		if (!s->is_stay_said && s->is_killed)
			SUP_SAY(sup, BOARD_EV_LEFTOVERS_STAY, (int)i,
				g->found, g->one);
		s->is_stay_said = true;
	}
	service_touch(sup, i);
}

/* The signal that this look sends: the first one asks, one after the grace
 * kills, those between only look. */
static int next_signal(const struct sup *sup, uint32_t i)
{
	const struct config_service *c = config_service(sup->config, i);
	const struct service *s = &sup->service[i];

	if (sup->now_ms >= s->kill_ms)
		return SIGKILL;
	return s->left == 0 ? c->stop_signal : 0;
}

int leftovers_look(struct sup *sup, struct processes *set, uint32_t n)
{
	const struct processes_living living = { sup->leader,
					      sup->config->services };
	int seen = processes_look(sup->proc_fd, set, n, living);

	sup->look_ms = sup->now_ms + (seen > 0 ? seen / A_MS : 0);
	return seen;
}

/* Its set, with the signal for this look. */
static struct processes set_of(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	return (struct processes){
		.id = s->session,
		.born_ticks = s->born_ticks,
		.mark = mark_make(sup->mark_base, s->mark),
		.told_ticks = s->told_ticks,
		.is_group = config_service(sup->config, i)->is_main,
		.signal = next_signal(sup, i),
		.service = (int32_t)i,
	};
}

/* A cgroup has all of them, and is cheap to look at. */
static void look_in_cell(struct sup *sup, uint32_t i)
{
	struct processes set = set_of(sup, i);

	if (service_cgroup_look(&sup->cells, sup->proc_fd,
				config_name(sup->config, i), &set) < 0)
		put_off(sup, i, sup->now_ms + RARELY_MS);
	else
		follow(sup, i, &set);
}

static void note_child(struct reap_children *all, pid_t pid)
{
	all->count += pid != 0;
	all->sum += (uint32_t)pid;
}

bool leftovers_has_strangers(const struct sup *sup)
{
	struct reap_children known = { 0 }, all;

	for (uint32_t i = 0; i < sup->config->services; i++)
		note_child(&known, sup->leader[i]);
	for (int k = 0; k < BOARD_HELPERS; k++)
		note_child(&known, sup->kept[k].pid);
	note_child(&known, sup->reload.pid);
	for (uint32_t k = 0; k < sup->hooks; k++)
		if (!sup->hook[k].is_reaped)
			note_child(&known, sup->hook[k].pid);
	all = reaper_children(&sup->reaper, known.count);
	return all.count != known.count || all.sum != known.sum;
}

void leftovers_run(struct sup *sup)
{
	static const struct processes nobody;
	struct processes set[AT_ONCE];
	uint16_t of[AT_ONCE];
	bool is_clear = false, is_asked = false;
	uint32_t n = 0;
	int seen;

	for (uint32_t i = 0; sup->swept > 0 && i < sup->config->services; i++) {
		const struct service *s = &sup->service[i];

		/* Its own deadline is not later than its sweep. */
		if (n == AT_ONCE || sup->now_ms < sup->next_ms[i] ||
		    !s->is_swept || sup->now_ms < s->sweep_ms)
			continue;
		if (leftovers_keeps(sup, i)) {
			follow(sup, i, &nobody);
			continue;
		}
		if (s->has_cell) {
			look_in_cell(sup, i);
			continue;
		}
		is_clear = is_asked ? is_clear : !leftovers_has_strangers(sup);
		is_asked = true;
		if (is_clear) {
			follow(sup, i, &nobody);
			continue;
		}
		if (sup->now_ms < sup->look_ms) {
			put_off(sup, i, sup->look_ms);
			continue;
		}
		of[n] = (uint16_t)i;
		set[n++] = set_of(sup, i);
	}
	if (n == 0)
		return;
	seen = leftovers_look(sup, set, n);
	/* Short of files or memory: who is there is not known. Without /proc
	 * nothing can ever be found, and nothing is waited for. */
	for (uint32_t k = 0; k < n; k++) {
		if (seen < 0 && sup->proc_fd >= 0)
			put_off(sup, of[k], sup->now_ms + RARELY_MS);
		else
			follow(sup, of[k], &set[k]);
	}
}
