/*
 * What a model gets of a server's answer: the whole JSON, or the parts that the owner's JSON pointers (RFC 6901) name, at most
 * TOOL_RESULT_MAX bytes. It is data: marks and markers by which the model's own text acts are escaped in it. Pure.
 */
#ifndef WORKERD_TOOLS_TOOL_RESULT_H
#define WORKERD_TOOLS_TOOL_RESULT_H

#include "workerd/tools/tool_schema.h"

#define TOOL_ANSWER_MAX 65536 /* bytes of a server's answer */
#define TOOL_RESULT_MAX 8192  /* bytes; as in STEP_RECORD */

/* Whether a list of pointers is valid; else why has the reason. */
[[gnu::warn_unused_result]] bool tool_result_check(
    const struct json_t *pointers, char why[TOOL_WHY_MAX]);

/* Writes the result to out, which is empty and takes TOOL_RESULT_MAX bytes. pointers: JSON text; empty: everything. False:
 * the answer is not JSON. */
[[gnu::warn_unused_result]] bool tool_result_write(
    struct slice answer, struct slice pointers, struct buf *out);

/* The same for a text that says why there is none. */
void tool_result_fail(struct slice why, struct buf *out);

#endif
