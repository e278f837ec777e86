/* SPDX-License-Identifier: ISC */
/* Appending to events.jsonl, and finding out where it stopped. */
#include "init/recorder/events_jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/helper/helper.h"
#include "init/report/event_json.h"
#include "init/text/heap.h"
#include "init/text/event_line.h"

enum {
	TAIL = 64 * 1024,        /* bytes at the end that are looked at first */
	TAIL_MAX = 16 * 1024 * 1024, /* ... and at last: no line is so long */
	SLEEP_MS = 20,
};

static const char name[] = "events.jsonl", name_old[] = "events.jsonl.1";

/* One call of jsonl_write(). */
struct batch {
	struct jsonl *h;
	struct volume *v;
	int directory, fd;
	struct json j;          /* puts into out and counts h->size */
	struct volume_out *out;
	off_t limit;            /* a longer file is rotated */
	int wait_ms;            /* left for last words */
};

static int put(void *context, const char *text, size_t size)
{
	struct batch *b = context;

	b->h->size += (off_t)size;
	return volume_put(b->out, text, size);
}

/* The number in the last line of this container in text, whose lines begin at
 * `first` and end at `end`; 0: none. */
static uint64_t last_seq(const char *text, size_t first, size_t end,
			 int64_t began_wall_ms)
{
	uint64_t seq = 0;

	while (seq == 0 && end > first) {
		for (end--; end > first && text[end - 1] != '\n'; end--)
			continue;
		seq = event_line_json_seq(text + end, began_wall_ms);
	}
	return seq;
}

/* Read `size` bytes that end at offset `end`. 0, or -errno. */
static int read_back(int fd, char *text, size_t size, off_t end)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, text + done, size - done,
				  end - (off_t)size + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	text[size] = '\0';
	return 0;
}

/* Look at the last `tail` bytes of a file of `size` bytes: *whole is where its
 * last whole line ends, *seq the number in it. 1, 0 when no whole line lies in
 * them, or -errno. */
static int look_back(const struct jsonl *h, int fd, off_t size, size_t tail,
		     off_t *whole, uint64_t *seq)
{
	char *text = heap_take(tail + 1);
	size_t first = 0, end = tail;
	int err = text == NULL ? -ENOMEM : read_back(fd, text, tail, size);

	if (err == 0) {
		while (end > 0 && text[end - 1] != '\n')
			end--;
		while ((off_t)tail < size && first < end &&
		       (first == 0 || text[first - 1] != '\n'))
			first++;
		*whole = size - (off_t)(tail - end);
		*seq = last_seq(text, first, end, h->board->began_wall_ms);
		err = first < end || (off_t)tail == size;
	}
	heap_give(text);
	return err;
}

/* Where does the file stop? *whole stays `size` where it is none of ours. */
static int find_end(const struct jsonl *h, int fd, off_t size, off_t *whole,
		    uint64_t *seq)
{
	int found = size == 0;

	*whole = size;
	*seq = 0;
	for (off_t tail = TAIL; found == 0 && tail <= TAIL_MAX; tail *= 2)
		found = look_back(h, fd, size,
				  (size_t)(tail < size ? tail : size), whole,
				  seq);
	if (found == 0)
		*whole = size;
	return found < 0 ? found : 0;
}

/* The number in the last line of the file before this one: a recorder may
 * have died between the two. */
static uint64_t seq_of_old(const struct jsonl *h, int directory)
{
	int fd = openat(directory, name_old,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	uint64_t seq = 0;
	off_t whole;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    find_end(h, fd, st.st_size, &whole, &seq) < 0)
		seq = 0;
	if (fd >= 0)
		close(fd);
	return seq;
}

/* Go on where the open file stops; what is left of a line is cut. */
static int resume(struct batch *b, const struct stat *st)
{
	struct jsonl *h = b->h;
	uint64_t events = board_events(h->board);
	uint64_t seq;
	off_t whole;
	int err = find_end(h, b->fd, st->st_size, &whole, &seq);

	if (err < 0)
		return volume_fail_json(b->v, err);
	if (whole < st->st_size && ftruncate(b->fd, whole) < 0)
		return volume_fail(b->v, BOARD_VOLUME_WRITE, errno);
	if (seq == 0)
		seq = seq_of_old(h, b->directory);
	/* No event has such a number: then it is not ours after all. */
	h->recorded = seq > events ? 0 : seq;
	h->size = whole;
	h->dev = st->st_dev;
	h->ino = st->st_ino;
	return 0;
}

/* The two files never take more than a quarter of a small volume, so that they
 * leave room for the others to be replaced. */
static off_t limit_of(int fd)
{
	struct statfs volume;
	off_t each;

	if (fstatfs(fd, &volume) < 0 || volume.f_blocks == 0)
		return JSONL_SIZE;
	each = (off_t)(volume.f_blocks / 8 * (uint64_t)volume.f_bsize);
	return each < JSONL_SIZE ? each : JSONL_SIZE;
}

static int open_file(struct batch *b)
{
	struct jsonl *h = b->h;
	struct stat st;

	b->fd = openat(b->directory, name,
		       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
			       O_CLOEXEC,
		       0640);
	if (b->fd < 0 || fstat(b->fd, &st) < 0)
		return volume_fail(b->v, BOARD_VOLUME_CREATE, errno);
	if (!S_ISREG(st.st_mode))
		return volume_fail(b->v, BOARD_VOLUME_CREATE, EINVAL);
	/* It may be a file of root's at some other place. */
	if (st.st_nlink > 1)
		return volume_fail(b->v, BOARD_VOLUME_CREATE, EMLINK);
	b->out = volume_out(b->fd);
	b->limit = limit_of(b->fd);
	if (st.st_ino == h->ino && st.st_dev == h->dev &&
	    st.st_size == h->size)
		return 0;
	return resume(b, &st);
}

/* Write what was put, and make it last. */
static int flush(struct batch *b)
{
	if (b->j.err == 0)
		b->j.err = volume_flush(b->out);
	if (b->j.err < 0)
		return volume_fail_json(b->v, b->j.err);
	if (fdatasync(b->fd) < 0)
		return volume_fail(b->v, BOARD_VOLUME_FSYNC, errno);
	return 0;
}

/* The file is long enough: begin a new one. */
static int rotate(struct batch *b)
{
	uint64_t recorded = b->h->recorded;
	int err = flush(b);

	if (err < 0)
		return err;
	if (renameat(b->directory, name, b->directory, name_old) < 0)
		return volume_fail(b->v, BOARD_VOLUME_RENAME, errno);
	close(b->fd);
	err = open_file(b);
	b->h->recorded = recorded;
	return err;
}

/* The relay of the service's output has not emptied its pipes since then. */
static bool is_behind(const struct jsonl *h,
		      const struct config_service *s, uint64_t event)
{
	const struct {
		const struct board_lines *lines;
		enum config_output output;
	} both[] = {
		{ h->output.relay, CONFIG_RELAY },
		{ h->output.files, CONFIG_FILE },
	};

	for (size_t i = 0; i < 2 && s->tail_lines > 0; i++)
		if (both[i].lines != NULL &&
		    (s->out.output == both[i].output ||
		     s->err.output == both[i].output) &&
		    atomic_load_explicit(&both[i].lines->drained,
					 memory_order_acquire) < event)
			return true;
	return false;
}

/* Let the relays bring what a service said before its end. */
static void await_words(struct batch *b, const struct board_event *e)
{
	const struct jsonl *h = b->h;

	if (!record_has_end(h->config, e))
		return;
	while (is_behind(h, config_service(h->config, (uint32_t)e->service),
			 e->number) &&
	       b->wait_ms > 0) {
		poll(NULL, 0, SLEEP_MS);
		b->wait_ms -= SLEEP_MS;
	}
}

/* How many events the ring has overwritten behind what is recorded. */
static void put_lost(struct batch *b)
{
	struct jsonl *h = b->h;
	uint64_t last = board_event_next(h->board, h->recorded) - 1;

	record_put_lost(&b->j, h->board, last, last - h->recorded);
	h->recorded = last;
}

/* One line more. */
static void put_next(struct batch *b)
{
	struct jsonl *h = b->h;
	struct board_event e;

	if (!board_event_read(h->board, h->recorded + 1, &e)) {
		put_lost(b);
	} else {
		await_words(b, &e);
		record_put(&b->j, &h->output, h->board, &e);
		h->recorded++;
		h->is_over = e.kind == BOARD_EV_RELOADED &&
			     (uint64_t)e.n[4] > h->reloads;
	}
	if (b->j.err == 0)
		b->j.err = put(b, "\n", 1);
}

/* Everything up to the number `events`. */
static int write_events(struct batch *b, uint64_t events)
{
	if (b->h->recorded >= events)
		return 0;
	while (b->h->recorded < events && b->j.err == 0 && !b->h->is_over) {
		if (b->h->size > b->limit && rotate(b) < 0)
			return -1;
		put_next(b);
	}
	return flush(b);
}

/* After a failure an unknown part of the last lines is in the file: cut what is
 * no whole line. Where that fails too, the next batch looks again. */
static void cut_back(struct batch *b)
{
	struct stat st;

	b->h->ino = 0;
	if (b->fd >= 0 && fstat(b->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink <= 1)
		resume(b, &st);
}

int jsonl_write(struct jsonl *h, struct volume *v, int directory)
{
	struct batch b = { .h = h, .v = v, .directory = directory, .fd = -1,
			   .wait_ms = JSONL_WAIT_MS };
	uint64_t events = board_events(h->board);
	int err = open_file(&b);

	b.j.put = put;
	b.j.context = &b;
	if (err == 0)
		err = write_events(&b, events);
	if (err < 0)
		cut_back(&b);
	if (b.fd >= 0)
		close(b.fd);
	return err;
}
