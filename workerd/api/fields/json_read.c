/*
 * Jansson, with the flags that all bodies use.
 */
#include "workerd/api/fields/json_read.h"

#include <string.h>

#include <jansson.h>

json_t *
json_read_object(struct slice text)
{
	json_t *json = json_loadb(
	    (const char *)text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

void
json_read_free(json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value)
		if (json_is_string(value))
			explicit_bzero((char *)(uintptr_t)json_string_value(value),
			    json_string_length(value));
	json_decref(object);
}

struct slice
json_read_string(const json_t *value)
{
	if (!json_is_string(value))
		return (struct slice){0};
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

struct slice
json_read_member(const json_t *object, const char *name)
{
	return json_read_string(json_object_get(object, name));
}
