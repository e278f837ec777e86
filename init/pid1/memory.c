/* SPDX-License-Identifier: ISC */
/* The account of one counter: what was seen of it, and how much of that is
 * still to be explained. */
#include "init/pid1/memory.h"

#include <limits.h>

#include "init/cgroup.h"

static int64_t count_kills(const struct memory *m)
{
	return cgroup_value(m->kills_fd, "oom_kill ");
}

void memory_find(struct memory *m)
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

void memory_look(struct memory *m, int64_t now_ms)
{
	int64_t kills = count_kills(m);

	if (m->fresh > 0 && now_ms - m->fresh_ms >= MEMORY_FRESH_MS)
		m->fresh = 0;
	if (kills <= m->seen)
		return;
	m->fresh += kills - m->seen;
	m->fresh_ms = now_ms;
	m->seen = kills;
}

bool memory_explains(struct memory *m, int64_t now_ms)
{
	memory_look(m, now_ms);
	if (m->fresh == 0)
		return false;
	m->fresh--;
	return true;
}
