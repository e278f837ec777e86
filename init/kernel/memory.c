/* SPDX-License-Identifier: ISC */
#include "init/kernel/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *map(size_t size, int how)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			how | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void *memory_map(size_t size, bool is_shared)
{
	return map(size, is_shared ? MAP_SHARED : MAP_PRIVATE);
}

void *memory_map_unreserved(size_t size)
{
	return map(size, MAP_NORESERVE | MAP_PRIVATE);
}

void memory_forget(void *at, size_t size)
{
	(void)madvise(at, size, MADV_DONTNEED);
}

/* Not inlined: its frame must lie below all that the caller still uses. The
 * symbols are the linker's (ld(1)). */
__attribute__((noinline)) void memory_forget_used(void)
{
	extern char __executable_start[], etext[];
	const uintptr_t page = (uintptr_t)getpagesize();
	const uintptr_t deep = 16 * page;
	uintptr_t text = (uintptr_t)__executable_start & ~(page - 1);
	uintptr_t end = (uintptr_t)etext & ~(page - 1);
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	(void)madvise(__executable_start, end - text, MADV_DONTNEED);
	(void)madvise((void *)(frame - page - deep), deep, MADV_DONTNEED);
}

int memory_file_open(const char *name)
{
	int fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void memory_file_empty(int fd)
{
	(void)!ftruncate(fd, 0);
}

int64_t memory_file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -errno : st.st_size;
}

bool memory_file_read(int fd, void *ret_data, size_t size, int64_t at)
{
	return pread(fd, ret_data, size, at) == (ssize_t)size;
}
