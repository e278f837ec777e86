/* SPDX-License-Identifier: ISC */
/* The table "Which service is well" of docs/CONTROL.md as states of a service,
 * for all who give that answer. A row of the document may have several cases
 * here, and each row has one. */
#ifndef TESTS_UNIT_WELL_CASES_H
#define TESTS_UNIT_WELL_CASES_H

#include "policy/health.h"

enum well_trait {
	ONESHOT = 1 << 0,
	SCHEDULE = 1 << 1,
	NO_AUTOSTART = 1 << 2,
	IGNORED = 1 << 3,
	HEALTH = 1 << 4,
	GRACE = 1 << 5,
	UNREADY = 1 << 6,   /* its process is not ready (any more) */
	ASKED = 1 << 7,     /* a person asked for its stop */
	PARTED = 1 << 8,    /* from what it requires */
	PASSED = 1 << 9,    /* a check of this run has passed */
	ANSWERED = 1 << 10, /* a check of this run was answered */
	LATCHED = 1 << 11,
	FAILED_RUN = 1 << 12,
};

struct well_case {
	const char *row; /* in the document */
	enum life_state state;
	unsigned traits;
	unsigned unhealthy; /* of 3 */
};

static const struct well_case health_cases[] = {
	{ "daemon, running and ready, without `health`", LIFE_RUNNING, 0, 0 },
	{ "daemon, probed after a block and ready, without `health`",
	  LIFE_PROBING, 0, 0 },
	{ "daemon, running, not ready yet", LIFE_PROBING, UNREADY, 0 },
	{ "daemon, running, says that it is about to stop", LIFE_RUNNING,
	  UNREADY, 0 },
	{ "daemon, running, to be stopped once the services that require it "
	  "have stopped",
	  LIFE_RUNNING, ASKED, 0 },
	{ "daemon, running, to be stopped once the services that require it "
	  "have stopped",
	  LIFE_RUNNING, PARTED, 0 },
	{ "daemon with `health`, no check of this run has passed",
	  LIFE_RUNNING, HEALTH, 0 },
	{ "daemon with `health`, no check of this run has passed",
	  LIFE_RUNNING, HEALTH | ANSWERED, 1 },
	{ "daemon with `health`, within `health_grace`, before the first "
	  "answer", LIFE_RUNNING, HEALTH | GRACE, 0 },
	{ "daemon with `health` and `health_grace`, whose first check failed",
	  LIFE_RUNNING, HEALTH | GRACE | ANSWERED, 1 },
	{ "daemon with `health`, a check of this run has passed",
	  LIFE_RUNNING, HEALTH | PASSED | ANSWERED, 0 },
	{ "daemon with `health`, a check of this run has passed",
	  LIFE_PROBING, HEALTH | PASSED | ANSWERED, 0 },
	{ "daemon with `health`, has passed, then failed fewer than "
	  "`health_failures` times in a row", LIFE_RUNNING,
	  HEALTH | PASSED | ANSWERED, 2 },
	{ "daemon with `health`, failed `health_failures` times in a row",
	  LIFE_RUNNING, HEALTH | PASSED | ANSWERED, 3 },
	{ "daemon, probed, with `health`, no check of this run has passed",
	  LIFE_PROBING, HEALTH, 0 },
	{ "daemon, waiting, for any reason", LIFE_WAITING, 0, 0 },
	{ "daemon, starting", LIFE_STARTING, UNREADY, 0 },
	{ "daemon, backoff", LIFE_BACKOFF, 0, 0 },
	{ "daemon, blocked", LIFE_BLOCKED, 0, 0 },
	{ "daemon, stopping or draining", LIFE_STOPPING, 0, 0 },
	{ "daemon, ended well for good (`restart = on-failure` or `never`)",
	  LIFE_DONE, 0, 0 },
	{ "daemon, ended well for good (`restart = on-failure` or `never`)",
	  LIFE_DONE, HEALTH, 0 },
	{ "daemon, failed: ended badly for good, or latched by `max_trips`",
	  LIFE_FAILED, 0, 0 },
	{ "daemon, failed: ended badly for good, or latched by `max_trips`",
	  LIFE_FAILED, LATCHED, 0 },
	{ "daemon, stopped by an operator or with a service that it requires",
	  LIFE_STOPPED, ASKED, 0 },
	{ "daemon, stopped by an operator or with a service that it requires",
	  LIFE_STOPPED, 0, 0 },
	{ "daemon, stopped, with `autostart = no`", LIFE_STOPPED,
	  NO_AUTOSTART, 0 },
	{ "daemon, stopped, with `autostart = no`", LIFE_STOPPED,
	  NO_AUTOSTART | ASKED, 0 },
	{ "daemon with `health_ignore`, blocked", LIFE_BLOCKED, IGNORED, 0 },
	{ "daemon with `health_ignore`, running and ready", LIFE_RUNNING,
	  IGNORED, 0 },
	{ "oneshot, waiting, starting or running", LIFE_WAITING, ONESHOT, 0 },
	{ "oneshot, waiting, starting or running", LIFE_RUNNING, ONESHOT, 0 },
	{ "oneshot, done", LIFE_DONE, ONESHOT, 0 },
	{ "oneshot, failed", LIFE_FAILED, ONESHOT, 0 },
	{ "oneshot, stopped, with `autostart = no`", LIFE_STOPPED,
	  ONESHOT | NO_AUTOSTART, 0 },
	{ "schedule, idle or running, the last run did not fail",
	  LIFE_WAITING, ONESHOT | SCHEDULE, 0 },
	{ "schedule, idle or running, the last run did not fail",
	  LIFE_RUNNING, ONESHOT | SCHEDULE, 0 },
	{ "schedule, idle or running, the last run failed", LIFE_WAITING,
	  ONESHOT | SCHEDULE | FAILED_RUN, 0 },
	{ "schedule, its ticks were stopped by an operator", LIFE_STOPPED,
	  ONESHOT | SCHEDULE | ASKED, 0 },
};

enum { WELL_CASES = sizeof(health_cases) / sizeof(health_cases[0]) };

/* What the document says of the case, where `text` is the document. */
static inline enum well well_documented(const char *text,
					const struct well_case *c)
{
	static const char *const words[] = {
		[WELL_NO] = "no |\n", [WELL_YES] = "yes |\n",
		[WELL_UNASKED] = "nothing is expected |\n",
	};
	char head[200];
	const char *at;

	snprintf(head, sizeof(head), "\n| %s | ", c->row);
	at = strstr(text, head);
	if (at == NULL)
		fail_msg("docs/CONTROL.md has no row: %s", c->row);
	for (unsigned w = 0; at != NULL && w < 3; w++)
		if (strncmp(at + strlen(head), words[w], strlen(words[w])) == 0)
			return (enum well)w;
	fail_msg("docs/CONTROL.md: what is that? %s", c->row);
	return WELL_NO;
}

/* docs/CONTROL.md, once read. */
static inline const char *well_document(void)
{
	static char text[65536];
	FILE *f = fopen("docs/CONTROL.md", "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

#endif
