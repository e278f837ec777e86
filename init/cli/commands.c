/* SPDX-License-Identifier: ISC */
/* The table of commands, and the help that is made of it. */
#include "init/cli/commands.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "init/cli/check.h"
#include "init/cli/events.h"
#include "init/cli/explain.h"
#include "init/cli/health.h"
#include "init/cli/json_error.h"
#include "init/cli/logs.h"
#include "init/cli/service_commands.h"
#include "init/cli/status.h"
#include "init/cli/sweep.h"
#include "init/kernel/die.h"
#include "init/kernel/print.h"
#include "init/simulate/simulate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int version(int argc, char **argv)
{
	if (argc > 1)
		die_text(DIE_USAGE, "version: %s: takes no argument", argv[1]);
	return print_fd(STDOUT_FILENO, "dashpot %s\n", DASHPOT_VERSION) < 0 ?
		       DIE_SYSTEM :
		       0;
}

static int help(int argc, char **argv)
{
	const struct commands_row *c = argc > 1 ? commands_find(argv[1]) : NULL;

	if (argc > 2 || (argc > 1 && c == NULL))
		die_text(DIE_USAGE, "help: %s: no such command",
			 argv[argc - 1]);
	return commands_help(c);
}

/* What the help of several commands ends with, by the bits of `also`. */
enum {
	STEERS = 1,
	NAMES = 2,
	RESTS = 4,
	ASKS = 8,
};

static const char *const shared[] = {
	"It says what came of it. Exit code 1: not all could be done.\n",
	("In NAME `*` stands for any text and `?` for any character. That of\n"
	 "a section with `instances` stands for them all, NAME:0 for one.\n"),
	"A pattern leaves out who is at rest, such as done; --all does not.\n",
	("--control PATH names the socket, else $DASHPOT_CONTROL, else it is\n"
	 "that of this container: by abstract name, in /run, on the volume.\n"),
};

static const struct commands_row commands[] = {
	/* clang-format off */
	{ "run", "[-c FILE]... [-- CMD ARG...]",
	  "supervise the services of /etc/dashpot.ini and\n"
	  "/etc/dashpot.d/*.ini, or of FILE, and CMD beside them",
	  "CMD is the service `main`: started when all others are ready,\n"
	  "never restarted; when it ends, everything ends, with its code.\n"
	  "As PID 1, or as its child (docker run --init), `dashpot -c FILE`\n"
	  "and `dashpot` alone are the same.\n",
	  NULL, 0 },
	{ "check", "[-c FILE]... [OPTION...] [-- CMD]",
	  "report every mistake and doubt of the files, start nothing",
	  "  --env-file FILE    variables for ${VAR}, as NAME=VALUE\n"
	  "  --strict           exit with 1 where there are warnings\n"
	  "  --explain-policy   say what the settings of each service mean\n",
	  check_run, 0 },
	{ "simulate", "[-c FILE]... [OPTION...]",
	  "show in a moment what the settings do when services die",
	  "  --service NAME     only these; else all daemons; others are up\n"
	  "  --lifetime 2s      how long each run lasts, or 1s..20s at random\n"
	  "  --exit CODE        with which it ends (1)\n"
	  "  --unhealthy        no run is ever ready, or healthy, instead\n"
	  "  --outage 10m       runs that start later stay up\n"
	  "  --for 1h           how long to look\n"
	  "  --seed N           of all that is random (1)\n"
	  "  --no-exit          go on where dashpot would exit\n"
	  "  --all, --json      every event; for scripts\n",
	  simulate_run, 0 },
	{ "status", "[NAME]... [--json] [--wide] [--dir DIR] [--orphans]",
	  "show every service in a table: state, since when, why",
	  "It asks the running dashpot, and reads the volume (DIR, else\n"
	  "$DASHPOT_DIAGNOSTICS, else /var/lib/dashpot) when nobody answers,\n"
	  "with how old that is. Exit code 0 whatever the states are.\n"
	  "On a terminal a line is cut at its end, but not with --wide.\n"
	  "--orphans lists processes that no running service has instead.\n",
	  status_run, NAMES | ASKS },
	{ "explain", "[NAME] [--json] [--dir DIR]",
	  "say why services do not run, what they said last, what comes next",
	  "It asks the running dashpot, or reads the diagnostics volume: DIR,\n"
	  "or when nobody answers $DASHPOT_DIAGNOSTICS, or else\n"
	  "/var/lib/dashpot; on any machine, the container dead or alive.\n"
	  "NAME picks services and shows all that is known of them. Exit code\n"
	  "1: something is not well.\n",
	  explain_run, NAMES | ASKS },
	{ "events", "[NAME] [--since DURATION] [--graph] [--follow] [--json]\n"
	  "                 [--dir DIR]",
	  "say what happened, one line an event, or draw it",
	  "It asks the running dashpot for what it still has, the last 2,000\n"
	  "or so of this container, or reads the volume as `explain` does.\n"
	  "--since 10m leaves out what is older. --graph draws one row a\n"
	  "service over time. --follow goes on. --json prints the lines as\n"
	  "they are. Exit code 1: there is no such event.\n",
	  events_run, NAMES | ASKS },
	{ "logs", "NAME... [-n N] [--follow] [--times] [--json]",
	  "print the last lines of services, and with --follow the next ones",
	  "As many as tail_lines keeps, or the last N (-n, --lines) of each.\n",
	  logs_run, NAMES | ASKS },
	{ "health", "[NAME]... [--json]",
	  "exit with 0 when all services are up and ready, else with 1",
	  "For HEALTHCHECK and probes: about every daemon that is started by\n"
	  "itself, or these, and says which is not well. Answers within 2 s,\n"
	  "with 1 when dashpot does not.\n",
	  health_run, NAMES | ASKS },
	{ "wait", "[NAME]... [--timeout 30s] [--json]",
	  "wait until all services are ready (oneshots: done)",
	  "Exit code 1: it took too long, or one is blocked or will not be\n"
	  "started; it says which.\n",
	  health_wait, NAMES | ASKS },
	{ "start", "NAME... [--all] [--no-wait] [--timeout 30s] [--json]",
	  "start services, a blocked one now, and wait until they are ready",
	  "", service_commands_run, STEERS | NAMES | RESTS | ASKS },
	{ "stop", "NAME... [--all] [--no-wait] [--timeout 30s] [--json]",
	  "stop services, and keep them stopped",
	  "", service_commands_run, STEERS | NAMES | RESTS | ASKS },
	{ "restart", "NAME... [--all] [--no-wait] [--timeout 30s] [--json]",
	  "stop services and start them again",
	  "", service_commands_run, STEERS | NAMES | RESTS | ASKS },
	{ "reset", "NAME... [--json]",
	  "forget the failures of services, and start what they held back",
	  "", service_commands_run, STEERS | NAMES | ASKS },
	{ "signal", "SIGNAL NAME... [--all] [--json]",
	  "send a signal to the first process of services",
	  "SIGNAL is a name like HUP or a number. Exit code 1: one has no\n"
	  "process.\n",
	  service_commands_run, NAMES | RESTS | ASKS },
	{ "reload", "[NAME]... [--all] [--no-wait] [--timeout 30s] [--json]",
	  "read the configuration again; only services that changed restart\n"
	  "or send services their reload_signal",
	  "Exit code 1: it has a mistake, and nothing has changed; or a NAME\n"
	  "is not ready, and was sent nothing.\n",
	  service_commands_run, NAMES | RESTS | ASKS },
	{ "sweep", "[NAME]... [--orphans] [--dry-run] [--json]",
	  "end what services left behind that do not run",
	  "--orphans ends processes of nobody too. --dry-run only says which.\n"
	  "Exit code 1: some are still there, or NAME runs.\n",
	  sweep_run, NAMES | ASKS },
	{ "version", "", "print the version", "", version, 0 },
	{ "help", "[COMMAND]", "print this, or more about one command", "",
	  help, 0 },
	/* clang-format on */
};

const struct commands_row *commands_row(size_t i)
{
	return i < COUNT(commands) ? &commands[i] : NULL;
}

const struct commands_row *commands_find(const char *word)
{
	if (strcmp(word, "--version") == 0)
		word = "version";
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		word = "help";
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(word, commands[i].word) == 0)
			return &commands[i];
	return NULL;
}

bool commands_is_help_asked(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* As PID 1 of a container, in `docker run IMAGE dashpot help | head`, the
 * signal is sent and does nothing unless it has a handler. */
static void end_by_sigpipe(int number)
{
	(void)kill(getpid(), number);
	_exit(128 + number);
}

int commands_run(const struct commands_row *command, int argc, char **argv)
{
	const struct sigaction once = {
		.sa_handler = end_by_sigpipe,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER),
	};

	(void)sigaction(SIGPIPE, &once, NULL);
	json_error_begin(argc, argv);
	if (commands_is_help_asked(argc, argv))
		return commands_help(command);
	return command->run(argc, argv);
}

/* "  dashpot WORD USAGE" and what it does, indented below. */
static int put_row(const struct commands_row *c)
{
	const char *line = c->summary;
	int err = print_fd(STDOUT_FILENO, "  dashpot %s%s%s\n", c->word,
			    c->usage[0] != '\0' ? " " : "", c->usage);

	while (err >= 0 && *line != '\0') {
		size_t length = strcspn(line, "\n");

		err = print_fd(STDOUT_FILENO, "      %.*s\n", (int)length,
				line);
		line += length + (line[length] == '\n');
	}
	return err;
}

static int help_all(void)
{
	int err = print_fd(STDOUT_FILENO,
		"dashpot " DASHPOT_VERSION
		": PID 1 for containers that a crash loop cannot take down\n"
		"\n"
		"  dashpot [-c FILE]...\n"
		"      as `run`, where it is PID 1\n"
		"  dashpot -- CMD ARG...\n"
		"      run one command, as an init: pass signals on, reap "
		"orphans\n");

	for (size_t i = 0; i < COUNT(commands) && err >= 0; i++)
		err = put_row(&commands[i]);
	if (err < 0)
		return err;
	return print_fd(STDOUT_FILENO,
		"\n"
		"Exit codes: that of the service or command that decided it;\n"
		"0 after a stop signal or when all ended well, 1 the answer\n"
		"of a command is no, 100 wrong command line or configuration,\n"
		"111 a system call or a limit, 126 it cannot be executed,\n"
		"127 it was not found, 128 + n it was ended by signal n.\n"
		"Manuals: dashpot(8), dashpot.ini(5).\n");
}

int commands_help(const struct commands_row *c)
{
	int err;

	if (c == NULL)
		return help_all() < 0 ? DIE_SYSTEM : 0;
	err = put_row(c);
	if (err >= 0 && (c->help[0] != '\0' || c->also != 0))
		err = print_fd(STDOUT_FILENO, "\n%s", c->help);
	for (unsigned i = 0; i < COUNT(shared) && err >= 0; i++)
		if (c->also >> i & 1)
			err = print_fd(STDOUT_FILENO, "%s", shared[i]);
	return err < 0 ? DIE_SYSTEM : 0;
}
