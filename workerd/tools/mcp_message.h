/*
 * Messages of MCP (the Model Context Protocol, revisions 2026-07-28, 2025-11-25 and 2025-06-18): JSON-RPC 2.0, over HTTP. Each
 * request is a POST, and its answer is one JSON object, or server-sent events, of which one is the response: others are
 * notifications and requests of the server, which are not answered. Pure.
 */
#ifndef WORKERD_TOOLS_MCP_MESSAGE_H
#define WORKERD_TOOLS_MCP_MESSAGE_H

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/schema/words.h"

/* Codes of errors (2026-07-28, "Error Codes"). */
#define MCP_HEADER_MISMATCH     (-32020)
#define MCP_MISSING_CAPABILITY  (-32021)
#define MCP_UNSUPPORTED_VERSION (-32022)

struct json_t;

/* A request as text, to be freed. params is taken. id 0: a notification. Requests of 2026-07-28 say in themselves who asks. */
char *mcp_request_write(
    enum mcp_version version, unsigned id, const char *method, struct json_t *params);

/* The response to a request: a result or an error. */
struct mcp_response {
	struct json_t *json;         /* its own */
	const struct json_t *result; /* an object; NULL: an error */
	int code;                    /* of the error */
	const char *message;         /* the same; may be "" */
	const struct json_t *data;   /* the same; may be NULL */
};

/* Looks for the response with this id. False: there is none, and nothing to clear. */
[[gnu::warn_unused_result]] bool mcp_response_read(
    struct slice body, bool events, unsigned id, struct mcp_response *response);
void mcp_response_clear(struct mcp_response *response);

/* Whether the request was not carried out, by the code of its error. */
bool mcp_error_is_refusal(int code);

/* Whether the server asks for something instead of doing it, which only 2026-07-28 has. */
bool mcp_result_wants_input(const struct json_t *result);

/* What the model gets of a result of tools/call, as JSON, to be freed: what is structured, or else the texts; pictures and
 * sounds are named only. */
struct json_t *mcp_result_content(const struct json_t *result);

/* Appends a header's value: as it is, or in the form =?base64?…?= if it could not stand in a header. */
void mcp_header_write(struct slice value, struct buf *out);

#endif
