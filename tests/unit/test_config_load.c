/* SPDX-License-Identifier: ISC */
/* Keys, defaults, duplicates, places, mistakes: the load as a whole. */
#include "tests/unit/config_world.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "init/control/listen.h"
#include "init/loader/bounded_files.h"
#include "init/loader/parse_setting.h"
#include "tests/unit/config_valid.h"

#define S "[service:s]\ncommand = x\n"

static void defaults_are_those_of_the_design(void **state)
{
	const struct config_service *s = service_with("");
	const struct config *c = loaded.c;

	assert_null(config_invalid(c));
	assert_int_equal(s->type, CONFIG_DAEMON);
	assert_int_equal(s->restart, CONFIG_ALWAYS);
	assert_true(config_has_code(s->success_codes, 0));
	assert_false(config_has_code(s->success_codes, 1));
	assert_true(config_has_code(s->fatal_codes, 126));
	assert_true(config_has_code(s->fatal_codes, 127));
	assert_false(config_has_code(s->fatal_codes, 125));
	assert_int_equal(s->breaker.windows, 2);
	assert_int_equal(s->breaker.max_in_row, 10);
	assert_int_equal(s->breaker.window[0].max_failures, 3);
	assert_int_equal(s->breaker.window[0].window_ms, 15000);
	assert_int_equal(s->breaker.window[1].max_failures, 10);
	assert_int_equal(s->breaker.window[1].window_ms, 600000);
	assert_int_equal(s->breaker.max_trips, 0);
	assert_int_equal(s->breaker.cooldown_min_ms, 10000);
	assert_int_equal(s->breaker.cooldown_max_ms, 300000);
	assert_int_equal(s->dampen.min_ms, 250);
	assert_int_equal(s->dampen.max_ms, 30000);
	assert_int_equal(s->stable_ms, 60000);
	assert_int_equal(s->min_runtime_ms, 5000);
	assert_int_equal(s->stop_timeout_ms, 8000);
	assert_int_equal(s->leftover_grace_ms, 500);
	assert_int_equal(s->stop_signal, 15);
	assert_int_equal(s->stop_mode, CONFIG_LEADER);
	assert_true(s->is_autostart && !s->is_essential && !s->is_main &&
		    !s->is_health_ignored);
	assert_false(s->has_user || s->has_group || s->has_groups ||
		     s->has_umask || s->has_nice || s->has_oom_score_adj ||
		     s->is_shell || s->is_env_cleared || s->keeps_leftovers ||
		     s->has_no_new_privileges);
	assert_int_equal(s->out.output, CONFIG_RELAY);
	assert_int_equal(s->out.fd, 1);
	assert_int_equal(s->err.output, CONFIG_RELAY);
	assert_int_equal(s->err.fd, 2);
	assert_string_equal(config_string(c, s->file), "t.ini");
	assert_int_equal(s->line, 1);
	assert_int_equal(s->env.count + s->deps + s->limits + s->directory, 0);
	assert_int_equal(c->headroom, -1);
	assert_int_equal(c->shutdown_needs_ms, 9500);
	assert_int_equal(c->shutdown_timeout_ms, 9500);
	assert_int_equal(c->exit_when_all_blocked_ms, 300000);
	assert_int_equal(c->restart_rate.rate, 5);
	assert_int_equal(c->restart_rate.period_ms, 1000);
	assert_int_equal(c->restart_rate.burst, 20);
	assert_true(c->stop_signals == (1ULL << 14 | 1ULL << 1 | 1ULL << 2 |
					1ULL << 29 | 1ULL << 36));
	assert_string_equal(config_string(c, c->diagnostics),
			    "/var/lib/dashpot");
	assert_false(c->is_diagnostics_written);
	assert_int_equal(c->log_level, CONFIG_INFO);
	assert_int_equal(c->log_format, CONFIG_TEXT_LINES);
	assert_false(c->has_metrics_file);
	assert_int_equal(c->control, 0);
	assert_int_equal(c->control_mode, 0);
	assert_int_equal(c->listen, 0);
	assert_false(c->has_control_owner);
	assert_int_equal(s->log_prefix, CONFIG_AUTO);
	assert_int_equal(s->log_format, CONFIG_TEXT_LINES);
	assert_int_equal(s->log_max_size, 10485760);
	assert_int_equal(s->log_keep, 3);
	assert_int_equal(s->tail_lines, 20);
	assert_int_equal(c->tails, 20);
}

static void every_service_key_arrives_in_its_field(void **state)
{
	const struct config_service *s = service_with(
		"type = oneshot\nrestart = on-failure\nsuccess_codes = 3, 126\n"
		"fatal_codes = 9 126\nmax_failures = 7 in 3m\n"
		"restart_delay = 1s..2s\ncooldown = 3s..4s\nmax_trips = 5\n"
		"stable = 6s\nmin_runtime = 7s\nessential = yes\n"
		"autostart = off\nhealth_ignore = on\nstop_signal = QUIT\n"
		"stop_timeout = 9s\nstop_mode = group\nleftovers = keep\n"
		"leftover_grace = 10ms\ngroups = adm, 77\numask = 027\n"
		"directory = /srv\nclear_env = yes\nstdout = file:/var/o\n"
		"stderr = stdout\nlimit.nofile = -64:128\nlimit.core = 0\n"
		"log_prefix = no\nlog_format = json\nlog_max_size = 0\n"
		"log_keep = 7\ntail_lines = 0\n"
		"nice = --3\noom_score_adj = -500\nno_new_privileges = yes");

	assert_null(config_invalid(loaded.c));
	assert_int_equal(s->type, CONFIG_ONESHOT);
	assert_int_equal(s->restart, CONFIG_ON_FAILURE);
	assert_true(config_has_code(s->success_codes, 3));
	assert_false(config_has_code(s->success_codes, 0));
	assert_true(config_has_code(s->fatal_codes, 9));
	/* What is a success cannot be fatal too. */
	assert_false(config_has_code(s->fatal_codes, 126));
	assert_int_equal(s->breaker.windows, 1);
	assert_int_equal(s->breaker.window[0].window_ms, 180000);
	assert_int_equal(s->breaker.window[1].window_ms, 0);
	assert_int_equal(s->dampen.min_ms, 1000);
	assert_int_equal(s->dampen.max_ms, 2000);
	assert_int_equal(s->breaker.cooldown_min_ms, 3000);
	assert_int_equal(s->breaker.cooldown_max_ms, 4000);
	assert_int_equal(s->breaker.max_trips, 5);
	assert_int_equal(s->stable_ms, 6000);
	assert_int_equal(s->min_runtime_ms, 7000);
	assert_true(s->is_essential && !s->is_autostart &&
		    s->is_health_ignored && s->keeps_leftovers &&
		    s->is_env_cleared && s->has_no_new_privileges);
	assert_int_equal(s->stop_signal, 3);
	assert_int_equal(s->stop_timeout_ms, 9000);
	assert_int_equal(s->stop_mode, CONFIG_GROUP);
	assert_int_equal(s->leftover_grace_ms, 10);
	assert_true(s->has_groups && s->groups_count == 2);
	assert_true(s->groups[0] == 4 && s->groups[1] == 77);
	assert_true(s->has_umask && s->umask == 027);
	assert_string_equal(config_string(loaded.c, s->directory), "/srv");
	assert_int_equal(s->out.output, CONFIG_FILE);
	assert_string_equal(config_string(loaded.c, s->out.path), "/var/o");
	assert_int_equal(s->err.output, CONFIG_STDOUT);
	assert_int_equal(s->log_prefix, CONFIG_NO_PREFIX);
	assert_int_equal(s->log_format, CONFIG_JSON_LINES);
	assert_int_equal(s->log_max_size, 0);
	assert_int_equal(s->log_keep, 7);
	assert_int_equal(s->tail_lines, 0);
	assert_int_equal(s->limits, 2);
	assert_int_equal(config_limit(loaded.c, 0)->resource, 4 /* CORE */);
	assert_int_equal(config_limit(loaded.c, 0)->hard, 0);
	assert_int_equal(config_limit(loaded.c, 1)->resource, 7 /* NOFILE */);
	assert_true(config_limit(loaded.c, 1)->is_try);
	assert_int_equal(config_limit(loaded.c, 1)->hard, 128);
	assert_true(s->has_nice && s->is_nice_try && s->nice == -3);
	assert_true(s->has_oom_score_adj && !s->is_oom_score_adj_try &&
		    s->oom_score_adj == -500);
	/* Cleared: what is inherited does not count. */
	assert_string_equal(config_string(loaded.c, s->path),
			    "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			    "/usr/bin:/sbin:/bin");
}

static void every_dashpot_key_arrives_in_its_field(void **state)
{
	load_text("[dashpot]\ndiagnostics = /data\nheadroom = 0\n"
		  "restart_rate = 3/m burst 4\nshutdown_timeout = 2s\n"
		  "stop_signals = TERM, RTMIN+3\nexit_when_all_blocked = 0\n"
		  "log_format = json\nlog_level = error\n"
		  "metrics_file = yes\ncontrol = /run/x/ctl\n"
		  "control_mode = 0660\ncontrol_owner = app:adm\n"
		  "listen = [::1]:9101\n" S);
	/* The format of dashpot's own messages is not that of services. */
	assert_int_equal(service("s")->log_format, CONFIG_TEXT_LINES);
	assert_null(config_invalid(loaded.c));
	assert_string_equal(config_string(loaded.c, loaded.c->diagnostics),
			    "/data");
	assert_true(loaded.c->is_diagnostics_written);
	assert_int_equal(loaded.c->headroom, 0);
	assert_int_equal(loaded.c->restart_rate.rate, 3);
	assert_int_equal(loaded.c->restart_rate.period_ms, 60000);
	assert_int_equal(loaded.c->restart_rate.burst, 4);
	assert_int_equal(loaded.c->shutdown_timeout_ms, 2000);
	assert_int_equal(loaded.c->shutdown_needs_ms, 9500);
	assert_true(loaded.c->stop_signals == (1ULL << 14 | 1ULL << 36));
	assert_int_equal(loaded.c->exit_when_all_blocked_ms, 0);
	assert_int_equal(loaded.c->log_format, CONFIG_JSON_LINES);
	assert_int_equal(loaded.c->log_level, CONFIG_ERROR);
	assert_true(loaded.c->has_metrics_file);
	assert_string_equal(config_string(loaded.c, loaded.c->control),
			    "/run/x/ctl");
	assert_int_equal(loaded.c->control_mode, 0660);
	assert_true(loaded.c->has_control_owner);
	assert_int_equal(loaded.c->control_uid, 1000);
	assert_int_equal(loaded.c->control_gid, 4);
	assert_string_equal(config_string(loaded.c, loaded.c->listen),
			    "[::1]:9101");
}

static void listen_can_be_off(void **state)
{
	load_text("[dashpot]\nlisten = off\n" S);
	assert_null(config_invalid(loaded.c));
	assert_int_equal(loaded.c->listen, 0);
}

/* The group is that of the user where none is written; a user of whom nothing
 * is known leaves it as it is, and one of very many groups is none too many. */
static void owner_of_the_socket_has_a_group(void **state)
{
	static const struct {
		const char *written;
		uint32_t uid, gid;
	} owners[] = {
		{ "app", 1000, 1001 },   { "1000", 1000, 1001 },
		{ "app:0", 1000, 0 },    { "33:adm", 33, 4 },
		{ "77:88", 77, 88 },     { "77", 77, UINT32_MAX },
		{ "root", 0, 0 },
	};
	static char groups[2000];
	size_t used = 0;
	char text[200];

	for (int i = 0; i < 2 * CONFIG_GROUPS; i++)
		used += (size_t)snprintf(groups + used, sizeof(groups) - used,
					 "g%d:x:%d:app\n", i, 5000 + i);
	snprintf(groups + used, sizeof(groups) - used, "adm:x:4:\n");
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		add_file("/etc/group", groups);
		snprintf(text, sizeof(text), "[dashpot]\ncontrol_owner = %s\n"
			 S, owners[i].written);
		load_text(text);
		assert_null(config_invalid(loaded.c));
		assert_true(loaded.c->has_control_owner);
		assert_int_equal(loaded.c->control_uid, owners[i].uid);
		assert_int_equal(loaded.c->control_gid, owners[i].gid);
		forget(state);
	}
}

/* The longest path that fits beside a NUL into an address of unix(7). */
static void path_of_the_socket_is_as_long_as_an_address_can_be(void **state)
{
	enum { MOST = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };
	char path[MOST + 2], text[300];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[MOST] = '\0';
	snprintf(text, sizeof(text), "[dashpot]\ncontrol = %s\n" S, path);
	load_text(text);
	service("s");
	assert_string_equal(config_string(loaded.c, loaded.c->control), path);
	forget(state);
	path[MOST] = 'x';
	path[MOST + 1] = '\0';
	snprintf(text, sizeof(text), "[dashpot]\ncontrol = %s\n" S, path);
	load_text(text);
	assert_said("t.ini:2: ");
	assert_said("at most 107 bytes");
}

/* The loader and the control server read addresses each in its own way. */
static void control_server_understands_what_listen_can_be(void **state)
{
	static const char *const written[] = {
		"localhost:9101", "127.0.0.1:9101", "0.0.0.0:65535",
		"[::]:9101", "[::1]:9101", "[0:0:0:0:0:0:0:1]:9101",
		"[::ffff:127.0.0.1]:9101", "[2001:dB8::1]:9101",
		"[1:2:3:4:5:6:7::]:9101", "[::2:3:4:5:6:7:8]:9101",
	};
	char text[200];
	int fd;

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		snprintf(text, sizeof(text), "[dashpot]\nlisten = %s\n" S,
			 written[i]);
		load_text(text);
		service("s");
		fd = listen_tcp(config_string(loaded.c, loaded.c->listen));
		/* Whether this machine has it is another question. */
		assert_int_not_equal(fd, -EINVAL);
		if (fd >= 0)
			close(fd);
		forget(state);
	}
}

/* Relayed output has the descriptor of dashpot's own that it ends at. */
static void streams_know_where_they_end(void **state)
{
	const struct config_service *s = service_with(
		"stdout = file:/proc/1/fd/2\nstderr = relay");

	assert_int_equal(s->out.output, CONFIG_RELAY);
	assert_int_equal(s->out.fd, 2);
	assert_int_equal(s->out.path, 0);
	assert_int_equal(s->err.output, CONFIG_RELAY);
	assert_int_equal(s->err.fd, 2);
	assert_null(config_invalid(loaded.c));
	/* What [defaults] say leaves nothing behind. */
	load_text("[defaults]\nstdout = file:/var/x\nstderr = relay\n"
		  "[service:s]\ncommand = x\nstdout = relay\n"
		  "stderr = inherit\n");
	s = service("s");
	assert_int_equal(s->out.fd, 1);
	assert_int_equal(s->err.fd, 0);
	assert_null(config_invalid(loaded.c));
}

static void tails_lie_one_behind_the_other(void **state)
{
	load_text("[service:a]\ncommand = x\ntail_lines = 3\n"
		  "[service:b]\ncommand = x\ntail_lines = 0\n"
		  "[service:c]\ncommand = x\ntail_lines = 1000\n");
	assert_int_equal(service("a")->tail_first, 0);
	assert_int_equal(service("b")->tail_first, 3);
	assert_int_equal(service("c")->tail_first, 3);
	assert_int_equal(loaded.c->tails, 1003);
	assert_null(config_invalid(loaded.c));
}

/* 65 services with a thousand lines each, and `rest` in one more. */
static void load_tails(int rest)
{
	static char text[8192];
	int len = snprintf(text, sizeof(text), "[defaults]\n"
			   "tail_lines = 1000\n[service:rest]\n"
			   "command = x\ntail_lines = %d\n", rest);

	for (int i = 0; i < 65; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"[service:s%d]\ncommand = x\n", i);
	load_text(text);
}

static void tails_of_all_services_have_a_bound(void **state)
{
	load_tails(CONFIG_TAILS - 65000);
	assert_null(config_invalid(loaded.c));
	assert_int_equal(loaded.c->tails, CONFIG_TAILS);
	forget(state);
	load_tails(CONFIG_TAILS - 65000 + 1);
	assert_said("dashpot: the tail_lines of all services are 65537 lines, "
		    "and 65536 is the most; write a smaller tail_lines");
	assert_int_equal(loaded.mistakes, 1);
}

static void never_is_a_word_where_0_means_that(void **state)
{
	load_text("[dashpot]\nheld_timeout = never\n"
		  "exit_when_all_blocked = never\n"
		  "[service:s]\ncommand = x\n"
		  "ready_timeout = never\nmax_trips = never\n");
	assert_int_equal(loaded.mistakes, 0);
	assert_int_equal(loaded.c->held_timeout_ms, 0);
	assert_int_equal(loaded.c->exit_when_all_blocked_ms, 0);
	assert_int_equal(config_service(loaded.c, 0)->ready_timeout_ms, 0);
	assert_int_equal(config_service(loaded.c, 0)->breaker.max_trips, 0);
}

static void stop_signals_have_no_other_meaning(void **state)
{
	static const char *const wrong[] = {
		"KILL", "STOP", "CHLD", "HUP", "USR1", "SEGV", "33", "34",
		"TERM, KILL", "nonsense", ",",
	};
	char text[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			 S "[dashpot]\nstop_signals = %s\n", wrong[i]);
		load_text(text);
		assert_said("t.ini:4: stop_signals = ");
		forget(state);
	}
}

static void forwarded_signals_are_those_that_dashpot_would_take(void **state)
{
	static const char *const wrong[] = { "TERM", "HUP, WINCH", "CHLD",
					     "nonsense" };
	char text[200];

	load_text(S "[dashpot]\nforward_signals = USR1, HUP\n");
	assert_true(loaded.c->forward_signals == (1 | 1 << 9));
	forget(state);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			 S "[dashpot]\nforward_signals = %s\n", wrong[i]);
		load_text(text);
		assert_said("t.ini:4: forward_signals = ");
		forget(state);
	}
}

static void stop_signal_ends_a_service(void **state)
{
	assert_int_equal(service_with("stop_signal = KILL")->stop_signal, 9);
	assert_int_equal(service_with("stop_signal = WINCH")->stop_signal, 28);
	assert_refused("stop_signal = STOP", "asks a service for nothing");
	assert_refused("stop_signal = CHLD", "asks a service for nothing");
}

/* Each of these is refused, and says what is wrong. */
static void values_out_of_range_are_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "type = demon", "daemon oneshot" },
		{ "restart = maybe", "always on-failure never" },
		{ "success_codes = 256", "0 .. 255" },
		{ "fatal_codes = x", "0 .. 255" },
		{ "max_failures = 65 in 1s", "1 .. 64" },
		{ "restart_delay = 2s..1s", "starts above its end" },
		{ "cooldown = 5", "has no unit; write 5s" },
		{ "max_trips = -1", "0 .. 1000000" },
		{ "stable = 8d", "0s .. 7d" },
		{ "min_runtime = x", "no duration" },
		{ "essential = maybe", "neither yes nor no" },
		{ "autostart = 1", "neither yes nor no" },
		{ "after = a:b", "no service name" },
		{ "requires = -x", "no service name" },
		{ "ready = maybe", "is no check" },
		{ "ready_timeout = 5", "has no unit" },
		{ "health = tcp:80", "numeric host" },
		{ "health_interval = 1ms", "100ms .. 7d" },
		{ "health_timeout = 0", "1ms .. 7d" },
		{ "health_failures = 0", "1 .. 1000" },
		{ "health_grace = 1", "has no unit" },
		{ "stop_signal = FOO", "is no signal" },
		{ "stop_timeout = 1y", "no duration" },
		{ "stop_mode = all", "leader group" },
		{ "stop_command = a | b", "unquoted |" },
		{ "drain_delay = 5", "has no unit" },
		{ "stop_timeout = never", "there is no never here" },
		{ "stop_timeout = infinity", "there is no never here" },
		{ "health_grace = never", "there is no never here" },
		{ "ready_timeout = infinity", "the word here is never" },
		{ "ready_timeout = nevermore", "is no duration" },
		{ "zombie_limit = never", "is no" },
		{ "reload_signal = STOP", "asks a service for nothing" },
		{ "leftovers = yes", "kill keep" },
		{ "leftover_grace = 5", "has no unit" },
		{ "zombie_limit = x", "is no number" },
		{ "user = nobody-here", "is not in /etc/passwd" },
		{ "group = nobody-here", "is not in /etc/group" },
		{ "groups = 1 2 x", "is not in /etc/group" },
		{ "umask = 8", "octal" },
		{ "directory = srv", "absolute path" },
		{ "env.1A = x", "no name of a variable" },
		{ "env. = x", "no name of a variable" },
		{ "env_file = /missing", "no such file" },
		{ "env_from_file.A = /missing", "no such file" },
		{ "clear_env = x", "neither yes nor no" },
		{ "stdout = stdout", "is no output" },
		{ "stdout = stderr", "write relay, inherit, null, file:/PATH" },
		{ "stderr = file:x", "absolute path" },
		{ "log_prefix = x", "auto yes no" },
		{ "log_format = x", "text json" },
		{ "log_max_size = x", "is no size" },
		{ "log_keep = 1001", "0 .. 1000" },
		{ "log_max_size = -1", "is no size" },
		{ "log_max_size = unlimited", "is no size" },
		{ "tail_lines = x", "is no number" },
		{ "tail_lines = 1001", "0 .. 1000" },
		{ "limit.nofile = 5:4", "soft limit above" },
		{ "limit.tasks = x", "is no number" },
		{ "limit.memory = x", "is no number" },
		{ "nice = 20", "-20 .. 19" },
		{ "oom_score_adj = 1001", "-1000 .. 1000" },
		{ "no_new_privileges = x", "neither yes nor no" },
		{ "capabilities = 5", "`5`, which is no capability" },
		{ "capabilities = chwon", "did you mean chown?" },
		{ "capabilities = -", "names no capability" },
		{ "instances = 0", "1 .. 1024" },
		{ "schedule = daily",
		  "minute (0 .. 59, and ranges upwards); write `every 5m`" },
		{ "timezone = CET", "offset from UTC" },
		{ "on_blocked = 'x", "without its end" },
		{ "stop_timeout =", "has no value" },
		{ "stop_timeout = ${EMPTY}", "has no value" },
		{ "command = y", "command is set already in t.ini:2" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(wrong[i][0], wrong[i][1]);
}

static void dashpot_values_out_of_range_are_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "diagnostics = data", "absolute path" },
		{ "control = x", "absolute path" },
		{ "control = run/x", "absolute path" },
		{ "control_mode = 999", "octal" },
		{ "control_mode = 1777", "octal" },
		{ "control_mode = 0", "is for nobody; write 0600" },
		{ "control_owner = nobody-here", "is not in /etc/passwd" },
		{ "control_owner = www-dat", "did you mean www-data?" },
		{ "control_owner = app:nogroup", "is not in /etc/group" },
		{ "control_owner = app:", "is not in /etc/group" },
		{ "control_owner = :adm", "is not in /etc/passwd" },
		{ "control_owner = 4294967295", "is not in /etc/passwd" },
		{ "listen = 80", "numeric host" },
		{ "listen = on", "numeric host" },
		{ "listen = localhost", "numeric host" },
		{ "listen = *:80", "numeric host" },
		{ "listen = example.org:80", "numeric host" },
		{ "listen = 127.0.0.1:", "no port" },
		{ "listen = 127.0.0.1:0", "1 .. 65535" },
		{ "listen = [::1]:65536", "1 .. 65535" },
		{ "headroom = -1", "0 .. 1000000" },
		{ "restart_rate = 5", "is no rate" },
		{ "shutdown_timeout = 0", "1ms .. 7d" },
		{ "exit_when_all_blocked = 5", "has no unit" },
		{ "held_timeout = 5", "has no unit" },
		{ "orphans = kill", "keep or kill-after" },
		{ "log_format = xml", "text json" },
		{ "log_level = loud", "error warning info debug" },
		{ "metrics_file = x", "neither yes nor no" },
	};
	char text[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), S "[dashpot]\n%s\n", wrong[i][0]);
		load_text(text);
		assert_said("t.ini:4: ");
		assert_said(wrong[i][1]);
		assert_int_equal(loaded.mistakes, 1);
		forget(state);
	}
}

static void oneshot_is_not_asked_whether_it_is_ready(void **state)
{
	static const char *const said[] = { "ready = tcp:[::1]:5",
					    "health = file:/x" };
	char line[200], mistake[200];

	for (size_t i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "%s\ntype = oneshot", said[i]);
		snprintf(mistake, sizeof(mistake),
			 "%s in [service:s], which is a oneshot: it is ready "
			 "when it is done; remove it, or make it a daemon",
			 said[i]);
		assert_refused(line, mistake);
	}
	service_with("type = oneshot\nready = none\nhealth = off");
}

static void checks_of_defaults_are_for_daemons(void **state)
{
	load_text("[defaults]\nready = fd:5\nhealth = tcp:127.0.0.1:80\n" S
		  "type = oneshot\n[service:t]\ncommand = x\n");
	assert_int_equal(service("s")->ready.kind, CONFIG_CHECK_NONE);
	assert_int_equal(service("s")->health.kind, CONFIG_CHECK_NONE);
	assert_int_equal(service("t")->ready.kind, CONFIG_CHECK_FD);
	assert_int_equal(service("t")->ready.number, 5);
	assert_int_equal(service("t")->health.kind, CONFIG_CHECK_TCP);
}

static void ten_mistakes_are_ten_messages_in_order(void **state)
{
	static const char *const said[] = {
		"t.ini:2: log_levle is no key; did you mean log_level?\n",
		"t.ini:3: [default] is no section; did you mean [defaults]?\n",
		"t.ini:6: after: there is no service `wen`; did you mean "
		"web?\n",
		"t.ini:7: stop_timeout = 15: has no unit; write 15s (or ms, m, "
		"h, d)\n",
		"t.ini:8: ready = notify:1: is no check; write notify, fd:N, "
		"tcp:HOST:PORT, http:HOST:PORT/PATH, unix:PATH, file:PATH or "
		"exec:COMMAND\n",
		"t.ini:9: umask = 9: is no octal number up to 0777; write it "
		"like 027\n",
		"t.ini:10: nonsense line\n",
		"t.ini:11: [ without ]; write [service:NAME]\n",
		"t.ini:13: [service:web] is declared already in t.ini:4; put "
		"all its keys there\n",
		"t.ini:14: command = a | b: has an unquoted | that only a "
		"shell understands; write `shell =` instead of `command =` "
		"(elsewhere /bin/sh -c 'LINE'), "
		"or quote it\n",
	};
	const char *at;

	load_text("[dashpot]\n"
		  "log_levle = info\n"
		  "[default]\n"
		  "[service:web]\n"
		  "command = x\n"
		  "after = wen\n"
		  "stop_timeout = 15\n"
		  "ready = notify:1\n"
		  "umask = 9\n"
		  "nonsense line\n"
		  "[service:b\n"
		  "command = y\n"
		  "[service:web]\n"
		  "command = a | b\n");
	assert_int_equal(loaded.mistakes, 10);
	at = loaded.said;
	for (size_t i = 0; i < 10; i++) {
		if (i == 6)
			assert_ptr_equal(strstr(at, "t.ini:10: neither "), at);
		else
			assert_ptr_equal(strstr(at, said[i]), at);
		at = strchr(at, '\n') + 1;
	}
	assert_string_equal(at, "");
}

static void more_than_100_mistakes_are_counted(void **state)
{
	char text[8000] = S;

	for (int i = 0; i < 130; i++)
		strcat(text, "nonsense = 1\n");
	load_text(text);
	assert_int_equal(loaded.mistakes, 130);
	assert_said("t.ini:102: nonsense");
	assert_null(strstr(loaded.said, "t.ini:103:"));
	assert_said("dashpot: and 30 more mistakes\n");
}

static void nearest_names_are_suggested(void **state)
{
	assert_refused("stop-timeout = 1s", "did you mean stop_timeout?");
	assert_refused("Essential = yes", "did you mean essential?");
	assert_refused("stoptimeout = 1s", "did you mean stop_timeout?");
	assert_refused("limit.nofiles = 1", "did you mean limit.nofile?");
	assert_refused("limit.x = 1", "is no key; did you mean limit.as?");
	assert_refused("umaks = 1", "did you mean umask?");
	assert_refused("frobnicate = 1", "dashpot.ini(5) lists all");
	assert_refused("headroom = 1", "headroom belongs in [dashpot]");
	assert_refused("xx = 1", "xx is no key; dashpot.ini(5)");
}

static void unknown_sections_are_refused_with_the_nearest(void **state)
{
	static const char *const wrong[][2] = {
		{ "[Dashpot]", "did you mean [dashpot]?" },
		{ "[dashpott]", "did you mean [dashpot]?" },
		{ "[program:web]", "did you mean [service:web]?" },
		{ "[service web]", "did you mean [service:web]?" },
		{ "[services:web]", "did you mean [service:web]?" },
		{ "[]", "write [dashpot], [defaults] or" },
		{ "[!]", "write [dashpot], [defaults] or" },
		{ "[xyz]", "write [dashpot], [defaults] or" },
		{ "[service:]", "has no proper name" },
		{ "[service:a b]", "has no proper name" },
		{ "[service:a:0]", "has no proper name" },
		{ "[service:-a]", "has no proper name" },
	};
	char text[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		/* What stands in it is not read as keys of another one. */
		snprintf(text, sizeof(text), S "%s\ncommand = y\nx = 1\n",
			 wrong[i][0]);
		load_text(text);
		assert_said("t.ini:3: ");
		assert_said(wrong[i][1]);
		assert_int_equal(loaded.mistakes, 1);
		forget(state);
	}
}

static void service_overrides_defaults(void **state)
{
	load_text("[service:a]\ncommand = x\nstop_timeout = 1s\n"
		  "limit.nofile = 9\n"
		  "[defaults]\nstop_timeout = 2s\nuser = app\nnice = 5\n"
		  "limit.nofile = 7\nlimit.core = 0\nrestart = on-failure\n"
		  "[service:b]\ncommand = y\n");
	assert_int_equal(service("a")->stop_timeout_ms, 1000);
	assert_int_equal(service("b")->stop_timeout_ms, 2000);
	assert_int_equal(service("a")->uid, 1000);
	assert_int_equal(service("b")->nice, 5);
	assert_int_equal(service("b")->restart, CONFIG_ON_FAILURE);
	assert_int_equal(service("a")->limits, 2);
	assert_int_equal(config_limit(loaded.c,
				      service("a")->limits_first + 1)->soft, 9);
	assert_int_equal(config_limit(loaded.c,
				      service("b")->limits_first + 1)->soft, 7);
	assert_null(config_invalid(loaded.c));
}

static void mistake_in_defaults_is_told_once(void **state)
{
	load_text("[defaults]\nstop_timeout = 5\nafter = nobody, other\n"
		  "[service:a]\ncommand = x\n[service:b]\ncommand = y\n");
	assert_said("t.ini:2: stop_timeout");
	assert_said("t.ini:3: after");
	assert_int_equal(loaded.mistakes, 3);
}

static void command_belongs_to_a_service(void **state)
{
	load_text("[defaults]\ncommand = x\n" S);
	assert_said("t.ini:2: command belongs in [service:NAME]; move it");
}

static void exactly_one_of_command_and_shell(void **state)
{
	load_text("[service:a]\nstop_timeout = 1s\n"
		  "[service:b]\ncommand = x\nshell = y\n");
	assert_said("t.ini:1: [service:a] has no command");
	assert_said("t.ini:5: [service:b] has command and shell");
	assert_int_equal(loaded.mistakes, 2);
}

static void command_is_words_and_shell_is_a_line(void **state)
{
	const struct config_service *s;

	load_text("[service:a]\ncommand = ${NAME} '${NAME}' \"a ${LIST}\" $X\n"
		  "[service:b]\nshell = echo ${NOPE} | cat > /dev/null ; x\n");
	s = service("a");
	assert_false(s->is_shell);
	assert_int_equal(s->argv.count, 4);
	assert_string_equal(word(s->argv, 0), "value");
	assert_string_equal(word(s->argv, 1), "${NAME}");
	assert_string_equal(word(s->argv, 2), "a web db");
	assert_string_equal(word(s->argv, 3), "$X");
	s = service("b");
	assert_true(s->is_shell);
	assert_int_equal(s->argv.count, 3);
	assert_string_equal(word(s->argv, 0), "/bin/sh");
	assert_string_equal(word(s->argv, 1), "-c");
	assert_string_equal(word(s->argv, 2),
			    "echo ${NOPE} | cat > /dev/null ; x");
}

static void words_end_whatever_stands_behind_them_in_memory(void **state)
{
	/* Found by the fuzzer: as many words as bytes allow. */
	load_text("[service:a]\ncommand = x y z\nenv.A = ${NAME}\n"
		  "env.B = ${NAME}\n[service:b]\ncommand = x y\n"
		  "env.A = ${NAME}\n[service:c]\ncommand = x\n"
		  "env.A = ${NAME}\n");
	assert_int_equal(service("a")->argv.count, 3);
	assert_int_equal(service("b")->argv.count, 2);
	assert_int_equal(service("c")->argv.count, 1);
}

static void empty_program_from_a_variable_is_refused(void **state)
{
	load_text("[service:a]\ncommand = ${EMPTY} x\n");
	assert_said("names no program");
}

static void values_expand_from_dashpots_environment(void **state)
{
	assert_int_equal(service_with("stop_timeout = ${SECONDS}")
				 ->stop_timeout_ms, 7000);
	assert_int_equal(service_with("stop_timeout = ${NOPE:-4s}")
				 ->stop_timeout_ms, 4000);
	assert_refused("stop_timeout = ${NOPE}", "needs $NOPE");
	assert_refused("env.A = ${NOPE}", "env.A: needs $NOPE");
}

static void value_of_a_wrong_variable_is_not_shown(void **state)
{
	assert_refused("env.1A = hunter2", "env.1A: `1A` is no name");
	assert_null(strstr(loaded.said, "hunter2"));
}

static void same_key_twice_names_the_other_place(void **state)
{
	assert_refused("command = y", "command is set already in t.ini:2");
	forget(state);
	load_text(S "env.A = 1\nenv.a = 2\nenv.A = 3\n");
	assert_said("t.ini:5: env.A is set already in t.ini:3; keep one");
	assert_int_equal(loaded.mistakes, 1);
}

static void sections_may_be_spread_over_files(void **state)
{
	static const char *const names[] = { "a.ini", "b.ini" };

	add_file("a.ini", "[dashpot]\nlog_level = error\n"
			  "[defaults]\nnice = 1\n[service:a]\ncommand = x\n");
	add_file("b.ini", "[dashpot]\nheadroom = 5\n"
			  "[defaults]\numask = 0\n[service:b]\ncommand = y\n");
	load_files(names, 2);
	assert_int_equal(service("a")->umask, 0);
	assert_true(service("a")->has_umask);
	assert_int_equal(service("b")->nice, 1);
	assert_int_equal(loaded.c->headroom, 5);
	assert_int_equal(loaded.c->log_level, CONFIG_ERROR);
	assert_string_equal(config_string(loaded.c, service("b")->file),
			    "b.ini");
	assert_int_equal(service("b")->line, 5);
}

static void mistakes_across_files_name_both_places(void **state)
{
	static const char *const names[] = { "a.ini", "b.ini" };

	add_file("a.ini", "[dashpot]\nheadroom = 4\n[service:a]\n"
			  "command = x\n");
	add_file("b.ini", "[dashpot]\nheadroom = 5\n[service:a]\n"
			  "command = y\nx = 1\n");
	load_files(names, 2);
	assert_said("b.ini:2: headroom is set already in a.ini:2");
	assert_said("b.ini:3: [service:a] is declared already in a.ini:3");
	assert_said("b.ini:5: x is no key");
	assert_int_equal(loaded.mistakes, 3);
}

static void files_that_cannot_be_read_are_told(void **state)
{
	static const char *const names[] = { "no.ini", "t.ini", "fifo", "big" };

	fake_files[0] = (struct fake_file){ "t.ini", S, 0, 0 };
	fake_files[1] = (struct fake_file){ "fifo", "", 0, -ENODEV };
	fake_files[2] = (struct fake_file){ "big", "", 0, -EFBIG };
	load_files(names, 4);
	assert_said("no.ini: cannot be read (no such file or directory)");
	assert_said("fifo: is no regular file");
	assert_said("big: makes the configuration too large; at most 1048576 "
		    "bytes a file and 4194304 in all");
	assert_int_equal(loaded.mistakes, 3);
}

static void no_service_at_all_is_a_mistake(void **state)
{
	load_text("[defaults]\nnice = 1\n");
	assert_said("dashpot: no service is declared");
	forget(state);
	load_text("");
	assert_said("dashpot: no service is declared");
	forget(state);
	load_files(NULL, 0);
	assert_said("dashpot: there is neither /nowhere/dashpot.ini nor "
		    "/nowhere/dashpot.d/*.ini; write one, or use -c FILE");
}

static void more_than_1024_services_are_refused(void **state)
{
	char *text = calloc(1, 1025 * 40), *to = text;

	for (int i = 0; i < 1024; i++)
		to += sprintf(to, "[service:s%d]\ncommand = x\n", i);
	load_text(text);
	assert_int_equal(loaded.c->services, 1024);
	assert_null(config_invalid(loaded.c));
	forget(state);
	sprintf(to, "[service:s%d]\ncommand = x\n", 1024);
	load_text(text);
	assert_said("t.ini:2049: [service:s1024] is one more than 1024 "
		    "services");
	assert_int_equal(loaded.mistakes, 1);
	free(text);
}

static void more_than_4_mib_of_text_are_refused(void **state)
{
	/* Different for each service: equal text is kept once. */
	char *text = calloc(1, 1024 * 200), *to = text, *file;

	file = malloc(65536);
	memset(file, 'x', 65535);
	file[65535] = '\0';
	memcpy(file, "A=", 2);
	add_file("t.ini", "");
	add_file("/vars", file);
	for (int i = 0; i < 70; i++)
		to += sprintf(to, "[service:s%d]\ncommand = x\n"
				  "env_file = /vars\nenv.N = %d\n", i, i);
	load_text(text);
	assert_said("dashpot: the texts of all services are more than 4194304 "
		    "bytes");
	assert_int_equal(loaded.mistakes, 1);
	free(text);
	free(file);
}

static void values_together_become_at_most_4_mib(void **state)
{
	static char big[60000] = "BIG=";
	static char *const environment[] = { big, NULL };
	static const char *const names[] = { "t.ini" };
	struct loader_source from = { .files = names, .files_count = 1 };
	struct loader_world world = fake_world;
	static char text[4000] = S;

	memset(big + 4, 'x', sizeof(big) - 5);
	world.environment = environment;
	for (int i = 0; i < 80; i++)
		sprintf(text + strlen(text), "env.A%d = ${BIG}\n", i);
	add_file("t.ini", text);
	load_source(&world, &from);
	assert_said("t.ini:72: env.A69: makes all values together more than "
		    "4194304 bytes");
}

static void more_than_4096_settings_of_a_section_are_refused(void **state)
{
	char *text = calloc(1, 100000), *to = text;

	to += sprintf(to, "[defaults]\n");
	for (int i = 0; i < 4097; i++)
		to += sprintf(to, "env.A%d = x\n", i);
	strcpy(to, S);
	load_text(text);
	assert_said("t.ini:4098: env.A4096 is one more than 4096 settings");
	assert_int_equal(loaded.mistakes, 1);
	free(text);
}

static void equal_texts_are_kept_once(void **state)
{
	uint32_t one;

	load_text("[defaults]\nenv.A = 1\n[service:a]\ncommand = x\n");
	one = loaded.c->text;
	forget(state);
	load_text("[defaults]\nenv.A = 1\n[service:a]\ncommand = x\n"
		  "[service:b]\ncommand = x\n");
	assert_int_equal(loaded.c->text, one + 2 /* the name */);
	assert_int_equal(service("a")->env.at, service("b")->env.at);
}

static void command_line_is_the_essential_service_main(void **state)
{
	static char cmd[] = "/bin/app", arg[] = "a ${b} | c";
	static char *const command[] = { cmd, arg, NULL };
	static const char *const names[] = { "t.ini" };
	struct loader_source from = { .files = names,
				      .files_count = 1,
				      .command = command };
	const struct config_service *s;

	add_file("t.ini", "[defaults]\nstop_timeout = 2s\nrestart = always\n"
			  "stdout = null\n[service:a]\ncommand = x\n"
			  "[service:b]\ncommand = x\nautostart = no\n");
	load_source(&fake_world, &from);
	s = service("main");
	assert_true(s->is_main && s->is_essential && s->is_autostart);
	assert_int_equal(s->restart, CONFIG_NEVER);
	assert_int_equal(s->stop_timeout_ms, 2000);
	assert_int_equal(s->out.output, CONFIG_INHERIT);
	assert_int_equal(s->argv.count, 2);
	assert_string_equal(word(s->argv, 1), "a ${b} | c");
	assert_int_equal(s->deps, 1);
	assert_int_equal(config_dep(loaded.c, s->deps_first)->service, 0);
	assert_int_equal(config_order(loaded.c)[2], 2);
	assert_int_equal(loaded.c->shutdown_needs_ms, 5500);
	assert_null(config_invalid(loaded.c));
}

static void command_line_needs_no_file(void **state)
{
	static char cmd[] = "x";
	static char *const command[] = { cmd, NULL };
	struct loader_source from = { .command = command };

	load_source(&fake_world, &from);
	assert_true(service("main")->is_main);
	assert_int_equal(loaded.c->services, 1);
}

static void service_main_says_more_of_the_command_line(void **state)
{
	static char cmd[] = "x";
	static char *const command[] = { cmd, NULL };
	static const char *const names[] = { "t.ini" };
	struct loader_source from = { .files = names,
				      .files_count = 1,
				      .command = command };
	const struct config_service *s;

	add_file("t.ini", "[service:main]\nstop_timeout = 25s\n"
			  "stop_signal = INT\n[service:a]\ncommand = y\n");
	load_source(&fake_world, &from);
	s = service("main");
	assert_true(s->is_main && s->is_essential);
	assert_int_equal(s->stop_timeout_ms, 25000);
	assert_int_equal(s->stop_signal, 2);
	assert_int_equal(loaded.c->shutdown_needs_ms, 34500);
	forget(state);
	add_file("t.ini", "[service:main]\ncommand = x\nrestart = always\n");
	load_source(&fake_world, &from);
	assert_said("t.ini:2: [service:main] is the command behind --, whose "
		    "command is fixed");
	assert_said("t.ini:3: [service:main] is the command behind --, whose "
		    "restart is fixed");
	forget(state);
	add_file("t.ini", "[service:main]\ncommand = x\n");
	load_files(names, 1);
	assert_false(service("main")->is_main);
}

static void table_of_keys_can_be_walked(void **state)
{
	size_t n = 0;

	for (; config_key(n) != NULL; n++) {
		const struct config_key *k = config_key(n);

		assert_non_null(k->name);
		assert_true(k->type < KEY_TYPES);
		assert_ptr_equal(key_find(k->name, k->flags), k);
		assert_true(strcmp(config_key_section(k), "[dashpot]") == 0 ||
			    strcmp(config_key_section(k),
				   "[service:NAME]") == 0);
	}
	assert_int_equal(n, 95);
	assert_null(config_key(n));
	assert_null(config_key(n + 1));
}

static void default_places_are_read_in_the_order_of_their_names(void **state)
{
	char dir[100] = "/tmp/test_config.XXXXXX", path[3][200];
	static const char *const text[] = {
		"[service:main]\ncommand = x\n", "[service:z]\ncommand = x\n",
		"[service:a]\ncommand = x\n",
	};
	struct loader_world world = fake_world;
	struct loader_source from = { .files = NULL };

	assert_non_null(mkdtemp(dir));
	snprintf(path[0], 200, "%s/dashpot.ini", dir);
	snprintf(path[1], 200, "%s/d/10-z.ini", dir);
	snprintf(path[2], 200, "%s/d/20-a.ini", dir);
	world.read = files_read;
	world.read_variables = files_read_walked;
	world.file = path[0];
	strcat(dir, "/d");
	world.directory = dir;
	assert_int_equal(mkdir(dir, 0700), 0);
	for (int i = 0; i < 3; i++) {
		FILE *f = fopen(path[i], "w");

		fputs(text[i], f);
		fclose(f);
	}
	load_source(&world, &from);
	assert_int_equal(loaded.c->services, 3);
	assert_string_equal(config_string(loaded.c,
					  config_service(loaded.c, 1)->name),
			    "z");
	for (int i = 0; i < 3; i++)
		unlink(path[i]);
	rmdir(dir);
	*strrchr(dir, '/') = '\0';
	rmdir(dir);
}

static void only_regular_files_of_bounded_size_are_read(void **state)
{
	char dir[] = "/tmp/test_config.XXXXXX", path[100], *text;
	struct arena a = { NULL };
	size_t len;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(files_read(&a, dir, 100, &text, &len), -EISDIR);
	snprintf(path, sizeof(path), "%s/f", dir);
	assert_int_equal(files_read(&a, path, 100, &text, &len), -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(files_read(&a, path, 100, &text, &len), -ENODEV);
	unlink(path);
	f = fopen(path, "w");
	for (int i = 0; i < 10000; i++)
		fputc('x', f);
	fclose(f);
	assert_int_equal(files_read(&a, path, 9999, &text, &len), -EFBIG);
	assert_int_equal(files_read(&a, path, 10000, &text, &len), 0);
	assert_int_equal(len, 10000);
	assert_int_equal(strlen(text), 10000);
	unlink(path);
	rmdir(dir);
	assert_int_equal(files_read(&a, "/dev/null", 9, &text, &len), -ENODEV);
	/* A file in /proc says that it has no bytes. */
	assert_int_equal(files_read(&a, "/proc/self/status", 65536, &text,
				    &len), 0);
	assert_true(len > 100);
	assert_int_equal(files_read(&a, "/proc/self/smaps", 9 << 20, &text,
				    &len), 0);
	assert_true(len > 8192);
	assert_int_equal(strlen(text), len);
	assert_int_equal(files_read(&a, "/proc/self/status", 100, &text, &len),
			 -EFBIG);
	arena_drop(&a);
}

static void real_machine_is_read_by_config_load(void **state)
{
	static char cmd[] = "x";
	static char *const command[] = { cmd, NULL };
	static const char *const names[] = { "/dev/null/no.ini" };
	struct loader_source from = { .files = names,
				      .files_count = 1,
				      .command = command };
	unsigned mistakes;

	assert_null(loader_load(&from, -1, &mistakes));
	assert_int_equal(mistakes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_of_the_design),
		TEST(every_service_key_arrives_in_its_field),
		TEST(every_dashpot_key_arrives_in_its_field),
		TEST(listen_can_be_off),
		TEST(owner_of_the_socket_has_a_group),
		TEST(path_of_the_socket_is_as_long_as_an_address_can_be),
		TEST(control_server_understands_what_listen_can_be),
		TEST(streams_know_where_they_end),
		TEST(tails_lie_one_behind_the_other),
		TEST(tails_of_all_services_have_a_bound),
		TEST(never_is_a_word_where_0_means_that),
		TEST(stop_signals_have_no_other_meaning),
		TEST(forwarded_signals_are_those_that_dashpot_would_take),
		TEST(stop_signal_ends_a_service),
		TEST(values_out_of_range_are_refused),
		TEST(dashpot_values_out_of_range_are_refused),
		TEST(oneshot_is_not_asked_whether_it_is_ready),
		TEST(checks_of_defaults_are_for_daemons),
		TEST(ten_mistakes_are_ten_messages_in_order),
		TEST(more_than_100_mistakes_are_counted),
		TEST(nearest_names_are_suggested),
		TEST(unknown_sections_are_refused_with_the_nearest),
		TEST(service_overrides_defaults),
		TEST(mistake_in_defaults_is_told_once),
		TEST(command_belongs_to_a_service),
		TEST(exactly_one_of_command_and_shell),
		TEST(command_is_words_and_shell_is_a_line),
		TEST(words_end_whatever_stands_behind_them_in_memory),
		TEST(empty_program_from_a_variable_is_refused),
		TEST(values_expand_from_dashpots_environment),
		TEST(value_of_a_wrong_variable_is_not_shown),
		TEST(same_key_twice_names_the_other_place),
		TEST(sections_may_be_spread_over_files),
		TEST(mistakes_across_files_name_both_places),
		TEST(files_that_cannot_be_read_are_told),
		TEST(no_service_at_all_is_a_mistake),
		TEST(more_than_1024_services_are_refused),
		TEST(more_than_4_mib_of_text_are_refused),
		TEST(values_together_become_at_most_4_mib),
		TEST(more_than_4096_settings_of_a_section_are_refused),
		TEST(equal_texts_are_kept_once),
		TEST(command_line_is_the_essential_service_main),
		TEST(command_line_needs_no_file),
		TEST(service_main_says_more_of_the_command_line),
		TEST(table_of_keys_can_be_walked),
		TEST(default_places_are_read_in_the_order_of_their_names),
		TEST(only_regular_files_of_bounded_size_are_read),
		TEST(real_machine_is_read_by_config_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
