/* SPDX-License-Identifier: ISC */
/* errno values for people: the name that manuals use, and what it means.
 *
 * One small table of the values that a start or a volume can meet; the
 * library's own texts lack the names and are longer. Source: errno(3). */
#ifndef INIT_LIB_ERRORS_H
#define INIT_LIB_ERRORS_H

enum { ERRORS_NAME = 16 }; /* bytes that a name needs at most */

/* "ENOENT"; "errno 217" in buf when it is not in the table. */
const char *errors_name(int err, char buf[ERRORS_NAME]);

/* "no such file or directory"; "unknown error" when it is not in the table. */
const char *errors_text(int err);

#endif
