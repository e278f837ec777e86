/* SPDX-License-Identifier: ISC */
#include "init/kernel/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"

static int fd_or_error(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int add(int set_fd, int fd, uint32_t events, int64_t number)
{
	struct epoll_event event = { .events = events };

	event.data.u64 = (uint64_t)number;
	return fd_or_error(epoll_ctl(set_fd, EPOLL_CTL_ADD, fd, &event));
}

int wait_open(void)
{
	return fd_or_error(epoll_create1(EPOLL_CLOEXEC));
}

int wait_add(int set_fd, int fd, int64_t number)
{
	return add(set_fd, fd, EPOLLIN, number);
}

int wait_add_changes(int set_fd, int fd, int64_t number)
{
	return add(set_fd, fd, EPOLLPRI | EPOLLET, number);
}

int wait_pipe_open(int set_fd, int64_t number, int *ret_fd, int *ret_peer_fd)
{
	int ends[2];
	int err;

	if (descriptors_pipe(ends, O_CLOEXEC) < 0)
		return -errno;
	err = fd_or_error(descriptors_control(ends[0], F_SETFL, O_NONBLOCK));
	if (err >= 0)
		err = wait_add(set_fd, ends[0], number);
	if (err < 0) {
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	*ret_fd = ends[0];
	*ret_peer_fd = ends[1];
	return 0;
}

int wait_pipe_read(int fd, char *ret_text, size_t size)
{
	return fd_or_error((int)read(fd, ret_text, size));
}

void wait_close(int set_fd, int fd)
{
	(void)epoll_ctl(set_fd, EPOLL_CTL_DEL, fd, NULL);
	close(fd);
}

int wait_any(int set_fd, int64_t ret_number[WAIT_MOST], int64_t sleep_ms)
{
	struct epoll_event event[WAIT_MOST];
	int n;

	if (sleep_ms > INT_MAX)
		sleep_ms = INT_MAX;
	n = epoll_wait(set_fd, event, WAIT_MOST,
		       sleep_ms < 0 ? -1 : (int)sleep_ms);
	for (int k = 0; k < n; k++)
		ret_number[k] = (int64_t)event[k].data.u64;
	return n < 0 ? 0 : n;
}

int wait_wake_open(void)
{
	return fd_or_error(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

bool wait_wake(int fd)
{
	const uint64_t one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one);
}

bool wait_wake_take(int fd)
{
	uint64_t counted;

	return read(fd, &counted, sizeof(counted)) > 0;
}

int wait_clock_open(void)
{
	/* A time that does not come: only that the clock is set matters. */
	const struct itimerspec far = { .it_value.tv_sec = (time_t)1 << 33 };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 &&
	    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			    &far, NULL) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void wait_clock_take(int fd)
{
	uint64_t ignored;

	/* ECANCELED: the clock was set. The timer stays armed. */
	(void)!read(fd, &ignored, sizeof(ignored));
}

bool wait_is_at_end(int fd)
{
	char nothing;

	return read(fd, &nothing, 1) >= 0;
}
