# The end of the demo: diagnostic.json in sentences. Needs --arg ghosts (number
# of processes of the ghost-maker in /proc), before and after (memory of PID 1).

def times: if . == 1 then "once" else "\(.) times" end;

def sentence:
	"- \(.name) was started \(.starts | times)" +
	(if .failures > 0 then " and failed \(.failures | times)" else "" end) +
	". Now \(.why)." +
	(if .leftovers_ended > 0 then
		"\n  Its dead processes left \(.leftovers_ended) others behind, " +
		"which were ended before its next start."
	else "" end);

(.services[] | sentence),
"- A look through /proc finds \($ghosts) children of the ghost-maker" +
	(if .services["ghost-maker"].pid then " (it is running)" else "" end) +
	".",
"- PID 1 reaped \(.container.orphans) orphans; its worst deadline was " +
	"\(.container.late_max_ms) ms late.",
"- Memory of PID 1: \($before) at the start, \($after) now."
