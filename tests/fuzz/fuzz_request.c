/* SPDX-License-Identifier: ISC */
/* libFuzzer on a line of the control socket and on its names. What is
 * understood keeps what the header promises. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/control/dispatch.h"
#include "init/control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *why)
{
	fprintf(stderr, "fuzz_request: %s\n", why);
	abort();
}

/* The services web-1, db and [x]. */
static const struct config *make_config(void)
{
	static union {
		struct config config;
		struct {
			char head[(sizeof(struct config) + 15) / 16 * 16];
			struct config_service service[3];
			char text[32];
		} all;
	} block;
	struct config *c = &block.config;

	c->services = 3;
	c->services_at = sizeof(block.all.head);
	c->text_at = c->services_at + sizeof(block.all.service);
	memcpy(block.all.text, "\0web-1\0db\0[x]", 14);
	block.all.service[0].name = 1;
	block.all.service[1].name = 7;
	block.all.service[2].name = 10;
	return c;
}

/* The names, in the line and each with its NUL. */
static void check_names(const struct request *r, const char *line,
			size_t size)
{
	const char *at = r->names;
	struct command_set set;
	const char *nearest, *unknown;

	for (uint32_t i = 0; i < r->count; i++) {
		if (at < line || at >= line + size || *at == '\0')
			die("a name is not in the line, or empty");
		at += strlen(at) + 1;
	}
	if (at > line + size + 1)
		die("names end behind the line");
	unknown = dispatch_find(make_config(), r->names, r->count, &set,
			     &nearest);
	if (r->count > 0 && unknown == NULL &&
	    (set.word[0] == 0 || set.word[0] > 7))
		die("known names mean nothing, or what does not exist");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r;
	struct why why = { "" };
	char *line;

	if (size >= REQUEST_LINE)
		return 0;
	line = malloc(size + 1); /* to the byte, for ASan */
	if (line == NULL)
		return 0;
	if (size > 0)
		memcpy(line, data, size);
	line[size] = 'x';
	if (!request_parse(&r, line, size, &why)) {
		if (why.text[0] == '\0')
			die("wrong without a reason");
	} else {
		if (r.kind >= REQUEST_KINDS || r.wait_ms < 0 ||
		    (request_is_command(&r) && r.id == 0) ||
		    (r.kind == COMMAND_SIGNAL &&
		     (r.signal < 1 || r.signal > 64)))
			die("a value out of its range");
		check_names(&r, line, size);
	}
	free(line);
	return 0;
}
