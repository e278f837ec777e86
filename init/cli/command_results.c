/* SPDX-License-Identifier: ISC */
/* "done" is not said: the state says it. */
#include "init/cli/command_results.h"

#include "init/cli/volume_reader.h"

static bool is_well(struct json_value result)
{
	return json_is(result, "done") || json_is(result, "accepted");
}

bool results_are_done(struct json_value services)
{
	struct json_value service;

	while (json_next(&services, NULL, &service))
		if (!is_well(json_get(service, "result")))
			return false;
	return true;
}

static void tell(struct out *o, struct json_value service, const char *sent)
{
	struct json_value result = json_get(service, "result");

	out_styled(o, OUT_BOLD, reader_text(service, "service"));
	out_text(o, ": ");
	if (result.at != NULL && !json_is(result, "done"))
		out_styled(o, is_well(result) ? OUT_PLAIN : OUT_RED,
			   reader_text(service, "result"));
	if (sent != NULL && json_is(result, "done")) {
		out_text(o, sent);
		out_text(o, " sent; ");
	}
	/* What was only accepted has not changed its state yet. */
	if (!json_is(result, "accepted")) {
		out_text(o, result.at == NULL || json_is(result, "done") ?
				    "" : "; ");
		out_wrap(o, 2, reader_text(service, "why"));
	}
	out_line(o);
}

void results_tell(struct out *o, struct json_value services, const char *sent)
{
	struct json_value service;

	while (json_next(&services, NULL, &service))
		tell(o, service, sent);
}
