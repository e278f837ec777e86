/* SPDX-License-Identifier: ISC */
/* `dashpot simulate`: what the settings lead to when services die, told in a
 * moment. */
#ifndef INIT_SIMULATE_SIMULATE_H
#define INIT_SIMULATE_SIMULATE_H

/* As struct commands_row's run. */
int simulate_run(int argc, char **argv);

#endif
