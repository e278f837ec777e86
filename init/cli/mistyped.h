/* SPDX-License-Identifier: ISC */
/* Words of the command line that are not understood, and what was meant. */
#ifndef INIT_CLI_MISTYPED_H
#define INIT_CLI_MISTYPED_H

/* End the program with DIE_USAGE over a word before `--`. behind: the word that
 * it stands behind, a command or the name of the program; file: that of a -c
 * before it, or NULL. */
_Noreturn void mistyped_refuse(const char *behind, const char *word,
			       const char *file);

#endif
