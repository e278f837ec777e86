/* SPDX-License-Identifier: ISC */
/* The pages of `listen`. */
#include "init/control/control.h"

#include <string.h>

#include "init/lib/format.h"

enum {
	HEAD = 256
}; /* room for the head of an answer */

/* Fill the page; 200, or what is wrong. */
static int put_page(struct control *ctl, struct client *c)
{
	struct answer *a = c->answer;
	bool is_healthy = true;
	int err = 0;

	switch (c->http.page) {
	case HTTP_LIVEZ:
		err = answer_put(a, "ok\n", 3);
		break;
	case HTTP_READYZ:
		reply_default(ctl->job->config, false, &c->watch.asked);
		err = reply_health(a, &ctl->reply, &c->watch.asked, true,
				   &is_healthy);
		break;
	case HTTP_METRICS:
		err = reply_metrics(a, &ctl->reply);
		break;
	case HTTP_PAGES:
		break;
	}
	return err < 0 ? 500 : is_healthy ? 200 : 503;
}

void page_request(struct control *ctl, struct client *c)
{
	static const char blank[HEAD];
	bool is_metrics = c->http.page == HTTP_METRICS && c->http.status == 200;
	int status = c->asked == HTTP_HEAD && c->http.status == 400
			     ? 431
			     : c->http.status;
	struct answer *a =
		give_begin(c, is_metrics ? ANSWER_MOST : ANSWER_SMALL);
	char head[HEAD];
	size_t n;

	if (a == NULL)
		return;
	(void)answer_put(a, blank, HEAD);
	if (status == 200)
		status = put_page(ctl, c);
	if (status == 500) /* half a page */
		a->used = HEAD;
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
	give_end(ctl, c);
}
