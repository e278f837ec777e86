/* SPDX-License-Identifier: ISC */
/* Names of signals, and which of them mean what. */
#include "init/config/named_signals.h"

#include <signal.h>
#include <string.h>

/* Signal n is in place n - 1; the numbers are those of x86, ARM and RISC-V. */
static const char signals[][7] = {
	"HUP",  "INT",  "QUIT", "ILL",    "TRAP", "ABRT",  "BUS",  "FPE",
	"KILL", "USR1", "SEGV", "USR2",   "PIPE", "ALRM",  "TERM", "STKFLT",
	"CHLD", "CONT", "STOP", "TSTP",   "TTIN", "TTOU",  "URG",  "XCPU",
	"XFSZ", "VTALRM", "PROF", "WINCH", "IO",  "PWR",   "SYS",
};

_Static_assert(SIGUSR1 == 10 && SIGCHLD == 17 && SIGPWR == 30 && SIGSYS == 31,
	       "this machine numbers its signals in another way");

enum {
	NAMED = sizeof(signals) / sizeof(signals[0]),
	RTMIN = 34, /* as seen by the kernel's other users */
	RTMAX = 64,
};

/* True when text begins with a word of capitals, in whatever case. */
static bool begins(const char *text, const char *word)
{
	for (; *word != '\0'; word++, text++)
		if (*text != *word && (*text < 'a' || *text - 32 != *word))
			return false;
	return true;
}

static bool is_realtime(const char *text, size_t len, int64_t *number)
{
	bool is_max = begins(text, "RTMAX");
	const char *at = text + 6;
	int64_t by = 0;

	if (!is_max && !begins(text, "RTMIN"))
		return false;
	if (len > 5 && (text[5] != (is_max ? '-' : '+') ||
			!value_scan(&at, 0, RTMAX - RTMIN, &by) ||
			at != text + len))
		return false;
	*number = is_max ? RTMAX - by : RTMIN + by;
	return true;
}

bool signals_parse(const char *text, size_t len, uint8_t *number,
		   struct why *why)
{
	int64_t n;

	if (len > 0 && value_digits(text, len, &n) == len) {
		if (!value_number(text, len, 1, SIGNALS, &n, why))
			return false;
	} else {
		if (len >= 4 && begins(text, "SIG")) {
			text += 3;
			len -= 3;
		}
		n = 0;
		while (n < NAMED && (strlen(signals[n]) != len ||
				     !begins(text, signals[n])))
			n++;
		if (n++ == NAMED && !is_realtime(text, len, &n))
			return value_wrong(why, "`%.*s` is no signal; write "
						"it like TERM, RTMIN+3 or 15",
					   (int)(len < 20 ? len : 20), text);
	}
	*number = (uint8_t)n;
	return true;
}

/* True for a member of a constant set. */
static bool is_in(uint64_t set, uint8_t number)
{
	return (set >> (number - 1) & 1) != 0;
}

#define BIT(n) (UINT64_C(1) << ((n) - 1))

bool signals_request(const char *text, uint8_t *number, struct why *why)
{
	const uint64_t pausing = BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGSTOP) |
				 BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU);

	if (!signals_parse(text, strlen(text), number, why))
		return false;
	if (is_in(pausing, *number))
		return value_wrong(why, "asks a service for nothing; write "
					"TERM, INT, QUIT or the like");
	return true;
}

/* Faults, what cannot be caught, what musl keeps for itself (32 .. 34) and
 * what asks dashpot for something else. */
static const uint64_t taken =
	BIT(SIGKILL) | BIT(SIGSTOP) | BIT(SIGCONT) | BIT(SIGCHLD) |
	BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGBUS) | BIT(SIGFPE) |
	BIT(SIGSEGV) | BIT(SIGSYS) | BIT(32) | BIT(33) | BIT(34) | BIT(SIGHUP) |
	BIT(SIGUSR1);

bool signals_are_stopping(uint64_t set)
{
	return set != 0 && (set & taken) == 0;
}

/* The two that mean something to dashpot and nothing to the kernel. */
static const uint64_t forwarded = BIT(SIGHUP) | BIT(SIGUSR1);

bool signals_are_forwarded(uint64_t set)
{
	return (set & ~forwarded) == 0;
}

/* A list of signals, none of those in `wrong`. */
static bool parse_set(const char *text, uint64_t wrong, const char *meaning,
		      uint64_t *set, struct why *why)
{
	size_t len;

	*set = 0;
	for (const char *s = text; (len = value_item(&s)) > 0; s += len) {
		uint8_t number = SIGNALS; /* for analyzers */

		if (!signals_parse(s, len, &number, why))
			return false;
		if (is_in(wrong, number))
			return value_wrong(why, "has signal %d, %s; leave it "
						"out", number, meaning);
		*set |= BIT(number);
	}
	return true;
}

bool signals_forwarded(const char *text, uint64_t *set, struct why *why)
{
	return parse_set(text, ~forwarded,
			 "which is passed on anyway or stops everything",
			 set, why);
}

bool signals_stopping(const char *text, uint64_t *set, struct why *why)
{
	if (!parse_set(text, taken, "which means something else to dashpot",
		       set, why))
		return false;
	return *set != 0 ||
	       value_wrong(why, "lists nothing; write TERM or the like");
}
