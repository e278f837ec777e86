/* SPDX-License-Identifier: ISC */
/* A socket for each datagram: there are two of them in a container's life. */
#include "init/control/notify_manager.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/control/loop.h"
#include "init/lib/unix_address.h"

/* Send one datagram to the socket at this path ("@" before an abstract name);
 * true when it is taken. */
static bool is_sent(const char *path, const char *text)
{
	struct sockaddr_un to;
	const socklen_t size = unix_address(&to, path);
	bool is_taken;
	int fd;

	if (size == 0 || (path[0] != '/' && path[0] != '@'))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_taken = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
			  (const struct sockaddr *)&to, size) >= 0;
	close(fd);
	return is_taken;
}

void notify_manager(struct control *ctl)
{
	const char *path = ctl->job->notify_path;
	enum board_phase phase = helper_phase(ctl->job);
	struct watch all = { .kind = REQUEST_WAIT };

	if (path == NULL)
		return;
	if (!ctl->is_ready_told && phase == BOARD_UP) {
		dispatch_default(ctl->job->config, true, &all.asked);
		ctl->is_ready_told =
			commands_outcome(ctl, &all) == OUTCOME_DONE &&
			is_sent(path, "READY=1\nSTATUS=All services are "
				"ready.");
	}
	if (!ctl->is_stopping_told && phase >= BOARD_STOPPING_ALL)
		ctl->is_stopping_told = is_sent(path, "STOPPING=1");
}
