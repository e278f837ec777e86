/* SPDX-License-Identifier: ISC */
/* The running dashpot lists them and ends them; this asks for the list before
 * and after, and says what has become of each. */
#include "init/cli/sweep.h"

#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "init/cli/command_results.h"
#include "init/cli/options.h"
#include "init/cli/query.h"
#include "init/cli/terminal_out.h"
#include "init/cli/volume_reader.h"
#include "init/kernel/die.h"

enum {
	MOST = 1024,     /* processes that are followed */
	COMMAND = 200,   /* room for a command line */
	LOOK_MS = 100,
	LOOKS = 100,     /* for so long: grace and SIGKILL, and more */
};

/* One process. */
struct stray {
	int64_t pid, age_ms, uid;
	bool is_orphan;
	bool is_there; /* still */
	char service[READER_NAME], command[COMMAND];
};

struct sweep {
	const char *control;
	const char *names[QUERY_NAMES];
	int count;
	bool is_json, is_dry, has_orphans;
	bool is_cut; /* there are more than MOST */
	struct stray stray[MOST];
	int strays;
};

static struct json_value get_list(struct query *a, const char *word,
			    const char *control)
{
	query_begin(a, "orphans", control);
	a->word = word;
	return json_get(query_get(a), "orphans");
}

static struct stray read_stray(struct json_value item)
{
	struct stray s = {
		.pid = json_to_int(json_get(item, "pid"), 0),
		.age_ms = json_to_int(json_get(item, "age_ms"), 0),
		.uid = json_to_int(json_get(item, "uid"), 0),
		.is_orphan = json_is(json_get(item, "service"), "") ||
			     *json_get(item, "service").at == 'n',
	};

	json_to_text(json_get(item, "service"), s.service, sizeof(s.service));
	json_to_text(json_get(item, "command"), s.command, sizeof(s.command));
	return s;
}

/* "pid 12 of web, 5 m 3 s old: sleep 100" */
static void put_stray(struct out *o, const struct stray *s)
{
	char age[32] = "";
	struct phrase w = PHRASE_IN(age);

	phrase_duration(&w, s->age_ms);
	out_add(o, "pid %lld", (long long)s->pid);
	if (!s->is_orphan) {
		out_text(o, " of ");
		out_text(o, s->service);
	}
	out_add(o, ", uid %lld, %s old: ", (long long)s->uid, age);
	out_wrap(o, 2, *s->command ? s->command : "(no command line)");
	out_line(o);
}

int sweep_show(const char *control, bool is_json)
{
	static struct query a;
	struct json_value list = get_list(&a, "status", control), item;
	bool is_any = false;
	struct out o;

	out_begin(&o, STDOUT_FILENO);
	if (is_json) {
		out_json_line(&o, list);
		return out_end(&o) < 0 ? DIE_SYSTEM : 0;
	}
	while (json_next(&list, NULL, &item)) {
		struct stray s = read_stray(item);

		is_any = true;
		put_stray(&o, &s);
	}
	if (!is_any)
		out_text_line(&o, "no orphans");
	return out_end(&o) < 0 ? DIE_SYSTEM : 0;
}

static bool is_meant(const struct sweep *s, const struct stray *stray)
{
	if (stray->is_orphan)
		return s->has_orphans;
	for (int i = 0; i < s->count; i++)
		if (reader_matches(s->names[i], stray->service))
			return true;
	return s->count == 0;
}

static void read_list(struct sweep *s, struct query *a)
{
	struct json_value list = get_list(a, "sweep", s->control), item;

	while (json_next(&list, NULL, &item)) {
		struct stray stray = read_stray(item);

		if (!is_meant(s, &stray))
			continue;
		s->is_cut = s->strays == MOST;
		if (s->is_cut)
			return;
		s->stray[s->strays++] = stray;
	}
}

/* Only a command of PID 1 would find that a name is nobody's. */
static void check_names(const struct sweep *s, struct query *a)
{
	query_begin(a, "health", s->control);
	a->word = "sweep";
	query_add_names(a, s->names, s->count);
	(void)query_get(a);
}

/* How many of those that are followed are still there. */
static int count_left(struct sweep *s, struct query *a)
{
	struct json_value list = get_list(a, "sweep", s->control), item;
	int left = 0;

	for (int k = 0; k < s->strays; k++)
		s->stray[k].is_there = false;
	while (json_next(&list, NULL, &item))
		for (int k = 0; k < s->strays; k++)
			if (s->stray[k].pid ==
			    json_to_int(json_get(item, "pid"), 0))
				s->stray[k].is_there = true;
	for (int k = 0; k < s->strays; k++)
		left += s->stray[k].is_there;
	return left;
}

static void make_request(struct query *a, const void *of)
{
	const struct sweep *s = of;

	query_begin(a, "sweep", s->control);
	query_add_id(a);
	phrase_add(&a->line, " wait=0%s", s->has_orphans ? " orphans=yes" : "");
	query_add_names(a, s->names, s->count);
}

/* False when some service runs: then nothing of it is left behind. */
static bool send_command(const struct sweep *s, struct query *a, struct out *o)
{
	struct json_value services = json_get(query_command(a, make_request, s),
					"services");
	bool is_done = results_are_done(services);

	if (!is_done && !s->is_json)
		results_tell(o, services, NULL);
	return is_done;
}

static void put_json(struct out *o, const struct sweep *s, const char *word,
		     bool is_there)
{
	const char *mark = "";

	out_add(o, "\"%s\":[", word);
	for (int k = 0; k < s->strays; k++) {
		if (s->stray[k].is_there != is_there)
			continue;
		out_add(o, "%s%lld", mark, (long long)s->stray[k].pid);
		mark = ",";
	}
	out_text(o, "]");
}

/* What came of it, or would come of it. */
static void tell(struct out *o, const struct sweep *s)
{
	if (s->is_json) {
		out_text(o, "{");
		put_json(o, s, s->is_dry ? "would_end" : "ended", false);
		out_text(o, ",");
		put_json(o, s, "left", true);
		out_text_line(o, "}");
		return;
	}
	for (int k = 0; k < s->strays; k++) {
		out_text(o, s->is_dry		  ? "would end " :
			    s->stray[k].is_there ? "still there: " :
						   "ended ");
		put_stray(o, &s->stray[k]);
	}
	if (s->strays == 0)
		out_text(o, "nothing is left behind");
	if (s->is_cut)
		out_add(o, "there are more than these %d: sweep again", MOST);
	if (s->strays == 0 || s->is_cut)
		out_line(o);
}

int sweep_run(int argc, char **argv)
{
	static struct sweep s;
	static struct query a;
	const struct option rows[] = {
		{ "--control", .value = &s.control },
		{ "--json", .is_given = &s.is_json },
		{ "--dry-run", .is_given = &s.is_dry },
		{ "--orphans", .is_given = &s.has_orphans },
	};
	bool is_done = true;
	struct out o;

	s.count = options_parse(argc, argv, rows, 4, s.names, QUERY_NAMES);
	out_begin(&o, STDOUT_FILENO);
	o.width = OUT_WIDE;
	if (s.is_dry && s.count > 0)
		check_names(&s, &a);
	read_list(&s, &a);
	if (!s.is_dry) {
		is_done = send_command(&s, &a, &o);
		for (int k = 0; k < LOOKS && count_left(&s, &a) > 0; k++)
			poll(NULL, 0, LOOK_MS);
		for (int k = 0; k < s.strays; k++)
			is_done = is_done && !s.stray[k].is_there;
	}
	tell(&o, &s);
	if (out_end(&o) < 0)
		return DIE_SYSTEM;
	return is_done && !s.is_cut ? 0 : 1;
}
