/* SPDX-License-Identifier: ISC */
/* Whoever answers may die and be replaced at any moment: the connection ends,
 * and another one is made. PID 1 keeps the listening socket, so that nobody is
 * refused meanwhile. */
#include "init/cli/query.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "init/cli/json_error.h"
#include "init/cli/terminal_out.h"
#include "init/cli/volume_reader.h"
#include "init/config/scalar_value.h"
#include "init/kernel/clock.h"
#include "init/kernel/die.h"

enum {
	PAUSE_MS = 50,   /* between two attempts to connect again */
	STALE_TRIES = 5, /* reloads that may come between two of a command */
};

static void pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

void query_begin(struct query *a, const char *word, const char *control)
{
	*a = (struct query){
		.word = word,
		.control = control,
		.silence_ms = QUERY_SILENCE_MS,
		.again_ms = QUERY_AGAIN_MS,
		.failure = DIE_SYSTEM,
		.fd = -1,
	};
	a->line = PHRASE_IN(a->text);
	phrase_add(&a->line, "%s", word);
}

void query_add_id(struct query *a)
{
	/* The system has randomness long before it has containers; should it
	 * not, no other command is made at this nanosecond by this process. */
	if (getrandom(&a->id, sizeof(a->id), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(a->id))
		a->id = (uint64_t)clock_mono_ns() ^ (uint64_t)getpid() << 44;
	a->id += a->id == 0;
	phrase_add(&a->line, " id=%08x%08x", (unsigned)(a->id >> 32),
		   (unsigned)a->id);
}

/* What no name or glob may hold: a blank or control character would end the
 * word, and with `=` it would be an option. */
static bool is_name(const char *name)
{
	const char *at = name;

	while ((unsigned char)*at > ' ' && *at != '=' && *at != 0x7f)
		at++;
	return at > name && *at == '\0';
}

void query_add_names(struct query *a, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		if (!is_name(names[i]))
			die_text(DIE_USAGE, "%s: `%s` is no name of a service",
				 a->word, names[i]);
		/* As a word of its own that would be an option. */
		phrase_add(&a->line, " %s", strcmp(names[i], "follow") == 0 ?
				   "[f]ollow" : names[i]);
	}
	if (a->line.is_cut || a->line.used >= QUERY_LINE)
		die_text(DIE_USAGE, "%s: too many names at once; `*` and `?` "
			 "stand for any text and character", a->word);
}

static void hang_up(struct query *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

int query_stream(struct query *a)
{
	size_t at = 0;

	hang_up(a);
	a->fd = socket_find(a->control, a->place,
			       a->silence_ms < QUERY_SILENCE_MS ?
				       a->silence_ms : QUERY_SILENCE_MS);
	if (a->fd < 0)
		return a->fd;
	a->text[a->line.used] = '\n';
	while (at <= a->line.used) {
		ssize_t n = send(a->fd, a->text + at, a->line.used + 1 - at,
				 MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR) {
			int err = errno == EAGAIN ? -ETIMEDOUT : -ECONNRESET;

			hang_up(a);
			return err;
		}
		at += n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

int query_stream_again(struct query *a)
{
	int64_t until_ms = clock_mono_ms() + a->again_ms;
	int err;

	do {
		pause_ms(PAUSE_MS);
		err = query_stream(a);
	} while (err < 0 && !socket_is_absent(err) &&
		 clock_mono_ms() < until_ms);
	return err;
}

/* One line from the connection into size bytes with its NUL, without its
 * newline; its length, or -errno. */
static int64_t read_line(const struct query *a, int64_t until_ms, char *to,
			 size_t size)
{
	size_t used = 0;

	for (;;) {
		struct pollfd p = { .fd = a->fd, .events = POLLIN };
		int64_t left_ms = until_ms - clock_mono_ms();
		ssize_t n;

		if (left_ms > a->silence_ms)
			left_ms = a->silence_ms;
		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = recv(a->fd, to + used, size - 1 - used, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return -ECONNRESET;
		used += (size_t)n;
		if (to[used - 1] == '\n')
			break;
		if (used == size - 1)
			return -EPROTO;
	}
	to[used - 1] = '\0';
	return (int64_t)used - 1;
}

int query_try(struct query *a, struct json_value *answer)
{
	static char *text;
	const int64_t most_ms = a->silence_ms + a->again_ms;
	const int64_t until_ms = clock_mono_ms() + most_ms;
	int64_t length;

	if (text == NULL)
		text = reader_take(QUERY_MOST);
	for (;;) {
		length = query_stream(a);
		if (length == 0)
			length = read_line(a, until_ms, text, QUERY_MOST);
		hang_up(a);
		if (length != -ECONNRESET || clock_mono_ms() >= until_ms)
			break;
		pause_ms(PAUSE_MS);
	}
	*answer = (struct json_value){ NULL, NULL };
	if (length < 0)
		return (int)length;
	*answer = json_document(text, (size_t)length, NULL);
	return json_get(*answer, "ok").at == NULL ? -EPROTO : 0;
}

bool query_is_error(struct json_value answer)
{
	struct json_value ok = json_get(answer, "ok");

	return ok.at != NULL && !json_is_true(ok);
}

struct json_value query_checked(struct query *a, int err,
				struct json_value answer)
{
	if (err < 0)
		query_fail(a, err);
	if (query_is_error(answer))
		query_refuse(a, answer);
	return answer;
}

struct json_value query_get(struct query *a)
{
	struct json_value answer;
	int err = query_try(a, &answer);

	return query_checked(a, err, answer);
}

struct json_value query_command(struct query *a,
			void (*make)(struct query *a, const void *of),
			const void *of)
{
	struct json_value answer;
	int tries = 0, err;

	do {
		make(a, of);
		err = query_try(a, &answer);
	} while (err == 0 && query_is_error(answer) &&
		 json_is(json_get(answer, "code"), "stale") &&
		 ++tries < STALE_TRIES);
	return query_checked(a, err, answer);
}

/* What a reload found wrong, one a line, as it is on dashpot's own stderr. */
static void tell_mistakes(struct out *o, struct json_value answer)
{
	struct json_value lines = json_get(answer, "mistakes"), line;
	int64_t more = json_to_int(json_get(answer, "more"), 0);
	char text[2048];

	while (json_next(&lines, NULL, &line))
		out_text_line(o, json_to_text(line, text, sizeof(text)));
	if (more > 0) {
		out_add(o, "dashpot: and %lld more mistakes", (long long)more);
		out_line(o);
	}
}

_Noreturn void query_refuse(struct query *a, struct json_value answer)
{
	static const struct {
		const char *code;
		int exit;
	} codes[] = {
		{ "usage", DIE_USAGE }, { "unknown-service", DIE_USAGE },
		{ "stopping", 1 }, { "busy", 1 }, { "reload-failed", 1 },
	};
	struct json_value code = json_get(answer, "code");
	const char *nearest;
	int exit = a->failure;
	struct out o;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (json_is(code, codes[i].code))
			exit = codes[i].exit;
	json_error_put(answer);
	out_begin(&o, STDERR_FILENO);
	tell_mistakes(&o, answer);
	out_add(&o, "dashpot: %s: ", a->word);
	out_text(&o, reader_text(answer, "error"));
	nearest = reader_text(answer, "nearest");
	if (*nearest != '\0') {
		out_text(&o, "; did you mean ");
		out_text(&o, nearest);
		out_text(&o, "?");
	}
	out_line(&o);
	(void)out_end(&o); /* nobody is left to be told */
	_exit(exit);
}

_Noreturn void query_fail(const struct query *a, int err)
{
	char text[800] = "";
	struct phrase w = PHRASE_IN(text);

	socket_describe(&w, a->control, a->place, err);
	json_error_code("no-answer");
	die_text(a->failure, "%s: %s%s", a->word, text, socket_is_absent(err) ?
		 "; name the socket with --control PATH or $DASHPOT_CONTROL" :
		 "");
}
