/* SPDX-License-Identifier: ISC */
/* The log relay's start: which stream goes where, and what a predecessor
 * that was killed has left on the board. */
#include "init/relay/relay.h"

#include <string.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/lib/safe_path.h"

static const struct config_stream *stream_of(const struct relay *r, uint32_t k)
{
	const struct config_service *s = config_service(r->job->config, k / 2);

	return k % 2 == 0 ? &s->out : &s->err;
}

/* The number of the sink of stream k. */
static uint32_t number_of_sink(const struct relay *r, uint32_t k, bool is_same)
{
	const struct config_stream *to = stream_of(r, k);

	if (r->output == CONFIG_RELAY)
		return to->fd == 1 && !is_same ? 0 : 1;
	for (uint32_t n = 0; n < k; n++) {
		const struct config_stream *other = stream_of(r, n);

		if (other->output == CONFIG_FILE &&
		    strcmp(config_string(r->job->config, other->path),
			   config_string(r->job->config, to->path)) == 0)
			return n;
	}
	return k;
}

static void use_sink(struct relay *r, uint32_t number)
{
	struct sink *sink = &r->sink[number];
	const struct config_service *of;

	if (sink->is_used)
		return;
	sink->is_used = true;
	sink->number = number;
	sink->on_board = lines_sink(r->home.board, number);
	sink->out = lines_out(r->home.board, number);
	sink->held_ms = r->now_ms;
	if (number >= r->sinks)
		r->sinks = number + 1;
	if (r->output == CONFIG_RELAY) {
		sink_own(sink);
		return;
	}
	of = config_service(r->job->config, number / 2);
	sink->file = (struct logfile){
		.path = config_string(r->job->config,
				      stream_of(r, number)->path),
		.max_size = of->log_max_size,
		.keep = of->log_keep,
		.uid = of->log_uid,
		.gid = of->log_gid,
		.mode = of->log_mode,
		.has_owner = of->has_log_owner,
		.fd = -1,
	};
}

static void use_stream(struct relay *r, uint32_t k, bool is_same)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u32 = k };
	struct stream *s = &r->stream[k];

	s->fd = r->job->pipes[k];
	if (stream_of(r, k)->output != r->output || s->fd < 0) {
		s->fd = -1;
		return;
	}
	s->number = k;
	s->on_board = lines_stream(r->home.board, k);
	s->buffer = lines_buffer(r->home.board, k);
	s->sink = number_of_sink(r, k, is_same);
	use_sink(r, s->sink);
	/* Two streams of one service are one service. */
	r->sink[s->sink].services +=
		k % 2 == 0 || r->stream[k - 1].fd < 0 ||
		r->stream[k - 1].sink != s->sink;
	if (epoll_ctl(r->job->epoll_fd, EPOLL_CTL_ADD, s->fd, &e) < 0)
		_exit(1);
	forward_queue(r, k);
}

/* Say what may have been lost or be repeated: `bytes` of a stream or, with
 * the lowest bit set, of a sink. */
static void say_torn(struct relay *r, uint32_t bytes, uint32_t what,
		     bool is_reload)
{
	uint32_t k = what / 2;
	struct news_item item = { .kind = BOARD_EV_OUTPUT_TORN,
				  .service = (int32_t)(k / 2),
				  .n = { k % 2, bytes, is_reload } };

	if (k >= 2 * r->job->config->services)
		return;
	if (what % 2 != 0) {
		struct sink *sink = &r->sink[k];
		uint64_t only =
			sink->is_used ? lines_load(&sink->on_board->only) : 0;

		/* Of several, it is said of the output. */
		item.service = -1;
		if (only != 0 && only <= 2 * r->job->config->services) {
			item.service = (int32_t)((only - 1) / 2);
			item.n[0] = (int64_t)((only - 1) % 2);
		}
	}
	helper_say(r->job, &r->home.board->news, &item);
}

/* A reload may have given the number of a sink to another log file. What waits
 * there goes where its stream goes now; of several streams, or of one that has
 * left, it would be in a file that is not theirs. */
static void disown(struct relay *r, struct sink *sink)
{
	struct lines_sink *board = sink->on_board;
	uint64_t only = lines_load(&board->only), path;

	if (sink->file.path == NULL)
		return;
	path = lines_hash(0, sink->file.path);
	if (lines_load(&board->path) == path)
		return;
	if (sink_length(sink) > 0 &&
	    (only == 0 || only > 2 * r->job->config->services ||
	     r->stream[only - 1].fd < 0 ||
	     r->stream[only - 1].sink != sink->number)) {
		say_torn(r, sink_length(sink), 2 * sink->number + 1, true);
		lines_store(&board->span, 0);
	}
	lines_store(&board->path, path);
}

/* Take over from a relay that was killed, at whatever it did. */
static void recover(struct relay *r)
{
	uint64_t flight = lines_load(&r->home.board->flight);
	const uint32_t streams = 2 * r->job->config->services;

	if (flight != 0)
		say_torn(r, (uint32_t)flight, (uint32_t)(flight >> 32), false);
	lines_store(&r->home.board->flight, 0);
	for (uint32_t k = 0; k < streams; k++)
		if (r->stream[k].fd >= 0 && !stream_check(&r->stream[k]))
			say_torn(r, LINES_BUFFER, 2 * k, false);
	for (uint32_t k = 0; k < r->sinks; k++) {
		struct sink *sink = &r->sink[k];
		uint64_t holder;

		if (!sink->is_used)
			continue;
		if (!sink_check(sink))
			say_torn(r, LINES_OUT, 2 * k + 1, false);
		disown(r, sink);
		holder = lines_load(&sink->on_board->holder);
		if (holder > streams ||
		    (holder > 0 && (r->stream[holder - 1].fd < 0 ||
				    r->stream[holder - 1].sink != k)))
			lines_store(&sink->on_board->holder, 0);
	}
}

void relay_set_up(struct relay *r)
{
	static struct stream streams[2 * CONFIG_SERVICES];
	static struct sink sinks[2 * CONFIG_SERVICES];
	static uint16_t ring[2 * CONFIG_SERVICES];
	/* Both standard outputs are one file: lines of both go through one
	 * sink, so that they do not get into each other. */
	bool is_same = r->output == CONFIG_RELAY &&
		       safe_path_is_same(STDOUT_FILENO, STDERR_FILENO);

	r->stream = streams;
	r->sink = sinks;
	r->queue = ring;
	r->now_ms = clock_mono_ms();
	r->home.job = r->job;
	r->home.board = r->output == CONFIG_RELAY ? r->job->boards.relay
						  : r->job->boards.files;
	lines_recover(r->home.board, r->job->config);
	if (r->output == CONFIG_RELAY) {
		if (!is_same)
			use_sink(r, 0);
		use_sink(r, 1);
		messages_begin(r);
	}
	for (uint32_t k = 0; k < 2 * r->job->config->services; k++)
		use_stream(r, k, is_same);
	recover(r);
}
