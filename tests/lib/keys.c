/* SPDX-License-Identifier: ISC */
/* Prints the table of keys as lines of SECTION KEY, for the test that compares
 * the manual with it. Linked with the library of the product. */
#include <stdio.h>

#include "init/config/keys.h"

int main(void)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_key(i)) != NULL; i++)
		printf("%s %s\n", config_key_section(key), key->name);
	return 0;
}
