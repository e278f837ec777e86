/* SPDX-License-Identifier: ISC */
/* Both go as news, which PID 1 checks before it believes them. */
#include "init/recorder/zombie_limit.h"
#include "init/kernel/clock.h"

static void tell(const struct helper_job *job, const struct usage_row *row,
		 enum board_event_kind kind, uint32_t i)
{
	helper_say(job, &job->boards.restore->news,
		   &(struct news_item){ .kind = kind,
					.service = (int32_t)i,
					.n = { row->zombies, row->parent,
					       row->pid } });
}

void zombies_look(const struct helper_job *job, struct usage *u)
{
	if (!usage_sample(u, job->config, job->boards.board, clock_mono_ms(),
			  clock_wall_ms()))
		return;
	for (uint32_t i = 0; i < job->config->services; i++) {
		if (usage_has_zombies(u, i))
			tell(job, &u->row[i], BOARD_EV_ZOMBIES, i);
		/* Such that are gone by the next look are no news. */
		if (u->row[i].over > 1)
			tell(job, &u->row[i], BOARD_EV_ZOMBIE_LIMIT, i);
	}
}

bool zombies_matter(const struct helper_job *job)
{
	const struct config *c = job->config;

	for (uint32_t i = 0; i < c->services; i++) {
		const volatile int32_t *pid =
			&job->boards.board->service[i].pid;

		if (config_service(c, i)->zombie_limit > 0 && *pid > 0)
			return true;
	}
	return false;
}
