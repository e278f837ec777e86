/* SPDX-License-Identifier: ISC */
/* Documents in memory and allocations that fail, for the tests of report and
 * registry. */
#ifndef TESTS_UNIT_JSON_FIXTURE_H
#define TESTS_UNIT_JSON_FIXTURE_H

#include "board_fixture.h"

#include "init/text/heap.h"
#include "init/recorder/registry.h"
#include "init/report/diagnostic_json.h"

/* What json puts. */
struct document {
	char text[1 << 20];
	size_t size;
};

static inline int document_put(void *context, const char *text, size_t size)
{
	struct document *d = context;

	assert_true(d->size + size < sizeof(d->text));
	memcpy(d->text + d->size, text, size);
	d->size += size;
	d->text[d->size] = '\0';
	return 0;
}

/* Allocations that are still allowed; negative: all. */
static long allocations_left = -1;

static inline void *limited_malloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return malloc(size);
}

static inline void limit_allocations(long n)
{
	cJSON_Hooks limited = { limited_malloc, free };

	allocations_left = n;
	cJSON_InitHooks(n < 0 ? NULL : &limited);
}

/* A report of the fixture's board, at one second after its start. */
static inline struct report report_of(struct fixture *f,
				      const struct registry *registry)
{
	struct report r = {
		.config = f->config,
		.board = f->boards.board,
		.registry = registry,
		.now = { .mono_ms = f->boards.board->began_ms + 1000,
			 .wall_ms = f->boards.board->began_wall_ms + 1000,
			 .began_wall_ms = f->boards.board->began_wall_ms,
			 .boot_id = "8c25af9d-4d39-4d9c-88b1-edbb856acb97" },
		.output = { f->config, f->boards.relay, f->boards.files },
		.generation = 7,
		.hostname = "host",
		.directory = f->directory,
	};

	return r;
}

/* Put a document where fixture_validate() finds it. */
static inline void save(struct fixture *f, const char *name,
			const struct document *d)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(d->text, 1, d->size, file), d->size);
	assert_int_equal(fclose(file), 0);
}

#endif
