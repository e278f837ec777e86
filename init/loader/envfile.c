/* SPDX-License-Identifier: ISC */
/* One pass; a value is written over itself, as it can only get shorter. */
#include "init/loader/envfile.h"

#include <string.h>

#include "init/lib/scan.h"
#include "init/lib/utf8.h"

static const char mark[] = "\xef\xbb\xbf";

char *envfile_skip_mark(char *text)
{
	return strncmp(text, mark, 3) == 0 ? text + 3 : text;
}

bool envfile_is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789.-";

	return *name != '\0' && strchr("0123456789.-", *name) == NULL &&
	       name[strspn(name, letters)] == '\0';
}

bool envfile_begin(struct envfile *f, char *text, size_t len, struct why *why)
{
	const char *end = text + len, *s;
	size_t n;

	f->at = envfile_skip_mark(text);
	f->line = f->next = 1;
	for (s = f->at; s < end; s += n) {
		n = utf8_length(s, (size_t)(end - s));
		if (*s == '\0')
			return value_wrong(why, "holds a NUL byte; an "
						"environment cannot");
		if (n == 0)
			return value_wrong(why, "has the byte 0x%02x, which is "
						"no UTF-8; save the file as "
						"UTF-8", (unsigned char)*s);
		if (n == 3 && memcmp(s, mark, 3) == 0)
			return value_wrong(why, "has a byte order mark "
						"(U+FEFF) that is not at the "
						"start of the file; remove it");
		f->line += *s == '\n';
	}
	return true;
}

/* At the end of a line, or of the file? */
static bool is_end(const char *s)
{
	return *s == '\0' || *s == '\n' || (s[0] == '\r' && s[1] == '\n') ||
	       (s[0] == '\r' && s[1] == '\0');
}

/* Behind the end of the line at s. */
static char *next_line(char *s)
{
	s = strchrnul(s, '\n');
	return *s == '\0' ? s : s + 1;
}

/* Would compose replace, at a `$`, what docker takes as it stands? */
static bool is_replaced(const char *s)
{
	return s[1] == '_' || s[1] == '{' || s[1] == '$' ||
	       (s[1] >= 'a' && s[1] <= 'z') || (s[1] >= 'A' && s[1] <= 'Z');
}

static bool two_meanings(struct why *why, const char *what)
{
	return value_wrong(why, "has %s, which docker and compose read "
				"differently; write NAME='VALUE' for the text "
				"as it stands, or %s", what,
			   *what == '$' ? "env.NAME = VALUE for a variable"
					: "a comment on a line of its own");
}

/* A value without quotes; *end is where the line goes on. */
static bool plain(char *s, char **end, struct why *why)
{
	char *last = s; /* behind the value */

	for (char *at = s; !is_end(at); at++) {
		if (*at == '\r')
			return value_wrong(why, "has a carriage return within "
						"the line; use LF or CRLF");
		if (*at == '$' && is_replaced(at))
			return two_meanings(why, "$ before a name, { or $");
		if (*at == '#' && at > s && at[-1] == ' ' &&
		    (scan_is_blank(at[1]) || is_end(at + 1)))
			break;
		if (*at == '#' && scan_is_blank(at[-1]))
			return two_meanings(why, "a # behind a blank");
		if (!scan_is_blank(*at))
			last = at + 1;
	}
	*end = next_line(last);
	*last = '\0';
	return true;
}

/* What the escape at s, a backslash between double quotes, stands for; NUL when
 * it is none. */
static char escape(const char *s)
{
	static const char known[] = "nrt\"\\$`", meant[] = "\n\r\t\"\\$`";
	const char *at = s[1] != '\0' ? strchr(known, s[1]) : NULL;

	return at != NULL ? meant[at - known] : '\0';
}

/* One byte between quotes at *s, to *to. */
static bool quoted_byte(struct envfile *f, char **s, char **to, char quote,
			struct why *why)
{
	char c = **s;

	if (c == '\\' && quote == '\'' && (*s)[1] == '\'')
		return value_wrong(why, "has \\' between single quotes, which "
					"shells and compose read differently; "
					"use double quotes");
	if (c == '\\' && quote == '"') {
		c = escape((*s)++);
		if (c == '\0')
			return value_wrong(why, "has a backslash between "
						"double quotes that is none "
						"of \\n \\r \\t \\\" \\\\ \\$ "
						"\\`; write \\\\ for one");
	} else if (c == '$' && quote == '"' && is_replaced(*s)) {
		return two_meanings(why, "$ before a name, { or $");
	} else if (c == '\r' && (*s)[1] == '\n') {
		c = *++*s;
	}
	f->next += c == '\n' && **s == '\n';
	++*s;
	*(*to)++ = c;
	return true;
}

/* A value in quotes, which may go over several lines. */
static bool quoted(struct envfile *f, char *s, char **end, struct why *why)
{
	const char quote = *s;
	char *to = s++;

	while (*s != quote) {
		if (*s == '\0')
			return value_wrong(why, "has %c without its end; close "
						"the quote", quote);
		if (!quoted_byte(f, &s, &to, quote, why))
			return false;
	}
	*to = '\0';
	for (*end = ++s; scan_is_blank(**end); ++*end)
		;
	if (!is_end(*end) && (**end != '#' || *end == s))
		return value_wrong(why, "goes on behind its closing quote; "
					"quote the whole value");
	*end = next_line(*end);
	return true;
}

static bool no_variable(struct why *why, const char *s)
{
	return value_wrong(why, *s == ':' ? "has `:` behind its name; write "
					    "NAME=VALUE"
					  : "is neither NAME=VALUE nor NAME");
}

/* A line that is neither blank nor a comment. */
static bool variable(struct envfile *f, char *s, char **name, char **value,
		     struct why *why)
{
	char *end;

	if (strncmp(s, "export", 6) == 0 && scan_is_blank(s[6]))
		s += 6 + strspn(s + 6, " \t");
	*name = s;
	s += strcspn(s, "= \t\r\n:");
	end = s;
	s += strspn(s, " \t");
	*value = NULL;
	f->next++;
	if (*s == '=') {
		s++;
		*end = '\0';
		s += strspn(s, " \t");
		*value = s;
		if (*s == '"' || *s == '\'' ? !quoted(f, s, &f->at, why)
					    : !plain(s, &f->at, why))
			return false;
	} else if (is_end(s)) {
		f->at = next_line(s);
		*end = '\0';
	} else {
		return no_variable(why, s);
	}
	return envfile_is_name(*name) || no_variable(why, "");
}

bool envfile_next(struct envfile *f, char **name, char **value,
		  struct why *why)
{
	char *s = f->at;

	*name = *value = NULL;
	for (;;) {
		s += strspn(s, " \t");
		f->line = f->next;
		if (*s == '\0')
			return true;
		if (*s != '#' && !is_end(s))
			return variable(f, s, name, value, why);
		f->next++;
		s = next_line(s);
	}
}
