/* SPDX-License-Identifier: ISC */
/* Sentences for events: one table row a kind.
 *
 * In a sentence "%2d" is argument n[2] said as the letter tells (see
 * add_value()), and "[1:yes|no]" is "yes" where n[1] is not 0 and "no" where
 * it is; brackets do not nest. `args` names the arguments for JSON, each with
 * "/letter" where it is no plain number. */
#include "init/text/message.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "init/board/command.h"
#include "init/errors.h"
#include "init/helpers/helper.h"
#include "init/scan.h"

static const struct row {
	const char *word;
	uint8_t level; /* enum config_log_level */
	const char *args;
	const char *sentence; /* NULL: made by add_special() */
} rows[BOARD_EVENT_KINDS] = {
	/* clang-format off */
	[BOARD_EV_NONE] = { "none", CONFIG_DEBUG, "", "nothing" },
	[BOARD_EV_BEGIN] = { "begin", CONFIG_INFO,
		"is_pid1/b services shutdown_needs_ms is_subreaper/b",
		"supervises %1n[0: as PID 1|][3:, not as PID 1: it adopts "
		"orphans as a subreaper|]; a full stop may take %2d: give "
		"docker stop -t %2u or more" },
	[BOARD_EV_STARTED] = { "started", CONFIG_INFO,
		"pid is_probe/b start",
		"started, pid %0i[1:, as a probe: one start to see whether it "
		"lives|]" },
	[BOARD_EV_READY] = { "ready", CONFIG_DEBUG, "pid start_ms",
		"ready after %1d" },
	[BOARD_EV_STABLE] = { "stable", CONFIG_DEBUG, "pid is_closed/b",
		"stable[1:; no longer blocked, its failures are forgotten|]" },
	[BOARD_EV_ENDED] = { "ended", CONFIG_INFO,
		"cause/c code step/t errno/e runtime_ms is_failure/b pid "
		"number",
		"%0x" },
	[BOARD_EV_BACKOFF] = { "backoff", CONFIG_INFO,
		"delay_ms failures max_failures window_ms",
		"starts again in %0d[1: (failure %1i of %2i within %3d)|]" },
	[BOARD_EV_BLOCKED] = { "blocked", CONFIG_ERROR,
		"cooldown_ms trips failures window_ms", NULL },
	[BOARD_EV_LATCHED] = { "latched", CONFIG_ERROR, "trips",
		"failed: blocked %0i times in a row (max_trips); it stays "
		"down until somebody resets it or restarts the container" },
	[BOARD_EV_DONE] = { "done", CONFIG_INFO, "", "done" },
	[BOARD_EV_FAILED] = { "failed", CONFIG_ERROR, "",
		"failed: ended without success and is not restarted" },
	[BOARD_EV_WAITING] = { "waiting", CONFIG_INFO,
		"for/w on current max reserve uid_or_level errno/e", NULL },
	[BOARD_EV_WAIT_OVER] = { "wait-over", CONFIG_INFO, "waited_ms",
		"there is room for its process again after %0d" },
	[BOARD_EV_STUCK] = { "stuck", CONFIG_WARNING,
		"step/t pid since_clone_ms",
		"stuck at %0t for %2d (pid %1i): the file or file system that "
		"it needs there does not answer" },
	[BOARD_EV_STOPPING] = { "stopping", CONFIG_INFO,
		"signal/s pid left_ms",
		"stopping: %0s sent to pid %1i; what is left in %2d is "
		"killed" },
	[BOARD_EV_KILLED] = { "killed", CONFIG_WARNING,
		"processes stop_timeout_ms",
		"did not stop within %1d: %0p killed" },
	[BOARD_EV_STOPPED] = { "stopped", CONFIG_INFO, "", "stopped" },
	[BOARD_EV_LEFTOVERS] = { "leftovers", CONFIG_INFO, "processes pid",
		"left %0p behind (such as pid %1i): told to end" },
	[BOARD_EV_LEFTOVERS_KILLED] = { "leftovers-killed", CONFIG_WARNING,
		"processes",
		"what it left behind did not end in time: %0p killed" },
	[BOARD_EV_LEFTOVERS_STAY] = { "leftovers-stay", CONFIG_ERROR,
		"processes pid",
		"what it left behind survives SIGKILL: %0p (such as pid %1i), "
		"probably in a file system or device that hangs" },
	[BOARD_EV_REMEMBERED] = { "remembered", CONFIG_WARNING,
		"trips wait_ms is_latched/b is_outer_loop/b",
		"was [2:failed|blocked] before the container restarted (trip "
		"%0i in a row): one probe start [1:in %1d|now][3:, because "
		"the container itself restarts in a loop|]" },
	[BOARD_EV_FRESH] = { "fresh", CONFIG_INFO, "",
		"its settings or its executable changed: what was remembered "
		"of it no longer counts" },
	[BOARD_EV_OUTER_LOOP] = { "outer-loop", CONFIG_WARNING,
		"container_starts",
		"the container was started %0i times within 10 m: what was "
		"blocked keeps its cooldown" },
	[BOARD_EV_RESTORE_LATE] = { "restore-late", CONFIG_WARNING,
		"waited_ms is_executable/b",
		"[1:the executable of a service|%0D] did not answer within "
		"%0d: starts without what [1:is remembered of it|it "
		"remembers]" },
	[BOARD_EV_HEADROOM_CUT] = { "headroom-cut", CONFIG_WARNING,
		"reserve reserve_wished max tasks",
		"a limit of %2i tasks is tight for the %3i that run here: "
		"keeps %0i of them free instead of %1i" },
	[BOARD_EV_HEADROOM_INEXACT] = { "headroom-inexact", CONFIG_INFO,
		"errno/e",
		"RLIMIT_NPROC cannot be tested exactly on this kernel (%0e): "
		"a start may be refused late" },
	[BOARD_EV_NO_PROC] = { "no-proc", CONFIG_WARNING, "inherited_streams",
		"there is no /proc of this PID namespace: what services leave "
		"behind cannot be seen, and is not waited for[0:; what they "
		"print goes straight to dashpot's own outputs|]" },
	[BOARD_EV_SHUTDOWN] = { "shutdown", CONFIG_INFO,
		"signal/s timeout_ms",
		"[0:%0s: |]stops everything, within %1d" },
	[BOARD_EV_SHUTDOWN_NOW] = { "shutdown-now", CONFIG_WARNING,
		"signal/s", "%0s again: kills everything now" },
	[BOARD_EV_SHUTDOWN_REST] = { "shutdown-rest", CONFIG_INFO,
		"processes", "%0p of no service told to end" },
	[BOARD_EV_ESSENTIAL] = { "essential", CONFIG_ERROR, "cause/c code",
		"is essential and %0y: everything is stopped" },
	[BOARD_EV_ALL_BLOCKED] = { "all-blocked", CONFIG_ERROR, "blocked_ms",
		"everything has been blocked for %0d: gives up "
		"(exit_when_all_blocked)" },
	[BOARD_EV_CLOCK_JUMP] = { "clock-jump", CONFIG_INFO, "jump_ms",
		"the clock jumped by %0d (was the container paused?): "
		"deadlines are moved" },
	[BOARD_EV_HELPER_DIED] = { "helper-died", CONFIG_WARNING,
		"helper/h wait_status restart_ms",
		"the %0h %1W: another one is started in %2d; services are "
		"not affected" },
	[BOARD_EV_HELPER_FAILED] = { "helper-failed", CONFIG_WARNING,
		"helper/h errno/e",
		"the %0h cannot be started now (%1e): tried again; services "
		"are not affected" },
	[BOARD_EV_VOLUME_TROUBLE] = { "volume-trouble", CONFIG_WARNING,
		"step/V index errno/e", NULL },
	[BOARD_EV_VOLUME_WELL] = { "volume-well", CONFIG_INFO, "trouble_ms",
		"%0D is written again after %0d of trouble" },
	[BOARD_EV_VOLUME_SECOND] = { "volume-second", CONFIG_WARNING, "",
		"another dashpot writes to %0D: this one uses a directory of "
		"its own below it, named by its host name, and remembers "
		"nothing" },
	[BOARD_EV_REGISTRY_BAD] = { "registry-bad", CONFIG_WARNING, "",
		"%0D/process-registry.json cannot be understood: kept as "
		"process-registry.json.bad, starts without memory" },
	[BOARD_EV_ORPHANS] = { "orphans", CONFIG_DEBUG, "reaped total",
		"reaped %0p of nobody, %1i so far" },
	[BOARD_EV_ZOMBIES] = { "zombies", CONFIG_WARNING, "zombies pid",
		"holds %0p that ended and that it does not wait for (such as "
		"pid %1i): only its own end frees them" },
	[BOARD_EV_OUTPUT_TORN] = { "output-torn", CONFIG_WARNING,
		"stream bytes",
		"the log relay was killed: up to %1i bytes of its "
		"std[0:err|out] may be lost or repeated" },
	[BOARD_EV_OUTPUT_TROUBLE] = { "output-trouble", CONFIG_WARNING,
		"stream errno/e step/V is_growing/b",
		"the log file of its std[0:err|out] cannot be [3:rotated|"
		"written]: %2V failed: %1e; [3:it grows on|what it prints "
		"there is dropped, the service runs on]" },
	[BOARD_EV_OUTPUT_WELL] = { "output-well", CONFIG_INFO,
		"stream dropped trouble_ms",
		"the log file of its std[0:err|out] is written again after "
		"%2d; lines dropped: %1i" },
	[BOARD_EV_COMMAND] = { "command", CONFIG_INFO, "command/k signal/s",
		"asked from outside: %0k[1: %1s|]" },
	[BOARD_EV_CONTROL_TROUBLE] = { "control-trouble", CONFIG_WARNING,
		"is_listen/b errno/e",
		"the [0:address of listen|control socket] cannot be used "
		"(%1e): nobody can ask there" },
	[BOARD_EV_RELOAD] = { "reload", CONFIG_INFO, "is_signal/b",
		"reloads the configuration[0: (SIGHUP)|]" },
	[BOARD_EV_RELOADED] = { "reloaded", CONFIG_INFO,
		"new removed restarted changed",
		"reloaded: %0i new, %1i removed, %2i restarted, %3i changed "
		"without a restart" },
	[BOARD_EV_RELOAD_FAILED] = { "reload-failed", CONFIG_ERROR,
		"reason/r number errno/e", NULL },
	[BOARD_EV_SNAPSHOT] = { "snapshot", CONFIG_INFO, "",
		"snapshot asked for: diagnostic.json is written" },
	[BOARD_EV_EXIT] = { "exit", CONFIG_INFO, "exit_code", NULL },
	/* clang-format on */
};

static const struct row *row_of(const struct board_event *e)
{
	return &rows[e->kind < BOARD_EVENT_KINDS ? e->kind : BOARD_EV_NONE];
}

const char *message_word(unsigned kind)
{
	return kind < BOARD_EVENT_KINDS ? rows[kind].word : "unknown";
}

/* The service that an event speaks of, or NULL. */
static const char *service_name(const struct config *c, int64_t i)
{
	return i >= 0 && i < c->services ? config_name(c, (uint32_t)i) : NULL;
}

enum config_log_level message_level(const struct config *c,
				    const struct board_event *e)
{
	enum config_log_level level = row_of(e)->level;

	if (e->kind == BOARD_EV_ENDED && e->n[5] != 0)
		return CONFIG_WARNING;
	if (e->kind == BOARD_EV_STABLE && e->n[1] != 0)
		return CONFIG_INFO;
	if (e->kind == BOARD_EV_WAITING && e->n[0] == BOARD_WAIT_HEADROOM)
		return CONFIG_WARNING;
	if (e->kind == BOARD_EV_WAITING && e->n[0] == BOARD_WAIT_RESTORE)
		return CONFIG_DEBUG;
	if (e->kind == BOARD_EV_VOLUME_TROUBLE && !c->is_diagnostics_written)
		return CONFIG_INFO;
	if (e->kind == BOARD_EV_EXIT && e->n[0] != 0)
		return CONFIG_ERROR;
	return level;
}

/* "1 process", "3 processes". */
static void add_count(struct phrase *w, int64_t n, const char *noun,
		      const char *plural)
{
	phrase_add(w, "%lld %s%s", (long long)n, noun, n == 1 ? "" : plural);
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

static const char *word_of(const char *const *words, unsigned count,
			   unsigned i)
{
	return i < count ? words[i] : "unknown";
}

const char *message_command(unsigned kind)
{
	static const char *const words[COMMAND_KINDS] = {
		[COMMAND_START] = "start",     [COMMAND_STOP] = "stop",
		[COMMAND_RESTART] = "restart", [COMMAND_RESET] = "reset",
		[COMMAND_SIGNAL] = "signal",   [COMMAND_RELOAD] = "reload",
		[COMMAND_TROUBLE] = "trouble",
	};

	return word_of(words, COMMAND_KINDS, kind);
}

/* Argument n[i] as a word or a number; the letters of sentences:
 * i number, d duration, u seconds rounded up, b boolean, c cause, t step,
 * e errno, s signal, w wait, h helper, V step on the volume, W wait status,
 * k command, r why a reload failed, p processes, n services, D the volume's
 * directory, x the end in n[0] .. n[4], y the end in n[0] and n[1]. */
static void add_value(struct phrase *w, const struct config *c,
		      const struct board_event *e, size_t i, char letter)
{
	int64_t v = e->n[i];
	unsigned u = v < 0 || v > INT32_MAX ? ~0u : (unsigned)v;
	char buf[16];

	switch (letter) {
	case 'd': phrase_duration(w, v); break;
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
	case 'k': phrase_add(w, "%s", message_command(u)); break;
	case 'r':
		phrase_add(w, "%s", word_of(reloads, BOARD_RELOADS, u));
		break;
	case 'V': phrase_add(w, "%s", phrase_volume(u)); break;
	case 'W': add_wait_status(w, v); break;
	case 'p': add_count(w, v, "process", "es"); break;
	case 'n': add_count(w, v, "service", "s"); break;
	case 'D':
		phrase_add(w, "%s", config_string(c, c->diagnostics));
		break;
	case 'x':
		phrase_end(w, u, (int)e->n[1], (unsigned)e->n[2],
			  (int)e->n[3], e->n[4]);
		break;
	case 'y': phrase_end(w, u, (int)e->n[1], 0, 0, -1); break;
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
				add_value(w, c, e, (size_t)(s[1] - '0'), s[2]);
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
	if (e->n[3] > 0) {
		add_count(w, e->n[2], "failure", "s");
		phrase_add(w, " within ");
		phrase_duration(w, e->n[3]);
	} else if (e->n[1] > 1) {
		phrase_add(w, "failed again, trip %lld in a row",
			  (long long)e->n[1]);
	} else {
		phrase_add(w, "trying again at once cannot help");
	}
	phrase_add(w, "; next probe in ");
	phrase_duration(w, e->n[0]);
}

static void add_waiting(struct phrase *w, const struct config *c,
			const struct board_event *e)
{
	const char *name = service_name(c, e->n[1]);
	struct board_limit limit = {
		.kind = e->n[1] >= 0 && e->n[1] <= BOARD_LIMIT_FILES ?
				(enum board_limit_kind)e->n[1] :
				BOARD_LIMIT_NONE,
		.current = e->n[2], .max = e->n[3], .reserve = e->n[4],
		.uid = (uint32_t)e->n[5], .level = (int32_t)e->n[5],
		.err = (int32_t)e->n[6],
	};

	switch ((enum board_wait)e->n[0]) {
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
		phrase_limit(w, &limit, true);
		break;
	case BOARD_WAIT_LEFTOVERS:
		phrase_add(w, "waits until what its last run left is gone");
		break;
	}
}

static void add_trouble(struct phrase *w, const struct config *c,
			const struct board_event *e)
{
	char buf[16];

	add_value(w, c, e, 0, 'D');
	if (e->n[0] == BOARD_VOLUME_MOVED) {
		phrase_add(w, " was replaced, removed or mounted over: goes on "
			     "in the new one");
		return;
	}
	if (e->n[0] == BOARD_VOLUME_SILENT) {
		phrase_add(w, " does not answer: the files there are not up to "
			     "date until it does; services are not affected");
		return;
	}
	phrase_add(w, " cannot be written: %s failed: %s (%s); services are "
		     "not affected",
		  phrase_volume((unsigned)e->n[0]), errors_text((int)e->n[2]),
		  errors_name((int)e->n[2], buf));
	phrase_add(w, c->is_diagnostics_written ?
			     ", tried again" :
			     "; mount a volume there to keep diagnostics");
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
static void add_last_line(struct phrase *w, const struct message_from *from,
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
static void add_exit(struct phrase *w, const struct message_from *from,
		     const struct board_event *e)
{
	static struct board_service row;
	const char *name = service_name(from->config, e->service);
	const struct board_end *end;

	if (name != NULL && from->board != NULL &&
	    board_row_read(&from->board->service[e->service], &row) &&
	    row.ends_count > 0) {
		end = &row.ends[(row.ends_count - 1) % BOARD_ENDS];
		phrase_end(w, end->cause, end->code, end->step, end->err,
			  end->started_ms < 0 ? -1 :
				  end->ended_ms - end->started_ms);
		phrase_add(w, "; ");
		add_last_line(w, from, (uint32_t)e->service, end->run);
	}
	phrase_add(w, "dashpot exits with code %lld", (long long)e->n[0]);
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
		   word_of(why, BOARD_RELOADS, (unsigned)e->n[0]),
		   (long long)e->n[1]);
	if (e->n[2] != 0)
		phrase_add(w, " (%s)", errors_name((int)e->n[2], buf));
}

static void add_special(struct phrase *w, const struct message_from *from,
			const struct board_event *e)
{
	if (e->kind == BOARD_EV_BLOCKED)
		add_blocked(w, e);
	else if (e->kind == BOARD_EV_WAITING)
		add_waiting(w, from->config, e);
	else if (e->kind == BOARD_EV_VOLUME_TROUBLE)
		add_trouble(w, from->config, e);
	else if (e->kind == BOARD_EV_RELOAD_FAILED)
		add_reload_failed(w, e);
	else
		add_exit(w, from, e);
}

void message_sentence(struct phrase *w, const struct message_from *from,
		      const struct board_event *e)
{
	const struct row *row = row_of(e);

	if (row->sentence != NULL)
		add_sentence(w, from->config, e, row->sentence, "", true);
	else
		add_special(w, from, e);
}

/* ,"name":value for each argument that the row names. */
static void add_args(struct phrase *w, const struct config *c,
		     const struct board_event *e)
{
	const char *at = row_of(e)->args;

	for (size_t i = 0; *at != '\0'; i++) {
		size_t name = strcspn(at, "/ ");
		char letter = at[name] == '/' ? at[name + 1] : 'i';
		bool is_word = letter != 'i' && letter != 'b';

		phrase_add(w, ",\"%.*s\":%s", (int)name, at,
			  is_word ? "\"" : "");
		add_value(w, c, e, i, letter);
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

static void add_event(struct phrase *w, const struct message_from *from,
		      const struct board_event *e, const char *sentence)
{
	const struct config *c = from->config;

	add_json(w, e->wall_ms, level_word(message_level(c, e)),
		 service_name(c, e->service), row_of(e)->word, sentence);
	phrase_add(w, ",\"monotonic_ms\":%lld", (long long)e->mono_ms);
	add_args(w, c, e);
}

void message_line(struct phrase *w, const struct message_from *from,
		  const struct board_event *e)
{
	const char *name = service_name(from->config, e->service);
	char sentence[MESSAGE_TEXT] = "";
	struct phrase s = PHRASE_IN(sentence);

	message_sentence(&s, from, e);
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

void message_record(struct phrase *w, const struct message_from *from,
		    const struct board_event *e, int64_t began_wall_ms)
{
	char sentence[MESSAGE_TEXT] = "";
	struct phrase s = PHRASE_IN(sentence);

	message_sentence(&s, from, e);
	begin_record(w, atomic_load_explicit(&e->number, memory_order_relaxed),
		     began_wall_ms);
	add_event(w, from, e, sentence);
}

void message_record_lost(struct phrase *w, uint64_t seq, uint64_t lost,
			 int64_t began_wall_ms, int64_t mono_ms,
			 int64_t wall_ms)
{
	char sentence[MESSAGE_TEXT] = "";
	struct phrase s = PHRASE_IN(sentence);

	add_count(&s, (int64_t)lost, "event", "s");
	phrase_add(&s, " lost: overwritten before they were recorded here");
	begin_record(w, seq, began_wall_ms);
	add_json(w, wall_ms, "warning", NULL, "lost", sentence);
	phrase_add(w, ",\"monotonic_ms\":%lld,\"lost\":%llu",
		   (long long)mono_ms, (unsigned long long)lost);
}

uint64_t message_record_seq(const char *line, int64_t began_wall_ms)
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

void message_lost(struct phrase *w, const struct config *c, uint64_t lost,
		  int64_t wall_ms)
{
	char sentence[MESSAGE_TEXT];
	struct phrase s = PHRASE_IN(sentence);

	add_count(&s, (int64_t)lost, "message", "s");
	phrase_add(&s, " lost: stderr was not read fast enough");
	if (c->log_format == CONFIG_TEXT_LINES) {
		phrase_add(w, "dashpot: %s\n", sentence);
		return;
	}
	phrase_add(w, "{");
	add_json(w, wall_ms, "warning", NULL, "lost", sentence);
	phrase_add(w, ",\"lost\":%llu}\n", (unsigned long long)lost);
}
