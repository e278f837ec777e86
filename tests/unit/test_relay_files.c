/* SPDX-License-Identifier: ISC */
/* The log relay with log files: init/relay/files, sink and logfile. */
#include "relay_fixture.h"

#include <sched.h>
#include <sys/mount.h>

/* Stream k goes to DIRECTORY/NAME. */
static void set_file(struct fixture *f, uint32_t k, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	*stream_of(f, k) = (struct config_stream){
		.output = CONFIG_FILE, .path = fixture_text(f, path) };
	fixture_service(f, k / 2)->log_keep = 2;
}

static void start_files(struct fixture *f)
{
	carry_start_kind(f, BOARD_FILES);
}

static bool has_file(struct fixture *f, const char *name, const char *text)
{
	char *found = fixture_read(f->directory, name);
	bool is_same = found != NULL && strcmp(found, text) == 0;

	free(found);
	return is_same;
}

static bool is_there(struct fixture *f, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	return access(path, F_OK) == 0;
}

static void lines_are_appended(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat st;

	set_file(f, 0, "log");
	fixture_system("echo before >%s/log", f->directory);
	start_files(f);
	put_text(0, "one\ntwo");
	FIXTURE_WAIT(has_file(f, "log", "before\none\n"));
	inlet_close(0);
	FIXTURE_WAIT(has_file(f, "log", "before\none\ntwo\n"));
	carry_finish(f);
	set_file(f, 2, "new");
	f->boards.board->phase = BOARD_UP;
	start_files(f);
	put_text(2, "x\n");
	FIXTURE_WAIT(has_file(f, "new", "x\n"));
	snprintf(path, sizeof(path), "%s/new", f->directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	carry_finish(f);
}

static void streams_with_one_path_share_it(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "log");
	set_file(f, 1, "log");
	start_files(f);
	put_text(0, "out\n");
	FIXTURE_WAIT(has_file(f, "log", "out\n")); /* one service: no prefix */
	put_text(1, "err\n");
	FIXTURE_WAIT(has_file(f, "log", "out\nerr\n"));
	carry_finish(f);
	f->boards.board->phase = BOARD_UP;
	set_file(f, 4, "log");
	start_files(f);
	put_text(4, "other\n");
	FIXTURE_WAIT(has_file(f, "log", "out\nerr\njob | other\n"));
	carry_finish(f);
}

static void file_is_rotated_by_size_between_lines(void **state)
{
	struct fixture *f = *state;
	char line[128];

	set_file(f, 0, "log");
	fixture_service(f, 0)->log_max_size = 1000;
	start_files(f);
	for (int i = 0; i < 60; i++) {
		snprintf(line, sizeof(line), "%02d %096d\n", i, i);
		put_text(0, line);
		FIXTURE_WAIT(lines_count(f->boards.files, f->config, 0) ==
			     (unsigned)i + 1);
		fixture_wake(f, BOARD_FILES);
	}
	carry_finish(f);
	fixture_system("cd %s && test $(wc -c <log.1) -le 1000 && "
		       "test $(wc -c <log.2) -le 1000 && test ! -e log.3 && "
		       "cat log.2 log.1 log | sort -c && "
		       "cat log.2 log.1 log | grep -Ec '^[0-9]{2} [0-9]{96}$' "
		       "| grep -qx \"$(cat log.2 log.1 log | wc -l)\" && "
		       "tail -n 1 log | grep -q ^59",
		       f->directory);
	assert_int_equal(atomic_load(&f->boards.files->news.count), 0);
}

static void without_log_keep_the_file_begins_anew(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "log");
	fixture_service(f, 0)->log_max_size = 10;
	fixture_service(f, 0)->log_keep = 0;
	start_files(f);
	put_text(0, "123456789\n");
	FIXTURE_WAIT(has_file(f, "log", "123456789\n"));
	put_text(0, "next\n");
	FIXTURE_WAIT(has_file(f, "log", "next\n"));
	assert_false(is_there(f, "log.1"));
	carry_finish(f);
}

static void file_that_was_moved_or_removed_is_made_again(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "log");
	start_files(f);
	put_text(0, "one\n");
	FIXTURE_WAIT(has_file(f, "log", "one\n"));
	fixture_system("mv %s/log %s/old", f->directory, f->directory);
	fixture_sleep(1050); /* it looks once a second */
	put_text(0, "two\n");
	FIXTURE_WAIT(has_file(f, "log", "two\n"));
	fixture_system("rm %s/log", f->directory);
	fixture_sleep(1050);
	put_text(0, "three\n");
	FIXTURE_WAIT(has_file(f, "log", "three\n"));
	assert_true(has_file(f, "old", "one\n"));
	carry_finish(f);
	assert_int_equal(atomic_load(&f->boards.files->news.count), 0);
}

static void missing_directory_is_said_once_and_so_is_its_return(void **state)
{
	struct fixture *f = *state;
	struct news_item item = { 0 };
	char *text = malloc(LINES_OUT);
	unsigned lines = 0;

	assert_non_null(text);
	memset(text, '\n', LINES_OUT); /* more than fits in any buffer */
	set_file(f, 3, "later/log");
	set_file(f, 0, "log");
	start_files(f);
	for (int i = 0; i < 4; i++)
		put(3, text, LINES_OUT);
	put_text(3, "last\n");
	put_text(0, "others go on\n");
	FIXTURE_WAIT(has_file(f, "log", "others go on\n"));
	FIXTURE_WAIT(lines_count(f->boards.files, f->config, 1) ==
		     4 * LINES_OUT + 1);
	fixture_sleep(1100);
	assert_int_equal(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				    &item), 1);
	assert_int_equal(item.service, 1);
	assert_int_equal(item.n[0], 1);
	assert_int_equal(item.n[1], ENOENT);
	assert_int_equal(item.n[2], BOARD_VOLUME_CREATE);
	carry_end(SIGKILL); /* the next one knows of the trouble */
	start_files(f);
	fixture_system("mkdir %s/later", f->directory);
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_WELL,
				&item) == 1);
	assert_int_equal(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				    NULL), 1);
	put_text(3, "again\n");
	carry_finish(f);
	free(text);
	text = fixture_read(f->directory, "later/log");
	assert_non_null(text);
	for (char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_string_equal(strstr(text, "again"), "again\n");
	/* Every line is there or counted. */
	assert_int_equal(lines + item.n[1], 4 * LINES_OUT + 2);
	assert_true(item.n[2] >= 1000);
	free(text);
}

/* Wait until stream 0 is in trouble, which has to be this one. */
/* What waits for the first log file. */
static uint64_t waiting(struct fixture *f)
{
	uint64_t span = lines_load(&lines_sink(f->boards.files, 0)->span);

	return (span >> 32) - (uint32_t)span;
}

static void what_waits_for_a_file_gets_into_no_other_one(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "gone/log");
	set_file(f, 4, "gone/log");
	start_files(f);
	put_text(0, "one\n");
	put_text(4, "two\n");
	FIXTURE_WAIT(waiting(f) == strlen("web | one\njob | two\n"));
	carry_end(SIGTERM);
	/* The reload makes the first sink that of another file. */
	set_file(f, 0, "log");
	start_files(f);
	put_text(0, "new\n");
	FIXTURE_WAIT(is_there(f, "log") && waiting(f) == 0);
	carry_finish(f);
	assert_true(has_file(f, "log", "new\n"));
	assert_int_equal(count_news(f->boards.files, BOARD_EV_OUTPUT_TORN,
				    NULL), 1);
}

static void what_waits_follows_its_stream_to_another_file(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "gone/log");
	start_files(f);
	put_text(0, "one\n");
	FIXTURE_WAIT(waiting(f) == strlen("one\n"));
	carry_end(SIGTERM);
	set_file(f, 0, "log");
	start_files(f);
	put_text(0, "two\n");
	FIXTURE_WAIT(has_file(f, "log", "one\ntwo\n"));
	carry_finish(f);
	assert_int_equal(count_news(f->boards.files, BOARD_EV_OUTPUT_TORN,
				    NULL), 0);
}

static void expect_trouble(struct fixture *f, int err)
{
	struct news_item item = { 0 };

	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				&item) == 1);
	assert_int_equal(item.n[1], err);
	assert_int_equal(item.n[2], BOARD_VOLUME_CREATE);
}

static void symlinks_of_dashpots_user_are_followed(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "log");
	fixture_system("cd %s && mkdir real && ln -s real/link log && "
		       "ln -s $PWD/real/file real/link", f->directory);
	start_files(f);
	put_text(0, "one\n");
	FIXTURE_WAIT(has_file(f, "real/file", "one\n"));
	carry_finish(f);
	assert_int_equal(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				    NULL), 0);
}

static void symlink_of_a_service_leads_nowhere(void **state)
{
	static const char link[] = "cd %s && ln -s victim log && "
				   "chown -h 65534 log";
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	set_file(f, 0, "log");
	fixture_system("echo secret >%s/victim", f->directory);
	fixture_system(link, f->directory);
	start_files(f);
	put_text(0, "one\n");
	expect_trouble(f, EACCES);
	fixture_system("rm %s/log", f->directory);
	FIXTURE_WAIT(has_file(f, "log", "one\n"));
	/* ... nor does one that comes later. */
	fixture_system("rm %s/log", f->directory);
	fixture_system(link, f->directory);
	fixture_sleep(1100);
	put_text(0, "two\n");
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				NULL) == 2);
	carry_finish(f);
	assert_true(has_file(f, "victim", "secret\n"));
}

/* A service that has `srv` moves its directory away and links it elsewhere. */
static void directory_that_a_service_replaced_is_not_followed(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	set_file(f, 0, "srv/app/current");
	fixture_system("cd %s && mkdir -p srv/app etc && ln -s srv link && "
		       "chown -R 65534 srv && ln -s ../etc srv/next && "
		       "chown -h 65534 srv/next && echo secret >etc/current",
		       f->directory);
	start_files(f);
	put_text(0, "one\n");
	FIXTURE_WAIT(has_file(f, "srv/app/current", "one\n"));
	fixture_system("cd %s/srv && mv app old && mv next app", f->directory);
	fixture_sleep(1050);
	put_text(0, "two\n");
	expect_trouble(f, EACCES);
	/* Directly, and by a way that root made and that leads through it. */
	fixture_system("cd %s && rm srv/app && mv srv/old srv/app",
		       f->directory);
	FIXTURE_WAIT(has_file(f, "srv/app/current", "one\ntwo\n"));
	carry_finish(f);
	set_file(f, 0, "link/app/current");
	f->boards.board->phase = BOARD_UP;
	start_files(f);
	put_text(0, "three\n");
	FIXTURE_WAIT(has_file(f, "srv/app/current", "one\ntwo\nthree\n"));
	carry_finish(f);
	fixture_system("cd %s/etc && test \"$(ls)\" = current && "
		       "grep -qx secret current", f->directory);
}

/* Between two looks, at the moment of a rotation. */
static void rotation_moves_nothing_but_its_own_file(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	set_file(f, 0, "srv/app/log");
	fixture_service(f, 0)->log_max_size = 8;
	fixture_system("cd %s && mkdir -p srv/app etc && ln -s ../etc srv/next "
		       "&& chown -hR 65534 srv && echo secret >etc/log",
		       f->directory);
	start_files(f);
	put_text(0, "one\n");
	FIXTURE_WAIT(has_file(f, "srv/app/log", "one\n"));
	fixture_system("cd %s/srv && mv app old && mv next app", f->directory);
	put_text(0, "twotwo\n");
	/* It cannot be rotated, and grows on where it is; or the helper has
	 * just looked and opens it no more. */
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				NULL) == 1);
	fixture_system("cd %s && test \"$(ls etc)\" = log && "
		       "grep -qx secret etc/log && rm srv/app && "
		       "mkdir srv/app && echo other >srv/app/log",
		       f->directory);
	put_text(0, "three\n");
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_WELL,
				NULL) == 1);
	carry_finish(f);
	fixture_system("cd %s && cat srv/old/log srv/app/log* | sort | "
		       "paste -s -d ' ' | grep -qx 'one other three twotwo' && "
		       "grep -qx other srv/app/log*", f->directory);
}

static void file_with_another_name_is_not_written_for_a_service(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	set_file(f, 0, "srv/log");
	fixture_system("cd %s && mkdir srv && echo secret >passwd && "
		       "ln passwd srv/log && chown 65534 srv", f->directory);
	start_files(f);
	put_text(0, "one\n");
	expect_trouble(f, EMLINK);
	assert_true(has_file(f, "passwd", "secret\n"));
	/* Where only root can have made it, it is meant. */
	fixture_system("chown 0 %s/srv", f->directory);
	FIXTURE_WAIT(has_file(f, "passwd", "secret\none\n"));
	carry_finish(f);
}

static void new_file_gets_its_owner_mode_and_times(void **state)
{
	struct fixture *f = *state;
	struct config_service *s = fixture_service(f, 0);

	if (geteuid() != 0)
		skip();
	set_file(f, 0, "log");
	s->log_uid = 65534;
	s->log_gid = 7;
	s->log_mode = 0604;
	s->has_log_owner = true;
	s->has_log_times = true;
	s->log_max_size = 60;
	start_files(f);
	put_text(0, "first line of some length\n");
	FIXTURE_WAIT(is_there(f, "log"));
	FIXTURE_WAIT(lines_count(f->boards.files, f->config, 0) == 1 &&
		     waiting(f) == 0);
	put_text(0, "next line of some length\n");
	FIXTURE_WAIT(is_there(f, "log.1") && is_there(f, "log"));
	carry_finish(f);
	fixture_system("cd %s && test \"$(stat -c %%u:%%g:%%a log log.1 | "
		       "sort -u)\" = 65534:7:604 && cat log log.1 | "
		       "grep -Ec '^20[0-9-]*T[0-9:.]*Z (first|next) line' | "
		       "grep -qx 2", f->directory);
	/* One that is there keeps its own: it could have been moved there. */
	fixture_system("cd %s && rm log* && touch log && chmod 600 log",
		       f->directory);
	f->boards.board->phase = BOARD_UP;
	start_files(f);
	put_text(0, "x\n");
	carry_finish(f);
	fixture_system("cd %s && test \"$(stat -c %%u:%%a log)\" = 0:600 && "
		       "test -s log", f->directory);
}

static void owner_that_may_not_be_given_stays_trouble(void **state)
{
	struct fixture *f = *state;
	struct config_service *s = fixture_service(f, 0);

	if (geteuid() != 0)
		skip();
	fixture_system("chmod 777 %s", f->directory);
	set_file(f, 0, "log");
	s->log_uid = 65533;
	s->has_log_owner = true;
	assert_int_equal(seteuid(65534), 0);
	start_files(f);
	assert_int_equal(seteuid(0), 0);
	put_text(0, "x\n");
	expect_trouble(f, EPERM);
	/* What is tried again finds nothing that looks like somebody's own. */
	fixture_system("cd %s && test ! -e log", f->directory);
	carry_finish(f);
}

static void symlinks_in_a_circle_are_trouble(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "log");
	fixture_system("ln -s log %s/log", f->directory);
	start_files(f);
	put_text(0, "one\n");
	expect_trouble(f, ELOOP);
	carry_finish(f);
}

/* The descriptors of the files helper are none of the service's. */
static void symlink_to_stdout_is_trouble_and_not_lost_in_silence(void **state)
{
	struct fixture *f = *state;

	set_file(f, 0, "log");
	fixture_system("ln -s /dev/stdout %s/log", f->directory);
	start_files(f);
	put_text(0, "one\n");
	expect_trouble(f, EINVAL);
	carry_finish(f);
}

static void fifo_without_reader_is_trouble_and_no_hang(void **state)
{
	struct fixture *f = *state;
	struct news_item item = { 0 };
	char path[128], text[16] = "";
	int fd;

	set_file(f, 0, "fifo");
	set_file(f, 2, "log");
	snprintf(path, sizeof(path), "%s/fifo", f->directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	start_files(f);
	put_text(0, "one\n");
	put_text(2, "two\n");
	FIXTURE_WAIT(has_file(f, "log", "two\n"));
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				&item) == 1);
	assert_int_equal(item.n[1], ENXIO);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FIXTURE_WAIT(read(fd, text, sizeof(text)) == 4);
	assert_string_equal(text, "one\n");
	carry_finish(f);
	close(fd);
}

static void stalled_fifo_stops_its_own_streams_only(void **state)
{
	struct fixture *f = *state;
	char path[128], text[4096];
	size_t put_bytes = 0, got_bytes = 0;
	ssize_t n;
	int fd;

	set_file(f, 0, "fifo");
	set_file(f, 2, "log");
	snprintf(path, sizeof(path), "%s/fifo", f->directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	start_files(f);
	assert_int_equal(fcntl(inlet[0], F_SETFL, O_NONBLOCK), 0);
	for (int tries = 0; tries < 10; tries++, fixture_sleep(5))
		while ((n = write(inlet[0], "0123456789abcde\n", 16)) > 0)
			put_bytes += (size_t)n;
	put_text(2, "flows\n");
	FIXTURE_WAIT(has_file(f, "log", "flows\n"));
	FIXTURE_WAIT(((n = read(fd, text, sizeof(text))) > 0 ?
			      (got_bytes += (size_t)n) : 0,
		      got_bytes == put_bytes));
	carry_finish(f);
	close(fd);
}

static void full_disk_leaves_whole_lines(void **state)
{
	struct fixture *f = *state;
	struct news_item item = { 0 };
	char path[128], line[128], *text;
	unsigned lines = 0;

	set_file(f, 0, "small/log");
	snprintf(path, sizeof(path), "%s/small", f->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	if (mount("none", path, "tmpfs", 0, "size=16k") < 0) {
		print_message("cannot mount here (%s)\n", strerror(errno));
		skip();
	}
	start_files(f);
	for (int i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), "%05d %060d\n", i, i);
		put_text(0, line);
	}
	FIXTURE_WAIT(lines_count(f->boards.files, f->config, 0) == 2000);
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				&item) == 1);
	assert_int_equal(item.n[1], ENOSPC);
	assert_int_equal(item.n[2], BOARD_VOLUME_WRITE);
	fixture_system("mount -o remount,size=1m %s", path);
	FIXTURE_WAIT(count_news(f->boards.files, BOARD_EV_OUTPUT_WELL,
				&item) == 1);
	put_text(0, "end\n");
	carry_finish(f);
	text = fixture_read(path, "log");
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	assert_non_null(text);
	for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
		assert_true(strchr(at, '\n') - at == 66 ||
			    strcmp(at, "end\n") == 0);
		lines++;
	}
	assert_int_equal(lines + item.n[1], 2001);
	free(text);
}

static void file_that_cannot_be_renamed_grows_and_that_is_said(void **state)
{
	struct fixture *f = *state;
	struct news_item item = { 0 };
	char path[128];

	set_file(f, 0, "log");
	fixture_service(f, 0)->log_max_size = 10;
	snprintf(path, sizeof(path), "%s/log", f->directory);
	fixture_system("touch %s %s.from", path, path);
	snprintf(path, sizeof(path), "%s/log.from", f->directory);
	if (mount(path, config_string(f->config, stream_of(f, 0)->path), NULL,
		  MS_BIND, NULL) < 0) {
		print_message("cannot mount here (%s)\n", strerror(errno));
		skip();
	}
	start_files(f);
	put_text(0, "123456789\n");
	FIXTURE_WAIT(has_file(f, "log", "123456789\n"));
	put_text(0, "grows\n");
	FIXTURE_WAIT(has_file(f, "log", "123456789\ngrows\n"));
	carry_finish(f);
	umount2(config_string(f->config, stream_of(f, 0)->path), MNT_DETACH);
	assert_int_equal(count_news(f->boards.files, BOARD_EV_OUTPUT_TROUBLE,
				    &item), 1);
	assert_int_equal(item.n[1], EBUSY);
	assert_int_equal(item.n[2], BOARD_VOLUME_RENAME);
	assert_int_equal(item.n[3], 1);
}

#define FILE_TEST(test)                                                     \
	cmocka_unit_test_setup_teardown(test, carry_setup, carry_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(lines_are_appended),
		FILE_TEST(streams_with_one_path_share_it),
		FILE_TEST(file_is_rotated_by_size_between_lines),
		FILE_TEST(without_log_keep_the_file_begins_anew),
		FILE_TEST(file_that_was_moved_or_removed_is_made_again),
		FILE_TEST(missing_directory_is_said_once_and_so_is_its_return),
		FILE_TEST(what_waits_for_a_file_gets_into_no_other_one),
		FILE_TEST(what_waits_follows_its_stream_to_another_file),
		FILE_TEST(symlinks_of_dashpots_user_are_followed),
		FILE_TEST(symlink_of_a_service_leads_nowhere),
		FILE_TEST(directory_that_a_service_replaced_is_not_followed),
		FILE_TEST(rotation_moves_nothing_but_its_own_file),
		FILE_TEST(file_with_another_name_is_not_written_for_a_service),
		FILE_TEST(new_file_gets_its_owner_mode_and_times),
		FILE_TEST(owner_that_may_not_be_given_stays_trouble),
		FILE_TEST(symlinks_in_a_circle_are_trouble),
		FILE_TEST(symlink_to_stdout_is_trouble_and_not_lost_in_silence),
		FILE_TEST(fifo_without_reader_is_trouble_and_no_hang),
		FILE_TEST(stalled_fifo_stops_its_own_streams_only),
		FILE_TEST(full_disk_leaves_whole_lines),
		FILE_TEST(file_that_cannot_be_renamed_grows_and_that_is_said),
	};

	/* What is mounted here goes with this process. */
	if (unshare(CLONE_NEWNS) == 0)
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
