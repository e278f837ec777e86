/* SPDX-License-Identifier: ISC */
/* Checks, addresses, schedules, streams. */
#include "init/loader/endpoint.h"

#include <string.h>

/* What stands behind `prefix` in text, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* Pass an IPv4 address at *at: 127.0.0.1, without leading zeros. */
static bool is_ipv4(const char **at)
{
	int64_t number;

	for (int n = 0; n < 4; n++) {
		if (n > 0 && *(*at)++ != '.')
			return false;
		if (**at == '0' && (*at)[1] >= '0' && (*at)[1] <= '9')
			return false;
		if (!value_scan(at, 0, 255, &number))
			return false;
	}
	return true;
}

/* Pass an IPv6 address at *at, to its `]`. */
static bool is_ipv6(const char **at)
{
	const char *s = *at;
	bool has_gap = false;
	int left = 8; /* groups of 16 bits */

	if (*s == ':' && *++s != ':')
		return false;
	for (;;) {
		size_t n = strspn(s, "0123456789abcdefABCDEF");

		left--;
		if (s[n] == '.') {
			left--;
			if (!is_ipv4(&s))
				return false;
			break;
		}
		if (n > 4 || (n == 0 && (*s != ':' || has_gap)))
			return false;
		has_gap = has_gap || n == 0;
		s += n;
		if (*s != ':')
			break;
		s++;
		if (n == 0 && *s == ']')
			break; /* it ends with the gap */
	}
	*at = s;
	return *s == ']' && (has_gap ? left >= 0 : left == 0);
}

static bool is_host(const char **at)
{
	const char *name = behind(*at, "localhost");

	if (name != NULL)
		*at = name;
	if (name != NULL || **at != '[')
		return name != NULL || is_ipv4(at);
	++*at;
	return is_ipv6(at) && *(*at)++ == ']';
}

bool endpoint_address(const char *text, size_t len, struct why *why)
{
	const char *at = text;
	int64_t port;

	if (!is_host(&at) || *at++ != ':')
		return value_wrong(why, "has no numeric host; write it like "
					"127.0.0.1:8080, [::1]:8080 or "
					"localhost:8080");
	return value_number(at, len - (size_t)(at - text), 1, 65535, &port,
			    why) ||
	       value_wrong(why, "has no port; write 1 .. 65535 behind the last "
				"`:`");
}

bool endpoint_path(const char *text, struct why *why)
{
	enum { MOST = 4095 };

	if (*text != '/')
		return value_wrong(why, "has no absolute path; start it with "
					"/");
	if (strlen(text) > MOST)
		return value_wrong(why, "has a path of more than %d bytes; "
					"shorten it", MOST);
	return true;
}

/* HOST:PORT, and a path behind it where `has_path`. */
static bool check_address(struct arena *a, const char *text, bool has_path,
			  struct endpoint *check, struct why *why)
{
	size_t len = has_path ? strcspn(text, "/") : strlen(text);
	bool has_brackets = *text == '[';
	int64_t port;
	size_t host;

	if (has_path && text[len] == '\0')
		return value_wrong(why, "has no path; write it like "
					"http:localhost:8080/health");
	if (!endpoint_address(text, len, why))
		return false;
	check->path = has_path ? text + len : NULL;
	for (host = len; text[host - 1] != ':'; host--)
		;
	(void)value_number(text + host, len - host, 1, 65535, &port, why);
	check->number = (uint32_t)port;
	host -= 1 + has_brackets;
	check->host = arena_copy(a, text + has_brackets, host - has_brackets);
	return true;
}

/* In a request line a blank would end the path. */
static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text == 127)
			return false;
	return true;
}

bool endpoint_check(struct arena *a, const char *text, struct endpoint *check,
		    struct why *why)
{
	enum { SOCKET = 107 }; /* bytes that unix(7) has room for */
	const char *rest;
	int64_t fd;

	*check = (struct endpoint){ .kind = CONFIG_CHECK_NOTIFY };
	if (strcmp(text, "notify") == 0)
		return true;
	if ((rest = behind(text, "fd:")) != NULL) {
		if (!value_number(rest, strlen(rest), 3, 1023, &fd, why))
			return false;
		check->kind = CONFIG_CHECK_FD;
		check->number = (uint32_t)fd;
		return true;
	}
	if ((rest = behind(text, "tcp:")) != NULL) {
		check->kind = CONFIG_CHECK_TCP;
		return check_address(a, rest, false, check, why);
	}
	if ((rest = behind(text, "http:")) != NULL) {
		check->kind = CONFIG_CHECK_HTTP;
		return check_address(a, rest, true, check, why) &&
		       (is_printable(check->path) ||
			value_wrong(why, "has a blank in its path; write "
					  "%%20"));
	}
	if ((rest = behind(text, "unix:")) != NULL) {
		check->kind = CONFIG_CHECK_UNIX;
		check->path = rest;
		if (strlen(rest) > SOCKET)
			return value_wrong(why, "is too long for the path of "
						"a socket; write at most %d "
						"bytes", SOCKET);
		return endpoint_path(rest, why);
	}
	if ((rest = behind(text, "file:")) != NULL) {
		check->kind = CONFIG_CHECK_FILE;
		check->path = rest;
		return endpoint_path(rest, why);
	}
	return value_wrong(why, "is no check; write notify, fd:N, "
				"tcp:HOST:PORT, http:HOST:PORT/PATH, "
				"unix:PATH, file:PATH or exec:COMMAND");
}

bool endpoint_orphans(const char *text, int64_t *ms, struct why *why)
{
	const char *after = behind(text, "kill-after ");

	*ms = 0;
	if (strcmp(text, "keep") == 0)
		return true;
	if (after == NULL)
		return value_wrong(why, "is neither; write keep or kill-after "
					"5m");
	after += strspn(after, " \t");
	return value_duration(after, strlen(after), 1, ms, why);
}

/* dashpot's own stdout or stderr by one of its paths: 1, 2, or else 0. */
static uint8_t own_output(const char *path)
{
	static const char names[] =
		"/dev/stdout /dev/fd/1 /proc/self/fd/1 /proc/1/fd/1 "
		"/dev/stderr /dev/fd/2 /proc/self/fd/2 /proc/1/fd/2";
	enum { EACH = 4 };
	struct why ignored;
	unsigned i;

	if (!value_word(path, names, &i, &ignored))
		return 0;
	return i < EACH ? 1 : 2;
}

bool endpoint_stream(const char *text, bool is_stderr,
		     struct config_stream *stream, const char **path,
		     struct why *why)
{
	static const char words[] = "relay inherit null stdout";
	static const uint8_t outputs[] = { CONFIG_RELAY, CONFIG_INHERIT,
					   CONFIG_NULL, CONFIG_STDOUT };
	const char *file = behind(text, "file:");
	struct why ignored;
	unsigned i;

	*path = NULL;
	stream->fd = 0;
	if (file != NULL) {
		stream->fd = own_output(file);
		stream->output = stream->fd ? CONFIG_RELAY : CONFIG_FILE;
		if (stream->fd == 0)
			*path = file;
		return endpoint_path(file, why);
	}
	if (!value_word(text, words, &i, &ignored) ||
	    (outputs[i] == CONFIG_STDOUT && !is_stderr))
		return value_wrong(why, "is no output; write relay, inherit, "
					"null, file:/PATH%s",
				   is_stderr ? " or stdout" : "");
	stream->output = outputs[i];
	if (outputs[i] == CONFIG_RELAY)
		stream->fd = is_stderr ? 2 : 1;
	return true;
}
