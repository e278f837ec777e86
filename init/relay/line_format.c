/* SPDX-License-Identifier: ISC */
/* A line is made in place: what does not fit leaves no trace but bytes that
 * are not counted. */
#include "init/relay/line_format.h"

#include <string.h>

#include "init/lib/format.h"
#include "init/relay/object.h"
#include "init/text/wording.h"

enum {
	HEAD = 512,   /* most bytes of what is put before a text */
	ESCAPED = 6,  /* most bytes of a character in JSON */
};

static const char ending[] = "\"}\n";

/* Put `head`, the text from byte `from` on, and `end` (0: nothing). */
static size_t put(char *to, size_t room, const struct phrase *head,
		  const struct line *line, size_t from, char end)
{
	size_t rest = line->length - from;

	if (head->used + rest + (end != 0) > room)
		return 0;
	memcpy(to, head->at, head->used);
	memcpy(to + head->used, line->text + from, rest);
	if (end != 0)
		to[head->used + rest] = end;
	return head->used + rest + (end != 0);
}

/* One character of the text as it stands in a JSON string; returns how many
 * bytes of the text it is. */
static size_t put_escaped(char *to, size_t *used, const char *at, size_t left)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*at;
	size_t n = object_char(at, left);
	char form[ESCAPED] = { '\\', 'u', '0', '0' };
	unsigned hidden = n > 0 ? phrase_hidden(at) : 0;

	if (hidden != 0) {
		*used += (size_t)format(to + *used, ESCAPED + 1, "\\u%04x",
					hidden);
		return n;
	}
	if (c >= 0x20 && c != '"' && c != '\\') {
		memcpy(to + *used, n > 0 ? at : "?", n > 0 ? n : 1);
		*used += n > 0 ? n : 1;
		return n > 0 ? n : 1;
	}
	if (c >= 0x20) {
		form[1] = (char)c;
	} else {
		form[4] = digits[c >> 4];
		form[5] = digits[c & 15];
	}
	memcpy(to + *used, form, c >= 0x20 ? 2 : ESCAPED);
	*used += c >= 0x20 ? 2 : ESCAPED;
	return 1;
}

/* {"time":...,"service":...,"stream":...,"message":"..."} */
static size_t wrap(char *to, size_t room, struct phrase *head,
		   const struct line_style *style, const struct line *line,
		   size_t *taken)
{
	char time[PHRASE_TIME];
	size_t used;

	phrase_time(time, line->wall_ms);
	phrase_add(head, "{\"time\":\"%s\",\"service\":", time);
	phrase_add_json(head, style->name);
	phrase_add(head, ",\"stream\":\"%s\",\"message\":\"", style->stream);
	used = head->used;
	if (used + ESCAPED + strlen(ending) > room)
		return 0;
	memcpy(to, head->at, used);
	while (*taken < line->length &&
	       used + ESCAPED + strlen(ending) <= room) {
		size_t left = line->length - *taken;

		/* The rest of a character may come with the next piece. */
		if (line->is_open && left < 4 && *taken > 0 &&
		    object_char(line->text + *taken, left) == 0)
			break;
		*taken += put_escaped(to, &used, line->text + *taken, left);
	}
	memcpy(to + used, ending, strlen(ending));
	return used + strlen(ending);
}

/* Put the service and the stream behind the brace of an object, each unless
 * it says so itself. */
static size_t merge(char *to, size_t room, struct phrase *head,
		    const struct line_style *style, const struct line *line,
		    const struct object *object)
{
	phrase_add(head, "%.*s", (int)object->behind, line->text);
	if (!object->has_service) {
		phrase_add(head, "\"service\":");
		phrase_add_json(head, style->name);
	}
	if (!object->has_stream)
		phrase_add(head, "%s\"stream\":\"%s\"",
			   object->has_service ? "" : ",", style->stream);
	if (!object->is_empty && !(object->has_service && object->has_stream))
		phrase_add(head, ",");
	return put(to, room, head, line, object->behind, '\n');
}

size_t line_format(char *to, size_t room, const struct line_style *style,
		 const struct line *line, size_t *taken)
{
	char text[HEAD] = "", time[PHRASE_TIME];
	struct phrase head = PHRASE_IN(text);
	struct object object;
	bool is_object = !line->is_mid && !line->is_open &&
			 (style->is_json || style->prefix == CONFIG_AUTO) &&
			 object_scan(line->text, line->length, &object) &&
			 object.behind < HEAD / 4;

	*taken = 0;
	if (style->is_json && line->is_mid && line->length == 0)
		return 0;
	if (style->is_json && !is_object)
		return wrap(to, room, &head, style, line, taken);
	*taken = line->length;
	if (style->is_json)
		return merge(to, room, &head, style, line, &object);
	if (!line->is_mid && style->has_times) {
		phrase_time(time, line->wall_ms);
		phrase_add(&head, "%s ", time);
	}
	if (!line->is_mid && (style->prefix == CONFIG_PREFIX ||
			      (style->prefix == CONFIG_AUTO && !is_object)))
		phrase_add(&head, "%s | ", style->name);
	return put(to, room, &head, line, 0, line->is_open ? 0 : '\n');
}
