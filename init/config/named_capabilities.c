/* SPDX-License-Identifier: ISC */
/* The table is one text, because a pointer to each word would cost as much as
 * the word. */
#include "init/config/named_capabilities.h"

#include <string.h>
#include <strings.h>

#include "init/lib/nearest.h"

/* In the order of their numbers. */
static const char names[] =
	"chown\0dac_override\0dac_read_search\0fowner\0fsetid\0kill\0setgid\0"
	"setuid\0setpcap\0linux_immutable\0net_bind_service\0net_broadcast\0"
	"net_admin\0net_raw\0ipc_lock\0ipc_owner\0sys_module\0sys_rawio\0"
	"sys_chroot\0sys_ptrace\0sys_pacct\0sys_admin\0sys_boot\0sys_nice\0"
	"sys_resource\0sys_time\0sys_tty_config\0mknod\0lease\0audit_write\0"
	"audit_control\0setfcap\0mac_override\0mac_admin\0syslog\0wake_alarm\0"
	"block_suspend\0audit_read\0perfmon\0bpf\0checkpoint_restore\0";

const char *capabilities_name(unsigned n)
{
	const char *name = names;

	if (n >= CONFIG_CAPABILITIES)
		return NULL;
	while (n-- > 0)
		name += strlen(name) + 1;
	return name;
}

/* Add the capability of that name to the set. */
static bool add(const char *name, uint64_t *set, struct why *why)
{
	struct nearest near = { .word = name };

	if (strncasecmp(name, "cap_", 4) == 0)
		near.word += 4;
	for (unsigned n = 0; n < CONFIG_CAPABILITIES; n++) {
		const char *one = capabilities_name(n);

		if (strcasecmp(near.word, one) == 0) {
			*set |= (uint64_t)1 << n;
			return true;
		}
		nearest_offer(&near, one);
	}
	if (near.best != NULL)
		return value_wrong(why, "has `%s`, which is no capability; did "
					"you mean %s?", name, near.best);
	return value_wrong(why, "has `%s`, which is no capability; write "
				"names of capabilities(7), like "
				"net_bind_service, or none", name);
}

bool capabilities_parse(const char *text, uint64_t *set, bool *is_try,
			struct why *why)
{
	enum { MOST = 32 };
	char name[MOST];
	size_t len;

	*set = 0;
	*is_try = *text == '-';
	if (*is_try)
		text += 1 + strspn(text + 1, " \t");
	if (strcmp(text, "none") == 0)
		return true;
	if (value_item(&text) == 0)
		return value_wrong(why, "names no capability; write some, or "
					"none");
	for (const char *at = text; (len = value_item(&at)) > 0; at += len) {
		if (len >= sizeof(name))
			return value_wrong(why, "has `%.*s`, which is no "
						"capability", MOST, at);
		memcpy(name, at, len);
		name[len] = '\0';
		if (!add(name, set, why))
			return false;
	}
	return true;
}
