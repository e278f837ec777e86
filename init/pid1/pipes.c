/* SPDX-License-Identifier: ISC */
/* Set-up only: in the loop nothing is done to a pipe, the child of a start and
 * the helpers use them. */
#include "init/pid1/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/die.h"

enum {
	OWN_FILES = 64, /* descriptors of dashpot beside those of services */
	PIPE_MODE = 0622,
};

/* Stream `stream` (2 * service, + 1 for stderr). */
static const struct config_stream *stream_of(const struct config *c,
					     uint32_t stream)
{
	const struct config_service *s = config_service(c, stream / 2);

	return stream % 2 == 0 ? &s->out : &s->err;
}

static uint32_t count(const struct config *c)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < 2 * c->services; k++)
		n += config_is_piped(stream_of(c, k));
	return n;
}

void pipes_make_room(struct sup *sup)
{
	struct rlimit *own = &sup->limits.files;
	const uint32_t pipes = count(sup->config);
	const uint64_t needed =
		(uint64_t)sup->config->services + pipes + OWN_FILES;
	struct rlimit raised;

	if (prlimit(0, RLIMIT_NOFILE, NULL, own) < 0)
		die_system("prlimit", errno);
	raised = (struct rlimit){ own->rlim_max, own->rlim_max };
	if (raised.rlim_max < needed)
		die_text(DIE_USAGE,
			 "%u services with %u outputs to carry need %llu open "
			 "files; the hard limit (ulimit -Hn) is %llu: raise it "
			 "with --ulimit nofile",
			 sup->config->services, pipes,
			 (unsigned long long)needed,
			 (unsigned long long)raised.rlim_max);
	/* The soft limit may be raised to the hard one by anybody. */
	if (prlimit(0, RLIMIT_NOFILE, &raised, NULL) < 0)
		die_system("prlimit", errno);
}

/* A pipe that dashpot, the service's user and whoever that becomes later can
 * open by path for writing: whether they may is asked of /proc/PID/fd, which
 * admits nobody else. Reading it is its owner's. */
static int make_pipe(const struct config_service *s)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		die_system("pipe2", errno);
	if (fchmod(ends[0], PIPE_MODE) < 0)
		die_system("fchmod", errno);
	/* Without CAP_CHOWN it stays dashpot's: its mode is enough to write. */
	if (s->has_user && fchown(ends[0], s->uid, (gid_t)-1) < 0 &&
	    errno != EPERM && errno != EINVAL)
		die_system("fchown", errno);
	close(ends[1]);
	return ends[0];
}

uint32_t pipes_make(struct sup *sup)
{
	const struct config *c = sup->config;
	uint32_t inherited = 0;

	for (uint32_t k = 0; k < 2 * c->services; k++) {
		const struct config_stream *stream = stream_of(c, k);

		sup->pipe[k] = -1;
		if (!config_is_piped(stream))
			continue;
		if (sup->proc_fd < 0) {
			inherited++;
			continue;
		}
		sup->pipe[k] = make_pipe(config_service(c, k / 2));
		if (stream->output == CONFIG_FILE)
			sup->has_files = true;
	}
	return inherited;
}
