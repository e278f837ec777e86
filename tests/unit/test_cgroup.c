/* SPDX-License-Identifier: ISC */
/* init/kernel/cgroup on machines of other kinds: what /proc says is put there
 * by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/kernel/cgroup.h"

/* What the two files hold; NULL: there is none. */
static const char *own, *mounts;

/* A file that reads as `text`. */
static int file_of(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	const char *text = strcmp(path, "/proc/self/cgroup") == 0 ? own
			   : strcmp(path, "/proc/self/mountinfo") == 0
				   ? mounts
				   : NULL;

	if (text)
		return file_of(text);
	errno = ENOENT;
	return -1;
}

#define MOUNT(root, point, tail) \
	"30 25 0:26 " root " " point " rw,nosuid shared:4 - " tail "\n"

static void check(const char *controller, const char *expected, size_t top)
{
	char dir[PATH_MAX] = "";

	assert_int_equal(cgroup_find(controller, dir), top);
	if (top > 0)
		assert_string_equal(dir, expected);
}

static void version_1_is_found_below_the_root_of_its_mount(void **state)
{
	own = "9:cpu,cpuacct:/docker/abc\n8:memory:/docker/abc\n0::/other\n";
	mounts = MOUNT("/docker/abc", "/sys/fs/cgroup/cpu",
		       "cgroup cgroup rw,cpu,cpuacct")
		MOUNT("/docker/abc", "/sys/fs/cgroup/memory",
		      "cgroup cgroup rw,memory");
	check("memory", "/sys/fs/cgroup/memory", 21);
	check("cpuacct", "/sys/fs/cgroup/cpu", 18);
}

static void version_2_is_found_with_the_way_below_its_mount(void **state)
{
	own = "0::/a/b\n";
	mounts = MOUNT("/", "/", "ext4 /dev/vda rw")
		MOUNT("/", "/sys/fs/cgroup", "cgroup2 cgroup2 rw");
	check("memory", "/sys/fs/cgroup/a/b", 14);
}

static void hybrid_machine_has_each_controller_in_its_place(void **state)
{
	own = "1:pids:/p\n0::/u\n";
	mounts = MOUNT("/", "/sys/fs/cgroup/pids", "cgroup none rw,pids")
		MOUNT("/", "/sys/fs/cgroup/unified", "cgroup2 none rw");
	check("pids", "/sys/fs/cgroup/pids/p", 19);
	check("memory", "/sys/fs/cgroup/unified/u", 22);
}

static void controller_is_a_whole_word(void **state)
{
	own = "1:memory2,xmemory:/wrong\n0::/\n";
	mounts = MOUNT("/", "/sys/fs/cgroup", "cgroup2 none rw");
	check("memory", "/sys/fs/cgroup", 14);
}

static void escapes_of_mountinfo_are_undone(void **state)
{
	own = "0::/\n";
	mounts = MOUNT("/", "/a\\040b\\134", "cgroup2 none rw");
	check("memory", "/a b\\", 5);
}

static void cgroup_outside_of_the_mount_is_not_found(void **state)
{
	own = "0::/a/bc\n";
	mounts = MOUNT("/a/b", "/sys/fs/cgroup", "cgroup2 none rw");
	check("memory", NULL, 0);
	own = "0::/../sibling\n"; /* above the root of this namespace */
	mounts = MOUNT("/", "/sys/fs/cgroup", "cgroup2 none rw");
	check("memory", NULL, 0);
}

static void nothing_is_found_where_proc_says_nothing(void **state)
{
	own = NULL;
	mounts = MOUNT("/", "/sys/fs/cgroup", "cgroup2 none rw");
	check("memory", NULL, 0);
	own = "garbage\n\n:\n0:\n";
	mounts = "garbage - \n - cgroup2\n1 2 3 - cgroup2\n";
	check("memory", NULL, 0);
}

static void value_stands_behind_its_whole_key(void **state)
{
	int v2 = file_of("low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"
			 "oom_group_kill 6\n");
	int v1 = file_of("oom_kill_disable 7\nunder_oom 8\noom_kill 9\n");
	int old = file_of("oom_kill_disable 7\nunder_oom 8\n");

	assert_int_equal(cgroup_value(v2, "oom_kill "), 5);
	assert_int_equal(cgroup_value(v1, "oom_kill "), 9);
	assert_int_equal(cgroup_value(old, "oom_kill "), -1);
	assert_int_equal(cgroup_value(-1, "oom_kill "), -1);
	close(v2);
	close(v1);
	close(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			version_1_is_found_below_the_root_of_its_mount),
		cmocka_unit_test(
			version_2_is_found_with_the_way_below_its_mount),
		cmocka_unit_test(
			hybrid_machine_has_each_controller_in_its_place),
		cmocka_unit_test(controller_is_a_whole_word),
		cmocka_unit_test(escapes_of_mountinfo_are_undone),
		cmocka_unit_test(cgroup_outside_of_the_mount_is_not_found),
		cmocka_unit_test(nothing_is_found_where_proc_says_nothing),
		cmocka_unit_test(value_stands_behind_its_whole_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
