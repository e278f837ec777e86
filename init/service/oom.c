/* SPDX-License-Identifier: ISC */
/* The account of one counter: what was seen of it, and how much of that is
 * still to be explained. Only when it has risen are the services' looked at. */
#include "init/service/oom.h"

#include <limits.h>

#include "init/kernel/cgroup.h"
#include "init/kernel/descriptors.h"
#include "init/kernel/service_cgroup.h"

static int64_t count_kills(const struct memory *m)
{
	return cgroup_value(m->kills_fd, "oom_kill ");
}

void oom_find(struct memory *m)
{
	char dir[PATH_MAX];

	*m = (struct memory){ .kills_fd = -1 };
	if (cgroup_find("memory", dir) == 0)
		return;
	m->kills_fd = cgroup_open(dir, "memory.events");
	if (m->kills_fd < 0)
		m->kills_fd = cgroup_open(dir, "memory.oom_control");
	m->seen = count_kills(m);
}

void oom_fall_back(struct memory *m, int kills_fd)
{
	if (m->kills_fd >= 0 && kills_fd >= 0) {
		descriptors_drop(&kills_fd);
	} else if (kills_fd >= 0) {
		m->kills_fd = kills_fd;
		m->seen = count_kills(m);
	}
}

/* The counters of services: who is it that was killed? */
static void look_at_services(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		struct service *s = &sup->service[i];
		int64_t kills;

		if (!s->has_cell || s->kills < 0)
			continue;
		kills = service_cgroup_kills(&sup->cells,
					     config_name(sup->config, i));
		if (kills > s->kills) {
			s->kills_ms = sup->now_ms;
			/* These are its own, and explain no other's end. */
			for (int64_t k = s->kills;
			     k < kills &&
			     oom_explains(&sup->memory, sup->now_ms);)
				k++;
			SUP_SAY(sup, BOARD_EV_OOM_KILLS, (int)i,
				kills - s->kills);
		}
		s->kills = kills;
	}
}

bool oom_look(struct memory *m, int64_t now_ms)
{
	int64_t kills = count_kills(m);

	if (now_ms - m->fresh_ms >= OOM_FRESH_MS) {
		m->untold += m->fresh + m->others;
		m->fresh = m->later;
		m->later = m->others = 0;
		m->fresh_ms = now_ms;
	}
	if (kills <= m->seen)
		return false;
	/* In a storm the first ones are told all the same. */
	m->later += kills - m->seen;
	m->seen = kills;
	if (m->fresh + m->others == 0) {
		m->fresh = m->later;
		m->later = 0;
		m->fresh_ms = now_ms;
	}
	return true;
}

bool oom_explains(struct memory *m, int64_t now_ms)
{
	int64_t *left;

	oom_look(m, now_ms);
	left = m->fresh > 0 ? &m->fresh : &m->later;
	if (*left == 0)
		return false;
	--*left;
	return true;
}

int64_t oom_next_ms(const struct memory *m)
{
	return m->fresh + m->later + m->others > 0
		       ? m->fresh_ms + OOM_FRESH_MS
		       : NEVER;
}

void oom_follow(struct sup *sup)
{
	struct memory *m = &sup->memory;

	if (oom_look(m, sup->now_ms))
		look_at_services(sup);
	if (m->untold == 0)
		return;
	SUP_SAY(sup, BOARD_EV_OOM_KILLS, -1, m->untold);
	m->untold = 0;
}

void oom_prepare(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	int64_t kills =
		service_cgroup_kills(&sup->cells, config_name(sup->config, i));

	s->kills_ms = -1;
	s->kills = kills < 0 && !sup->cells.memory_err ? 0 : kills;
}

void oom_begin(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->has_cell = sup->report[i].is_in_cell;
	if (!s->has_cell)
		s->kills = -1;
}

enum board_oom oom_killed(struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	oom_follow(sup);
	if (!s->has_cell || s->kills < 0)
		return oom_explains(&sup->memory, sup->now_ms)
			       ? BOARD_OOM_LIKELY
			       : BOARD_OOM_NO;
	/* Also one killed before it executed, which had none till now. */
	look_at_services(sup);
	if (s->kills_ms < 0 || sup->now_ms - s->kills_ms >= OOM_FRESH_MS)
		return BOARD_OOM_NO;
	return BOARD_OOM_CERTAIN;
}
