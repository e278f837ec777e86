/* SPDX-License-Identifier: ISC */
/* Numbers in words, for people and for JSON. Tables and small functions; no
 * state. */
#include "init/text/wording.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/lib/utf8.h"
#include "init/text/failed_start.h"
#include "policy/breaker.h"
#include "policy/date.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void phrase_add(struct phrase *w, const char *form, ...)
{
	size_t left = w->size - w->used;
	va_list args;
	int n;

	va_start(args, form);
	n = format_list(w->at + w->used, left, form, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= left) {
		w->is_cut = true;
		n = (int)left - 1;
	}
	w->used += (size_t)n;
}

size_t phrase_utf8_length(const char *text)
{
	return utf8_length(text, SIZE_MAX); /* a NUL ends a sequence, too */
}

unsigned phrase_hidden(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = *s < 0x7f ? 0 : phrase_utf8_length((const char *)s);
	unsigned c = n == 1 ? *s :
		     n == 2 ? (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu) :
		     n == 3 ? (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 |
				      (s[2] & 0x3fu) :
			      0;

	return (c != 0 && c < 0xa0) || c == 0x61c || c == 0xfeff ||
			       (c >= 0x200b && c <= 0x200f) ||
			       (c >= 0x2028 && c <= 0x202e) ||
			       (c >= 0x2060 && c <= 0x206f)
		       ? c
		       : 0;
}

void phrase_make_utf8(char *text)
{
	unsigned char *s = (unsigned char *)text;

	while (*s != '\0') {
		size_t n = phrase_utf8_length((const char *)s);

		if (n == 0)
			*s = '?';
		s += n == 0 ? 1 : n;
	}
}

void phrase_add_json(struct phrase *w, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	phrase_add(w, "\"");
	while (*s != '\0') {
		size_t n = phrase_utf8_length((const char *)s);
		unsigned hidden = *s < 0x20 ? *s :
					      phrase_hidden((const char *)s);

		if (n == 0)
			phrase_add(w, "?");
		else if (*s == '"' || *s == '\\')
			phrase_add(w, "\\%c", *s);
		else if (hidden != 0)
			phrase_add(w, "\\u%04x", hidden);
		else
			phrase_add(w, "%.*s", (int)n, (const char *)s);
		s += n == 0 ? 1 : n;
	}
	phrase_add(w, "\"");
}

/* "2 m 5 s", or "2 m" when there is no rest. */
static void add_two(struct phrase *w, long long whole, char unit,
		    long long rest, char small)
{
	phrase_add(w, "%lld %c", whole, unit);
	if (rest != 0)
		phrase_add(w, " %lld %c", rest, small);
}

void phrase_duration(struct phrase *w, int64_t ms)
{
	long long s = (ms < 0 ? 0 : ms) / 1000;

	if (s < 1)
		phrase_add(w, "%d ms", ms < 0 ? 0 : (int)ms);
	else if (s < 60 && ms % 1000 >= 100)
		phrase_add(w, "%lld.%d s", s, (int)(ms % 1000 / 100));
	else if (s < 60)
		phrase_add(w, "%lld s", s);
	else if (s < 3600)
		add_two(w, s / 60, 'm', s % 60, 's');
	else if (s < 86400)
		add_two(w, s / 3600, 'h', s / 60 % 60, 'm');
	else
		add_two(w, s / 86400, 'd', s / 3600 % 24, 'h');
}

void phrase_window(struct phrase *w, int64_t window_ms)
{
	phrase_add(w, window_ms < 0 ? "in a row" : "within ");
	if (window_ms >= 0)
		phrase_duration(w, window_ms);
}

void phrase_time(char out[PHRASE_TIME], int64_t wall_ms)
{
	const int64_t last = 253402300799999; /* of the year 9999 */
	struct phrase w = { .at = out, .size = PHRASE_TIME };
	struct date d;
	int s;

	wall_ms = wall_ms < 0 ? 0 : wall_ms > last ? last : wall_ms;
	d = date_of_day(wall_ms / 86400000);
	s = (int)(wall_ms / 1000 % 86400);
	phrase_add(&w, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", d.year, d.month,
		  d.day, s / 3600, s / 60 % 60, s % 60,
		  (int)(wall_ms % 1000));
}

const char *phrase_signal(int number, char buf[16])
{
	/* clang-format off */
	static const char *const names[] = {
		NULL, "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP",
		"SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
		"SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
		"SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
		"SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ",
		"SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
		"SIGSYS",
	};
	/* clang-format on */

	if (number > 0 && (size_t)number < COUNT(names))
		return names[number];
	if (number >= 34 && number <= 64) /* the kernel's first is 34 */
		format(buf, 16, "SIGRTMIN+%d", number - 34);
	else
		format(buf, 16, "signal %d", number);
	return buf;
}

static const char *word_of(const char *const *words, size_t n, unsigned i)
{
	return i < n ? words[i] : "unknown";
}

const char *phrase_cause(unsigned cause)
{
	static const char *const words[] = {
		[BOARD_NEVER_ENDED] = "never",
		[BOARD_EXITED] = "exited",
		[BOARD_SIGNALLED] = "signalled",
		[BOARD_START_FAILED] = "start-failed",
		[BOARD_START_TIMEOUT] = "start-timeout",
		[BOARD_UNHEALTHY] = "unhealthy",
		[BOARD_ASKED] = "asked",
		[BOARD_OUT_OF_MEMORY] = "out-of-memory",
		[BOARD_ZOMBIES] = "zombies",
		[BOARD_KILLED] = "killed",
		[BOARD_SENT] = "sent",
	};

	return word_of(words, COUNT(words), cause);
}

const char *phrase_oom(unsigned oom)
{
	static const char *const words[] = {
		[BOARD_OOM_NO] = "no",
		[BOARD_OOM_LIKELY] = "likely",
		[BOARD_OOM_CERTAIN] = "certain",
	};

	return word_of(words, COUNT(words), oom);
}

const char *phrase_limit_kind(unsigned kind)
{
	static const char *const words[] = {
		[BOARD_LIMIT_NONE] = "none",
		[BOARD_LIMIT_PIDS_CGROUP] = "pids-cgroup",
		[BOARD_LIMIT_HIDDEN_CGROUP] = "hidden-cgroup",
		[BOARD_LIMIT_NPROC] = "nproc",
		[BOARD_LIMIT_KERNEL] = "kernel",
		[BOARD_LIMIT_MEMORY] = "memory",
		[BOARD_LIMIT_FILES] = "files",
		[BOARD_LIMIT_STEP] = "step",
	};

	return word_of(words, COUNT(words), kind);
}

const char *phrase_wait(unsigned wait)
{
	static const char *const words[] = {
		[BOARD_WAIT_NOTHING] = "nothing",
		[BOARD_WAIT_RESTORE] = "restore",
		[BOARD_WAIT_DEPENDENCY] = "dependency",
		[BOARD_WAIT_BUDGET] = "budget",
		[BOARD_WAIT_HEADROOM] = "headroom",
		[BOARD_WAIT_LEFTOVERS] = "leftovers",
		[BOARD_WAIT_SCHEDULE] = "schedule",
	};

	return word_of(words, COUNT(words), wait);
}

const char *phrase_breaker(unsigned state)
{
	static const char *const words[] = {
		[BREAKER_CLOSED] = "closed",
		[BREAKER_OPEN] = "open",
		[BREAKER_HALF_OPEN] = "half-open",
		[BREAKER_LATCHED] = "latched",
	};

	return word_of(words, COUNT(words), state);
}

const char *phrase_phase(unsigned phase)
{
	static const char *const words[] = {
		[BOARD_STARTING] = "starting",
		[BOARD_UP] = "up",
		[BOARD_STOPPING_ALL] = "stopping",
		[BOARD_EXITING] = "exiting",
	};

	return word_of(words, COUNT(words), phase);
}

const char *phrase_volume(unsigned step)
{
	static const char *const words[] = {
		[BOARD_VOLUME_WELL] = "nothing",
		[BOARD_VOLUME_OPEN] = "opening the directory",
		[BOARD_VOLUME_MOVED] = "the directory was replaced",
		[BOARD_VOLUME_CREATE] = "creating a file",
		[BOARD_VOLUME_WRITE] = "writing",
		[BOARD_VOLUME_FSYNC] = "syncing",
		[BOARD_VOLUME_RENAME] = "renaming",
		[BOARD_VOLUME_RENDER] = "rendering",
		[BOARD_VOLUME_SILENT] = "waiting for an answer",
	};

	return word_of(words, COUNT(words), step);
}

/* "holds 24 of pids.max 24 (reserve 3)"; less where a number is unknown. */
static void add_numbers(struct phrase *w, const struct board_limit *l,
			const char *limit)
{
	if (l->current >= 0)
		phrase_add(w, " holds %lld of %s", (long long)l->current,
			   limit);
	else
		phrase_add(w, " has reached %s", limit);
	if (l->max >= 0)
		phrase_add(w, " %lld", (long long)l->max);
	else if (l->current >= 0)
		phrase_add(w, " unlimited");
	if (l->reserve >= 0)
		phrase_add(w, " (reserve %lld)", (long long)l->reserve);
}

void phrase_limit(struct phrase *w, const struct board_limit *l,
		 bool with_advice)
{
	const char *advice = "";
	char buf[16];

	switch (l->kind) {
	case BOARD_LIMIT_NONE:
		phrase_add(w, "no limit is known");
		break;
	case BOARD_LIMIT_PIDS_CGROUP:
		if (l->level <= 0)
			phrase_add(w, "the container");
		else
			phrase_add(w, "the control group %d above the "
				      "container", l->level);
		add_numbers(w, l, "pids.max");
		advice = l->level <= 0 ?
				 "; raise --pids-limit or stop something" :
				 "; raise its pids.max or stop something in it";
		break;
	case BOARD_LIMIT_HIDDEN_CGROUP:
		phrase_add(w, "a pids limit above the container, which cannot "
			     "be seen from inside, is reached");
		advice = "; raise it on the host or stop something under it";
		break;
	case BOARD_LIMIT_NPROC:
		phrase_add(w, "uid %u", (unsigned)l->uid);
		add_numbers(w, l, "RLIMIT_NPROC");
		advice = "; raise it (limit.nproc, --ulimit nproc) or stop "
			 "something of that user, in other containers too";
		break;
	case BOARD_LIMIT_KERNEL:
		phrase_add(w, "the kernel refuses a process (%s): pid_max, "
			     "threads-max, or RLIMIT_NPROC of dashpot's user",
			  errors_name(l->err, buf));
		advice = "; stop something on the host";
		break;
	case BOARD_LIMIT_MEMORY:
		phrase_add(w, "the kernel has no memory for a process (%s)",
			  errors_name(l->err, buf));
		advice = "; free memory";
		break;
	case BOARD_LIMIT_FILES:
		phrase_add(w, "no file descriptor is left (%s)",
			  errors_name(l->err, buf));
		advice = "; raise nofile (--ulimit nofile)";
		break;
	case BOARD_LIMIT_STEP:
		phrase_add(w, "its step %s is refused: %s (%s)",
			   board_step_word((unsigned)l->level),
			   errors_text(l->err), errors_name(l->err, buf));
		break;
	case BOARD_LIMIT_KINDS:
		break;
	}
	if (with_advice)
		phrase_add(w, "%s", advice);
}

const char *phrase_answer_word(unsigned answer)
{
	static const char *const words[BOARD_ANSWERS] = {
		[BOARD_ANSWER_NONE] = "none",
		[BOARD_ANSWER_YES] = "yes",
		[BOARD_ANSWER_ERROR] = "error",
		[BOARD_ANSWER_HTTP] = "http",
		[BOARD_ANSWER_TIMEOUT] = "timeout",
		[BOARD_ANSWER_CLOSED] = "closed",
		[BOARD_ANSWER_NONSENSE] = "nonsense",
		[BOARD_ANSWER_EXIT] = "exit",
		[BOARD_ANSWER_SIGNAL] = "signal",
		[BOARD_ANSWER_OLD] = "old",
		[BOARD_ANSWER_SKIPPED] = "skipped",
	};

	return word_of(words, COUNT(words), answer);
}

void phrase_answer(struct phrase *w, unsigned answer, int code)
{
	char buf[16];

	switch ((enum board_answer)answer) {
	case BOARD_ANSWER_NONE:
	case BOARD_ANSWERS:
		phrase_add(w, "no answer yet");
		break;
	case BOARD_ANSWER_YES:
		phrase_add(w, "well");
		break;
	case BOARD_ANSWER_ERROR:
		phrase_add(w, "%s", errors_text(code));
		break;
	case BOARD_ANSWER_HTTP:
		phrase_add(w, "HTTP status %d", code);
		break;
	case BOARD_ANSWER_TIMEOUT:
		phrase_add(w, "no answer in time");
		break;
	case BOARD_ANSWER_CLOSED:
		phrase_add(w, "the connection was closed without an answer");
		break;
	case BOARD_ANSWER_NONSENSE:
		phrase_add(w, "the answer is no HTTP");
		break;
	case BOARD_ANSWER_EXIT:
		phrase_add(w, "exit code %d", code);
		break;
	case BOARD_ANSWER_SIGNAL:
		phrase_add(w, "killed by %s", phrase_signal(code, buf));
		break;
	case BOARD_ANSWER_OLD:
		phrase_add(w, "was there before this start; touch it or make "
			      "it anew");
		break;
	case BOARD_ANSWER_SKIPPED:
		phrase_add(w, "could not be made: %s", errors_text(code));
		break;
	}
}

static void add_address(struct phrase *w, const struct config *c,
			const struct config_check *check)
{
	const char *host = config_string(c, check->host);
	bool is_v6 = strchr(host, ':') != NULL;

	phrase_add(w, "%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
		   (unsigned)check->number);
}

void phrase_check(struct phrase *w, const struct config *c,
		  const struct config_check *check)
{
	const char *word = config_string(c, check->argv.at);

	switch (check->kind) {
	case CONFIG_CHECK_NONE:
		phrase_add(w, "nothing");
		break;
	case CONFIG_CHECK_NOTIFY:
		phrase_add(w, "notify");
		break;
	case CONFIG_CHECK_FD:
		phrase_add(w, "fd:%u", (unsigned)check->number);
		break;
	case CONFIG_CHECK_TCP:
		phrase_add(w, "tcp:");
		add_address(w, c, check);
		break;
	case CONFIG_CHECK_HTTP:
		phrase_add(w, "http:");
		add_address(w, c, check);
		phrase_add(w, "%s", config_string(c, check->path));
		break;
	case CONFIG_CHECK_UNIX:
		phrase_add(w, "unix:%s", config_string(c, check->path));
		break;
	case CONFIG_CHECK_FILE:
		phrase_add(w, "file:%s", config_string(c, check->path));
		break;
	case CONFIG_CHECK_EXEC:
		phrase_add(w, "exec:%s", word);
		for (uint32_t k = 1; k < check->argv.count; k++) {
			word += strlen(word) + 1;
			phrase_add(w, " %s", word);
		}
		break;
	}
}

/* "after 12 ms", where it is known. */
static void add_runtime(struct phrase *w, int64_t runtime_ms)
{
	if (runtime_ms < 0)
		return;
	phrase_add(w, " after ");
	phrase_duration(w, runtime_ms);
}

void phrase_end(struct phrase *w, unsigned cause, int code, unsigned step,
	       int err, int64_t runtime_ms)
{
	char buf[16];

	switch ((enum board_cause)cause) {
	case BOARD_NEVER_ENDED:
		phrase_add(w, "never ended");
		return;
	case BOARD_EXITED:
		phrase_add(w, "exited with code %d", code);
		break;
	case BOARD_SIGNALLED:
		phrase_add(w, "was killed by %s", phrase_signal(code, buf));
		break;
	case BOARD_OUT_OF_MEMORY:
		phrase_add(w, "was killed by the kernel, out of memory");
		break;
	case BOARD_START_FAILED:
		failed_start_add(w, step, code, err);
		return;
	case BOARD_START_TIMEOUT:
		phrase_add(w, "was not ready in time");
		break;
	case BOARD_UNHEALTHY:
		phrase_add(w, "was unhealthy");
		break;
	case BOARD_ZOMBIES:
		phrase_add(w, "did not wait for too many of its processes "
			      "that ended");
		break;
	case BOARD_ASKED:
		phrase_add(w, "ended as asked");
		break;
	case BOARD_KILLED:
		phrase_add(w, "was killed when its time was over");
		break;
	case BOARD_SENT:
		phrase_add(w, "was ended by the %s that a person sent",
			   phrase_signal(code, buf));
		break;
	case BOARD_CAUSES:
		return;
	}
	add_runtime(w, runtime_ms);
}
