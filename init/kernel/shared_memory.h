/* SPDX-License-Identifier: ISC */
/* Memory that processes share, each with one writer: a file in memory whose
 * other mappings come from a descriptor that cannot be made writable. There
 * mprotect(2) refuses, whereas it would undo PROT_READ on a mapping that was
 * inherited. Nothing here blocks. */
#ifndef INIT_KERNEL_SHARED_MEMORY_H
#define INIT_KERNEL_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* New memory that the caller writes: mapped at *ret_at; from *ret_fd, which is
 * closed at exec, it can only be mapped for reading (F_SEAL_FUTURE_WRITE, or
 * before Linux 5.1 a descriptor that was opened so). No page is touched. 0, or
 * -errno (EMFILE, ENFILE, ENOMEM, ENOSYS), and what was made so far is in both.
 * Source: memfd_create(2), fcntl(2). */
int shared_memory_make_own(void **ret_at, int *ret_fd, size_t size);

/* New memory that another process is to write, by *ret_fd. The caller's mapping
 * at *ret_at, and what its children inherit, can never be written; without
 * /proc by protection alone. Else as shared_memory_make_own(). */
int shared_memory_make_foreign(void **ret_at, int *ret_fd, const char *name,
			       size_t size);

/* Map the whole of it, instead of what is at *at (NULL: nothing). 0, or -errno
 * and *at is as it was. Source: mmap(2). */
int shared_memory_enter(void **at, int fd, size_t size, bool is_writer);

/* Unmap it; *at is NULL then. */
void shared_memory_leave(void **at, size_t size);

#endif
