/* SPDX-License-Identifier: ISC */
/* Expansion of variables: first the size, then the bytes. */
#include "init/config/expand.h"

#include <string.h>

const char *expand_variable(char *const *environment, const char *name,
			    size_t len)
{
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, len) == 0 &&
		    (*environment)[len] == '=')
			return *environment + len + 1;
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of the variable's name at s; 0 when there is none. */
static size_t name_length(const char *s)
{
	size_t len = 0;

	while (is_letter(s[len]) || (len > 0 && s[len] >= '0' && s[len] <= '9'))
		len++;
	return len;
}

/* What "${...}" at *at stands for; *at moves behind it. */
static const char *reference(char *const *environment, const char **at,
			     size_t *size, struct why *why)
{
	const char *name = *at + 2, *end = strchr(name, '}'), *value;
	size_t len = name_length(name);

	if (end == NULL) {
		value_wrong(why, "has ${ without }; write ${VAR} or "
				 "${VAR:-default}");
		return NULL;
	}
	if (len == 0 || (name + len != end && strncmp(name + len, ":-", 2))) {
		value_wrong(why, "has `%.*s`; write ${VAR} or ${VAR:-default}",
			    (int)(end + 1 - *at < 40 ? end + 1 - *at : 40),
			    *at);
		return NULL;
	}
	value = expand_variable(environment, name, len);
	*at = end + 1;
	if (name + len != end && (value == NULL || *value == '\0')) {
		*size = (size_t)(end - name) - len - 2;
		return name + len + 2;
	}
	if (value == NULL) {
		value_wrong(why, "needs $%.*s, which is not set; set it or "
				 "write ${%.*s:-default}",
			    (int)(len < 64 ? len : 64), name,
			    (int)(len < 64 ? len : 64), name);
		return NULL;
	}
	*size = strlen(value);
	return value;
}

/* One pass: the size of the result, and its bytes where out is not NULL. */
static bool pass(char *const *environment, const char *text, char *out,
		 size_t *whole, struct why *why)
{
	*whole = 0;
	while (*text != '\0') {
		const char *part = text;
		size_t size = strcspn(text, "$\001");

		if (size > 0) {
			text += size;
		} else if (text[0] == '$' && text[1] == '{') {
			part = reference(environment, &text, &size, why);
			if (part == NULL)
				return false;
		} else {
			part = "$";
			size = 1;
			text++;
		}
		if (size > EXPAND_MOST - *whole)
			return value_wrong(why, "becomes more than %d bytes; "
						"shorten the variable",
					   EXPAND_MOST);
		if (out != NULL)
			memcpy(out + *whole, part, size);
		*whole += size;
	}
	return true;
}

bool expand(struct arena *a, char *const *environment, const char *text,
	    const char **result, struct why *why)
{
	size_t size;
	char *out;

	*result = text;
	if (strpbrk(text, "$\001") == NULL)
		return true;
	if (!pass(environment, text, NULL, &size, why))
		return false;
	out = arena_get(a, size + 1);
	*result = out;
	return pass(environment, text, out, &size, why);
}
