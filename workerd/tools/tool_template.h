/*
 * The templates of a tool's request: texts with {{names}}, which are replaced by values that are encoded for their place,
 * so that no value can change anything but itself:
 *
 *	URL      percent-encoded, behind the host only. In the path, a value is never empty, "." or "..": it stays one
 *	         segment
 *	header   as it is, without control characters
 *	text     for people: as it is; lines, but no other control characters, and none that change the direction of the
 *	         text
 *	body     JSON: within a string, as a part of it; a string that is only a name becomes the value itself, with its type
 *
 *	{{args.NAME}}                                  an argument of the model
 *	{{visitor.user_id}}                            the site's own id of the visitor, which it has proved
 *	{{visitor.verified}}                           true or false: whether it has
 *	{{visitor.email}} {{contact.email|name|phone}} as the visitor, or an operator, has given them
 *	{{conversation.id}}
 *	{{secret}}                                     the tool's; not in the URL, which servers log, nor in a text
 *
 * The model's arguments have names of their own, so that they cannot take the place of the others. Pure.
 */
#ifndef WORKERD_TOOLS_TOOL_TEMPLATE_H
#define WORKERD_TOOLS_TOOL_TEMPLATE_H

#include "proto/base/buf.h"
#include "workerd/tools/tool_schema.h"

enum tool_place {
	TOOL_IN_URL,
	TOOL_IN_HEADER,
	TOOL_IN_BODY,
	TOOL_IN_TEXT,
};

/* What the names stand for. Empty: not known. Borrowed. */
struct tool_values {
	const struct json_t *arguments;
	struct slice user_id, name, email, phone, conversation, secret;
};

/* Whether a template is valid in its place; schema: of the arguments. Else why has the reason. */
[[gnu::warn_unused_result]] bool tool_template_check(struct slice text, enum tool_place place,
    const struct json_t *schema, char why[TOOL_WHY_MAX]);

/* The same for a URL, whose scheme and host must have no names. */
[[gnu::warn_unused_result]] bool tool_template_check_url(
    struct slice text, const struct json_t *schema, char why[TOOL_WHY_MAX]);

/* The same for a JSON object of headers. */
[[gnu::warn_unused_result]] bool tool_template_check_headers(
    struct json_t *headers, const struct json_t *schema, char why[TOOL_WHY_MAX]);

/* The same for a JSON body. */
[[gnu::warn_unused_result]] bool tool_template_check_body(
    struct slice text, const struct json_t *schema, char why[TOOL_WHY_MAX]);

/* Whether the template has this name. */
bool tool_template_has(struct slice text, const char *name);

/* Appends a valid template with its values to out. False: a value is missing or cannot stand there, and why says so for
 * the model; or out is full. */
[[gnu::warn_unused_result]] bool tool_template_write(struct slice text, enum tool_place place,
    const struct tool_values *values, struct buf *out, char why[TOOL_WHY_MAX]);

#endif
