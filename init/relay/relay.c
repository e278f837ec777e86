/* SPDX-License-Identifier: ISC */
/* The relay: the log relay with dashpot's own outputs for sinks. It prints
 * dashpot's messages too, so that a stalled stderr stops this process and not
 * PID 1.
 *
 * Events are printed in their order, each once over all relays (the relay's
 * board counts them); what the ring overwrote meanwhile is counted in one
 * line. The last words also go to /dev/termination-log, first, because stderr
 * may never take them. */
#include "init/helper/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/relay/carry.h"
#include "init/text/event_line.h"

struct relay {
	struct event_text_from from;
	uint64_t printed;  /* events up to this one are dealt with */
	bool is_over;      /* the rest is told by the next configuration */
	bool is_said;      /* the last words are in the termination log */
};

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
		errno = 0; /* there is nobody left to tell */
	close(fd);
}

/* Once the board says EXITING: find the last words among what is not printed
 * yet and put them where they cannot stall. */
static void say_last_words(struct relay *r, uint64_t events)
{
	static char line[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(line);
	struct board_event e;

	for (uint64_t n = events; !r->is_said && n > r->printed; n--) {
		if (!board_event_read(r->from.board, n, &e))
			return;
		if (e.kind != BOARD_EV_EXIT)
			continue;
		event_line_text(&w, &r->from, &e);
		write_termination_log(line, w.used);
		r->is_said = true;
	}
}

/* One commit: a line, if there is any, is in the buffer of stderr, and events
 * up to n are dealt with. */
static void set_printed(struct carry *c, const struct phrase *w, uint64_t n)
{
	struct board_lines *b = c->home.board;
	struct relay *r = c->owner;
	unsigned count = 0;

	r->printed = n;
	if (w != NULL)
		sink_take(carry_sink(c, STDERR_FILENO), b, &count,
			  (uint32_t)w->used, -1);
	lines_put(b, &count, &b->printed, n);
	lines_commit(b, count);
}

/* Say how many events up to the oldest one in the ring are gone. */
static void skip_lost(struct carry *c, struct phrase *w)
{
	struct relay *r = c->owner;
	uint64_t events = carry_events(c);
	uint64_t first = events > BOARD_EVENTS ? events - BOARD_EVENTS + 1 : 1;

	if (first <= r->printed + 1)
		first = r->printed + 2; /* this one was being overwritten */
	event_line_lost(w, r->from.config, first - 1 - r->printed,
		     clock_wall_ms());
	set_printed(c, w, first - 1);
}

/* Print what is on the board, each event once over all relays. False while
 * stderr has no room. */
static bool say(struct carry *c)
{
	struct relay *r = c->owner;
	uint64_t events = carry_events(c);

	if (r->printed > events)
		set_printed(c, NULL, events);
	if (c->is_closed)
		say_last_words(r, events);
	while (r->printed < events && !r->is_over) {
		struct phrase w = { .size = EVENT_LINE_MOST };
		struct board_event e;

		w.at = carry_room(c, STDERR_FILENO, EVENT_LINE_MOST);
		if (w.at == NULL)
			return false;
		if (!board_event_read(r->from.board, r->printed + 1, &e)) {
			skip_lost(c, &w);
			continue;
		}
		/* The last words have the last line of output in them. */
		if (e.kind == BOARD_EV_EXIT && !c->is_closed)
			return false;
		r->is_over = e.kind == BOARD_EV_RELOADED && !c->is_closed &&
			     (uint64_t)e.n[4] > c->job->reloads;
		if (event_line_level(r->from.config, &e) <=
		    r->from.config->log_level) {
			event_line_text(&w, &r->from, &e);
			set_printed(c, &w, r->printed + 1);
		} else {
			set_printed(c, NULL, r->printed + 1);
		}
	}
	return true;
}

_Noreturn void relay_main(const struct helper_job *job)
{
	struct relay r = {
		.from = { .config = job->config, .board = job->boards.board,
			  .relay = job->boards.relay,
			  .files = job->boards.files },
	};
	struct carry c = { .job = job, .output = CONFIG_RELAY, .say = say,
			   .owner = &r };

	lines_recover(job->boards.relay, job->config);
	r.printed = lines_load(&job->boards.relay->printed);
	carry_run(&c);
}
