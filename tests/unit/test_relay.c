/* SPDX-License-Identifier: ISC */
/* init/relay/relay, helper and inspector, each as a process of its own. */
#include "board_fixture.h"

#include <poll.h>
#include <sys/prctl.h>

#include "cJSON.h"

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

/* Stands for /dev/termination-log, which nothing else may open. */
static char termination_log[128];

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strcmp(path, "/dev/termination-log") == 0)
		path = termination_log;
	return __real_open(path, flags, mode);
}

/* A relay and the reading end of its stderr. */
struct relay {
	pid_t pid;
	int out, in;
	char text[1 << 20];
	size_t used;
};

static struct relay relay;

static void start_relay(struct fixture *f)
{
	int ends[2];

	snprintf(termination_log, sizeof(termination_log), "%s/log",
		 f->directory);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	relay.out = ends[0];
	relay.in = ends[1];
	relay.used = 0;
	relay.pid = fixture_fork(f, BOARD_RELAY, relay.in);
}

/* What the relay has printed by now. */
static const char *printed(void)
{
	ssize_t n;

	while ((n = read(relay.out, relay.text + relay.used,
			 sizeof(relay.text) - 1 - relay.used)) > 0)
		relay.used += (size_t)n;
	relay.text[relay.used] = '\0';
	return relay.text;
}

static void end_relay(void)
{
	close(relay.out);
	close(relay.in);
}

static void tell(struct fixture *f, enum board_event_kind kind, int service,
		 int64_t first)
{
	const int64_t n[8] = { first };

	board_event(f->boards.board, kind, service, clock_mono_ms(),
		    clock_wall_ms(), n);
}

static void events_are_printed_in_order(void **state)
{
	struct fixture *f = *state;

	tell(f, BOARD_EV_DONE, 0, 0);
	start_relay(f);
	FIXTURE_WAIT(strcmp(printed(), "dashpot: web: done\n") == 0);
	tell(f, BOARD_EV_STOPPED, 1, 0);
	tell(f, BOARD_EV_WAIT_OVER, 2, 1500);
	fixture_publish(f);
	FIXTURE_WAIT(strcmp(printed(),
			    "dashpot: web: done\n"
			    "dashpot: db: stopped\n"
			    "dashpot: job: there is room for its process again "
			    "after 1.5 s\n") == 0);
	assert_int_equal(atomic_load(&f->boards.relay->printed), 3);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	end_relay();
}

static void events_above_the_level_are_not_printed(void **state)
{
	struct fixture *f = *state;

	f->config->log_level = CONFIG_WARNING;
	tell(f, BOARD_EV_DONE, 0, 0);
	tell(f, BOARD_EV_FAILED, 1, 0);
	start_relay(f);
	FIXTURE_WAIT(strchr(printed(), '\n') != NULL);
	assert_non_null(strstr(printed(), "dashpot: db: failed"));
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	assert_null(strstr(printed(), "done"));
	assert_int_equal(atomic_load(&f->boards.relay->printed), 2);
	end_relay();
}

static void json_lines_are_whole_objects(void **state)
{
	struct fixture *f = *state;
	cJSON *o;

	f->config->log_format = CONFIG_JSON_LINES;
	tell(f, BOARD_EV_WAIT_OVER, 0, 15);
	start_relay(f);
	FIXTURE_WAIT(strchr(printed(), '\n') != NULL);
	o = cJSON_Parse(printed());
	assert_non_null(o);
	assert_int_equal(cJSON_GetObjectItem(o, "waited_ms")->valueint, 15);
	cJSON_Delete(o);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	end_relay();
}

static void restarted_relay_goes_on_where_the_last_one_was(void **state)
{
	struct fixture *f = *state;

	tell(f, BOARD_EV_DONE, 0, 0);
	start_relay(f);
	FIXTURE_WAIT(atomic_load(&f->boards.relay->printed) == 1);
	fixture_kill(relay.pid);
	end_relay();
	tell(f, BOARD_EV_STOPPED, 1, 0);
	start_relay(f);
	FIXTURE_WAIT(strcmp(printed(), "dashpot: db: stopped\n") == 0);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	assert_string_equal(printed(), "dashpot: db: stopped\n");
	end_relay();
}

static void overwritten_events_are_counted_in_one_line(void **state)
{
	static const char first[] =
		"dashpot: 100 messages lost: stderr was not read fast enough\n"
		"dashpot: web: there is room for its process again after 100 "
		"ms\n";
	struct fixture *f = *state;
	const char *text;

	for (int i = 0; i < BOARD_EVENTS + 100; i++)
		tell(f, BOARD_EV_WAIT_OVER, 0, i % 1000);
	start_relay(f);
	FIXTURE_WAIT((printed(), atomic_load(&f->boards.relay->printed)) ==
		     BOARD_EVENTS + 100);
	text = printed();
	assert_memory_equal(text, first, sizeof(first) - 1);
	assert_null(strstr(text + 40, "lost"));
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	end_relay();
}

static void stalled_stderr_loses_nothing_that_the_ring_holds(void **state)
{
	struct fixture *f = *state;
	unsigned lines = 0;

	start_relay(f);
	for (int i = 0; i < BOARD_EVENTS; i++)
		tell(f, BOARD_EV_ALL_BLOCKED, -1, i);
	fixture_publish(f); /* fills the pipe and stalls */
	fixture_sleep(100);
	assert_int_equal(waitpid(relay.pid, NULL, WNOHANG), 0);
	assert_true(atomic_load(&f->boards.relay->printed) < BOARD_EVENTS);
	FIXTURE_WAIT((printed(), atomic_load(&f->boards.relay->printed)) ==
		     BOARD_EVENTS);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	for (const char *at = printed(); (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, BOARD_EVENTS);
	end_relay();
}

static void closed_stderr_does_not_end_the_relay(void **state)
{
	struct fixture *f = *state;

	start_relay(f);
	close(relay.out);
	close(relay.in); /* EPIPE from now on; SIGPIPE is blocked */
	relay.out = relay.in = -1;
	tell(f, BOARD_EV_DONE, 0, 0);
	tell(f, BOARD_EV_STOPPED, 0, 0);
	fixture_publish(f);
	FIXTURE_WAIT(atomic_load(&f->boards.relay->printed) == 2);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
}

static void make_termination_log(void)
{
	int fd = __real_open(termination_log, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "old, and longer than the new one: it is "
				   "to be replaced by the sentence", 70), 70);
	close(fd);
}

static void last_words_go_to_the_termination_log(void **state)
{
	struct fixture *f = *state;
	char *log;

	start_relay(f);
	make_termination_log();
	tell(f, BOARD_EV_EXIT, 0, 3);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	log = fixture_read(f->directory, "log");
	assert_non_null(log);
	assert_string_equal(log, "dashpot: web: dashpot exits with code 3\n");
	assert_string_equal(printed(), log);
	free(log);
	end_relay();
}

/* PID 1 appends them before it says EXITING, and the relay may look between
 * the two. */
static void last_words_wait_for_the_end(void **state)
{
	struct fixture *f = *state;
	char *log;

	start_relay(f);
	make_termination_log();
	tell(f, BOARD_EV_ALL_BLOCKED, -1, 1);
	tell(f, BOARD_EV_EXIT, 0, 3);
	fixture_publish(f);
	FIXTURE_WAIT(atomic_load(&f->boards.relay->printed) > 0 &&
		     atomic_load(&f->boards.relay->drained) == 2);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	log = fixture_read(f->directory, "log");
	assert_non_null(log);
	assert_string_equal(log, "dashpot: web: dashpot exits with code 3\n");
	assert_string_equal(strstr(printed(), "dashpot: web: "), log);
	free(log);
	end_relay();
}

static void last_words_do_not_wait_for_a_stalled_stderr(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	start_relay(f);
	make_termination_log();
	for (int i = 0; i < BOARD_EVENTS - 10; i++)
		tell(f, BOARD_EV_ALL_BLOCKED, -1, i);
	fixture_publish(f);
	fixture_sleep(100); /* the pipe is full by now, and stays full */
	tell(f, BOARD_EV_EXIT, 0, 3);
	board_head_begin(f->boards.board);
	f->boards.board->phase = BOARD_EXITING;
	board_head_end(f->boards.board);
	fixture_publish(f);
	FIXTURE_WAIT(stat(termination_log, &st) == 0 && st.st_size == 40);
	fixture_kill(relay.pid);
	end_relay();
}

static void termination_log_is_never_created(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	start_relay(f);
	tell(f, BOARD_EV_EXIT, 0, 0);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	assert_int_equal(stat(termination_log, &st), -1);
	end_relay();
}

static void termination_log_that_is_a_fifo_is_left_alone(void **state)
{
	struct fixture *f = *state;
	int fd;
	char c;

	start_relay(f);
	assert_int_equal(mkfifo(termination_log, 0600), 0);
	fd = __real_open(termination_log, O_RDONLY | O_NONBLOCK);
	tell(f, BOARD_EV_EXIT, 0, 0);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
	end_relay();
}

/* The number behind a key in /proc/PID/status, by base. */
static unsigned long long status_of(pid_t pid, const char *key, int base)
{
	char directory[32];
	unsigned long long value;
	char *text, *at;

	snprintf(directory, sizeof(directory), "/proc/%d", (int)pid);
	text = fixture_read(directory, "status");
	assert_non_null(text);
	at = strstr(text, key);
	assert_non_null(at);
	value = strtoull(at + strlen(key), NULL, base);
	free(text);
	return value;
}

static unsigned count_descriptors(pid_t pid)
{
	char path[64];
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++) {
		char target[8];

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		n += readlink(path, target, sizeof(target)) > 0;
	}
	return n;
}

static void relay_keeps_no_privilege_and_no_foreign_descriptor(void **state)
{
	struct fixture *f = *state;
	int extra = __real_open("/dev/null", O_RDONLY);

	tell(f, BOARD_EV_DONE, 0, 0);
	start_relay(f);
	FIXTURE_WAIT(strchr(printed(), '\n') != NULL);
	assert_int_equal(status_of(relay.pid, "CapPrm:", 16), 0);
	assert_int_equal(status_of(relay.pid, "CapEff:", 16), 0);
	assert_int_equal(status_of(relay.pid, "NoNewPrivs:", 10), 1);
	assert_int_equal(status_of(relay.pid, "Umask:", 8), 027);
	/* /dev/null, stdout, stderr, wake, notify, epoll, SIGTERM */
	assert_int_equal(count_descriptors(relay.pid), 7);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	close(extra);
	end_relay();
}

static void idle_relay_does_not_wake_up(void **state)
{
	struct fixture *f = *state;
	unsigned long long before;

	tell(f, BOARD_EV_DONE, 0, 0);
	start_relay(f);
	FIXTURE_WAIT(strchr(printed(), '\n') != NULL);
	fixture_sleep(50);
	before = status_of(relay.pid, "\nvoluntary_ctxt_switches:", 10);
	fixture_sleep(300);
	assert_int_equal(status_of(relay.pid, "\nvoluntary_ctxt_switches:",
				   10),
			 before);
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	end_relay();
}

/* True when /proc/PID/NAME is this text, and a newline or NULs. */
static bool proc_says(pid_t pid, const char *name, const char *text)
{
	char directory[32];
	char *found;
	bool is_same;

	snprintf(directory, sizeof(directory), "/proc/%d", (int)pid);
	found = fixture_read(directory, name);
	if (found == NULL)
		return false;
	found[strcspn(found, "\n")] = '\0';
	is_same = strcmp(found, text) == 0;
	free(found);
	return is_same;
}

static void helper_shows_its_name(void **state)
{
	struct fixture *f = *state;

	start_relay(f);
	FIXTURE_WAIT(proc_says(relay.pid, "cmdline", "dashpot: relay"));
	assert_true(proc_says(relay.pid, "comm", "dashpot: relay"));
	assert_int_equal(fixture_finish(f, relay.pid), 0);
	end_relay();
	assert_false(proc_says(getpid(), "cmdline", "dashpot: relay"));
}

static void helper_dies_with_its_parent(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	pid_t parent, helper = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		f->boards.board->pid = getpid();
		helper = fixture_fork(f, BOARD_RELAY, -1);
		if (write(ends[1], &helper, sizeof(helper)) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ends[0], &helper, sizeof(helper)),
			 sizeof(helper));
	FIXTURE_WAIT(proc_says(helper, "comm", "dashpot: relay"));
	fixture_kill(parent);
	assert_true(WIFSIGNALED(fixture_reap(helper)));
	close(ends[0]);
	close(ends[1]);
}

static void helper_of_another_parent_does_not_run(void **state)
{
	struct fixture *f = *state;

	f->boards.board->pid = getpid() + 1;
	start_relay(f);
	assert_int_equal(WEXITSTATUS(fixture_reap(relay.pid)), 111);
	end_relay();
}

static void inspector_finds_executables_as_a_start_would(void **state)
{
	struct fixture *f = *state;
	struct stat sh, mine;
	pid_t pid;

	fixture_system("printf x >%s/mine; chmod 755 %s/mine", f->directory,
		       f->directory);
	fixture_service(f, 1)->argv.at = fixture_text(f, "./mine");
	fixture_service(f, 1)->directory = fixture_text(f, f->directory);
	fixture_service(f, 2)->argv.at = fixture_text(f, "no-such-command");
	pid = fixture_fork(f, BOARD_INSPECTOR, -1);
	assert_int_equal(WEXITSTATUS(fixture_reap(pid)), 0);
	assert_int_equal(stat("/usr/bin/sh", &sh), 0);
	assert_int_equal(atomic_load(&f->boards.exe->service[0].is_known), 1);
	assert_int_equal(f->boards.exe->service[0].size, sh.st_size);
	assert_int_equal(f->boards.exe->service[0].mtime_ns,
			 sh.st_mtim.tv_sec * 1000000000 + sh.st_mtim.tv_nsec);
	snprintf(termination_log, sizeof(termination_log), "%s/mine",
		 f->directory);
	assert_int_equal(stat(termination_log, &mine), 0);
	assert_int_equal(f->boards.exe->service[1].size, mine.st_size);
	assert_int_equal(atomic_load(&f->boards.exe->service[2].is_known), 0);
}

static void inspector_takes_no_directory_for_an_executable(void **state)
{
	struct fixture *f = *state;
	pid_t pid;

	fixture_system("mkdir %s/sh", f->directory);
	fixture_service(f, 0)->directory = fixture_text(f, f->directory);
	fixture_service(f, 0)->path = fixture_text(f, ":.");
	fixture_service(f, 1)->argv.at = fixture_text(f, f->directory);
	pid = fixture_fork(f, BOARD_INSPECTOR, -1);
	assert_int_equal(WEXITSTATUS(fixture_reap(pid)), 0);
	assert_int_equal(atomic_load(&f->boards.exe->service[0].is_known), 0);
	assert_int_equal(atomic_load(&f->boards.exe->service[1].is_known), 0);
	assert_int_equal(atomic_load(&f->boards.exe->service[2].is_known), 1);
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARDS(events_are_printed_in_order),
		WITH_BOARDS(events_above_the_level_are_not_printed),
		WITH_BOARDS(json_lines_are_whole_objects),
		WITH_BOARDS(restarted_relay_goes_on_where_the_last_one_was),
		WITH_BOARDS(overwritten_events_are_counted_in_one_line),
		WITH_BOARDS(stalled_stderr_loses_nothing_that_the_ring_holds),
		WITH_BOARDS(closed_stderr_does_not_end_the_relay),
		WITH_BOARDS(last_words_go_to_the_termination_log),
		WITH_BOARDS(last_words_wait_for_the_end),
		WITH_BOARDS(last_words_do_not_wait_for_a_stalled_stderr),
		WITH_BOARDS(termination_log_is_never_created),
		WITH_BOARDS(termination_log_that_is_a_fifo_is_left_alone),
		WITH_BOARDS(relay_keeps_no_privilege_and_no_foreign_descriptor),
		WITH_BOARDS(idle_relay_does_not_wake_up),
		WITH_BOARDS(helper_shows_its_name),
		WITH_BOARDS(helper_dies_with_its_parent),
		WITH_BOARDS(helper_of_another_parent_does_not_run),
		WITH_BOARDS(inspector_finds_executables_as_a_start_would),
		WITH_BOARDS(inspector_takes_no_directory_for_an_executable),
	};

	(void)argc;
	fixture_argv = argv;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
