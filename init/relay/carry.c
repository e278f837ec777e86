/* SPDX-License-Identifier: ISC */
/* The loop: streams that may have something take turns, one read(2) each;
 * after each round the sinks are written. Pipes are watched by edges, because
 * one that nobody has open for writing is at its end for ever. */
#include "init/relay/carry.h"

#include <errno.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/relay/forward.h"

enum {
	BATCH = 64,       /* events of one epoll_wait(2) */
	HOLD_MS = 1000,   /* a long line that pauses for so long is cut */
};

uint64_t carry_events(const struct carry *c)
{
	return atomic_load_explicit(&c->job->boards.board->events,
				    memory_order_acquire);
}

/* PID 1 counts a service's starts on its board. */
static uint64_t run_of(const struct carry *c, uint32_t k)
{
	const volatile uint64_t *starts =
		&c->job->boards.board->service[k / 2].starts;

	return *starts;
}

/* True when nothing of it is left here. */
static bool is_through(const struct stream *s)
{
	return stream_length(s) == 0 && stream_mid(s) == 0;
}

/* True when a read makes sense: there is room, and the last words of the run
 * before are out. */
static bool can_read(const struct stream *s)
{
	return s->is_readable && stream_length(s) < LINES_BUFFER &&
	       (!s->is_ending || is_through(s));
}

static void read_once(struct carry *c, struct stream *s)
{
	uint64_t run = run_of(c, s->number);
	int n;

	/* What the last run left in the pipe may be the rest of its line. */
	if (s->is_drained && !is_through(s) &&
	    run != lines_load(&s->on_board->run))
		s->is_ending = true;
	if (!can_read(s))
		return;
	n = stream_read(s, c->home.board, run, c->now_ms, clock_wall_ms());
	s->is_ending = n == 0 || (n < 0 && c->is_closed);
	if (n <= 0 && n != -EINTR)
		s->is_readable = false;
}

static void turn(struct carry *c, uint32_t k)
{
	struct stream *s = &c->stream[k];

	if (s->is_readable)
		read_once(c, s);
	stream_remember(s, c->home.board, c->job->config);
	forward_lines(c, s);
	/* What a stalled sink cannot take is read as long as there is room, for
	 * the sake of last words. */
	if (s->is_waiting ? can_read(s) : s->is_readable)
		forward_queue(c, k);
}

/* Every stream that is queued by now has one turn. */
static void round_of_turns(struct carry *c)
{
	const uint32_t most = 2 * c->job->config->services;

	for (uint32_t n = c->queued; n > 0; n--) {
		uint32_t k = c->queue[c->queue_at];

		c->queue_at = (c->queue_at + 1) % most;
		c->queued--;
		c->stream[k].is_queued = false;
		turn(c, k);
	}
}

/* Take what epoll has; true when there was anything. */
static bool gather(struct carry *c, int timeout_ms)
{
	struct epoll_event events[BATCH];
	int n = helper_wait(c->job, events, BATCH, timeout_ms);

	for (int i = 0; i < n; i++) {
		uint32_t what = events[i].data.u32;

		if (what == HELPER_END) {
			_exit(0);
		} else if (what == HELPER_WAKE) {
			continue;
		} else if (what >= SINK_BASE) {
			c->sink[what - SINK_BASE].is_stalled = false;
		} else {
			c->stream[what].is_readable = true;
			forward_queue(c, what);
		}
	}
	c->now_ms = clock_mono_ms();
	return n > 0;
}

/* Write what can be written, cut what has paused, and return the time at which
 * that is to be looked at again (INT64_MAX: not). */
static int64_t see_to_sinks(struct carry *c)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t k = 0; k < c->sinks; k++) {
		struct sink *sink = &c->sink[k];
		int64_t due_ms = sink->held_ms + HOLD_MS;
		uint64_t holder;

		if (!sink->is_used)
			continue;
		holder = lines_load(&sink->on_board->holder);
		if (holder != 0 && !c->stream[holder - 1].is_waiting) {
			if (c->now_ms >= due_ms)
				forward_cut(c, sink);
			else if (due_ms < next_ms)
				next_ms = due_ms;
		}
		if (!forward_flush(c, sink) && !sink->is_stalled &&
		    sink->retry_ms < next_ms)
			next_ms = sink->retry_ms;
	}
	return next_ms;
}

/* Nothing more comes: what is left in a buffer is the last of it, once its pipe
 * is empty. */
static void close_streams(struct carry *c)
{
	c->is_closed = true;
	for (uint32_t k = 0; k < 2 * c->job->config->services; k++)
		if (c->stream[k].fd >= 0 && !c->stream[k].is_readable) {
			c->stream[k].is_ending = true;
			forward_queue(c, k);
		}
}

/* At the end: nothing is left, or only what a broken disk does not take. */
static bool is_empty(const struct carry *c)
{
	for (uint32_t k = 0; k < 2 * c->job->config->services; k++)
		if (c->stream[k].fd >= 0 && !is_through(&c->stream[k]))
			return false;
	for (uint32_t k = 0; k < c->sinks; k++)
		if (c->sink[k].is_used && sink_length(&c->sink[k]) > 0 &&
		    !sink_is_troubled(&c->sink[k]))
			return false;
	return true;
}

struct sink *carry_sink(struct carry *c, uint32_t fd)
{
	return &c->sink[fd == 1 && !c->sink[0].is_used ? 1 : fd - 1];
}

char *carry_room(struct carry *c, uint32_t fd, uint32_t bytes)
{
	struct sink *sink = carry_sink(c, fd);
	char *at;

	if (lines_load(&sink->on_board->holder) != 0)
		return NULL;
	if (sink_room(sink, &at) < bytes && forward_flush(c, sink))
		sink_room(sink, &at);
	return sink_room(sink, &at) >= bytes ? at : NULL;
}

_Noreturn void carry_run(struct carry *c)
{
	carry_begin(c);
	for (;;) {
		/* PID 1 appends its last event before it says EXITING. */
		bool is_last = helper_phase(c->job) == BOARD_EXITING, is_said;
		uint64_t events = carry_events(c);
		bool is_idle = !gather(c, 0);
		int64_t next_ms;

		round_of_turns(c);
		see_to_sinks(c);
		is_said = c->say == NULL || c->say(c);
		next_ms = see_to_sinks(c);
		if (!is_idle || c->queued > 0)
			continue;
		atomic_store_explicit(&c->home.board->drained, events,
				      memory_order_release);
		if (is_last && !c->is_closed)
			close_streams(c);
		else if (is_last && is_said && is_empty(c))
			_exit(0);
		else
			gather(c, helper_timeout_ms(next_ms, c->now_ms));
	}
}
