/* SPDX-License-Identifier: ISC */
/* The end of the program before its loop has begun: one line on stderr and
 * one of two exit codes. */
#ifndef INIT_KERNEL_DIE_H
#define INIT_KERNEL_DIE_H

enum {
	DIE_USAGE = 100,  /* wrong command line or configuration */
	DIE_SYSTEM = 111, /* a system call or a limit */
	DIE_TEXT = 1024,  /* most bytes that the listener gets, with the NUL */
};

/* Told the exit code and the sentence before the program ends; NULL: nobody. */
extern void (*die_listener)(int code, const char *text);

/* Print "dashpot: " and the text, and exit with `code`. */
_Noreturn void die_text(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Print which call failed with which errno, and exit with DIE_SYSTEM. */
_Noreturn void die_system(const char *call, int err);

#endif
