/* SPDX-License-Identifier: ISC */
/* Clients that are many, slow, hostile or not allowed, and where they come
 * in. */
#include "control_fixture.h"

#include <sched.h>

#include "init/control/listen.h"
#include "init/kernel/clock.h"

static void helper_ends_at_sigterm_and_with_dashpot(void **state)
{
	int status;

	start();
	ask("version");
	kill(stage.pid, SIGTERM);
	status = fixture_reap(stage.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	start();
	ask("version");
	board_head_begin(stage.f->boards.board);
	stage.f->boards.board->phase = BOARD_EXITING;
	board_head_end(stage.f->boards.board);
	publish();
	status = fixture_reap(stage.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	stage.pid = 0;
}

static void successor_serves_who_came_meanwhile(void **state)
{
	int fds[20];

	start();
	ask("version");
	fixture_kill(stage.pid);
	for (int k = 0; k < 20; k++) {
		fds[k] = dial();
		say(fds[k], "version\n");
	}
	start();
	for (int k = 0; k < 20; k++) {
		hear_lines(fds[k], 0);
		assert_has("\"protocol\":1}");
		close(fds[k]);
	}
}

static void two_hundred_at_once_are_all_served(void **state)
{
	int fds[200];

	start();
	run_all();
	for (int k = 0; k < 200; k++) {
		fds[k] = dial();
		say(fds[k], "status\n");
	}
	for (int k = 0; k < 200; k++) {
		hear_lines(fds[k], 0);
		assert_ends("}}\n");
		close(fds[k]);
	}
}

static void too_long_a_request_is_refused(void **state)
{
	static char much[1 << 16];
	ssize_t sent = 0, n = 1;
	int fd;

	memset(much, 'a', sizeof(much));
	start();
	fd = dial();
	while (n > 0 && sent < 10 << 20) {
		n = send(fd, much, sizeof(much), MSG_NOSIGNAL);
		sent += n > 0 ? n : 0;
	}
	assert_true(sent < 10 << 20); /* it was not taken to the end */
	hear_lines(fd, 0);
	assert_has("\"code\":\"usage\"");
	close(fd);
}

static void silent_clients_make_room_for_others(void **state)
{
	int silent[CLIENT_LOCAL + 20];
	int64_t began_ms;

	start();
	for (int k = 0; k < CLIENT_LOCAL + 20; k++)
		silent[k] = dial();
	began_ms = clock_mono_ms();
	ask("health");
	assert_has("\"healthy\"");
	assert_true(clock_mono_ms() - began_ms < CLIENT_ASK_MS);
	for (int k = 0; k < CLIENT_LOCAL + 20; k++)
		close(silent[k]);
}

/* 300 connections that begin a request and send no more, all at once. */
static void slow_crowd_does_not_delay_a_page(void **state)
{
	enum { CROWD = 300, MOST_MS = 2000 }; /* it was 4.5 s */
	int slow[CROWD], fd;
	int64_t began_ms;

	start();
	close(dial_http());
	began_ms = clock_mono_ms();
	for (int k = 0; k < CROWD; k++) {
		slow[k] = dial_http();
		say(slow[k], k % 2 == 0 ? "GET /livez HTTP/1.1\r\nHost" : "G");
	}
	fd = dial_http();
	say(fd, "GET /livez HTTP/1.1\r\n\r\n");
	hear_lines(fd, 0);
	assert_has("HTTP/1.1 200 ");
	assert_true(clock_mono_ms() - began_ms < MOST_MS);
	/* Who sends the rest while there is room is answered as ever. */
	close(fd);
	for (int k = 0; k < CROWD; k++)
		close(slow[k]);
	fd = dial_http();
	say(fd, "GET /livez HTTP/1.1\r\n");
	fixture_sleep(10 * CLIENT_CROWD_ASK_MS);
	say(fd, "\r\n");
	hear_lines(fd, 0);
	assert_has("HTTP/1.1 200 ");
	close(fd);
}

static void client_that_never_reads_is_dropped(void **state)
{
	const int small = 1;
	int fd, other[CLIENT_LOCAL];
	struct pollfd gone;

	start();
	run_all();
	for (int i = 0; i < BOARD_EVENTS; i++)
		board_event(stage.f->boards.board, BOARD_EV_STABLE, 0, 1, 1,
			    NULL);
	fd = dial();
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(fd, "events\n");
	ask("version"); /* nobody waits for it */
	for (int k = 0; k < CLIENT_LOCAL - 1; k++) {
		other[k] = dial();
		say(other[k], "wait timeout=60000 web\n");
	}
	for (int k = 0; k < CLIENT_LOCAL - 1; k++)
		close(other[k]);
	gone = (struct pollfd){ .fd = fd };
	assert_int_equal(poll(&gone, 1, 2 * CLIENT_READ_MS), 1);
	assert_true(gone.revents & POLLHUP);
	close(fd);
}

static void follower_that_never_reads_is_dropped(void **state)
{
	struct pollfd gone;
	int fd;

	start();
	run_all();
	fd = dial();
	say(fd, "events follow\n");
	ask("version");
	gone = (struct pollfd){ .fd = fd };
	for (int k = 0; k < 1000 && poll(&gone, 1, 0) == 0; k++) {
		for (int i = 0; i < 200; i++)
			board_event(stage.f->boards.board, BOARD_EV_STABLE, 0,
				    1, 1, NULL);
		publish();
		fixture_sleep(5);
	}
	assert_true(gone.revents & POLLHUP);
	close(fd);
}

static void others_may_ask_but_not_command(void **state)
{
	int status;
	pid_t pid;

	if (getuid() != 0)
		skip();
	stage.f->config->control_mode = 0666;
	start();
	run_all();
	ask("version");
	chmod(stage.f->directory, 0755);
	pid = fork();
	if (pid == 0) {
		bool is_right;

		if (setuid(65534) < 0)
			_exit(9);
		is_right = strstr(ask("health"), "\"healthy\"") != NULL &&
			   strstr(ask("stop id=00000000000000b1 web"),
				  "\"forbidden\"") != NULL;
		_exit(is_right ? 0 : 1);
	}
	status = fixture_reap(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void socket_has_its_mode_and_owner(void **state)
{
	struct stat st;

	if (getuid() != 0)
		skip();
	stage.f->config->control_mode = 0640;
	stage.f->config->has_control_owner = true;
	stage.f->config->control_uid = 1234;
	stage.f->config->control_gid = 5678;
	start();
	ask("version");
	assert_int_equal(lstat(stage.at.sun_path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0640);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 5678);
}

/* PID 1 is told that a place cannot be used. */
static void assert_trouble(enum listen_place what, int err)
{
	const struct board_news *news = stage.f->boards.control;
	struct news_item item;

	stage.troubles++;
	FIXTURE_WAIT(atomic_load(&news->count) == stage.troubles);
	assert_true(news_read(news, stage.troubles, &item));
	assert_int_equal(item.kind, BOARD_EV_CONTROL_TROUBLE);
	assert_int_equal(item.service, -1);
	assert_int_equal(item.n[0], what == LISTEN_TCP);
	assert_int_equal(item.n[1], err);
	assert_int_equal(item.n[4], what == LISTEN_OWNER);
}

/* What a service puts in the place of the socket, as a shell has it. */
static void owner_is_given_to_nothing_but_the_socket(void **state)
{
	static const char *const ways[] = {
		"echo x >%s", "ln -s /dev/null %s",
		"python3 -c 'import socket,sys\n"
		"s=socket.socket(1)\ns.bind(sys.argv[1])\ns.listen(1)\n"
		"import os,time\nif os.fork()==0: os.setsid(); os.close(1); "
		"os.close(2); time.sleep(5)' %s",
	};
	struct stat st;

	if (getuid() != 0)
		skip();
	stage.f->config->has_control_owner = true;
	stage.f->config->control_uid = 1234;
	stage.f->config->control_gid = UINT32_MAX;
	start();
	ask("version");
	/* A successor finds it done. */
	fixture_kill(stage.pid);
	start();
	ask("version");
	for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
		fixture_kill(stage.pid);
		unlink(stage.at.sun_path);
		fixture_system(ways[k], stage.at.sun_path);
		start();
		assert_trouble(LISTEN_OWNER, EEXIST);
		assert_int_equal(lstat(stage.at.sun_path, &st), 0);
		assert_int_equal(st.st_uid, 0);
	}
}

/* A connection to the abstract name of the helper, by user uid and group gid;
 * true when what it asks is answered with a text that has `word`. */
static bool is_told_near(uid_t uid, gid_t gid, const char *request,
			 const char *word)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(at);
	int status;
	pid_t pid;

	ask("version"); /* it is bound then */
	assert_int_equal(getsockname(stage.job.near_fd,
				     (struct sockaddr *)&at, &size), 0);
	pid = fork();
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (setgid(gid) < 0 || setuid(uid) < 0 ||
		    connect(fd, (struct sockaddr *)&at, size) < 0)
			_exit(9);
		say(fd, request);
		hear_lines(fd, 0);
		_exit(strstr(stage.answer, word) != NULL ? 0 : 1);
	}
	status = fixture_reap(pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void abstract_name_lets_in_whom_the_file_does(void **state)
{
	static const char stop[] = "stop id=00000000000000b1 web\n";
	struct config *c = stage.f->config;
	static const struct {
		uint16_t mode;
		bool has_owner;
		uid_t uid;
		gid_t gid;
		bool may_ask;
	} rows[] = {
		{ 0, false, 0, 0, true },
		{ 0, false, 65534, 65534, false },
		{ 0666, false, 65534, 65534, true },
		{ 0660, false, 65534, 65534, false },
		{ 0660, false, 65534, 0, true },
		{ 0, true, 1234, 1, true },
		{ 0, true, 1235, 5678, false },
		{ 0620, true, 1235, 5678, true },
		{ 0440, true, 1234, 5678, false },
		{ 0602, true, 1235, 5678, false },
		{ 0602, true, 1235, 1, true },
	};

	/* A name that no other test has. */
	if (unshare(CLONE_NEWNS) < 0)
		skip();
	stage.job.near_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);
	c->control_uid = 1234;
	c->control_gid = 5678;
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		c->control_mode = rows[k].mode;
		c->has_control_owner = rows[k].has_owner;
		start();
		run_all();
		assert_true(is_told_near(rows[k].uid, rows[k].gid, "health\n",
					 rows[k].may_ask ? "\"healthy\"" :
							   "\"forbidden\""));
		assert_true(rows[k].uid == 0 ||
			    is_told_near(rows[k].uid, rows[k].gid, stop,
					 "\"forbidden\""));
		fixture_kill(stage.pid);
	}
	stage.pid = 0;
}

static void stale_socket_is_replaced(void **state)
{
	int old = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(old, (struct sockaddr *)&stage.at,
			      sizeof(stage.at)), 0);
	close(old);
	start();
	ask("version");
	assert_has("\"protocol\":1}");
}

static void socket_or_file_of_another_is_left_alone(void **state)
{
	int old = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *text;

	assert_int_equal(bind(old, (struct sockaddr *)&stage.at,
			      sizeof(stage.at)), 0);
	assert_int_equal(listen(old, 1), 0);
	start();
	assert_trouble(LISTEN_CONTROL, EADDRINUSE);
	fixture_kill(stage.pid);
	close(old);
	unlink(stage.at.sun_path);
	fixture_system("echo mine >%s", stage.at.sun_path);
	start();
	assert_trouble(LISTEN_CONTROL, EADDRINUSE);
	text = fixture_read(stage.f->directory, "ctl.sock");
	assert_string_equal(text, "mine\n");
	free(text);
}

static void address_that_is_taken_is_told(void **state)
{
	char text[64];

	snprintf(text, sizeof(text), "192.0.2.1:%d", stage.port);
	stage.f->config->listen = fixture_text(stage.f, text);
	start();
	assert_trouble(LISTEN_TCP, EADDRNOTAVAIL);
	ask("version");
	assert_has("\"protocol\":1}");
}

/* How often the helper slept and woke up (proc(5), status). */
static long wakeups(void)
{
	char path[64], line[256];
	long n = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)stage.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
			break;
	fclose(file);
	assert_true(n >= 0);
	return n;
}

static void nobody_connected_means_no_wakeups(void **state)
{
	long before;

	start();
	run_all();
	ask("status");
	fixture_sleep(100);
	before = wakeups();
	fixture_sleep(1000);
	assert_int_equal(wakeups(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(helper_ends_at_sigterm_and_with_dashpot),
		CASE(successor_serves_who_came_meanwhile),
		CASE(two_hundred_at_once_are_all_served),
		CASE(too_long_a_request_is_refused),
		CASE(silent_clients_make_room_for_others),
		CASE(slow_crowd_does_not_delay_a_page),
		CASE(client_that_never_reads_is_dropped),
		CASE(follower_that_never_reads_is_dropped),
		CASE(others_may_ask_but_not_command),
		CASE(socket_has_its_mode_and_owner),
		CASE(owner_is_given_to_nothing_but_the_socket),
		CASE(abstract_name_lets_in_whom_the_file_does),
		CASE(stale_socket_is_replaced),
		CASE(socket_or_file_of_another_is_left_alone),
		CASE(address_that_is_taken_is_told),
		CASE(nobody_connected_means_no_wakeups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
