/* SPDX-License-Identifier: ISC */
/* speaker NAME LINES [FD]: print that number of numbered lines as fast as
 * possible, in writes that do not end at the ends of lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int put_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0)
			return -1;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static char text[3000];
	size_t used = 0;
	long lines;
	int fd;

	if (argc < 3)
		return 100;
	lines = atol(argv[2]);
	fd = argc > 3 ? atoi(argv[3]) : 1;
	for (long n = 1; n <= lines; n++) {
		used += (size_t)sprintf(text + used, "%s %ld of %ld%.*s\n",
					argv[1], n, lines, (int)(n % 60),
					"............................................"
					"................");
		if (used > sizeof(text) - 200) {
			/* The last byte is written with the next line. */
			if (put_all(fd, text, used - 1) < 0)
				return 1;
			text[0] = text[used - 1];
			used = 1;
		}
	}
	return put_all(fd, text, used) < 0;
}
