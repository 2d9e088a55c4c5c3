/*
 * A template of a URL, a header or a body, and an argument behind a NUL: whatever the argument is, the request goes to the
 * template's host and path, a header has one line, and a body is JSON.
 */
#include <jansson.h>
#include <stdlib.h>

#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/tools/tool_template.h"

static size_t
count(struct slice s, uint8_t c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && s.p[i] != '?'; i++)
		n += s.p[i] == c;
	return n;
}

/* The bytes up to the end of the host. */
static size_t
host_end(struct slice url)
{
	size_t n = url.p[4] == 's' ? 8 : 7;

	while (n < url.len && url.p[n] != '/' && url.p[n] != '?')
		n++;
	return n;
}

static void
check_url(struct slice template, struct slice url)
{
	const size_t n = host_end(template);

	must(host_end(url) == n && memcmp(url.p, template.p, n) == 0);
	must(count(url, '/') == count(template, '/'));
	must(memmem(url.p, url.len, "#", 1) == NULL && memmem(url.p, url.len, " ", 1) == NULL);
}

static void
check_written(struct slice template, enum tool_place place, const struct tool_values *values)
{
	char why[TOOL_WHY_MAX] = "";
	struct buf out;
	json_t *json;

	buf_init(&out, 100000);
	if (!tool_template_write(template, place, values, &out, why)) {
		must(*why != '\0' && utf8_valid(slice_str(why)));
	} else if (place == TOOL_IN_URL) {
		check_url(template, buf_slice(&out));
	} else if (place == TOOL_IN_HEADER) {
		must(!utf8_has_control(buf_slice(&out), ""));
	} else {
		json = json_loadb(
		    (const char *)buf_data(&out), buf_len(&out), JSON_DECODE_ANY, NULL);
		must(json != NULL);
		json_decref(json);
	}
	buf_clear(&out);
}

/* A header's template as the only member of an object. */
static bool
check_header(struct slice text, json_t *schema, char *why)
{
	json_t *headers = json_object();
	bool valid;

	must(json_object_set_new(headers, "A", json_stringn((const char *)text.p, text.len)) ==
	    0);
	valid = tool_template_check_headers(headers, schema, why);
	json_decref(headers);
	return valid;
}

FUZZ(tool_template)
{
	const uint8_t *nul = memchr(in.p, '\0', in.len);
	const struct slice template = {in.p, nul == NULL ? in.len : (size_t)(nul - in.p)};
	json_t *schema = json_loads("{\"properties\":{\"x\":{}}}", 0, NULL);
	json_t *arguments = json_object(), *x = NULL;
	const struct tool_values values = {.arguments = arguments, .secret = slice_str("s")};
	char why[TOOL_WHY_MAX] = "";

	if (nul != NULL)
		x = json_loadb(
		    (const char *)nul + 1, in.len - template.len - 1, JSON_DECODE_ANY, NULL);
	if (x != NULL)
		must(json_object_set_new(arguments, "x", x) == 0);
	if (utf8_valid(template)) {
		if (tool_template_check_url(template, schema, why))
			check_written(template, TOOL_IN_URL, &values);
		if (template.len > 0 && check_header(template, schema, why))
			check_written(template, TOOL_IN_HEADER, &values);
		if (tool_template_check_body(template, schema, why))
			check_written(template, TOOL_IN_BODY, &values);
	}
	json_decref(arguments);
	json_decref(schema);
}
