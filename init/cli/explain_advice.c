/* SPDX-License-Identifier: ISC */
/* Two tables, the first row that fits is the answer: what it is now, then how
 * its last run ended. */
#include "init/cli/explain_advice.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "init/lib/format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */

/* `member`, or `member` of `in`, is the word `is`. */
static const struct {
	const char *in, *member, *is, *text;
} states[] = {
	{ NULL, "breaker", "latched",
	  "Mend it, then let `dashpot reset` forget its failures and start "
	  "it." },
	{ "waiting", "for", "dependency",
	  "Look at the service that it waits for." },
	{ "waiting", "for", "budget",
	  "It gets its turn. Where so many restarts are normal, raise "
	  "restart_rate." },
	{ "waiting", "for", "headroom",
	  "It starts as soon as there is room; see `why`." },
	{ "waiting", "for", "leftovers",
	  "Processes that survive SIGKILL hang in a file system or device: "
	  "mend it." },
};

#define NO_PROGRAM \
	"It is no program for this machine (`uname -m`): of another " \
	"architecture, cut off, or empty."
#define NO_CGROUP \
	"It needs a writable cgroup v2 with the pids (limit.tasks) or memory " \
	"controller: give the container one, or put a - before the number " \
	"to only try."
#define NO_RIGHT \
	"A lower nice takes CAP_SYS_NICE, a lower oom_score_adj " \
	"CAP_SYS_RESOURCE: give it, or put one more - before the number " \
	"to only try."

/* How it ended: `cause`, and errno_name, step, which, signal, code, or
 * "daemonises", or "". */
static const struct {
	const char *cause, *key, *text;
} ends[] = {
	{ "start-failed", "carriage return",
	  "Save the script with LF line ends: sed -i 's/\\r$//' FILE." },
	{ "start-failed", "empty file",
	  "The file has no bytes: copy it again." },
	{ "start-failed", "program of another machine",
	  NO_PROGRAM },
	{ "start-failed", "interpreter",
	  "Install the interpreter of its first line, or the loader "
	  "that it was linked for (a musl image with a glibc program?)." },
	{ "start-failed", "directory",
	  "Make the directory, or mend `directory`: is a mount missing?" },
	{ "start-failed", "user",
	  "dashpot may not change to that user: it runs unprivileged, or "
	  "the user namespace does not map it." },
	{ "start-failed", "limit.tasks", NO_CGROUP },
	{ "start-failed", "limit.memory", NO_CGROUP },
	{ "start-failed", "cgroup",
	  "Its own cgroup cannot be made or joined: see above." },
	{ "start-failed", "nice", NO_RIGHT },
	{ "start-failed", "oom_score_adj", NO_RIGHT },
	{ "start-failed", "stdin", "There is no usable /dev/null." },
	{ "start-failed", "stdout", "Mend the path that this key names." },
	{ "start-failed", "stderr", "Mend the path that this key names." },
	{ "start-failed", "ENOENT",
	  "The program is not there: look for a typing mistake in `command`, "
	  "a missing mount, or another PATH." },
	{ "start-failed", "EACCES",
	  "Make the file executable for its user, or its mount without "
	  "noexec." },
	{ "start-failed", "ENOEXEC",
	  NO_PROGRAM },
	{ "start-failed", "E2BIG",
	  "Arguments and environment may fill a quarter of limit.stack, "
	  "and 128 KiB each: pass them in a file." },
	{ "start-failed", "", "Mend what the start failed at; no process of it "
	  "ever ran." },
	{ "out-of-memory", "",
	  "Raise the memory limit of the container (--memory) or let it "
	  "use less." },
	{ "signalled", "SIGKILL",
	  "It was killed from outside dashpot. If no person did, look for "
	  "the OOM killer in `dmesg` on the host." },
	{ "signalled", "SIGTERM",
	  "It was told to end, but not by dashpot." },
	{ "signalled", "SIGXCPU", "It used up limit.cpu." },
	{ "signalled", "SIGXFSZ", "It reached limit.fsize." },
	{ "signalled", "SIGSYS",
	  "A seccomp profile forbids a system call that it needs." },
	{ "signalled", "SIGPIPE", "Nobody read what it wrote any more." },
	{ "signalled", "", NULL }, /* on_crash() */
	{ "start-timeout", "",
	  "Read what it said above; where it only needs longer, raise "
	  "ready_timeout." },
	{ "unhealthy", "",
	  "Try its health check by hand; where it is only slow, raise "
	  "health_timeout or health_failures." },
	{ "exited", "daemonises",
	  "It daemonises: run it in the foreground, as with nginx -g 'daemon "
	  "off;', sshd -D, cron -f, apachectl -D FOREGROUND, php-fpm -F, "
	  "redis-server --daemonize no." },
	{ "exited", "0",
	  "It ended with success though it is to stay: keep it in the "
	  "foreground, or make it type = oneshot." },
	{ "zombies", "",
	  "It starts processes and never waits for them: mend that, "
	  "or let a shell or an init be its parent. Only its end frees them." },
	{ "exited", "126",
	  "What it calls cannot be executed: see above which." },
	{ "exited", "127",
	  "What it calls was not found: see above. A name with \\r at its "
	  "end comes of CRLF line ends." },
	{ "exited", "",
	  "It gave up by itself: read what it said above." },
};
/* clang-format on */

static bool is_key(struct json_value end, const char *key)
{
	static const char *const members[] = { "which", "step", "errno_name",
					       "signal" };
	char code[24];

	if (strcmp(key, "daemonises") == 0)
		return json_to_int(json_get(end, "code"), -1) == 0 &&
		       json_to_int(json_get(end, "leftovers"), 0) > 0;
	for (size_t i = 0; i < COUNT(members); i++)
		if (json_is(json_get(end, members[i]), key))
			return true;
	format(code, sizeof(code), "%lld",
	       (long long)json_to_int(json_get(end, "code"), -1));
	return strcmp(code, key) == 0;
}

/* Where the kernel puts cores is the same for all that share it. */
static void read_core_pattern(char *to, size_t size)
{
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

	if (fd >= 0)
		close(fd);
	to[n < 0 ? 0 : n] = '\0';
	to[strcspn(to, "\n")] = '\0';
}

static const char *on_crash(struct json_value end)
{
	static char text[320];
	char pattern[130]; /* core(5): at most 128 bytes */

	read_core_pattern(pattern, sizeof(pattern));
	format(text, sizeof(text),
	       "The program crashed. Read what it said above, and %s. The "
	       "kernel's core_pattern is \"%s\".",
	       json_is_true(json_get(end, "is_core_dumped")) ?
		       "look into its core" :
		       "limit.core has to be unlimited for a core",
	       pattern);
	return text;
}

const char *advice_for(struct json_value service)
{
	struct json_value list = json_get(service, "ends"), end;

	if (json_is_true(json_get(service, "is_stuck")))
		return "The file or file system that it needs at that step "
		       "hangs: mend that one.";
	if (json_is_true(json_get(service, "is_unsignalled")))
		return NULL; /* `why` has it */
	for (size_t i = 0; i < COUNT(states); i++) {
		struct json_value in = states[i].in == NULL ?
					 service :
					 json_get(service, states[i].in);

		if (json_is(json_get(in, states[i].member), states[i].is))
			return states[i].text;
	}
	if (!json_next(&list, NULL, &end))
		return NULL;
	for (size_t i = 0; i < COUNT(ends); i++)
		if (json_is(json_get(end, "cause"), ends[i].cause) &&
		    (ends[i].key[0] == '\0' || is_key(end, ends[i].key)))
			return ends[i].text ? ends[i].text : on_crash(end);
	return NULL;
}
