/* SPDX-License-Identifier: ISC */
/* Checks, addresses, schedules, streams. */
#include "init/config/forms.h"

#include <arpa/inet.h>
#include <string.h>

#include "init/config/words.h"

/* What stands behind `prefix` in text, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static bool is_host(const char *text, size_t len)
{
	unsigned char address[sizeof(struct in6_addr)];
	char host[INET6_ADDRSTRLEN];
	int family = AF_INET;

	if (len == 9 && strncmp(text, "localhost", 9) == 0)
		return true;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
		family = AF_INET6;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return inet_pton(family, host, address) == 1;
}

bool forms_address(const char *text, size_t len, struct why *why)
{
	size_t host = len;
	int64_t port;

	while (host > 0 && text[host - 1] != ':')
		host--;
	if (host == 0 || !is_host(text, host - 1))
		return value_wrong(why, "has no numeric host; write it like "
					"127.0.0.1:8080, [::1]:8080 or "
					"localhost:8080");
	if (!value_number(text + host, len - host, 1, 65535, &port, why))
		return value_wrong(why, "has no port; write 1 .. 65535 behind "
					"the last `:`");
	return true;
}

bool forms_path(const char *text, struct why *why)
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

bool forms_check(struct arena *a, const char *text, struct why *why)
{
	struct words words;
	const char *rest;
	int64_t fd;

	if (strcmp(text, "notify") == 0)
		return true;
	if ((rest = behind(text, "fd:")) != NULL)
		return value_number(rest, strlen(rest), 3, 1023, &fd, why);
	if ((rest = behind(text, "tcp:")) != NULL)
		return forms_address(rest, strlen(rest), why);
	if ((rest = behind(text, "http:")) != NULL) {
		if (strchr(rest, '/') == NULL)
			return value_wrong(why, "has no path; write it like "
						"http:localhost:8080/health");
		return forms_address(rest, strcspn(rest, "/"), why);
	}
	if ((rest = behind(text, "unix:")) != NULL ||
	    (rest = behind(text, "file:")) != NULL)
		return forms_path(rest, why);
	if ((rest = behind(text, "exec:")) != NULL)
		return words_split(a, rest, &words, why);
	return value_wrong(why, "is no check; write notify, fd:N, "
				"tcp:HOST:PORT, http:HOST:PORT/PATH, "
				"unix:PATH, file:PATH or exec:COMMAND");
}

/* One part of a cron field: "*", "N", "N-M", each with "/STEP" or not. */
static bool cron_part(const char *s, size_t len, int64_t min, int64_t max)
{
	const char *slash = memchr(s, '/', len), *dash;
	int64_t low, high;
	struct why why = { "" };

	if (slash != NULL) {
		if (!value_number(slash + 1, len - (size_t)(slash - s) - 1, 1,
				  max, &low, &why))
			return false;
		len = (size_t)(slash - s);
	}
	if (len == 1 && *s == '*')
		return true;
	dash = memchr(s, '-', len);
	if (dash == NULL)
		return value_number(s, len, min, max, &low, &why);
	return value_number(s, (size_t)(dash - s), min, max, &low, &why) &&
	       value_number(dash + 1, len - (size_t)(dash - s) - 1, min, max,
			    &high, &why) &&
	       low <= high;
}

static bool cron_field(const char *s, size_t len, int64_t min, int64_t max)
{
	while (len > 0) {
		const char *comma = memchr(s, ',', len);
		size_t size = comma != NULL ? (size_t)(comma - s) : len;

		if (!cron_part(s, size, min, max))
			return false;
		if (comma == NULL)
			return true;
		s += size + 1;
		len -= size + 1;
	}
	return false;
}

bool forms_schedule(const char *text, struct why *why)
{
	static const struct {
		int8_t min, max;
		char name[13];
	} fields[] = { { 0, 59, "minute" },
		       { 0, 23, "hour" },
		       { 1, 31, "day of month" },
		       { 1, 12, "month" },
		       { 0, 7, "day of week" } };
	const char *every = behind(text, "every ");
	int64_t ms;

	if (every != NULL) {
		every += strspn(every, " \t");
		return value_duration(every, strlen(every), 1000,
				      VALUE_WEEK_MS, &ms, why);
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t len;

		text += strspn(text, " \t");
		len = strcspn(text, " \t");
		if (len == 0)
			return value_wrong(why, "is no schedule; write `every "
						"5m` or five cron fields");
		if (!cron_field(text, len, fields[i].min, fields[i].max))
			return value_wrong(why, "has a wrong %s (%d .. %d); "
						"write `every 5m` or five "
						"cron fields", fields[i].name,
					   fields[i].min, fields[i].max);
		text += len;
	}
	if (text[strspn(text, " \t")] != '\0')
		return value_wrong(why, "has more than five fields; write "
					"minute, hour, day, month, weekday");
	return true;
}

bool forms_timezone(const char *text, int64_t *minutes, struct why *why)
{
	int64_t hour, minute;

	if (strlen(text) != 6 || (*text != '+' && *text != '-') ||
	    text[3] != ':' || !value_number(text + 1, 2, 0, 14, &hour, why) ||
	    !value_number(text + 4, 2, 0, 59, &minute, why))
		return value_wrong(why, "is no offset from UTC; write it like "
					"+02:00");
	*minutes = hour * 60 + minute;
	if (*text == '-')
		*minutes = -*minutes;
	return true;
}

bool forms_orphans(const char *text, int64_t *ms, struct why *why)
{
	const char *after = behind(text, "kill-after ");

	*ms = 0;
	if (strcmp(text, "keep") == 0)
		return true;
	if (after == NULL)
		return value_wrong(why, "is neither; write keep or kill-after "
					"5m");
	after += strspn(after, " \t");
	return value_duration(after, strlen(after), 1, VALUE_WEEK_MS, ms, why);
}

bool forms_capabilities(const char *text, struct why *why)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t len;

	for (const char *at = text; (len = value_item(&at)) > 0; at += len)
		if (strspn(at, letters) < len)
			return value_wrong(why, "is no list of capabilities; "
						"write it like "
						"net_bind_service chown");
	return true;
}

bool forms_stream(const char *text, bool may_be_stdout,
		  enum config_output *output, const char **path,
		  struct why *why)
{
	static const char *const own[] = {
		"/dev/stdout",	   "/dev/stderr",     "/dev/fd/1",
		"/dev/fd/2",	   "/proc/self/fd/1", "/proc/self/fd/2",
	};
	const char *file = behind(text, "file:");

	*path = NULL;
	if (strcmp(text, "inherit") == 0) {
		*output = CONFIG_INHERIT;
	} else if (strcmp(text, "null") == 0) {
		*output = CONFIG_NULL;
	} else if (may_be_stdout && strcmp(text, "stdout") == 0) {
		*output = CONFIG_STDOUT;
	} else if (file != NULL) {
		*output = CONFIG_FILE;
		*path = file;
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
			if (strcmp(file, own[i]) == 0) {
				*output = CONFIG_INHERIT;
				*path = NULL;
				return true;
			}
		}
		return forms_path(file, why);
	} else if (strcmp(text, "relay") == 0) {
		return value_wrong(why, "is not supported yet; write inherit");
	} else {
		return value_wrong(why, "is no output; write inherit, null, "
					"file:/PATH%s",
				   may_be_stdout ? " or stdout" : "");
	}
	return true;
}
