/*
 * Finds the objects of a JSON text of any size as it arrives: those of a list, one a line, one after the other, or in
 * lists within a large object. At most JSON_OBJECT_MAX bytes of an object are held.
 *
 * An object is passed on whole. One that is larger is taken for a wrapper, {"data": [...]}: the objects in it are passed
 * on, each with the name of the member that has it.
 */
#ifndef STORAGED_CLI_FOREIGN_JSON_OBJECTS_H
#define STORAGED_CLI_FOREIGN_JSON_OBJECTS_H

#include "proto/base/buf.h"

#define JSON_OBJECT_MAX ((size_t)8 << 20)

/* Lists and wrappers within each other, at most. */
#define JSON_DEPTH_MAX 16
#define JSON_NAME_MAX  64

/* text: valid during the call. name: of the member that the object or its list is the value of; "": none. */
typedef void json_object_fn(void *arg, struct slice text, const char *name);

struct json_objects {
	json_object_fn *found;
	void *arg;
	struct buf object; /* the one that arrives */
	size_t open;       /* braces and brackets of it that are open; 0: there is none */
	bool in_string, escaped;
	/* Lists and wrappers around it, and the last string, which may be a name. */
	struct {
		uint8_t end; /* '}' or ']' */
		char name[JSON_NAME_MAX];
	} outer[JSON_DEPTH_MAX];
	size_t depth;
	char last[JSON_NAME_MAX];
	size_t last_len;
	const char *fault; /* why reading has ended; NULL: it goes on */
};

void json_objects_init(struct json_objects *j, json_object_fn *found, void *arg);
void json_objects_clear(struct json_objects *j);

/* Takes the next bytes. 0, or -1: the text is not JSON, fault says why. */
[[gnu::warn_unused_result]] int json_objects_feed(struct json_objects *j, struct slice bytes);

/* The text has ended. 0, or -1 with fault: it is not complete. */
[[gnu::warn_unused_result]] int json_objects_end(struct json_objects *j);

#endif
