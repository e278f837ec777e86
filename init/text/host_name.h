/* SPDX-License-Identifier: ISC */
#ifndef INIT_TEXT_HOST_NAME_H
#define INIT_TEXT_HOST_NAME_H

enum { HOST_NAME = 65 }; /* room for a host's name, with the NUL */

/* The host's name as it can name a directory; "second" where it cannot. Source:
 * uname(2). */
void host_name(char ret_name[HOST_NAME]);

#endif
