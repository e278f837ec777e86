/* SPDX-License-Identifier: ISC */
/* A reload: which index each service has, what is left of one that is gone
 * from the files, and what says that a process has to be replaced. */
#include "tests/unit/config_world.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "tests/unit/config_valid.h"

#define SERVICE(name) "[service:" name "]\ncommand = x\n"

/* What the last reload replaced. */
static const struct config *old;

static void drop_old(void)
{
	if (old != NULL)
		munmap((void *)(uintptr_t)old, old->size);
	old = NULL;
}

static int forget_both(void **state)
{
	drop_old();
	return forget(state);
}

/* Load this text in place of what is loaded; NULL: no file at all. */
static void reload_with(const char *text, const bool *held,
			char *const *command)
{
	static const char *const name[] = { "t.ini" };
	struct loader_source from = { .files = name,
				      .files_count = text != NULL,
				      .command = command,
				      .held = held };

	drop_old();
	from.old = old = loaded.c;
	loaded.c = NULL;
	forget(NULL);
	fake_files[0] = (struct fake_file){ .name = "t.ini", .text = text };
	load_source(&fake_world, &from);
	if (loaded.c != NULL)
		assert_null(config_invalid(loaded.c));
}

static void reload(const char *text)
{
	reload_with(text, NULL, NULL);
}

/* The names by index; those in brackets are removed. */
static const char *places(void)
{
	static char names[400];

	if (loaded.c == NULL)
		print_message("%s", loaded.said);
	assert_non_null(loaded.c);
	names[0] = '\0';
	for (uint32_t i = 0; i < loaded.c->services; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 config_service(loaded.c, i)->is_removed ? "%s(%s)"
								 : "%s%s",
			 i > 0 ? " " : "", config_name(loaded.c, i));
	return names;
}

static void services_keep_their_indices_in_any_order(void **state)
{
	load_text(SERVICE("a") SERVICE("b") SERVICE("c"));
	reload(SERVICE("c") SERVICE("a") "after = c\n" SERVICE("b"));
	assert_string_equal(places(), "a b c");
	assert_int_equal(config_dep(loaded.c, service("a")->deps_first)
				 ->service, 2);
	assert_int_equal(config_order(loaded.c)[0], 2);
	assert_int_equal(config_order(loaded.c)[1], 0);
}

static void removed_service_keeps_its_place(void **state)
{
	load_text(SERVICE("a") SERVICE("b") SERVICE("c"));
	reload(SERVICE("c") SERVICE("a"));
	assert_string_equal(places(), "a (b) c");
	reload(SERVICE("a") SERVICE("c"));
	assert_string_equal(places(), "a (b) c");
}

static void removed_service_keeps_what_stops_it_and_its_streams(void **state)
{
	const struct config_service *b;

	load_text(SERVICE("a") SERVICE("b")
		  "stop_signal = INT\nstop_timeout = 33s\nstop_mode = group\n"
		  "leftovers = keep\nleftover_grace = 7s\nessential = yes\n"
		  "stdout = file:/log/b\ntail_lines = 9\nuser = app\n"
		  "limit.nofile = 5\nafter = a\nenv.A = 1\ndirectory = /d\n");
	reload(SERVICE("a"));
	b = service("b");
	assert_true(b->is_removed);
	assert_int_equal(b->stop_signal, 2);
	assert_int_equal(b->stop_timeout_ms, 33000);
	assert_int_equal(b->stop_mode, CONFIG_GROUP);
	assert_true(b->keeps_leftovers);
	assert_int_equal(b->leftover_grace_ms, 7000);
	assert_int_equal(b->out.output, CONFIG_FILE);
	assert_string_equal(config_string(loaded.c, b->out.path), "/log/b");
	assert_int_equal(b->tail_lines, 9);
	assert_string_equal(config_string(loaded.c, b->user), "app");
	assert_string_equal(config_string(loaded.c, b->file), "t.ini");
	assert_int_equal(b->argv.count + b->env.count + b->deps + b->limits, 0);
	assert_false(b->is_essential || b->is_autostart);
	assert_int_equal(b->restart, CONFIG_NEVER);
	assert_int_equal(loaded.c->shutdown_needs_ms, 34500);
}

static void gone_service_is_a_name_and_counts_for_no_stop(void **state)
{
	load_text(SERVICE("a") SERVICE("b") "stop_timeout = 33s\n");
	reload(SERVICE("a"));
	reload(SERVICE("a"));
	assert_string_equal(places(), "a (b)");
	assert_int_equal(service("b")->tail_lines, 0);
	assert_int_equal(service("b")->out.output, CONFIG_INHERIT);
	assert_int_equal(loaded.c->tails, service("a")->tail_lines);
	assert_int_equal(loaded.c->shutdown_needs_ms, 9500);
}

static void held_service_still_counts_for_a_stop(void **state)
{
	static const bool held[] = { false, true };

	load_text(SERVICE("a") SERVICE("b") "stop_timeout = 33s\n");
	reload(SERVICE("a"));
	reload_with(SERVICE("a"), held, NULL);
	assert_int_equal(service("b")->tail_lines, 20);
	assert_int_equal(loaded.c->shutdown_needs_ms, 34500);
}

static void new_service_goes_to_the_end(void **state)
{
	load_text(SERVICE("a") SERVICE("b"));
	reload(SERVICE("n") SERVICE("a") SERVICE("m"));
	assert_string_equal(places(), "a (b) n m");
}

static void new_service_takes_the_place_of_one_that_is_gone(void **state)
{
	load_text(SERVICE("a") SERVICE("b") SERVICE("c") SERVICE("d"));
	reload(SERVICE("d"));
	assert_string_equal(places(), "(a) (b) (c) d");
	reload(SERVICE("n") SERVICE("m") SERVICE("d"));
	assert_string_equal(places(), "n m (c) d");
}

static void place_of_a_held_service_is_not_given_away(void **state)
{
	static const bool held[] = { true, false, true, false };

	load_text(SERVICE("a") SERVICE("b") SERVICE("c") SERVICE("d"));
	reload(SERVICE("d"));
	reload_with(SERVICE("d") SERVICE("n") SERVICE("m"), held, NULL);
	assert_string_equal(places(), "(a) n (c) d m");
}

static void removed_service_that_comes_back_has_its_place(void **state)
{
	static const bool held[] = { false, false, true };

	load_text(SERVICE("a") SERVICE("b") SERVICE("c"));
	reload(SERVICE("a"));
	reload_with(SERVICE("n") SERVICE("c") SERVICE("a"), held, NULL);
	assert_string_equal(places(), "a n c");
	assert_int_equal(service("c")->argv.count, 1);
	assert_true(service("c")->is_autostart);
}

static void removed_name_is_unknown_and_not_suggested(void **state)
{
	load_text(SERVICE("database") SERVICE("a"));
	reload(SERVICE("a") "after = database\n");
	assert_said("t.ini:3: after: there is no service `database`; declare "
		    "[service:database] or leave it out");
	assert_int_equal(loaded.mistakes, 1);
}

static void defaults_are_not_for_removed_services(void **state)
{
	load_text(SERVICE("a") SERVICE("b"));
	reload("[defaults]\nafter = c\nstop_timeout = 1s\n" SERVICE("c")
	       SERVICE("a"));
	assert_string_equal(places(), "a (b) c");
	assert_int_equal(service("b")->deps, 0);
	assert_int_equal(service("b")->stop_timeout_ms, 8000);
	assert_int_equal(service("a")->deps, 1);
}

static void command_line_keeps_its_place_and_waits_for_all(void **state)
{
	static char cmd[] = "x";
	static char *const command[] = { cmd, NULL };
	static const char *const names[] = { "t.ini" };
	const struct loader_source from = { .files = names,
					    .files_count = 1,
					    .command = command };

	add_file("t.ini", SERVICE("a") SERVICE("b"));
	load_source(&fake_world, &from);
	assert_string_equal(places(), "a b main");
	reload_with(SERVICE("c") SERVICE("a"), NULL, command);
	assert_string_equal(places(), "a (b) main c");
	assert_true(service("main")->is_main);
	assert_int_equal(service("main")->deps, 2);
	assert_int_equal(config_order(loaded.c)[3], 2);
	assert_true(old->services == 3);
	assert_true(service("main")->run_fingerprint ==
		    config_service(old, 2)->run_fingerprint);
	assert_true(service("main")->fingerprint ==
		    config_service(old, 2)->fingerprint);
}

static void reload_without_any_service_is_a_mistake(void **state)
{
	load_text(SERVICE("a"));
	reload("[dashpot]\n");
	assert_said("no service is declared");
}

static void mistakes_of_a_reload_are_told_with_their_lines(void **state)
{
	load_text(SERVICE("a"));
	reload(SERVICE("a") "stop_timeout = 5\n" SERVICE("a") "nice = 99\n");
	assert_said("t.ini:3: stop_timeout = 5: has no unit");
	assert_said("t.ini:4: [service:a] is declared already in t.ini:1");
	assert_said("t.ini:6: nice = 99: ");
	assert_int_equal(loaded.mistakes, 3);
}

/* `count` services NAME0 .. */
static char *many(char name, int count)
{
	char *text = calloc(1, (size_t)count * 40 + 1), *to = text;

	for (int i = 0; i < count; i++)
		to += sprintf(to, SERVICE("%c%d"), name, i);
	return text;
}

static void removed_and_new_ones_have_to_fit_together(void **state)
{
	char *a = many('a', CONFIG_SERVICES), *b = many('b', 1000);

	load_text(a);
	reload(b);
	assert_said("dashpot: what is declared now and what this reload "
		    "removes are more than 1024 services together; remove "
		    "first, reload, and then add the new ones");
	assert_int_equal(loaded.mistakes, 1);
	forget(state);
	load_text(a);
	reload(SERVICE("a7"));
	assert_int_equal(loaded.c->services, CONFIG_SERVICES);
	reload(b);
	assert_int_equal(loaded.c->services, CONFIG_SERVICES);
	assert_string_equal(config_name(loaded.c, 7), "a7");
	assert_string_equal(config_name(loaded.c, 8), "b7");
	assert_string_equal(config_name(loaded.c, 1000), "b999");
	assert_string_equal(config_name(loaded.c, 1001), "a1001");
	free(a);
	free(b);
}

static void same_text_again_is_the_same_block(void **state)
{
	static const char text[] =
		"[defaults]\nuser = app\nmax_failures = 1 in 1s\n" SERVICE("a")
		"after = b\nlimit.nofile = 7\nenv.A = 1\n" SERVICE("b")
		"stdout = file:/log\nstderr = stdout\n";

	load_text(text);
	reload(text);
	assert_int_equal(loaded.c->size, old->size);
	assert_memory_equal(loaded.c, old, old->size);
}

/* Both fingerprints of service s before and after a reload that adds lines to
 * it: which of them have changed. */
static void changes(const char *lines, bool *all, bool *run)
{
	static char text[1000];
	const struct config_service *before, *after;

	forget(NULL);
	load_text(SERVICE("s") SERVICE("t"));
	snprintf(text, sizeof(text), SERVICE("s") "%s\n" SERVICE("t"), lines);
	reload(text);
	after = service("s");
	before = config_service(old, 0);
	*all = before->fingerprint != after->fingerprint;
	*run = before->run_fingerprint != after->run_fingerprint;
}

static void policy_needs_no_new_process(void **state)
{
	static const char *const lines[] = {
		"max_failures = 5 in 1s", "max_failures = none",
		"restart_delay = 1s", "cooldown = 1s", "max_trips = 3",
		"stable = 1s", "min_runtime = 1s", "restart = never",
		"success_codes = 3", "fatal_codes = 3", "essential = yes",
		"autostart = no", "health_ignore = yes", "after = t",
		"requires = t",
		"stop_signal = INT", "stop_timeout = 1s", "stop_mode = group",
		"leftovers = keep", "leftover_grace = 1s", "log_prefix = no",
		"log_format = json", "log_max_size = 1M", "log_keep = 9",
		"tail_lines = 1",
	};
	bool all, run;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		changes(lines[i], &all, &run);
		if (!all || run)
			print_message("%s\n", lines[i]);
		assert_true(all && !run);
	}
}

static void what_a_process_gets_at_its_start_needs_a_new_one(void **state)
{
	static const char *const lines[] = {
		"type = oneshot", "user = app", "user = 0", "group = 7",
		"groups = none", "umask = 0", "directory = /",
		"env.A = 1", "env.PATH = /x", "clear_env = yes",
		"stdout = null", "stderr = null", "stderr = stdout",
		"stdout = file:/a", "stdout = file:/dev/stderr",
		"limit.core = 0", "limit.core = unlimited", "nice = 0",
		"nice = --1", "oom_score_adj = 5", "no_new_privileges = yes",
	};
	bool all, run;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		changes(lines[i], &all, &run);
		if (!all || !run)
			print_message("%s\n", lines[i]);
		assert_true(all && run);
	}
	changes("", &all, &run);
	assert_false(all || run);
}

static void same_command_in_other_words_is_the_same_process(void **state)
{
	uint64_t run;

	load_text("[service:s]\ncommand = /bin/sh -c 'exit 3'\n");
	run = service("s")->run_fingerprint;
	reload("[service:s]\nshell = exit 3\n");
	assert_true(service("s")->run_fingerprint == run);
	reload("[service:s]\nshell = exit  3\n");
	assert_false(service("s")->run_fingerprint == run);
}

static void child_can_load_into_memory_that_it_shares(void **state)
{
	const size_t most = config_block_most();
	char *slot = mmap(NULL, most, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct config *copy;
	int status;
	pid_t pid;

	assert_true(slot != MAP_FAILED);
	load_text(SERVICE("a") SERVICE("b"));
	pid = fork();
	if (pid == 0) {
		reload(SERVICE("c") "after = a\n" SERVICE("a"));
		memcpy(slot, loaded.c, loaded.c->size);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	copy = malloc(most);
	memcpy(copy, slot, ((struct config *)slot)->size);
	assert_int_equal(config_verify(copy, most), 0);
	assert_int_equal(copy->services, 3);
	assert_string_equal(config_name(copy, 2), "c");
	free(copy);
	munmap(slot, most);
}

#define RELOAD(fact) cmocka_unit_test_teardown(fact, forget_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELOAD(services_keep_their_indices_in_any_order),
		RELOAD(removed_service_keeps_its_place),
		RELOAD(removed_service_keeps_what_stops_it_and_its_streams),
		RELOAD(gone_service_is_a_name_and_counts_for_no_stop),
		RELOAD(held_service_still_counts_for_a_stop),
		RELOAD(new_service_goes_to_the_end),
		RELOAD(new_service_takes_the_place_of_one_that_is_gone),
		RELOAD(place_of_a_held_service_is_not_given_away),
		RELOAD(removed_service_that_comes_back_has_its_place),
		RELOAD(removed_name_is_unknown_and_not_suggested),
		RELOAD(defaults_are_not_for_removed_services),
		RELOAD(command_line_keeps_its_place_and_waits_for_all),
		RELOAD(reload_without_any_service_is_a_mistake),
		RELOAD(mistakes_of_a_reload_are_told_with_their_lines),
		RELOAD(removed_and_new_ones_have_to_fit_together),
		RELOAD(same_text_again_is_the_same_block),
		RELOAD(policy_needs_no_new_process),
		RELOAD(what_a_process_gets_at_its_start_needs_a_new_one),
		RELOAD(same_command_in_other_words_is_the_same_process),
		RELOAD(child_can_load_into_memory_that_it_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
