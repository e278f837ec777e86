/* SPDX-License-Identifier: ISC */
/* A probe has to end: should a path in the way of the socket hang, the first
 * alarm interrupts the call, and where the kernel does not let it be
 * interrupted, the second one kills. Source: setitimer(2). */
#include "init/cli/health.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "init/cli/command_results.h"
#include "init/cli/json_error.h"
#include "init/cli/options.h"
#include "init/cli/query.h"
#include "init/cli/terminal_out.h"
#include "init/cli/volume_reader.h"
#include "init/kernel/die.h"
#include "init/kernel/print.h"

enum {
	KILL_MS = 100,     /* between the two alarms */
	START_MS = 5000,   /* for so long a dashpot that is not there may be
			    * starting */
	START_PAUSE_MS = 50,
};

static void give_up(int number)
{
	static const char text[] =
		"health: a path to the socket does not answer";

	(void)number;
	print_fd(STDERR_FILENO, "dashpot: %s\n", text);
	json_error_put_at_once("no-answer", text);
	_exit(1);
}

static void set_alarms(void)
{
	const struct sigaction once = { .sa_handler = give_up,
					.sa_flags = (int)SA_RESETHAND };
	const struct itimerval alarms = {
		.it_value = { QUERY_HEALTH_END_MS / 1000,
			      QUERY_HEALTH_END_MS % 1000 * 1000 },
		.it_interval = { 0, KILL_MS * 1000 },
	};

	if (sigaction(SIGALRM, &once, NULL) < 0 ||
	    setitimer(ITIMER_REAL, &alarms, NULL) < 0)
		die_system("setitimer", errno);
}

/* Say it; the exit code. */
static int tell(struct json_value answer, bool is_well, const char *well,
		bool is_json)
{
	struct out o;

	out_begin(&o, STDOUT_FILENO);
	if (is_json) {
		out_json_line(&o, answer);
	} else if (is_well) {
		out_text_line(&o, well);
	} else {
		if (json_is_true(json_get(answer, "timed_out")))
			out_text_line(&o, "not ready in time");
		results_tell(&o, json_get(answer, "reasons"), NULL);
	}
	if (out_end(&o) < 0)
		return DIE_SYSTEM;
	return is_well ? 0 : 1;
}

int health_run(int argc, char **argv)
{
	static struct query a;
	const char *names[QUERY_NAMES], *control = NULL;
	bool is_json = false;
	const struct option rows[] = {
		{ "--control", .value = &control },
		{ "--json", .is_given = &is_json },
	};
	int count = options_parse(argc, argv, rows, 2, names, QUERY_NAMES);
	struct json_value answer;

	set_alarms();
	query_begin(&a, "health", control);
	a.silence_ms = QUERY_HEALTH_MS;
	a.again_ms = 0;
	a.failure = 1;
	query_add_names(&a, names, count);
	answer = query_get(&a);
	return tell(answer, json_is_true(json_get(answer, "healthy")),
		    "healthy", is_json);
}

int health_wait(int argc, char **argv)
{
	static struct query a;
	const char *names[QUERY_NAMES], *control = NULL, *timeout = NULL;
	bool is_json = false;
	const struct option rows[] = {
		{ "--control", .value = &control },
		{ "--json", .is_given = &is_json },
		{ "--timeout", .value = &timeout },
	};
	int count = options_parse(argc, argv, rows, 3, names, QUERY_NAMES);
	int64_t wait_ms = options_duration("--timeout", timeout, 0,
					   QUERY_WAIT_MS);
	int tries = (int)((wait_ms < START_MS ? wait_ms : START_MS) /
			  START_PAUSE_MS);
	struct json_value answer;
	int err;

	query_begin(&a, "wait", control);
	phrase_add(&a.line, " timeout=%lld", (long long)wait_ms);
	query_add_names(&a, names, count);
	a.silence_ms += wait_ms;
	while (err = query_try(&a, &answer),
	       socket_is_absent(err) && tries-- > 0)
		(void)poll(NULL, 0, START_PAUSE_MS);
	(void)query_checked(&a, err, answer);
	return tell(answer, json_is_true(json_get(answer, "ready")), "ready",
		    is_json);
}
