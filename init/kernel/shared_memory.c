/* SPDX-License-Identifier: ISC */
#include "init/kernel/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"
#include "init/lib/format.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* The descriptor of a new file of that size, which keeps it; or -errno. */
static int make(const char *name, size_t size)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
	int err;

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create(name, flags);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    descriptors_control(fd, F_ADD_SEALS,
				F_SEAL_SHRINK | F_SEAL_GROW) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* A second, read-only description of the same file, or -errno. */
static int reopen_read_only(int fd)
{
	char path[32];
	int again;

	format(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

int shared_memory_make_own(void **ret_at, int *ret_fd, size_t size)
{
	int again, err;

	*ret_at = NULL;
	*ret_fd = make("dashpot-board", size);
	if (*ret_fd < 0)
		return *ret_fd;
	err = shared_memory_enter(ret_at, *ret_fd, size, true);
	if (err < 0 || descriptors_control(*ret_fd, F_ADD_SEALS,
					   F_SEAL_FUTURE_WRITE) == 0)
		return err;
	again = reopen_read_only(*ret_fd);
	if (again < 0)
		return again;
	close(*ret_fd);
	*ret_fd = again;
	return 0;
}

int shared_memory_make_foreign(void **ret_at, int *ret_fd, const char *name,
			       size_t size)
{
	int reader, err;

	*ret_at = NULL;
	*ret_fd = make(name, size);
	if (*ret_fd < 0)
		return *ret_fd;
	reader = reopen_read_only(*ret_fd);
	err = shared_memory_enter(ret_at, reader < 0 ? *ret_fd : reader, size,
				  false);
	if (reader >= 0)
		close(reader);
	return err;
}

int shared_memory_enter(void **at, int fd, size_t size, bool is_writer)
{
	void *fresh = mmap(NULL, size,
			   is_writer ? PROT_READ | PROT_WRITE : PROT_READ,
			   MAP_SHARED, fd, 0);

	if (fresh == MAP_FAILED)
		return -errno;
	shared_memory_leave(at, size);
	*at = fresh;
	return 0;
}

void shared_memory_leave(void **at, size_t size)
{
	if (*at)
		munmap(*at, size);
	*at = NULL;
}
