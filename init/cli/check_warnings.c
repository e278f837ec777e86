/* SPDX-License-Identifier: ISC */
/* One small function for each kind of doubt. The block knows the line of a
 * section, not of its keys: so each text names its key. */
#include "init/cli/check_warnings.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "init/cli/check_program.h"
#include "init/config/keys.h"
#include "init/config/named_capabilities.h"
#include "init/kernel/capability.h"
#include "init/kernel/cgroup.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/loader/bounded_files.h"
#include "init/loader/load_state.h"
#include "init/loader/mistakes.h"
#include "init/simulate/simulation.h"
#include "init/text/wording.h"

enum { FILE_BYTES = 1024 * 1024, TIME = 32 };

struct warnings {
	const struct config *c;
	const struct config_service *s; /* the one that is looked at */
	struct arena arena;
	struct mistakes mistakes;
	struct users users;
};

#define WARN(d, ...) \
	mistake(&(d)->mistakes, place_of(d), "warning: " __VA_ARGS__)

/* Where the service is declared. A file has the number of the first service
 * in it. */
static struct place place_of(struct warnings *d)
{
	const char *name = config_string(d->c, d->s->file);
	struct file *file = arena_get(&d->arena, sizeof(*file));
	uint32_t first = 0;

	while (strcmp(config_string(d->c, config_service(d->c, first)->file),
		      name) != 0)
		first++;
	*file = (struct file){ name, first + 1 };
	return (struct place){ file, d->s->line };
}

static const char *time_in(char to[TIME], int64_t ms)
{
	struct phrase w = { .at = to, .size = TIME };

	phrase_duration(&w, ms);
	return to;
}

/* --- Settings that cannot do what they seem to -------------------------- */

int64_t warnings_fewest_ms(const struct config_service *s, uint32_t n)
{
	/* Index k: of k + 1 failures; in a row, and in the shortest way. */
	int64_t row[BREAKER_SLOTS] = { 0 }, best[BREAKER_SLOTS] = { 0 };

	if (s->restart == CONFIG_NEVER)
		return 0;
	for (uint32_t k = 1; k < n; k++) {
		row[k] = row[k - 1] + backoff_delay_ms(&s->dampen, k, 0);
		best[k] = row[k];
		/* Or j failures, their delay, a run that is stable before it
		 * fails, and those behind it. */
		for (uint32_t j = 1; j <= k; j++)
			if (row[j] + s->stable_ms + best[k - j] < best[k])
				best[k] = row[j] + s->stable_ms + best[k - j];
	}
	return best[n - 1];
}

/* It is given up on after that time, again and again: the failures have to lie
 * within some window. */
static void warn_give_up(struct warnings *d, const char *what, int64_t ran_ms)
{
	const struct breaker_policy *p = &d->s->breaker;
	char ran[TIME];

	if (ran_ms == 0 || p->windows == 0 || p->max_in_row > 0)
		return;
	for (uint32_t i = 0; i < p->windows; i++) {
		int64_t between_ms = 0;

		for (uint32_t k = 1; k < p->window[i].max_failures; k++)
			between_ms += ran_ms + backoff_delay_ms(&d->s->dampen,
							       k, 0);
		if (between_ms < p->window[i].window_ms)
			return;
	}
	WARN(d, "max_failures: a service that is never %s is never blocked: "
		 "each run is given up after %s, so no window fills; "
		 "add 10 in a row",
	      what, time_in(ran, ran_ms));
}

static void warn_windows(struct warnings *d)
{
	const struct breaker_policy *p = &d->s->breaker;
	uint32_t out_of_reach = 0;
	char window[TIME], least[TIME];

	for (uint32_t i = 0; i < p->windows; i++) {
		const struct breaker_window *w = &p->window[i];
		int64_t least_ms = warnings_fewest_ms(d->s, w->max_failures);

		if (least_ms < w->window_ms)
			continue;
		out_of_reach++;
		WARN(d, "max_failures = %u in %s can never be reached: with "
			 "this restart_delay they take %s at least",
		      w->max_failures, time_in(window, w->window_ms),
		      time_in(least, least_ms));
	}
	warn_give_up(d, "ready", simulation_unready_ms(d->s));
	warn_give_up(d, "healthy", simulation_unhealthy_ms(d->s));
	if (out_of_reach > 0 && out_of_reach == p->windows &&
	    p->max_in_row == 0)
		WARN(d, "max_failures: no window is left, so failures never "
			 "block it; shorten restart_delay or widen a window");
}

static void warn_times(struct warnings *d)
{
	if (d->s->stop_timeout_ms == 0)
		WARN(d, "stop_timeout = 0 kills at once, it is not never: "
			 "write how long a stop may take");
	if (d->s->restart == CONFIG_NEVER)
		return;
	if (d->s->breaker.cooldown_min_ms == 0)
		WARN(d, "cooldown = 0: once blocked it is tried at once, "
			 "and 0 never doubles");
	if (d->s->stable_ms == 0)
		WARN(d, "stable = 0: every start counts as stable, so "
			 "restart_delay and cooldown never grow, and failures "
			 "in a row never count");
}

static void warn_dependencies(struct warnings *d)
{
	for (uint32_t i = 0; i < d->s->deps; i++) {
		const struct config_dep *dep =
			config_dep(d->c, d->s->deps_first + i);
		const char *name = config_name(d->c, dep->service);

		/* What is required is started with it. */
		if (d->s->is_autostart && !dep->is_required &&
		    !config_service(d->c, dep->service)->is_autostart)
			WARN(d, "after = %.*s, which has autostart = no: it "
				 "waits until something starts that",
			      (int)strcspn(name, ":"), name);
	}
}

static bool is_same_section(const struct warnings *d,
			    const struct config_service *s)
{
	const char *a = config_string(d->c, d->s->name);
	const char *b = config_string(d->c, s->name);
	const size_t length = strcspn(a, ":");

	return a[length] == ':' && strncmp(a, b, length + 1) == 0;
}

/* Each of them would rotate it under the others. */
static void warn_file(struct warnings *d, const char *key,
		       const struct config_stream *mine)
{
	for (uint32_t i = 0; i < d->c->services; i++) {
		const struct config_service *s = config_service(d->c, i);

		if (mine->output != CONFIG_FILE || s == d->s ||
		    !is_same_section(d, s) ||
		    (s->out.path != mine->path && s->err.path != mine->path))
			continue;
		WARN(d, "%s = file:%s is one file for several instances; "
			 "write ${INSTANCE} into its name", key,
		      config_string(d->c, mine->path));
		return;
	}
}

/* --- What this machine lacks -------------------------------------------- */

/* The file is there, and is not what it seems. */
static void warn_content(struct warnings *d, const char *key,
			  const struct program *l)
{
	static const char *const texts[] = {
		[PROGRAM_INTERPRETER] = " needs what does not exist: ",
		[PROGRAM_RETURN] = " has a carriage return at the end of its "
				   "first line: save it with LF line ends",
		[PROGRAM_MARK] = " has a byte order mark before its first "
				 "line: save it without",
		[PROGRAM_EMPTY] = " is empty",
		[PROGRAM_MACHINE] = " is a program of another machine",
		[PROGRAM_UNKNOWN] = " is neither a program nor a script",
	};

	WARN(d, "%s: %s%s%s", key, l->found, texts[l->flaw],
	      l->flaw == PROGRAM_INTERPRETER ? l->interpreter : "");
}

static void warn_command(struct warnings *d, const char *key,
			  struct config_list argv)
{
	static struct program l;
	const char *name = config_string(d->c, argv.at);
	bool has_path = strchr(name, '/') != NULL;
	int err;

	if (argv.count == 0)
		return;
	err = program_find(d->c, d->s, argv, &l);
	if (l.flaw != PROGRAM_FINE)
		warn_content(d, key, &l);
	else if (err == -ENOENT && !has_path)
		WARN(d, "%s: %s is not in PATH (%s)", key, name,
		      config_string(d->c, d->s->path));
	else if (err == -EACCES)
		WARN(d, "%s: %s cannot be executed by its user", key,
		      has_path ? l.found : name);
	else if (err < 0)
		WARN(d, "%s: %s: %s", key, has_path ? l.found : name,
		      errors_text(-err));
	else if (has_path && *name != '/' && d->s->directory == 0)
		WARN(d, "%s: %s is looked for where dashpot is started; "
			 "write the whole path, or a directory", key, name);
}

static void warn_directory(struct warnings *d)
{
	const char *path = config_string(d->c, d->s->directory);

	if (*path && access(path, F_OK) < 0)
		WARN(d, "directory = %s: %s", path, errors_text(errno));
}

static void warn_user(struct warnings *d)
{
	struct person person;
	struct why why;
	char uid[TIME];

	if (!d->s->has_user)
		return;
	format(uid, sizeof(uid), "%u", d->s->uid);
	if (users_person(&d->users, &d->arena, uid, &person, &why) &&
	    person.name == NULL)
		WARN(d, "user = %s has no entry in /etc/passwd: HOME, USER "
			 "and LOGNAME%s stay as they are", uid,
		      d->s->has_group ? "" : ", and its group,");
}

/* What only somebody with more rights could give it. */
static void warn_rights(struct warnings *d)
{
	const struct config_service *s = d->s;
	struct capability_sets own;
	uint64_t lacks;

	if (capability_get(&own) < 0)
		return;
	if (s->has_user && s->uid != geteuid() &&
	    (own.effective & capability_bit(CAPABILITY_SETUID)) == 0)
		WARN(d, "user = %s takes CAP_SETUID, which uid %u does not "
			 "have here, so its start would fail",
		      config_string(d->c, s->user), (unsigned)geteuid());
	if (s->has_user && s->uid != geteuid() &&
	    (own.effective & capability_bit(CAPABILITY_KILL)) == 0)
		WARN(d, "user = %s: to stop it takes CAP_KILL, or a process "
			 "more each time", config_string(d->c, s->user));
	lacks = s->has_capabilities && !s->is_capabilities_try
			? s->capabilities & ~own.permitted : 0;
	for (unsigned n = 0; n < CONFIG_CAPABILITIES; n++)
		if (lacks & capability_bit(n))
			WARN(d, "capabilities: %s is not there to be kept, so "
				 "its start would fail; a leading - only "
				 "tries", capabilities_name(n));
}

/* A process that left its session is known by these two. */
static void warn_mark(struct warnings *d)
{
	for (uint32_t i = 0; i < d->s->limits; i++) {
		uint32_t resource =
			config_limit(d->c, d->s->limits_first + i)->resource;

		if (resource == RLIMIT_LOCKS || resource == RLIMIT_RSS)
			WARN(d, "%s, which Linux does not enforce, takes away "
				 "its mark: what leaves its session is an "
				 "orphan then; remove it",
			      key_of_limit(resource));
	}
}

/* Whether a hard limit may be raised depends on more than can be read, so it
 * is tried, on this process. */
static void warn_limit(struct warnings *d, const struct config_limit *l)
{
	rlim_t hard = l->hard == UINT64_MAX ? RLIM_INFINITY : l->hard;
	int64_t headroom = d->c->headroom;
	struct rlimit own;

	if (l->resource == RLIMIT_NPROC && headroom >= 0 &&
	    l->soft <= (uint64_t)headroom)
		WARN(d, "limit.nproc = %llu leaves no task beside headroom = "
			 "%lld: its start would wait for ever",
		      (unsigned long long)l->soft, (long long)headroom);
	if (l->is_try || prlimit(0, l->resource, NULL, &own) < 0 ||
	    hard <= own.rlim_max)
		return;
	if (prlimit(0, l->resource, &(struct rlimit){ own.rlim_cur, hard },
		    NULL) < 0)
		WARN(d, "%s: the hard limit here is %llu and may not be "
			 "raised, so its start would fail; a leading - only "
			 "tries",
		      key_of_limit(l->resource),
		      (unsigned long long)own.rlim_max);
}

/* A cgroup cannot be made here, or lacks the controller. */
static void warn_cgroup(struct warnings *d, const char *key,
			 const char *controller)
{
	char dir[PATH_MAX];
	const char *why = "no cgroup version 2 is mounted";

	if (cgroup_find(CGROUP_V2, dir) > 0) {
		if (!cgroup_has(dir, controller))
			why = "the controller is not in cgroup version 2";
		else if (access(dir, W_OK) < 0)
			why = errors_text(errno);
		else
			return;
	}
	WARN(d, "%s needs a writable cgroup, and here: %s; so its start "
		 "would fail; a leading - only tries", key, why);
}

static void warn_cgroups(struct warnings *d)
{
	if (d->s->tasks_max && !d->s->is_tasks_try)
		warn_cgroup(d, "limit.tasks", "pids");
	if (d->s->memory_max && !d->s->is_memory_try)
		warn_cgroup(d, "limit.memory", "memory");
}

/* --- All of them ------------------------------------------------------- */

static const char *read_text(struct warnings *d, const char *path)
{
	char *text;
	size_t len;

	/* As the loader has it: what cannot be read lists nobody. */
	return files_read(&d->arena, path, FILE_BYTES, &text, &len) < 0 ? ""
									: text;
}

static void warn_service(struct warnings *d)
{
	if (d->s->restart != CONFIG_NEVER)
		warn_windows(d);
	warn_times(d);
	warn_dependencies(d);
	warn_file(d, "stdout", &d->s->out);
	warn_file(d, "stderr", &d->s->err);
	warn_command(d, d->s->is_shell ? "shell" : "command", d->s->argv);
	warn_command(d, "stop_command", d->s->stop_command);
	warn_command(d, "on_blocked", d->s->on_blocked);
	warn_command(d, "ready", d->s->ready.argv);
	warn_command(d, "health", d->s->health.argv);
	warn_directory(d);
	warn_user(d);
	warn_rights(d);
	for (uint32_t i = 0; i < d->s->limits; i++)
		warn_limit(d, config_limit(d->c, d->s->limits_first + i));
	warn_mark(d);
	warn_cgroups(d);
}

static void warn_stop(struct warnings *d)
{
	static const struct file head = { "[dashpot]", 0 };
	const int64_t lacks_ms = d->c->shutdown_needs_ms -
				 d->c->shutdown_timeout_ms;
	char given[TIME], lacking[TIME];

	if (lacks_ms <= 0)
		return;
	mistake(&d->mistakes, (struct place){ &head, 0 },
		"warning: shutdown_timeout = %s is %s too short for stopping "
		"in order; who is not told by half of it is told "
		"then, out of order",
		time_in(given, d->c->shutdown_timeout_ms),
		time_in(lacking, lacks_ms));
}

unsigned warnings_say(const struct config *c, int fd)
{
	struct warnings d = { .c = c };
	unsigned count;

	d.mistakes.arena = &d.arena;
	d.users = (struct users){ read_text(&d, "/etc/passwd"),
				  read_text(&d, "/etc/group") };
	warn_stop(&d);
	for (uint32_t i = 0; i < c->services; i++) {
		d.s = config_service(c, i);
		warn_service(&d);
	}
	count = mistakes_print(&d.mistakes, fd);
	arena_drop(&d.arena);
	return count;
}
