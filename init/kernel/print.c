/* SPDX-License-Identifier: ISC */
#include "init/kernel/print.h"

#include <errno.h>
#include <unistd.h>

#include "init/lib/format.h"

enum { BUFFER = 512 };

struct printer {
	int fd;
	int err;
};

static void print(void *with, const char *text, size_t size)
{
	struct printer *p = with;

	for (size_t done = 0; done < size && p->err == 0;) {
		ssize_t n = write(p->fd, text + done, size - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			p->err = -errno;
	}
}

int print_fd_list(int fd, const char *form, va_list args)
{
	struct printer p = { .fd = fd };
	char buffer[BUFFER];
	int length = format_pieces(buffer, sizeof(buffer), print, &p, form,
				   args);

	return p.err ? p.err : length;
}

int print_fd(int fd, const char *form, ...)
{
	va_list args;
	int length;

	va_start(args, form);
	length = print_fd_list(fd, form, args);
	va_end(args);
	return length;
}
