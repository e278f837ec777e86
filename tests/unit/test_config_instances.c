/* SPDX-License-Identifier: ISC */
/* instances = N: one section, several services. */
#include "config_world.h"

#include "init/config/service_name.h"
#include "init/config/verify.h"

static uint32_t index_of(const char *name)
{
	for (uint32_t i = 0; i < loaded.c->services; i++)
		if (strcmp(config_name(loaded.c, i), name) == 0)
			return i;
	fail_msg("no service %s", name);
	return 0;
}

/* Does service `name` depend on `on`? */
static bool depends(const char *name, const char *on)
{
	const struct config_service *s = service(name);

	for (uint32_t d = 0; d < s->deps; d++)
		if (config_dep(loaded.c, s->deps_first + d)->service ==
		    index_of(on))
			return true;
	return false;
}

static void section_with_three_instances_makes_three_services(void **state)
{
	load_text("[service:web]\ncommand = /bin/x\ninstances = 3\n");
	assert_non_null(loaded.c);
	assert_int_equal(loaded.c->services, 3);
	assert_string_equal(config_name(loaded.c, 0), "web:0");
	assert_string_equal(config_name(loaded.c, 1), "web:1");
	assert_string_equal(config_name(loaded.c, 2), "web:2");
	assert_int_equal(config_verify(loaded.c, loaded.c->size), 0);
}

static void one_instance_keeps_the_plain_name_and_is_number_0(void **state)
{
	const struct config_service *s =
		service_with("instances = 1\ndirectory = /srv/${INSTANCE}");

	assert_string_equal(config_string(loaded.c, s->directory), "/srv/0");
	assert_string_equal(variable(s, "INSTANCE"), "0");
}

static void instance_is_expanded_in_every_value_that_expands(void **state)
{
	const struct config_service *s;

	load_text("[service:web]\n"
		  "command = /bin/x --port 900${INSTANCE} '${INSTANCE}'\n"
		  "instances = 2\ndirectory = /srv/${INSTANCE}\n"
		  "env.DATA = /data/${INSTANCE}\n"
		  "stdout = file:/log/web.${INSTANCE}\n"
		  "user = 100${INSTANCE}:5\nnice = 1${INSTANCE}\n");
	s = service("web:1");
	assert_string_equal(word(s->argv, 2), "9001");
	assert_string_equal(word(s->argv, 3), "${INSTANCE}");
	assert_string_equal(config_string(loaded.c, s->directory), "/srv/1");
	assert_string_equal(variable(s, "DATA"), "/data/1");
	assert_string_equal(config_string(loaded.c, s->out.path),
			    "/log/web.1");
	assert_int_equal(s->uid, 1001);
	assert_int_equal(s->nice, 11);
	s = service("web:0");
	assert_string_equal(word(s->argv, 2), "9000");
	assert_int_equal(s->uid, 1000);
}

static void each_instance_has_its_number_in_its_environment(void **state)
{
	load_text("[service:web]\ncommand = x\ninstances = 2\n"
		  "[service:own]\ncommand = x\ninstances = 2\n"
		  "env.INSTANCE = blue-${INSTANCE}\n"
		  "[service:plain]\ncommand = x\n");
	assert_string_equal(variable(service("web:0"), "INSTANCE"), "0");
	assert_string_equal(variable(service("web:1"), "INSTANCE"), "1");
	assert_string_equal(variable(service("own:1"), "INSTANCE"), "blue-1");
	assert_null(variable(service("plain"), "INSTANCE"));
}

/* It is a variable as any other there. */
static void instance_without_instances_is_not_set(void **state)
{
	assert_refused("directory = /srv/${INSTANCE}", "needs $INSTANCE");
}

static void defaults_give_every_service_its_instances(void **state)
{
	load_text("[defaults]\ninstances = 2\n"
		  "[service:a]\ncommand = x\n"
		  "[service:b]\ncommand = x ${INSTANCE}\ninstances = 1\n");
	assert_int_equal(loaded.c->services, 3);
	service("a:1");
	assert_string_equal(word(service("b")->argv, 1), "0");
}

static void command_of_the_command_line_has_no_instances(void **state)
{
	static char program[] = "/bin/x";
	static char *const command[] = { program, NULL };
	static const char *const names[] = { "t.ini" };
	const struct loader_source from = { .files = names, .files_count = 1,
					    .command = command };

	add_file("t.ini", "[defaults]\ninstances = 2\n"
			  "[service:a]\ncommand = x\n");
	load_source(&fake_world, &from);
	assert_true(service("main")->is_main);
	assert_true(depends("main", "a:0") && depends("main", "a:1"));
	assert_int_equal(loaded.c->services, 3);
}

static void name_of_a_dependency_means_all_its_instances(void **state)
{
	load_text("[service:db]\ncommand = x\ninstances = 2\n"
		  "[service:all]\ncommand = x\nafter = db\n"
		  "[service:one]\ncommand = x\nrequires = db:1\n"
		  "[service:own]\ncommand = x\ninstances = 2\n"
		  "after = db:${INSTANCE}\n");
	assert_true(depends("all", "db:0") && depends("all", "db:1"));
	assert_true(!depends("one", "db:0") && depends("one", "db:1"));
	assert_true(depends("own:0", "db:0") && !depends("own:0", "db:1"));
	assert_true(!depends("own:1", "db:0") && depends("own:1", "db:1"));
}

static void dependency_in_defaults_is_not_meant_for_its_own_instances(
	void **state)
{
	load_text("[defaults]\nafter = db\n"
		  "[service:db]\ncommand = x\ninstances = 2\n"
		  "[service:web]\ncommand = x\n");
	assert_int_equal(service("db:0")->deps, 0);
	assert_int_equal(service("db:1")->deps, 0);
	assert_int_equal(service("web")->deps, 2);
}

static void instance_that_does_not_exist_is_no_dependency(void **state)
{
	load_text("[service:db]\ncommand = x\ninstances = 2\n"
		  "[service:web]\ncommand = x\nafter = db:2\n");
	assert_said("there is no service `db:2`; did you mean db:0?");
	forget(NULL);
	load_text("[service:db]\ncommand = x\n"
		  "[service:web]\ncommand = x\nafter = db:0\n");
	assert_said("there is no service `db:0`");
}

static void names_of_instances_have_one_form(void **state)
{
	static const char *const wrong[] = { "db:", "db:00", "db:01", ":1",
					     "db:1024", "db:x", "db:1:1",
					     "db:99999999999999" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char lines[64];

		snprintf(lines, sizeof(lines), "after = %s", wrong[i]);
		assert_refused(lines, "is no service name");
	}
	assert_true(name_is_service("db:0", 4));
	assert_true(name_is_service("db:1023", 7));
	assert_false(name_is_section("db:0", 4));
}

static void section_cannot_be_named_as_an_instance(void **state)
{
	load_text("[service:web:0]\ncommand = x\n");
	assert_said("has no proper name");
}

static void mistake_is_told_once_however_many_instances_there_are(
	void **state)
{
	load_text("[service:web]\ninstances = 1000\nnice = x${INSTANCE}\n"
		  "restart = sometimes\nafter = nobody\n");
	assert_said("[service:web] has no command");
	assert_int_equal(loaded.mistakes, 4);
}

static void mistake_of_one_instance_alone_is_told(void **state)
{
	load_text("[service:web]\ncommand = x\ninstances = 30\n"
		  "nice = ${INSTANCE}\n");
	assert_said("t.ini:4: nice = ${INSTANCE}");
	assert_int_equal(loaded.mistakes, 1);
}

static void circle_of_instances_is_told_once(void **state)
{
	load_text("[service:web]\ncommand = x\ninstances = 5\nafter = db\n"
		  "[service:db]\ncommand = x\ninstances = 5\nafter = web\n");
	assert_said("services wait for each other: web:0 (line 4) -> db:0 "
		    "(line 8) -> web:0");
	assert_int_equal(loaded.mistakes, 1);
}

static void service_that_names_itself_is_told_once(void **state)
{
	load_text("[service:web]\ncommand = x\ninstances = 5\nafter = web\n");
	assert_said("after: web names itself");
	assert_int_equal(loaded.mistakes, 1);
}

static void most_services_are_1024_with_all_instances(void **state)
{
	load_text("[service:a]\ncommand = x\n"
		  "[service:web]\ncommand = x\ninstances = 1022\n"
		  "[service:z]\ncommand = x\n");
	assert_non_null(loaded.c);
	assert_int_equal(loaded.c->services, 1024);
	assert_int_equal(config_verify(loaded.c, loaded.c->size), 0);
	forget(NULL);
	load_text("[service:a]\ncommand = x\n"
		  "[service:web]\ncommand = x\ninstances = 1023\n"
		  "[service:z]\ncommand = x\n");
	assert_said("t.ini:5: instances = 1023 makes [service:web] and the "
		    "others more than 1024 services");
	assert_int_equal(loaded.mistakes, 1);
	forget(NULL);
	load_text("[defaults]\ninstances = 600\n[service:a]\ncommand = x\n"
		  "[service:b]\ncommand = x\n");
	assert_said("t.ini:2: instances = 600 makes [service:b]");
}

static void number_of_instances_is_checked(void **state)
{
	assert_refused("instances = 0", "instances = 0");
	assert_refused("instances = -1", "instances = -1");
	assert_refused("instances = 1025", "instances = 1025");
	assert_refused("instances = two", "instances = two");
}

static void number_of_instances_may_come_from_a_variable(void **state)
{
	load_text("[service:web]\ncommand = x\n"
		  "instances = ${WORKERS:-2}\n");
	assert_non_null(loaded.c);
	assert_int_equal(loaded.c->services, 2);
}

/* Load `next` as a reload of `first`. */
static void reload(const char *first, const char *next)
{
	static const char *const names[] = { "t.ini" };
	struct loader_source from = { .files = names, .files_count = 1 };

	load_text(first);
	assert_non_null(loaded.c);
	from.old = loaded.c;
	fake_files[0].text = next;
	load_source(&fake_world, &from);
	munmap((void *)(uintptr_t)from.old, from.old->size);
	assert_non_null(loaded.c);
	assert_int_equal(config_verify(loaded.c, loaded.c->size), 0);
}

static void reload_with_more_instances_keeps_those_that_are_there(
	void **state)
{
	reload("[service:web]\ncommand = x\ninstances = 2\n"
	       "[service:z]\ncommand = x\n",
	       "[service:web]\ncommand = x\ninstances = 3\n"
	       "[service:z]\ncommand = x\n");
	assert_int_equal(loaded.c->services, 4);
	assert_int_equal(index_of("web:0"), 0);
	assert_int_equal(index_of("web:1"), 1);
	assert_int_equal(index_of("z"), 2);
	assert_int_equal(index_of("web:2"), 3);
}

static void reload_with_fewer_instances_removes_the_last_ones(void **state)
{
	reload("[service:web]\ncommand = x ${INSTANCE}\ninstances = 3\n",
	       "[service:web]\ncommand = x ${INSTANCE}\ninstances = 2\n");
	assert_int_equal(loaded.c->services, 3);
	assert_false(service("web:0")->is_removed);
	assert_false(service("web:1")->is_removed);
	assert_true(service("web:2")->is_removed);
}

static void number_of_instances_changes_none_of_those_that_stay(void **state)
{
	uint64_t all, run;

	load_text("[service:web]\ncommand = x\ninstances = 2\n");
	all = service("web:1")->fingerprint;
	run = service("web:1")->run_fingerprint;
	forget(NULL);
	load_text("[service:web]\ncommand = x\ninstances = 9\n");
	assert_true(service("web:1")->fingerprint == all);
	assert_true(service("web:1")->run_fingerprint == run);
}

static void reload_from_one_to_two_removes_the_plain_name(void **state)
{
	reload("[service:web]\ncommand = x\n",
	       "[service:web]\ncommand = x\ninstances = 2\n");
	assert_true(service("web")->is_removed);
	assert_false(service("web:0")->is_removed);
	assert_int_equal(loaded.c->services, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(section_with_three_instances_makes_three_services),
		TEST(one_instance_keeps_the_plain_name_and_is_number_0),
		TEST(instance_is_expanded_in_every_value_that_expands),
		TEST(each_instance_has_its_number_in_its_environment),
		TEST(instance_without_instances_is_not_set),
		TEST(defaults_give_every_service_its_instances),
		TEST(command_of_the_command_line_has_no_instances),
		TEST(name_of_a_dependency_means_all_its_instances),
		TEST(dependency_in_defaults_is_not_meant_for_its_own_instances),
		TEST(instance_that_does_not_exist_is_no_dependency),
		TEST(names_of_instances_have_one_form),
		TEST(section_cannot_be_named_as_an_instance),
		TEST(mistake_is_told_once_however_many_instances_there_are),
		TEST(mistake_of_one_instance_alone_is_told),
		TEST(circle_of_instances_is_told_once),
		TEST(service_that_names_itself_is_told_once),
		TEST(most_services_are_1024_with_all_instances),
		TEST(number_of_instances_is_checked),
		TEST(number_of_instances_may_come_from_a_variable),
		TEST(reload_with_more_instances_keeps_those_that_are_there),
		TEST(reload_with_fewer_instances_removes_the_last_ones),
		TEST(number_of_instances_changes_none_of_those_that_stay),
		TEST(reload_from_one_to_two_removes_the_plain_name),
	};

	return cmocka_run_group_tests_name("instances", tests, NULL, NULL);
}
