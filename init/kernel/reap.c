/* SPDX-License-Identifier: ISC */
/* Deferring a sweep starves a tight pids limit, so every turn drains; only the
 * way of draining depends on the number of live children. */
#include "init/kernel/reap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init/kernel/clock.h"

enum {
	COSTLY_NS = 15000, /* a waitpid(-1) beyond this: use the list */
	LIST_BYTES = 2048, /* of the list, looked through in one turn */
};

struct reaper reaper_open(void)
{
	struct reaper r = { .children_fd = -1 };

	/* A single-threaded process: the thread is the process. */
	r.children_fd = open("/proc/thread-self/children",
			     O_RDONLY | O_CLOEXEC);
	return r;
}

/* Wait for `pid` (-1: any). True when one was reaped. */
static bool reap_one(struct reaper *r, pid_t pid, reap_end *end, void *with)
{
	struct rusage used;
	int status;
	pid_t got = wait4(pid, &status, WNOHANG, &used);

	r->is_failing = got < 0 && errno != ECHILD;
	if (got <= 0)
		return false;
	end(with, got, status, &used);
	return true;
}

/* The next part of the list of children. False at its end. */
static bool reap_listed(struct reaper *r, reap_end *end, void *with)
{
	char text[LIST_BYTES];
	ssize_t n = read(r->children_fd, text, sizeof(text));

	/* Each number ends with a space; the last part may lack its own. */
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] != ' ') {
			r->partial = r->partial * 10 + (text[i] - '0');
			continue;
		}
		if (r->partial > 0)
			reap_one(r, r->partial, end, with);
		r->partial = 0;
	}
	return n > 0;
}

bool reap_batch(struct reaper *r, reap_end *end, void *with)
{
	int64_t began_ns;

	if (r->is_by_list) {
		if (reap_listed(r, end, with))
			return true;
		/* The list may have missed who died while it was read. */
		r->is_by_list = false;
	}
	began_ns = clock_mono_ns();
	for (int i = 0; i < REAP_BATCH; i++)
		if (!reap_one(r, -1, end, with))
			return r->is_failing;
	if (clock_mono_ns() - began_ns > (int64_t)REAP_BATCH * COSTLY_NS &&
	    r->children_fd >= 0 && lseek(r->children_fd, 0, SEEK_SET) == 0)
		*r = (struct reaper){ .children_fd = r->children_fd,
				      .is_by_list = true };
	return true;
}

pid_t reap_any(int *ret_status)
{
	pid_t pid = waitpid(-1, ret_status, WNOHANG);

	return pid < 0 ? -errno : pid;
}

struct reap_children reaper_children(const struct reaper *r, int32_t most)
{
	struct reap_children all = { 0, 0 };
	char text[LIST_BYTES];
	uint32_t number = 0;
	off_t at = 0;
	ssize_t n = 0;

	while (all.count <= most &&
	       (n = pread(r->children_fd, text, sizeof(text), at)) > 0) {
		at += n;
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] != ' ') {
				number = number * 10 +
					 (uint32_t)(text[i] - '0');
				continue;
			}
			all.count++;
			all.sum += number;
			number = 0;
		}
	}
	if (n < 0)
		all.count = -1;
	return all;
}
