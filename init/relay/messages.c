/* SPDX-License-Identifier: ISC */
/* dashpot's messages, printed by the relay, so that a stalled stderr stops the
 * relay and not PID 1.
 *
 * Events are printed in their order, each once over all relays (the relay's
 * board counts them); what the ring overwrote meanwhile is counted in one
 * line. The last words also go to /dev/termination-log, first, because stderr
 * may never take them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/relay/relay.h"
#include "init/text/event_line.h"

/* The messages of this process. */
static struct {
	struct event_text_from from;
	uint64_t printed;  /* events up to this one are dealt with */
	bool is_over;      /* the rest is told by the next configuration */
	bool is_said;      /* the last words are in the termination log */
} m;

void messages_begin(const struct relay *r)
{
	m.from = (struct event_text_from){ .config = r->job->config,
					   .board = r->job->boards.board,
					   .relay = r->job->boards.relay,
					   .files = r->job->boards.files };
	m.printed = lines_load(&r->home.board->printed);
}

/* Room for `bytes` bytes of a line in stderr, or NULL when it has none now. */
static char *room(struct relay *r, uint32_t bytes)
{
	struct sink *sink = &r->sink[STDERR_FILENO - 1];
	char *at;

	if (lines_load(&sink->on_board->holder) != 0)
		return NULL;
	if (sink_room(sink, &at) < bytes && forward_flush(r, sink))
		sink_room(sink, &at);
	return sink_room(sink, &at) >= bytes ? at : NULL;
}

/* Write what a kubelet shows as the container's last message. Only where the
 * runtime has put a regular file. */
static void write_termination_log(const char *text, size_t length)
{
	int fd = open("/dev/termination-log",
		      O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			      O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    write(fd, text, length) < 0)
		errno = 0; /* no process is left to tell */
	close(fd);
}

/* Once the board says EXITING: find the last words among what is not printed
 * yet and put them where they cannot stall. */
static void say_last_words(uint64_t events)
{
	static char line[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(line);
	struct board_event e;

	for (uint64_t n = events; !m.is_said && n > m.printed; n--) {
		if (!board_event_read(m.from.board, n, &e))
			return;
		if (e.kind != BOARD_EV_EXIT)
			continue;
		event_line_text(&w, &m.from, &e);
		write_termination_log(line, w.used);
		m.is_said = true;
	}
}

/* One commit: a line, if there is any, is in the buffer of stderr, and events
 * up to n are dealt with. */
static void set_printed(struct relay *r, const struct phrase *w, uint64_t n)
{
	struct board_lines *b = r->home.board;
	unsigned count = 0;

	m.printed = n;
	if (w != NULL)
		sink_take(&r->sink[STDERR_FILENO - 1], b, &count,
			  (uint32_t)w->used, -1);
	lines_put(b, &count, &b->printed, n);
	lines_commit(b, count);
}

/* Say how many events up to the oldest one in the ring are gone. */
static void skip_lost(struct relay *r, struct phrase *w)
{
	uint64_t next = board_event_next(m.from.board, m.printed);

	event_line_lost(w, m.from.config, next - 1 - m.printed,
			clock_wall_ms());
	set_printed(r, w, next - 1);
}

bool messages_print(struct relay *r)
{
	uint64_t events = board_events(m.from.board);

	if (m.printed > events)
		set_printed(r, NULL, events);
	if (r->is_closed)
		say_last_words(events);
	while (m.printed < events && !m.is_over) {
		struct phrase w = { .size = EVENT_LINE_MOST };
		struct board_event e;

		w.at = room(r, EVENT_LINE_MOST);
		if (w.at == NULL)
			return false;
		if (!board_event_read(m.from.board, m.printed + 1, &e)) {
			skip_lost(r, &w);
			continue;
		}
		/* The last words have the last line of output in them. */
		if (e.kind == BOARD_EV_EXIT && !r->is_closed)
			return false;
		m.is_over = e.kind == BOARD_EV_RELOADED && !r->is_closed &&
			     (uint64_t)e.n[4] > r->job->reloads;
		if (event_line_level(m.from.config, &e) <=
		    m.from.config->log_level) {
			event_line_text(&w, &m.from, &e);
			set_printed(r, &w, m.printed + 1);
		} else {
			set_printed(r, NULL, m.printed + 1);
		}
	}
	return true;
}
