/* SPDX-License-Identifier: ISC */
/* unix(7): connect(2) to a full backlog blocks for as long as the sending
 * time-out of the socket says. */
#include "init/cli/dial.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/cli/reader.h"
#include "init/die.h"
#include "init/errors.h"
#include "init/format.h"

bool dial_place(unsigned k, const char *directory, char to[DIAL_PLACE])
{
	struct stat s = { .st_ino = 0 };

	if (k == 0)
		format(to, DIAL_PLACE, "/run/dashpot.sock");
	else if (k == 1)
		format(to, DIAL_PLACE, "%s/dashpot.sock", directory);
	else if (k == 2 && stat("/proc/self/ns/pid", &s) == 0)
		format(to, DIAL_PLACE, "@dashpot-%llu",
		       (unsigned long long)s.st_ino);
	else
		return false;
	return true;
}

int dial(const char *place, int64_t ms)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval most = { .tv_sec = ms / 1000,
				      .tv_usec = ms % 1000 * 1000 };
	size_t length = strlen(place);
	int fd, err = 0;

	if (length >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, place, length);
	if (place[0] == '@')
		at.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ||
	    connect(fd, (const struct sockaddr *)&at,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				length)) < 0)
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

bool dial_is_nobody(int err)
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

int dial_somewhere(const char *control, char place[DIAL_PLACE], int64_t ms)
{
	const char *given = given_place(control);
	char first[DIAL_PLACE];
	int err = 0;

	if (given != NULL) {
		format(place, DIAL_PLACE, "%s", given);
		return dial(place, ms);
	}
	for (unsigned k = 0; dial_place(k, reader_directory(NULL), place);
	     k++) {
		int fd = dial(place, ms);

		if (fd >= 0)
			return fd;
		if (dial_is_nobody(fd) || err < 0)
			continue;
		err = fd;
		memcpy(first, place, DIAL_PLACE);
	}
	if (err < 0)
		memcpy(place, first, DIAL_PLACE);
	return err < 0 ? err : -ENOENT;
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
	char place[DIAL_PLACE];

	if (given != NULL) {
		phrase_add(w, "%s", given);
		return;
	}
	for (unsigned k = 0; dial_place(k, reader_directory(NULL), place);
	     k++)
		phrase_add(w, "%s%s", k == 0 ? "" : k == 1 ? ", " : " and ",
			   place);
}

void dial_describe(struct phrase *w, const char *control,
		   const char *place, int err)
{
	if (dial_is_nobody(err)) {
		phrase_add(w, "no dashpot answers here; tried: ");
		add_places(w, control);
		return;
	}
	phrase_add(w, "%s: ", place);
	if (err == -EACCES)
		add_owner(w, place);
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

/* True when whoever listens there is in this PID namespace: another container
 * may use the same volume. */
static bool is_here(int fd)
{
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.pid != 0;
}

void dial_refuse_second(const struct config *c)
{
	char place[DIAL_PLACE];

	for (unsigned k = 0;; k++) {
		int fd;

		if (c->control != 0 && k == 0)
			format(place, sizeof(place), "%s",
			       config_string(c, c->control));
		else if (c->control != 0 ||
			 !dial_place(k, config_string(c, c->diagnostics),
				     place))
			return;
		fd = dial(place, DIAL_SECOND_MS);
		if (fd < 0)
			continue;
		if (is_here(fd))
			die_text(DIE_USAGE, "run: already supervised: a "
				 "dashpot answers at %s; did you mean status?",
				 place);
		close(fd);
	}
}
