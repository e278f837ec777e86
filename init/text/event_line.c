/* SPDX-License-Identifier: ISC */
/* Lines for stderr and records for events.jsonl around a sentence. */
#include "init/text/event_line.h"

#include <string.h>

#include "init/lib/scan.h"
#include "init/text/event_table.h"

const char *event_line_word(unsigned kind)
{
	return kind < BOARD_EVENT_KINDS ? kinds_word(kind) : "unknown";
}

enum config_log_level event_line_level(const struct config *c,
				    const struct board_event *e)
{
	const int64_t *n = e->n;
	enum config_log_level level = kinds_level(e->kind);

	if (e->kind == BOARD_EV_ENDED && n[EVENT_ENDED_IS_FAILURE] != 0)
		return CONFIG_WARNING;
	if (e->kind == BOARD_EV_HOOK_ENDED &&
	    (n[EVENT_END_CAUSE] != BOARD_EXITED || n[EVENT_END_CODE] != 0 ||
	     n[EVENT_HOOK_ENDED_IS_TIMED_OUT] != 0))
		return CONFIG_WARNING;
	if (e->kind == BOARD_EV_STABLE && n[EVENT_STABLE_IS_CLOSED] != 0)
		return CONFIG_INFO;
	if (e->kind == BOARD_EV_WAITING &&
	    n[EVENT_WAITING_FOR] == BOARD_WAIT_HEADROOM)
		return CONFIG_WARNING;
	if (e->kind == BOARD_EV_WAITING &&
	    n[EVENT_WAITING_FOR] == BOARD_WAIT_RESTORE)
		return CONFIG_DEBUG;
	if (e->kind == BOARD_EV_VOLUME_TROUBLE && !c->is_diagnostics_written)
		return CONFIG_INFO;
	if (e->kind == BOARD_EV_EXIT && n[EVENT_EXIT_CODE] != 0)
		return CONFIG_ERROR;
	return level;
}

/* ,"name":value for each argument that the row names. */
static void add_args(struct phrase *w, const struct config *c,
		     const struct board_event *e)
{
	const char *at = kinds_find(e->kind)->args;

	for (size_t i = 0; *at != '\0'; i++) {
		size_t name = strcspn(at, "/ ");
		char letter = at[name] == '/' ? at[name + 1] : 'i';
		bool is_word = letter != 'i' && letter != 'b' && letter != 'm';

		phrase_add(w, ",\"%.*s\":%s", (int)name, at,
			  is_word ? "\"" : "");
		event_text_value(w, c, e, i, letter);
		phrase_add(w, is_word ? "\"" : "");
		at += strcspn(at, " ");
		at += *at == ' ';
	}
}

static const char *level_word(enum config_log_level level)
{
	static const char *const words[] = {
		[CONFIG_ERROR] = "error",
		[CONFIG_WARNING] = "warning",
		[CONFIG_INFO] = "info",
		[CONFIG_DEBUG] = "debug",
	};

	return words[level];
}

/* What a line of JSON says in any case, without the braces. */
static void add_json(struct phrase *w, int64_t wall_ms, const char *level,
		     const char *service, const char *event,
		     const char *sentence)
{
	char time[PHRASE_TIME];

	phrase_time(time, wall_ms);
	phrase_add(w, "\"time\":\"%s\",\"level\":\"%s\",\"service\":", time,
		  level);
	if (service != NULL)
		phrase_add_json(w, service);
	else
		phrase_add(w, "null");
	phrase_add(w, ",\"event\":\"%s\",\"message\":", event);
	phrase_add_json(w, sentence);
}

static void add_event(struct phrase *w, const struct event_text_from *from,
		      const struct board_event *e, const char *sentence)
{
	const struct config *c = from->config;

	add_json(w, e->wall_ms, level_word(event_line_level(c, e)),
		 event_text_service(c, e->service), kinds_word(e->kind),
		 sentence);
	phrase_add(w, ",\"monotonic_ms\":%lld", (long long)e->mono_ms);
	add_args(w, c, e);
}

void event_line_text(struct phrase *w, const struct event_text_from *from,
		  const struct board_event *e)
{
	const char *name = event_text_service(from->config, e->service);
	char sentence[EVENT_LINE_TEXT] = "";
	struct phrase s = PHRASE_IN(sentence);

	event_text_add(&s, from, e);
	if (from->config->log_format == CONFIG_TEXT_LINES) {
		phrase_add(w, "dashpot: %s%s%s\n", name != NULL ? name : "",
			  name != NULL ? ": " : "", sentence);
		return;
	}
	phrase_add(w, "{");
	add_event(w, from, e, sentence);
	phrase_add(w, "}\n");
}

/* What a record begins with: its place in the history. */
static void begin_record(struct phrase *w, uint64_t seq, int64_t began_wall_ms)
{
	char began[PHRASE_TIME];

	phrase_time(began, began_wall_ms);
	phrase_add(w, "{\"seq\":%llu,\"container\":\"%s\",",
		   (unsigned long long)seq, began);
}

void event_line_json(struct phrase *w, const struct event_text_from *from,
		    const struct board_event *e, int64_t began_wall_ms)
{
	char sentence[EVENT_LINE_TEXT] = "";
	struct phrase s = PHRASE_IN(sentence);

	event_text_add(&s, from, e);
	begin_record(w, atomic_load_explicit(&e->number, memory_order_relaxed),
		     began_wall_ms);
	add_event(w, from, e, sentence);
}

void event_line_json_lost(struct phrase *w, uint64_t seq, uint64_t lost,
			 int64_t began_wall_ms, int64_t mono_ms,
			 int64_t wall_ms)
{
	char sentence[EVENT_LINE_TEXT] = "";
	struct phrase s = PHRASE_IN(sentence);

	event_text_count(&s, (int64_t)lost, "event", "s");
	phrase_add(&s, " lost: overwritten before they were recorded here");
	begin_record(w, seq, began_wall_ms);
	add_json(w, wall_ms, "warning", NULL, "lost", sentence);
	phrase_add(w, ",\"monotonic_ms\":%lld,\"lost\":%llu",
		   (long long)mono_ms, (unsigned long long)lost);
}

uint64_t event_line_json_seq(const char *line, int64_t began_wall_ms)
{
	static const char first[] = "{\"seq\":";
	char again[96];
	struct phrase w = PHRASE_IN(again);
	uint64_t seq;

	if (strncmp(line, first, strlen(first)) != 0)
		return 0;
	line += strlen(first);
	seq = scan_unsigned(&line, 10);
	begin_record(&w, seq, began_wall_ms);
	/* From the "container" on it has to say the same. */
	return strncmp(line, scan_find(again, ",\"c"),
		       strlen(scan_find(again, ",\"c"))) == 0 ? seq : 0;
}

void event_line_lost(struct phrase *w, const struct config *c, uint64_t lost,
		  int64_t wall_ms)
{
	char sentence[EVENT_LINE_TEXT];
	struct phrase s = PHRASE_IN(sentence);

	event_text_count(&s, (int64_t)lost, "message", "s");
	phrase_add(&s, " lost: stderr was not read fast enough");
	if (c->log_format == CONFIG_TEXT_LINES) {
		phrase_add(w, "dashpot: %s\n", sentence);
		return;
	}
	phrase_add(w, "{");
	add_json(w, wall_ms, "warning", NULL, "lost", sentence);
	phrase_add(w, ",\"lost\":%llu}\n", (unsigned long long)lost);
}
