/* SPDX-License-Identifier: ISC */
/* `dashpot check`: every mistake of the configuration, what is doubtful about
 * it, and what its policy means. */
#ifndef INIT_CLI_CHECK_H
#define INIT_CLI_CHECK_H

/* As struct commands_row's run: 1 with --strict when something is doubtful. */
int check_run(int argc, char **argv);

#endif
