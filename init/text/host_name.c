/* SPDX-License-Identifier: ISC */
/* Apart from the other texts: only helpers may ask the kernel for it. */
#include "init/text/host_name.h"

#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#include "init/lib/format.h"

void host_name(char ret_name[HOST_NAME])
{
	struct utsname host;
	bool is_name = uname(&host) == 0 && host.nodename[0] != '\0' &&
		       host.nodename[0] != '.' &&
		       strchr(host.nodename, '/') == NULL;

	format(ret_name, HOST_NAME, "%s", is_name ? host.nodename : "second");
}
