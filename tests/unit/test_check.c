/* SPDX-License-Identifier: ISC */
/* What check doubts: arithmetic against the breaker itself, and each doubt by
 * a configuration that has it and one that has not. */
#include "tests/unit/config_world.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "init/cli/check_program.h"
#include "init/cli/check_warnings.h"
#include "init/simulate/simulation.h"
#include "init/text/policy_text.h"
#include "policy/breaker.h"

static char said[16384];

/* The doubts of the configuration that is loaded. */
static unsigned doubts(void)
{
	int fd = memfd_create("doubts", 0);
	unsigned n = warnings_say(loaded.c, fd);
	ssize_t size = pread(fd, said, sizeof(said) - 1, 0);

	close(fd);
	said[size > 0 ? size : 0] = '\0';
	return n;
}

/* [service:s] with a command that is there and these lines has exactly one
 * doubt, which holds the text; "" for no doubt. */
static void assert_doubted(const char *lines, const char *text)
{
	static char whole[4096];
	unsigned n;

	forget(NULL);
	snprintf(whole, sizeof(whole), "\n[service:s]\n%s\n%s",
		 strstr(lines, "command") || strstr(lines, "shell")
			 ? "" : "command = /bin/sh", lines);
	load_text(whole);
	if (loaded.c == NULL)
		print_message("%s", loaded.said);
	assert_non_null(loaded.c);
	n = doubts();
	if (n != (*text != '\0') || strstr(said, text) == NULL) {
		print_message("%s", said);
		fail_msg("%s: %u doubts, wanted: %s", lines, n, text);
	}
	if (*text != '\0')
		assert_memory_equal(said, "t.ini:2: warning: ", 18);
}

/* The least time in which n failures can come, found by looking at every way
 * to fail: each run is stable or it is not. */
static int64_t searched_ms(const struct config_service *s, uint32_t n)
{
	int64_t best = INT64_MAX;

	for (uint32_t ways = 0; ways < 1U << (n - 1); ways++) {
		uint32_t failures = 1;
		int64_t ms = 0;

		for (uint32_t run = 0; run < n - 1; run++) {
			ms += backoff_delay_ms(&s->dampen, failures, 0);
			failures++;
			if (ways >> run & 1) {
				ms += s->stable_ms;
				failures = 1;
			}
		}
		best = ms < best ? ms : best;
	}
	return best;
}

static void fewest_time_is_that_of_the_best_of_all_ways(void **state)
{
	const int64_t stables[] = { 0, 1, 500, 3000, 20000, 60000 };

	for (size_t k = 0; k < sizeof(stables) / sizeof(stables[0]); k++) {
		struct config_service s = {
			.dampen = { 250, 30000 }, .stable_ms = stables[k],
		};

		assert_int_equal(warnings_fewest_ms(&s, 1), 0);
		for (uint32_t n = 2; n <= 14; n++)
			assert_int_equal(warnings_fewest_ms(&s, n),
					 searched_ms(&s, n));
	}
}

static void window_is_out_of_reach_when_the_breaker_stays_closed(void **state)
{
	struct config_service s = {
		.dampen = { 1000, 8000 }, .stable_ms = 3600000,
	};
	int64_t least_ms = warnings_fewest_ms(&s, 6);

	for (int64_t more = -1; more <= 1; more++) {
		struct breaker_policy p = {
			.window = { { least_ms + more, 6 } }, .windows = 1,
			.cooldown_min_ms = 1000, .cooldown_max_ms = 1000,
		};
		struct breaker b = { .last_ms = 0 };
		int64_t now_ms = 0;

		for (uint32_t n = 1; n <= 6; n++) {
			breaker_failed(&b, &p, now_ms);
			now_ms += backoff_delay_ms(&s.dampen, n, 0);
		}
		assert_int_equal(b.state == BREAKER_OPEN,
				 least_ms < p.window[0].window_ms);
	}
}

static void windows_that_delays_put_out_of_reach_are_named(void **state)
{
	assert_doubted("max_failures = 10 in 5s, 3 in 15s\n"
		       "restart_delay = 1s..10s",
		       "max_failures = 10 in 5 s can never be reached: with "
		       "this restart_delay they take 58.5 s at least");
	assert_doubted("max_failures = 3 in 15s", "");
	assert_doubted("max_failures = none\nrestart_delay = 1h", "");
	assert_doubted("max_failures = 3 in 1s\nrestart_delay = 1h\n"
		       "restart = never", "");
}

static void service_that_failures_cannot_block_is_told_so(void **state)
{
	load_text("[service:s]\ncommand = /bin/sh\nrestart_delay = 2s\n"
		  "max_failures = 2 in 1s, 3 in 2s\n");
	assert_non_null(loaded.c);
	assert_int_equal(doubts(), 3);
	assert_non_null(strstr(said, "no window is left, so failures never"));
}

static void forget_event(void *to, const struct simulation_event *e)
{
	(void)to;
	(void)e;
}

/* check says nothing of it exactly where a service that is never well is
 * blocked in the end. */
static void never_well_is_doubted_or_blocked(void **state)
{
	static const char *const checks[] = {
		"health = unix:/x\n",
		"health = unix:/x\nhealth_interval = 1s\n",
		"health = unix:/x\nhealth_failures = 1\nhealth_grace = 7s\n",
		"ready = unix:/x\nready_timeout = 5s\n",
		"ready = unix:/x\nready_timeout = 3m\n",
	};
	static const char *const most[] = {
		"", "max_failures = 3 in 15s\n", "max_failures = 3 in 5m\n",
		"max_failures = 3 in 9s, 2 in 10s\n",
		"max_failures = 1 in 1s\n",
		"max_failures = 2 in 1s, 7 in a row\n",
		"max_failures = 3 in 16s\nrestart_delay = 2s\n",
	};
	static struct simulation_result result;
	unsigned silent = 0, told = 0;

	for (size_t k = 0; k < 5 * 7; k++) {
		struct simulation_plan plan = {
			.is_simulated = { true }, .for_ms = 86400000,
			.outage_ms = INT64_MAX, .seed = 1,
			.is_endless = true, .is_unhealthy = true,
		};
		char text[300];
		bool is_told;

		snprintf(text, sizeof(text),
			 "[service:s]\ncommand = /bin/sh\n%s%s", checks[k / 7],
			 most[k % 7]);
		load_text(text);
		assert_non_null(loaded.c);
		(void)doubts();
		is_told = strstr(said, "never blocked") != NULL;
		told += is_told;
		silent += !is_told;
		plan.config = loaded.c;
		assert_int_equal(simulation_run(&plan, forget_event, NULL,
						&result), 0);
		if (is_told == (result.total[0].trips > 0))
			fail_msg("%s: %u trips; check says: %s", text,
				 result.total[0].trips, said);
	}
	assert_true(silent > 10 && told > 5);
}

static void zero_times_are_doubted(void **state)
{
	assert_doubted("cooldown = 0", "cooldown = 0: once blocked it is tried "
				       "at once");
	assert_doubted("cooldown = 0..10s", "cooldown = 0");
	assert_doubted("cooldown = 1ms", "");
	assert_doubted("stable = 0", "stable = 0: every start counts");
}

static void command_that_its_child_would_not_find_is_doubted(void **state)
{
	assert_doubted("command = /bin/sh\nstop_command = nosuch",
		       "stop_command: nosuch is not in PATH (/fake/bin)");
	assert_doubted("command = /bin/sh\non_blocked = /no/such x",
		       "on_blocked: /no/such: no such file or directory");
	assert_doubted("command = nosuch",
		       "command: nosuch is not in PATH (/fake/bin)");
	assert_doubted("command = /no/such",
		       "command: /no/such: no such file or directory");
	assert_doubted("command = /etc/passwd",
		       "/etc/passwd cannot be executed by its user");
	assert_doubted("command = /tmp", "/tmp cannot be executed");
	assert_doubted("command = sh\nenv.PATH = /no:/bin", "");
	assert_doubted("command = bin/sh\ndirectory = /", "");
	assert_doubted("command = sh\nenv.PATH = bin\ndirectory = /", "");
	assert_doubted("shell = exit 0 | nosuch", "");
}

static void script_without_its_interpreter_is_doubted(void **state)
{
	char path[] = "/tmp/test_check.XXXXXX", lines[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#! /no/such -x\n", 15), 15);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	snprintf(lines, sizeof(lines), "command = %s", path);
	assert_doubted(lines, "needs what does not exist: /no/such");
	unlink(path);
}

/* A program whose one program header names a loader. */
static size_t make_elf(char *to, bool is_wide, unsigned machine,
		       const char *loader)
{
	Elf64_Ehdr h64 = { .e_machine = (uint16_t)machine, .e_phnum = 1,
			   .e_phoff = sizeof(h64) };
	Elf32_Ehdr h32 = { .e_machine = (uint16_t)machine, .e_phnum = 1,
			   .e_phoff = sizeof(h32) };
	Elf64_Phdr p64 = { .p_type = PT_INTERP,
			   .p_offset = sizeof(h64) + sizeof(p64) };
	Elf32_Phdr p32 = { .p_type = PT_INTERP,
			   .p_offset = sizeof(h32) + sizeof(p32) };
	const size_t head = is_wide ? sizeof(h64) : sizeof(h32);
	const size_t entry = is_wide ? sizeof(p64) : sizeof(p32);

	memcpy(to, is_wide ? (void *)&h64 : (void *)&h32, head);
	memcpy(to + head, is_wide ? (void *)&p64 : (void *)&p32, entry);
	memcpy(to, "\177ELF", 4);
	to[EI_CLASS] = is_wide ? ELFCLASS64 : ELFCLASS32;
	to[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB
								: ELFDATA2MSB;
	strcpy(to + head + entry, loader);
	return head + entry + strlen(loader) + 1;
}

static void doubt_bytes(const char *bytes, size_t size, const char *text)
{
	char path[] = "/tmp/test_check.XXXXXX", lines[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	snprintf(lines, sizeof(lines), "command = %s", path);
	assert_doubted(lines, text);
	unlink(path);
}

static void files_that_are_no_programs_are_doubted(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *text;
	} cases[] = {
		{ "", 0, "is empty" },
		{ "#!/bin/sh\r\nx\r\n", 14, "carriage return at the end" },
		{ "#!/bin/sh -e\r\n", 14, "carriage return at the end" },
		{ "#! /usr/bin/env sh\r", 19, "carriage return at the end" },
		{ "#!/bin/sh\nx\r\n", 13, "" },
		{ "#!/bin/sh", 9, "" },
		{ "#!", 2, "" },
		{ "\xef\xbb\xbf#!/bin/sh\n", 13, "byte order mark" },
		/* As a shell, by /bin/sh. */
		{ "exit 0\n", 7, "" },
		{ "a\0b", 3, "is neither a program nor a script" },
		{ "\177ELF", 4, "is a program of another machine" },
	};
	char elf[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		doubt_bytes(cases[i].bytes, cases[i].size, cases[i].text);
#ifdef __x86_64__
	doubt_bytes(elf, make_elf(elf, true, EM_X86_64, "/bin/sh"), "");
	doubt_bytes(elf, make_elf(elf, true, EM_X86_64, "/no/ld-64.so"),
		    "needs what does not exist: /no/ld-64.so");
	doubt_bytes(elf, make_elf(elf, false, EM_386, "/bin/sh"), "");
	doubt_bytes(elf, make_elf(elf, false, EM_386, "/no/ld-linux.so.2"),
		    "needs what does not exist: /no/ld-linux.so.2");
	doubt_bytes(elf, make_elf(elf, true, EM_AARCH64, "/bin/sh"),
		    "is a program of another machine");
	/* A header that names what is not in the file. */
	make_elf(elf, true, EM_X86_64, "/no");
	doubt_bytes(elf, sizeof(Elf64_Ehdr) + 8, "");
	memset(elf + offsetof(Elf64_Ehdr, e_phoff), 0xff, 8);
	doubt_bytes(elf, 200, "");
#endif
}

static int look_up(const struct config_service *s, struct program *l)
{
	return program_find(loaded.c, s, s->argv, l);
}

static void file_mode_is_read_for_the_user_of_the_service(void **state)
{
	char path[] = "/tmp/test_check.XXXXXX", lines[256];
	int fd = mkstemp(path);
	struct config_service as;
	struct program l;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x\n", 2), 2);
	assert_int_equal(fchmod(fd, 0710), 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	snprintf(lines, sizeof(lines), "[service:s]\ncommand = %s\n", path);
	load_text(lines);
	as = *service("s");
	as.has_user = as.has_group = true;
	as.uid = st.st_uid + 1;
	as.gid = st.st_gid + 1;
	assert_int_equal(look_up(&as, &l), -EACCES);
	assert_string_equal(l.found, path);
	as.groups[0] = st.st_gid;
	as.groups_count = 1;
	assert_int_equal(look_up(&as, &l), 0);
	as.groups_count = 0;
	as.gid = st.st_gid;
	assert_int_equal(look_up(&as, &l), 0);
	unlink(path);
	assert_int_equal(look_up(&as, &l), -ENOENT);
}

static void path_goes_on_behind_a_file_without_right(void **state)
{
	char path[] = "/tmp/test_check.XXXXXX", text[512], file[64];
	struct program l;

	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/sh", path);
	close(open(file, O_CREAT | O_WRONLY, 0644));
	snprintf(text, sizeof(text), "[service:s]\ncommand = sh\n"
		 "env.PATH = %s:/bin\n", path);
	load_text(text);
	assert_int_equal(look_up(service("s"), &l), 0);
	assert_string_equal(l.found, "/bin/sh");
	snprintf(text, sizeof(text), "[service:s]\ncommand = sh\n"
		 "env.PATH = %s:/no\n", path);
	load_text(text);
	assert_int_equal(look_up(service("s"), &l), -EACCES);
	unlink(file);
	rmdir(path);
}

static void relative_command_and_missing_directory_are_doubted(void **state)
{
	assert_doubted("command = ./sh", "no such file or directory");
	assert_doubted("command = /bin/sh\ndirectory = /no/such",
		       "directory = /no/such: no such file or directory");
}

static void number_without_passwd_entry_is_doubted(void **state)
{
	assert_doubted("user = 54321", "user = 54321 has no entry in "
				       "/etc/passwd: HOME, USER and LOGNAME, "
				       "and its group, stay as they are");
	assert_doubted("user = 54321\ngroup = 5",
		       "HOME, USER and LOGNAME stay as they are");
	assert_doubted("user = 0", "");
}

static void reserve_that_leaves_no_task_is_doubted(void **state)
{
	load_text("[dashpot]\nheadroom = 20\n[service:s]\n"
		  "command = /bin/sh\nlimit.nproc = -20\n"
		  "[service:t]\ncommand = /bin/sh\nlimit.nproc = -21\n");
	assert_non_null(loaded.c);
	assert_int_equal(doubts(), 1);
	assert_non_null(strstr(said, "t.ini:3: warning: limit.nproc = 20 "
				     "leaves no task beside headroom = 20"));
}

static void limit_that_may_not_be_raised_is_doubted(void **state)
{
	/* No process may have more than fs.nr_open files, nobody 2^40. */
	assert_doubted("limit.nofile = 64:1024G", "limit.nofile: the hard "
						  "limit here is ");
	assert_doubted("limit.nofile = -64:1024G", "");
	assert_doubted("limit.nofile = 64", "");
}

static void stop_without_time_is_doubted(void **state)
{
	assert_doubted("stop_timeout = 0", "stop_timeout = 0 kills at once");
	assert_doubted("restart = never\nstop_timeout = 0s",
		       "it is not never");
	assert_doubted("stop_timeout = 1ms", "");
}

static void limit_that_takes_the_mark_away_is_doubted(void **state)
{
	assert_doubted("limit.locks = 100", "limit.locks, which Linux does "
					    "not enforce, takes away its mark");
	assert_doubted("limit.rss = -1G", "limit.rss, which Linux does not "
					  "enforce, takes away its mark");
	assert_doubted("limit.as = unlimited", "");
}

static void dependency_that_nobody_starts_is_doubted(void **state)
{
	load_text("[service:a]\ncommand = /bin/sh\nafter = b\n"
		  "[service:b]\ncommand = /bin/sh\nautostart = no\n"
		  "[service:c]\ncommand = /bin/sh\n");
	assert_int_equal(doubts(), 1);
	assert_non_null(strstr(said, "t.ini:1: warning: after = b, which has "
				     "autostart = no"));
	forget(state);
	load_text("[service:a]\ncommand = /bin/sh\nrequires = b\n"
		  "[service:b]\ncommand = /bin/sh\nautostart = no\n");
	assert_int_equal(doubts(), 0);
}

static void file_that_instances_share_is_doubted_once(void **state)
{
	assert_doubted("instances = 5\nstdout = file:/tmp/w.log\n",
		       "stdout = file:/tmp/w.log is one file for several "
		       "instances; write ${INSTANCE}");
	assert_doubted("instances = 5\nstdout = file:/tmp/w.${INSTANCE}\n",
		       "");
	assert_doubted("instances = 1\nstdout = file:/tmp/w.log\n", "");
}

static void short_shutdown_timeout_is_doubted_with_what_is_lacking(void **state)
{
	load_text("[dashpot]\nshutdown_timeout = 9s\n"
		  "[service:a]\ncommand = /bin/sh\n");
	assert_int_equal(doubts(), 1);
	assert_non_null(strstr(said, "[dashpot]: warning: shutdown_timeout = "
				     "9 s is 500 ms too short for stopping"));
	forget(state);
	load_text("[dashpot]\nshutdown_timeout = 1d\n"
		  "[service:a]\ncommand = /bin/sh\nstop_timeout = 1d\n");
	assert_int_equal(doubts(), 1);
	assert_non_null(strstr(said, "1 d is 1.5 s too short for stopping"));
}

static void warnings_come_in_the_order_of_the_files(void **state)
{
	static const char *const names[] = { "b.ini", "a.ini" };
	const char *first, *second;

	add_file("b.ini", "[service:b]\ncommand = /no/b\n");
	add_file("a.ini", "[service:a]\ncommand = /no/a\n"
			  "[service:c]\ncommand = /no/c\n");
	load_files(names, 2);
	assert_int_equal(doubts(), 3);
	first = strstr(said, "b.ini:1: ");
	second = strstr(said, "a.ini:1: ");
	assert_true(first != NULL && second != NULL && first < second);
	assert_true(second < strstr(said, "a.ini:3: "));
}

static void say_policy(struct phrase *w, const char *lines)
{
	const struct config_service *s = service_with(lines);

	policy_text(w, loaded.c, s);
}

static void policy_is_said_as_a_person_would(void **state)
{
	char text[512];
	struct phrase w = PHRASE_IN(text);

	say_policy(&w,
		"max_failures = 1 in 1s, 2 in 2s, 11 in 1m, 23 in 1h\n"
		"restart_delay = 5s\ncooldown = 10s..20s\n"
		"restart = on-failure\nstable = 1s");
	assert_string_equal(text,
			    "restarted on failure, after 5 s; the 1st failure "
			    "within 1 s or the 2nd within 2 s or the 11th "
			    "within 1 m or the 23rd within 1 h blocks it; "
			    "tried again after 10 s, at most every 20 s; "
			    "stable after 1 s");
	w = PHRASE_IN(text);
	say_policy(&w, "restart = never\nessential = yes");
	assert_string_equal(text, "never restarted; essential: everything "
				  "stops with it");
	w = PHRASE_IN(text);
	say_policy(&w, "max_failures = none\ncooldown = 7s");
	assert_non_null(strstr(text, "; only a fatal end blocks it; tried "
				     "again after 7 s; stable after 1 m; a "
				     "run that ends well within 5 s has "
				     "failed too"));
	w = PHRASE_IN(text);
	say_policy(&w, "type = oneshot\nschedule = 15 3 * * mon\n"
		       "timezone = -03:30");
	assert_string_equal(text, "run by its schedule, 15 3 * * mon "
				  "UTC-03:30; never a second time beside "
				  "itself; a run that failed is reported and "
				  "waits for the next one");
	w = PHRASE_IN(text);
	say_policy(&w, "type = oneshot\nschedule = every 5m");
	assert_non_null(strstr(text, "run by its schedule, every 5m; never"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fewest_time_is_that_of_the_best_of_all_ways),
		TEST(window_is_out_of_reach_when_the_breaker_stays_closed),
		TEST(windows_that_delays_put_out_of_reach_are_named),
		TEST(service_that_failures_cannot_block_is_told_so),
		TEST(never_well_is_doubted_or_blocked),
		TEST(zero_times_are_doubted),
		TEST(command_that_its_child_would_not_find_is_doubted),
		TEST(script_without_its_interpreter_is_doubted),
		TEST(files_that_are_no_programs_are_doubted),
		TEST(file_mode_is_read_for_the_user_of_the_service),
		TEST(path_goes_on_behind_a_file_without_right),
		TEST(relative_command_and_missing_directory_are_doubted),
		TEST(number_without_passwd_entry_is_doubted),
		TEST(reserve_that_leaves_no_task_is_doubted),
		TEST(limit_that_may_not_be_raised_is_doubted),
		TEST(stop_without_time_is_doubted),
		TEST(limit_that_takes_the_mark_away_is_doubted),
		TEST(dependency_that_nobody_starts_is_doubted),
		TEST(file_that_instances_share_is_doubted_once),
		TEST(short_shutdown_timeout_is_doubted_with_what_is_lacking),
		TEST(warnings_come_in_the_order_of_the_files),
		TEST(policy_is_said_as_a_person_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
