/* SPDX-License-Identifier: ISC */
/* One string: what it is called here, then the words for it, and so on. The
 * first one that fits is the answer. */
#include "init/loader/foreign_terms.h"

#include <string.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"

#define IS "\0"   /* words follow, between blanks; * in front stands for any
		   * beginning, * behind for any end */
#define NEXT "\0"

/* clang-format off */
static const char table[] =
	"command" IS "ExecStart entrypoint run" NEXT
	"command, with type = oneshot" IS "up" NEXT
	"a oneshot that this one is `after`" IS "ExecStartPre" NEXT
	"stop_command" IS "ExecStop down" NEXT
	"on_blocked" IS "finish OnFailure" NEXT
	"reload_signal" IS "ExecReload" NEXT
	"restart" IS "autorestart" NEXT
	"restart_delay" IS "RestartSec" NEXT
	"max_failures" IS "startretries StartLimit* max-death-tally" NEXT
	"stable" IS "startsecs" NEXT
	"success_codes" IS "exitcodes SuccessExit*" NEXT
	"autostart" IS "WantedBy" NEXT
	"essential" IS "flag-essential" NEXT
	"after or requires" IS "depend* Wants BindsTo PartOf priority" NEXT
	"ready = notify" IS "NotifyAccess" NEXT
	"ready = fd:N" IS "notification-fd" NEXT
	"ready_timeout" IS "TimeoutStart* timeout-up" NEXT
	"health" IS "healthcheck WatchdogSec test" NEXT
	"health_interval" IS "interval" NEXT
	"health_failures" IS "retries" NEXT
	"health_grace" IS "start_period" NEXT
	"stop_signal" IS "KillSignal down-signal" NEXT
	"stop_timeout" IS "stopwaitsecs TimeoutS* stop_grace_period "
	"timeout-*" NEXT
	"stop_mode" IS "KillMode stopasgroup" NEXT
	"leftovers" IS "killasgroup SendSIGKILL" NEXT
	"env.NAME = VALUE" IS "environment" NEXT
	"env_file" IS "EnvironmentFile" NEXT
	"env_from_file.NAME" IS "secrets LoadCredential*" NEXT
	"directory" IS "working* cwd" NEXT
	"groups" IS "SupplementaryGroups group_add" NEXT
	"capabilities" IS "cap_add cap_drop Capability* Ambient*" NEXT
	"oom_score_adj" IS "OOMScoreAdjust" NEXT
	"limit.NAME, such as limit.nofile" IS
	"ulimits LimitA* LimitC* LimitM* LimitN* LimitS*" NEXT
	"limit.memory" IS "mem_limit Memory*" NEXT
	"limit.tasks" IS "pids_limit TasksMax" NEXT
	"instances" IS "numprocs replicas scale" NEXT
	"stdout" IS "StandardOutput logging" NEXT
	"stderr" IS "StandardError" NEXT
	"stdout = file:PATH" IS "stdout_logfile" NEXT
	"stderr = file:PATH" IS "stderr_logfile" NEXT
	"stderr = stdout" IS "redirect_stderr" NEXT
	"log_max_size" IS "*logfile_maxbytes max-size" NEXT
	"log_keep" IS "*logfile_backups max-file" NEXT
	"schedule" IS "OnCalendar cron" NEXT
	"type = oneshot" IS "RemainAfterExit" NEXT
	"-write a comment" IS "Description" NEXT
	"-programs stay in the foreground here" IS "nodaemon PIDFile" NEXT
	"-it is the container's" IS
	"image build ports expose volumes networks hostname container_name"
	NEXT

	"never" IS "restart=no restart=false" NEXT
	"always" IS "restart=unless-stopped restart=true" NEXT
	"on-failure" IS "restart=unexpected restart=on-ab*" NEXT
	"on-failure (and max_trips)" IS "restart=on-failure:*" NEXT
	"daemon" IS "type=simple type=exec type=longrun" NEXT
	"daemon (and ready = notify)" IS "type=notify*" NEXT
	"daemon (it stays in the foreground)" IS "type=forking" NEXT
	"group" IS "stop_mode=control-group" NEXT
	"relay" IS "std*=journal* std*=auto std*=syslog" NEXT
	"null" IS "std*=none std*=/dev/null" NEXT
	"file:PATH" IS "std*=/*" NEXT
	"status" IS "dashpot=ps dashpot=list" NEXT
	"logs" IS "dashpot=tail" NEXT
	"reload" IS "dashpot=update dashpot=reread" NEXT
	"kill 1 (for everything)" IS "dashpot=shutdown" NEXT
	"exec:COMMAND" IS "health=CMD* health=curl* health=[* health=/*" NEXT;
/* clang-format on */

static bool fits(const char *pattern, size_t len, const char *word)
{
	for (; len > 0 && *pattern != '*'; pattern++, len--, word++)
		if (scan_folded(*pattern) != scan_folded(*word))
			return false;
	if (len == 0)
		return *word == '\0';
	for (; !fits(pattern + 1, len - 1, word); word++)
		if (*word == '\0')
			return false;
	return true;
}

/* Is `word` one of the list? */
static bool is_listed(const char *list, const char *word)
{
	size_t len;

	for (; (len = value_item(&list)) > 0; list += len)
		if (fits(list, len, word))
			return true;
	return false;
}

const char *foreign_terms_find(const char *word)
{
	const char *here = table, *list;

	for (; *here != '\0'; here = list + strlen(list) + 1) {
		list = here + strlen(here) + 1;
		if (is_listed(list, word))
			return here;
	}
	return NULL;
}

bool foreign_terms_is_command(const char *answer)
{
	return answer != NULL && strncmp(answer, "command", 7) == 0;
}

bool foreign_terms_explain(const char *key, const char *value, struct why *why)
{
	char word[80];
	const char *here;

	format(word, sizeof(word), "%s=%s", key, value);
	here = foreign_terms_find(word);
	return here == NULL ||
	       value_wrong(why, "is called %s here; write that", here);
}
