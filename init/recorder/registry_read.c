/* SPDX-License-Identifier: ISC */
/* process-registry.json, read: every value is checked for its type and range,
 * whoever wrote the file. A file that is not ours as a whole is refused; a
 * service whose values are wrong is left out. */
#include "init/recorder/registry.h"

#include <stdlib.h>
#include <string.h>

#include "policy/date.h"
#include "init/text/failed_start.h"
#include "init/text/wording.h"
#include "init/lib/scan.h"
#include "policy/breaker.h"

enum {
	OUTER_LOOP_MS = 10 * 60 * 1000, /* container starts count so long */
	COUNT_MAX = 1000000000,         /* of trips and the like */
	DOUBLINGS_MAX = 62,
};

static const int64_t EXACT_MAX = 1LL << 53; /* integers of a double */

/* The integer under key, min .. max. */
static bool get_int(const cJSON *o, const char *key, int64_t min, int64_t max,
		    int64_t *value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)min) ||
	    !(item->valuedouble <= (double)max))
		return false;
	*value = (int64_t)item->valuedouble;
	return (double)*value == item->valuedouble;
}

/* Likewise, but a value that is null or missing is `otherwise`. */
static bool get_int_or(const cJSON *o, const char *key, int64_t min,
		       int64_t max, int64_t otherwise, int64_t *value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	*value = otherwise;
	return item == NULL || cJSON_IsNull(item) ||
	       get_int(o, key, min, max, value);
}

static bool get_bool(const cJSON *o, const char *key, bool *value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	*value = cJSON_IsTrue(item);
	return cJSON_IsBool(item);
}

/* The number of the word under key, 0 .. n - 1. */
static bool get_word(const cJSON *o, const char *key,
		     const char *(*word)(unsigned), unsigned n,
		     unsigned *value)
{
	const char *text = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(o, key));

	for (*value = 0; text != NULL && *value < n; (*value)++)
		if (strcmp(text, word(*value)) == 0)
			return true;
	return false;
}

/* Digits of a base that are the whole string under key. */
static bool get_digits(const cJSON *o, const char *key, unsigned base,
		       uint64_t *value)
{
	const char *text = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(o, key));

	if (text == NULL || text[0] == '\0' || strlen(text) > 20)
		return false;
	*value = text[0] == '-' ? (uint64_t)scan_signed(&text) :
				  scan_unsigned(&text, base);
	return *text == '\0';
}

/* The number of n digits at text + at; -1 if they are none. */
static int digits_at(const char *text, size_t at, size_t n)
{
	int value = 0;

	for (; n > 0; n--, at++) {
		if (text[at] < '0' || text[at] > '9')
			return -1;
		value = value * 10 + text[at] - '0';
	}
	return value;
}

/* RFC 3339 exactly as phrase_time() writes it: whatever else is there, or no
 * such day, does not come back as the same text. */
static bool read_time(const cJSON *item, int64_t *wall_ms)
{
	const char *text = cJSON_GetStringValue(item);
	char again[PHRASE_TIME];
	struct date d;
	int64_t s;

	if (text == NULL || strlen(text) != strlen("YYYY-MM-DDThh:mm:ss.mmmZ"))
		return false;
	d = (struct date){
		.year = digits_at(text, 0, 4),
		.month = digits_at(text, 5, 2),
		.day = digits_at(text, 8, 2),
	};
	s = digits_at(text, 11, 2) * 3600 + digits_at(text, 14, 2) * 60 +
	    digits_at(text, 17, 2);
	*wall_ms = (date_to_day(&d) * 86400 + s) * 1000 +
		   digits_at(text, 20, 3);
	phrase_time(again, *wall_ms);
	return strcmp(again, text) == 0;
}

static bool get_time(const cJSON *o, const char *key, int64_t *wall_ms)
{
	return read_time(cJSON_GetObjectItemCaseSensitive(o, key), wall_ms);
}

/* The number of what a step was about, -1 for none. */
static int32_t read_which(const cJSON *o, unsigned step)
{
	enum { MOST = 64 };
	const char *text = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(o, "which"));

	for (int n = 0; text != NULL && n < MOST; n++) {
		const char *name = failed_start_which(step, n);

		if (name != NULL && strcmp(name, text) == 0)
			return n;
	}
	return -1;
}

static bool read_end(const cJSON *o, struct board_end *end)
{
	int64_t number, code, runtime_ms, cpu_us, peak_kib, err, leftovers;
	int64_t tasks, tasks_max, run;
	unsigned cause, step, oom;

	if (!get_int(o, "number", 1, EXACT_MAX, &number) ||
	    !get_word(o, "cause", phrase_cause, BOARD_CAUSES,
		      &cause) ||
	    !get_int_or(o, "run", 1, EXACT_MAX, 0, &run) ||
	    !get_int_or(o, "code", 0, 255, -1, &code) ||
	    !get_int_or(o, "errno", 0, 4095, 0, &err) ||
	    !get_time(o, "ended", &end->ended_wall_ms) ||
	    !get_int_or(o, "runtime_ms", 0, EXACT_MAX, -1, &runtime_ms) ||
	    !get_int(o, "cpu_us", 0, EXACT_MAX, &cpu_us) ||
	    !get_int(o, "peak_kib", 0, EXACT_MAX, &peak_kib) ||
	    !get_int_or(o, "tasks", 0, EXACT_MAX, -1, &tasks) ||
	    !get_int_or(o, "tasks_max", 0, EXACT_MAX, -1, &tasks_max) ||
	    !get_int(o, "leftovers", 0, INT32_MAX, &leftovers) ||
	    !get_bool(o, "is_failure", &end->was_failure) ||
	    !get_bool(o, "is_probe", &end->was_probe) ||
	    !get_bool(o, "is_core_dumped", &end->was_core_dumped))
		return false;
	if (!get_word(o, "step", board_step_word, BOARD_STEPS, &step))
		step = BOARD_STEP_NONE;
	if (!get_word(o, "oom", phrase_oom, BOARD_OOM_CERTAIN + 1, &oom))
		oom = BOARD_OOM_NO;
	end->was_signalled = cJSON_IsString(
		cJSON_GetObjectItemCaseSensitive(o, "signal"));
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
	end->cpu_us = cpu_us;
	end->peak_kib = peak_kib;
	end->tasks_current = tasks;
	end->tasks_max = tasks_max;
	end->leftovers = (int32_t)leftovers;
	return true;
}

/* The past of one service. When this very container wrote the file (a
 * restarted recorder reads it), its own share is on the board already. */
static bool read_history(struct registry_service *to, const cJSON *o,
			 const struct registry_now *now, bool is_own)
{
	const cJSON *ends = cJSON_GetObjectItemCaseSensitive(o, "ends");
	struct registry_service s = { 0 };
	int64_t starts, failures, starts_earlier, failures_earlier;
	const cJSON *item;

	if (!get_int(o, "starts", 0, EXACT_MAX / 4, &starts) ||
	    !get_int(o, "failures", 0, EXACT_MAX / 4, &failures) ||
	    !get_int(o, "starts_earlier", 0, EXACT_MAX / 4,
		     &starts_earlier) ||
	    !get_int(o, "failures_earlier", 0, EXACT_MAX / 4,
		     &failures_earlier) ||
	    !cJSON_IsArray(ends))
		return false;
	s.starts = (uint64_t)(starts_earlier + (is_own ? 0 : starts));
	s.failures = (uint64_t)(failures_earlier + (is_own ? 0 : failures));
	cJSON_ArrayForEach(item, ends)
	{
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
static int64_t remaining_ms(const cJSON *o, const struct config_service *s,
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

static bool read_row(struct board_restored *to, const cJSON *o,
		     const struct config_service *s,
		     const struct registry_now *now, bool is_same_boot)
{
	const cJSON *exe = cJSON_GetObjectItemCaseSensitive(o, "executable");
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
	if (!cJSON_IsNull(exe) &&
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
static bool read_starts(struct registry *r, const cJSON *starts,
			const struct registry_now *now)
{
	const cJSON *item;
	bool is_own = false;
	int64_t wall_ms;

	cJSON_ArrayForEach(item, starts)
	{
		if (!read_time(item, &wall_ms))
			continue;
		if (item == starts->child && wall_ms == now->began_wall_ms)
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

/* The document, or NULL unless it is one of ours. */
static cJSON *parse(const char *text, size_t size)
{
	const char *end = NULL;
	cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
	int64_t schema;

	while (root != NULL && end < text + size &&
	       memchr(" \t\r\n", *end, 4) != NULL)
		end++;
	if (root != NULL && end == text + size &&
	    get_int(root, "schema", REGISTRY_SCHEMA, REGISTRY_SCHEMA,
		    &schema) &&
	    cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(root,
							    "services")) &&
	    cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(
		    root, "container_starts")))
		return root;
	cJSON_Delete(root);
	return NULL;
}

bool registry_read(struct registry *r, struct board_restored *rows,
		   const struct config *c, const struct registry_now *now,
		   const char *text, size_t size)
{
	cJSON *root = parse(text, size);
	const cJSON *services;
	const char *boot_id;
	bool is_own, is_same_boot;

	registry_begin(r, now);
	if (root == NULL)
		return false;
	services = cJSON_GetObjectItemCaseSensitive(root, "services");
	boot_id = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(root, "boot_id"));
	is_same_boot = boot_id != NULL && boot_id[0] != '\0' &&
		       strcmp(boot_id, now->boot_id) == 0;
	is_own = read_starts(r,
			     cJSON_GetObjectItemCaseSensitive(
				     root, "container_starts"),
			     now);
	for (uint32_t i = 0; i < c->services; i++) {
		const cJSON *o = cJSON_GetObjectItemCaseSensitive(
			services, config_name(c, i));

		if (o == NULL || !read_history(&r->service[i], o, now, is_own))
			continue;
		if (rows != NULL)
			read_row(&rows[i], o, config_service(c, i), now,
				 is_same_boot);
	}
	cJSON_Delete(root);
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
