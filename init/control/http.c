/* SPDX-License-Identifier: ISC */
/* Reading a request line from left to right; a lone LF ends a line as well. */
#include "init/control/http.h"

#include <string.h>

#include "init/control/loop.h"
#include "init/lib/format.h"

enum { HEAD = 256 }; /* room for the head of an answer */

/* A piece of the head. */
struct part {
	const char *at, *end;
};

/* Take what stands before `mark`, and the mark; all of it where there is no
 * mark. */
static struct part cut(struct part *rest, char mark)
{
	size_t left = (size_t)(rest->end - rest->at);
	const char *end = left == 0 ? NULL : memchr(rest->at, mark, left);
	struct part part = { rest->at, end != NULL ? end : rest->end };

	rest->at = end != NULL ? end + 1 : rest->end;
	return part;
}

static bool is(struct part part, const char *word)
{
	size_t n = (size_t)(part.end - part.at);

	return n == strlen(word) && memcmp(part.at, word, n) == 0;
}

static bool begins(struct part part, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(part.end - part.at) >= n &&
	       memcmp(part.at, word, n) == 0;
}

/* The first empty line ends the head. */
static bool is_whole(const char *text, size_t length)
{
	struct part rest = { text, text + length };

	while (rest.at < rest.end) {
		struct part line = cut(&rest, '\n');

		if (line.end == text + length) /* no newline yet */
			return false;
		if (line.at == line.end || is(line, "\r"))
			return true;
	}
	return false;
}

/* A method is a word of capitals. */
static bool is_method(struct part part)
{
	for (const char *c = part.at; c < part.end; c++)
		if (*c < 'A' || *c > 'Z')
			return false;
	return part.at < part.end;
}

static bool is_printable(struct part part)
{
	for (const char *c = part.at; c < part.end; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return true;
}

/* The path without a query, also of "http://host/path". */
static struct part path_of(struct part target)
{
	if (begins(target, "http://")) {
		target.at += strlen("http://");
		cut(&target, '/');
		target.at--;
	}
	return cut(&target, '?');
}

static int find_page(struct http *h, struct part method, struct part target)
{
	static const char *const paths[HTTP_PAGES] = {
		[HTTP_LIVEZ] = "/livez",
		[HTTP_READYZ] = "/readyz",
		[HTTP_METRICS] = "/metrics",
	};
	struct part path = path_of(target);

	for (size_t i = 0; i < HTTP_PAGES; i++) {
		if (!is(path, paths[i]))
			continue;
		h->page = (enum http_page)i;
		h->is_head = is(method, "HEAD");
		return h->is_head || is(method, "GET") ? 200 : 405;
	}
	return 404;
}

bool http_parse(struct http *h, const char *text, size_t length)
{
	struct part rest = { text, text + length }, line, method, target;

	*h = (struct http){ .status = 400 };
	if (!is_whole(text, length))
		return false;
	line = cut(&rest, '\n');
	if (line.end > line.at && line.end[-1] == '\r')
		line.end--;
	method = cut(&line, ' ');
	target = cut(&line, ' ');
	if (!is_method(method) || target.at == target.end ||
	    !is_printable(target) || !is_printable(line) ||
	    !begins(line, "HTTP/"))
		return true;
	if (begins(line, "HTTP/1."))
		h->status = find_page(h, method, target);
	else
		h->status = 505;
	return true;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		char reason[32];
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* Fill the page; 200, or what is wrong. */
static int put_page(struct control *ctl, struct client *c)
{
	bool is_right = true;

	switch (c->http.page) {
	case HTTP_LIVEZ:
		answer_put(c->answer, "ok\n", 3);
		break;
	case HTTP_READYZ:
		dispatch_default(ctl->job->config, false, &c->watch.asked);
		is_right = respond_put_ready(ctl, c);
		break;
	case HTTP_METRICS:
		respond_put_metrics(ctl, c);
		break;
	case HTTP_PAGES:
		break;
	}
	return c->answer->json.err < 0 ? 500 : is_right ? 200 : 503;
}

void http_request(struct control *ctl, struct client *c)
{
	static const char blank[HEAD];
	bool is_metrics = c->http.page == HTTP_METRICS && c->http.status == 200;
	int status = c->asked == HTTP_HEAD && c->http.status == 400
			     ? 431
			     : c->http.status;
	struct answer *a;
	char head[HEAD];
	size_t n;

	if (!respond_begin(c, is_metrics ? ANSWER_MOST : ANSWER_SMALL))
		return;
	a = c->answer;
	(void)answer_put(a, blank, HEAD);
	if (status == 200)
		status = put_page(ctl, c);
	if (status == 500) { /* half a page */
		a->used = HEAD;
		a->json.err = 0;
	}
	if (a->used == HEAD)
		(void)answer_put(a, http_reason(status),
				 strlen(http_reason(status)));
	n = (size_t)format(head, sizeof(head),
			   "HTTP/1.1 %d %s\r\n"
			   "Content-Type: text/plain;%s charset=utf-8\r\n"
			   "Content-Length: %zu\r\n%s"
			   "Cache-Control: no-store\r\n"
			   "Connection: close\r\n\r\n",
			   status, http_reason(status),
			   is_metrics ? " version=0.0.4;" : "", a->used - HEAD,
			   status == 405 ? "Allow: GET, HEAD\r\n" : "");
	memcpy(a->text + HEAD - n, head, n);
	c->sent = HEAD - n;
	if (c->http.is_head)
		a->used = HEAD;
	respond_end(ctl, c);
}
