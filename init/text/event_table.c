/* SPDX-License-Identifier: ISC */
/* The table of events: one row a kind, nothing else. */
#include "init/text/event_table.h"

#include <stddef.h>

/* The level as a digit before the word takes a byte; a member of its own would
 * take eight. */
#define ERROR "0"
#define WARNING "1"
#define INFO "2"
#define DEBUG "3"
_Static_assert(CONFIG_ERROR == 0 && CONFIG_WARNING == 1 && CONFIG_INFO == 2 &&
		       CONFIG_DEBUG == 3,
	       "digits of the levels");

static const struct kinds_row rows[BOARD_EVENT_KINDS] = {
	/* clang-format off */
	[BOARD_EV_NONE] = { DEBUG "none", "", "nothing" },
	[BOARD_EV_BEGIN] = { INFO "begin",
		"is_pid1/b services shutdown_needs_ms is_subreaper/b",
		"supervises %1n[0: as PID 1|, not as PID 1][3:: it adopts "
		"orphans as a subreaper|]; a full stop may take %2d: give "
		"docker stop -t %2u or more" },
	[BOARD_EV_STARTED] = { INFO "started",
		"pid is_probe/b start",
		"started, pid %0i[1:, as a probe: one start to see whether it "
		"lives|]" },
	[BOARD_EV_READY] = { DEBUG "ready", "pid start_ms",
		"ready after %1d" },
	[BOARD_EV_STABLE] = { DEBUG "stable", "pid is_closed/b",
		"stable[1:; no longer blocked, its failures are forgotten|]" },
	[BOARD_EV_ENDED] = { INFO "ended",
		"cause/c code step/t errno/e runtime_ms is_failure/b pid "
		"number",
		"%0x" },
	[BOARD_EV_BACKOFF] = { INFO "backoff",
		"delay_ms failures max_failures window_ms/m",
		"starts again in %0d[1: (failure %1i of %2i %3f)|]" },
	[BOARD_EV_BLOCKED] = { ERROR "blocked",
		"cooldown_ms trips failures window_ms/m is_asked/b", NULL },
	[BOARD_EV_LATCHED] = { ERROR "latched", "trips",
		"failed: blocked %0i times in a row (max_trips); it stays "
		"down until somebody resets it or restarts the container" },
	[BOARD_EV_DONE] = { INFO "done", "", "done" },
	[BOARD_EV_FAILED] = { ERROR "failed", "",
		"failed: ended without success and is not restarted" },
	[BOARD_EV_WAITING] = { INFO "waiting",
		"for/w on current max reserve uid_or_level errno/e", NULL },
	[BOARD_EV_WAIT_OVER] = { INFO "wait-over", "waited_ms",
		"there is room for its process again after %0d" },
	[BOARD_EV_STUCK] = { WARNING "stuck",
		"step/t pid since_clone_ms",
		"stuck at %0t for %2d (pid %1i): the file or file system that "
		"it needs there does not answer" },
	[BOARD_EV_STOPPING] = { INFO "stopping",
		"signal/s pid left_ms",
		"stopping: [0:%0s sent to pid %1i|its stop_command runs]; "
		"what is left in %2d is killed" },
	[BOARD_EV_KILLED] = { WARNING "killed",
		"processes stop_timeout_ms",
		"did not stop within %1d: %0p killed" },
	[BOARD_EV_STOPPED] = { INFO "stopped", "", "stopped" },
	[BOARD_EV_LEFTOVERS] = { INFO "leftovers", "processes pid",
		"left %0p behind (such as pid %1i), to be ended" },
	[BOARD_EV_LEFTOVERS_KILLED] = { WARNING "leftovers-killed",
		"processes",
		"what it left behind did not end in time: %0p killed" },
	[BOARD_EV_LEFTOVERS_STAY] = { ERROR "leftovers-stay",
		"processes pid",
		"what it left behind survives SIGKILL: %0p (such as pid %1i), "
		"probably in a file system or device that hangs" },
	[BOARD_EV_REMEMBERED] = { WARNING "remembered",
		"trips wait_ms is_latched/b is_outer_loop/b",
		"was [2:failed|blocked] before the container restarted (trip "
		"%0i in a row): one probe start [1:in %1d|now][3:, because "
		"the container itself restarts in a loop|]" },
	[BOARD_EV_FRESH] = { INFO "fresh", "",
		"its settings or its executable changed: what was remembered "
		"of it no longer counts" },
	[BOARD_EV_OUTER_LOOP] = { WARNING "outer-loop",
		"container_starts",
		"the container was started %0i times within 10 m: what was "
		"blocked keeps its cooldown" },
	[BOARD_EV_RESTORE_LATE] = { WARNING "restore-late",
		"waited_ms is_executable/b",
		"[1:the executable of a service|%0D] did not answer within "
		"%0d: starts without what [1:is remembered of it|it "
		"remembers]" },
	[BOARD_EV_HEADROOM_CUT] = { WARNING "headroom-cut",
		"reserve reserve_wished max tasks",
		"a limit of %2i tasks is tight for the %3i that run here: "
		"keeps %0i of them free instead of %1i" },
	[BOARD_EV_HEADROOM_INEXACT] = { INFO "headroom-inexact",
		"errno/e",
		"RLIMIT_NPROC cannot be tested exactly on this kernel (%0e): "
		"a start may be refused late" },
	[BOARD_EV_NO_PROC] = { WARNING "no-proc", "inherited_streams",
		"there is no /proc of this PID namespace: what services leave "
		"behind cannot be seen or waited for[0:; what they print "
		"goes straight to dashpot's own outputs|]" },
	[BOARD_EV_SHUTDOWN] = { INFO "shutdown",
		"signal/s timeout_ms",
		"[0:%0s: |]stops everything, within %1d" },
	[BOARD_EV_SHUTDOWN_NOW] = { WARNING "shutdown-now",
		"signal/s", "%0s again: kills everything now" },
	[BOARD_EV_UNSIGNALLED] = { ERROR "unsignalled",
		"signal/s pid errno/e",
		"[1:%0s cannot be sent to pid %1i: %2e|its user cannot be "
		"signalled]; dashpot needs CAP_KILL" },
	[BOARD_EV_SHUTDOWN_AGAIN] = { INFO "shutdown-again",
		"signal/s", "%0s again: hurries nobody (stop_again)" },
	[BOARD_EV_SHUTDOWN_REST] = { INFO "shutdown-rest",
		"processes", "%0p of no service told to end" },
	[BOARD_EV_ESSENTIAL] = { ERROR "essential",
		"cause/c code step/t errno/e runtime_ms",
		"is essential and %0x: everything is stopped" },
	[BOARD_EV_ALL_BLOCKED] = { ERROR "all-blocked", "blocked_ms",
		"everything has been blocked for %0d: gives up "
		"(exit_when_all_blocked)" },
	[BOARD_EV_CLOCK_JUMP] = { INFO "clock-jump", "jump_ms",
		"the clock jumped by %0d (was the container paused?): "
		"deadlines are moved" },
	[BOARD_EV_HELPER_DIED] = { WARNING "helper-died",
		"helper/h wait_status restart_ms",
		"the %0h %1W: another one is started in %2d; services are "
		"not affected" },
	[BOARD_EV_HELPER_FAILED] = { WARNING "helper-failed",
		"helper/h errno/e",
		"the %0h cannot be started now (%1e): tried again; services "
		"are not affected" },
	[BOARD_EV_VOLUME_TROUBLE] = { WARNING "volume-trouble",
		"step/V index errno/e", NULL },
	[BOARD_EV_VOLUME_WELL] = { INFO "volume-well", "trouble_ms",
		"%0D is written again after %0d of trouble" },
	[BOARD_EV_VOLUME_SECOND] = { WARNING "volume-second",
		"is_second/b",
		"[0:another dashpot has %0D: this one writes to "
		"%0D/%0H, without memory|%0D is its own again]" },
	[BOARD_EV_REGISTRY_BAD] = { WARNING "registry-bad", "",
		"%0D/process-registry.json cannot be understood: kept as "
		"process-registry.json.bad, starts without memory" },
	[BOARD_EV_ORPHANS] = { DEBUG "orphans", "reaped total",
		"reaped %0p of nobody, %1i so far" },
	[BOARD_EV_ZOMBIES] = { WARNING "zombies", "zombies pid",
		"holds %0p that ended and that it does not wait for (such as "
		"pid %1i): only its own end frees them" },
	[BOARD_EV_OUTPUT_TORN] = { WARNING "output-torn",
		"stream bytes",
		"[2:a reload changed its log file|the log relay was killed]: "
		"up to %1i bytes of its "
		"std[0:err|out] may be lost or repeated" },
	[BOARD_EV_OUTPUT_TROUBLE] = { WARNING "output-trouble",
		"stream errno/e step/V is_growing/b",
		"the log file of its std[0:err|out] cannot be [3:rotated|"
		"written]: %2V failed: %1e; [3:it grows on|what it prints "
		"there is dropped, the service runs on]" },
	[BOARD_EV_OUTPUT_WELL] = { INFO "output-well",
		"stream dropped trouble_ms",
		"the log file of its std[0:err|out] is written again after "
		"%2d; lines dropped: %1i" },
	[BOARD_EV_COMMAND] = { INFO "command", "command/k signal/s pid uid",
		"asked from outside: %0k[1: %1s|] (uid %3i, pid %2i)" },
	[BOARD_EV_CONTROL_TROUBLE] = { WARNING "control-trouble",
		"is_listen/b errno/e pid uid is_owner/b", NULL },
	[BOARD_EV_RELOAD] = { INFO "reload", "is_signal/b",
		"reloads the configuration[0: (SIGHUP)|]" },
	[BOARD_EV_RELOADED] = { INFO "reloaded",
		"new removed restarted changed",
		"reloaded: %0i new, %1i removed, %2i restarted, %3i changed "
		"without a restart" },
	[BOARD_EV_RELOAD_FAILED] = { ERROR "reload-failed",
		"reason/r number errno/e", NULL },
	[BOARD_EV_SNAPSHOT] = { INFO "snapshot", "",
		"snapshot asked for: diagnostic.json is written" },
	[BOARD_EV_EXIT] = { INFO "exit", "exit_code", NULL },
	[BOARD_EV_GIVEN_UP] = { WARNING "given-up",
		"cause/c runtime_ms",
		"%0y: it is stopped, which counts as a failure" },
	[BOARD_EV_HOOK] = { INFO "hook", "hook/o pid timeout_ms",
		"%0o runs, pid %1i, for %2d at most" },
	[BOARD_EV_HOOK_ENDED] = { INFO "hook-ended",
		"cause/c code step/t errno/e runtime_ms is_timed_out/b hook/o",
		"%6o [5:did not end within %4d: killed|%0x]" },
	[BOARD_EV_HOOK_REFUSED] = { WARNING "hook-refused",
		"hook/o limit/l current max reserve uid_or_level errno/e",
		NULL },
	[BOARD_EV_CELL] = { WARNING "cgroup", "errno/e",
		"[0:runs without a cgroup of its own, in dashpot's: %0e|"
		"cgroups that an earlier run made below its own are undone]"
		},
	[BOARD_EV_HOOK_LEFT] = { WARNING "hook-left",
		"hook/o processes pid",
		"%0o left %1p behind (such as pid %2i), to be ended" },
	[BOARD_EV_EARLY_PROBE] = { INFO "early-probe", "dependency/N",
		"is tried before its cooldown is over: %0N was down when it "
		"was blocked, and is ready now" },
	[BOARD_EV_CGROUPS] = { INFO "cgroups",
		"has_tasks/b has_memory/b",
		"each service has a cgroup of its own[0:|, without "
		"limit.tasks][1:|, without limit.memory]" },
	[BOARD_EV_ZOMBIE_LIMIT] = { WARNING "zombie-limit",
		"zombies pid service_pid zombie_limit",
		"%0i of its processes have ended and are not waited for (such "
		"as by pid %1i); its zombie_limit is %3i" },
	[BOARD_EV_DAEMONISES] = { WARNING "daemonises", "pid",
		"daemonises: it ended with code 0 at once and left pid %0i "
		"running; run it in the foreground" },
	[BOARD_EV_DRAINING] = { INFO "draining", "left_ms pid",
		"draining: is not ready any more, and is told to stop in "
		"%0d" },
	[BOARD_EV_ORPHAN_TOLD] = { INFO "orphan-told",
		"pid age_ms signal/s",
		"pid %0i is an orphan since %1d: %2s sent to it" },
	[BOARD_EV_NEXT_RUN] = { DEBUG "next-run",
		"in_ms failures skipped",
		"its schedule runs it in %0d[2: (skipped meanwhile: %2i)|]" },
	[BOARD_EV_RUN_FAILED] = { WARNING "run-failed",
		"in_ms failures skipped",
		"the run of its schedule failed (%1i in a row); the next one "
		"is in %0d[2: (skipped meanwhile: %2i)|]" },
	[BOARD_EV_TICK_SKIPPED] = { INFO "tick-skipped",
		"is_waiting/b skipped",
		"its schedule is due, but the run before it [0:has not begun|"
		"goes on]: skipped (%1i so far)" },
	[BOARD_EV_HELD] = { ERROR "held",
		"waited_ms limit/l current max reserve uid_or_level errno/e",
		NULL },
	[BOARD_EV_OOM_KILLS] = { WARNING "oom-kills", "processes",
		"the kernel killed %0p for want of memory: dmesg names them" },
	[BOARD_EV_READY_CLOSED] = { WARNING "ready-closed",
		"descriptor",
		"closed its descriptor %0i and wrote no newline there: it "
		"cannot become ready any more" },
	[BOARD_EV_CHECK_SKIPPED] = { WARNING "check-skipped",
		"errno/e is_health/b",
		"its [1:health|readiness] check could not be made (%0e), which "
		"says nothing about it: tried again" },
	[BOARD_EV_UNHEALTHY] = { WARNING "unhealthy",
		"answer/a code failures max_failures",
		"health check failed: %0A (%2i of %3i in a row)" },
	[BOARD_EV_HEALTHY] = { INFO "healthy", "failures",
		"health check passed again (failed before: %0i)" },
	[BOARD_EV_PROBER_SILENT] = { WARNING "prober-silent",
		"waited_ms",
		"dashpot's prober did not answer within %0d: checks over "
		"sockets say nothing until it does" },
	[BOARD_EV_NOTICE_STRAY] = { WARNING "notice-stray", "pid uid",
		"a notification by pid %0i, uid %1i is not believed: that "
		"process is not seen to be of this service" },
	[BOARD_EV_LEAVING] = { INFO "leaving", "pid",
		"says that it is about to stop: not ready any more" },
	[BOARD_EV_PARTED] = { WARNING "parted", "dependency/N",
		"stops: %0N, which it requires, is lost; starts again once "
		"that has been ready for 2 s" },
	[BOARD_EV_OOM_FIRST] = { WARNING "oom-first", "score",
		"%0i may be killed first" },
	[BOARD_EV_NO_SUBREAPER] = { WARNING "no-subreaper", "errno/e",
		"prctl(PR_SET_CHILD_SUBREAPER) is refused (%0e; by seccomp?): "
		"orphans go to another init" },
	[BOARD_EV_INVARIANT] = { ERROR "invariant",
		"file/F line",
		"a fault of dashpot: what %0F, line %1i, relies on does not "
		"hold; it goes on in a safe way: please report this line" },
	[BOARD_EV_NO_LIMITS] = { WARNING "no-limits", "errno/e",
		"prlimit(2) is refused (%0e; by seccomp?): limits stay as they "
		"are, and leftovers bear no mark" },
	/* clang-format on */
};

const char *kinds_word(unsigned kind)
{
	return kinds_find(kind)->tagged + 1;
}

enum config_log_level kinds_level(unsigned kind)
{
	return (enum config_log_level)(*kinds_find(kind)->tagged - '0');
}

const struct kinds_row *kinds_find(unsigned kind)
{
	return &rows[kind < BOARD_EVENT_KINDS ? kind : BOARD_EV_NONE];
}
