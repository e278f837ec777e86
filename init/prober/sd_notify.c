/* SPDX-License-Identifier: ISC */
/* A datagram is looked at before it is taken off its queue, so that a prober
 * that dies between the two loses nothing: its successor sees it again. Who
 * sent it is told by the kernel; whose process that is, by /proc. */
#include "init/prober/prober.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/kernel/proc.h"
#include "init/text/wording.h"

enum {
	DATAGRAM = 4096, /* what is longer is cut */
	AT_ONCE = 16,    /* datagrams of one socket in one turn */
};

/* One datagram and its sender. */
struct letter {
	ssize_t length;
	struct ucred from; /* pid 0: not known */
	char text[DATAGRAM];
};

/* The same was told PID 1 before; kept short of who is free to send much. */
static struct told {
	uint64_t run;
	uint32_t kind;
	int32_t session;
} told[CONFIG_SERVICES];

/* --- Parsing -------------------------------------------------------------- */

/* One line of text, without what would move a terminal's cursor. */
static void set_status(struct notice *n, const char *text, size_t length)
{
	size_t most = sizeof(n->status) - 1;
	bool is_cut = length > most;

	if (is_cut)
		length = most;
	memcpy(n->status, text, length);
	/* No half of a character at the cut. */
	while (is_cut && length > 0 && (text[length] & 0xc0) == 0x80)
		length--;
	memset(n->status + length, 0, sizeof(n->status) - length);
	for (size_t k = 0; k < length; k++)
		if ((unsigned char)n->status[k] < ' ' ||
		    n->status[k] == 0x7f)
			n->status[k] = ' ';
	phrase_make_utf8(n->status);
	n->has_status = true;
}

/* The value of "NAME=VALUE" where the line has this name, or NULL. */
static const char *value_of(const char *line, size_t length, const char *name)
{
	size_t n = strlen(name);

	return length >= n && memcmp(line, name, n) == 0 ? line + n : NULL;
}

/* Digits alone, in ms; what is too much is as much as there can be. */
static int32_t read_ms(const char *text, size_t length)
{
	uint64_t us = 0;

	for (size_t k = 0; k < length; k++) {
		if (text[k] < '0' || text[k] > '9')
			return 0;
		us = us * 10 + (uint64_t)(text[k] - '0');
		if (us > (uint64_t)INT32_MAX * 1000)
			us = (uint64_t)INT32_MAX * 1000;
	}
	return (int32_t)(us / 1000);
}

static void parse_line(const char *line, size_t length, struct notice *n)
{
	const char *end = line + length, *value;

	if (length == 7 && memcmp(line, "READY=1", 7) == 0)
		n->is_ready = true;
	else if (length == 10 && memcmp(line, "STOPPING=1", 10) == 0)
		n->is_stopping = true;
	else if (length == 11 && memcmp(line, "RELOADING=1", 11) == 0)
		n->is_reloading = true;
	else if ((value = value_of(line, length, "STATUS=")) != NULL)
		set_status(n, value, (size_t)(end - value));
	else if ((value = value_of(line, length, "EXTEND_TIMEOUT_USEC=")) !=
		 NULL)
		n->extend_ms = read_ms(value, (size_t)(end - value));
}

void notices_parse(const char *text, size_t length, struct notice *n)
{
	const char *end = text + length;

	*n = (struct notice){ .extend_ms = 0 };
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = stop != NULL ? stop : end;

		parse_line(text, (size_t)(line_end - text), n);
		text = line_end + 1;
	}
}

/* --- Senders -------------------------------------------------------------- */

/* Session of a process, or its group; 0 when that cannot be seen (it is gone,
 * or hidden). */
static int32_t session_of(const struct prober *p, pid_t pid, bool is_group)
{
	struct proc_seen seen;

	if (p->proc_fd < 0 || proc_read(p->proc_fd, pid, &seen) <= 0)
		return 0;
	return is_group ? seen.group : seen.session;
}

static ssize_t receive(int fd, struct letter *l, int flags)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec text = { .iov_base = l->text,
			      .iov_len = sizeof(l->text) };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;

	/* There is no room for descriptors: the kernel closes those that are
	 * sent along. */
	memset(&l->from, 0, sizeof(l->from));
	l->length = recvmsg(fd, &message, flags | MSG_DONTWAIT);
	if (l->length < 0)
		return l->length;
	c = CMSG_FIRSTHDR(&message);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_CREDENTIALS &&
	    c->cmsg_len == CMSG_LEN(sizeof(struct ucred)))
		memcpy(&l->from, CMSG_DATA(c), sizeof(l->from));
	return l->length;
}

/* --- Telling -------------------------------------------------------------- */

static void tell(struct prober *p, struct probe_answer a, enum probe_kind kind,
		 int32_t code)
{
	struct told *before = &told[a.service];

	a.kind = kind;
	a.code = code;
	/* Of strays one a run is enough, from any process. */
	if (kind != PROBE_EXTEND && before->run == a.run &&
	    before->kind == a.kind &&
	    (kind == PROBE_STRAY || before->session == a.session))
		return;
	if (kind != PROBE_EXTEND)
		*before = (struct told){ a.run, a.kind, a.session };
	prober_tell(p, &a);
}

/* Show what it says of itself. Before PID 1 has shown the process of a new
 * run, a text of anybody's is kept, and shown to nobody unless it turns out to
 * be that one's. */
static void show(struct prober *p, uint32_t i, const struct notice *n,
		 const struct probe_answer *a, pid_t leader)
{
	struct board_notice *at = &p->job->boards.notices->service[i];
	struct board_notice next = *at;
	bool is_its = a->session == leader || a->session == 0;

	if (!is_its && at->run == a->run && at->session == leader)
		return;
	if (at->run != a->run || at->session != a->session)
		next = (struct board_notice){ .run = a->run,
					      .session = a->session };
	if (n->has_status)
		memcpy(next.text, n->status, sizeof(next.text));
	next.is_reloading = n->is_reloading ||
			    (next.is_reloading && !n->is_ready);
	if (memcmp(next.text, at->text, sizeof(next.text)) == 0 &&
	    next.is_reloading == at->is_reloading && next.run == at->run &&
	    next.session == at->session)
		return;
	board_notice_write(at, &next);
}

static void handle(struct prober *p, uint32_t i, const struct letter *l,
		   uint64_t run, pid_t leader)
{
	const struct config_service *s = config_service(p->job->config, i);
	struct probe_answer a = {
		.service = i,
		.run = run,
		.pid = l->from.pid,
		.uid = l->from.uid,
		.session = l->from.pid > 0 ?
				   session_of(p, l->from.pid, s->is_main) :
				   0,
	};
	bool is_user = a.uid == (s->has_user ? s->uid : geteuid()) ||
		       a.uid == geteuid();
	struct notice n;

	/* Pid 0 is a process that this PID namespace does not have. */
	if (a.pid <= 0 || (a.session == 0 && !is_user)) {
		tell(p, a, PROBE_STRAY, 0);
		return;
	}
	notices_parse(l->text, (size_t)l->length, &n);
	if (n.has_status || n.is_reloading || n.is_ready)
		show(p, i, &n, &a, leader);
	if (n.extend_ms > 0)
		tell(p, a, PROBE_EXTEND, n.extend_ms);
	if (n.is_ready)
		tell(p, a, PROBE_READY, 0);
	if (n.is_stopping)
		tell(p, a, PROBE_STOPPING, 0);
}

void notices_read(struct prober *p, uint32_t i)
{
	static struct letter seen, taken;
	static struct board_service row;
	int fd = p->job->sockets[i];

	for (int k = 0; k < AT_ONCE; k++) {
		/* The run before the look: what is older than a run is dropped
		 * before that run executes, and PID 1 believes nothing until
		 * then. */
		if (!board_row_read(&p->job->boards.board->service[i], &row))
			return;
		if (receive(fd, &seen, MSG_PEEK) < 0)
			return;
		handle(p, i, &seen, row.starts, row.pid);
		/* The child of a new start may have dropped it meanwhile: then
		 * this is another one, of the new run. */
		if (receive(fd, &taken, 0) < 0)
			return;
		if (taken.length == seen.length &&
		    memcmp(&taken.from, &seen.from, sizeof(seen.from)) == 0 &&
		    memcmp(taken.text, seen.text, (size_t)seen.length) == 0)
			continue;
		if (board_row_read(&p->job->boards.board->service[i], &row))
			handle(p, i, &taken, row.starts, row.pid);
	}
}
