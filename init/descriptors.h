/* SPDX-License-Identifier: ISC */
/* The descriptors that the program begins with: 0 to 2 are there, and what
 * else is inherited goes to nobody. */
#ifndef INIT_DESCRIPTORS_H
#define INIT_DESCRIPTORS_H

/* A descriptor that reads as empty: /dev/null, or where there is none a pipe
 * that nobody writes to. flags as open(2). -errno when there is room for none. */
int descriptors_empty(int flags);

/* Take what is free of 0 to 2, or a descriptor of ours would become somebody's
 * standard output. Ends the process with 111 where that cannot be done. */
void descriptors_fill_standard(void);

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* Close first .. last: now, or with CLOSE_RANGE_CLOEXEC in whatever is executed
 * from here on. */
void descriptors_range(unsigned first, unsigned last, unsigned flags);

#endif
