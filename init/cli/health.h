/* SPDX-License-Identifier: ISC */
/* `dashpot health` and `dashpot wait`: is it well, and when is it ready; for
 * HEALTHCHECK, probes and scripts. */
#ifndef INIT_CLI_HEALTH_H
#define INIT_CLI_HEALTH_H

/* As struct commands_row's run. health ends within QUERY_HEALTH_END_MS, and
 * with 1 where dashpot does not answer. */
int health_run(int argc, char **argv);

/* Waits for dashpot itself too, where it has only just been started. */
int health_wait(int argc, char **argv);

#endif
