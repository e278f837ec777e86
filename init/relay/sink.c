/* SPDX-License-Identifier: ISC */
/* A write(2) that cannot wait: of at most PIPE_BUF bytes, which a pipe takes
 * whole or not at all, ended by a newline where there is one, so that lines
 * stay whole beside other writers of the same pipe. */
#include "init/relay/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/lib/format.h"

enum { RETRY_MS = 1000 };

static uint32_t low(const struct sink *s)
{
	return (uint32_t)lines_load(&s->on_board->span);
}

static uint32_t high(const struct sink *s)
{
	return (uint32_t)(lines_load(&s->on_board->span) >> 32);
}

static int fd_of(const struct sink *s)
{
	return s->file.path != NULL ? s->file.fd : (int)s->number + 1;
}

/* A description of its own can be non-blocking without anybody else noticing
 * (open(2) through /proc/self/fd); sockets have none, and some belong to
 * somebody who does not let us. */
void sink_own(struct sink *s)
{
	int fd = fd_of(s), own = -1;
	char path[32];
	struct stat st;

	s->can_block = true;
	if (fstat(fd, &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)))
		return;
	format(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	s->can_block = dup2(own, fd) != fd;
	close(own);
}

bool sink_check(struct sink *s)
{
	uint32_t end = high(s);

	if (end <= LINES_OUT && low(s) <= end)
		return true;
	lines_store(&s->on_board->span, 0);
	return false;
}

uint32_t sink_length(const struct sink *s)
{
	return high(s) - low(s);
}

uint32_t sink_room(const struct sink *s, char **at)
{
	uint32_t end = high(s);

	*at = s->out + end;
	return end < LINES_OUT ? LINES_OUT - 1 - end : 0;
}

void sink_take(const struct sink *s, struct board_lines *b, unsigned *count,
	       uint32_t bytes, int64_t stream)
{
	uint64_t only = (uint64_t)(stream + 1);

	if (sink_length(s) > 0 && lines_load(&s->on_board->only) != only)
		only = 0;
	lines_put(b, count, &s->on_board->span,
		  lines_pair(low(s), high(s) + bytes));
	lines_put(b, count, &s->on_board->only, only);
}

bool sink_is_troubled(const struct sink *s)
{
	return s->on_board->trouble_ms != 0;
}

/* Speak of its log file as that of the first stream that has it. */
static void tell_of(const struct sink_home *home, const struct sink *s,
		    uint32_t kind, int64_t one, int64_t two, int64_t three)
{
	const struct news_item item = {
		.kind = kind,
		.service = (int32_t)(s->number / 2),
		.n = { s->number % 2, one, two, three },
	};

	helper_say(home->job, &home->board->news, &item);
}

/* How many bytes go in one write. */
static uint32_t chunk_of(const struct sink *s)
{
	uint32_t length = sink_length(s);
	const char *end;

	if (length <= LINES_READ)
		return length;
	end = memrchr(s->out + low(s), '\n', LINES_READ);
	return end == NULL ? LINES_READ
			   : (uint32_t)(end - (s->out + low(s))) + 1;
}

/* Bytes [low, high) less the first n of them. */
static void drop(struct sink *s, uint32_t n)
{
	uint32_t first = low(s) + n, end = high(s);

	s->is_mid_line = n > 0 && s->out[first - 1] != '\n';
	lines_store(&s->on_board->span,
		    first == end ? 0 : lines_pair(first, end));
}

/* Write one chunk. Its bytes (0: none yet), or -errno. */
static int write_chunk(const struct sink_home *home, struct sink *s,
		       uint32_t bytes)
{
	struct pollfd ready = { .fd = fd_of(s), .events = POLLOUT };
	ssize_t n;
	int err;

	if (s->can_block && poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	lines_store(&home->board->flight, lines_pair(bytes, 2 * s->number + 1));
	n = write(ready.fd, s->out + low(s), bytes);
	err = errno;
	if (n > 0)
		drop(s, (uint32_t)n);
	lines_store(&home->board->flight, 0);
	if (n < 0)
		return err == EINTR ? 0 : -err;
	s->file.size += (uint64_t)n;
	return (int)n;
}

/* Have epoll say once when it takes something again; false where it cannot. */
static bool stall(const struct sink_home *home, struct sink *s)
{
	struct epoll_event e = { .events = EPOLLOUT | EPOLLONESHOT,
				 .data.u32 = SINK_BASE + s->number };
	const int epoll_fd = home->job->epoll_fd;

	s->is_stalled =
		epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd_of(s), &e) == 0 ||
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd_of(s), &e) == 0;
	return s->is_stalled;
}

static void fail(const struct sink_home *home, struct sink *s, int err,
		 enum board_volume step, int64_t now_ms)
{
	if (s->file.path == NULL) {
		drop(s, sink_length(s));
		return;
	}
	logfile_close(&s->file);
	s->retry_ms = now_ms + RETRY_MS;
	if (sink_is_troubled(s))
		return;
	s->on_board->dropped = 0;
	s->on_board->trouble_ms = now_ms;
	tell_of(home, s, BOARD_EV_OUTPUT_TROUBLE, err, step, 0);
}

/* It was written, or rotated, again. */
static void well(const struct sink_home *home, struct sink *s, int64_t now_ms)
{
	int64_t since_ms = s->on_board->trouble_ms;

	s->on_board->trouble_ms = 0;
	s->retry_ms = 0;
	tell_of(home, s, BOARD_EV_OUTPUT_WELL, (int64_t)s->on_board->dropped,
		now_ms - since_ms, 0);
}

/* Say once that the file cannot be rotated and grows. */
static void look_at_rotation(const struct sink_home *home, struct sink *s,
			     int err_before)
{
	if (s->file.rotate_err != 0 && err_before == 0)
		tell_of(home, s, BOARD_EV_OUTPUT_TROUBLE, s->file.rotate_err,
			BOARD_VOLUME_RENAME, 1);
	if (s->file.rotate_err == 0 && err_before != 0)
		tell_of(home, s, BOARD_EV_OUTPUT_WELL, 0, 0, 0);
}

bool sink_flush(const struct sink_home *home, struct sink *s, int64_t now_ms)
{
	while (sink_length(s) > 0 && !s->is_stalled && now_ms >= s->retry_ms) {
		enum board_volume step = BOARD_VOLUME_WRITE;
		uint32_t bytes = chunk_of(s);
		int err = 0, rotate_err = s->file.rotate_err;

		if (s->file.path != NULL)
			err = logfile_ready(&s->file, bytes, !s->is_mid_line,
					    now_ms, &step);
		look_at_rotation(home, s, rotate_err);
		if (err == 0) {
			step = BOARD_VOLUME_WRITE;
			err = write_chunk(home, s, bytes);
		}
		if (err == -EAGAIN && stall(home, s))
			break;
		if (err < 0)
			fail(home, s, -err, step, now_ms);
		else if (err > 0 && sink_is_troubled(s))
			well(home, s, now_ms);
	}
	return sink_length(s) == 0;
}
