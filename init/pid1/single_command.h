/* SPDX-License-Identifier: ISC */
/* `dashpot -- CMD`: one command, its signals and its orphans, and nothing
 * else: no configuration, no helper, no volume. */
#ifndef INIT_PID1_SINGLE_COMMAND_H
#define INIT_PID1_SINGLE_COMMAND_H

/* Run argv (NULL-ended, behind the word "--"), pass every signal on to it,
 * reap every orphan, and end the program with its exit code: 128 + n for a
 * signal, 127 when there is no such file, 126 when it cannot be executed, 111
 * when no process can be made for it. Signals must be blocked. */
_Noreturn void single_run(char **argv);

#endif
