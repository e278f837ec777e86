/* SPDX-License-Identifier: ISC */
/* From drafts to the block: dependencies by index, an order of start, how long
 * a stop can take, fingerprints. */
#include <string.h>
#include <sys/mman.h>

#include "init/config/keys.h"
#include "init/config/service_name.h"
#include "init/config/verify.h"
#include "init/lib/format.h"
#include "init/lib/hash.h"
#include "init/lib/nearest.h"
#include "init/loader/load_state.h"

enum { STOP_EXTRA_MS = 1500 };

/* One `after` or `requires`, before it is a struct config_dep. */
struct edge {
	uint16_t service;
	bool is_required;
	const struct setting *why; /* NULL: the command line waits for all */
};

/* A service as a place in the graph. */
struct node {
	struct edge *edges;
	uint32_t count;
	uint32_t next;      /* edges that the walk has taken */
	int64_t stop_ms;    /* longest path of stop_timeouts from here on */
	bool is_entered, is_left;
};

struct graph {
	struct loader *l;
	struct node *node;
	uint16_t *order;
	uint32_t ordered;
	uint32_t *path; /* the walk: nodes that are entered and not left */
	uint32_t depth;
};

static const char *name_of(const struct graph *g, uint32_t i)
{
	return g->l->sections[i]->name;
}

static void unknown_name(struct loader *l, const struct setting *s,
			 const char *name)
{
	struct nearest near = { .word = name };

	for (uint32_t i = 0; i < l->services; i++) {
		if (l->sections[i]->removed != NULL)
			continue;
		nearest_offer(&near, l->sections[i]->title);
		nearest_offer(&near, l->sections[i]->name);
	}
	if (near.best != NULL)
		mistake(&l->mistakes, s->place,
			"%s: there is no service `%s`; did you mean %s?",
			s->name, name, near.best);
	else
		mistake(&l->mistakes, s->place,
			"%s: there is no service `%s`; declare [service:%s] "
			"or leave it out", s->name, name, name);
}

/* Add an edge from node `from`, or make an existing edge stronger. */
static void add_edge(struct graph *g, uint32_t from, uint32_t to,
		     const struct setting *why, bool is_required)
{
	struct node *n = &g->node[from];

	for (uint32_t i = 0; i < n->count; i++) {
		if (n->edges[i].service == to) {
			n->edges[i].is_required |= is_required;
			return;
		}
	}
	n->edges[n->count++] = (struct edge){ (uint16_t)to, is_required, why };
}

static bool is_text(const char *text, const char *name, size_t len)
{
	return strncmp(text, name, len) == 0 && text[len] == '\0';
}

/* Add what one name in a setting means: NAME stands for all instances. What
 * [defaults] name is not meant for the named services themselves. */
static void add_named(struct graph *g, uint32_t from, const struct setting *s,
		      const char *name, size_t len)
{
	struct loader *l = g->l;
	const struct section *self = l->sections[from];
	bool is_found = false, is_self = false, is_scheduled = false;

	for (uint32_t i = 0; i < l->services; i++) {
		const struct section *other = l->sections[i];
		bool is_all = is_text(other->title, name, len);

		if (other->removed != NULL ||
		    (!is_all && !is_text(other->name, name, len)))
			continue;
		is_found = true;
		is_scheduled = is_scheduled ||
			       schedule_is_set(&l->drafts[i]->s.schedule);
		if (i == from || (is_all && other->leader == self->leader))
			is_self = true;
		else
			add_edge(g, from, i, s, *s->name == 'r');
	}
	if (!is_found)
		unknown_name(l, s, arena_copy(&l->arena, name, len));
	else if (is_scheduled)
		mistake(&l->mistakes, s->place,
			"%s: %.*s has a schedule, so it is never done for "
			"good; leave it out", s->name, (int)len, name);
	else if (is_self && section_setting(self, s->name) != NULL)
		mistake(&l->mistakes, s->place,
			"%s: %.*s names itself; leave it out", s->name,
			(int)len, name);
}

static void add_edges(struct graph *g, uint32_t from, const char *key)
{
	struct loader *l = g->l;
	const struct setting *s = section_effective(l, l->sections[from], key);
	const char *text;
	struct why why;
	size_t len;

	if (s == NULL || !expand(&l->expansion, s->value, &text, &why) ||
	    strcmp(text, "none") == 0)
		return;
	for (; (len = value_item(&text)) > 0; text += len)
		if (name_is_service(text, len)) /* else told already */
			add_named(g, from, s, text, len);
}

/* The command of the command line starts when all others are ready. */
static void wait_for_all(struct graph *g, uint32_t from)
{
	for (uint32_t i = 0; i < g->l->services; i++)
		if (i != from && g->l->drafts[i]->s.is_autostart &&
		    !schedule_is_set(&g->l->drafts[i]->s.schedule))
			add_edge(g, from, i, NULL, false);
}

static void add_all_edges(struct graph *g)
{
	struct loader *l = g->l;
	uint32_t n = l->services;

	for (uint32_t i = 0; i < n; i++) {
		const struct section *section = l->sections[i];
		const unsigned before = l->mistakes.count;

		if (section->removed != NULL ||
		    section->leader->is_wrongly_tied)
			continue;
		g->node[i].edges = arena_get(&l->arena,
					     n * sizeof(struct edge));
		instances_enter(l, section);
		add_edges(g, i, "after");
		add_edges(g, i, "requires");
		instances_enter(l, NULL);
		section->leader->is_wrongly_tied = l->mistakes.count > before;
		if (section->command != NULL)
			wait_for_all(g, i);
	}
}

/* Append " (line 3) -> " to a name in a circle, with the file where it is not
 * that of `why`. */
static size_t step(char *text, size_t size, const char *name,
		   const struct setting *s, const struct setting *why)
{
	int n;

	if (s == NULL)
		n = format(text, size, "%s -> ", name);
	else if (why != NULL && s->place.file == why->place.file)
		n = format(text, size, "%s (line %u) -> ", name,
			     s->place.line);
	else
		n = format(text, size, "%s (%s:%u) -> ", name,
			     s->place.file->name, s->place.line);
	return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}

/* Has each of these been in a circle that was told? Where one section makes
 * several services, there are many circles of the same settings. */
static bool is_circle_told(const struct graph *g, uint32_t i)
{
	bool is_told = true, is_instance = false;

	for (; i < g->depth; i++) {
		const struct section *s = g->l->sections[g->path[i]];

		is_told = is_told && s->leader->is_circle_told;
		is_instance = is_instance || s->name != s->title;
		s->leader->is_circle_told = true;
	}
	return is_told && is_instance;
}

/* Tell the circle that the last edge of the walk has closed at node `first`:
 * "a (line 3) -> b (line 7) -> a". Where it is too long, the first ones. */
static void circle(const struct graph *g, uint32_t first)
{
	enum { MOST = 400 };
	char text[MOST] = "";
	const struct setting *why = NULL;
	uint32_t i = g->depth;
	size_t used = 0;

	while (g->path[--i] != first)
		;
	if (is_circle_told(g, i))
		return;
	for (; i < g->depth; i++) {
		const struct node *n = &g->node[g->path[i]];
		const struct edge *e = &n->edges[n->next - 1];
		size_t more;

		if (why == NULL)
			why = e->why;
		more = step(text + used, sizeof(text) - used - 5,
			    name_of(g, g->path[i]), e->why, why);
		if (more == 0) {
			memcpy(text + used, "... ", 5);
			break;
		}
		used += more;
	}
	mistake(&g->l->mistakes,
		why ? why->place : g->l->sections[first]->place,
		"services wait for each other: %s%s; remove one of these",
		text, name_of(g, first));
}

static void enter(struct graph *g, uint32_t i)
{
	g->node[i].is_entered = true;
	g->path[g->depth++] = i;
}

static void leave(struct graph *g)
{
	uint32_t i = g->path[--g->depth];
	struct node *n = &g->node[i];
	int64_t longest = 0;

	for (uint32_t e = 0; e < n->count; e++)
		if (g->node[n->edges[e].service].stop_ms > longest)
			longest = g->node[n->edges[e].service].stop_ms;
	n->stop_ms = longest;
	if (!g->l->sections[i]->is_gone)
		n->stop_ms += g->l->drafts[i]->s.stop_timeout_ms;
	n->is_left = true;
	g->order[g->ordered++] = (uint16_t)i;
}

/* Order the services: each behind what it depends on, else as in the files.
 * A walk along the edges that leaves a node when all of its own are done. */
static void put_in_order(struct graph *g)
{
	for (uint32_t i = 0; i < g->l->services; i++) {
		if (g->node[i].is_entered)
			continue;
		enter(g, i);
		while (g->depth > 0) {
			struct node *n = &g->node[g->path[g->depth - 1]];
			uint32_t to;

			if (n->next == n->count) {
				leave(g);
				continue;
			}
			to = n->edges[n->next++].service;
			if (!g->node[to].is_entered)
				enter(g, to);
			else if (!g->node[to].is_left)
				circle(g, to);
		}
	}
}

/* All effective settings of a service, and those of its process. What a removed
 * one had stays. */
static void take_fingerprints(const struct graph *g, uint32_t i)
{
	const struct loader *l = g->l;
	struct draft *d = l->drafts[i];
	uint64_t hash = fingerprint(l, d, false);

	if (d->s.is_removed)
		return;
	/* The command of the command line waits for whatever there is. */
	for (uint32_t e = 0; !d->s.is_main && e < g->node[i].count; e++) {
		const struct edge *edge = &g->node[i].edges[e];
		const char *name = name_of(g, edge->service);

		hash = hash_bytes(hash, name, strlen(name) + 1);
		hash = hash_bytes(hash, &edge->is_required, 1);
	}
	d->s.fingerprint = hash;
	d->s.run_fingerprint = fingerprint(l, d, true);
	d->s.health_fingerprint = fingerprint_health(l, d);
}

/* Count what the parts hold, and lay them out. */
static void lay_out(struct loader *l, const struct graph *g)
{
	struct config *c = &l->head;

	c->services = l->services;
	for (uint32_t i = 0; i < l->services; i++) {
		unsigned set = l->drafts[i]->limits_set;

		l->drafts[i]->s.deps_first = c->deps;
		l->drafts[i]->s.deps = g->node[i].count;
		c->deps += g->node[i].count;
		l->drafts[i]->s.tail_first = c->tails;
		c->tails += l->drafts[i]->s.tail_lines;
		l->drafts[i]->s.limits_first = c->limits;
		for (; set != 0; set &= set - 1)
			c->limits++;
		l->drafts[i]->s.limits = c->limits -
					 l->drafts[i]->s.limits_first;
	}
	c->text = l->pool.used;
	config_lay_out(c);
}

/* The boards of lines have a place for each line of every tail. */
static void check_tails(struct loader *l)
{
	uint32_t lines = 0;

	for (uint32_t i = 0; i < l->services; i++)
		lines += l->drafts[i]->s.tail_lines;
	if (lines > CONFIG_TAILS)
		mistake(&l->mistakes, l->at,
			"the tail_lines of all services are %u lines, and "
			"%d is the most; write a smaller tail_lines", lines,
			CONFIG_TAILS);
}

static void fill(const struct loader *l, const struct graph *g, char *block)
{
	const struct config *c = &l->head;
	char *deps = block + c->deps_at, *limits = block + c->limits_at;

	memcpy(block, c, sizeof(*c));
	memcpy(block + c->order_at, g->order, c->services * sizeof(uint16_t));
	memcpy(block + c->text_at, l->pool.base, c->text);
	for (uint32_t i = 0; i < c->services; i++) {
		const struct draft *d = l->drafts[i];

		memcpy(block + c->services_at + i * sizeof(d->s), &d->s,
		       sizeof(d->s));
		for (uint32_t e = 0; e < g->node[i].count; e++) {
			const struct edge *edge = &g->node[i].edges[e];
			struct config_dep dep = { edge->service,
						  edge->is_required };

			memcpy(deps, &dep, sizeof(dep));
			deps += sizeof(dep);
		}
		for (int n = 0; n < CONFIG_LIMITS; n++) {
			if (!(d->limits_set & 1U << n))
				continue;
			memcpy(limits, &d->limits[n], sizeof(d->limits[n]));
			limits += sizeof(d->limits[n]);
		}
	}
}

static void settle_stop(struct loader *l, const struct graph *g)
{
	int64_t longest = 0;

	/* All drain from the beginning on, and the path that is told last
	 * begins with the end of a service's delay. */
	for (uint32_t i = 0; i < l->services; i++) {
		int64_t path_ms = g->node[i].stop_ms;

		if (!l->sections[i]->is_gone)
			path_ms += l->drafts[i]->s.drain_delay_ms;
		if (path_ms > longest)
			longest = path_ms;
	}
	l->head.shutdown_needs_ms = longest + STOP_EXTRA_MS;
	if (l->head.shutdown_timeout_ms < 0)
		l->head.shutdown_timeout_ms = l->head.shutdown_needs_ms;
}

const struct config *compile(struct loader *l)
{
	struct graph g = { .l = l };
	uint32_t n = l->services;
	char *block;

	g.node = arena_get(&l->arena, n * sizeof(*g.node));
	g.order = arena_get(&l->arena, n * sizeof(*g.order));
	g.path = arena_get(&l->arena, n * sizeof(*g.path));
	add_all_edges(&g);
	put_in_order(&g);
	check_tails(l);
	if (l->pool.is_full)
		mistake(&l->mistakes, l->at,
			"the texts of all services are more than %d bytes; "
			"shorten commands and environments", CONFIG_TEXT);
	if (l->mistakes.count > 0)
		return NULL;
	settle_stop(l, &g);
	for (uint32_t i = 0; i < n; i++)
		take_fingerprints(&g, i);
	lay_out(l, &g);
	block = mmap(NULL, l->head.size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED) {
		mistake(&l->mistakes, l->at,
			"no memory for %u bytes of configuration",
			l->head.size);
		return NULL;
	}
	fill(l, &g, block);
	mprotect(block, l->head.size, PROT_READ);
	return (const struct config *)(const void *)block;
}
