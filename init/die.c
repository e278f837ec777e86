/* SPDX-License-Identifier: ISC */
/* For set-up and commands only: PID 1's loop never ends like this. */
#include "init/die.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "init/errors.h"
#include "init/format.h"

_Noreturn void die_text(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_fd(STDERR_FILENO, "dashpot: ");
	format_fd_list(STDERR_FILENO, format, args);
	format_fd(STDERR_FILENO, "\n");
	va_end(args);
	_exit(code);
}

_Noreturn void die_system(const char *call, int err)
{
	die_text(DIE_SYSTEM, "%s: %s", call, errors_text(err));
}
