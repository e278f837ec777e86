/* SPDX-License-Identifier: ISC */
/* Two passes: the first finds the span and the services, the second draws. Of
 * each row only the column that is being filled is kept as times. */
#include "init/cli/events_graph.h"

#include <string.h>

#include "init/text/wording.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	NAME_MOST = 24, /* columns of a name; a longer one is cut */
	CELLS_LEAST = 10,
	TICK = 10,      /* columns from mark to mark of the axis */
	LABEL = 20,     /* and from time to time */
};

enum phase {
	UNKNOWN,
	RUNS,
	PROBE,
	DELAY,
	BLOCKED,
	WAITS,
	STOPS,
	STOPPED,
	FAILED,
	PHASES,
};

static const struct {
	char mark;
	uint8_t style; /* enum out_style */
	const char *means;
} phases[PHASES] = {
	/* clang-format off */
	[UNKNOWN] = { ' ', OUT_PLAIN, "" },
	[RUNS]    = { '=', OUT_GREEN, "runs" },
	[PROBE]   = { '?', OUT_CYAN, "probe" },
	[DELAY]   = { '.', OUT_YELLOW, "delay" },
	[BLOCKED] = { '#', OUT_RED, "blocked" },
	[WAITS]   = { 'w', OUT_YELLOW, "waits" },
	[STOPS]   = { 's', OUT_FAINT, "stops" },
	[STOPPED] = { '-', OUT_FAINT, "stopped, done" },
	[FAILED]  = { '!', OUT_RED, "failed for good" },
	/* clang-format on */
};

/* What a service is after an event. A started one is a probe if it says so;
 * a remembered one waits only if it is told how long. */
static const struct {
	const char *event;
	enum phase phase;
} changes[] = {
	{ "started", RUNS },	   { "stable", RUNS },
	{ "ended", STOPPED },	   { "backoff", DELAY },
	{ "blocked", BLOCKED },	   { "latched", FAILED },
	{ "failed", FAILED },	   { "done", STOPPED },
	{ "waiting", WAITS },	   { "stopping", STOPS },
	{ "stopped", STOPPED },	   { "draining", STOPS },
};

struct row {
	char name[READER_NAME];
	enum phase phase;
	int64_t at_ms;          /* drawn up to here */
	int64_t spent[PHASES];  /* ms in the column of at_ms */
	unsigned failures;      /* in it */
	char *cells;
};

struct graph {
	const struct events *events;
	int64_t from_ms, to_ms; /* the span: [from, to) */
	int64_t last_ms;        /* of the newest event */
	int64_t cell_ms;        /* time of a column */
	int64_t lost;           /* events within the span */
	unsigned cells, count, names; /* columns, rows, columns of names */
	struct row *rows;
	bool is_begin[OUT_WIDE]; /* a container started in that column */
};

static struct row *row_of(struct graph *g, const char *name)
{
	for (unsigned i = 0; i < g->count; i++)
		if (strcmp(g->rows[i].name, name) == 0)
			return &g->rows[i];
	return NULL;
}

/* The first pass. False when there is nothing to draw. */
static bool survey(struct graph *g, struct reader *r)
{
	struct events_place place = { 0 };
	char name[READER_NAME];
	struct json_value event;

	g->from_ms = g->events->since_ms;
	while (reader_next(r, &event)) {
		events_step(&place, event);
		if (g->from_ms < 0)
			g->from_ms = place.seq == 1 ? place.container_ms :
						      place.time_ms;
		if (place.time_ms > g->last_ms)
			g->last_ms = place.time_ms;
		json_to_text(json_get(event, "service"), name, sizeof(name));
		if (name[0] == '\0' || !events_is_asked(g->events, event) ||
		    g->count == GRAPH_ROWS || row_of(g, name) != NULL)
			continue;
		memcpy(g->rows[g->count++].name, name, sizeof(name));
		if (out_columns(name) > g->names)
			g->names = out_columns(name);
	}
	g->to_ms = 1 + (g->events->since_ms >= 0 ? g->events->now_ms :
						   g->last_ms);
	if (g->from_ms >= g->to_ms) /* the clock was set back */
		g->from_ms = g->to_ms - 1;
	return g->count > 0;
}

static unsigned cell_of(const struct graph *g, int64_t time_ms)
{
	return (unsigned)((time_ms - g->from_ms) / g->cell_ms);
}

/* The column is over: its mark. */
static void finish(const struct graph *g, struct row *row, unsigned cell)
{
	unsigned best = UNKNOWN;

	if (cell >= g->cells)
		return;
	for (unsigned i = UNKNOWN + 1; i < PHASES; i++)
		if (row->spent[i] > (best == UNKNOWN ? 0 : row->spent[best]))
			best = i;
	row->cells[cell] = row->failures == 0 ? phases[best].mark :
			   row->failures == 1 ? 'X' :
			   row->failures <= 9 ? (char)('0' + row->failures) :
						'*';
	memset(row->spent, 0, sizeof(row->spent));
	row->failures = 0;
}

/* Draw its phase up to that time. */
static void advance(const struct graph *g, struct row *row, int64_t to_ms)
{
	if (to_ms > g->to_ms)
		to_ms = g->to_ms;
	while (row->at_ms < to_ms) {
		unsigned cell = cell_of(g, row->at_ms);
		int64_t end_ms = g->from_ms + (cell + 1) * g->cell_ms;
		int64_t next_ms = end_ms < to_ms ? end_ms : to_ms;

		row->spent[row->phase] += next_ms - row->at_ms;
		row->at_ms = next_ms;
		if (next_ms == end_ms)
			finish(g, row, cell);
	}
}

/* From that time on nothing is known of any. */
static void forget(struct graph *g, int64_t time_ms)
{
	for (unsigned i = 0; i < g->count; i++) {
		advance(g, &g->rows[i], time_ms);
		g->rows[i].phase = UNKNOWN;
	}
}

static void change(struct graph *g, struct row *row, struct json_value event,
		   int64_t time_ms)
{
	struct json_value word = json_get(event, "event");

	advance(g, row, time_ms);
	if (time_ms >= g->from_ms && json_is_true(json_get(event,
							   "is_failure")))
		row->failures++;
	for (size_t i = 0; i < COUNT(changes); i++)
		if (json_is(word, changes[i].event))
			row->phase = changes[i].phase;
	if (json_is_true(json_get(event, "is_probe")))
		row->phase = PROBE;
	if (json_is(word, "remembered") &&
	    json_to_int(json_get(event, "wait_ms"), 0) > 0)
		row->phase = BLOCKED;
}

/* The second pass. */
static void draw(struct graph *g, struct reader *r)
{
	struct events_place place = { 0 };
	char name[READER_NAME];
	struct json_value event;

	while (reader_next(r, &event)) {
		int64_t before_ms = place.time_ms;
		struct row *row;

		events_step(&place, event);
		place.lost += json_to_int(json_get(event, "lost"), 0);
		if (place.lost > 0 && !place.is_new)
			forget(g, before_ms);
		if (place.lost > 0 && place.time_ms >= g->from_ms)
			g->lost += place.lost;
		if (place.is_new) {
			forget(g, place.container_ms);
			if (place.container_ms >= g->from_ms &&
			    place.container_ms < g->to_ms)
				g->is_begin[cell_of(g, place.container_ms)] =
					true;
		}
		if (json_is(json_get(event, "event"), "exit"))
			forget(g, place.time_ms);
		json_to_text(json_get(event, "service"), name, sizeof(name));
		row = row_of(g, name);
		if (row != NULL && !json_is(json_get(event, "event"), "exit"))
			change(g, row, event, place.time_ms);
	}
	forget(g, g->to_ms);
	for (unsigned i = 0; i < g->count; i++)
		finish(g, &g->rows[i], cell_of(g, g->to_ms));
}

static unsigned style_of(char mark)
{
	for (unsigned i = 0; i < PHASES; i++)
		if (phases[i].mark == mark)
			return phases[i].style;
	return mark == '|' ? OUT_BOLD : OUT_RED;
}

static void put_mark(struct out *o, char mark, unsigned *style)
{
	char text[2] = { mark, '\0' };

	if (style_of(mark) != *style) {
		*style = style_of(mark);
		out_style(o, OUT_PLAIN);
		out_style(o, (enum out_style)*style);
	}
	out_text(o, text);
}

static void put_row(struct out *o, const struct graph *g,
		    const struct row *row)
{
	unsigned style = OUT_PLAIN;
	char name[READER_NAME];
	struct phrase w = PHRASE_IN(name);

	if (row->cells[strspn(row->cells, " ")] == '\0')
		return;
	if (out_columns(row->name) > g->names)
		phrase_add(&w, "%.*s~", (int)g->names - 1, row->name);
	else
		phrase_add(&w, "%s", row->name);
	out_text(o, name);
	out_to(o, g->names + 1);
	for (unsigned i = 0; i < g->cells; i++) {
		char mark = row->cells[i];
		bool is_failure = style_of(mark) == OUT_RED &&
				  mark != phases[BLOCKED].mark;

		put_mark(o, g->is_begin[i] && !is_failure ? '|' : mark,
			 &style);
	}
	out_style(o, OUT_PLAIN);
	out_line(o);
}

/* The ruler, and below it the time at every second mark. */
static void put_axis(struct out *o, const struct graph *g)
{
	bool is_fine = g->cell_ms * LABEL < 2000;
	bool is_long = g->to_ms - g->from_ms > 86400000;
	int length = is_fine ? 12 : is_long ? 11 : 8;
	char time[PHRASE_TIME];

	out_to(o, g->names + 1);
	for (unsigned i = 0; i < g->cells; i++)
		out_text(o, i % TICK == 0 ? "+" : "-");
	out_line(o);
	for (unsigned i = 0; i + (unsigned)length <= g->cells; i += LABEL) {
		out_to(o, g->names + 1 + i);
		phrase_time(time, g->from_ms + i * g->cell_ms);
		time[10] = ' ';
		out_add(o, "%.*s", length, time + (is_long ? 5 : 11));
	}
	out_line(o);
}

static void put_head(struct out *o, const struct graph *g)
{
	char text[40] = "";
	struct phrase w = PHRASE_IN(text);

	out_time(o, g->from_ms, -1);
	out_text(o, " to ");
	out_time(o, g->to_ms - 1, g->from_ms);
	phrase_duration(&w, g->cell_ms);
	out_add(o, ", a column is %s", text);
	out_line(o);
}

static void put_legend(struct out *o, const struct graph *g)
{
	char text[80];

	for (unsigned i = UNKNOWN + 1; i < PHASES; i++) {
		unsigned style = OUT_PLAIN;

		if (i == STOPS)
			out_line(o);
		put_mark(o, phases[i].mark, &style);
		out_style(o, OUT_PLAIN);
		out_add(o, " %s  ", phases[i].means);
	}
	out_text_line(o, "| container started");
	out_text_line(o, "X a failure (2 .. 9: so many, *: more)");
	if (g->lost > 0) {
		struct phrase w = PHRASE_IN(text);

		phrase_add(&w, "%lld event%s lost: what followed is blank",
			   (long long)g->lost, g->lost == 1 ? " is" : "s are");
		out_text_line(o, text);
	}
	if (g->to_ms - g->last_ms > g->cell_ms) {
		out_text(o, "no event since ");
		out_time(o, g->last_ms, g->events->now_ms);
		out_text_line(o, ": what was true then is drawn on");
	}
}

/* Columns for names and time, and how long each of those is. */
static void scale(struct graph *g, const struct out *o)
{
	int64_t span_ms = g->to_ms - g->from_ms;

	if (g->names > NAME_MOST)
		g->names = NAME_MOST;
	g->cells = o->width - g->names - 1;
	if (g->cells < CELLS_LEAST)
		g->cells = CELLS_LEAST;
	g->cell_ms = (span_ms + g->cells - 1) / g->cells;
	g->cells = (unsigned)((span_ms + g->cell_ms - 1) / g->cell_ms);
	for (unsigned i = 0; i < g->count; i++) {
		g->rows[i].cells = reader_take(g->cells + 1);
		memset(g->rows[i].cells, ' ', g->cells);
		g->rows[i].at_ms = g->from_ms;
	}
}

int graph_print(const struct events *e, struct out *o, struct reader *r)
{
	struct graph g = { .events = e, .last_ms = -1 };

	g.rows = reader_take(GRAPH_ROWS * sizeof(*g.rows));
	if (!survey(&g, r)) {
		out_text_line(o, "no such service in the events");
		return 1;
	}
	scale(&g, o);
	reader_rewind(r);
	draw(&g, r);
	put_head(o, &g);
	for (unsigned i = 0; i < g.count; i++)
		put_row(o, &g, &g.rows[i]);
	put_axis(o, &g);
	put_legend(o, &g);
	return 0;
}
