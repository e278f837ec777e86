/* SPDX-License-Identifier: ISC */
/* Names of services. */
#ifndef INIT_CONFIG_SERVICE_NAME_H
#define INIT_CONFIG_SERVICE_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	NAME_SECTION = 41, /* longest name of a section: inih's sections have 49
			    * bytes, "service:" takes 8 */
};

/* True for a well-formed name of a section, and for a service's: also
 * NAME:N. */
bool name_is_section(const char *name, size_t len);
bool name_is_service(const char *name, size_t len);

#endif
