/* SPDX-License-Identifier: ISC */
/* Words of the command line that are not understood, and what was meant. */
#ifndef INIT_CLI_MISTYPED_H
#define INIT_CLI_MISTYPED_H

/* End the program with DIE_USAGE over a word before `--`. command: behind which
 * one it stands, or NULL; file: that of a -c before it, or NULL. */
_Noreturn void mistyped_refuse(const char *command, const char *word,
			       const char *file);

/* The command that is nearest to an unknown word, or what other programs call
 * so; NULL: there is none. */
const char *mistyped_meant(const char *word);

#endif
