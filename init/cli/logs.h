/* SPDX-License-Identifier: ISC */
/* `dashpot logs`: the last lines of services, and those that come. */
#ifndef INIT_CLI_LOGS_H
#define INIT_CLI_LOGS_H

/* As struct commands_row's run. */
int logs_run(int argc, char **argv);

#endif
