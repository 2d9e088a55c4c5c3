#include "workerd/tools/tool_template.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/base/utf8.h"

#define NAME_MAX_BYTES 128
#define HEADERS_MAX    16
#define URL_MAX        2048

/* A template that is being read. */
struct reader {
	struct slice rest;
	/* The next part: text, and the name behind it; empty: the text is the last part. */
	struct slice text, name;
};

[[gnu::format(printf, 2, 3)]] static bool
tool_template_refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, TOOL_WHY_MAX, format, args);
	va_end(args);
	while (!utf8_valid(slice_str(why)))
		why[strlen(why) - 1] = '\0';
	return false;
}

static struct slice
tool_template_behind(struct slice s, size_t n)
{
	return (struct slice){s.p + n, s.len - n};
}

/* 1: a part was read; 0: there is none; -1: a name does not end, or is none. */
static int
tool_template_next(struct reader *r)
{
	const uint8_t *open, *end;

	if (r->rest.len == 0)
		return 0;
	open = memmem(r->rest.p, r->rest.len, "{{", 2);
	r->name = (struct slice){0};
	r->text = r->rest;
	if (open == NULL) {
		r->rest = tool_template_behind(r->rest, r->rest.len);
		return 1;
	}
	r->text.len = (size_t)(open - r->rest.p);
	r->rest = tool_template_behind(r->rest, r->text.len + 2);
	end = memmem(r->rest.p, r->rest.len, "}}", 2);
	if (end == NULL || end == r->rest.p || end - r->rest.p > NAME_MAX_BYTES)
		return -1;
	r->name = (struct slice){r->rest.p, (size_t)(end - r->rest.p)};
	r->rest = tool_template_behind(r->rest, r->name.len + 2);
	return 1;
}

/* The name of an argument; empty: it is another name. */
static struct slice
tool_template_argument(struct slice name)
{
	static const char prefix[] = "args.";
	const size_t n = strlen(prefix);

	if (name.len <= n || memcmp(name.p, prefix, n) != 0)
		return (struct slice){0};
	return tool_template_behind(name, n);
}

static const json_t *
tool_template_member(const json_t *object, struct slice name)
{
	char key[NAME_MAX_BYTES + 1];

	return slice_copy_text(name, key, sizeof(key)) ? json_object_get(object, key) : NULL;
}

static const struct {
	const char *name;
	size_t at; /* in tool_values */
	const char *missing;
} others[] = {
    {"visitor.user_id", offsetof(struct tool_values, user_id),
	"the visitor has not signed in on the website"},
    {"visitor.email", offsetof(struct tool_values, email),
	"the visitor has not given an e-mail address"},
    {"contact.email", offsetof(struct tool_values, email),
	"the visitor has not given an e-mail address"},
    {"contact.name", offsetof(struct tool_values, name), "the visitor has not given a name"},
    {"contact.phone", offsetof(struct tool_values, phone),
	"the visitor has not given a phone number"},
    {"conversation.id", offsetof(struct tool_values, conversation), "there is no conversation"},
    {"secret", offsetof(struct tool_values, secret), "the tool has no secret"},
};

static bool
tool_template_check_name(
    struct slice name, enum tool_place place, const json_t *schema, char *why)
{
	const struct slice argument = tool_template_argument(name);

	if (argument.len > 0) {
		if (tool_template_member(json_object_get(schema, "properties"), argument) !=
		    NULL)
			return true;
		return tool_template_refuse(
		    why, "there is no argument %.*s", (int)argument.len, argument.p);
	}
	if (slice_eq_str(name, "secret") && (place == TOOL_IN_URL || place == TOOL_IN_TEXT))
		return tool_template_refuse(why, "the secret cannot be a part of %s",
		    place == TOOL_IN_URL ? "the URL" : "what is shown");
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (slice_eq_str(name, others[i].name))
			return true;
	return slice_eq_str(name, "visitor.verified") ||
	    tool_template_refuse(
		why, "the name {{%.*s}} is unknown", (int)name.len, (const char *)name.p);
}

bool
tool_template_check(
    struct slice text, enum tool_place place, const json_t *schema, char why[TOOL_WHY_MAX])
{
	struct reader r = {.rest = text};
	int found;

	while ((found = tool_template_next(&r)) == 1)
		if (r.name.len > 0 && !tool_template_check_name(r.name, place, schema, why))
			return false;
	return found == 0 || tool_template_refuse(why, "{{ needs a name and }}");
}

static bool
tool_template_is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] <= 0x20 || text.p[i] >= 0x7f || text.p[i] == '#' ||
		    text.p[i] == '\\')
			return false;
	return true;
}

/* The length of the scheme with its "://"; 0: another one. */
static size_t
tool_template_scheme(struct slice url)
{
	static const char *const schemes[] = {"https://", "http://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (url.len > strlen(schemes[i]) &&
		    memcmp(url.p, schemes[i], strlen(schemes[i])) == 0)
			return strlen(schemes[i]);
	return 0;
}

bool
tool_template_check_url(struct slice text, const json_t *schema, char why[TOOL_WHY_MAX])
{
	const size_t scheme = tool_template_scheme(text);
	size_t end = scheme;

	if (scheme == 0 || text.len > URL_MAX || !tool_template_is_ascii(text))
		return tool_template_refuse(why,
		    "it must begin with https:// or http://, and be ASCII without spaces and "
		    "#");
	while (end < text.len && text.p[end] != '/' && text.p[end] != '?')
		if (strchr("{}@[]<>\"", text.p[end++]) != NULL && text.p[end - 1] != '[' &&
		    text.p[end - 1] != ']')
			return tool_template_refuse(
			    why, "its host cannot have names, or a user");
	if (end == scheme)
		return tool_template_refuse(why, "it has no host");
	return tool_template_check(text, TOOL_IN_URL, schema, why);
}

static bool
tool_template_is_token(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 64 &&
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|"
		"~") == n;
}

/* Headers that decide how a request is read are libcurl's. */
static bool
tool_template_is_reserved(const char *name)
{
	static const char *const reserved[] = {"host", "content-length", "transfer-encoding",
	    "connection", "expect", "te", "trailer", "upgrade", "accept-encoding"};

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	return false;
}

bool
tool_template_check_headers(json_t *headers, const json_t *schema, char why[TOOL_WHY_MAX])
{
	const char *name;
	json_t *value;

	if (!json_is_object(headers) || json_object_size(headers) > HEADERS_MAX)
		return tool_template_refuse(
		    why, "they must be an object of at most %d texts", HEADERS_MAX);
	json_object_foreach (headers, name, value) {
		if (!tool_template_is_token(name) || tool_template_is_reserved(name))
			return tool_template_refuse(
			    why, "the header %.64s cannot be set", name);
		if (!json_is_string(value) ||
		    utf8_has_control(slice_str(json_string_value(value)), ""))
			return tool_template_refuse(
			    why, "the header %.64s must be a line of text", name);
		if (!tool_template_check(
			slice_str(json_string_value(value)), TOOL_IN_HEADER, schema, why))
			return false;
	}
	return true;
}

/* Whether a JSON text is within a string at its end. */
static bool
tool_template_ends_inside(struct slice json, bool inside)
{
	for (size_t i = 0; i < json.len; i++)
		if (json.p[i] == '"')
			inside = !inside;
		else if (json.p[i] == '\\' && inside)
			i++;
	return inside;
}

/* Whether the name that was read is all of a string. inside: the text before it began within one. */
static bool
tool_template_is_whole(const struct reader *r, bool inside)
{
	const size_t n = r->text.len;

	return n > 0 && r->text.p[n - 1] == '"' &&
	    !tool_template_ends_inside((struct slice){r->text.p, n - 1}, inside) &&
	    r->rest.len > 0 && *r->rest.p == '"';
}

/* Whether what follows the string makes it the name of a member. */
static bool
tool_template_is_key(struct slice rest)
{
	size_t i = 1;

	while (i < rest.len && strchr(" \t\r\n", rest.p[i]) != NULL && rest.p[i] != '\0')
		i++;
	return i < rest.len && rest.p[i] == ':';
}

bool
tool_template_check_body(struct slice text, const json_t *schema, char why[TOOL_WHY_MAX])
{
	struct reader r = {.rest = text};
	bool inside = false;
	json_error_t error;
	json_t *json = json_loadb(
	    (const char *)text.p, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (json == NULL)
		return tool_template_refuse(
		    why, "it must be JSON: %.80s, line %d", error.text, error.line);
	json_decref(json);
	if (!tool_template_check(text, TOOL_IN_BODY, schema, why))
		return false;
	while (tool_template_next(&r) == 1) {
		if (r.name.len > 0 && tool_template_is_whole(&r, inside) &&
		    tool_template_is_key(r.rest))
			return tool_template_refuse(
			    why, "a name cannot be the name of a member");
		inside = tool_template_ends_inside(r.text, inside);
		if (r.text.len > 0 && r.text.p[r.text.len - 1] == '\\')
			return tool_template_refuse(why, "a name cannot follow a backslash");
		if (r.name.len > 0 && !inside)
			return tool_template_refuse(why, "a name must be within a string");
	}
	return true;
}

bool
tool_template_has(struct slice text, const char *name)
{
	struct reader r = {.rest = text};

	while (tool_template_next(&r) == 1)
		if (slice_eq_str(r.name, name))
			return true;
	return false;
}

/* A value that is to be written: an argument, or a text. */
struct found {
	const json_t *argument; /* NULL: a text, or an argument that is missing */
	struct slice text;
};

static bool
tool_template_find(
    struct slice name, const struct tool_values *values, struct found *found, char *why)
{
	const struct slice argument = tool_template_argument(name);

	*found = (struct found){0};
	if (argument.len > 0) {
		found->argument = tool_template_member(values->arguments, argument);
		return true;
	}
	if (slice_eq_str(name, "visitor.verified"))
		found->text = slice_str(values->user_id.len > 0 ? "true" : "false");
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (!slice_eq_str(name, others[i].name))
			continue;
		found->text = *(const struct slice *)((const char *)values + others[i].at);
		if (found->text.len == 0)
			return tool_template_refuse(why, "%s", others[i].missing);
	}
	return true;
}

/* The text of a value; *made is to be freed. */
static bool
tool_template_text(
    const struct found *found, struct slice name, struct slice *text, char **made, char *why)
{
	*made = NULL;
	*text = found->text;
	if (found->argument == NULL || json_is_null(found->argument))
		return true;
	if (json_is_string(found->argument)) {
		*text = slice_str(json_string_value(found->argument));
		return true;
	}
	if (json_is_object(found->argument) || json_is_array(found->argument))
		return tool_template_refuse(why, "\"%.*s\" must be a text or a number",
		    (int)name.len, (const char *)name.p);
	*made = json_dumps(
	    found->argument, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	must(*made != NULL);
	*text = slice_str(*made);
	return true;
}

static bool
tool_template_add_encoded(struct buf *out, struct slice text)
{
	static const char unreserved[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	int rc = 0;

	for (size_t i = 0; i < text.len && rc == 0; i++)
		if (text.p[i] != '\0' && strchr(unreserved, text.p[i]) != NULL)
			rc = buf_append(out, &text.p[i], 1);
		else
			rc = buf_printf(out, "%%%02X", text.p[i]);
	return rc == 0;
}

/* A template that is being written. */
struct writer {
	enum tool_place place;
	struct buf *out;
	bool query;  /* the URL's query has begun */
	bool inside; /* a string of the body */
	char *why;
};

/* Whether each segment of the path still names something: "." and ".." lead elsewhere. */
static bool
tool_template_path_is_safe(struct slice url)
{
	struct slice rest = tool_template_behind(url, tool_template_scheme(url));
	size_t from = 0;

	for (size_t i = 0; i <= rest.len; i++) {
		const bool ends = i == rest.len || rest.p[i] == '/' || rest.p[i] == '?';
		const struct slice segment = {rest.p + from, i - from};

		if (!ends)
			continue;
		if (slice_eq_str(segment, ".") || slice_eq_str(segment, ".."))
			return false;
		if (i < rest.len && rest.p[i] == '?')
			return true;
		from = i + 1;
	}
	return true;
}

static bool
tool_template_write_in_url(struct writer *w, struct slice text, struct slice name)
{
	if (!w->query && text.len == 0)
		return tool_template_refuse(
		    w->why, "\"%.*s\" is missing", (int)name.len, (const char *)name.p);
	return tool_template_add_encoded(w->out, text) ||
	    tool_template_refuse(w->why, "the URL is too long");
}

/* Whether a text has signs that change the direction of what follows them, so that people read something else. */
static bool
tool_template_turns(struct slice text)
{
	for (size_t i = 0; i + 3 <= text.len; i++) {
		const uint8_t *c = text.p + i;

		/* U+202A to U+202E, and U+2066 to U+2069. */
		if (c[0] == 0xe2 &&
		    ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
			(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)))
			return true;
	}
	return false;
}

static bool
tool_template_write_as_it_is(struct writer *w, struct slice text, struct slice name)
{
	if (utf8_has_control(text, w->place == TOOL_IN_TEXT ? "\n" : ""))
		return tool_template_refuse(w->why, "\"%.*s\" must be one line of text",
		    (int)name.len, (const char *)name.p);
	if (w->place == TOOL_IN_TEXT && tool_template_turns(text))
		return tool_template_refuse(w->why,
		    "\"%.*s\" must not change the direction of the text", (int)name.len,
		    (const char *)name.p);
	return buf_append(w->out, text.p, text.len) == 0 ||
	    tool_template_refuse(w->why,
		w->place == TOOL_IN_TEXT ? "the arguments are too long"
					 : "a header is too long");
}

/* A string that is only a name: the value itself. Its first quote is written. */
static bool
tool_template_write_value(struct writer *w, const struct found *found)
{
	char *json;
	bool fits;

	buf_truncate(w->out, buf_len(w->out) - 1);
	if (found->text.len > 0)
		return buf_append_str(w->out, "\"") == 0 &&
		    json_escape(w->out, found->text) == 0 && buf_append_str(w->out, "\"") == 0;
	if (found->argument == NULL)
		return buf_append_str(w->out, "null") == 0;
	json = json_dumps(found->argument, JSON_COMPACT | JSON_ENCODE_ANY);
	must(json != NULL);
	fits = buf_append_str(w->out, json) == 0;
	free(json);
	return fits;
}

static bool
tool_template_write_text(struct writer *w, const struct found *found, struct slice name)
{
	struct slice text;
	char *made;
	bool written;

	if (!tool_template_text(found, name, &text, &made, w->why))
		return false;
	if (w->place == TOOL_IN_URL)
		written = tool_template_write_in_url(w, text, name);
	else if (w->place != TOOL_IN_BODY)
		written = tool_template_write_as_it_is(w, text, name);
	else
		written = json_escape(w->out, text) == 0 ||
		    tool_template_refuse(w->why, "the body is too long");
	free(made);
	return written;
}

/* Text of the template itself: follows where in the URL, or in the body, it ends. */
static bool
tool_template_write_own(struct writer *w, struct slice text)
{
	if (w->place == TOOL_IN_URL && memchr(text.p, '?', text.len) != NULL)
		w->query = true;
	if (w->place == TOOL_IN_BODY)
		w->inside = tool_template_ends_inside(text, w->inside);
	return buf_append(w->out, text.p, text.len) == 0 ||
	    tool_template_refuse(w->why, "the request is too long");
}

static bool
tool_template_write_name(
    struct writer *w, struct reader *r, bool whole, const struct found *found)
{
	if (!whole)
		return tool_template_write_text(w, found, r->name);
	if (!tool_template_write_value(w, found))
		return tool_template_refuse(w->why, "the body is too long");
	r->rest = tool_template_behind(r->rest, 1);
	w->inside = false;
	return true;
}

bool
tool_template_write(struct slice text, enum tool_place place, const struct tool_values *values,
    struct buf *out, char why[TOOL_WHY_MAX])
{
	const size_t before = buf_len(out);
	struct writer w = {.place = place, .out = out, .why = why};
	struct reader r = {.rest = text};
	struct found found;

	while (tool_template_next(&r) == 1) {
		const bool whole =
		    place == TOOL_IN_BODY && tool_template_is_whole(&r, w.inside);

		if (!tool_template_write_own(&w, r.text))
			return false;
		if (r.name.len == 0)
			break;
		if (!tool_template_find(r.name, values, &found, why) ||
		    !tool_template_write_name(&w, &r, whole, &found))
			return false;
	}
	return place != TOOL_IN_URL ||
	    tool_template_path_is_safe(tool_template_behind(buf_slice(out), before)) ||
	    tool_template_refuse(why, "a part of the path cannot be \".\" or \"..\"");
}
