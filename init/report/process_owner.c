/* SPDX-License-Identifier: ISC */
/* Nothing here is decided for good: PID 1 looks itself before it ends one. */
#include "init/report/process_owner.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "init/kernel/cgroup.h"
#include "init/kernel/clock.h"
#include "init/lib/format.h"
#include "init/kernel/lineage_mark.h"
#include "init/lib/scan.h"
#include "init/text/wording.h"

enum {
	FILE_BYTES = 1536,   /* of limits and cgroup */
	COMMAND_BYTES = 512, /* of a command line, cut there */
	ITEM_BYTES = 4096,
};

/* One int of PID 1's cannot be torn. */
static int32_t leader_of(const struct strays *s, uint32_t i)
{
	const volatile int32_t *pid = &s->board->service[i].pid;

	return *pid;
}

static bool is_helper(const struct strays *s, int32_t pid)
{
	for (int k = 0; k < BOARD_HELPERS; k++) {
		const volatile int32_t *helper = &s->board->helper[k].pid;

		if (*helper == pid)
			return true;
	}
	return false;
}

/* What a service left that is gone from the configuration is nobody's. */
static int owned_by(const struct strays *s, uint32_t i)
{
	if (leader_of(s, i) > 0)
		return STRAYS_NONE;
	return board_is_hidden(config_service(s->config, i),
			       &s->board->service[i])
		       ? STRAYS_NOBODY
		       : (int)i;
}

static uint64_t number_of(const struct strays *s, int proc_fd, int32_t pid)
{
	char text[FILE_BYTES];

	proc_file(proc_fd, pid, "limits", text, sizeof(text));
	return mark_id(s->board->mark_base, mark_read(text));
}

/* What a short command has left is its service's, whether that runs or not;
 * while the command itself runs, nothing of it is left. */
static int owned_by_hook(const struct strays *s, uint32_t i, uint64_t kind)
{
	const volatile int32_t *pid = &s->board->service[i].hook_pid[kind];

	return *pid > 0 ? STRAYS_NONE : (int)i;
}

/* By its mark. A number of PID 1's changes only with what it stands for. */
static int by_mark(const struct strays *s, uint64_t number)
{
	for (uint32_t i = 0; number != 0 && i < s->config->services; i++) {
		const volatile uint64_t *of = &s->board->service[i].mark;
		const uint64_t behind = number - *of;

		if (*of == 0 || behind > HOOKS)
			continue;
		return behind == 0 ? owned_by(s, i)
				   : owned_by_hook(s, i, behind - 1);
	}
	return STRAYS_NOBODY;
}

/* By its cgroup: ".../dashpot/service-NAME". */
static int by_cgroup(const struct strays *s, int proc_fd, int32_t pid)
{
	static const char cell[] = "/" CGROUP_TOP "/" CGROUP_SERVICE;
	char text[FILE_BYTES];
	const char *name;
	size_t length;

	proc_file(proc_fd, pid, "cgroup", text, sizeof(text));
	name = scan_find(text, cell);
	if (name == NULL)
		return STRAYS_NOBODY;
	name += sizeof(cell) - 1;
	length = strcspn(name, "/\n");
	for (uint32_t i = 0; i < s->config->services; i++) {
		const char *other = config_name(s->config, i);

		if (strlen(other) == length &&
		    strncmp(other, name, length) == 0)
			return owned_by(s, i);
	}
	return STRAYS_NOBODY;
}

int strays_owner(const struct strays *s, int proc_fd,
		 const struct proc_seen *p)
{
	int owner;

	if (p->state == 'Z' || p->pid == s->board->pid || is_helper(s, p->pid))
		return STRAYS_NONE;
	for (uint32_t i = 0; i < s->config->services; i++) {
		int32_t leader = leader_of(s, i);

		/* A child has no session of its own at first. */
		if (leader > 0 && (p->pid == leader ||
				   p->session == leader ||
				   p->group == leader))
			return STRAYS_NONE;
	}
	owner = by_mark(s, number_of(s, proc_fd, p->pid));
	if (owner == STRAYS_NOBODY)
		owner = by_cgroup(s, proc_fd, p->pid);
	return owner == STRAYS_NOBODY &&
			       p->parent != s->board->pid
		       ? STRAYS_NONE
		       : owner;
}

/* --- The answer --------------------------------------------------------- */

struct listing {
	const struct strays *strays;
	struct json *json;
	int64_t now_ms; /* since the machine booted */
	bool is_first;
};

/* The words with a space between them. */
static void read_command(int proc_fd, int32_t pid, char text[COMMAND_BYTES])
{
	int n = proc_file(proc_fd, pid, "cmdline", text, COMMAND_BYTES);

	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (int i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n <= 0)
		text[0] = '\0';
}

static int list(void *with, int proc_fd, const struct proc_seen *p)
{
	static char text[ITEM_BYTES], command[COMMAND_BYTES];
	struct listing *l = with;
	struct phrase w = PHRASE_IN(text);
	struct stat status = { 0 };
	int owner = strays_owner(l->strays, proc_fd, p);
	char pid[16];

	if (owner == STRAYS_NONE || l->json->err != 0)
		return 0;
	format(pid, sizeof(pid), "%d", (int)p->pid);
	if (fstatat(proc_fd, pid, &status, 0) < 0)
		return 0; /* gone meanwhile */
	read_command(proc_fd, p->pid, command);
	phrase_add(&w, "%s{\"pid\":%d,\"service\":", l->is_first ? "" : ",",
		   (int)p->pid);
	if (owner >= 0)
		phrase_add_json(&w,
				config_name(l->strays->config,
					    (uint32_t)owner));
	else
		phrase_add(&w, "null");
	phrase_add(&w, ",\"uid\":%u,\"age_ms\":%lld,\"command\":",
		   (unsigned)status.st_uid,
		   (long long)(l->now_ms -
			       p->start_ticks * PROC_TICK_MS));
	phrase_add_json(&w, command);
	phrase_add(&w, "}");
	json_put(l->json, w.at, w.used);
	l->is_first = false;
	return 0;
}

void strays_write(struct json *j, const struct strays *s)
{
	struct listing l = { .strays = s, .json = j, .is_first = true };
	int fd = proc_open();

	l.now_ms = clock_boot_ms();
	if (fd < 0) {
		j->err = -ENOENT;
		return;
	}
	proc_each(fd, list, &l);
	close(fd);
}
