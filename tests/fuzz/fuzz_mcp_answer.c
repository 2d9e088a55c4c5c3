/*
 * An answer of an MCP server: one JSON object if the first byte is even, else server-sent events. A response that is found is a
 * result or an error; what a model gets of a result is JSON; each tool of a list has the same pin again, and a schema that can be
 * checked or a reason why not. Events that are cut anywhere are never taken for another response.
 */
#include <jansson.h>
#include <stdlib.h>

#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/tools/mcp_message.h"
#include "workerd/tools/mcp_tool.h"

static void
read_content(const json_t *result)
{
	json_t *content = mcp_result_content(result);
	char *text = json_dumps(content, JSON_COMPACT | JSON_ENCODE_ANY);

	must(text != NULL && utf8_valid(slice_str(text)));
	free(text);
	json_decref(content);
}

static void
read_tool(const json_t *tool)
{
	const struct hash256 a = mcp_tool_pin(tool), b = mcp_tool_pin(tool);
	char why[TOOL_WHY_MAX] = "";
	json_t *schema = mcp_tool_schema(tool, why), *offer = mcp_tool_offer(tool);
	struct buf name;

	must(hash_equal(&a, &b));
	must(schema != NULL || (why[0] != '\0' && utf8_valid(slice_str(why))));
	must(schema == NULL || tool_schema_check(schema, why));
	must(json_is_null(json_object_get(offer, "problem")) == (schema != NULL));
	buf_init(&name, 4 * MCP_NAME_MAX);
	mcp_header_write(mcp_tool_name(tool), &name);
	must(!utf8_has_control(buf_slice(&name), ""));
	buf_clear(&name);
	json_decref(schema);
	json_decref(offer);
}

FUZZ(mcp_answer)
{
	const bool events = in.len > 0 && in.p[0] % 2 == 1;
	const struct slice body = {in.p + (in.len > 0), in.len - (in.len > 0)};
	struct mcp_response whole, part;
	const json_t *tool;
	size_t i;

	if (!mcp_response_read(body, events, 1, &whole))
		return;
	must(whole.message != NULL && (whole.result == NULL || json_is_object(whole.result)));
	(void)mcp_result_wants_input(whole.result);
	if (whole.result != NULL)
		read_content(whole.result);
	json_array_foreach (json_object_get(whole.result, "tools"), i, tool)
		read_tool(tool);
	if (events && mcp_response_read((struct slice){body.p, body.len / 2}, true, 1, &part)) {
		must(json_equal(part.json, whole.json));
		mcp_response_clear(&part);
	}
	mcp_response_clear(&whole);
}
