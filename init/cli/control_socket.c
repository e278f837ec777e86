/* SPDX-License-Identifier: ISC */
/* unix(7): connect(2) to a full backlog blocks for as long as the sending
 * time-out of the socket says. */
#include "init/cli/control_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/cli/peer.h"
#include "init/cli/volume_reader.h"
#include "init/kernel/die.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/lib/unix_address.h"

enum { NAMES = UNIX_ADDRESS_NAMES, NEAR_MS = 50 };

bool socket_place(unsigned k, const char *directory, char to[SOCKET_PLACE])
{
	/* The abstract names lead to this container alone; a directory may be
	 * shared. */
	if (k < NAMES) {
		if (unix_address_abstract(k, to) < 0)
			to[0] = '\0';
		return true;
	}
	if (k == NAMES)
		format(to, SOCKET_PLACE, "/run/dashpot.sock");
	else
		format(to, SOCKET_PLACE, "%s/dashpot.sock", directory);
	return k <= NAMES + 1;
}

int socket_connect(const char *place, int64_t ms)
{
	struct sockaddr_un at;
	const socklen_t size = unix_address(&at, place);
	const struct timeval most = { .tv_sec = ms / 1000,
				      .tv_usec = ms % 1000 * 1000 };
	int fd, err = 0;

	if (size == 0)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ||
	    connect(fd, (const struct sockaddr *)&at, size) < 0)
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

bool socket_is_absent(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED || err == -ENOTDIR;
}

/* What was said on the command line or in the environment, or NULL. */
static const char *given_place(const char *control)
{
	const char *given = control != NULL ? control :
					      getenv("DASHPOT_CONTROL");

	return given != NULL && *given != '\0' ? given : NULL;
}

/* The last one who listens at a usual place and was passed over. */
static struct passed {
	char place[SOCKET_PLACE];
	struct peer peer;
} passed;

/* Connect to a usual place where a dashpot of this PID namespace may be: as
 * socket_connect(), and -ENOENT where another one listens. */
static int connect_here(const char *place, int64_t ms)
{
	int fd = place[0] == '\0' ? -ENOENT : socket_connect(place, ms);
	struct peer p;

	if (fd < 0)
		return fd;
	p = peer_of(fd);
	if (p.is_believed && p.is_here)
		return fd;
	close(fd);
	passed.peer = p;
	memcpy(passed.place, place, SOCKET_PLACE);
	return -ENOENT;
}

static int connect_given(const char *place, int64_t ms)
{
	int fd = socket_connect(place, ms);
	struct peer p;

	if (fd < 0)
		return fd;
	p = peer_of(fd);
	if (p.is_believed)
		return fd;
	close(fd);
	passed.peer = p;
	return -EKEYREJECTED;
}

/* What a search has found so far. */
struct search {
	int err;    /* of the first place where something is wrong, else 0 */
	char place[SOCKET_PLACE]; /* that one */
	int spare;  /* connected to an abstract name, or -1 ... */
	char spare_place[SOCKET_PLACE];
};

/* At an abstract name the mode of the socket file counts for a user who is
 * neither root nor dashpot's, and where there is a file, that says more. */
static bool is_spare(unsigned k, int fd)
{
	return k < NAMES && geteuid() != 0 &&
	       peer_of(fd).uid != geteuid();
}

/* Look at place k; a descriptor where the search is over, else -1. */
static int look_at(struct search *s, unsigned k, const char *place, int64_t ms)
{
	/* Who takes one of several names is not waited for yet. */
	int fd = connect_here(place,
			   k < NAMES && ms > NEAR_MS ? NEAR_MS : ms);

	if (fd >= 0 && !is_spare(k, fd))
		return fd;
	if (fd >= 0 && s->spare >= 0)
		close(fd);
	else if (fd >= 0) {
		s->spare = fd;
		memcpy(s->spare_place, place, SOCKET_PLACE);
	} else if (!socket_is_absent(fd) && s->err == 0) {
		s->err = fd;
		memcpy(s->place, place, SOCKET_PLACE);
	}
	return -1;
}

/* Nobody has answered who would be asked first. */
static int fall_back(struct search *s, char place[SOCKET_PLACE], int64_t ms)
{
	struct stat st;

	if (s->spare >= 0 && (s->err == 0 || stat(s->place, &st) < 0)) {
		memcpy(place, s->spare_place, SOCKET_PLACE);
		return s->spare;
	}
	if (s->spare >= 0)
		close(s->spare);
	if (s->err == 0)
		return -ENOENT;
	memcpy(place, s->place, SOCKET_PLACE);
	return s->err == -ETIMEDOUT ? connect_here(place, ms) : s->err;
}

int socket_find(const char *control, char place[SOCKET_PLACE], int64_t ms)
{
	const char *given = given_place(control);
	struct search s = { .spare = -1 };
	int fd;

	passed.place[0] = '\0';
	if (given != NULL) {
		format(place, SOCKET_PLACE, "%s", given);
		return connect_given(place, ms);
	}
	for (unsigned k = 0; socket_place(k, reader_directory(NULL), place);
	     k++) {
		fd = look_at(&s, k, place, ms);
		if (fd < 0)
			continue;
		if (s.spare >= 0)
			close(s.spare);
		return fd;
	}
	return fall_back(&s, place, ms);
}

/* Whose the socket is that does not let this user in. */
static void add_owner(struct phrase *w, const char *place)
{
	struct stat s;

	phrase_add(w, "%s", errors_text(EACCES));
	if (stat(place, &s) == 0)
		phrase_add(w, ": it has mode %d%d%d%d and belongs to uid %u,",
			   s.st_mode >> 9 & 7, s.st_mode >> 6 & 7,
			   s.st_mode >> 3 & 7, s.st_mode & 7,
			   (unsigned)s.st_uid);
	phrase_add(w, " this is uid %u; control_mode and control_owner decide "
		   "who may ask", (unsigned)geteuid());
}

static void add_places(struct phrase *w, const char *control)
{
	const char *given = given_place(control);
	char place[SOCKET_PLACE];

	if (given != NULL) {
		phrase_add(w, "%s", given);
		return;
	}
	/* Paths first: a person knows them. The first of the abstract names
	 * stands for all of them. */
	for (unsigned k = 0; k < 3; k++) {
		(void)socket_place((k + NAMES) % (NAMES + 2),
				 reader_directory(NULL), place);
		if (place[0] != '\0')
			phrase_add(w, "%s%s", k == 0 ? "" :
				   k == 1 ? ", " : " and ", place);
	}
}

static void add_stranger(struct phrase *w, const struct peer *p)
{
	if (!p->is_believed)
		phrase_add(w, "pid %d of uid %u listens there, who is not "
			   "believed: neither root nor this user nor that of "
			   "PID 1", (int)p->pid, (unsigned)p->uid);
	else
		phrase_add(w, "it is of another PID namespace; --control PATH "
			   "asks it all the same");
}

void socket_describe(struct phrase *w, const char *control,
		   const char *place, int err)
{
	if (socket_is_absent(err)) {
		phrase_add(w, "no dashpot answers here; tried: ");
		add_places(w, control);
		if (passed.place[0] == '\0')
			return;
		phrase_add(w, "; %s was passed over: ", passed.place);
		add_stranger(w, &passed.peer);
		return;
	}
	phrase_add(w, "%s: ", place);
	if (err == -EACCES)
		add_owner(w, place);
	else if (err == -EKEYREJECTED)
		add_stranger(w, &passed.peer);
	else if (err == -ETIMEDOUT)
		phrase_add(w, "dashpot does not answer in time");
	else if (err == -ECONNRESET)
		phrase_add(w, "the connection ends again and again without an "
			   "answer");
	else if (err == -EPROTO)
		phrase_add(w, "what answers there is no dashpot");
	else
		phrase_add(w, "%s", errors_text(-err));
}

/* A dashpot of this container answers there. Another container may share the
 * volume, and even the PID namespace. */
static bool is_second(const char *place)
{
	int fd = place[0] == '\0' ? -ENOENT
				  : socket_connect(place, SOCKET_SECOND_MS);
	struct peer p;

	if (fd < 0)
		return false;
	p = peer_of(fd);
	close(fd);
	return p.is_believed && p.is_here &&
	       peer_is_in_this_mount_namespace(&p);
}

static void refuse_second(const char *place)
{
	if (is_second(place))
		die_text(DIE_USAGE, "run: already supervised: a dashpot "
			 "answers at %s; did you mean status?", place);
}

void socket_refuse_second(const struct config *c)
{
	const unsigned places = NAMES + 2;
	char place[SOCKET_PLACE];

	if (c->control != 0) {
		format(place, sizeof(place), "%s",
		       config_string(c, c->control));
		refuse_second(place);
		return;
	}
	/* Paths first: a person knows them. */
	for (unsigned k = 0; k < places; k++) {
		(void)socket_place((k + NAMES) % places,
				 config_string(c, c->diagnostics), place);
		refuse_second(place);
	}
}
