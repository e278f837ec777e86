/* SPDX-License-Identifier: ISC */
/* Errors of a command as JSON, where --json asks for it: one object on stdout,
 * as the control socket answers; the sentence stays on stderr. */
#ifndef INIT_CLI_JSON_ERROR_H
#define INIT_CLI_JSON_ERROR_H

#include "init/text/json_reader.h"

/* From now on, if an argument before `--` is --json. */
void json_error_begin(int argc, char **argv);

/* The code of the error that ends the program next: else it is "usage" or
 * "system" by the exit code. */
void json_error_code(const char *code);

/* An error that dashpot answered, as it is. */
void json_error_put(struct json_value answer);

/* A sentence, from a signal handler. */
void json_error_put_at_once(const char *code, const char *sentence);

#endif
