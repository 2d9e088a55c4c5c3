/*
 * The arguments of a call, as models write them: a JSON object as text, but also nothing, null, the text of an object within
 * a text, and with commas behind the last member.
 */
#ifndef WORKERD_TOOLS_TOOL_ARGUMENTS_H
#define WORKERD_TOOLS_TOOL_ARGUMENTS_H

#include "proto/base/buf.h"

#define TOOL_ARGUMENTS_MAX 4096 /* bytes; as in STEP_RECORD */

struct json_t;

/* An object, to be freed; NULL: it is none, even when it is repaired. */
[[gnu::warn_unused_result]] struct json_t *tool_arguments_read(struct slice text);

#endif
