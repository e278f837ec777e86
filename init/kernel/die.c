/* SPDX-License-Identifier: ISC */
/* For set-up and commands only: PID 1's loop never ends like this. */
#include "init/kernel/die.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "init/kernel/print.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"

void (*die_listener)(int code, const char *text);

_Noreturn void die_text(int code, const char *format, ...)
{
	char text[DIE_TEXT];
	va_list args;

	va_start(args, format);
	print_fd(STDERR_FILENO, "dashpot: ");
	print_fd_list(STDERR_FILENO, format, args);
	print_fd(STDERR_FILENO, "\n");
	va_end(args);
	if (die_listener != NULL) {
		va_start(args, format);
		format_list(text, sizeof(text), format, args);
		va_end(args);
		die_listener(code, text);
	}
	_exit(code);
}

_Noreturn void die_system(const char *call, int err)
{
	die_text(DIE_SYSTEM, "%s: %s", call, errors_text(err));
}
