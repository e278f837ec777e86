/* SPDX-License-Identifier: ISC */
/* libFuzzer on PID 1's check of a block: the input is a list of changes to a
 * valid one. What the check accepts is walked through, every string, list and
 * dependency, in memory of exactly its size. */
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

/* One change: `value` goes over `width` bytes. */
struct change {
	uint8_t part;   /* which part of the block, and the width */
	uint8_t index;  /* which service, dependency, ... of it */
	uint16_t at;    /* byte of that */
	uint8_t how;    /* put, add, or a value that is at some limit */
	uint8_t value[3];
};

static const char first_text[] =
	"[service:a]\ncommand = x\n[service:gone]\ncommand = y\n"
	"stdout = file:/log/gone\n[service:b]\ncommand = z\n";
static const char second_text[] =
	"[defaults]\nenv.A = 1\nenv.B = 2\n"
	"[service:a]\ncommand = /bin/a b c\nafter = b, c\nuser = 7:8\n"
	"groups = 1 2 3\ndirectory = /d\nlimit.core = 0\nlimit.as = 1:2\n"
	"stdout = file:/log/a\nstderr = stdout\nmax_failures = 3 in 15s\n"
	"[service:b]\nshell = exec b\nrequires = c\ntype = oneshot\n"
	"nice = 3\nlimit.nofile = 9\n"
	"[service:c]\ncommand = c\nstderr = null\numask = 022\n";

static const char *text;

static int read_memory(struct arena *a, const char *path, size_t most,
		       char **into, size_t *len)
{
	(void)most;
	if (strcmp(path, "fuzz.ini") != 0)
		return -ENOENT;
	*len = strlen(text);
	*into = arena_copy(a, text, *len);
	return 0;
}

static void die(const char *why)
{
	fprintf(stderr, "fuzz_block: %s\n", why);
	abort();
}

static const struct config *load_text(const char *ini,
				      const struct config *old)
{
	static char path[] = "PATH=/bin";
	static char *const environment[] = { path, NULL };
	static const char *const names[] = { "fuzz.ini" };
	const struct loader_world world = { .read = read_memory,
				     .read_variables = read_memory,
				     .environment = environment,
				     .passwd = "none",
				     .group = "none",
				     .file = "none",
				     .directory = "none" };
	const struct loader_source from = { .files = names,
					    .files_count = 1,
					    .old = old };
	const struct config *c;
	unsigned mistakes;

	text = ini;
	c = loader_load_in(&world, &from, 2, &mistakes);
	if (c == NULL || config_invalid(c) != NULL)
		die("the block to begin with is not valid");
	return c;
}

/* Where a change goes: an offset in the block. */
static size_t place(const struct config *c, const struct change *change)
{
	const size_t i = change->index, at = change->at;

	switch (change->part & 7) {
	case 0:
		return at % sizeof(*c);
	case 1:
	case 2:
	case 3: /* most of the rules are about services */
		return c->services_at +
		       i % c->services * sizeof(struct config_service) +
		       at % sizeof(struct config_service);
	case 4:
		return c->deps_at + at % (c->deps * sizeof(struct config_dep));
	case 5:
		return c->limits_at +
		       at % (c->limits * sizeof(struct config_limit));
	case 6:
		return c->order_at + at % (c->services * sizeof(uint16_t));
	default:
		return c->text_at + at % c->text;
	}
}

static uint64_t new_value(const struct config *c, const struct change *change,
			  uint64_t was)
{
	const uint64_t limits[] = { c->text,	     c->text - 1, c->size,
				    c->services,     UINT8_MAX,	  UINT16_MAX,
				    UINT32_MAX,	     UINT64_MAX,  INT64_MAX,
				    (uint64_t)1 << 63 };
	const uint64_t number = change->value[0] |
				(uint64_t)change->value[1] << 8 |
				(uint64_t)change->value[2] << 16;

	switch (change->how & 3) {
	case 0:
		return number;
	case 1:
		return was + number;
	case 2:
		return was - number;
	default:
		return limits[number % (sizeof(limits) / sizeof(limits[0]))];
	}
}

/* The width is 1, 2, 4 or 8, and the place a multiple of it. */
static void apply(char *block, const struct config *valid,
		  const struct change *change)
{
	const size_t width = (size_t)1 << (change->part >> 3 & 3);
	const size_t at = place(valid, change) / width * width;
	uint64_t was = 0, value;

	if (at + width > valid->size)
		return;
	memcpy(&was, block + at, width);
	value = new_value(valid, change, was);
	memcpy(block + at, &value, width);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config *valid;
	struct change change;
	char *block;

	if (valid == NULL)
		valid = load_text(second_text, load_text(first_text, NULL));
	block = malloc(valid->size);
	if (block == NULL)
		die("no memory");
	memcpy(block, valid, valid->size);
	for (; size >= sizeof(change); size -= sizeof(change)) {
		memcpy(&change, data, sizeof(change));
		apply(block, valid, &change);
		data += sizeof(change);
	}
	if (config_verify((struct config *)(void *)block, valid->size) == 0 &&
	    config_walk((struct config *)(void *)block) == 0)
		die("accepted, and nothing in it");
	free(block);
	return 0;
}
