/* SPDX-License-Identifier: ISC */
/* hog MIB: take that much memory, touching every page, and stay. For tests in
 * which the kernel kills because memory runs out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const size_t mib = 1024 * 1024;
	long n = argc > 1 ? atol(argv[1]) : 0;

	for (long i = 0; i < n; i++) {
		char *piece = malloc(mib);

		if (!piece) {
			perror("hog");
			return 1;
		}
		memset(piece, 1 + (int)i % 255, mib);
	}
	for (;;)
		pause();
}
