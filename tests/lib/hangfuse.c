/* SPDX-License-Identifier: ISC */
/* hangfuse DIR COMMAND...: mount a file system on DIR that never answers, in
 * this mount namespace, and execute COMMAND without a fork.
 *
 * A child of hangfuse serves the file system: it answers the requests of a
 * mount and reads every other request without an answer, so that the process
 * that asked sleeps uninterruptibly, SIGKILL or not, until that child ends. The
 * child ignores all signals except SIGKILL. Source: fuse(4), linux/fuse.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

static char request[1 << 18];

static void answer(int fd, const struct fuse_in_header *to, const void *body,
		   size_t size)
{
	struct {
		struct fuse_out_header head;
		char body[256];
	} out = { { (uint32_t)(sizeof(out.head) + size), 0, to->unique }, "" };

	memcpy(out.body, body, size);
	if (write(fd, &out, out.head.len) < 0)
		perror("hangfuse: write");
}

static void serve(int fd, int ready)
{
	const struct fuse_in_header *head = (const void *)request;
	const struct fuse_init_out init = { .major = 7, .minor = 31,
					    .max_write = 65536 };
	struct fuse_attr_out root = { .attr_valid = 3600 };

	root.attr.ino = 1;
	root.attr.mode = 040777;
	root.attr.nlink = 2;
	for (;;) {
		if (read(fd, request, sizeof(request)) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			_exit(0);
		}
		if (head->opcode == FUSE_INIT) {
			answer(fd, head, &init, sizeof(init));
			close(ready);
		} else if (head->opcode == FUSE_GETATTR && head->nodeid == 1) {
			answer(fd, head, &root, sizeof(root));
		}
	}
}

int main(int argc, char **argv)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), ready[2];
	char options[128], nothing;

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (argc < 3 || pipe2(ready, O_CLOEXEC) < 0 ||
	    mount("hang", argv[1], "fuse.hang", MS_NOSUID | MS_NODEV,
		  options) < 0) {
		perror("hangfuse");
		return 111;
	}
	if (fork() == 0) {
		for (int i = 1; i < 65; i++)
			signal(i, SIG_IGN);
		prctl(PR_SET_NAME, "hangfuse");
		setsid();
		close(ready[0]);
		serve(fd, ready[1]);
	}
	close(fd);
	close(ready[1]);
	if (read(ready[0], &nothing, 1) < 0)
		perror("hangfuse: read");
	close(ready[0]);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 111;
}
