/*
 * Reading JSON that clients sent (jansson).
 */
#ifndef WORKERD_API_FIELDS_JSON_READ_H
#define WORKERD_API_FIELDS_JSON_READ_H

#include "proto/base/buf.h"

struct json_t;

/* Parses a JSON object; duplicate members are errors. NULL if it is anything else; free with
 * json_decref(). */
struct json_t *json_read_object(struct slice text);

/* Frees an object from json_read_object(), and wipes its texts first: they may be passwords. NULL is
 * allowed. */
void json_read_free(struct json_t *object);

/* A string's bytes, borrowed; p is NULL if value is NULL or no string. */
struct slice json_read_string(const struct json_t *value);

/* The same for a member of an object. */
struct slice json_read_member(const struct json_t *object, const char *name);

#endif
