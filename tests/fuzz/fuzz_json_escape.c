/*
 * Any text in a JSON string: jansson must parse it to the same text, and no character that some
 * reader takes for a line end may be unescaped.
 */
#include <jansson.h>

#include "proto/base/json_escape.h"
#include "tests/fuzz/fuzz.h"

static void
check_bare(struct slice json)
{
	for (size_t i = 0; i < json.len; i++)
		must(json.p[i] >= ' ' && json.p[i] != 0x7f);
	must(memmem(json.p, json.len, "\xe2\x80\xa8", 3) == NULL);
	must(memmem(json.p, json.len, "\xe2\x80\xa9", 3) == NULL);
}

static void
check_meaning(struct slice json, struct slice text)
{
	json_t *root =
	    json_loadb((const char *)json.p, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	must(json_is_string(root));
	must(json_string_length(root) == text.len);
	must(memcmp(json_string_value(root), text.p, text.len) == 0);
	json_decref(root);
}

/* With too little room it fails and does not exceed the limit. */
static void
check_room(struct slice text, size_t needed)
{
	struct buf small;

	if (needed == 0)
		return;
	buf_init(&small, needed - 1);
	must(json_escape(&small, text) == -1 && buf_len(&small) < needed);
	buf_clear(&small);
}

FUZZ(json_escape)
{
	struct buf text, json;

	buf_init(&text, 3 * in.len + 1);
	buf_init(&json, 18 * in.len + 3);
	fuzz_text(&text, in);
	must(buf_append(&json, "\"", 1) == 0);
	must(json_escape(&json, buf_slice(&text)) == 0);
	check_room(buf_slice(&text), buf_len(&json) - 1);
	must(buf_append(&json, "\"", 1) == 0);
	check_bare(buf_slice(&json));
	check_meaning(buf_slice(&json), buf_slice(&text));
	buf_clear(&text);
	buf_clear(&json);
}
