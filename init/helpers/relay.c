/* SPDX-License-Identifier: ISC */
/* The relay: prints dashpot's own messages, so that a stalled stderr stops
 * this process and not PID 1.
 *
 * Events are printed in their order, each once over all relays (the relay's
 * board counts them); what the ring overwrote meanwhile is counted in one
 * line. The last words also go to /dev/termination-log, first, because stderr
 * may never take them. */
#include "init/helpers/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/text/message.h"

struct relay {
	const struct helper_job *job;
	struct message_from from;
	uint64_t printed;  /* events up to this one are dealt with */
	bool is_said;      /* the last words are in the termination log */
};

/* Write what a kubelet shows as the container's last message. Only where the
 * runtime has put a regular file. */
static void write_termination_log(const char *text, size_t length)
{
	int fd = open("/dev/termination-log", O_WRONLY | O_TRUNC | O_NONBLOCK |
						      O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    write(fd, text, length) < 0)
		errno = 0; /* there is nobody left to tell */
	close(fd);
}

/* PID 1 appends its last event before it says EXITING; one byte cannot be
 * torn. */
static bool is_exiting(const struct helper_job *job)
{
	const volatile uint8_t *phase = &job->boards.board->phase;
	bool is_last = *phase == BOARD_EXITING;

	atomic_thread_fence(memory_order_acquire);
	return is_last;
}

static uint64_t count_events(const struct helper_job *job)
{
	return atomic_load_explicit(&job->boards.board->events,
				    memory_order_acquire);
}

/* Once the board says EXITING: find the last words among what is not printed
 * yet and put them where they cannot stall. */
static void say_last_words(struct relay *r)
{
	static char line[MESSAGE_LINE];
	struct phrase w = PHRASE_IN(line);
	struct board_event e;

	for (uint64_t n = count_events(r->job); !r->is_said && n > r->printed;
	     n--) {
		if (!board_event_read(r->job->boards.board, n, &e))
			return;
		if (e.kind != BOARD_EV_EXIT)
			continue;
		message_line(&w, &r->from, &e);
		write_termination_log(line, w.used);
		r->is_said = true;
	}
}

/* Wait until stderr takes something; meanwhile see to the last words. */
static void wait_for_stderr(struct relay *r)
{
	struct pollfd fds[2] = {
		{ .fd = STDERR_FILENO, .events = POLLOUT },
		{ .fd = r->job->wake_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
		if (is_exiting(r->job))
			say_last_words(r);
		helper_sleep(r->job, 0);
	}
}

/* Print a whole line. A pipe that polls writable takes PIPE_BUF bytes without
 * blocking; a stderr that fails loses the line. */
static void print(struct relay *r, const struct phrase *w)
{
	size_t done = 0;

	while (done < w->used) {
		ssize_t n;

		wait_for_stderr(r);
		n = write(STDERR_FILENO, w->at + done, w->used - done);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (n > 0)
			done += (size_t)n;
	}
}

static void set_printed(struct relay *r, uint64_t n)
{
	r->printed = n;
	atomic_store_explicit(&r->job->boards.relay->printed, n,
			      memory_order_release);
}

/* Say how many events up to the oldest one in the ring are gone. The ring may
 * have gone on while stderr was stalled, so this looks at it again. */
static void skip_lost(struct relay *r)
{
	uint64_t events = count_events(r->job);
	char line[MESSAGE_LINE];
	struct phrase w = PHRASE_IN(line);
	uint64_t first = events > BOARD_EVENTS ? events - BOARD_EVENTS + 1 : 1;

	if (first <= r->printed + 1)
		first = r->printed + 2; /* this one was being overwritten */
	message_lost(&w, r->from.config, first - 1 - r->printed,
		     helper_wall_ms());
	print(r, &w);
	set_printed(r, first - 1);
}

/* Print every event up to number `events`. */
static void print_events(struct relay *r, uint64_t events)
{
	static char line[MESSAGE_LINE];
	struct board_event e;

	while (r->printed < events) {
		struct phrase w = PHRASE_IN(line);

		if (!board_event_read(r->job->boards.board, r->printed + 1,
				      &e)) {
			skip_lost(r);
			continue;
		}
		if (message_level(r->from.config, &e) <=
		    r->from.config->log_level) {
			message_line(&w, &r->from, &e);
			print(r, &w);
		}
		set_printed(r, r->printed + 1);
	}
}

_Noreturn void relay_main(const struct helper_job *job)
{
	struct relay r = {
		.job = job,
		.from = { job->config, job->boards.board },
		.printed = atomic_load_explicit(&job->boards.relay->printed,
						memory_order_acquire),
	};

	for (;;) {
		bool is_last = is_exiting(job);
		uint64_t events = count_events(job);

		if (r.printed > events)
			set_printed(&r, events);
		if (is_last)
			say_last_words(&r);
		print_events(&r, events);
		if (is_last)
			_exit(0);
		/* A stalled stderr may have used up the wake for these. */
		if (r.printed == count_events(job) && !is_exiting(job))
			helper_sleep(job, -1);
	}
}
