/* SPDX-License-Identifier: ISC */
/* Prints the table of keys, for the test that holds the manual against it:
 * SECTION KEY. Linked with the library of the product. */
#include <stdio.h>

#include "init/config/keys.h"

int main(void)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_key(i)) != NULL; i++)
		printf("%s %s\n", config_key_section(key), key->name);
	return 0;
}
