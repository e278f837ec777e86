/* SPDX-License-Identifier: ISC */
/* Two tables: names of what a step is about, and what an error means there. */
#include "init/text/failed_start.h"

#include <errno.h>
#include <stddef.h>

#include "init/board/board.h"
#include "init/config/keys.h"
#include "init/config/named_capabilities.h"
#include "init/lib/errors.h"

const char *failed_start_which(unsigned step, int code)
{
	static const char *const flaws[BOARD_FLAWS] = {
		[BOARD_FLAW_RETURN] = "carriage return",
		[BOARD_FLAW_EMPTY] = "empty file",
		[BOARD_FLAW_MACHINE] = "program of another machine",
	};

	if (code < 0)
		return NULL;
	switch (step) {
	case BOARD_STEP_EXEC:
	case BOARD_STEP_INTERPRETER:
		return code < BOARD_FLAWS ? flaws[code] : NULL;
	case BOARD_STEP_LIMIT:
		return key_of_limit((unsigned)code);
	case BOARD_STEP_CAPABILITIES:
	case BOARD_STEP_BOUNDING:
	case BOARD_STEP_AMBIENT:
		return capabilities_name((unsigned)code);
	default:
		return NULL;
	}
}

/* What an error means at a step, and what to do about it, where that is not
 * plain. */
static const char *find_hint(unsigned step, int err)
{
	static const char no_id[] = "this user namespace has no such id";
	static const struct {
		uint8_t step, err;
		const char *text;
	} hints[] = {
		{ BOARD_STEP_LIMIT, EPERM,
		  "the hard limit is lower: raise it (--ulimit)" },
		{ BOARD_STEP_NICE, EACCES, "less takes CAP_SYS_NICE" },
		{ BOARD_STEP_OOM_SCORE, EACCES,
		  "less takes CAP_SYS_RESOURCE" },
		{ BOARD_STEP_GROUPS, EPERM,
		  "it takes CAP_SETGID, and a user namespace may forbid it" },
		{ BOARD_STEP_GROUPS, EINVAL, no_id },
		{ BOARD_STEP_GID, EPERM, "it takes CAP_SETGID" },
		{ BOARD_STEP_GID, EINVAL, no_id },
		{ BOARD_STEP_UID, EPERM,
		  "it takes CAP_SETUID: start dashpot as root, or as that "
		  "user" },
		{ BOARD_STEP_UID, EINVAL, no_id },
		{ BOARD_STEP_CAPABILITIES, EPERM,
		  "dashpot does not have it: give it to the container "
		  "(--cap-add) or leave it out" },
		{ BOARD_STEP_BOUNDING, EPERM,
		  "giving it up takes CAP_SETPCAP or no_new_privileges" },
		{ BOARD_STEP_AMBIENT, EINVAL,
		  "this kernel has no ambient capabilities" },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].step == step && hints[i].err == err)
			return hints[i].text;
	return NULL;
}

void failed_start_add(struct phrase *w, unsigned step, int code, int err)
{
	const char *which = failed_start_which(step, code);
	const char *hint = find_hint(step, err);
	char buf[16];

	if (step == BOARD_STEP_INTERPRETER && code == BOARD_FLAW_RETURN) {
		phrase_add(w, "could not be started: its first line ends with "
			      "a carriage return, taken for a part of "
			      "the interpreter's name");
		return;
	}
	if (step == BOARD_STEP_INTERPRETER) {
		phrase_add(w, "could not be started: its file is there, the "
			      "interpreter or loader that it names is not");
		return;
	}
	phrase_add(w, "could not be started: ");
	if (step != BOARD_STEP_LIMIT || which == NULL)
		phrase_add(w, "%s: ", board_step_word(step));
	if (which != NULL)
		phrase_add(w, "%s: ", which);
	phrase_add(w, "%s (%s)", errors_text(err), errors_name(err, buf));
	if (hint != NULL)
		phrase_add(w, ", %s", hint);
}
