/*
 * The members of a tool in the API. Its secret is never written.
 */
#ifndef WORKERD_API_TOOLS_TOOL_FIELDS_H
#define WORKERD_API_TOOLS_TOOL_FIELDS_H

#include "workerd/api/fields/fields.h"

extern const struct field tool_fields[];

/* An object as its JSON text, and a secret. */
extern const struct field_kind tool_fields_object, tool_fields_secret;

/* The text of a JSON value of a body, with whole numbers as such; free() it. */
char *tool_fields_text(const struct json_t *value);

/* Rules that concern what a member means: schema and templates. */
void tool_fields_check(struct fields *in, const void *record);

#endif
