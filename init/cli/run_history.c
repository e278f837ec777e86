/* SPDX-License-Identifier: ISC */
/* The document has the last ends; of what ran in earlier containers the
 * events may know the output. */
#include "init/cli/run_history.h"

#include "init/cli/volume_reader.h"

enum {
	LINES_SHOWN = 20, /* last lines of a run, unless all is told */
	ENDS_SHOWN = 4,   /* earlier ends likewise */
	TEXT = 1024,      /* room for a sentence or a line of output */
};

void history_add_size(struct phrase *w, int64_t kib)
{
	if (kib < 1024)
		phrase_add(w, "%lld KiB", (long long)kib);
	else if (kib < 1024 * 1024)
		phrase_add(w, "%lld.%lld MiB", (long long)kib / 1024,
			   (long long)(kib % 1024 * 10 / 1024));
	else
		phrase_add(w, "%lld.%lld GiB", (long long)kib / 1048576,
			   (long long)(kib % 1048576 * 10 / 1048576));
}

/* ", CPU 3 ms, peak memory 4.2 MiB, 12 of 100 tasks then" */
static void add_numbers(struct phrase *w, struct json_value end)
{
	int64_t cpu_us = json_to_int(json_get(end, "cpu_us"), -1);
	int64_t peak_kib = json_to_int(json_get(end, "peak_kib"), 0);
	int64_t tasks = json_to_int(json_get(end, "tasks"), -1);
	int64_t tasks_max = json_to_int(json_get(end, "tasks_max"), -1);
	int64_t left = json_to_int(json_get(end, "leftovers"), 0);

	if (peak_kib > 0) { /* it ran at all */
		phrase_add(w, "; CPU ");
		phrase_duration(w, cpu_us / 1000);
		phrase_add(w, ", peak memory ");
		history_add_size(w, peak_kib);
	}
	if (tasks >= 0 && tasks_max >= 0)
		phrase_add(w, "; the container held %lld of %lld tasks then",
			   (long long)tasks, (long long)tasks_max);
	if (left > 0)
		phrase_add(w, "; it left %lld process%s behind",
			   (long long)left, left == 1 ? "" : "es");
}

/* How an end was, without when. */
static void describe_end(struct phrase *w, struct json_value end)
{
	phrase_add(w, "%s", reader_text(end, "text"));
	if (json_is_true(json_get(end, "is_core_dumped")))
		phrase_add(w, ", core dumped");
	if (json_is_true(json_get(end, "is_probe")))
		phrase_add(w, ", as a probe");
	if (!json_is_true(json_get(end, "is_failure")))
		phrase_add(w, ", not counted as a failure");
	add_numbers(w, end);
}

static void add_end(struct out *o, const struct service_from *from,
		    const char *word, struct json_value end)
{
	char text[2 * TEXT] = "";
	struct phrase w = PHRASE_IN(text);

	out_begin_row(o, word);
	out_time(o, json_to_time(json_get(end, "ended")), from->now_ms);
	describe_end(&w, end);
	out_wrap(o, OUT_ROW, ": ");
	out_wrap(o, OUT_ROW + 2, text);
	if (json_is_true(json_get(end, "is_earlier")))
		out_wrap(o, OUT_ROW + 2, " (in an earlier container)");
	out_line(o);
}

static unsigned count_of(struct json_value list)
{
	struct json_value item;
	unsigned n = 0;

	while (json_next(&list, NULL, &item))
		n++;
	return n;
}

/* A line of output is a text, or an object that has one. */
static void add_lines(struct out *o, const struct service_from *from,
		      struct json_value lines)
{
	unsigned n = count_of(lines), most = from->is_whole ? n : LINES_SHOWN;
	unsigned shown = n < most ? n : most, i = 0;
	char text[TEXT];
	struct json_value line;

	out_begin_row(o, "it said");
	out_add(o, "last, %u line%s:", shown, shown == 1 ? "" : "s");
	out_line(o);
	while (json_next(&lines, NULL, &line)) {
		struct json_value inner = json_get(line, "text");

		if (i++ < n - shown)
			continue;
		out_text(o, "    ");
		out_styled(o, OUT_FAINT, "| ");
		out_text(o, json_to_text(inner.at != NULL ? inner : line, text,
				      sizeof(text)));
		if (json_is_true(json_get(line, "is_cut")))
			out_text(o, " ...");
		out_line(o);
	}
}

/* What the run that ended like `end` said, from events: the file that is
 * looked in when the document has no lines, as for an earlier container. */
static struct json_value said_in_events(const struct service_from *from,
					struct json_value service,
					struct json_value end)
{
	int64_t ended_ms = json_to_time(json_get(end, "ended"));
	struct json_value event, found = { NULL, NULL };
	char name[READER_NAME];
	struct reader r;

	json_to_text(json_get(service, "name"), name, sizeof(name));
	if (!reader_open(&r, from->dir))
		return found;
	while (reader_next(&r, &event)) {
		struct json_value its = json_get(event, "end");
		struct json_value lines = json_get(its, "output");

		if (count_of(lines) == 0 ||
		    !json_is(json_get(event, "service"), name) ||
		    json_to_time(json_get(its, "ended")) != ended_ms)
			continue;
		/* The reader's buffer is not used any more, so it stays. */
		found = lines;
		break;
	}
	reader_close(&r);
	return found;
}

static void add_said(struct out *o, const struct service_from *from,
		     struct json_value service, struct json_value last)
{
	struct json_value lines = json_get(last, "output");

	if (json_to_int(json_get(service, "pid"), 0) > 0)
		lines = json_get(service, "output");
	else if (from->is_searched && last.at != NULL &&
		 (lines.at == NULL || *lines.at == 'n'))
		lines = said_in_events(from, service, last);
	if (count_of(lines) == 0)
		lines = json_get(service, "output");
	if (count_of(lines) > 0)
		add_lines(o, from, lines);
	else if (last.at != NULL)
		out_row(o, "it said", "nothing that is recorded");
}

void history_tell(struct out *o, const struct service_from *from,
	       struct json_value service)
{
	struct json_value ends = json_get(service, "ends");
	struct json_value last = { NULL, NULL }, end;
	int shown = 0;

	if (json_next(&ends, NULL, &last))
		add_end(o, from, "last run", last);
	add_said(o, from, service, last);
	while ((from->is_whole || shown < ENDS_SHOWN) &&
	       json_next(&ends, NULL, &end))
		add_end(o, from, shown++ == 0 ? "earlier" : "", end);
}
