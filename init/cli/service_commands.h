/* SPDX-License-Identifier: ISC */
/* `dashpot start`, `stop`, `restart`, `reset`, `signal` and `reload`: commands
 * that change something, and what came of them. */
#ifndef INIT_CLI_SERVICE_COMMANDS_H
#define INIT_CLI_SERVICE_COMMANDS_H

/* As struct commands_row's run: argv[0] says which. */
int service_commands_run(int argc, char **argv);

#endif
