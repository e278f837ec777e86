/* SPDX-License-Identifier: ISC */
/* process-registry.json, written: the board's rows, and behind them what was
 * read of earlier containers. Reading is in registry_read.c. */
#include "init/recorder/registry.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/text/failed_start.h"
#include "init/text/wording.h"
#include "policy/breaker.h"

cJSON *registry_end(struct json *j, const struct board_end *end,
		    bool is_earlier)
{
	cJSON *o = json_object(j);
	int64_t runtime_ms = end->started_ms < 0 ? -1 :
			     end->ended_ms - end->started_ms;
	bool is_killed = end->cause == BOARD_SIGNALLED ||
			 end->cause == BOARD_OUT_OF_MEMORY;
	bool is_failed_start = end->cause == BOARD_START_FAILED;
	char text[200] = "", error[96] = "", buf[16];
	struct phrase w = PHRASE_IN(text), e = PHRASE_IN(error);

	phrase_end(&w, end->cause, end->code, end->step, end->err,
		   runtime_ms);
	phrase_add(&e, "%s", errors_text(end->err));
	json_int(j, o, "number", (int64_t)end->number);
	json_int_or_null(j, o, "run", end->run > 0, (int64_t)end->run);
	json_bool(j, o, "is_earlier", is_earlier);
	json_text(j, o, "text", text);
	json_text(j, o, "cause", phrase_cause(end->cause));
	json_int_or_null(j, o, "code", !is_failed_start && end->code >= 0,
			 end->code);
	json_text(j, o, "signal",
		  end->was_signalled ? phrase_signal(end->code, buf) : NULL);
	json_text(j, o, "oom", is_killed && end->code == SIGKILL ?
				       phrase_oom(end->oom) :
				       NULL);
	json_text(j, o, "step",
		  is_failed_start ? board_step_word(end->step) : NULL);
	json_text(j, o, "which",
		  is_failed_start ? failed_start_which(end->step, end->code) :
				    NULL);
	json_int_or_null(j, o, "errno", is_failed_start, end->err);
	json_text(j, o, "errno_name",
		  is_failed_start ? errors_name(end->err, buf) : NULL);
	json_text(j, o, "error", is_failed_start ? error : NULL);
	json_time(j, o, "started", runtime_ms < 0 ? -1 :
			     end->ended_wall_ms - runtime_ms);
	json_time(j, o, "ended", end->ended_wall_ms);
	json_int_or_null(j, o, "ended_monotonic_ms", !is_earlier,
			 end->ended_ms);
	json_int_or_null(j, o, "runtime_ms", runtime_ms >= 0, runtime_ms);
	json_int(j, o, "cpu_us", end->cpu_us);
	json_int(j, o, "peak_kib", end->peak_kib);
	json_int_or_null(j, o, "tasks", end->tasks_current >= 0,
			 end->tasks_current);
	json_int_or_null(j, o, "tasks_max", end->tasks_max >= 0,
			 end->tasks_max);
	json_int(j, o, "leftovers", end->leftovers);
	json_bool(j, o, "is_failure", end->was_failure);
	json_bool(j, o, "is_probe", end->was_probe);
	json_bool(j, o, "is_core_dumped", end->was_core_dumped);
	return o;
}

cJSON *registry_ends(struct json *j, const struct board_service *row,
		     const struct registry_service *earlier,
		     const struct output *output, uint32_t i)
{
	cJSON *array = json_array(j);
	uint32_t shown = 0;

	for (uint64_t n = row->ends_count; n > 0 && shown < BOARD_ENDS;
	     n--, shown++) {
		const struct board_end *end = &row->ends[(n - 1) % BOARD_ENDS];
		cJSON *o = registry_end(j, end, false);

		if (output != NULL)
			json_add(j, o, "output",
				 end->run == 0 ?
					 json_array(j) :
					 last_lines_array(j, output, i,
							  end->run,
							  OUTPUT_TEXT));
		json_add_line(j, array, o);
	}
	for (uint32_t k = 0; k < earlier->ends && shown < REGISTRY_ENDS;
	     k++, shown++) {
		cJSON *o = registry_end(j, &earlier->end[k], true);

		if (output != NULL)
			json_add(j, o, "output", json_array(j));
		json_add_line(j, array, o);
	}
	return array;
}

static void add_executable(struct json *j, cJSON *o,
			   const struct board_exe *exe, uint32_t i)
{
	char digits[24];
	cJSON *e;

	if (exe == NULL || atomic_load_explicit(&exe->service[i].is_known,
						memory_order_acquire) == 0) {
		json_text(j, o, "executable", NULL);
		return;
	}
	e = json_object(j);
	format(digits, sizeof(digits), "%llu",
		 (unsigned long long)exe->service[i].size);
	json_text(j, e, "size", digits);
	format(digits, sizeof(digits), "%lld",
		 (long long)exe->service[i].mtime_ns);
	json_text(j, e, "mtime_ns", digits);
	json_add(j, o, "executable", e);
}

static cJSON *service_object(struct json *j, const struct config_service *s,
			     const struct board_service *row,
			     const struct registry_service *earlier,
			     const struct registry_now *now,
			     const struct board_exe *exe, uint32_t i)
{
	cJSON *o = json_object(j);
	bool has_until = row->breaker == BREAKER_OPEN && row->until_ms > 0;
	char hex[20];

	format(hex, sizeof(hex), "%016llx",
		 (unsigned long long)s->fingerprint);
	json_text(j, o, "fingerprint", hex);
	add_executable(j, o, exe, i);
	json_text(j, o, "breaker", phrase_breaker(row->breaker));
	json_int(j, o, "trips", row->trips);
	json_int(j, o, "at_once", row->at_once);
	json_int(j, o, "doublings", row->doublings);
	json_int(j, o, "in_row", row->in_row);
	json_time(j, o, "until", has_until ? now->wall_ms - now->mono_ms +
						     row->until_ms :
					     -1);
	json_int_or_null(j, o, "until_monotonic_ms", has_until, row->until_ms);
	json_int(j, o, "starts", (int64_t)row->starts);
	json_int(j, o, "failures", (int64_t)row->failed);
	json_int(j, o, "starts_earlier", (int64_t)earlier->starts);
	json_int(j, o, "failures_earlier", (int64_t)earlier->failures);
	json_add(j, o, "ends", registry_ends(j, row, earlier, NULL, i));
	return o;
}

static cJSON *starts_array(struct json *j, const struct registry *r)
{
	cJSON *array = json_array(j);
	char time[PHRASE_TIME];

	for (uint32_t i = 0; i < r->starts; i++) {
		phrase_time(time, r->start_wall_ms[i]);
		json_add_item(j, array, cJSON_CreateString(time));
	}
	return array;
}

void registry_write(struct json *j, const struct registry *r,
		    const struct config *c, const struct registry_now *now,
		    const struct board *board, const struct board_exe *exe)
{
	static struct board_service row;

	json_open(j, NULL);
	json_member(j, "schema", cJSON_CreateNumber(REGISTRY_SCHEMA));
	json_member(j, "boot_id",
		    now->boot_id[0] != '\0' ? cJSON_CreateString(now->boot_id) :
					      cJSON_CreateNull());
	json_member(j, "container_starts", starts_array(j, r));
	json_open(j, "services");
	for (uint32_t i = 0; i < c->services && j->err == 0; i++) {
		if (!board_row_read(&board->service[i], &row)) {
			j->err = -EAGAIN;
			return;
		}
		if (board_is_hidden(config_service(c, i), &row))
			continue;
		json_member(j, config_name(c, i),
			    service_object(j, config_service(c, i), &row,
					   &r->service[i], now, exe, i));
	}
	json_close(j);
	json_close(j);
}
