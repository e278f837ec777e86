/* SPDX-License-Identifier: ISC */
/* Nothing that comes from there is believed: the prober reads what anybody in
 * the network namespace may send. */
#include "init/service/prober_link.h"

#include <errno.h>

#include "init/board/probe_protocol.h"
#include "init/kernel/sockets.h"
#include "init/service/checks.h"
#include "init/service/notify.h"

enum {
	AT_ONCE = 64,      /* answers in one turn */
	ERRNO_MOST = 4095,
};

bool prober_link_makes(enum config_check_kind kind)
{
	return kind == CONFIG_CHECK_TCP || kind == CONFIG_CHECK_HTTP ||
	       kind == CONFIG_CHECK_UNIX;
}

bool prober_link_is_needed(const struct config *c)
{
	for (uint32_t i = 0; i < c->services; i++) {
		const struct config_service *s = config_service(c, i);

		if (s->ready.kind == CONFIG_CHECK_NOTIFY ||
		    prober_link_makes(s->ready.kind) ||
		    prober_link_makes(s->health.kind))
			return true;
	}
	return false;
}

void prober_link_open(struct sup *sup)
{
	int err = sockets_pair(&sup->probe_fd, &sup->probe_peer_fd);

	if (err < 0)
		SUP_SAY(sup, BOARD_EV_HELPER_FAILED, -1, BOARD_PROBER, -err);
}

int prober_link_ask(struct sup *sup, uint32_t i, uint32_t number,
		    bool is_health, int64_t timeout_ms)
{
	const struct probe_question question = {
		.reloads = sup->reloads,
		.service = i,
		.number = number,
		.is_health = is_health,
		.timeout_ms = (int32_t)earlier(timeout_ms, INT32_MAX),
	};

	if (sup->kept[BOARD_PROBER].pid == 0)
		return -ESRCH;
	return sockets_send(sup->probe_fd, &question, sizeof(question));
}

/* One that the prober can give, with a code that fits it. */
static bool is_answer(const struct probe_answer *a)
{
	switch (a->answer) {
	case BOARD_ANSWER_YES:
	case BOARD_ANSWER_TIMEOUT:
	case BOARD_ANSWER_CLOSED:
	case BOARD_ANSWER_NONSENSE:
		return a->code == 0;
	case BOARD_ANSWER_ERROR:
	case BOARD_ANSWER_SKIPPED:
		return a->code > 0 && a->code <= ERRNO_MOST;
	case BOARD_ANSWER_HTTP:
		return a->code >= 100 && a->code <= 999;
	}
	return false;
}

static void take_answer(struct sup *sup, const struct probe_answer *a)
{
	const struct check *c = &sup->check[a->service];

	if (!sup->service[a->service].is_checked || !c->is_asked ||
	    c->number != a->number || !is_answer(a) ||
	    !prober_link_makes(checks_form(sup, a->service)->kind))
		return;
	sup->is_prober_silent = false;
	checks_answered(sup, a->service, (enum board_answer)a->answer,
			a->code);
}

void prober_link_hear(struct sup *sup)
{
	struct probe_answer a;

	for (int k = 0; k < AT_ONCE; k++) {
		int taken = sockets_take(sup->probe_fd, &a, sizeof(a));

		if (taken < 0)
			return; /* -EAGAIN: no more of them */
		if (taken == 0 || a.kind >= PROBE_KINDS ||
		    a.service >= sup->config->services)
			continue;
		if (a.kind == PROBE_ANSWER)
			take_answer(sup, &a);
		else
			notify_take(sup, &a);
	}
}
