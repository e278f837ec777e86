/* SPDX-License-Identifier: ISC */
/* Everything here is memory: each line is one commit, so that it is either in
 * the stream or in the sink whenever this process is killed. */
#include "init/relay/forward.h"

#include "init/relay/line.h"

enum { HOLD_BYTES = 1 << 20 }; /* a line that is longer is cut */

void forward_queue(struct carry *c, uint32_t k)
{
	const uint32_t most = 2 * c->job->config->services;
	struct stream *s = &c->stream[k];

	s->is_waiting = false;
	if (s->is_queued)
		return;
	s->is_queued = true;
	c->queue[(c->queue_at + c->queued++) % most] = (uint16_t)k;
}

/* Give a turn to every stream that waits for this sink. */
static void wake_streams(struct carry *c, struct sink *sink)
{
	if (!sink->is_wanted)
		return;
	sink->is_wanted = false;
	for (uint32_t k = 0; k < 2 * c->job->config->services; k++)
		if (c->stream[k].is_waiting &&
		    c->stream[k].sink == sink->number)
			forward_queue(c, k);
}

bool forward_flush(struct carry *c, struct sink *sink)
{
	bool is_empty = sink_flush(&c->home, sink, c->now_ms);

	if (is_empty)
		wake_streams(c, sink);
	return is_empty;
}

void forward_cut(struct carry *c, struct sink *sink)
{
	uint64_t holder = lines_load(&sink->on_board->holder);
	struct stream *s = &c->stream[holder - 1];
	unsigned count = 0;
	char *at;

	sink_room(sink, &at);
	*at = '\n';
	stream_take(s, c->home.board, &count, 0, 0);
	sink_take(sink, c->home.board, &count, 1, s->number);
	lines_put(c->home.board, &count, &sink->on_board->holder, 0);
	lines_commit(c->home.board, count);
	sink->is_wanted = true;
	wake_streams(c, sink);
}

static struct line_style style_of(const struct carry *c, const struct stream *s)
{
	const struct config_service *of =
		config_service(c->job->config, s->number / 2);

	return (struct line_style){
		.name = config_name(c->job->config, s->number / 2),
		.stream = s->number % 2 == 0 ? "stdout" : "stderr",
		.prefix = of->log_prefix != CONFIG_AUTO ||
					  c->sink[s->sink].services > 1
				  ? of->log_prefix
				  : CONFIG_NO_PREFIX,
		.is_json = of->log_format == CONFIG_JSON_LINES,
		.has_times = of->has_log_times && c->output == CONFIG_FILE,
	};
}

/* The sink is in trouble and full: lose the line. */
static void drop(struct carry *c, struct stream *s, uint32_t whole)
{
	struct sink *sink = &c->sink[s->sink];
	unsigned count = 0;

	if (lines_load(&sink->on_board->holder) != 0)
		forward_cut(c, sink);
	stream_take(s, c->home.board, &count, whole, 0);
	lines_commit(c->home.board, count);
	sink->on_board->dropped++;
}

/* One commit: so many bytes of the stream became `used` bytes of the sink. */
static void commit(struct carry *c, struct stream *s, const struct line *line,
		 uint32_t bytes, size_t used, bool is_open)
{
	struct sink *sink = &c->sink[s->sink];
	uint64_t holder = lines_load(&sink->on_board->holder);
	uint64_t holds = is_open && !style_of(c, s).is_json ? s->number + 1 : 0;
	unsigned count = 0;

	stream_take(s, c->home.board, &count, bytes,
		    is_open ? stream_mid(s) + line->length : 0);
	sink_take(sink, c->home.board, &count, (uint32_t)used, s->number);
	if (holder != holds)
		lines_put(c->home.board, &count, &sink->on_board->holder,
			  holds);
	lines_commit(c->home.board, count);
	sink->held_ms = c->now_ms;
	if (holder != 0 && holds == 0)
		wake_streams(c, sink);
}

/* Move the first line of a stream to its sink. False when there is none, or
 * it has to wait for the sink. */
static bool move_line(struct carry *c, struct stream *s)
{
	struct sink *sink = &c->sink[s->sink];
	uint64_t holder = lines_load(&sink->on_board->holder);
	struct line_style style = style_of(c, s);
	struct line line;
	uint32_t whole;
	size_t used, taken;
	char *at;

	if (!stream_next(s, &line, &whole))
		return false;
	if (holder != 0 && holder != s->number + 1u) {
		s->is_waiting = sink->is_wanted = true;
		return false;
	}
	if (style.is_json && line.is_mid && line.length == 0) {
		commit(c, s, &line, whole, 0, false); /* only its newline */
		return true;
	}
	if (!style.is_json &&
	    stream_mid(s) + line.length >= HOLD_BYTES)
		line.is_open = false;
	for (;;) {
		uint32_t room = sink_room(sink, &at);

		used = line_make(at, room, &style, &line, &taken);
		if (used > 0 &&
		    (taken == line.length || sink_length(sink) == 0))
			break;
		if (forward_flush(c, sink))
			continue;
		if (sink_is_troubled(sink)) {
			drop(c, s, whole);
			return true;
		}
		s->is_waiting = sink->is_wanted = true;
		return false;
	}
	if (taken < line.length) { /* the rest is a piece of its own */
		line.length = taken;
		commit(c, s, &line, (uint32_t)taken, used, true);
	} else {
		commit(c, s, &line, whole, used, line.is_open);
	}
	return true;
}

void forward_lines(struct carry *c, struct stream *s)
{
	while (move_line(c, s))
		;
}
