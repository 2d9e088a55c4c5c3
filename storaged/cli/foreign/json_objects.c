/*
 * Only braces, brackets and strings are followed; who receives an object parses it.
 */
#include "storaged/cli/foreign/json_objects.h"

#include <string.h>

#include "proto/base/basics.h"

void
json_objects_init(struct json_objects *j, json_object_fn *found, void *arg)
{
	*j = (struct json_objects){.found = found, .arg = arg};
	buf_init(&j->object, JSON_OBJECT_MAX);
}

void
json_objects_clear(struct json_objects *j)
{
	buf_clear(&j->object);
}

static int
json_objects_fail(struct json_objects *j, const char *fault)
{
	j->fault = fault;
	return -1;
}

/* A list or a wrapper begins. It has the name of the member whose value it is; within a list, that of the list. */
static int
json_objects_enter(struct json_objects *j, uint8_t end)
{
	const char *outer = j->depth == 0 ? "" : j->outer[j->depth - 1].name;
	const char *name = j->last_len > 0 ? j->last : outer;

	if (j->depth == JSON_DEPTH_MAX)
		return json_objects_fail(j, "its lists are nested too deeply");
	j->outer[j->depth].end = end;
	memmove(j->outer[j->depth].name, name, strlen(name) + 1);
	j->depth++;
	j->last_len = 0;
	return 0;
}

static int
json_objects_leave(struct json_objects *j, uint8_t end)
{
	if (j->depth == 0 || j->outer[j->depth - 1].end != end)
		return json_objects_fail(j, "its brackets do not match");
	j->depth--;
	j->last_len = 0;
	return 0;
}

/* Takes the bytes of a string that fit into a name; returns how many bytes belong to the string. */
static size_t
json_objects_take_string(struct json_objects *j, struct slice s)
{
	size_t i = 0;

	for (; i < s.len && j->in_string; i++) {
		uint8_t c = s.p[i];

		if (!j->escaped && c == '"')
			j->in_string = false;
		else if (j->last_len + 1 < sizeof(j->last) && c != '\0')
			j->last[j->last_len++] = (char)c;
		j->escaped = !j->escaped && c == '\\';
	}
	j->last[j->last_len] = '\0';
	return i;
}

/* How many of these bytes belong to the object that arrives. */
static size_t
json_objects_measure(struct json_objects *j, struct slice s)
{
	size_t i = 0;

	for (; i < s.len && j->open > 0; i++) {
		uint8_t c = s.p[i];

		if (j->in_string) {
			if (!j->escaped && c == '"')
				j->in_string = false;
			j->escaped = !j->escaped && c == '\\';
		} else if (c == '"') {
			j->in_string = true;
		} else if (c == '{' || c == '[') {
			j->open++;
		} else if (c == '}' || c == ']') {
			j->open--;
		}
	}
	return i;
}

/* The name of the object that has arrived. */
static const char *
json_objects_name(const struct json_objects *j)
{
	if (j->last_len > 0)
		return j->last;
	return j->depth == 0 ? "" : j->outer[j->depth - 1].name;
}

/* The object is too large: looks for those in it. Each level holds less than the one around it. */
static int
json_objects_open_wrapper(struct json_objects *j, struct slice rest)
{
	struct buf held = j->object;
	int rc;

	buf_init(&j->object, JSON_OBJECT_MAX);
	j->open = 0;
	j->in_string = j->escaped = false;
	rc = json_objects_enter(j, '}');
	if (rc == 0) {
		struct slice inner = buf_slice(&held);

		inner.p++;
		inner.len--;
		rc = json_objects_feed(j, inner);
	}
	buf_clear(&held);
	return rc == 0 ? json_objects_feed(j, rest) : rc;
}

/* Takes a byte outside of objects and strings. */
static int
json_objects_take_byte(struct json_objects *j, uint8_t c)
{
	switch (c) {
	case '"':
		j->in_string = true;
		j->last_len = 0;
		return 0;
	case '{':
		j->open = 1;
		return buf_append(&j->object, "{", 1);
	case '[':
		return json_objects_enter(j, ']');
	case ']':
	case '}':
		return json_objects_leave(j, c);
	case ',':
		j->last_len = 0;
		return 0;
	default:
		/* Numbers and words; a byte order mark. */
		if (strchr(" \t\r\n:+-._", c) != NULL || c >= 0xef || c == 0xbb || c == 0xbf ||
		    (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			return 0;
		return json_objects_fail(j, "it is not JSON");
	}
}

int
json_objects_feed(struct json_objects *j, struct slice s)
{
	size_t n;

	while (s.len > 0 && j->fault == NULL) {
		if (j->open > 0) {
			n = json_objects_measure(j, s);
			if (buf_append(&j->object, s.p, n) == -1) {
				/* Measured again as what it consists of. */
				return json_objects_open_wrapper(j, s);
			}
			if (j->open == 0) {
				j->found(j->arg, buf_slice(&j->object), json_objects_name(j));
				buf_reset(&j->object);
				j->last_len = 0;
			}
		} else if (j->in_string) {
			n = json_objects_take_string(j, s);
		} else {
			n = 1;
			if (json_objects_take_byte(j, s.p[0]) == -1)
				return -1;
		}
		s.p += n;
		s.len -= n;
	}
	return j->fault == NULL ? 0 : -1;
}

int
json_objects_end(struct json_objects *j)
{
	if (j->fault != NULL)
		return -1;
	if (j->open > 0 || j->in_string || j->depth > 0)
		return json_objects_fail(j, "its end is missing");
	return 0;
}
