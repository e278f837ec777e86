/* SPDX-License-Identifier: ISC */
/* A remembered breaker binds a service only while its fingerprint (settings,
 * size and mtime of the executable) is unchanged, and is probed at once unless
 * the container itself is in a loop. */
#include "init/pid1/registry_restore.h"

#include "init/pid1/helpers.h"
#include "init/service/lifecycle.h"

enum {
	OUTER_STARTS = 5,      /* container starts within 10 minutes: a loop */
	OUTER_WAIT_MS = 60000, /* longest cooldown that is then waited for */
};

static bool is_same(const struct sup *sup, uint32_t i,
		    const struct board_restored *r)
{
	const struct board_exe *exe = sup->boards.exe;

	return r->fingerprint == config_service(sup->config, i)->fingerprint &&
	       atomic_load(&exe->service[i].is_known) == 1 &&
	       exe->service[i].size == r->exe_size &&
	       exe->service[i].mtime_ns == r->exe_mtime_ns;
}

static void restore_service(struct sup *sup, uint32_t i)
{
	/* A copy: the recorder could write while it is looked at. */
	const struct board_restored r = sup->boards.restore->service[i];
	struct service *s = &sup->service[i];
	int64_t wait_ms = 0;

	bool was_open = r.breaker == BREAKER_OPEN ||
			r.breaker == BREAKER_HALF_OPEN ||
			r.breaker == BREAKER_LATCHED;

	/* A person was faster. */
	if (!r.is_known || s->is_forgiven || (!was_open && r.in_row == 0))
		return;
	if (!was_open) {
		if (is_same(sup, i, &r))
			breaker_restore_row(&sup->breaker[i], r.in_row);
		return;
	}
	if (!is_same(sup, i, &r)) {
		SUP_SAY(sup, BOARD_EV_FRESH, (int)i, 0);
		return;
	}
	if (sup->is_outer_loop && r.wait_ms > 0)
		wait_ms = earlier(r.wait_ms, OUTER_WAIT_MS);
	breaker_restore(&sup->breaker[i],
			&config_service(sup->config, i)->breaker, r.trips,
			r.at_once, r.doublings, sup->now_ms, wait_ms);
	breaker_restore_row(&sup->breaker[i], r.in_row);
	s->is_remembered = true;
	SUP_SAY(sup, BOARD_EV_REMEMBERED, (int)i, sup->breaker[i].trips,
		wait_ms, r.breaker == BREAKER_LATCHED, sup->is_outer_loop);
	if (wait_ms > 0 && s->state == LIFE_WAITING && !s->is_forced)
		service_take(sup, i, LIFE_RESTORED_BLOCK);
	service_touch(sup, i);
}

static void finish(struct sup *sup)
{
	sup->restore_ms = NEVER;
	sup->is_queue_due = true;
	sup->is_head_changed = true;
}

void restore_run(struct sup *sup)
{
	const struct board_restore *r = sup->boards.restore;

	if (sup->restore_ms == NEVER)
		return;
	if (atomic_load(&r->is_done) != 1 ||
	    sup->kept[BOARD_INSPECTOR].pid != 0) {
		if (sup->now_ms < sup->restore_ms)
			return;
		SUP_SAY(sup, BOARD_EV_RESTORE_LATE, -1, SUP_RESTORE_MS,
			atomic_load(&r->is_done) == 1);
		if (atomic_load(&r->is_done) != 1) {
			finish(sup);
			return;
		}
	}
	finish(sup);
	if (r->container_starts >= OUTER_STARTS) {
		sup->is_outer_loop = true;
		SUP_SAY(sup, BOARD_EV_OUTER_LOOP, -1, r->container_starts);
	}
	for (uint32_t i = 0; i < sup->config->services; i++)
		restore_service(sup, i);
}

/* Say it when the step at which writing fails is another one. */
static void set_volume(struct sup *sup, uint32_t step, int err)
{
	if (step == sup->volume_step)
		return;
	sup->volume_step = step;
	sup->is_head_changed = true;
	if (step == BOARD_VOLUME_WELL) {
		SUP_SAY(sup, BOARD_EV_VOLUME_WELL, -1,
			sup->volume_since_ms == NEVER
				? 0
				: sup->now_ms - sup->volume_since_ms);
		sup->volume_since_ms = NEVER;
		return;
	}
	if (sup->volume_since_ms == NEVER)
		sup->volume_since_ms = sup->now_ms;
	if (step == BOARD_VOLUME_SILENT)
		sup->volume_since_ms = sup->now_ms - SUP_VOLUME_MS;
	SUP_SAY(sup, BOARD_EV_VOLUME_TROUBLE, -1, step, 0, err);
}

void restore_watch_volume(struct sup *sup)
{
	const struct board_restore *r = sup->boards.restore;
	uint32_t trouble = atomic_load(&r->trouble);
	const bool is_second = r->is_second;

	if (r->is_bad && !sup->is_registry_bad_said) {
		sup->is_registry_bad_said = true;
		SUP_SAY(sup, BOARD_EV_REGISTRY_BAD, -1, 0);
	}
	if (is_second != sup->is_second_said) {
		sup->is_second_said = is_second;
		SUP_SAY(sup, BOARD_EV_VOLUME_SECOND, -1, is_second);
	}
	/* Whether it answers again is seen by restore_check_volume(). */
	if (trouble < BOARD_VOLUME_SILENT &&
	    (trouble != BOARD_VOLUME_WELL ||
	     sup->volume_step != BOARD_VOLUME_SILENT))
		set_volume(sup, trouble, atomic_load(&r->trouble_err));
}

void restore_check_volume(struct sup *sup)
{
	const struct board_restore *r = sup->boards.restore;
	uint64_t generation = atomic_load(&sup->boards.board->generation);
	uint64_t written = atomic_load(&r->written);

	if (atomic_load(&r->trouble) != BOARD_VOLUME_WELL) {
		sup->volume_due_ms = NEVER;
		return;
	}
	if (written != sup->volume_written || written >= generation) {
		sup->volume_written = written;
		sup->volume_due_ms = NEVER;
		if (sup->volume_step == BOARD_VOLUME_SILENT)
			set_volume(sup, BOARD_VOLUME_WELL, 0);
	}
	if (sup->now_ms >= sup->volume_due_ms) {
		set_volume(sup, BOARD_VOLUME_SILENT, 0);
		sup->volume_due_ms = NEVER;
	}
	if (written < generation && sup->volume_due_ms == NEVER)
		sup->volume_due_ms = sup->now_ms + SUP_VOLUME_MS;
}
