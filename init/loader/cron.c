/* SPDX-License-Identifier: ISC */
/* Each field becomes a set of bits. */
#include "init/loader/cron.h"

#include <string.h>

enum { NAME = 3 }; /* letters of a name */

/* A field: its numbers, where `*` ends, and the names of the first ones. */
struct field {
	int min, max, last;
	const char *word, *names;
};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field fields[FIELDS] = {
	{ 0, 59, 59, "minute", "" },
	{ 0, 23, 23, "hour", "" },
	{ 1, 31, 31, "day of month", "" },
	{ 1, 12, 12, "month", "janfebmaraprmayjunjulaugsepoctnovdec" },
	{ 0, 7, 6, "day of week", "sunmontuewedthufrisat" },
};

/* The number of the name at s, or -1. */
static int named(const struct field *f, const char *s)
{
	for (int n = 0; f->names[n * NAME] != '\0'; n++) {
		const char *name = f->names + n * NAME;
		int i = 0;

		/* Names are small letters. */
		while (i < NAME && (s[i] | 0x20) == name[i])
			i++;
		if (i == NAME)
			return f->min + n;
	}
	return -1;
}

/* Pass a number or a name at *at that is `min` at least. */
static bool pass_number(const char **at, const struct field *f, int64_t min,
			int64_t *number)
{
	*number = named(f, *at);
	if (*number < 0)
		return value_scan(at, min, f->max, number);
	*at += NAME;
	return *number >= min;
}

/* Pass one item of a field's list and add it to the set. */
static bool pass_item(const char **at, const struct field *f, uint64_t *set)
{
	int64_t first = f->min, last = f->last, step = 1;
	bool is_one = false;

	if (**at == '*') {
		++*at;
	} else if (!pass_number(at, f, f->min, &first)) {
		return false;
	} else if (**at == '-') {
		++*at;
		if (!pass_number(at, f, f->min, &last) || last < first)
			return false;
	} else {
		is_one = **at != '/';
	}
	if (**at == '/') {
		++*at;
		if (!value_scan(at, 1, f->max, &step))
			return false;
	}
	if (is_one)
		last = first;
	for (; first <= last; first += step)
		*set |= UINT64_C(1) << first;
	return true;
}

/* Pass one field, and the blanks behind it. */
static bool pass_field(const char **at, const struct field *f, uint64_t *set)
{
	*set = 0;
	do {
		if (!pass_item(at, f, set))
			return false;
	} while (**at == ',' && ++*at);
	if (strchr(" \t", **at) == NULL) /* the end is one of them, too */
		return false;
	*at += strspn(*at, " \t");
	return true;
}

static bool calendar(const char *text, struct schedule *s, struct why *why)
{
	uint64_t set[FIELDS];
	bool is_any_day = true;

	for (int i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];

		if (*text == '\0')
			return value_wrong(why, "is no schedule; write `every "
						"5m` or five cron fields");
		if (i == DAY)
			is_any_day = *text == '*';
		if (i == WEEKDAY)
			is_any_day = is_any_day || *text == '*';
		if (!pass_field(&text, f, &set[i]))
			return value_wrong(why, "has a wrong %s (%d .. %d, "
						"and ranges upwards); write "
						"`every 5m`, or five cron "
						"fields like 0 0 * * *",
					   f->word, f->min, f->max);
	}
	if (*text != '\0')
		return value_wrong(why, "has more than five fields; write "
					"minute, hour, day, month, weekday");
	s->minutes = set[MINUTE];
	s->hours = (uint32_t)set[HOUR];
	s->days = (uint32_t)set[DAY];
	s->months = (uint16_t)set[MONTH];
	s->weekdays = (uint8_t)((set[WEEKDAY] | set[WEEKDAY] >> 7) & 0x7f);
	s->is_either_day = !is_any_day;
	return schedule_is_well(s) ||
	       value_wrong(why, "names days that none of its months has, so "
				"it would never run; correct the day or the "
				"month");
}

bool cron_schedule(const char *text, struct schedule *s, struct why *why)
{
	static const char every[] = "every";
	const size_t len = sizeof(every) - 1;

	text += strspn(text, " \t");
	if (strncmp(text, every, len) != 0 || strchr(" \t", text[len]) == NULL)
		return calendar(text, s, why);
	text += len + strspn(text + len, " \t");
	return value_duration(text, strlen(text), SCHEDULE_LEAST_MS,
			      &s->every_ms, why);
}

bool cron_timezone(const char *text, int32_t *minutes, struct why *why)
{
	int64_t hour, minute;

	if (strlen(text) != 6 || (*text != '+' && *text != '-') ||
	    text[3] != ':' || !value_number(text + 1, 2, 0, 14, &hour, why) ||
	    !value_number(text + 4, 2, 0, 59, &minute, why) ||
	    hour * 60 + minute > SCHEDULE_EAST)
		return value_wrong(why, "is no offset from UTC, at most 14 "
					"hours; write it like +02:00");
	*minutes = (int32_t)(hour * 60 + minute);
	if (*text == '-')
		*minutes = -*minutes;
	return true;
}
