/* SPDX-License-Identifier: ISC */
/* From the rights of PID 1 to those of a service. The ids come first, because
 * changing them takes rights; then whatever can be gained is shut off.
 *
 * The raw calls: musl's own setgid() and setuid() would signal other threads,
 * of which there are none, and say EAGAIN where the kernel does not. */
#include "init/pid1/privileges.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where ids once had 16 bits, these are the calls with 32. */
#ifdef SYS_setresuid32
enum {
	SET_GROUPS = SYS_setgroups32,
	SET_GID = SYS_setresgid32,
	SET_UID = SYS_setresuid32,
};
#else
enum {
	SET_GROUPS = SYS_setgroups,
	SET_GID = SYS_setresgid,
	SET_UID = SYS_setresuid,
};
#endif

static bool has_id(const uint32_t *ids, int count, uint32_t id)
{
	for (int i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* True when the groups are those of s already, whichever way they list the
 * primary one. */
static bool are_groups_right(const struct config_service *s)
{
	enum { MOST = 256 };
	gid_t now[MOST];
	const gid_t gid = s->has_group ? s->gid : getegid();
	const int count = getgroups(MOST, now);

	if (count < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (now[i] != gid && !has_id(s->groups, s->groups_count,
					     now[i]))
			return false;
	for (int i = 0; i < s->groups_count; i++)
		if (s->groups[i] != gid && !has_id(now, count, s->groups[i]))
			return false;
	return true;
}

/* Nobody without CAP_SETGID, and nobody in some user namespaces, may set the
 * groups, not even to what they are. Who stays who he is keeps those that the
 * container gave him, unless the file asks for others. */
static int set_groups(const struct config_service *s)
{
	if (syscall(SET_GROUPS, s->groups_count, s->groups) == 0)
		return 0;
	if (errno == EPERM && ((s->has_user && !s->has_own_groups &&
				s->uid == geteuid()) ||
			       are_groups_right(s)))
		return 0;
	return errno;
}

static int set_ids(const struct config_service *s, struct spawn_report *report)
{
	if (s->has_groups) {
		int err;

		report->step = BOARD_STEP_GROUPS;
		err = set_groups(s);
		if (err != 0)
			return err;
	}
	if (s->has_group) {
		report->step = BOARD_STEP_GID;
		if (syscall(SET_GID, s->gid, s->gid, s->gid) < 0)
			return errno;
	}
	if (s->has_user) {
		report->step = BOARD_STEP_UID;
		if (syscall(SET_UID, s->uid, s->uid, s->uid) < 0)
			return errno;
	}
	return 0;
}

int privileges_take(const struct config_service *s, struct spawn_report *report)
{
	int err = set_ids(s, report);

	if (err != 0)
		return err;
	if (s->has_no_new_privileges) {
		report->step = BOARD_STEP_NO_NEW_PRIVS;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return errno;
	}
	return 0;
}
