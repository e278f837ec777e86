/* SPDX-License-Identifier: ISC */
/* Dependencies: order of start, circles, how long a stop takes; and the
 * fingerprint and the block that come out of it. */
#include "tests/unit/config_world.h"

#include <stdlib.h>

#include "tests/unit/config_valid.h"

/* The order of start as "a b c". */
static const char *order(void)
{
	static char names[400];

	assert_non_null(loaded.c);
	names[0] = '\0';
	for (uint32_t i = 0; i < loaded.c->services; i++) {
		uint32_t n = config_order(loaded.c)[i];

		strcat(names, i > 0 ? " " : "");
		strcat(names,
		       config_string(loaded.c,
				     config_service(loaded.c, n)->name));
	}
	return names;
}

#define SERVICE(name) "[service:" name "]\ncommand = x\n"

static void without_dependencies_the_order_is_that_of_the_file(void **state)
{
	load_text(SERVICE("c") SERVICE("a") SERVICE("b"));
	assert_string_equal(order(), "c a b");
}

static void service_stands_behind_what_it_depends_on(void **state)
{
	load_text(SERVICE("web") "after = db cache\n" SERVICE("cache")
		  "requires = disk\n" SERVICE("db") SERVICE("disk"));
	assert_string_equal(order(), "db disk cache web");
	assert_null(config_invalid(loaded.c));
	assert_int_equal(service("web")->deps, 2);
	assert_false(config_dep(loaded.c, service("web")->deps_first)
			     ->is_required);
	assert_true(config_dep(loaded.c, service("cache")->deps_first)
			    ->is_required);
}

static void name_twice_is_one_dependency_and_requires_is_stronger(void **state)
{
	load_text(SERVICE("a") "after = b b\nrequires = b\n" SERVICE("b"));
	assert_int_equal(service("a")->deps, 1);
	assert_true(config_dep(loaded.c, 0)->is_required);
}

static void unknown_name_is_a_mistake_with_the_nearest(void **state)
{
	load_text(SERVICE("database") SERVICE("a") "after = databse\n"
		  "requires = xyzzy\n");
	assert_said("t.ini:5: after: there is no service `databse`; did you "
		    "mean database?");
	assert_said("t.ini:6: requires: there is no service `xyzzy`; declare "
		    "[service:xyzzy] or leave it out");
}

static void service_does_not_depend_on_itself(void **state)
{
	load_text(SERVICE("a") "after = a\n");
	assert_said("t.ini:3: after: a names itself; leave it out");
	assert_int_equal(loaded.mistakes, 1);
}

static void defaults_may_name_a_service_that_they_are_for(void **state)
{
	load_text("[defaults]\nrequires = db\n" SERVICE("a") SERVICE("db")
		  SERVICE("c") "requires = none\n");
	assert_string_equal(order(), "db a c");
	assert_int_equal(service("db")->deps, 0);
	assert_int_equal(service("c")->deps, 0);
	assert_true(config_dep(loaded.c, service("a")->deps_first)
			    ->is_required);
}

static void circle_is_a_mistake_that_shows_it(void **state)
{
	load_text(SERVICE("a") "after = b\n" SERVICE("b") "requires = c\n"
		  SERVICE("c") "after = a\n" SERVICE("d") "after = a\n");
	assert_said("t.ini:3: services wait for each other: a (line 3) -> b "
		    "(line 6) -> c (line 9) -> a; remove one of these");
	assert_int_equal(loaded.mistakes, 1);
}

static void each_circle_is_told(void **state)
{
	load_text(SERVICE("a") "after = b\n" SERVICE("b") "after = a\n"
		  SERVICE("c") "after = d\n" SERVICE("d") "after = c\n");
	assert_said("a (line 3) -> b (line 6) -> a");
	assert_said("c (line 9) -> d (line 12) -> c");
	assert_int_equal(loaded.mistakes, 2);
}

static void circle_across_files_names_the_files(void **state)
{
	static const char *const names[] = { "a.ini", "b.ini" };

	add_file("a.ini", SERVICE("a") "after = b\n");
	add_file("b.ini", SERVICE("b") "after = a\n");
	load_files(names, 2);
	assert_said("a.ini:3: services wait for each other: a (line 3) -> b "
		    "(b.ini:3) -> a;");
}

static void nobody_waits_for_the_command_line(void **state)
{
	static char cmd[] = "x";
	static char *const command[] = { cmd, NULL };
	static const char *const names[] = { "t.ini" };
	struct loader_source from = { .files = names,
				      .files_count = 1,
				      .command = command };

	add_file("t.ini", SERVICE("a") "after = main\n");
	load_source(&fake_world, &from);
	assert_said("t.ini:3: services wait for each other: a (line 3) -> main "
		    "-> a; remove one of these");
}

static void circle_of_a_thousand_is_cut_short(void **state)
{
	char *text = calloc(1, 1000 * 60), *to = text;

	for (int i = 0; i < 1000; i++)
		to += sprintf(to, SERVICE("s%d") "after = s%d\n", i,
			      (i + 1) % 1000);
	load_text(text);
	assert_said("s0 (line 3) -> s1 (line 6) -> ");
	assert_said("-> ... s0; remove one of these");
	free(text);
}

static void chain_of_a_thousand_is_ordered(void **state)
{
	char *text = calloc(1, 1000 * 60), *to = text;

	for (int i = 0; i < 999; i++)
		to += sprintf(to, SERVICE("s%d") "after = s%d\n", i, i + 1);
	sprintf(to, SERVICE("s999"));
	load_text(text);
	assert_non_null(loaded.c);
	assert_int_equal(config_order(loaded.c)[0], 999);
	assert_int_equal(config_order(loaded.c)[999], 0);
	assert_int_equal(loaded.c->shutdown_needs_ms, 1000 * 8000 + 1500);
	assert_null(config_invalid(loaded.c));
	free(text);
}

static void stop_takes_the_longest_path(void **state)
{
	load_text(SERVICE("a") "stop_timeout = 5s\nafter = b, c\n"
		  SERVICE("b") "stop_timeout = 2s\n"
		  SERVICE("c") "stop_timeout = 3s\n"
		  SERVICE("d") "stop_timeout = 7s\n");
	assert_int_equal(loaded.c->shutdown_needs_ms, 9500);
	assert_int_equal(loaded.c->shutdown_timeout_ms, 9500);
}

static void stop_takes_the_longest_path_behind_a_drain_delay(void **state)
{
	load_text(SERVICE("a") "stop_timeout = 5s\nafter = b\n"
		  SERVICE("b") "stop_timeout = 2s\ndrain_delay = 4s\n");
	assert_int_equal(loaded.c->shutdown_needs_ms, 8500);
	forget(state);
	load_text(SERVICE("a") "stop_timeout = 5s\nafter = b\n"
		  "drain_delay = 3s\n"
		  SERVICE("b") "stop_timeout = 2s\ndrain_delay = 9s\n");
	assert_int_equal(loaded.c->shutdown_needs_ms, 12500);
	forget(state);
	load_text(SERVICE("a") "stop_timeout = 5s\nafter = b\n"
		  "drain_delay = 6s\n"
		  SERVICE("b") "stop_timeout = 2s\ndrain_delay = 3s\n");
	assert_int_equal(loaded.c->shutdown_needs_ms, 14500);
}

static void oneshot_is_not_restarted_for_ever(void **state)
{
	assert_int_equal(service_with("type = oneshot")->restart,
			 CONFIG_NEVER);
	assert_int_equal(service_with("type = oneshot\nrestart = on-failure")
				 ->restart, CONFIG_ON_FAILURE);
	assert_refused("restart = always\ntype = oneshot",
		       "restart = always in [service:s], which is a oneshot");
	forget(state);
	load_text("[defaults]\nrestart = always\n" SERVICE("a")
		  "type = oneshot\n");
	assert_int_equal(service("a")->restart, CONFIG_NEVER);
}

static uint64_t run_print; /* of the last print_of() */

/* The fingerprint of service s of this text. */
static uint64_t print_of(const char *text)
{
	uint64_t fingerprint;

	load_text(text);
	fingerprint = service("s")->fingerprint;
	run_print = service("s")->run_fingerprint;
	forget(NULL);
	return fingerprint;
}

static void fingerprint_for_the_volume_says_nothing_of_secrets(void **state)
{
	static const char *const secret[2][2] = {
		{ SERVICE("s") "env.KEY = one\n",
		  SERVICE("s") "env.KEY = 2\n" },
		{ SERVICE("s") "env_from_file.KEY = /one\n",
		  SERVICE("s") "env_from_file.KEY = /two\n" },
	};

	for (size_t k = 0; k < 2; k++) {
		uint64_t first, run;

		fake_files[1] = (struct fake_file){ .name = "/one",
						    .text = "hunter2\n" };
		fake_files[2] = (struct fake_file){ .name = "/two",
						    .text = "x=y" };
		first = print_of(secret[k][0]);
		run = run_print;
		fake_files[1] = (struct fake_file){ .name = "/one",
						    .text = "hunter2\n" };
		fake_files[2] = (struct fake_file){ .name = "/two",
						    .text = "x=y" };
		assert_true(first == print_of(secret[k][1]));
		/* A reload still sees that a new process is wanted. */
		assert_true(run != run_print);
	}
}

static void fingerprint_is_of_the_settings_not_of_their_place(void **state)
{
	const uint64_t is = print_of(SERVICE("s") SERVICE("t"));

	assert_true(is == print_of("\n\n" SERVICE("t") SERVICE("s")));
	assert_true(is == print_of(SERVICE("s") "stop_timeout = 8000ms\n"));
	assert_true(is == print_of("[defaults]\nstop_timeout = 1s\n"
				   SERVICE("s") "stop_timeout = 8s\n"));
	assert_true(is == print_of("[dashpot]\nheadroom = 5\n" SERVICE("s")));
	assert_true(print_of(SERVICE("s") "env.A = 1\nenv.B = 2\n") ==
		    print_of(SERVICE("s") "env.B = 2\nenv.A = 1\n"));
	assert_true(print_of("[defaults]\ngroups = 1 2 3\n" SERVICE("s")
			     "groups = 7\n") ==
		    print_of(SERVICE("s") "groups = 7\n"));
	assert_true(print_of("[defaults]\nmax_failures = 1 in 1s, 2 in 2s\n"
			     SERVICE("s") "max_failures = 3 in 3s\n") ==
		    print_of(SERVICE("s") "max_failures = 3 in 3s\n"));
}

static void default_that_is_written_changes_nothing(void **state)
{
	const uint64_t is = print_of(SERVICE("s")), run = run_print;
	const struct config_key *key;
	unsigned count = 0;
	char text[300];

	for (size_t i = 0; (key = config_key(i)) != NULL; i++) {
		if (!(key->flags & KEY_USUAL))
			continue;
		snprintf(text, sizeof(text), "%s%s = %s\n" SERVICE("s"),
			 key->flags & KEY_DASHPOT ? "[dashpot]\n"
						  : "[defaults]\n",
			 key->name, key_usual(key));
		assert_true(is == print_of(text));
		assert_true(run == run_print);
		count++;
	}
	assert_true(count >= 25);
}

static void fingerprint_changes_with_each_setting(void **state)
{
	static const char *const lines[] = {
		"", "stop_timeout = 7s", "env.A = 1", "env.B = 2",
		"env.AA = 1", "directory = /a", "directory = /b",
		"user = app", "user = 1000:1001", "limit.nofile = 5",
		"limit.nofile = -5", "limit.nproc = 5", "after = t",
		"requires = t", "after = u", "nice = 0", "umask = 0",
		"stdout = file:/a", "stderr = file:/a", "clear_env = yes",
		"essential = yes", "max_failures = none", "groups = 1",
		"groups = none", "success_codes = 1", "type = oneshot",
		"stdout = inherit", "stdout = file:/dev/stderr",
		"stderr = null",
		"log_format = json", "log_max_size = 0", "tail_lines = 0",
	};
	enum { LINES = sizeof(lines) / sizeof(lines[0]) };
	uint64_t seen[LINES];
	char text[300];

	for (size_t i = 0; i < LINES; i++) {
		snprintf(text, sizeof(text), SERVICE("s") "%s\n" SERVICE("t")
			 SERVICE("u"), lines[i]);
		seen[i] = print_of(text);
		for (size_t j = 0; j < i; j++)
			assert_true(seen[i] != seen[j]);
	}
	assert_true(print_of("[service:s]\ncommand = x y\n") !=
		    print_of("[service:s]\ncommand = 'x y'\n"));
	assert_true(print_of("[service:s]\ncommand = /bin/sh -c x\n") !=
		    print_of("[service:s]\nshell = x\n"));
}

static void block_can_be_copied_to_any_address(void **state)
{
	struct config *copy;
	const struct config_service *s;

	load_text(SERVICE("web") "after = db\nenv.A = 1\nlimit.nofile = 9\n"
		  SERVICE("db"));
	copy = malloc(loaded.c->size);
	memcpy(copy, loaded.c, loaded.c->size);
	assert_null(config_invalid(copy));
	s = config_service(copy, 0);
	assert_string_equal(config_string(copy, s->name), "web");
	assert_string_equal(config_string(copy, s->argv.at), "x");
	assert_string_equal(config_string(copy, s->env.at), "A=1");
	assert_int_equal(config_dep(copy, s->deps_first)->service, 1);
	assert_int_equal(config_limit(copy, s->limits_first)->soft, 9);
	assert_string_equal(config_string(copy, s->directory), "");
	free(copy);
}

#define OFF "command = x\nautostart = no\n"

static void files_of_which_nothing_would_start_are_refused(void **state)
{
	static const char *const wrong[] = {
		"[service:a]\n" OFF "[service:b]\ncommand = x\nafter = a\n",
		/* Through another one, and through instances. */
		"[service:c]\ncommand = x\nrequires = b\n"
		"[service:b]\n" OFF "after = a\n[service:a]\n" OFF,
		"[service:a]\n" OFF "instances = 2\n"
		"[service:b]\ncommand = x\nafter = a:1\n",
	};
	static const char *const right[] = {
		"[service:a]\n" OFF "[service:b]\ncommand = x\nrequires = a\n",
		"[service:a]\n" OFF "[service:b]\ncommand = x\nafter = a\n"
		"[service:c]\ncommand = x\n",
		/* Somebody else requires it. */
		"[service:a]\n" OFF "[service:b]\ncommand = x\nafter = a\n"
		"[service:c]\ncommand = x\nrequires = a\n",
		/* One starts as it is required by who does not. */
		"[service:a]\n" OFF "[service:z]\n" OFF
		"[service:b]\ncommand = x\nafter = a\nrequires = z\n",
		/* All are for a person. */
		"[service:a]\n" OFF "[service:b]\n" OFF "after = a\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		forget(state);
		load_text(wrong[i]);
		assert_int_equal(loaded.mistakes, 1);
		assert_said("and nothing would ever start; write requires");
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		forget(state);
		load_text(right[i]);
		assert_non_null(loaded.c);
	}
	forget(state);
	load_text(wrong[0]);
	assert_string_equal(loaded.said,
			    "t.ini:6: after: b would wait for a, which has "
			    "autostart = no, and nothing would ever start; "
			    "write requires, which starts it\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_of_which_nothing_would_start_are_refused),
		TEST(without_dependencies_the_order_is_that_of_the_file),
		TEST(service_stands_behind_what_it_depends_on),
		TEST(name_twice_is_one_dependency_and_requires_is_stronger),
		TEST(unknown_name_is_a_mistake_with_the_nearest),
		TEST(service_does_not_depend_on_itself),
		TEST(defaults_may_name_a_service_that_they_are_for),
		TEST(circle_is_a_mistake_that_shows_it),
		TEST(each_circle_is_told),
		TEST(circle_across_files_names_the_files),
		TEST(nobody_waits_for_the_command_line),
		TEST(circle_of_a_thousand_is_cut_short),
		TEST(chain_of_a_thousand_is_ordered),
		TEST(stop_takes_the_longest_path),
		TEST(stop_takes_the_longest_path_behind_a_drain_delay),
		TEST(oneshot_is_not_restarted_for_ever),
		TEST(fingerprint_is_of_the_settings_not_of_their_place),
		TEST(fingerprint_for_the_volume_says_nothing_of_secrets),
		TEST(default_that_is_written_changes_nothing),
		TEST(fingerprint_changes_with_each_setting),
		TEST(block_can_be_copied_to_any_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
