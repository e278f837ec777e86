/* SPDX-License-Identifier: ISC */
/* init/recorder/events_jsonl: events.jsonl has every event once and in order,
 * whatever becomes of the recorder, the file and the volume. */
#include "board_fixture.h"

#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>

static pid_t recorder;

static void start(struct fixture *f)
{
	recorder = fixture_fork(f, BOARD_RECORDER, -1);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->is_done));
}

/* One more event; its number. */
static uint64_t say(struct fixture *f, enum board_event_kind kind,
		    int service, const int64_t n[8])
{
	board_event(f->boards.board, kind, service, clock_mono_ms(),
		    clock_wall_ms(), n);
	return atomic_load(&f->boards.board->events);
}

static void say_many(struct fixture *f, int count)
{
	for (int i = 0; i < count; i++)
		say(f, BOARD_EV_STARTED, i % FIXTURE_SERVICES,
		    (const int64_t[8]){ i + 1, 0, 1 });
}

/* The present run of a service ends. */
static void end(struct fixture *f, int service)
{
	struct board_service *row = &f->boards.board->service[service];

	board_row_begin(row);
	row->starts++;
	row->ends[row->ends_count % BOARD_ENDS] = (struct board_end){
		.number = row->ends_count + 1, .run = row->starts,
		.cause = BOARD_EXITED, .code = 1, .started_ms = 1,
		.ended_ms = 3, .ended_wall_ms = clock_wall_ms(),
		.tasks_current = -1, .tasks_max = -1,
	};
	row->ends_count++;
	board_row_end(row);
	say(f, BOARD_EV_ENDED, service,
	    (const int64_t[8]){ BOARD_EXITED, 1, 0, 0, 2, 1, 77,
				(int64_t)row->ends_count });
}

/* Publish, and wait until all of it is in the file. */
static void wait_for_records(struct fixture *f)
{
	uint64_t events = atomic_load(&f->boards.board->events);

	fixture_publish(f);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->recorded) >= events);
}

/* The relay's board, writable, as its helper has it. */
static struct board_lines *relay_of(const struct fixture *f)
{
	void *lines = mmap(NULL, f->boards.lines_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, f->boards.relay_fd, 0);

	assert_true(lines != MAP_FAILED);
	return lines;
}

/* Nobody waits for last words: every pipe is said to be empty. */
static void drain(const struct fixture *f)
{
	struct board_lines *relay = relay_of(f);

	atomic_store(&relay->drained, UINT64_MAX);
	munmap(relay, f->boards.lines_size);
}

/* Both files in one, as a reader would put them together, have the numbers
 * 1 .. `last`, each once and in order; validate.py sees the order. */
static void assert_complete(const struct fixture *f, uint64_t last)
{
	fixture_system("cd %s && mkdir -p whole && "
		       "cat events.jsonl.1 events.jsonl "
		       ">whole/events.jsonl 2>/dev/null; "
		       "test \"$(wc -l <whole/events.jsonl)\" = %llu && "
		       "head -n 1 whole/events.jsonl | "
		       "grep -q '^{\"seq\":1,' && "
		       "tail -n 1 whole/events.jsonl | "
		       "grep -q '^{\"seq\":%llu,'",
		       f->directory, (unsigned long long)last,
		       (unsigned long long)last);
	fixture_validate(f->directory);
}

static void every_event_is_there_once_and_in_order(void **state)
{
	struct fixture *f = *state;
	char path[96];
	struct stat st;

	drain(f);
	start(f);
	say_many(f, 10);
	wait_for_records(f);
	end(f, 1);
	wait_for_records(f);
	say_many(f, 5);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 16);
	snprintf(path, sizeof(path), "%s/events.jsonl", f->directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	fixture_system("jq -es 'map(select(.event == \"ended\")) | length == 1 "
		       "and .[0].end.number == 1 and .[0].end.run == 1 and "
		       ".[0].service == \"db\" and .[0].pid == 77' %s "
		       ">/dev/null", path);
}

/* Adds `events` events and ends, without a pause, and ends itself. */
static _Noreturn void storm(struct fixture *f, int events)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
	while (atomic_load(&f->boards.board->events) < (uint64_t)events) {
		if (atomic_load(&f->boards.board->events) % 3 == 0)
			end(f, 0);
		else
			say_many(f, 1);
		fixture_publish(f);
		fixture_sleep(1);
	}
	_exit(0);
}

static void recorder_killed_200_times_leaves_no_gap_and_no_double(void **state)
{
	enum { EVENTS = BOARD_EVENTS / 2 - 100 }; /* none is overwritten */
	struct fixture *f = *state;
	unsigned seed = 4711;
	pid_t writer;

	drain(f);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0)
		storm(f, EVENTS);
	for (int i = 0; i < 200; i++) {
		recorder = fixture_fork(f, BOARD_RECORDER, -1);
		fixture_sleep((int)(rand_r(&seed) % 20));
		fixture_kill(recorder);
	}
	FIXTURE_WAIT(atomic_load(&f->boards.board->events) >= EVENTS);
	fixture_reap(writer);
	start(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, EVENTS);
}

static void overwritten_events_are_said_in_their_place(void **state)
{
	struct fixture *f = *state;

	start(f);
	say_many(f, 3);
	wait_for_records(f);
	kill(recorder, SIGSTOP); /* as when the volume hangs */
	say_many(f, BOARD_EVENTS + 952);
	kill(recorder, SIGCONT);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_validate(f->directory);
	fixture_system("cd %s && test $(wc -l <events.jsonl) = %d && "
		       "sed -n 4p events.jsonl | jq -e '.event == \"lost\" "
		       "and .lost == %d and .seq == %d' >/dev/null",
		       f->directory, 3 + 1 + BOARD_EVENTS,
		       952, 955);
}

static void what_is_left_of_a_line_is_cut(void **state)
{
	struct fixture *f = *state;

	start(f);
	say_many(f, 3);
	wait_for_records(f);
	fixture_kill(recorder);
	fixture_system("printf '{\"seq\":4,\"conta' >>%s/events.jsonl",
		       f->directory);
	start(f);
	say_many(f, 2);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 5);
}

static void last_line_may_be_longer_than_the_look_at_the_end(void **state)
{
	struct fixture *f = *state;
	char path[96];
	FILE *file;

	start(f);
	say_many(f, 2);
	wait_for_records(f);
	fixture_kill(recorder);
	/* The second line grows, and a piece of a third one follows. */
	fixture_system("cd %s && { head -n 1 events.jsonl; "
		       "sed -n '2s/started, pid.*//p' events.jsonl | "
		       "tr -d '\\n'; head -c 300000 /dev/zero | "
		       "tr '\\0' x; sed -n '2s/.*started, pid//p' "
		       "events.jsonl; } >new && mv new events.jsonl",
		       f->directory);
	snprintf(path, sizeof(path), "%s/events.jsonl", f->directory);
	file = fopen(path, "ae");
	assert_non_null(file);
	assert_true(fprintf(file, "{%200000d", 7) > 0);
	assert_int_equal(fclose(file), 0);
	start(f);
	say_many(f, 1);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 3);
}

/* Each with four long lines, so that 600 make a file long enough. */
static void end_with_long_words(struct fixture *f, int count)
{
	struct board_lines *relay = relay_of(f);
	struct lines_line line = { .stream = 1, .length = LINES_TEXT };

	memset(line.text, '\a', sizeof(line.text)); /* six bytes of JSON */
	for (int i = 0; i < count; i++) {
		line.run = f->boards.board->service[2].starts + 1;
		for (int k = 0; k < FIXTURE_TAIL; k++)
			lines_append(relay, f->config, 2, &line);
		end(f, 2);
		wait_for_records(f);
	}
	munmap(relay, f->boards.lines_size);
}

static off_t size_of(const struct fixture *f, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void long_file_is_rotated_without_a_gap(void **state)
{
	struct fixture *f = *state;

	drain(f);
	start(f);
	/* Most of it by hand: the recorder writes five times a second. */
	say_many(f, 1);
	wait_for_records(f);
	fixture_kill(recorder);
	fixture_system("cd %s && sed -i '1s/started, pid/'\"$(head -c 120000 "
		       "/dev/zero | tr '\\0' x)\"'/' "
		       "events.jsonl && line=$(cat events.jsonl) && "
		       "for n in $(seq 2 35); do "
		       "echo \"$line\" | sed \"s/:1,/:$n,/\" >>events.jsonl; "
		       "done", f->directory);
	say_many(f, 34);
	start(f);
	end_with_long_words(f, 12); /* 12 KiB each */
	assert_true(size_of(f, "events.jsonl.1") > 4 << 20);
	assert_true(size_of(f, "events.jsonl.1") < 5 << 20);
	assert_true(size_of(f, "events.jsonl") < 1 << 20);
	fixture_kill(recorder);
	/* It may die before the new file is there. */
	fixture_system("cd %s && cat events.jsonl >>events.jsonl.1 && "
		       "rm events.jsonl", f->directory);
	start(f);
	say_many(f, 1);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 48);
}

static void removed_file_begins_with_the_oldest_event_there_is(void **state)
{
	struct fixture *f = *state;

	start(f);
	say_many(f, 3);
	wait_for_records(f);
	fixture_system("rm %s/events.jsonl", f->directory);
	say_many(f, 1);
	wait_for_records(f);
	assert_complete(f, 4);
	/* Likewise where the whole directory is another one. */
	fixture_system("mv %s %s.moved; mkdir %s", f->directory,
		       f->directory, f->directory);
	fixture_publish(f);
	FIXTURE_WAIT(size_of(f, "events.jsonl") > 0);
	say_many(f, 1);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 5);
}

static void next_container_goes_on_in_the_same_file(void **state)
{
	struct fixture *f = *state;

	start(f);
	say_many(f, 3);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_sleep(2); /* two containers do not begin in one millisecond */
	fixture_begin_board(f);
	atomic_store(&f->boards.board->events, 0);
	say_many(f, 2);
	start(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_validate(f->directory);
	fixture_system("cd %s && test \"$(jq -c .seq events.jsonl | tr -d "
		       "'\\n')\" = 12312 && test \"$(jq .container "
		       "events.jsonl | sort -u | wc -l)\" = 2", f->directory);
}

static void second_dashpot_has_a_file_of_its_own(void **state)
{
	struct fixture *f = *state;
	char host[65] = "", path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/.dashpot.lock", f->directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* The lock belongs to this description: the recorder opens its own. */
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	gethostname(host, sizeof(host) - 1);
	start(f);
	say_many(f, 2);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	close(fd);
	assert_true(f->boards.restore->is_second);
	assert_int_equal(size_of(f, "events.jsonl"), -1);
	fixture_system("test $(wc -l <%s/%s/events.jsonl) = 2", f->directory,
		       host);
}

static void full_volume_cuts_the_line_back_and_loses_nothing(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	assert_int_equal(mount("tmpfs", f->directory, "tmpfs", 0,
			       "size=1m"),
			 0);
	start(f);
	say_many(f, 10);
	wait_for_records(f);
	fixture_system("head -c 2M /dev/zero >%s/filler 2>/dev/null; true",
		       f->directory);
	say_many(f, 200);
	fixture_publish(f);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->trouble) ==
		     BOARD_VOLUME_WRITE);
	fixture_system("test \"$(tail -c 1 %s/events.jsonl)\" = ''",
		       f->directory);
	fixture_validate(f->directory);
	fixture_system("rm %s/filler", f->directory);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->recorded) == 210);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 210);
	umount2(f->directory, MNT_DETACH);
}

static void small_volume_is_not_filled(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	assert_int_equal(mount("tmpfs", f->directory, "tmpfs", 0,
			       "size=256k"),
			 0);
	say_many(f, 1000); /* 250 KiB of lines */
	start(f);
	wait_for_records(f);
	assert_in_range(size_of(f, "events.jsonl"), 1, 33 * 1024);
	assert_in_range(size_of(f, "events.jsonl.1"), 32 * 1024, 33 * 1024);
	assert_int_equal(atomic_load(&f->boards.restore->trouble),
			 BOARD_VOLUME_WELL);
	fixture_validate(f->directory);
	assert_int_equal(fixture_finish(f, recorder), 0);
	umount2(f->directory, MNT_DETACH);
}

static void file_that_cannot_be_written_does_not_stop_the_others(void **state)
{
	struct fixture *f = *state;

	fixture_system("mkfifo %s/events.jsonl", f->directory);
	start(f);
	say_many(f, 1);
	fixture_publish(f);
	FIXTURE_WAIT(size_of(f, "diagnostic.json") > 0);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->trouble) ==
		     BOARD_VOLUME_CREATE);
	assert_int_equal(atomic_load(&f->boards.restore->recorded), 0);
	fixture_system("rm %s/events.jsonl", f->directory);
	wait_for_records(f);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 1);
}

static void last_words_that_come_late_are_waited_for(void **state)
{
	struct fixture *f = *state;
	struct board_lines *relay = relay_of(f);
	struct lines_line line = { .run = 1, .stream = 2, .length = 4,
				   .text = "bye!" };

	start(f);
	end(f, 0);
	fixture_publish(f);
	fixture_sleep(60);
	assert_int_equal(atomic_load(&f->boards.restore->recorded), 0);
	lines_append(relay, f->config, 0, &line);
	atomic_store(&relay->drained, 1);
	FIXTURE_WAIT(atomic_load(&f->boards.restore->recorded) == 1);
	munmap(relay, f->boards.lines_size);
	assert_int_equal(fixture_finish(f, recorder), 0);
	fixture_system("jq -e '.end.output == [{time: .end.output[0].time, "
		       "stream: \"stderr\", text: \"bye!\"}]' "
		       "%s/events.jsonl >/dev/null", f->directory);
	fixture_validate(f->directory);
}

static void relay_that_is_dead_delays_a_batch_once(void **state)
{
	struct fixture *f = *state;
	int64_t begin_ms;

	start(f);
	for (int i = 0; i < 20; i++)
		end(f, i % FIXTURE_SERVICES);
	begin_ms = clock_mono_ms();
	wait_for_records(f);
	assert_in_range(clock_mono_ms() - begin_ms, 200, 1500);
	assert_int_equal(fixture_finish(f, recorder), 0);
	assert_complete(f, 20);
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARDS(every_event_is_there_once_and_in_order),
		WITH_BOARDS(
			recorder_killed_200_times_leaves_no_gap_and_no_double),
		WITH_BOARDS(overwritten_events_are_said_in_their_place),
		WITH_BOARDS(what_is_left_of_a_line_is_cut),
		WITH_BOARDS(last_line_may_be_longer_than_the_look_at_the_end),
		WITH_BOARDS(long_file_is_rotated_without_a_gap),
		WITH_BOARDS(removed_file_begins_with_the_oldest_event_there_is),
		WITH_BOARDS(next_container_goes_on_in_the_same_file),
		WITH_BOARDS(second_dashpot_has_a_file_of_its_own),
		WITH_BOARDS(full_volume_cuts_the_line_back_and_loses_nothing),
		WITH_BOARDS(small_volume_is_not_filled),
		WITH_BOARDS(
			file_that_cannot_be_written_does_not_stop_the_others),
		WITH_BOARDS(last_words_that_come_late_are_waited_for),
		WITH_BOARDS(relay_that_is_dead_delays_a_batch_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
