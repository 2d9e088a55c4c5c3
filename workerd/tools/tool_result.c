#include "workerd/tools/tool_result.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/base/utf8.h"

#define POINTERS_MAX  20
#define KEY_MAX_BYTES 256

/* Behind a result that was cut. */
#define CUT " … (cut)"

bool
tool_result_check(const json_t *pointers, char why[TOOL_WHY_MAX])
{
	bool valid = json_is_array(pointers) && json_array_size(pointers) <= POINTERS_MAX;

	for (size_t i = 0; valid && i < json_array_size(pointers); i++) {
		const char *text = json_string_value(json_array_get(pointers, i));

		valid = text != NULL && *text == '/' && strlen(text) <= KEY_MAX_BYTES;
	}
	if (!valid)
		(void)snprintf(why, TOOL_WHY_MAX,
		    "it must be a list of at most %d JSON pointers such as /order/state",
		    POINTERS_MAX);
	return valid;
}

/* The next part of a pointer, with ~1 as / and ~0 as ~. */
static const char *
tool_result_next_key(const char *pointer, char key[KEY_MAX_BYTES + 1])
{
	size_t n = 0;

	for (pointer++; *pointer != '\0' && *pointer != '/' && n < KEY_MAX_BYTES; pointer++) {
		const bool escaped =
		    *pointer == '~' && (pointer[1] == '0' || pointer[1] == '1');

		if (escaped)
			pointer++;
		key[n++] = !escaped ? *pointer : *pointer == '1' ? '/' : '~';
	}
	key[n] = '\0';
	return pointer;
}

static json_t *
tool_result_at(json_t *value, const char *pointer)
{
	char key[KEY_MAX_BYTES + 1], *end;

	while (value != NULL && *pointer == '/') {
		pointer = tool_result_next_key(pointer, key);
		if (json_is_array(value)) {
			const unsigned long long index = strtoull(key, &end, 10);

			value = *key >= '0' && *key <= '9' && *end == '\0'
			    ? json_array_get(value, index)
			    : NULL;
		} else {
			value = json_object_get(value, key);
		}
	}
	return value;
}

/* The parts of the answer that exist, by their pointers. */
static json_t *
tool_result_pick(json_t *answer, const json_t *pointers)
{
	json_t *picked;

	if (json_array_size(pointers) == 0)
		return json_incref(answer);
	picked = json_object();
	for (size_t i = 0; i < json_array_size(pointers); i++) {
		const char *pointer = json_string_value(json_array_get(pointers, i));
		json_t *part = pointer == NULL ? NULL : tool_result_at(answer, pointer);

		if (part != NULL)
			must(json_object_set(picked, pointer, part) == 0);
	}
	return picked;
}

/* Whether what begins here is a mark of a passage, or the marker for a person, in a model's text. Neither can begin in JSON
 * outside of a string. */
static bool
tool_result_is_mark(struct slice rest)
{
	static const char marker[] = "[hand_over]";

	if (rest.len >= strlen(marker) && memcmp(rest.p, marker, strlen(marker)) == 0)
		return true;
	return rest.len >= 3 && rest.p[0] == '[' && (rest.p[1] == 'S' || rest.p[1] == 's') &&
	    rest.p[2] >= '0' && rest.p[2] <= '9';
}

/* Appends JSON; what has no room is left out, at the end of a character. */
static void
tool_result_add(struct slice json, struct buf *out)
{
	const size_t most = TOOL_RESULT_MAX - strlen(CUT);

	for (size_t i = 0; i < json.len; i++) {
		const struct slice rest = {json.p + i, json.len - i};
		const bool mark = tool_result_is_mark(rest);
		const size_t n = mark ? strlen("\\u005b") : 1;

		if (buf_len(out) + n > most && buf_len(out) + rest.len > TOOL_RESULT_MAX) {
			buf_truncate(out, buf_len(out) - utf8_incomplete_tail(buf_slice(out)));
			must(buf_append_str(out, CUT) == 0);
			return;
		}
		must(buf_append(out, mark ? (const void *)"\\u005b" : json.p + i, n) == 0);
	}
}

bool
tool_result_write(struct slice answer, struct slice pointers, struct buf *out)
{
	json_t *json = json_loadb((const char *)answer.p, answer.len, JSON_DECODE_ANY, NULL);
	json_t *list, *picked;
	char *text;

	if (json == NULL)
		return false;
	list = json_loadb((const char *)pointers.p, pointers.len, 0, NULL);
	picked = tool_result_pick(json, list);
	text = json_dumps(picked, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	must(text != NULL);
	tool_result_add(slice_str(text), out);
	free(text);
	json_decref(picked);
	json_decref(list);
	json_decref(json);
	return true;
}

void
tool_result_fail(struct slice why, struct buf *out)
{
	struct buf json;

	buf_init(&json, TOOL_RESULT_MAX);
	must(buf_append_str(&json, "{\"error\":\"") == 0);
	must(json_escape(&json, why) == 0);
	must(buf_append_str(&json, "\"}") == 0);
	tool_result_add(buf_slice(&json), out);
	buf_clear(&json);
}
