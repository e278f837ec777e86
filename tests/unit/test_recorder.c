/* SPDX-License-Identifier: ISC */
/* init/recorder/recorder and volume: a directory that is missing, read-only,
 * full, removed, replaced or shared, and a recorder that is killed. */
#include "json_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "policy/breaker.h"

static pid_t recorder;

/* Start a recorder and wait until PID 1 would go on. */
static void start(struct fixture *f)
{
	recorder = fixture_fork(f, BOARD_RECORDER, -1);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->is_done));
}

static unsigned trouble(const struct fixture *f)
{
	return atomic_load(&f->boards.restore->trouble);
}

/* A start in service 0, published; waits until it is on the volume. */
static void change(struct fixture *f)
{
	struct board_service *row = &f->boards.board->service[0];
	uint64_t generation;

	board_row_begin(row);
	row->state = LIFE_RUNNING;
	row->starts++;
	row->started_ms = row->since_ms = clock_mono_ms();
	board_row_end(row);
	generation = fixture_publish(f);
	FIXTURE_WAIT(fixture_is_written(f, generation));
}

/* The number behind "key": in a file of the volume; -1 without it. */
static long long number_in(const char *directory, const char *name,
			   const char *key)
{
	char *text = fixture_read(directory, name);
	char quoted[64];
	const char *at;
	long long value = -1;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = text != NULL ? strstr(text, quoted) : NULL;
	if (at != NULL)
		value = atoll(at + strlen(quoted) + 1);
	free(text);
	return value;
}

static bool exists(const char *directory, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return lstat(path, &st) == 0;
}

static bool notified(const struct fixture *f)
{
	uint64_t n;

	return read(f->notify, &n, sizeof(n)) == sizeof(n);
}

static void both_files_follow_the_board(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[256];

	start(f);
	FIXTURE_WAIT(notified(f));
	assert_int_equal(f->boards.restore->container_starts, 1);
	change(f);
	change(f);
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 2);
	assert_int_equal(number_in(f->directory, "process-registry.json",
				   "starts"),
			 2);
	fixture_validate(f->directory);
	snprintf(path, sizeof(path), "%s/diagnostic.json", f->directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 3);
}

static void last_state_is_written_without_waiting(void **state)
{
	struct fixture *f = *state;
	int64_t begin_ms;

	start(f);
	change(f); /* the next write would be due in 200 ms */
	begin_ms = clock_mono_ms();
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_true(clock_mono_ms() - begin_ms < 180);
	assert_true(fixture_is_written(f, 2));
	assert_true(notified(f));
	assert_false(exists(f->directory, ".diagnostic.json.tmp"));
}

static void writes_are_debounced(void **state)
{
	struct fixture *f = *state;
	uint64_t seen = 0, writes = 0;
	int64_t end_ms;

	start(f);
	end_ms = clock_mono_ms() + 1000;
	while (clock_mono_ms() < end_ms) {
		uint64_t written = atomic_load(&f->boards.restore->written);

		writes += written != seen;
		seen = written;
		fixture_publish(f);
		fixture_sleep(1);
	}
	assert_in_range(writes, 2, 6);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

/* The lines of /proc/PID/status that count wake-ups; free() it. */
static char *wakeups(pid_t pid)
{
	char path[32];
	char *text, *at;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	text = fixture_read(path, "status");
	assert_non_null(text);
	at = strstr(text, "\nvoluntary_ctxt_switches");
	assert_non_null(at);
	memmove(text, at, strlen(at) + 1);
	return text;
}

static void idle_recorder_sleeps(void **state)
{
	struct fixture *f = *state;
	char *before, *after;

	start(f);
	change(f);
	fixture_sleep(300);
	before = wakeups(recorder);
	fixture_sleep(300);
	after = wakeups(recorder);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void unchanged_registry_is_not_written_again(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	char path[256];
	uint64_t generation;

	snprintf(path, sizeof(path), "%s/process-registry.json",
		 f->directory);
	start(f);
	change(f);
	assert_int_equal(stat(path, &before), 0);
	f->boards.board->reaped++;
	generation = fixture_publish(f);
	FIXTURE_WAIT(fixture_is_written(f, generation));
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void registry_waits_until_what_was_remembered_is_taken_up(void **state)
{
	struct fixture *f = *state;

	f->boards.board->phase = BOARD_STARTING;
	start(f);
	change(f);
	assert_true(exists(f->directory, "diagnostic.json"));
	assert_false(exists(f->directory, "process-registry.json"));
	board_head_begin(f->boards.board);
	f->boards.board->phase = BOARD_UP;
	board_head_end(f->boards.board);
	change(f);
	assert_true(exists(f->directory, "process-registry.json"));
	assert_int_equal(fixture_finish(f, recorder), 0);
}

/* As PID 1 of the next container: the boards are new. */
static void restart_container(struct fixture *f)
{
	struct boards old = f->boards;

	assert_int_equal(boards_create(&f->boards), 0);
	munmap(old.board, sizeof(*old.board));
	munmap(old.restore, sizeof(*old.restore));
	munmap(old.exe, sizeof(*old.exe));
	munmap(old.relay, old.lines_size);
	munmap(old.files, old.lines_size);
	close(old.board_fd);
	close(old.restore_fd);
	close(old.exe_fd);
	close(old.relay_fd);
	close(old.files_fd);
	for (int i = 0; i < BOARD_HELPERS; i++) {
		close(f->wake[i]);
		f->wake[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(f->wake[i] >= 0);
	}
	fixture_sleep(2); /* two containers do not begin in one millisecond */
	fixture_begin_board(f);
}

static void next_container_remembers(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[1];
	const struct board_restored *known;

	start(f);
	row->breaker = BREAKER_OPEN;
	row->state = LIFE_BLOCKED;
	row->trips = 2;
	row->until_ms = clock_mono_ms() + 10000;
	change(f);
	assert_int_equal(fixture_finish(f, recorder), 0);

	restart_container(f);
	start(f);
	known = f->boards.restore->service;
	assert_true(known[1].is_known);
	assert_int_equal(known[1].breaker, BREAKER_OPEN);
	assert_int_equal(known[1].trips, 2);
	assert_in_range(known[1].wait_ms, 1, 10000);
	assert_int_equal(known[1].fingerprint,
			 fixture_service(f, 1)->fingerprint);
	assert_int_equal(f->boards.restore->container_starts, 2);
	assert_false(f->boards.restore->is_bad);
	change(f);
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "starts_earlier"),
			 1);
	fixture_validate(f->directory);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void restarted_recorder_counts_nothing_twice(void **state)
{
	struct fixture *f = *state;

	start(f);
	change(f);
	fixture_kill(recorder);
	start(f);
	change(f);
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "starts_earlier"),
			 0);
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "recent_starts"),
			 1);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void broken_registry_is_set_aside(void **state)
{
	struct fixture *f = *state;

	fixture_system("printf '{\"schema\":1,' >%s/process-registry.json",
		       f->directory);
	start(f);
	assert_true(f->boards.restore->is_bad);
	assert_false(f->boards.restore->service[0].is_known);
	assert_true(exists(f->directory, "process-registry.json.bad"));
	change(f);
	fixture_system("grep -q '\"is_registry_bad\":.true' "
		       "%s/diagnostic.json", f->directory);
	fixture_system("rm %s/process-registry.json.bad", f->directory);
	fixture_validate(f->directory);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void registry_that_is_no_file_does_not_stop_it(void **state)
{
	struct fixture *f = *state;

	fixture_system("mkfifo %s/process-registry.json; "
		       "ln -s /etc/passwd %s/.diagnostic.json.tmp",
		       f->directory, f->directory);
	start(f);
	assert_true(f->boards.restore->is_bad);
	change(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void huge_registry_is_not_read(void **state)
{
	struct fixture *f = *state;

	fixture_system("truncate -s 1G %s/process-registry.json",
		       f->directory);
	start(f);
	assert_true(f->boards.restore->is_bad);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void stale_temporary_files_are_removed(void **state)
{
	struct fixture *f = *state;

	fixture_system("touch %s/.diagnostic.json.tmp "
		       "%s/.process-registry.json.tmp",
		       f->directory, f->directory);
	start(f);
	assert_false(exists(f->directory, ".diagnostic.json.tmp"));
	assert_false(exists(f->directory, ".process-registry.json.tmp"));
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void missing_directory_is_made(void **state)
{
	struct fixture *f = *state;
	char deep[96];
	struct stat st;

	snprintf(deep, sizeof(deep), "%s/a/b", f->directory);
	f->config->diagnostics = fixture_text(f, deep);
	start(f);
	change(f);
	assert_true(exists(deep, "diagnostic.json"));
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

/* The directory is a file until the caller removes it. */
static void use_a_file(struct fixture *f, char path[96])
{
	snprintf(path, 96, "%s/file", f->directory);
	fixture_system("touch %s", path);
	f->config->diagnostics = fixture_text(f, path);
}

static void directory_that_cannot_be_opened_is_retried(void **state)
{
	struct fixture *f = *state;
	uint64_t generation;
	char path[96];

	use_a_file(f, path);
	start(f);
	assert_int_equal(trouble(f), BOARD_VOLUME_OPEN);
	assert_int_equal(atomic_load(&f->boards.restore->trouble_err),
			 ENOTDIR);
	assert_false(f->boards.restore->is_bad);
	assert_int_equal(f->boards.restore->container_starts, 1);
	FIXTURE_WAIT(notified(f));
	fixture_sleep(50);
	notified(f);
	generation = fixture_publish(f);
	fixture_sleep(50);
	assert_false(notified(f)); /* said once */
	fixture_system("rm %s", path);
	FIXTURE_WAIT(fixture_is_written(f, generation));
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_WELL);
	FIXTURE_WAIT(notified(f));
	assert_true(exists(path, "diagnostic.json"));
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void default_directory_is_left_alone_until_news_come(void **state)
{
	struct fixture *f = *state;
	char *before, *after;
	char path[96];

	f->config->is_diagnostics_written = false;
	use_a_file(f, path);
	start(f);
	fixture_publish(f);
	fixture_sleep(50);
	before = wakeups(recorder);
	fixture_sleep(1300);
	after = wakeups(recorder);
	assert_string_equal(before, after);
	free(before);
	free(after);
	fixture_system("rm %s", path);
	change(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void exit_does_not_wait_for_a_directory_in_trouble(void **state)
{
	struct fixture *f = *state;
	int64_t begin_ms;
	char path[96];

	use_a_file(f, path);
	start(f);
	begin_ms = clock_mono_ms();
	assert_int_equal(fixture_finish(f, recorder), 1);
	assert_true(clock_mono_ms() - begin_ms < 300);
}

/* PID 1 loses the CPU while it changes the head, which already says that it
 * exits. */
static void last_state_waits_for_a_head_that_is_torn(void **state)
{
	struct fixture *f = *state;

	start(f);
	change(f);
	board_head_begin(f->boards.board);
	f->boards.board->phase = BOARD_EXITING;
	fixture_wake(f, BOARD_RECORDER);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_RENDER);
	board_head_end(f->boards.board);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_system("jq -e '.phase == \"exiting\"' %s/diagnostic.json "
		       ">/dev/null", f->directory);
}

static void removed_directory_is_made_again(void **state)
{
	struct fixture *f = *state;
	uint64_t generation;

	start(f);
	change(f);
	fixture_system("rm -r %s", f->directory);
	while (notified(f))
		continue;
	generation = fixture_publish(f);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_MOVED ||
		     fixture_is_written(f, generation));
	FIXTURE_WAIT(fixture_is_written(f, generation));
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_WELL);
	assert_true(notified(f));
	assert_true(exists(f->directory, "diagnostic.json"));
	assert_true(exists(f->directory, "process-registry.json"));
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void replaced_directory_is_said_locked_and_used(void **state)
{
	struct fixture *f = *state;
	uint64_t generation;

	start(f);
	change(f);
	fixture_system("mv %s %s.moved; mkdir %s", f->directory,
		       f->directory, f->directory);
	generation = fixture_publish(f);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_MOVED); /* for 200 ms */
	FIXTURE_WAIT(fixture_is_written(f, generation));
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 (long long)generation);
	fixture_system("flock -n %s/.dashpot.lock true && exit 1; "
		       "flock -n %s.moved/.dashpot.lock true",
		       f->directory, f->directory);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

/* The directory `name` beside the volume's takes its place, and it that of the
 * directory `old`; waits until something is written there. */
static void swap(struct fixture *f, const char *name, const char *old)
{
	uint64_t generation;

	fixture_system("mv %s %s; mv %s %s", f->directory, old, name,
		       f->directory);
	generation = fixture_publish(f);
	FIXTURE_WAIT(fixture_is_written(f, generation));
}

static long long registry_number(const struct fixture *f, const char *key)
{
	return number_in(f->directory, "process-registry.json", key);
}

static void volume_that_comes_late_keeps_its_memory(void **state)
{
	struct fixture *f = *state;
	char real[80], below[80];

	snprintf(real, sizeof(real), "%s.moved/real", f->directory);
	snprintf(below, sizeof(below), "%s.moved/below", f->directory);
	start(f);
	change(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_system("mkdir %s.moved; mv %s %s", f->directory, f->directory,
		       real);

	restart_container(f);
	start(f);
	change(f);
	change(f);
	assert_int_equal(registry_number(f, "starts_earlier"), 0);
	swap(f, real, below);
	assert_int_equal(registry_number(f, "starts"), 2);
	assert_int_equal(registry_number(f, "starts_earlier"), 1);
	/* The board knows what this container has put on each of them. */
	swap(f, below, real);
	assert_int_equal(registry_number(f, "starts_earlier"), 0);
	swap(f, real, below);
	assert_int_equal(registry_number(f, "starts"), 2);
	assert_int_equal(registry_number(f, "starts_earlier"), 1);
	fixture_validate(f->directory);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void second_recorder_writes_beside_and_restores_nothing(void **state)
{
	struct fixture *f = *state;
	char host[65] = "", beside[160];
	pid_t first;

	gethostname(host, sizeof(host) - 1);
	snprintf(beside, sizeof(beside), "%s/%s", f->directory, host);
	start(f);
	change(f);
	first = recorder;
	assert_false(f->boards.restore->is_second);

	restart_container(f);
	start(f);
	assert_true(f->boards.restore->is_second);
	assert_false(f->boards.restore->service[0].is_known);
	assert_int_equal(f->boards.restore->container_starts, 1);
	change(f);
	assert_true(exists(beside, "diagnostic.json"));
	assert_false(exists(beside, "process-registry.json"));
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 1);
	fixture_validate(f->directory);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_kill(first);
}

static void second_recorder_follows_no_symlink_out_of_the_volume(void **state)
{
	struct fixture *f = *state;
	char host[65] = "", moved[160];
	pid_t first;

	gethostname(host, sizeof(host) - 1);
	snprintf(moved, sizeof(moved), "%s.moved", f->directory);
	start(f);
	change(f);
	first = recorder;
	fixture_system("mkdir %s && ln -s %s %s/%s", moved, moved,
		       f->directory, host);
	restart_container(f);
	start(f);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->trouble) ==
		     BOARD_VOLUME_OPEN);
	fixture_kill(recorder);
	assert_false(exists(moved, "diagnostic.json"));
	assert_false(exists(moved, "events.jsonl"));
	fixture_kill(first);
}

/* Mounts of a test are its own and go with it. */
static void own_mounts(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
}

static void mount_tmpfs(const struct fixture *f, unsigned long flags,
			const char *options)
{
	assert_int_equal(mount("tmpfs", f->directory, "tmpfs", flags,
			       options),
			 0);
}

static void full_volume_keeps_the_old_file_and_recovers(void **state)
{
	struct fixture *f = *state;
	uint64_t generation;

	own_mounts();
	mount_tmpfs(f, 0, "size=64k");
	start(f);
	change(f);
	fixture_system("head -c 1M /dev/zero >%s/filler 2>/dev/null; true",
		       f->directory);
	generation = fixture_publish(f);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_WRITE);
	assert_int_equal(atomic_load(&f->boards.restore->trouble_err),
			 ENOSPC);
	fixture_validate(f->directory);
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 1);
	assert_false(exists(f->directory, ".diagnostic.json.tmp"));
	fixture_system("rm %s/filler", f->directory);
	FIXTURE_WAIT(fixture_is_written(f, generation));
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_WELL);
	assert_int_equal(fixture_finish(f, recorder), 0);
	umount2(f->directory, MNT_DETACH);
}

static void read_only_volume_is_retried(void **state)
{
	struct fixture *f = *state;
	uint64_t generation;

	own_mounts();
	mount_tmpfs(f, 0, "");
	start(f);
	change(f);
	mount_tmpfs(f, MS_REMOUNT | MS_RDONLY, "");
	generation = fixture_publish(f);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_CREATE);
	assert_int_equal(atomic_load(&f->boards.restore->trouble_err), EROFS);
	mount_tmpfs(f, MS_REMOUNT, "");
	FIXTURE_WAIT(fixture_is_written(f, generation));
	assert_int_equal(fixture_finish(f, recorder), 0);
	umount2(f->directory, MNT_DETACH);
}

static void lazy_unmount_and_mount_over_are_seen(void **state)
{
	struct fixture *f = *state;
	uint64_t generation;

	own_mounts();
	start(f);
	change(f);
	mount_tmpfs(f, 0, "");
	generation = fixture_publish(f);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_MOVED);
	FIXTURE_WAIT(fixture_is_written(f, generation));
	assert_true(exists(f->directory, "diagnostic.json"));
	umount2(f->directory, MNT_DETACH);
	generation = fixture_publish(f);
	FIXTURE_WAIT(trouble(f) == BOARD_VOLUME_MOVED);
	FIXTURE_WAIT(fixture_is_written(f, generation));
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 (long long)generation);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

/* Changes every service and publishes, without a pause. */
static void storm(struct fixture *f)
{
	for (uint64_t n = 1;; n++) {
		for (uint32_t i = 0; i < FIXTURE_SERVICES; i++) {
			struct board_service *row =
				&f->boards.board->service[i];

			board_row_begin(row);
			row->starts = n;
			row->since_ms = clock_mono_ms();
			row->ends_count = n;
			row->ends[(n - 1) % BOARD_ENDS] = (struct board_end){
				.number = n, .cause = BOARD_EXITED,
				.ended_wall_ms = clock_wall_ms(),
				.tasks_current = -1, .tasks_max = -1,
			};
			board_row_end(row);
		}
		fixture_publish(f);
		fixture_sleep(1);
	}
}

/* Keep the file that is there now: another one will take its name. */
static void keep(const struct fixture *f, int number, const char *name)
{
	char from[128], to[128];

	snprintf(to, sizeof(to), "%s/%d", f->directory, number);
	mkdir(to, 0700);
	snprintf(from, sizeof(from), "%s/%s", f->directory, name);
	snprintf(to, sizeof(to), "%s/%d/%s", f->directory, number, name);
	assert_int_equal(link(from, to), 0);
}

static void killed_200_times_while_writing_leaves_whole_files(void **state)
{
	struct fixture *f = *state;
	pid_t writer;
	unsigned seed = 12345;

	start(f);
	change(f);
	fixture_kill(recorder);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
		storm(f);
	}
	for (int i = 0; i < 200; i++) {
		recorder = fixture_fork(f, BOARD_RECORDER, -1);
		/* Later and later, for a machine that is busy. */
		fixture_sleep((int)(rand_r(&seed) % (16 + (unsigned)i / 2)));
		fixture_kill(recorder);
		keep(f, i, "diagnostic.json");
		keep(f, i, "process-registry.json");
	}
	fixture_kill(writer);
	assert_true(atomic_load(&f->boards.restore->written) > 1);
	fixture_validate(f->directory); /* all 200 copies */
}

/* --- Who has the volume ------------------------------------------------- */

/* The lock file as another process could hold it; its descriptor. */
static int hold(const struct fixture *f, const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static void who_can_list_the_directory_cannot_take_its_lock(void **state)
{
	struct fixture *f = *state;
	int fd = hold(f, "", O_RDONLY | O_DIRECTORY);
	struct stat st;
	char path[256];

	start(f);
	change(f);
	assert_false(f->boards.restore->is_second);
	snprintf(path, sizeof(path), "%s/.dashpot.lock", f->directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	fixture_system("grep -q '^host .*, pid [0-9]*, since' %s",
		       path);
	assert_int_equal(fixture_finish(f, recorder), 0);
	close(fd);
}

/* Put it there by a shell, as user 65534 could in a directory of its own. */
static void is_first_beside(struct fixture *f, const char *plant)
{
	int fd = -1;

	fixture_system("cd %s && rm -rf .dashpot.lock && %s", f->directory,
		       plant);
	if (strstr(plant, "chown 65534 .d") != NULL)
		fd = hold(f, ".dashpot.lock", O_RDONLY);
	restart_container(f);
	start(f);
	change(f);
	assert_false(f->boards.restore->is_second);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_system("cd %s && test -f .dashpot.lock && "
		       "test \"$(stat -c %%U%%a%%h .dashpot.lock)\" = root6001",
		       f->directory);
	if (fd >= 0)
		close(fd);
}

static void planted_lock_is_removed(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	is_first_beside(f, "touch .dashpot.lock && chown 65534 .dashpot.lock");
	is_first_beside(f, "echo secret >other && ln -s other .dashpot.lock");
	fixture_system("grep -qx secret %s/other", f->directory);
	is_first_beside(f, "ln -f other .dashpot.lock");
	fixture_system("grep -qx secret %s/other", f->directory);
	is_first_beside(f, "mkfifo .dashpot.lock");
	is_first_beside(f, "mkdir .dashpot.lock");
	is_first_beside(f, "mkdir -p .dashpot.lock/full/of && "
			   "chown -R 65534 .dashpot.lock");
	fixture_system("test -d %s/.dashpot.lock.*/full/of", f->directory);
	is_first_beside(f, "touch .dashpot.lock && chmod 666 .dashpot.lock");
}

static void every_change_of_the_lock_is_published(void **state)
{
	struct fixture *f = *state;
	char host[65] = "", beside[160];
	uint64_t generation;
	int fd;

	gethostname(host, sizeof(host) - 1);
	snprintf(beside, sizeof(beside), "%s/%s", f->directory, host);
	start(f);
	change(f);
	fixture_system("rm %s/.dashpot.lock", f->directory);
	fd = hold(f, ".dashpot.lock", O_RDWR | O_CREAT);
	dprintf(fd, "host elsewhere\n");
	while (notified(f))
		continue;
	generation = fixture_publish(f);
	FIXTURE_WAIT(fixture_is_written(f, generation));
	assert_true(f->boards.restore->is_second);
	assert_string_equal(f->boards.restore->holder, "host elsewhere");
	assert_true(notified(f));
	fixture_system("grep -q '\"held_by\":.*\"host elsewhere\"' "
		       "%s/diagnostic.json", beside);
	fixture_validate(beside);
	/* It stays there, and its successor is told. */
	close(fd);
	change(f);
	assert_true(f->boards.restore->is_second);
	fixture_kill(recorder);
	start(f);
	change(f);
	assert_false(f->boards.restore->is_second);
	assert_string_equal(f->boards.restore->holder, "");
	assert_int_equal(number_in(f->directory, "diagnostic.json",
				   "generation"),
			 (long long)generation + 2);
	assert_int_equal(fixture_finish(f, recorder), 0);
}

static void successor_waits_for_a_lock_that_is_just_let_go(void **state)
{
	struct fixture *f = *state;
	bool is_second = true;

	/* A busy machine may let the holder sleep for longer. */
	for (int i = 0; is_second && i < 10; i++) {
		int fd = hold(f, ".dashpot.lock", O_RDWR | O_CREAT);

		restart_container(f);
		recorder = fixture_fork(f, BOARD_RECORDER, -1);
		fixture_sleep(60);
		close(fd);
		FIXTURE_WAIT(atomic_load(&f->boards.restore->is_done));
		is_second = f->boards.restore->is_second;
		assert_int_equal(fixture_finish(f, recorder), 0);
	}
	assert_false(is_second);
}

static void registry_of_another_user_is_not_believed(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	start(f);
	change(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_system("chown 65534 %s/process-registry.json", f->directory);
	restart_container(f);
	start(f);
	assert_true(f->boards.restore->is_bad);
	assert_false(f->boards.restore->service[0].is_known);
	assert_true(exists(f->directory, "process-registry.json.bad"));
	assert_int_equal(fixture_finish(f, recorder), 0);
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARDS(both_files_follow_the_board),
		WITH_BOARDS(last_state_is_written_without_waiting),
		WITH_BOARDS(writes_are_debounced),
		WITH_BOARDS(idle_recorder_sleeps),
		WITH_BOARDS(unchanged_registry_is_not_written_again),
		WITH_BOARDS(
			registry_waits_until_what_was_remembered_is_taken_up),
		WITH_BOARDS(next_container_remembers),
		WITH_BOARDS(restarted_recorder_counts_nothing_twice),
		WITH_BOARDS(broken_registry_is_set_aside),
		WITH_BOARDS(registry_that_is_no_file_does_not_stop_it),
		WITH_BOARDS(huge_registry_is_not_read),
		WITH_BOARDS(stale_temporary_files_are_removed),
		WITH_BOARDS(missing_directory_is_made),
		WITH_BOARDS(directory_that_cannot_be_opened_is_retried),
		WITH_BOARDS(default_directory_is_left_alone_until_news_come),
		WITH_BOARDS(exit_does_not_wait_for_a_directory_in_trouble),
		WITH_BOARDS(last_state_waits_for_a_head_that_is_torn),
		WITH_BOARDS(removed_directory_is_made_again),
		WITH_BOARDS(replaced_directory_is_said_locked_and_used),
		WITH_BOARDS(volume_that_comes_late_keeps_its_memory),
		WITH_BOARDS(second_recorder_writes_beside_and_restores_nothing),
		WITH_BOARDS(
			second_recorder_follows_no_symlink_out_of_the_volume),
		WITH_BOARDS(who_can_list_the_directory_cannot_take_its_lock),
		WITH_BOARDS(planted_lock_is_removed),
		WITH_BOARDS(every_change_of_the_lock_is_published),
		WITH_BOARDS(successor_waits_for_a_lock_that_is_just_let_go),
		WITH_BOARDS(registry_of_another_user_is_not_believed),
		WITH_BOARDS(full_volume_keeps_the_old_file_and_recovers),
		WITH_BOARDS(read_only_volume_is_retried),
		WITH_BOARDS(lazy_unmount_and_mount_over_are_seen),
		WITH_BOARDS(killed_200_times_while_writing_leaves_whole_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
