/* SPDX-License-Identifier: ISC */
/* Everything here is memory: each line is one commit, so that it is either in
 * the stream or in the sink whenever this process is killed. */
#include "init/relay/line_format.h"
#include "init/relay/relay.h"

enum { HOLD_BYTES = 1 << 20 }; /* a line that is longer is cut */

void forward_queue(struct relay *r, uint32_t k)
{
	const uint32_t most = 2 * r->job->config->services;
	struct stream *s = &r->stream[k];

	s->is_waiting = false;
	if (s->is_queued)
		return;
	s->is_queued = true;
	r->queue[(r->queue_at + r->queued++) % most] = (uint16_t)k;
}

/* Give a turn to every stream that waits for this sink. */
static void wake_streams(struct relay *r, struct sink *sink)
{
	if (!sink->is_wanted)
		return;
	sink->is_wanted = false;
	for (uint32_t k = 0; k < 2 * r->job->config->services; k++)
		if (r->stream[k].is_waiting &&
		    r->stream[k].sink == sink->number)
			forward_queue(r, k);
}

bool forward_flush(struct relay *r, struct sink *sink)
{
	bool is_empty = sink_flush(&r->home, sink, r->now_ms);

	if (is_empty)
		wake_streams(r, sink);
	return is_empty;
}

void forward_cut(struct relay *r, struct sink *sink)
{
	uint64_t holder = lines_load(&sink->on_board->holder);
	struct stream *s = &r->stream[holder - 1];
	unsigned count = 0;
	char *at;

	sink_room(sink, &at);
	*at = '\n';
	stream_take(s, r->home.board, &count, 0, 0);
	sink_take(sink, r->home.board, &count, 1, s->number);
	lines_put(r->home.board, &count, &sink->on_board->holder, 0);
	lines_commit(r->home.board, count);
	sink->is_wanted = true;
	wake_streams(r, sink);
}

static struct line_style style_of(const struct relay *r, const struct stream *s)
{
	const struct config_service *of =
		config_service(r->job->config, s->number / 2);

	return (struct line_style){
		.name = config_name(r->job->config, s->number / 2),
		.stream = s->number % 2 == 0 ? "stdout" : "stderr",
		.prefix = of->log_prefix != CONFIG_AUTO ||
					  r->sink[s->sink].services > 1
				  ? of->log_prefix
				  : CONFIG_NO_PREFIX,
		.is_json = of->log_format == CONFIG_JSON_LINES,
		.has_times = of->has_log_times && r->output == CONFIG_FILE,
	};
}

/* The sink is in trouble and full: lose the line. */
static void drop(struct relay *r, struct stream *s, uint32_t whole)
{
	struct sink *sink = &r->sink[s->sink];
	unsigned count = 0;

	if (lines_load(&sink->on_board->holder) != 0)
		forward_cut(r, sink);
	stream_take(s, r->home.board, &count, whole, 0);
	lines_commit(r->home.board, count);
	sink->on_board->dropped++;
}

/* One commit: so many bytes of the stream became `used` bytes of the sink. */
static void commit(struct relay *r, struct stream *s, const struct line *line,
		 uint32_t bytes, size_t used, bool is_open)
{
	struct sink *sink = &r->sink[s->sink];
	uint64_t holder = lines_load(&sink->on_board->holder);
	uint64_t holds = is_open && !style_of(r, s).is_json ? s->number + 1 : 0;
	unsigned count = 0;

	stream_take(s, r->home.board, &count, bytes,
		    is_open ? stream_mid(s) + line->length : 0);
	sink_take(sink, r->home.board, &count, (uint32_t)used, s->number);
	if (holder != holds)
		lines_put(r->home.board, &count, &sink->on_board->holder,
			  holds);
	lines_commit(r->home.board, count);
	sink->held_ms = r->now_ms;
	if (holder != 0 && holds == 0)
		wake_streams(r, sink);
}

/* Move the first line of a stream to its sink. False when there is none, or
 * it has to wait for the sink. */
static bool move_line(struct relay *r, struct stream *s)
{
	struct sink *sink = &r->sink[s->sink];
	uint64_t holder = lines_load(&sink->on_board->holder);
	struct line_style style = style_of(r, s);
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
		commit(r, s, &line, whole, 0, false); /* only its newline */
		return true;
	}
	if (!style.is_json &&
	    stream_mid(s) + line.length >= HOLD_BYTES)
		line.is_open = false;
	for (;;) {
		uint32_t room = sink_room(sink, &at);

		used = line_format(at, room, &style, &line, &taken);
		if (used > 0 &&
		    (taken == line.length || sink_length(sink) == 0))
			break;
		if (forward_flush(r, sink))
			continue;
		if (sink_is_troubled(sink)) {
			drop(r, s, whole);
			return true;
		}
		s->is_waiting = sink->is_wanted = true;
		return false;
	}
	if (taken < line.length) { /* the rest is a piece of its own */
		line.length = taken;
		commit(r, s, &line, (uint32_t)taken, used, true);
	} else {
		commit(r, s, &line, whole, used, line.is_open);
	}
	return true;
}

void forward_lines(struct relay *r, struct stream *s)
{
	while (move_line(r, s))
		;
}
