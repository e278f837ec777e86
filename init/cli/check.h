/* SPDX-License-Identifier: ISC */
/* `dashpot check`: every mistake of the configuration. */
#ifndef INIT_CLI_CHECK_H
#define INIT_CLI_CHECK_H

/* As struct command's run. */
int check_run(int argc, char **argv);

#endif
