/* SPDX-License-Identifier: ISC */
/* An inode is the same for every process in a namespace. */
#include "init/lib/unix_address.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "init/lib/format.h"

socklen_t unix_address(struct sockaddr_un *ret_address, const char *place)
{
	size_t length = strlen(place);

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length >= sizeof(ret_address->sun_path))
		return 0;
	memcpy(ret_address->sun_path, place, length);
	if (place[0] == '@')
		ret_address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

int unix_address_abstract(unsigned k, char ret_name[UNIX_ADDRESS_ROOM])
{
	struct stat pid, mount;

	if (stat("/proc/self/ns/pid", &pid) < 0 ||
	    stat("/proc/self/ns/mnt", &mount) < 0)
		return -errno;
	return format(ret_name, UNIX_ADDRESS_ROOM, "@dashpot-%llu-%llu-%u",
		      (unsigned long long)pid.st_ino,
		      (unsigned long long)mount.st_ino, k);
}
