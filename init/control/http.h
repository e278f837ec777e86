/* SPDX-License-Identifier: ISC */
/* The head of an HTTP request, as far as three pages need it.
 *
 * Pure: any bytes, no allocation. Only the request line means something here;
 * header fields are skipped, and a body is never read. Source: RFC 9112. */
#ifndef INIT_CONTROL_HTTP_H
#define INIT_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

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

/* Understand a head. False while it does not end within `length` bytes; what
 * lies behind its end does not matter. */
bool http_parse(struct http *h, const char *text, size_t length);

/* "Not Found"; never NULL. */
const char *http_reason(int status);

#endif
