/* SPDX-License-Identifier: ISC */
/* Guards around inih. It is included only here. */
#include "init/loader/ini_syntax.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "init/lib/utf8.h"

/* The build compiles inih and this file with the same -D flags. */
#if !INI_HANDLER_LINENO || !INI_CALL_HANDLER_ON_NEW_SECTION ||               \
	INI_ALLOW_MULTILINE || INI_ALLOW_INLINE_COMMENTS ||                  \
	INI_ALLOW_NO_VALUE || INI_MAX_LINE < 65540 ||                        \
	INI_INITIAL_ALLOC < INI_MAX_LINE || INI_USE_STACK ||                 \
	!INI_CUSTOM_ALLOCATOR
#error "inih needs the flags of the Makefile, for this file and for its own"
#endif

/* What inih sees of a broken header and of another broken line: a name that no
 * file can hold. */
#define BROKEN_HEADER "[" SYNTAX_BROKEN "]"
#define BROKEN_LINE SYNTAX_BROKEN "="

/* inih's room for one line: neither on the stack, whose pages PID 1 would keep,
 * nor in a heap. */
void *ini_malloc(size_t size);
void *ini_realloc(void *old, size_t size);
void ini_free(void *line);

void *ini_malloc(size_t size)
{
	void *line = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return line != MAP_FAILED ? line : NULL;
}

void ini_free(void *line)
{
	munmap(line, INI_INITIAL_ALLOC);
}

/* What one pass over a file needs. */
struct pass {
	struct mistakes *mistakes;
	struct place at;
	syntax_taker *take;
	void *to;
};

static const char bom[] = "\xef\xbb\xbf";

/* True when the bytes of a line are text. */
static bool is_text(struct pass *p, const char *line, size_t len)
{
	const unsigned char *s = (const unsigned char *)line;

	if (len > SYNTAX_LINE) {
		mistake(p->mistakes, p->at,
			"a line of %zu bytes; at most %d are read: shorten "
			"it, or split it over env.NAME or an env_file", len,
			SYNTAX_LINE);
		return false;
	}
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(line + i, len - i);

		if (n == 0) {
			mistake(p->mistakes, p->at,
				"byte 0x%02x in column %zu is no UTF-8; save "
				"the file as UTF-8", s[i], i + 1);
			return false;
		}
		if (n == 3 && memcmp(s + i, bom, 3) == 0) {
			mistake(p->mistakes, p->at,
				"byte order mark (U+FEFF) in column %zu; "
				"remove it: it may stand at the start of a "
				"file only, and joined files have others",
				i + 1);
			return false;
		}
		if ((s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f) {
			mistake(p->mistakes, p->at,
				"control character 0x%02x in column %zu; "
				"remove it", s[i], i + 1);
			return false;
		}
		i += n;
	}
	return true;
}

static size_t blanks(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n;
}

/* Check "[SECTION]" in the len bytes at s; write what inih shall see. */
static size_t section(struct pass *p, const char *s, size_t len, char *out)
{
	const char *end = memchr(s, ']', len);
	size_t size;

	memcpy(out, BROKEN_HEADER, 3);
	if (end == NULL) {
		mistake(p->mistakes, p->at,
			"[ without ]; write [service:NAME]");
		return 3;
	}
	size = (size_t)(end - s) + 1;
	if (size - 2 > SYNTAX_SECTION) {
		mistake(p->mistakes, p->at,
			"section name of %zu bytes; at most %d, shorten it",
			size - 2, SYNTAX_SECTION);
		return 3;
	}
	if (blanks(s + size, len - size) < len - size)
		mistake(p->mistakes, p->at,
			"text behind ]; put it, also a comment, on a line of "
			"its own");
	memcpy(out, s, size);
	return size;
}

/* True for "NAME = VALUE" in the len bytes at s. */
static bool is_setting(struct pass *p, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	const char *colon = memchr(s, ':', len);

	if (equals == s) {
		mistake(p->mistakes, p->at,
			"no key before =; write KEY = VALUE");
		return false;
	}
	if (colon != NULL && (equals == NULL || colon < equals)) {
		mistake(p->mistakes, p->at,
			"`:` behind the key; write KEY = VALUE");
		return false;
	}
	if (equals == NULL)
		mistake(p->mistakes, p->at,
			"neither [SECTION] nor KEY = VALUE; a value cannot "
			"go on in a second line");
	return equals != NULL;
}

/* Files that were joined: the mark is told, what is behind it is looked at. */
static void skip_mark(struct pass *p, const char **s, size_t *len)
{
	if (*len < 3 || memcmp(*s, bom, 3) != 0)
		return;
	is_text(p, *s, 3);
	*s += 3;
	*len -= 3;
}

/* Check one line; write what inih shall see of it, at most len + 3 bytes. */
static size_t line_checked(struct pass *p, const char *s, size_t len,
			   char *out)
{
	bool is_right;
	size_t skip;

	skip_mark(p, &s, &len);
	is_right = is_text(p, s, len);
	skip = blanks(s, len);
	s += skip;
	len -= skip;
	if (is_right && (len == 0 || *s == ';' || *s == '#'))
		return 0;
	if (len > 0 && *s == '[') {
		if (is_right)
			return section(p, s, len, out);
		/* What follows a broken header belongs to no section. */
		memcpy(out, BROKEN_HEADER, 3);
		return 3;
	}
	if (is_right && is_setting(p, s, len)) {
		memcpy(out, s, len);
		return len;
	}
	memcpy(out, BROKEN_LINE, 2);
	return 2;
}

static int taken(void *user, const char *name_of_section, const char *name,
		 const char *value, int line)
{
	struct pass *p = user;

	p->take(p->to, (uint32_t)line, name_of_section, name, value);
	return 1;
}

void syntax_parse(struct mistakes *c, const struct file *file,
		  const char *text, size_t len, syntax_taker *take, void *to)
{
	struct pass p = { c, { file, 0 }, take, to };
	char *clean, *out;
	int wrong;

	if (len >= 3 && memcmp(text, bom, 3) == 0) {
		text += 3;
		len -= 3;
	}
	/* Each line grows by at most 3 bytes: a broken header and "\n" for
	 * "[", a broken line and "\n" for a mark. */
	clean = out = arena_get(c->arena, 4 * len + 8);
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t size = end != NULL ? (size_t)(end - text) : len;
		size_t whole = end != NULL ? size + 1 : size;

		if (size > 0 && text[size - 1] == '\r')
			size--;
		p.at.line++;
		out += line_checked(&p, text, size, out);
		*out++ = '\n';
		text += whole;
		len -= whole;
	}
	*out = '\0';
	wrong = ini_parse_string(clean, taken, &p);
	if (wrong != 0) {
		p.at.line = wrong > 0 ? (uint32_t)wrong : 0;
		mistake(c, p.at, "is no INI line; write KEY = VALUE");
	}
}
