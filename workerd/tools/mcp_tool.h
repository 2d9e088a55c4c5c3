/*
 * A tool as an MCP server describes it, and what becomes of it here.
 *
 * The pin is a hash of its name, its description and the schema of its arguments, as they are: what an owner has looked at. What
 * a server says of itself in annotations, such as that a tool only reads, is shown to owners and believed nowhere.
 *
 * Its schema is reduced to what tool_schema.h can check: references are replaced by what they name, of alternatives with null
 * the other one stays, and keywords that are not known are left out. The server checks the arguments by itself.
 *
 * Pure; bounded in depth and size.
 */
#ifndef WORKERD_TOOLS_MCP_TOOL_H
#define WORKERD_TOOLS_MCP_TOOL_H

#include "proto/base/secrets.h"
#include "workerd/tools/tool_schema.h"

#define MCP_NAME_MAX 128 /* bytes; as in TOOL_RECORD */

/* tool: an item of the result of tools/list. */
struct hash256 mcp_tool_pin(const struct json_t *tool);

/* The name; empty: it has none that can be used. Valid as long as tool. */
struct slice mcp_tool_name(const struct json_t *tool);

/* The schema of its arguments, reduced, to be freed. NULL: it cannot be called, and why says so. */
struct json_t *mcp_tool_schema(const struct json_t *tool, char why[TOOL_WHY_MAX]);

/* What an owner sees, and can make a tool of, to be freed: mcpTool, mcpPin, title, annotations, problem (null: it can be called),
 * name, description, arguments and confirmation. */
struct json_t *mcp_tool_offer(const struct json_t *tool);

#endif
