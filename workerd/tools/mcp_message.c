#include "workerd/tools/mcp_message.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/net/sse.h"

#define META "io.modelcontextprotocol/"

/* As the standard says it of a tool's name in a header. */
#define ENCODED     "=?base64?"
#define ENCODED_END "?="

static json_t *
mcp_request_meta(enum mcp_version version)
{
	json_t *meta = json_pack("{s:s, s:{s:s, s:s}, s:{}}", META "protocolVersion",
	    mcp_version_words[version], META "clientInfo", "name", "banter", "version",
	    BANTER_VERSION, META "clientCapabilities");

	must(meta != NULL);
	return meta;
}

char *
mcp_request_write(enum mcp_version version, unsigned id, const char *method, json_t *params)
{
	json_t *request =
	    json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params);
	char *text;

	must(request != NULL);
	if (id > 0)
		must(json_object_set_new(request, "id", json_integer((json_int_t)id)) == 0);
	if (version == MCP_2026_07_28)
		must(json_object_set_new(params, "_meta", mcp_request_meta(version)) == 0);
	text = json_dumps(request, JSON_COMPACT | JSON_REAL_PRECISION(15));
	must(text != NULL);
	json_decref(request);
	return text;
}

/* Takes json; false: it is not the response to this request, and freed. */
static bool
mcp_response_take(json_t *json, unsigned id, struct mcp_response *response)
{
	const json_t *given = json_object_get(json, "id");
	const json_t *error = json_object_get(json, "error");
	const json_t *result = json_object_get(json, "result");
	/* The error of a request that the server has not read has no id. */
	const bool ours = (json_is_integer(given) && json_integer_value(given) == id) ||
	    (error != NULL && (given == NULL || json_is_null(given)));
	const char *message = json_string_value(json_object_get(error, "message"));

	if (!ours || json_object_get(json, "method") != NULL ||
	    json_is_object(result) == json_is_object(error)) {
		json_decref(json);
		return false;
	}
	*response = (struct mcp_response){
	    .json = json, .result = result, .message = message == NULL ? "" : message};
	if (error != NULL) {
		response->result = NULL;
		response->code = (int)json_integer_value(json_object_get(error, "code"));
		response->data = json_object_get(error, "data");
	}
	return true;
}

struct search {
	unsigned id;
	struct mcp_response *response;
	bool found;
};

/* sse_event_fn */
static int
mcp_response_on_event(void *arg, struct slice data)
{
	struct search *s = arg;
	json_t *json = json_loadb((const char *)data.p, data.len, 0, NULL);

	s->found = json != NULL && mcp_response_take(json, s->id, s->response);
	return s->found ? -1 : 0;
}

bool
mcp_response_read(struct slice body, bool events, unsigned id, struct mcp_response *response)
{
	struct search s = {.id = id, .response = response};
	struct sse_reader reader;
	json_t *json;

	if (!events) {
		json = json_loadb((const char *)body.p, body.len, 0, NULL);
		return json != NULL && mcp_response_take(json, id, response);
	}
	sse_init(&reader);
	if (sse_feed(&reader, body, mcp_response_on_event, &s) == 0)
		(void)!sse_end(&reader, mcp_response_on_event, &s);
	sse_clear(&reader);
	return s.found;
}

void
mcp_response_clear(struct mcp_response *response)
{
	json_decref(response->json);
	*response = (struct mcp_response){0};
}

bool
mcp_error_is_refusal(int code)
{
	static const int refusals[] = {-32700, -32600, -32601, -32602, MCP_HEADER_MISMATCH,
	    MCP_MISSING_CAPABILITY, MCP_UNSUPPORTED_VERSION};

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (refusals[i] == code)
			return true;
	return false;
}

bool
mcp_result_wants_input(const json_t *result)
{
	const char *type = json_string_value(json_object_get(result, "resultType"));

	return type != NULL && strcmp(type, "complete") != 0;
}

/* The text of an item of content, to be freed. */
static json_t *
mcp_content_text(const json_t *item)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	json_t *text = json_object_get(item, "text");

	if (!json_is_string(text))
		text = json_object_get(json_object_get(item, "resource"), "text");
	if (!json_is_string(text))
		text = json_object_get(item, "uri");
	if (json_is_string(text))
		return json_incref(text);
	return json_sprintf(
	    "(%.40s, which cannot be shown)", type == NULL ? "something" : type);
}

/* A text that is JSON, as servers send what is structured to older clients, is taken as that. */
static json_t *
mcp_content_value(json_t *text)
{
	json_t *json = json_loadb(json_string_value(text), json_string_length(text), 0, NULL);

	if (json == NULL)
		return text;
	json_decref(text);
	return json;
}

json_t *
mcp_result_content(const json_t *result)
{
	json_t *structured = json_object_get(result, "structuredContent");
	const json_t *content = json_object_get(result, "content");
	json_t *list;

	if (structured != NULL)
		return json_incref(structured);
	if (json_array_size(content) == 1)
		return mcp_content_value(mcp_content_text(json_array_get(content, 0)));
	list = json_array();
	for (size_t i = 0; i < json_array_size(content); i++)
		must(json_array_append_new(
			 list, mcp_content_text(json_array_get(content, i))) == 0);
	return list;
}

/* Visible ASCII, with spaces within. */
static bool
mcp_header_is_plain(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.p[i] < 0x20 || value.p[i] > 0x7e)
			return false;
	return value.len > 0 && value.p[0] != ' ' && value.p[value.len - 1] != ' ' &&
	    !(value.len >= strlen(ENCODED) && memcmp(value.p, ENCODED, strlen(ENCODED)) == 0);
}

void
mcp_header_write(struct slice value, struct buf *out)
{
	uint8_t *to;

	if (mcp_header_is_plain(value)) {
		must(buf_append(out, value.p, value.len) == 0);
		return;
	}
	must(buf_append_str(out, ENCODED) == 0);
	to = buf_reserve(out, 4 * ((value.len + 2) / 3) + 1);
	must(to != NULL);
	buf_commit(out, (size_t)EVP_EncodeBlock(to, value.p, (int)value.len));
	must(buf_append_str(out, ENCODED_END) == 0);
}
