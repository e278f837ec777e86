/* SPDX-License-Identifier: ISC */
/* init/lib/safe_path: paths through directories of services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/lib/safe_path.h"
#include "init/loader/bounded_files.h"

static char dir[64];

static int begin(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/dashpot-walk-XXXXXX");
	return mkdtemp(dir) == NULL || chdir(dir) < 0 ||
	       system("mkdir -p a/b/c && echo text >a/b/c/file && "
		      "ln -s a/b one && ln -s \"$PWD/one/c\" two && "
		      "ln -s ../../.. a/b/c/up && ln -s circle circle && "
		      "ln -s nowhere dangling && "
		      "ln -s /proc/self/fd/0 in") != 0;
}

static int end(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return chdir("/") < 0 || system(command) != 0;
}

/* What is in the file at the end of the path; or -errno as a number. */
static const char *found(const char *path)
{
	static char text[64];
	int fd = safe_path_open(path, O_RDONLY, 0);
	ssize_t n;

	if (fd < 0) {
		snprintf(text, sizeof(text), "%s", strerror(-fd));
		return text;
	}
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return text;
}

static void links_of_the_own_user_are_followed(void **state)
{
	char path[128];

	(void)state;
	assert_string_equal(found("a/b/c/file"), "text\n");
	assert_string_equal(found("one/c/file"), "text\n");
	assert_string_equal(found("two/file"), "text\n");
	assert_string_equal(found("two/up/one/c/../c//./file"), "text\n");
	snprintf(path, sizeof(path), "/..///%s/two/up/two/file", dir);
	assert_string_equal(found(path), "text\n");
}

static void what_is_not_there_says_why(void **state)
{
	char name[SAFE_PATH_NAME], path[PATH_MAX + 8], at[64];
	int fd;

	(void)state;
	assert_string_equal(found("a/none/file"), strerror(ENOENT));
	assert_string_equal(found("a/b/c/file/x"), strerror(ENOTDIR));
	assert_string_equal(found("circle"), strerror(ELOOP));
	assert_string_equal(found("circle/x"), strerror(ELOOP));
	assert_string_equal(found("dangling"), strerror(ENOENT));
	assert_string_equal(found("in"), strerror(EINVAL));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(safe_path_parent(path, name), -ENAMETOOLONG);
	path[NAME_MAX + 1] = '\0';
	assert_int_equal(safe_path_parent(path, name), -ENAMETOOLONG);
	/* The last name need not be there, a link that leads there may be. */
	fd = safe_path_parent("dangling", name);
	assert_true(fd >= 0);
	assert_string_equal(name, "nowhere");
	close(fd);
	fd = safe_path_parent("/", name);
	assert_true(fd >= 0);
	assert_string_equal(name, ".");
	snprintf(at, sizeof(at), "/proc/self/fd/%d", fd);
	assert_int_equal(readlink(at, name, sizeof(name)), 1);
	close(fd);
}

static void links_of_another_user_lead_nowhere(void **state)
{
	struct arena arena = { 0 };
	char *text;
	size_t length;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(lchown("one", 65534, 65534), 0);
	assert_string_equal(found("one/c/file"), strerror(EACCES));
	assert_string_equal(found("two/file"), strerror(EACCES));
	/* Likewise where variables of a service are read; not elsewhere. */
	assert_int_equal(files_read_walked(&arena, "one/c/file", 100, &text,
					   &length), -EACCES);
	assert_int_equal(files_read_walked(&arena, "a/b/c/file", 100, &text,
					   &length), 0);
	assert_string_equal(text, "text\n");
	assert_int_equal(files_read(&arena, "one/c/file", 100, &text,
				    &length), 0);
	arena_drop(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			links_of_the_own_user_are_followed, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_says_why,
						begin, end),
		cmocka_unit_test_setup_teardown(
			links_of_another_user_lead_nowhere, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
