/* SPDX-License-Identifier: ISC */
/* Text to a descriptor. */
#ifndef INIT_KERNEL_PRINT_H
#define INIT_KERNEL_PRINT_H

#include <stdarg.h>

/* As dprintf(3), with what format() knows, in writes of up to 512 bytes; stops
 * at the first error. Returns the length, or -errno of write(2). */
int print_fd(int fd, const char *form, ...)
	__attribute__((format(printf, 2, 3)));
int print_fd_list(int fd, const char *form, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
