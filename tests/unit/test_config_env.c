/* SPDX-License-Identifier: ISC */
/* Users and groups of the image, and the environment of a service. */
#include "tests/unit/config_world.h"

#include <stdlib.h>

#include "tests/unit/config_valid.h"

static void user_of_passwd_brings_groups_and_variables(void **state)
{
	const struct config_service *s = service_with("user = app");

	assert_true(s->has_user && s->uid == 1000);
	assert_true(s->has_group && s->gid == 1001);
	assert_true(s->has_groups && s->groups_count == 3);
	assert_int_equal(s->groups[0], 1001);
	assert_int_equal(s->groups[1], 33);
	assert_int_equal(s->groups[2], 4);
	assert_string_equal(config_string(loaded.c, s->user), "app");
	assert_string_equal(variable(s, "HOME"), "/home/app");
	assert_string_equal(variable(s, "USER"), "app");
	assert_string_equal(variable(s, "LOGNAME"), "app");
	assert_null(config_invalid(loaded.c));
}

static void last_line_of_passwd_without_newline_counts(void **state)
{
	assert_int_equal(service_with("user = www-data")->uid, 33);
}

static void number_needs_no_file(void **state)
{
	const struct config_service *s;

	forget(state);
	fake_files[1] = (struct fake_file){ "/etc/passwd", "", 0, -ENOENT };
	fake_files[2] = (struct fake_file){ "/etc/group", "", 0, -ENOENT };
	load_text("[service:a]\ncommand = x\nuser = 7:8\n"
		  "[service:b]\ncommand = x\nuser = 7\ngroup = 9\n"
		  "groups = 1,2\n"
		  "[service:c]\ncommand = x\nuser = 7\n");
	s = service("a");
	assert_true(s->has_user && s->uid == 7 && s->has_group && s->gid == 8);
	assert_true(s->has_groups && s->groups_count == 1);
	assert_int_equal(s->env.count, 0);
	s = service("b");
	assert_true(s->uid == 7 && s->gid == 9 && s->groups_count == 2);
	s = service("c");
	assert_true(s->has_user && !s->has_group);
	assert_true(s->has_groups && s->groups_count == 0);
}

static void number_that_passwd_lists_is_that_user(void **state)
{
	const struct config_service *s = service_with("user = 1000");

	assert_int_equal(s->gid, 1001);
	assert_string_equal(variable(s, "HOME"), "/home/app");
}

static void group_may_be_named_with_the_user(void **state)
{
	const struct config_service *s = service_with("user = app:www-data");

	assert_int_equal(s->uid, 1000);
	assert_int_equal(s->gid, 33);
	assert_int_equal(service_with("user = app\ngroup = adm")->gid, 4);
	assert_int_equal(service_with("group = adm")->gid, 4);
	assert_false(service("s")->has_user);
	forget(state);
	load_text("[service:s]\ncommand = x\nuser = app:adm\ngroup = app\n");
	assert_said("t.ini:4: group = app, and user names a group too (line "
		    "3); keep one of them");
}

static void nearer_group_wins_over_defaults(void **state)
{
	load_text("[defaults]\ngroup = adm\n"
		  "[service:a]\ncommand = x\nuser = app:www-data\n");
	assert_int_equal(service("a")->gid, 33);
	forget(state);
	load_text("[defaults]\nuser = app:www-data\n"
		  "[service:a]\ncommand = x\ngroup = adm\n");
	assert_int_equal(service("a")->gid, 4);
	forget(state);
	load_text("[defaults]\nuser = app:www-data\ngroup = adm\n"
		  "[service:a]\ncommand = x\n[service:b]\ncommand = x\n");
	assert_said("t.ini:3: group = adm, and user names a group too (line "
		    "2)");
	assert_int_equal(loaded.mistakes, 1);
}

static void groups_replace_those_of_the_file(void **state)
{
	const struct config_service *s =
		service_with("user = app\ngroups = none");

	assert_true(s->has_groups && s->groups_count == 0);
	s = service_with("user = app\ngroups = root 7");
	assert_int_equal(s->groups_count, 2);
	assert_int_equal(s->groups[1], 7);
}

static void unknown_users_and_groups_are_mistakes(void **state)
{
	assert_refused("user = ap", "is not in /etc/passwd; add it there");
	assert_refused("user = www-dat", "did you mean www-data?");
	assert_refused("user = broken", "is not in /etc/passwd");
	assert_refused("user = app:admm", "is not in /etc/group; did you mean "
					  "adm?");
	assert_refused("user = :adm", "is not in /etc/passwd");
	assert_refused("user = app:", "is not in /etc/group");
	assert_refused("group = xyzzy", "is not in /etc/group; add it");
	assert_refused("user = 4294967295", "is not in /etc/passwd");
	assert_refused("group = 99999999999999", "is not in /etc/group");
	assert_refused("groups = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "
		       "19 20 21 22 23 24 25 26 27 28 29 30 31 32 33",
		       "more than 32 groups");
}

static void user_in_more_than_32_groups_is_a_mistake(void **state)
{
	static char groups[4000];

	for (int i = 0; i < 40; i++)
		sprintf(groups + strlen(groups), "g%d:x:%d:app\n", i, i);
	forget(state);
	fake_files[1] = (struct fake_file){ "/etc/group", groups, 0, 0 };
	load_text("[service:s]\ncommand = x\nuser = app\n");
	assert_said("is in more than 32 groups; choose some with `groups`");
}

static void later_source_of_a_variable_wins(void **state)
{
	const struct config_service *s;

	add_file("t.ini", "");
	add_file("/vars", "A=file\nB=file\nC=file\nHOME=/file\nC=twice\n");
	add_file("/a", "content\n");
	load_text("[service:s]\ncommand = x\nenv.A = written\nuser = app\n"
		  "env_from_file.A = /a\nenv_from_file.B = /a\n"
		  "env_file = /vars\nenv.USER = me\n");
	s = service("s");
	assert_string_equal(variable(s, "A"), "written");
	assert_string_equal(variable(s, "B"), "content");
	assert_string_equal(variable(s, "C"), "twice");
	assert_string_equal(variable(s, "HOME"), "/file");
	assert_string_equal(variable(s, "USER"), "me");
	assert_string_equal(variable(s, "LOGNAME"), "app");
	assert_int_equal(s->env.count, 6);
	for (uint32_t i = 1; i < s->env.count; i++)
		assert_true(strcmp(word(s->env, i - 1), word(s->env, i)) < 0);
}

static void variables_of_defaults_are_overridden_one_by_one(void **state)
{
	add_file("t.ini", "");
	add_file("/one", "X=1\nY=1\n");
	add_file("/two", "X=2\n");
	load_text("[service:a]\ncommand = x\nenv.A = own\nenv_file = /two\n"
		  "[service:b]\ncommand = x\n"
		  "[defaults]\nenv.A = 1\nenv.B = 2\nenv_file = /one\n");
	assert_string_equal(variable(service("a"), "A"), "own");
	assert_string_equal(variable(service("a"), "B"), "2");
	assert_string_equal(variable(service("a"), "X"), "2");
	assert_null(variable(service("a"), "Y"));
	assert_string_equal(variable(service("b"), "A"), "1");
	assert_string_equal(variable(service("b"), "Y"), "1");
}

static void env_file_may_be_missing_only_with_a_minus(void **state)
{
	assert_int_equal(service_with("env_file = -/missing")->env.count, 0);
	assert_refused("env_file = /missing", "cannot be read (no such file");
	assert_refused("env_from_file.A = -/missing", "cannot be read");
}

static void wrong_env_files_are_told_with_their_line(void **state)
{
	static const struct {
		struct fake_file file;
		const char *said;
	} wrong[] = {
		{ { "/f", "A=1\nno sense\n", 0, 0 }, "line 2 of the file is" },
		{ { "/f", "1A=1\n", 0, 0 }, "line 1 of the file is ne" },
		{ { "/f", "=1\n", 0, 0 }, "line 1 of the file is ne" },
		{ { "/f", "A=\0b", 4, 0 }, "line 1 of the file holds a NUL" },
		{ { "/f", "", 0, -EACCES }, "permission denied" },
		{ { "/f", "", 0, -ENODEV }, "is no regular file" },
		{ { "/f", "", 0, -EFBIG }, "more than 65536 bytes" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		forget(state);
		fake_files[1] = wrong[i].file;
		load_text("[service:s]\ncommand = x\nenv_file = -/f\n");
		assert_said("t.ini:3: env_file = -/f: ");
		assert_said(wrong[i].said);
	}
}

static const char *path_with(const char *lines)
{
	const struct config_service *s = service_with(lines);

	return config_string(loaded.c, s->path);
}

static void path_is_that_of_the_service(void **state)
{
	static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
				    "/usr/bin:/sbin:/bin";
	struct loader_world bare = fake_world;
	static char *const nothing[] = { NULL };
	static const char *const names[] = { "t.ini" };
	struct loader_source from = { .files = names, .files_count = 1 };

	assert_string_equal(path_with(""), "/fake/bin");
	assert_string_equal(path_with("env.PATH = /a:/b"), "/a:/b");
	assert_string_equal(path_with("env.PATH = ${PATH}:/b"),
			    "/fake/bin:/b");
	assert_string_equal(path_with("clear_env = yes"), usual);
	assert_string_equal(path_with("clear_env = yes\nenv.PATH = /c"),
			    "/c");
	forget(state);
	bare.environment = nothing;
	add_file("t.ini", "[service:s]\ncommand = x\n");
	load_source(&bare, &from);
	assert_string_equal(config_string(loaded.c, service("s")->path),
			    usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(user_of_passwd_brings_groups_and_variables),
		TEST(last_line_of_passwd_without_newline_counts),
		TEST(number_needs_no_file),
		TEST(number_that_passwd_lists_is_that_user),
		TEST(group_may_be_named_with_the_user),
		TEST(nearer_group_wins_over_defaults),
		TEST(groups_replace_those_of_the_file),
		TEST(unknown_users_and_groups_are_mistakes),
		TEST(user_in_more_than_32_groups_is_a_mistake),
		TEST(later_source_of_a_variable_wins),
		TEST(variables_of_defaults_are_overridden_one_by_one),
		TEST(env_file_may_be_missing_only_with_a_minus),
		TEST(wrong_env_files_are_told_with_their_line),
		TEST(path_is_that_of_the_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
