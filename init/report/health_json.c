/* SPDX-License-Identifier: ISC */
/* The checks of a service, their last answers, and what the service says of
 * itself, as JSON. */
#include "init/report/diagnostic_json.h"

#include "init/report/service_health.h"

bool report_notice(const struct report *r, uint32_t i,
		   const struct board_service *row, struct board_notice *notice)
{
	return r->notices != NULL && row->pid != 0 &&
	       board_notice_read(&r->notices->service[i], notice) &&
	       notice->run == row->starts &&
	       (notice->session == row->pid || notice->session == 0);
}

/* A check, and what it was answered last. */
static cJSON *check_object(struct json *j, const struct report *r,
			   const struct config_check *check,
			   const struct board_service *row, bool is_asked)
{
	char text[512] = "", last[160] = "";
	struct phrase w = PHRASE_IN(text), l = PHRASE_IN(last);
	cJSON *o;

	if (check->kind == CONFIG_CHECK_NONE)
		return cJSON_CreateNull();
	o = json_object(j);
	phrase_check(&w, r->config, check);
	phrase_make_utf8(text);
	phrase_answer(&l, row->answer, row->answer_code);
	json_text(j, o, "check", text);
	json_text(j, o, "last",
		  is_asked && row->answer != BOARD_ANSWER_NONE ? last : NULL);
	return o;
}

void report_checks(struct json *j, cJSON *o, const struct report *r,
		   uint32_t i, const struct board_service *row)
{
	const struct config_service *s = config_service(r->config, i);
	const enum well well = service_health(s, row);
	bool is_up = row->pid != 0;
	struct board_notice notice;
	bool has_notice = report_notice(r, i, row, &notice);
	cJSON *health = check_object(j, r, &s->health, row,
				     is_up && !row->is_unready);

	json_bool(j, o, "is_ready", service_is_ready(s, row));
	json_add(j, o, "is_well",
		 well == WELL_UNASKED ? cJSON_CreateNull()
				      : cJSON_CreateBool(well == WELL_YES));
	json_add(j, o, "ready", check_object(j, r, &s->ready, row,
					     is_up && row->is_unready));
	if (s->health.kind != CONFIG_CHECK_NONE) {
		json_text(j, health, "state",
			  row->unhealthy > 0 ? "failing" :
			  row->is_passing    ? "well" :
					       "unknown");
		json_int(j, health, "failures", row->unhealthy);
		json_int(j, health, "max_failures", s->health_failures);
	}
	json_add(j, o, "health", health);
	json_bool(j, o, "is_reloading", has_notice && notice.is_reloading);
	json_text(j, o, "says", has_notice && *notice.text != '\0' ?
					notice.text : NULL);
}
