/* SPDX-License-Identifier: ISC */
/* An inode is the same for every process in a namespace. */
#include "init/lib/abstract_name.h"

#include <errno.h>
#include <sys/stat.h>

#include "init/lib/format.h"

int abstract_name(unsigned k, char to[NEAR_ROOM])
{
	struct stat pid, mount;

	if (stat("/proc/self/ns/pid", &pid) < 0 ||
	    stat("/proc/self/ns/mnt", &mount) < 0)
		return -errno;
	return format(to, NEAR_ROOM, "@dashpot-%llu-%llu-%u",
		      (unsigned long long)pid.st_ino,
		      (unsigned long long)mount.st_ino, k);
}
