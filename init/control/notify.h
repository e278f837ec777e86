/* SPDX-License-Identifier: ISC */
/* Telling whoever started the container how it goes: sd_notify(3). */
#ifndef INIT_CONTROL_NOTIFY_H
#define INIT_CONTROL_NOTIFY_H

/* Send one datagram to the socket at this path ("@" before an abstract name).
 * Never blocks on a full socket. 0, or -errno. */
int notify_send(const char *path, const char *text);

#endif
