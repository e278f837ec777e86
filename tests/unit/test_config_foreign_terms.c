/* SPDX-License-Identifier: ISC */
/* Words of the neighbours get their name here; what is right and seldom meant
 * is doubted by check. */
#include "tests/unit/config_world.h"

#include "init/config/keys.h"
#include "init/loader/foreign_terms.h"

static const struct {
	const char *word, *here;
} words[] = {
	/* supervisord */
	{ "autorestart", "restart" }, { "startsecs", "stable" },
	{ "startretries", "max_failures" }, { "exitcodes", "success_codes" },
	{ "stopwaitsecs", "stop_timeout" }, { "stopasgroup", "stop_mode" },
	{ "killasgroup", "leftovers" }, { "numprocs", "instances" },
	{ "redirect_stderr", "stderr = stdout" },
	{ "stdout_logfile", "stdout = file:PATH" },
	{ "stderr_logfile_maxbytes", "log_max_size" },
	{ "stdout_logfile_backups", "log_keep" },
	{ "environment", "env.NAME = VALUE" },
	{ "priority", "after or requires" },
	/* systemd */
	{ "ExecStart", "command" }, { "ExecStartPre", "a oneshot" },
	{ "ExecStop", "stop_command" }, { "ExecReload", "reload_signal" },
	{ "RestartSec", "restart_delay" },
	{ "StartLimitBurst", "max_failures" },
	{ "StartLimitIntervalSec", "max_failures" },
	{ "TimeoutStartSec", "ready_timeout" },
	{ "TimeoutStopSec", "stop_timeout" }, { "TimeoutSec", "stop_timeout" },
	{ "KillSignal", "stop_signal" }, { "KillMode", "stop_mode" },
	{ "WorkingDirectory", "directory" }, { "EnvironmentFile", "env_file" },
	{ "SupplementaryGroups", "groups" }, { "LimitNOFILE", "limit.NAME" },
	{ "LimitCORE", "limit.NAME" }, { "LimitMEMLOCK", "limit.NAME" },
	{ "TasksMax", "limit.tasks" }, { "MemoryMax", "limit.memory" },
	{ "OOMScoreAdjust", "oom_score_adj" }, { "WatchdogSec", "health" },
	{ "CapabilityBoundingSet", "capabilities" },
	{ "StandardOutput", "stdout" }, { "StandardError", "stderr" },
	{ "OnCalendar", "schedule" },
	{ "SuccessExitStatus", "success_codes" },
	{ "Wants", "after or requires" }, { "WantedBy", "autostart" },
	{ "NotifyAccess", "ready = notify" }, { "OnFailure", "on_blocked" },
	{ "Description", "-write a comment" }, { "PIDFile", "-programs stay" },
	{ "RemainAfterExit", "type = oneshot" },
	{ "LoadCredential", "env_from_file.NAME" },
	/* compose */
	{ "entrypoint", "command" }, { "depends_on", "after or requires" },
	{ "healthcheck", "health" }, { "interval", "health_interval" },
	{ "retries", "health_failures" }, { "start_period", "health_grace" },
	{ "stop_grace_period", "stop_timeout" }, { "working_dir", "directory" },
	{ "ulimits", "limit.NAME" }, { "mem_limit", "limit.memory" },
	{ "pids_limit", "limit.tasks" }, { "cap_add", "capabilities" },
	{ "group_add", "groups" }, { "secrets", "env_from_file.NAME" },
	{ "replicas", "instances" }, { "image", "-it is the container's" },
	{ "ports", "-it is the container's" },
	{ "container_name", "-it is the container's" },
	/* s6 */
	{ "run", "command" }, { "up", "command, with type = oneshot" },
	{ "notification-fd", "ready = fd:N" }, { "down-signal", "stop_signal" },
	{ "timeout-kill", "stop_timeout" }, { "timeout-up", "ready_timeout" },
	{ "max-death-tally", "max_failures" },
	{ "dependencies.d", "after or requires" },
	{ "flag-essential", "essential" }, { "finish", "on_blocked" },
	/* Values */
	{ "restart=no", "never" }, { "restart=unless-stopped", "always" },
	{ "restart=on-failure:5", "on-failure (and max_trips)" },
	{ "restart=unexpected", "on-failure" },
	{ "restart=on-abnormal", "on-failure" }, { "type=simple", "daemon" },
	{ "type=Forking", "daemon (it stays" },
	{ "type=notify-reload", "daemon (and ready" },
	{ "type=longrun", "daemon" }, { "stop_mode=control-group", "group" },
	{ "stdout=journal", "relay" }, { "stderr=syslog", "relay" },
	{ "stdout=AUTO", "relay" }, { "stderr=/dev/null", "null" },
	{ "stdout=/var/log/x", "file:PATH" },
	{ "health=CMD-SHELL curl -f http://localhost", "exec:COMMAND" },
};

static void words_of_the_neighbours_have_a_name_here(void **state)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *here = foreign_terms_find(words[i].word);

		if (here == NULL || strncmp(here, words[i].here,
					    strlen(words[i].here)) != 0)
			fail_msg("%s: %s", words[i].word, here);
	}
	assert_null(foreign_terms_find("frobnicate"));
	assert_null(foreign_terms_find(""));
	assert_null(foreign_terms_find("Limit"));
	assert_null(foreign_terms_find("restart=sometimes"));
	assert_string_equal(foreign_terms_find("AUTORESTART"), "restart");
}

/* So the answer is about a key that there is. */
static void names_here_are_keys(void **state)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *here = foreign_terms_find(words[i].word);
		char name[64];

		if (strchr("-a`", *here) != NULL ||
		    strchr(words[i].word, '=') != NULL)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(here, ", ="),
			 here);
		if (strcmp(name, "limit.NAME") != 0 &&
		    key_find(name, ~0U) == NULL)
			fail_msg("%s: %s", words[i].word, name);
	}
}

static void keys_of_others_are_told_their_name(void **state)
{
	load_text("[service:a]\ncommand = x\nenvironment = A=1\n"
		  "ports = 80\nautorestart = true\n"
		  "[dashpot]\nstopwaitsecs = 3\n");
	assert_string_equal(
		loaded.said,
		"t.ini:3: environment is no key; here this is called env.NAME "
		"= VALUE\n"
		"t.ini:4: ports is no key: it is the container's\n"
		"t.ini:5: autorestart is no key; here this is called restart\n"
		"t.ini:7: stopwaitsecs is no key; here this is called "
		"stop_timeout\n");
}

static void values_of_others_are_told_their_name(void **state)
{
	assert_refused("restart = no", "restart = no: is called never here");
	assert_refused("restart = ${NOPE:-no}", "write one of: always");
	assert_refused("restart = sometimes", "write one of: always");
	assert_refused("type = forking", "is called daemon (it stays");
	assert_refused("stdout = /var/log/a.log", "is called file:PATH here");
	assert_refused("health = CMD curl x", "is called exec:COMMAND here");
}

/* One mistake, not two. */
static void what_may_be_the_command_is_not_missed(void **state)
{
	static const char *const lines[] = {
		"comand = x", "ExecStart = x", "entrypoint = x", "shel = x",
	};
	char text[80];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		forget(state);
		snprintf(text, sizeof(text), "[service:a]\n%s\n", lines[i]);
		load_text(text);
		assert_int_equal(loaded.mistakes, 1);
		assert_said("t.ini:2:");
	}
	forget(state);
	load_text("[service:a]\nautorestart = no\n");
	assert_int_equal(loaded.mistakes, 2);
}

static void hint_of_a_comment_is_said_once(void **state)
{
	assert_refused("stop_timeout = 10s # ten",
		       "15s, 10m, 1h or 1m30s (a comment needs a line of its "
		       "own)");
	assert_refused("stop_command = a # b",
		       "starts with #; a comment needs a line of its own, and "
		       "a # that is meant quotes\n");
}

/* The warnings about lines of a service; "" when there is none. */
static const char *doubts_about(const char *lines)
{
	static char text[512];
	static const char *const name[] = { "t.ini" };
	unsigned doubts = 99;
	struct loader_source from = { .files = name, .files_count = 1,
				      .doubts = &doubts };

	forget(NULL);
	snprintf(text, sizeof(text), "[service:a]\n%s\n", lines);
	fake_files[0] = (struct fake_file){ .name = "t.ini", .text = text };
	add_file("/vars", "NAME\nNOPE\n");
	load_source(&fake_world, &from);
	assert_non_null(loaded.c);
	assert_int_equal(doubts, *loaded.said != '\0');
	return loaded.said;
}

static void what_is_seldom_meant_is_doubted(void **state)
{
	static const struct {
		const char *lines, *said;
	} cases[] = {
		{ "command = app --port $PORT",
		  "t.ini:2: warning: command: $PORT stays as it is" },
		{ "command = app \"a $port_1/x\"", "$port_1 stays" },
		{ "command = x\nstop_command = x ${NOPE:-$A}", "$A stays" },
		{ "command = x\nhealth = exec:x $A", "warning: health: $A" },
		{ "command = x \"$(id)\"", "$(id stays as it is" },
		{ "command = sh -x $A c", "$A stays" },
		{ "command = x\ndirectory = /srv/$NAME", "directory: $ st" },
		{ "command = x\nenv.A = $HOME/x", "warning: env.A: $ stays" },
		{ "command = x\nenv.A = 1 # one", "keeps its comment" },
		{ "command = x\ndirectory = /srv ; x", "keeps its comment" },
		{ "command = x\nenv.A = \"b\"", "keeps its quotes" },
		{ "command = x\nenv.A = 'b'", "keeps its quotes" },
		{ "command = x\nenv_file = /vars", "line 2: NOPE is not set" },
	};
	static const char *const fine[] = {
		"command = app '$PORT' \\$PORT $1 $$ $", "shell = x $PORT # c",
		"command = x 'a # b' a#b", "command = x\nenv.A = pa$sword",
		"command = x\nenv.A = ${NAME}", "command = x\nenv.A = a\"b\"",
		"command = x\nenv.A = '", "command = x\nenv.A =",
		"command = \"x\"", "command = x $${A}",
		"command = sh -c \"exec app $PORT\"",
		"command = x\nhealth = exec:/bin/bash -ec \"a $(id)\"",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strstr(doubts_about(cases[i].lines), cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].lines, loaded.said);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_string_equal(doubts_about(fine[i]), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_of_the_neighbours_have_a_name_here),
		TEST(names_here_are_keys),
		TEST(keys_of_others_are_told_their_name),
		TEST(values_of_others_are_told_their_name),
		TEST(what_may_be_the_command_is_not_missed),
		TEST(hint_of_a_comment_is_said_once),
		TEST(what_is_seldom_meant_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
