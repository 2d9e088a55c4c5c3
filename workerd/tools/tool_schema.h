/*
 * The JSON Schema of a tool's arguments: a subset of draft 2020-12 that can be checked completely when it is saved and in
 * bounded time when it is used.
 *
 *	checked      type, properties, required, enum, const, minimum, maximum, minLength, maxLength, items, minItems,
 *	             maxItems, additionalProperties
 *	kept         title, description, default, examples, format, $schema, $comment: for the model
 *	refused      all others, pattern among them: a regular expression of the owner's, run on a text of the model's, may
 *	             take any time
 *
 * Pure; nothing is recursive. A text of bounded length is expected (TOOL_SCHEMA_MAX), and arguments likewise.
 */
#ifndef WORKERD_TOOLS_TOOL_SCHEMA_H
#define WORKERD_TOOLS_TOOL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buf.h"

#define TOOL_SCHEMA_MAX   16384 /* bytes */
#define TOOL_SCHEMA_DEPTH 8     /* schemas within schemas */
#define TOOL_WHY_MAX      160   /* bytes of a reason */

struct json_t;

/* Whether it is a valid schema of an object that some arguments fit; else why has the reason. */
[[gnu::warn_unused_result]] bool tool_schema_check(
    struct json_t *schema, char why[TOOL_WHY_MAX]);

/* Whether the value fits a schema that tool_schema_check() has accepted; else why says what does not, for the model. */
[[gnu::warn_unused_result]] bool tool_schema_fits(
    struct json_t *schema, struct json_t *value, char why[TOOL_WHY_MAX]);

#endif
