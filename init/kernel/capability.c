/* SPDX-License-Identifier: ISC */
/* Sets of 64 bits, which the kernel takes as two times 32. */
#include "init/kernel/capability.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel has them, capget(2). */
struct header {
	uint32_t version;
	int pid;
};
struct data {
	uint32_t effective, permitted, inheritable;
};

enum { VERSION_3 = 0x20080522 };

static uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int capability_get(struct capability_sets *sets)
{
	struct header header = { VERSION_3, 0 };
	struct data data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*sets = (struct capability_sets){
		join(data[0].effective, data[1].effective),
		join(data[0].permitted, data[1].permitted),
		join(data[0].inheritable, data[1].inheritable),
	};
	return 0;
}

int capability_set(const struct capability_sets *sets)
{
	struct header header = { VERSION_3, 0 };
	const struct data data[2] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted,
		  (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32),
		  (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
