/* SPDX-License-Identifier: ISC */
/* The loop: streams that may have something take turns, one read(2) each;
 * after each round the sinks are written. Pipes are watched by edges, because
 * a pipe that no process has open for writing is at its end for ever. */
#include "init/relay/relay.h"

#include <errno.h>
#include <unistd.h>

#include "init/kernel/clock.h"

enum {
	BATCH = 64,       /* events of one epoll_wait(2) */
	HOLD_MS = 1000,   /* a long line that pauses for so long is cut */
};

/* PID 1 counts a service's starts on its board. */
static uint64_t run_of(const struct relay *r, uint32_t k)
{
	const volatile uint64_t *starts =
		&r->job->boards.board->service[k / 2].starts;

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

static void read_once(struct relay *r, struct stream *s)
{
	uint64_t run = run_of(r, s->number);
	int n;

	/* What the last run left in the pipe may be the rest of its line. */
	if (s->is_drained && !is_through(s) &&
	    run != lines_load(&s->on_board->run))
		s->is_ending = true;
	if (!can_read(s))
		return;
	n = stream_read(s, r->home.board, run, r->now_ms, clock_wall_ms());
	s->is_ending = n == 0 || (n < 0 && r->is_closed);
	if (n <= 0 && n != -EINTR)
		s->is_readable = false;
}

static void turn(struct relay *r, uint32_t k)
{
	struct stream *s = &r->stream[k];

	if (s->is_readable)
		read_once(r, s);
	stream_remember(s, r->home.board, r->job->config);
	forward_lines(r, s);
	/* What a stalled sink cannot take is read as long as there is room, for
	 * the sake of last words. */
	if (s->is_waiting ? can_read(s) : s->is_readable)
		forward_queue(r, k);
}

/* Every stream that is queued by now has one turn. */
static void round_of_turns(struct relay *r)
{
	const uint32_t most = 2 * r->job->config->services;

	for (uint32_t n = r->queued; n > 0; n--) {
		uint32_t k = r->queue[r->queue_at];

		r->queue_at = (r->queue_at + 1) % most;
		r->queued--;
		r->stream[k].is_queued = false;
		turn(r, k);
	}
}

/* Take what epoll has; true when there was anything. */
static bool gather(struct relay *r, int timeout_ms)
{
	struct epoll_event events[BATCH];
	int n = helper_wait(r->job, events, BATCH, timeout_ms);

	for (int i = 0; i < n; i++) {
		uint32_t what = events[i].data.u32;

		if (what == HELPER_END) {
			_exit(0);
		} else if (what == HELPER_WAKE) {
			continue;
		} else if (what >= SINK_BASE) {
			r->sink[what - SINK_BASE].is_stalled = false;
		} else {
			r->stream[what].is_readable = true;
			forward_queue(r, what);
		}
	}
	r->now_ms = clock_mono_ms();
	return n > 0;
}

/* Write what can be written, cut what has paused, and return the time at which
 * that is to be looked at again (INT64_MAX: not). */
static int64_t see_to_sinks(struct relay *r)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t k = 0; k < r->sinks; k++) {
		struct sink *sink = &r->sink[k];
		int64_t due_ms = sink->held_ms + HOLD_MS;
		uint64_t holder;

		if (!sink->is_used)
			continue;
		holder = lines_load(&sink->on_board->holder);
		if (holder != 0 && !r->stream[holder - 1].is_waiting) {
			if (r->now_ms >= due_ms)
				forward_cut(r, sink);
			else if (due_ms < next_ms)
				next_ms = due_ms;
		}
		if (!forward_flush(r, sink) && !sink->is_stalled &&
		    sink->retry_ms < next_ms)
			next_ms = sink->retry_ms;
	}
	return next_ms;
}

/* Nothing more comes: what is left in a buffer is the last of it, once its pipe
 * is empty. */
static void close_streams(struct relay *r)
{
	r->is_closed = true;
	for (uint32_t k = 0; k < 2 * r->job->config->services; k++)
		if (r->stream[k].fd >= 0 && !r->stream[k].is_readable) {
			r->stream[k].is_ending = true;
			forward_queue(r, k);
		}
}

/* At the end: nothing is left, or only what a broken disk does not take. */
static bool is_empty(const struct relay *r)
{
	for (uint32_t k = 0; k < 2 * r->job->config->services; k++)
		if (r->stream[k].fd >= 0 && !is_through(&r->stream[k]))
			return false;
	for (uint32_t k = 0; k < r->sinks; k++)
		if (r->sink[k].is_used && sink_length(&r->sink[k]) > 0 &&
		    !sink_is_troubled(&r->sink[k]))
			return false;
	return true;
}

/* Carry until the board says EXITING or SIGTERM comes, then exit(0). */
static _Noreturn void carry(const struct helper_job *job,
			    enum config_output output)
{
	struct relay relay = { .job = job, .output = output }, *r = &relay;

	relay_set_up(r);
	for (;;) {
		/* PID 1 appends its last event before it says EXITING. */
		bool is_last = helper_phase(r->job) == BOARD_EXITING, is_said;
		uint64_t events = board_events(r->job->boards.board);
		bool is_idle = !gather(r, 0);
		int64_t next_ms;

		round_of_turns(r);
		see_to_sinks(r);
		is_said = output != CONFIG_RELAY || messages_print(r);
		next_ms = see_to_sinks(r);
		if (!is_idle || r->queued > 0)
			continue;
		atomic_store_explicit(&r->home.board->drained, events,
				      memory_order_release);
		if (is_last && !r->is_closed)
			close_streams(r);
		else if (is_last && is_said && is_empty(r))
			_exit(0);
		else
			gather(r, helper_timeout_ms(next_ms, r->now_ms));
	}
}

_Noreturn void relay_main(const struct helper_job *job)
{
	carry(job, CONFIG_RELAY);
}

_Noreturn void files_main(const struct helper_job *job)
{
	carry(job, CONFIG_FILE);
}
