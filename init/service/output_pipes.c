/* SPDX-License-Identifier: ISC */
/* At the beginning and at a reload: else PID 1 does nothing to a pipe, the
 * child of a start and the helpers use them. */
#include "init/service/output_pipes.h"

#include <errno.h>

#include "init/kernel/descriptors.h"
#include "init/kernel/die.h"
#include "init/kernel/output_pipe.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"

enum { OWN_FILES = 64 }; /* descriptors of dashpot beside those of services */

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

bool pipes_have_files(const struct config *c)
{
	uint32_t k = 0;

	while (k < 2 * c->services &&
	       stream_of(c, k)->output != CONFIG_FILE)
		k++;
	return k < 2 * c->services;
}

/* How many are open at most. */
static uint64_t descriptors(const struct config *c)
{
	return (uint64_t)c->services + count(c) + notify_descriptors(c) +
	       OWN_FILES;
}

int pipes_make_room(struct sup *sup)
{
	struct rlimit *own = &sup->limits.files;
	const uint64_t needed = descriptors(sup->config);
	int err = output_pipe_limit(own);

	if (err < 0)
		return err;
	if (own->rlim_max < needed)
		die_text(DIE_USAGE,
			 "%u services with %u outputs to carry and %u that "
			 "tell when they are ready need %llu open files; the "
			 "hard limit (ulimit -Hn) is %llu: raise it with "
			 "--ulimit nofile",
			 sup->config->services, count(sup->config),
			 notify_descriptors(sup->config),
			 (unsigned long long)needed,
			 (unsigned long long)own->rlim_max);
	/* The soft limit may be raised to the hard one by anybody. */
	return output_pipe_raise_limit(own->rlim_max);
}

uint32_t pipes_make(struct sup *sup)
{
	const struct config *c = sup->config;
	uint32_t inherited = 0;

	sup->has_files = sup->proc_fd >= 0 && pipes_have_files(c);
	for (uint32_t k = 0; k < 2 * c->services; k++) {
		sup->pipe[k] = -1;
		if (!config_is_piped(stream_of(c, k)))
			continue;
		if (sup->proc_fd < 0) {
			inherited++;
			continue;
		}
		sup->pipe[k] = output_pipe_make(config_service(c, k / 2));
		if (sup->pipe[k] < 0)
			die_system("pipe2", -sup->pipe[k]);
	}
	return inherited;
}

/* Make what is missing; `made` says which. 0, or -errno. */
static int make_missing(struct sup *sup, const struct config *next, bool *made)
{
	for (uint32_t k = 0; k < 2 * next->services; k++) {
		int fd;

		if (sup->pipe[k] >= 0 || sup->proc_fd < 0 ||
		    !config_is_piped(stream_of(next, k)))
			continue;
		fd = output_pipe_make(config_service(next, k / 2));
		if (fd < 0)
			return fd;
		sup->pipe[k] = fd;
		made[k] = true;
	}
	return 0;
}

int pipes_follow(struct sup *sup, const struct config *next, int64_t *needed)
{
	bool made[2 * CONFIG_SERVICES] = { false };
	const uint32_t before = 2 * sup->config->services;
	int err;

	*needed = (int64_t)descriptors(next);
	if ((uint64_t)*needed > sup->limits.files.rlim_max)
		return -EMFILE;
	for (uint32_t k = 0; k < before; k++)
		if (service_is_gone(sup, k / 2))
			descriptors_drop(&sup->pipe[k]);
	for (uint32_t k = before; k < 2 * next->services; k++)
		sup->pipe[k] = -1;
	err = make_missing(sup, next, made);
	for (uint32_t k = 0; err < 0 && k < 2 * next->services; k++)
		if (made[k])
			descriptors_drop(&sup->pipe[k]);
	if (err < 0)
		return err;
	/* It was somebody's before: a failure leaves it so. */
	for (uint32_t k = 0; k < before; k++)
		if (sup->pipe[k] >= 0)
			(void)output_pipe_give(sup->pipe[k],
					       config_service(next, k / 2));
	sup->has_files = sup->proc_fd >= 0 && pipes_have_files(next);
	return 0;
}

void pipes_stay(struct sup *sup, const struct config *next)
{
	for (uint32_t k = 2 * sup->config->services; k < 2 * next->services;
	     k++)
		descriptors_drop(&sup->pipe[k]);
	sup->has_files = sup->proc_fd >= 0 && pipes_have_files(sup->config);
}
