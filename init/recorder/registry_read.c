/* SPDX-License-Identifier: ISC */
/* process-registry.json, read: every value is checked for its type and range,
 * whoever wrote the file. A file that is not ours as a whole is refused; a
 * service whose values are wrong is left out. */
#include "init/recorder/registry.h"

#include <stdlib.h>
#include <string.h>

#include "init/lib/scan.h"
#include "init/text/failed_start.h"
#include "init/text/json_reader.h"
#include "init/text/wording.h"
#include "policy/breaker.h"

enum {
	OUTER_LOOP_MS = 10 * 60 * 1000, /* container starts count so long */
	COUNT_MAX = 1000000000,         /* of trips and the like */
	DOUBLINGS_MAX = 62,
};

static const int64_t EXACT_MAX = 1LL << 53; /* integers of a double */

/* The integer under key, min .. max. */
static bool get_int(struct json_value o, const char *key, int64_t min,
		    int64_t max, int64_t *value)
{
	*value = json_to_int(json_get(o, key), INT64_MIN);
	return *value >= min && *value <= max;
}

static bool is_null(struct json_value value)
{
	return value.at != NULL && *value.at == 'n';
}

/* Likewise, but a value that is null or missing is `otherwise`. */
static bool get_int_or(struct json_value o, const char *key, int64_t min,
		       int64_t max, int64_t otherwise, int64_t *value)
{
	struct json_value item = json_get(o, key);

	if (item.at != NULL && !is_null(item))
		return get_int(o, key, min, max, value);
	*value = otherwise;
	return true;
}

static bool get_bool(struct json_value o, const char *key, bool *value)
{
	struct json_value item = json_get(o, key);

	*value = json_is_true(item);
	return *value || (item.at != NULL && *item.at == 'f');
}

/* The number of the word under key, 0 .. n - 1. */
static bool get_word(struct json_value o, const char *key,
		     const char *(*word)(unsigned), unsigned n,
		     unsigned *value)
{
	struct json_value item = json_get(o, key);

	for (*value = 0; *value < n; (*value)++)
		if (json_is(item, word(*value)))
			return true;
	return false;
}

/* Digits of a base that are the whole string under key. */
static bool get_digits(struct json_value o, const char *key, unsigned base,
		       uint64_t *value)
{
	char buffer[24];
	const char *text =
		json_to_text(json_get(o, key), buffer, sizeof(buffer));

	if (text[0] == '\0' || strlen(text) > 20)
		return false;
	*value = text[0] == '-' ? (uint64_t)scan_signed(&text) :
				  scan_unsigned(&text, base);
	return *text == '\0';
}

/* RFC 3339 exactly as phrase_time() writes it: whatever else is there, or no
 * such day, does not come back as the same text. */
static bool read_time(struct json_value item, int64_t *wall_ms)
{
	char again[PHRASE_TIME];

	*wall_ms = json_to_time(item);
	if (*wall_ms < 0)
		return false;
	phrase_time(again, *wall_ms);
	return json_is(item, again);
}

static bool get_time(struct json_value o, const char *key, int64_t *wall_ms)
{
	return read_time(json_get(o, key), wall_ms);
}

/* The number of what a step was about, -1 for none. */
static int32_t read_which(struct json_value o, unsigned step)
{
	enum { MOST = 64 };
	struct json_value which = json_get(o, "which");

	for (int n = 0; n < MOST; n++) {
		const char *name = failed_start_which(step, n);

		if (name != NULL && json_is(which, name))
			return n;
	}
	return -1;
}

static bool read_end(struct json_value o, struct board_end *end)
{
	int64_t number, code, runtime_ms, err, leftovers, run;
	struct json_value signal = json_get(o, "signal");
	unsigned cause, step, oom;

	if (!get_int(o, "number", 1, EXACT_MAX, &number) ||
	    !get_word(o, "cause", phrase_cause, BOARD_CAUSES,
		      &cause) ||
	    !get_int_or(o, "run", 1, EXACT_MAX, 0, &run) ||
	    !get_int_or(o, "code", 0, 255, -1, &code) ||
	    !get_int_or(o, "errno", 0, 4095, 0, &err) ||
	    !get_time(o, "ended", &end->ended_wall_ms) ||
	    !get_int_or(o, "runtime_ms", 0, EXACT_MAX, -1, &runtime_ms) ||
	    !get_int(o, "cpu_us", 0, EXACT_MAX, &end->cpu_us) ||
	    !get_int(o, "peak_kib", 0, EXACT_MAX, &end->peak_kib) ||
	    !get_int_or(o, "tasks", 0, EXACT_MAX, -1, &end->tasks_current) ||
	    !get_int_or(o, "tasks_max", 0, EXACT_MAX, -1, &end->tasks_max) ||
	    !get_int(o, "leftovers", 0, INT32_MAX, &leftovers) ||
	    !get_bool(o, "is_failure", &end->was_failure) ||
	    !get_bool(o, "is_probe", &end->was_probe) ||
	    !get_bool(o, "is_core_dumped", &end->was_core_dumped))
		return false;
	if (!get_word(o, "step", board_step_word, BOARD_STEPS, &step))
		step = BOARD_STEP_NONE;
	if (!get_word(o, "oom", phrase_oom, BOARD_OOM_CERTAIN + 1, &oom))
		oom = BOARD_OOM_NO;
	end->was_signalled = signal.at != NULL && *signal.at == '"';
	end->number = (uint64_t)number;
	end->run = (uint64_t)run;
	end->oom = (enum board_oom)oom;
	end->cause = (enum board_cause)cause;
	end->step = (enum board_step)step;
	end->code = cause == BOARD_START_FAILED ? read_which(o, step)
						: (int32_t)code;
	end->err = (int32_t)err;
	end->started_ms = runtime_ms < 0 ? -1 : 0;
	end->ended_ms = runtime_ms < 0 ? 0 : runtime_ms;
	end->leftovers = (int32_t)leftovers;
	return true;
}

/* The past of one service. When this very container wrote the file (a
 * restarted recorder reads it), its own share is on the board already. */
static bool read_history(struct registry_service *to, struct json_value o,
			 const struct registry_now *now, bool is_own)
{
	struct json_value ends = json_get(o, "ends"), item;
	struct registry_service s = { 0 };
	int64_t starts, failures, starts_earlier, failures_earlier;

	if (!get_int(o, "starts", 0, EXACT_MAX / 4, &starts) ||
	    !get_int(o, "failures", 0, EXACT_MAX / 4, &failures) ||
	    !get_int(o, "starts_earlier", 0, EXACT_MAX / 4,
		     &starts_earlier) ||
	    !get_int(o, "failures_earlier", 0, EXACT_MAX / 4,
		     &failures_earlier) ||
	    ends.at == NULL || *ends.at != '[')
		return false;
	s.starts = (uint64_t)(starts_earlier + (is_own ? 0 : starts));
	s.failures = (uint64_t)(failures_earlier + (is_own ? 0 : failures));
	while (json_next(&ends, NULL, &item)) {
		struct board_end *end = &s.end[s.ends];

		if (s.ends < REGISTRY_ENDS && read_end(item, end) &&
		    end->ended_wall_ms < now->began_wall_ms)
			s.ends++;
	}
	*to = s;
	return true;
}

/* What is left of the cooldown, 0 .. the longest one that the settings
 * allow. Monotonic time counts only within one boot of the machine. */
static int64_t remaining_ms(struct json_value o, const struct config_service *s,
			    const struct registry_now *now, bool is_same_boot)
{
	int64_t until, left = 0;

	if (is_same_boot && get_int(o, "until_monotonic_ms", 0, EXACT_MAX,
				    &until))
		left = until - now->mono_ms;
	else if (get_time(o, "until", &until))
		left = until - now->wall_ms;
	if (left > s->breaker.cooldown_max_ms)
		left = s->breaker.cooldown_max_ms;
	return left < 0 ? 0 : left;
}

static bool read_row(struct board_restored *to, struct json_value o,
		     const struct config_service *s,
		     const struct registry_now *now, bool is_same_boot)
{
	struct json_value exe = json_get(o, "executable");
	struct board_restored row = { .is_known = true };
	int64_t trips, at_once, doublings, in_row;
	uint64_t mtime = 0;
	unsigned breaker;

	if (!get_digits(o, "fingerprint", 16, &row.fingerprint) ||
	    !get_word(o, "breaker", phrase_breaker, BREAKER_LATCHED + 1,
		      &breaker) ||
	    !get_int(o, "trips", 0, COUNT_MAX, &trips) ||
	    !get_int(o, "at_once", 0, COUNT_MAX, &at_once) ||
	    !get_int(o, "doublings", 0, DOUBLINGS_MAX, &doublings) ||
	    !get_int_or(o, "in_row", 0, BREAKER_ROW, 0, &in_row))
		return false;
	if (!is_null(exe) &&
	    (!get_digits(exe, "size", 10, &row.exe_size) ||
	     !get_digits(exe, "mtime_ns", 10, &mtime)))
		return false;
	row.exe_mtime_ns = (int64_t)mtime;
	row.breaker = (uint8_t)breaker;
	row.trips = (uint32_t)trips;
	row.at_once = (uint32_t)at_once;
	row.doublings = (uint32_t)doublings;
	row.in_row = (uint32_t)in_row;
	row.wait_ms = remaining_ms(o, s, now, is_same_boot);
	*to = row;
	return true;
}

/* Put the container starts of the file behind this one; true when the newest
 * of them is this one. */
static bool read_starts(struct registry *r, struct json_value starts,
			const struct registry_now *now)
{
	struct json_value item;
	bool is_own = false, is_newest = true;
	int64_t wall_ms;

	for (; json_next(&starts, NULL, &item); is_newest = false) {
		if (!read_time(item, &wall_ms))
			continue;
		if (is_newest && wall_ms == now->began_wall_ms)
			is_own = true;
		else if (r->starts < REGISTRY_STARTS)
			r->start_wall_ms[r->starts++] = wall_ms;
	}
	return is_own;
}

void registry_begin(struct registry *r, const struct registry_now *now)
{
	r->starts = 1;
	r->start_wall_ms[0] = now->began_wall_ms;
}

/* The number of the service of this name; config->services: none. */
static uint32_t find_service(const struct config *c, struct json_value name)
{
	uint32_t i = 0;

	while (i < c->services && !json_is(name, config_name(c, i)))
		i++;
	return i;
}

bool registry_read(struct registry *r, struct board_restored *rows,
		   const struct config *c, const struct registry_now *now,
		   const char *text, size_t size)
{
	const struct json_value root = json_document(text, size, NULL);
	const struct json_value starts = json_get(root, "container_starts");
	struct json_value services = json_get(root, "services"), name, o;
	int64_t schema;
	bool is_own, is_same_boot;

	registry_begin(r, now);
	if (!get_int(root, "schema", REGISTRY_SCHEMA, REGISTRY_SCHEMA,
		     &schema) ||
	    services.at == NULL || *services.at != '{' || starts.at == NULL ||
	    *starts.at != '[')
		return false;
	is_same_boot = now->boot_id[0] != '\0' &&
		       json_is(json_get(root, "boot_id"), now->boot_id);
	is_own = read_starts(r, starts, now);
	while (json_next(&services, &name, &o)) {
		uint32_t i = find_service(c, name);

		if (i == c->services ||
		    !read_history(&r->service[i], o, now, is_own))
			continue;
		if (rows != NULL)
			read_row(&rows[i], o, config_service(c, i), now,
				 is_same_boot);
	}
	return true;
}

uint32_t registry_recent_starts(const struct registry *r,
				const struct registry_now *now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->starts; i++)
		if (llabs(now->wall_ms - r->start_wall_ms[i]) < OUTER_LOOP_MS)
			n++;
	return n;
}
