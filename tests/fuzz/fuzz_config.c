/* SPDX-License-Identifier: ISC */
/* libFuzzer on the whole loader: the input is an INI file; what it names are
 * two files in memory. No file system is touched. Either there are mistakes
 * and no block, or a block that is valid in every offset. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "init/loader/load_state.h"
#include "init/loader/loader.h"
#include "tests/unit/config_valid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_size;

static int read_memory(struct arena *a, const char *path, size_t most,
		       char **text, size_t *len)
{
	static const char users[] = "root:x:0:0::/root:\napp:x:7:8::/a:\nx:\n";
	static const char groups[] = "root:x:0:\nadm:x:4:app,b\nx:y\n";
	const char *from = NULL;

	if (strcmp(path, "fuzz.ini") == 0) {
		from = (const char *)input;
		*len = input_size;
	} else if (strcmp(path, "passwd") == 0) {
		from = users;
		*len = sizeof(users) - 1;
	} else if (strcmp(path, "group") == 0) {
		from = groups;
		*len = sizeof(groups) - 1;
	} else if (path[0] == '/' && path[1] == 'v') {
		/* The input as a file of variables, too. */
		from = (const char *)input;
		*len = strnlen(from, input_size);
	}
	if (from == NULL)
		return -ENOENT;
	if (*len > most)
		return -EFBIG;
	*text = arena_copy(a, from, *len);
	return 0;
}

static void die(const char *why)
{
	fprintf(stderr, "fuzz_config: %s\n", why);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "PATH=/bin", a[] = "A=b c", e[] = "E=", p[] = "x";
	static char *const environment[] = { path, a, e, NULL };
	static char *const command[] = { p, p, NULL };
	static const char *const names[] = { "fuzz.ini" };
	const struct loader_world world = { .read = read_memory,
				     .read_variables = read_memory,
				     .environment = environment,
				     .passwd = "passwd",
				     .group = "group",
				     .file = "none",
				     .directory = "none" };
	/* The first bit of the last byte: is there a command line? */
	const bool has_command = size > 0 && (data[size - 1] & 1) != 0;
	unsigned doubts;
	struct loader_source from = {
		.files = names,
		.files_count = 1,
		.command = has_command ? command : NULL,
		.doubts = &doubts,
	};
	const struct config *c;
	unsigned mistakes;
	const char *broken;

	input = data;
	input_size = size;
	c = loader_load_in(&world, &from, -1, &mistakes);
	if ((c == NULL) != (mistakes != 0))
		die("neither a block nor a mistake, or both");
	if (c == NULL)
		return 0;
	broken = config_invalid(c);
	if (broken != NULL)
		die(broken);
	munmap((void *)(uintptr_t)c, c->size);
	return 0;
}
