/* SPDX-License-Identifier: ISC */
/* The lines of an INI file: guards, then inih.
 *
 * inih cuts long lines and section names silently, files keys behind an
 * unclosed '[' under the section before it, and stops at NUL. So every line is
 * checked here first, and inih sees only lines that it understands. */
#ifndef INIT_LOADER_INI_SYNTAX_H
#define INIT_LOADER_INI_SYNTAX_H

#include <stddef.h>
#include <stdint.h>

#include "init/loader/mistakes.h"

enum {
	SYNTAX_LINE = 65536, /* longest line in bytes, without its end */
	SYNTAX_SECTION = 49, /* longest section name */
};

/* Called for each "[SECTION]" (name and value NULL) and for each "NAME =
 * VALUE" below it. The strings live only during the call. section: "" before
 * the first one, SYNTAX_BROKEN for one whose line was a mistake. name:
 * SYNTAX_BROKEN for a line below a section that was a mistake. */
#define SYNTAX_BROKEN "\001"

typedef void syntax_taker(void *to, uint32_t line, const char *section,
			  const char *name, const char *value);

/* Give the lines of text (len bytes, NULs are a mistake) to take(). Mistakes
 * go to c with file and line; what the lines that hold them say is left out. */
void syntax_parse(struct mistakes *c, const struct file *file,
		  const char *text, size_t len, syntax_taker *take, void *to);

#endif
