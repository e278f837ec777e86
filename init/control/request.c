/* SPDX-License-Identifier: ISC */
/* One table says which request takes which options; words that are none are
 * moved together at the front of the line, where they stay as names. */
#include "init/control/request.h"

#include <string.h>

#include "init/config/named_signals.h"
#include "init/lib/scan.h"

/* What may, or must, be said with a request. */
enum {
	FOLLOW = 1 << 0,
	AFTER = 1 << 1,
	LINES = 1 << 2,
	TIMEOUT = 1 << 3,
	WAIT = 1 << 4,
	ID = 1 << 5,     /* must */
	SIGNAL = 1 << 6, /* must, before the names */
	NAMES = 1 << 7,
	NAMED = 1 << 8,  /* must: one name at least */
	ORPHANS = 1 << 9,
	ALL = 1 << 10,
	COMMAND = ID | NAMES | NAMED,
};

static const struct {
	char word[8];
	uint16_t takes;
} requests[REQUEST_KINDS] = {
	[COMMAND_START] = { "start", COMMAND | WAIT | ALL },
	[COMMAND_STOP] = { "stop", COMMAND | WAIT | ALL },
	[COMMAND_RESTART] = { "restart", COMMAND | WAIT | ALL },
	[COMMAND_RESET] = { "reset", COMMAND | WAIT },
	[COMMAND_SIGNAL] = { "signal", COMMAND | SIGNAL | ALL },
	[COMMAND_RELOAD] = { "reload", ID | WAIT | NAMES | ALL },
	[COMMAND_SWEEP] = { "sweep", ID | NAMES | WAIT | ORPHANS },
	[COMMAND_RELOAD_SERVICE] = { "", COMMAND | WAIT }, /* no word */
	[REQUEST_STATUS] = { "status", 0 },
	[REQUEST_EVENTS] = { "events", FOLLOW | AFTER | NAMES },
	[REQUEST_LOGS] = { "logs", FOLLOW | LINES | NAMES | NAMED },
	[REQUEST_HEALTH] = { "health", NAMES },
	[REQUEST_WAIT] = { "wait", TIMEOUT | NAMES },
	[REQUEST_VERSION] = { "version", 0 },
	[REQUEST_ORPHANS] = { "orphans", 0 },
};

static const struct {
	char word[12];
	uint16_t bit;
} options[] = {
	{ "follow", FOLLOW }, { "after=", AFTER }, { "lines=", LINES },
	{ "timeout=", TIMEOUT }, { "wait=", WAIT }, { "id=", ID },
	{ "orphans=yes", ORPHANS }, { "all=yes", ALL },
};

/* Which option a word is, with *value behind its `=`; 0: none. */
static unsigned option_of(const char *word, const char **value)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		size_t n = strlen(options[i].word);

		*value = word + n;
		if (strncmp(word, options[i].word, n) == 0 &&
		    (!(options[i].bit & (FOLLOW | ORPHANS | ALL)) ||
		     *value[0] == '\0'))
			return options[i].bit;
	}
	return 0;
}

static bool set_id(struct request *r, const char *value)
{
	const char *end = value;

	r->id = scan_unsigned(&end, 16);
	return end - value == 16 && *end == '\0' && r->id != 0;
}

static bool set_number(uint64_t *to, const char *value)
{
	const char *end = value;

	*to = scan_unsigned(&end, 10);
	return end > value && *end == '\0';
}

static bool set_option(struct request *r, unsigned option, const char *value,
		       struct why *why)
{
	uint64_t number = 0;
	bool is_right = true;

	if (option == FOLLOW)
		r->is_follow = true;
	else if (option == ORPHANS)
		r->has_orphans = true;
	else if (option == ALL)
		r->has_all = true;
	else if (option == ID)
		is_right = set_id(r, value);
	else
		is_right = set_number(&number, value);
	if (option == AFTER) {
		r->after = number;
		r->has_after = true;
	} else if (option == LINES) {
		r->lines = number;
	} else if (option & (WAIT | TIMEOUT)) {
		is_right = is_right && number <= VALUE_WEEK_MS;
		r->wait_ms = (int64_t)number;
	}
	return is_right ||
	       value_wrong(why,
			   option == ID ?
				   "id= takes 16 hexadecimal digits, not "
				   "all 0" :
			   option & (WAIT | TIMEOUT) ?
				   "wait= and timeout= take milliseconds, a "
				   "week at most" :
				   "after= and lines= take a number");
}

/* Take one word: an option, the signal, or a name, which moves to *end. */
static bool take_word(struct request *r, const char *word, char **end,
		      unsigned *seen, struct why *why)
{
	unsigned takes = requests[r->kind].takes;
	size_t size = strlen(word) + 1; /* it moves onto itself */
	const char *value;
	unsigned option = option_of(word, &value);

	if (option & takes) {
		*seen |= option;
		return set_option(r, option, value, why);
	}
	if ((takes & SIGNAL) && !(*seen & SIGNAL)) {
		*seen |= SIGNAL;
		return signals_parse(word, size - 1, &r->signal, why);
	}
	if (!(takes & NAMES))
		return value_wrong(why, "%s takes no `%.40s`",
				   requests[r->kind].word, word);
	*seen |= NAMED;
	r->count++;
	memmove(*end, word, size);
	*end += size;
	return true;
}

/* The next word from *at on, with a NUL behind it; NULL: there is none. */
static char *next_word(char **at, const char *end)
{
	char *word;

	while (*at < end && **at == ' ')
		(*at)++;
	word = *at;
	if (word >= end) /* behind it, after the last one */
		return NULL;
	while (*at < end && **at != ' ')
		(*at)++;
	*(*at)++ = '\0';
	return word;
}

static bool find_kind(struct request *r, const char *word, struct why *why)
{
	for (size_t i = 0; word != NULL && i < REQUEST_KINDS; i++)
		if (strcmp(word, requests[i].word) == 0) {
			r->kind = (uint32_t)i;
			return true;
		}
	return value_wrong(why,
			   "`%.40s` is no request; there are status, events, "
			   "logs, health, wait, start, stop, restart, reset, "
			   "signal, reload, sweep, orphans and version",
			   word != NULL ? word : "");
}

bool request_parse(struct request *r, char *line, size_t length,
		   struct why *why)
{
	char *at = line, *names = line, *word;
	unsigned takes, missing, seen = 0;

	*r = (struct request){ .names = line, .wait_ms = REQUEST_WAIT_MS,
			       .lines = UINT64_MAX };
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return value_wrong(why, "a request is one line of "
						"words, without control "
						"characters");
	if (!find_kind(r, next_word(&at, line + length), why))
		return false;
	while ((word = next_word(&at, line + length)) != NULL)
		if (!take_word(r, word, &names, &seen, why))
			return false;
	if (r->kind == COMMAND_RELOAD && r->count > 0)
		r->kind = COMMAND_RELOAD_SERVICE;
	takes = requests[r->kind].takes;
	missing = takes & (ID | SIGNAL | NAMED) & ~seen;
	return missing == 0 ||
	       value_wrong(why, "%s needs %s",
			   r->kind == COMMAND_RELOAD_SERVICE ?
				   "reload" : requests[r->kind].word,
			   missing & ID	    ? "an id=" :
			   missing & SIGNAL ? "a signal and a name" :
					      "the name of a service");
}
