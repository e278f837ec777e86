/* SPDX-License-Identifier: ISC */
/* The pages of `listen`, and the head of an HTTP request as far as they need
 * it.
 *
 * Only the request line means something here; header fields are skipped, and a
 * body is never read. Source: RFC 9112. */
#ifndef INIT_CONTROL_HTTP_H
#define INIT_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct client;
struct control;

enum { HTTP_HEAD = 4096 }; /* most bytes of a head */

enum http_page {
	HTTP_LIVEZ,
	HTTP_READYZ,
	HTTP_METRICS,
	HTTP_PAGES,
};

struct http {
	int status; /* 200: there is such a page; 400, 404, 405 or 505 */
	enum http_page page; /* with 200 */
	bool is_head;        /* HEAD: the page is not wanted, only its head */
};

/* Understand a head, any bytes. False while it does not end within `length`
 * bytes; what lies behind its end does not matter. */
bool http_parse(struct http *h, const char *text, size_t length);

/* "Not Found"; never NULL. */
const char *http_reason(int status);

/* The request of a client of `listen` is whole, or too long to be one: give it
 * its page. */
void http_request(struct control *ctl, struct client *c);

#endif
