/* SPDX-License-Identifier: ISC */
/* teller SECONDS TEXT...: sends each TEXT by the sd_notify(3) of libsystemd,
 * after that many seconds, then sleeps; the text "exit" ends it. Exits with 3
 * where there is no NOTIFY_SOCKET. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	usleep((useconds_t)(atof(argv[1]) * 1e6));
	for (int i = 2; i < argc; i++) {
		int err;

		if (strcmp(argv[i], "exit") == 0)
			return 0;
		err = sd_notify(0, argv[i]);
		if (err == 0)
			return 3;
		if (err < 0) {
			fprintf(stderr, "sd_notify: %s\n", strerror(-err));
			return 4;
		}
	}
	for (;;)
		pause();
}
