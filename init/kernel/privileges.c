/* SPDX-License-Identifier: ISC */
/* From the rights of PID 1 to those of a service. The ids come first, because
 * changing them takes rights: what is permitted outlives them
 * (PR_SET_KEEPCAPS), so that the list of capabilities can be made from it.
 *
 * The raw calls: musl's own setgid() and setuid() would signal other threads,
 * of which there are none, and say EAGAIN where the kernel does not. */
#include "init/kernel/privileges.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/kernel/capability.h"

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

/* Note the step, and the lowest capability of a set that it is about. */
static void take(struct spawn_report *report, enum board_step step,
		 uint64_t set)
{
	report->step = step;
	report->which = set == 0 ? -1 : __builtin_ctzll(set);
}

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

		take(report, BOARD_STEP_GROUPS, 0);
		err = set_groups(s);
		if (err != 0)
			return err;
	}
	if (s->has_group) {
		take(report, BOARD_STEP_GID, 0);
		if (syscall(SET_GID, s->gid, s->gid, s->gid) < 0)
			return errno;
	}
	if (s->has_user) {
		take(report, BOARD_STEP_UID, 0);
		if (syscall(SET_UID, s->uid, s->uid, s->uid) < 0)
			return errno;
	}
	return 0;
}

/* The capabilities that an exec can give at all. Above the last one that the
 * kernel knows the answer is an error. */
static uint64_t bounding_set(void)
{
	uint64_t set = 0;

	for (unsigned n = 0; n < 64; n++)
		if (prctl(PR_CAPBSET_READ, n, 0, 0, 0) == 1)
			set |= capability_bit(n);
	return set;
}

/* No set-user-ID program and no file's capability shall give what is not in
 * `keep`. Where nothing can be gained by an exec, nothing needs to be done. */
static int shrink_bounding_set(uint64_t drop, struct spawn_report *report)
{
	for (; drop != 0; drop &= drop - 1) {
		take(report, BOARD_STEP_BOUNDING, drop);
		if (prctl(PR_CAPBSET_DROP, (unsigned long)report->which, 0, 0,
			  0) < 0)
			return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
				       ? 0 : errno;
	}
	return 0;
}

/* Who is not root has after an exec what is ambient. With SECBIT_NOROOT, which
 * dashpot may have been given, root is nobody special. */
static int raise_ambient(uint64_t keep, struct spawn_report *report)
{
	const int no_root = 1;
	const int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	if (geteuid() == 0 && (bits < 0 || (bits & no_root) == 0))
		return 0;
	for (; keep != 0; keep &= keep - 1) {
		take(report, BOARD_STEP_AMBIENT, keep);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
			  (unsigned long)report->which, 0, 0) < 0)
			return errno;
	}
	return 0;
}

/* Leave the process what it is to keep of what is permitted. With is_try a
 * failure ends nothing: as much as can be done is done. */
static int keep_capabilities(const struct config_service *s,
			     struct spawn_report *report)
{
	const uint64_t bounding = bounding_set();
	uint64_t keep = s->capabilities, lacks;
	struct capability_sets sets;
	int err;

	take(report, BOARD_STEP_CAPABILITIES, 0);
	err = -capability_get(&sets);
	if (err != 0)
		return s->is_capabilities_try ? 0 : err;
	lacks = keep & ~(sets.permitted & (bounding | sets.inheritable));
	if (lacks != 0 && !s->is_capabilities_try) {
		take(report, BOARD_STEP_CAPABILITIES, lacks);
		return EPERM;
	}
	keep &= ~lacks;
	/* A change of ids has emptied it. */
	sets.effective = sets.permitted;
	(void)capability_set(&sets);
	err = shrink_bounding_set(bounding & ~keep, report);
	if (err != 0 && !s->is_capabilities_try)
		return err;
	take(report, BOARD_STEP_CAPABILITIES, 0);
	sets = (struct capability_sets){ keep, keep, keep };
	err = -capability_set(&sets);
	if (err == 0)
		err = raise_ambient(keep, report);
	return s->is_capabilities_try ? 0 : err;
}

int privileges_lend_uid(uint32_t uid)
{
	return (int)syscall(SET_UID, uid, -1, -1);
}

int privileges_take(const struct config_service *s, struct spawn_report *report)
{
	int err;

	/* Refused where its securebits are locked; then what is to be kept
	 * turns out to be missing. */
	if (s->has_capabilities)
		(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	err = set_ids(s, report);
	if (err != 0)
		return err;
	if (s->has_no_new_privileges) {
		take(report, BOARD_STEP_NO_NEW_PRIVS, 0);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return errno;
	}
	return s->has_capabilities ? keep_capabilities(s, report) : 0;
}
