/* SPDX-License-Identifier: ISC */
/* Memory that PID 1 sizes before its loop, and files in memory that a child
 * leaves its results in. */
#ifndef INIT_KERNEL_MEMORY_H
#define INIT_KERNEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeros, which cost nothing until they are written. is_shared: children that
 * are made later see what is written, and PID 1 what they write. NULL where
 * there is no room (ENOMEM). Source: mmap(2). */
void *memory_map(size_t size, bool is_shared);

/* As memory_map(), private, and where the kernel counts what was promised
 * (proc(5), overcommit_memory) it does not count this. */
void *memory_map_unreserved(size_t size);

/* Give the pages of such memory back; it reads as zeros again. */
void memory_forget(void *at, size_t size);

/* Give back what of the program's text and of the stack below the caller has
 * been used so far: text comes back from the file when it is needed, and below
 * the caller nothing lives. */
void memory_forget_used(void);

/* An empty file in memory, closed at exec; or -errno (EMFILE, ENFILE, ENOMEM,
 * ENOSYS). PID 1 never maps it: who holds it could cut it off. Source:
 * memfd_create(2). */
int memory_file_open(const char *name);
void memory_file_empty(int fd);

/* Its size, or -errno. */
int64_t memory_file_size(int fd);

/* Read `size` bytes from `at` on; false where they are not all there. */
bool memory_file_read(int fd, void *ret_data, size_t size, int64_t at);

#endif
