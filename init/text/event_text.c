/* SPDX-License-Identifier: ISC */
/* Sentences: most are a row of event_table.c with its arguments put in, some
 * depend on more than a row can say and are made here. */
#include "init/text/event_text.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "init/board/command_protocol.h"
#include "init/lib/errors.h"
#include "init/text/event_table.h"
#include "init/text/host_name.h"
#include "init/text/source_name.h"

const char *event_text_service(const struct config *c, int64_t i)
{
	return i >= 0 && i < c->services ? config_name(c, (uint32_t)i) : NULL;
}

void event_text_count(struct phrase *w, int64_t n, const char *noun,
		    const char *plural)
{
	phrase_add(w, "%lld %s%s", (long long)n, noun, n == 1 ? "" : plural);
}

void event_text_failures(struct phrase *w, int64_t n, int64_t window_ms)
{
	event_text_count(w, n, "failure", "s");
	phrase_add(w, " ");
	phrase_window(w, window_ms);
}

static void add_wait_status(struct phrase *w, int64_t status)
{
	int s = (int)status;
	char buf[16];

	if (WIFSIGNALED(s))
		phrase_add(w, "was killed by %s",
			  phrase_signal(WTERMSIG(s), buf));
	else
		phrase_add(w, "exited with code %d", WEXITSTATUS(s));
}

static const char *const reloads[BOARD_RELOADS] = {
	[BOARD_RELOAD_MISTAKES] = "mistakes",
	[BOARD_RELOAD_SILENT] = "silent",
	[BOARD_RELOAD_DIED] = "died",
	[BOARD_RELOAD_DAMAGED] = "damaged",
	[BOARD_RELOAD_NO_FORK] = "no-fork",
	[BOARD_RELOAD_FILES] = "files",
	[BOARD_RELOAD_TASKS] = "tasks",
};

static const char *const hooks[HOOKS] = {
	[HOOK_CHECK] = "check",
	[HOOK_STOP] = "stop_command",
	[HOOK_BLOCKED] = "on_blocked",
};

static const char *word_of(const char *const *words, unsigned count,
			   unsigned i)
{
	return i < count ? words[i] : "unknown";
}

static const char *command_word(unsigned kind)
{
	static const char *const words[COMMAND_KINDS] = {
		[COMMAND_START] = "start",     [COMMAND_STOP] = "stop",
		[COMMAND_RESTART] = "restart", [COMMAND_RESET] = "reset",
		[COMMAND_SIGNAL] = "signal",   [COMMAND_RELOAD] = "reload",
		[COMMAND_SWEEP] = "sweep",
		[COMMAND_RELOAD_SERVICE] = "reload",
	};

	return word_of(words, COMMAND_KINDS, kind);
}

void event_text_value(struct phrase *w, const struct config *c,
		    const struct board_event *e, size_t i, char letter)
{
	int64_t v = e->n[i];
	unsigned u = v < 0 || v > INT32_MAX ? ~0u : (unsigned)v;
	char buf[16], host[HOST_NAME];

	switch (letter) {
	case 'd': phrase_duration(w, v); break;
	case 'f': phrase_window(w, v); break;
	case 'm':
		phrase_add(w, v < 0 ? "null" : "%lld", (long long)v);
		break;
	case 'u':
		phrase_add(w, "%lld", (long long)v / 1000 + (v % 1000 > 0));
		break;
	case 'b': phrase_add(w, v != 0 ? "true" : "false"); break;
	case 'c': phrase_add(w, "%s", phrase_cause(u)); break;
	case 't': phrase_add(w, "%s", board_step_word(u)); break;
	case 'e': phrase_add(w, "%s", errors_name((int)u, buf)); break;
	case 's': phrase_add(w, "%s", phrase_signal((int)u, buf)); break;
	case 'w': phrase_add(w, "%s", phrase_wait(u)); break;
	case 'h': phrase_add(w, "%s", board_helper_word(u)); break;
	case 'k': phrase_add(w, "%s", command_word(u)); break;
	case 'o': phrase_add(w, "%s", word_of(hooks, HOOKS, u)); break;
	case 'l': phrase_add(w, "%s", phrase_limit_kind(u)); break;
	case 'r':
		phrase_add(w, "%s", word_of(reloads, BOARD_RELOADS, u));
		break;
	case 'V': phrase_add(w, "%s", phrase_volume(u)); break;
	case 'a': phrase_add(w, "%s", phrase_answer_word(u)); break;
	case 'A': phrase_answer(w, u, (int)e->n[i + 1]); break;
	case 'W': add_wait_status(w, v); break;
	case 'F': phrase_add(w, "%s", source_name(u)); break;
	case 'p': event_text_count(w, v, "process", "es"); break;
	case 'n': event_text_count(w, v, "service", "s"); break;
	case 'N':
		phrase_add(w, "%s", event_text_service(c, v) != NULL ?
					    event_text_service(c, v) :
					    "another");
		break;
	case 'D':
		phrase_add(w, "%s", config_string(c, c->diagnostics));
		break;
	case 'H':
		host_name(host);
		phrase_add(w, "%s", host);
		break;
	case 'y': phrase_end(w, u, (int)e->n[EVENT_END_CODE], 0, 0, -1); break;
	case 'x':
		phrase_end(w, u, (int)e->n[EVENT_END_CODE],
			   (unsigned)e->n[EVENT_END_STEP],
			   (int)e->n[EVENT_END_ERRNO],
			   e->n[EVENT_END_RUNTIME_MS]);
		break;
	default: phrase_add(w, "%lld", (long long)v); break;
	}
}

/* Append the sentence s up to one of the characters in `until` or its end,
 * if is_shown; returns where that is. */
static const char *add_sentence(struct phrase *w, const struct config *c,
				const struct board_event *e, const char *s,
				const char *until, bool is_shown)
{
	while (*s != '\0' && strchr(until, *s) == NULL) {
		size_t plain = strcspn(s, "%[|]");

		if (s[0] == '[') {
			bool is_yes = e->n[s[1] - '0'] != 0;

			s = add_sentence(w, c, e, s + 3, "|", is_yes) + 1;
			s = add_sentence(w, c, e, s, "]", !is_yes) + 1;
			continue;
		}
		if (s[0] == '%') {
			if (is_shown)
				event_text_value(w, c, e, (size_t)(s[1] - '0'),
					       s[2]);
			s += 3;
			continue;
		}
		if (is_shown)
			phrase_add(w, "%.*s", (int)plain, s);
		s += plain;
	}
	return s;
}

static void add_blocked(struct phrase *w, const struct board_event *e)
{
	phrase_add(w, "blocked: ");
	if (e->n[EVENT_BLOCKED_IS_ASKED] != 0) {
		phrase_add(w, "the start that was asked for failed; that is "
			      "no trip and the cooldown stays as it was");
	} else if (e->n[EVENT_BLOCKED_WINDOW_MS] != 0) {
		event_text_failures(w, e->n[EVENT_BLOCKED_FAILURES],
				    e->n[EVENT_BLOCKED_WINDOW_MS]);
	} else if (e->n[EVENT_BLOCKED_TRIPS] > 1) {
		phrase_add(w, "failed again, trip %lld in a row",
			  (long long)e->n[EVENT_BLOCKED_TRIPS]);
	} else {
		phrase_add(w, "trying again at once cannot help");
	}
	phrase_add(w, "; next probe in ");
	phrase_duration(w, e->n[EVENT_BLOCKED_COOLDOWN_MS]);
}

/* The limit that holds a start back. */
static void add_limit(struct phrase *w, const struct board_event *e)
{
	const int64_t *n = e->n, kind = n[EVENT_LIMIT_KIND];
	const struct board_limit limit = {
		.kind = kind >= 0 && kind < BOARD_LIMIT_KINDS ?
				(enum board_limit_kind)kind :
				BOARD_LIMIT_NONE,
		.current = n[EVENT_LIMIT_CURRENT],
		.max = n[EVENT_LIMIT_MAX],
		.reserve = n[EVENT_LIMIT_RESERVE],
		.uid = (uint32_t)n[EVENT_LIMIT_UID_OR_LEVEL],
		.level = (int32_t)n[EVENT_LIMIT_UID_OR_LEVEL],
		.err = (int32_t)n[EVENT_LIMIT_ERRNO],
	};

	phrase_limit(w, &limit, true);
}

static void add_held(struct phrase *w, const struct board_event *e)
{
	phrase_add(w, "is essential and has waited for room to start for ");
	phrase_duration(w, e->n[EVENT_HELD_WAITED_MS]);
	phrase_add(w, " (held_timeout): ");
	add_limit(w, e);
	phrase_add(w, "; everything is stopped");
}

static void add_refused(struct phrase *w, const struct board_event *e)
{
	phrase_add(w, "%s is not run: ",
		   word_of(hooks, HOOKS, (unsigned)e->n[EVENT_HOOK]));
	if (e->n[EVENT_LIMIT_ERRNO] == EBUSY)
		phrase_add(w, "the last one has not ended");
	else
		add_limit(w, e);
}

static void add_waiting(struct phrase *w, const struct config *c,
			const struct board_event *e)
{
	const char *name = event_text_service(c, e->n[EVENT_WAITING_ON]);

	switch ((enum board_wait)e->n[EVENT_WAITING_FOR]) {
	case BOARD_WAIT_NOTHING:
		phrase_add(w, "waits");
		break;
	case BOARD_WAIT_RESTORE:
		phrase_add(w, "waits for what the volume remembers");
		break;
	case BOARD_WAIT_DEPENDENCY:
		phrase_add(w, "waits for %s", name != NULL ? name : "another");
		break;
	case BOARD_WAIT_BUDGET:
		phrase_add(w, "waits for its turn: the container's "
			     "restart_rate is used up");
		break;
	case BOARD_WAIT_HEADROOM:
		phrase_add(w, "waits for room to start a process: ");
		add_limit(w, e);
		break;
	case BOARD_WAIT_LEFTOVERS:
		phrase_add(w, "waits until what its last run left is gone");
		break;
	case BOARD_WAIT_SCHEDULE:
		phrase_add(w, "waits for its schedule");
		break;
	}
}

static void add_trouble(struct phrase *w, const struct config *c,
			const struct board_event *e)
{
	char buf[16];

	event_text_value(w, c, e, 0, 'D');
	if (e->n[EVENT_VOLUME_STEP] == BOARD_VOLUME_MOVED) {
		phrase_add(w, " was replaced, removed or mounted over: goes on "
			     "in the new one");
		return;
	}
	if (e->n[EVENT_VOLUME_STEP] == BOARD_VOLUME_SILENT) {
		phrase_add(w, " does not answer: the files there are not up to "
			     "date until it does; services are not affected");
		return;
	}
	phrase_add(w, " cannot be written: %s failed: %s (%s); services are "
		     "not affected",
		   phrase_volume((unsigned)e->n[EVENT_VOLUME_STEP]),
		   errors_text((int)e->n[EVENT_VOLUME_ERRNO]),
		   errors_name((int)e->n[EVENT_VOLUME_ERRNO], buf));
	phrase_add(w, c->is_diagnostics_written ?
			     ", tried again" :
			     "; mount a volume there to keep diagnostics");
}

/* Who has a place that was to be bound. */
static void add_holder(struct phrase *w, const struct board_event *e)
{
	if (e->n[EVENT_CONTROL_ERRNO] != EADDRINUSE ||
	    e->n[EVENT_CONTROL_IS_LISTEN] != 0)
		return;
	phrase_add(w, "; it belongs to uid %lld, ",
		   (long long)e->n[EVENT_CONTROL_UID]);
	if (e->n[EVENT_CONTROL_PID] > 0)
		phrase_add(w, "pid %lld", (long long)e->n[EVENT_CONTROL_PID]);
	else
		phrase_add(w, e->n[EVENT_CONTROL_PID] < 0 ? "is no socket"
					  : "no process of this container");
}

/* The place, what is wrong with it, who has it and what to do. */
static void add_control_trouble(struct phrase *w, const struct config *c,
				const struct board_event *e)
{
	const bool is_listen = e->n[EVENT_CONTROL_IS_LISTEN] != 0;
	const int err = (int)e->n[EVENT_CONTROL_ERRNO];
	char buf[16];

	if (is_listen)
		phrase_add(w, "listen = %s", config_string(c, c->listen));
	else if (c->control != 0)
		phrase_add(w, "control = %s", config_string(c, c->control));
	else
		phrase_add(w, "neither /run/dashpot.sock nor %s/dashpot.sock",
			   config_string(c, c->diagnostics));
	if (e->n[EVENT_CONTROL_IS_OWNER] != 0)
		phrase_add(w, ": control_owner cannot be given to it");
	else
		phrase_add(w, c->control != 0 || is_listen ?
				      " cannot be used" : " can be used");
	phrase_add(w, ": %s (%s)", errors_text(err), errors_name(err, buf));
	add_holder(w, e);
	if (e->n[EVENT_CONTROL_IS_OWNER] == 0)
		phrase_add(w, !is_listen && c->control != 0 ?
				   "; only commands without --control are "
				   "answered" : "; nobody can ask there");
}

/* The last line that is not blank of service i's run on one of the boards.
 * False when there is none. */
static bool find_last_line(const struct config *c,
			   const struct board_lines *lines, uint32_t i,
			   uint64_t run, struct lines_line *line)
{
	if (lines == NULL)
		return false;
	for (uint64_t n = lines_count(lines, c, i);
	     lines_read(lines, c, i, n, line) && line->run == run; n--)
		for (size_t k = 0; k < line->length; k++)
			if ((unsigned char)line->text[k] > ' ')
				return true;
	return false;
}

/* What the service said last, cut and made fit to be printed. */
static void add_last_line(struct phrase *w, const struct event_text_from *from,
			  uint32_t i, uint64_t run)
{
	enum { MOST = 160 };
	static struct lines_line line, other;
	bool is_found = find_last_line(from->config, from->relay, i, run,
				       &line);
	char text[MOST + 1] = "";
	size_t n;

	if (find_last_line(from->config, from->files, i, run, &other) &&
	    (!is_found || other.mono_ms > line.mono_ms)) {
		line = other;
		is_found = true;
	}
	if (!is_found)
		return;
	n = line.length < MOST ? line.length : MOST;
	memcpy(text, line.text, n);
	/* No half of a character at the cut. */
	while (n > 0 && n < line.length && (line.text[n] & 0xc0) == 0x80)
		text[n--] = '\0';
	text[n] = '\0';
	for (size_t k = 0; k < n; k++)
		if ((unsigned char)text[k] < ' ' || text[k] == 0x7f)
			text[k] = k + 1 < n || text[k] != '\r' ? '?' : '\0';
	phrase_make_utf8(text);
	phrase_add(w, "last line: \"%s%s\"; ", text,
		   n < line.length || line.is_cut ? "..." : "");
}

/* The last words: which service, how it ended, what it said, the code. */
static void add_exit(struct phrase *w, const struct event_text_from *from,
		     const struct board_event *e)
{
	static struct board_service row;
	const char *name = event_text_service(from->config, e->service);
	const struct board_end *end;

	if (e->n[EVENT_LIMIT_KIND] != BOARD_LIMIT_NONE) {
		phrase_add(w, "there was no room to start it: ");
		add_limit(w, e);
		phrase_add(w, "; ");
	} else if (name == NULL || from->board == NULL ||
		   !board_row_read(&from->board->service[e->service], &row)) {
		/* Nothing is known of it. */
	} else if (row.ends_count > 0) {
		end = &row.ends[(row.ends_count - 1) % BOARD_ENDS];
		phrase_end(w, end->cause, end->code, end->step, end->err,
			  end->started_ms < 0 ? -1 :
				  end->ended_ms - end->started_ms);
		phrase_add(w, "; ");
		add_last_line(w, from, (uint32_t)e->service, end->run);
	} else if (row.starts == 0 && e->n[EVENT_EXIT_CODE] == 1) {
		phrase_add(w, "never ran, as it waits for what does not "
			      "come; ");
	}
	phrase_add(w, "dashpot exits with code %lld",
		   (long long)e->n[EVENT_EXIT_CODE]);
}

static void add_reload_failed(struct phrase *w, const struct board_event *e)
{
	static const char *const why[BOARD_RELOADS] = {
		[BOARD_RELOAD_MISTAKES] = "the files have mistakes (they are "
					  "listed on stderr)",
		[BOARD_RELOAD_SILENT] = "the files do not answer",
		[BOARD_RELOAD_DIED] = "its loader died",
		[BOARD_RELOAD_DAMAGED] = "its loader wrote nonsense",
		[BOARD_RELOAD_NO_FORK] = "no process can be started for it",
		[BOARD_RELOAD_FILES] = "it needs more open files than the "
				       "hard limit allows (ulimit -Hn)",
		[BOARD_RELOAD_TASKS] = "it needs more tasks than the pids "
				       "limit allows",
	};
	char buf[16];

	phrase_add(w, "reload failed, what is in force stays: %s: %lld",
		   word_of(why, BOARD_RELOADS,
			   (unsigned)e->n[EVENT_RELOAD_REASON]),
		   (long long)e->n[EVENT_RELOAD_NUMBER]);
	if (e->n[EVENT_RELOAD_ERRNO] != 0)
		phrase_add(w, " (%s)",
			   errors_name((int)e->n[EVENT_RELOAD_ERRNO], buf));
}

static void add_special(struct phrase *w, const struct event_text_from *from,
			const struct board_event *e)
{
	if (e->kind == BOARD_EV_BLOCKED)
		add_blocked(w, e);
	else if (e->kind == BOARD_EV_WAITING)
		add_waiting(w, from->config, e);
	else if (e->kind == BOARD_EV_VOLUME_TROUBLE)
		add_trouble(w, from->config, e);
	else if (e->kind == BOARD_EV_CONTROL_TROUBLE)
		add_control_trouble(w, from->config, e);
	else if (e->kind == BOARD_EV_HELD)
		add_held(w, e);
	else if (e->kind == BOARD_EV_HOOK_REFUSED)
		add_refused(w, e);
	else if (e->kind == BOARD_EV_RELOAD_FAILED)
		add_reload_failed(w, e);
	else
		add_exit(w, from, e);
}

void event_text_add(struct phrase *w, const struct event_text_from *from,
		  const struct board_event *e)
{
	const char *sentence = kinds_find(e->kind)->sentence;

	if (sentence != NULL)
		add_sentence(w, from->config, e, sentence, "", true);
	else
		add_special(w, from, e);
}
