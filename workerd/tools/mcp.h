/*
 * Asks an MCP server by streamable HTTP: for its tools, or to call one of them.
 *
 *	2026-07-28              tools/list → tools/call
 *	2025-11-25, 2025-06-18  initialize → notifications/initialized → tools/list → tools/call → DELETE of the session
 *
 * A server that does not know the first way is asked by the second one. Nothing is kept between two calls: the list is read
 * before each one, and a tool that is not as an owner has seen it (mcp_tool.h) is not called.
 *
 * With a client of OAuth, a token is asked for first, unless there is one.
 *
 * tools/call is sent at most once, so an action is never repeated. What comes before it does nothing: if it fails, nothing was
 * done. A session that has ended (404) refuses the call.
 */
#ifndef WORKERD_TOOLS_MCP_H
#define WORKERD_TOOLS_MCP_H

#include "proto/base/secrets.h"
#include "proto/schema/words.h"
#include "workerd/tools/mcp_token.h"
#include "workerd/tools/tool_http.h"

#define MCP_LIST_MAX  524288u /* bytes of one page of the list */
#define MCP_PAGES_MAX 16
#define MCP_TOOLS_MAX 256 /* of a server that are shown */

struct mcp_call;

struct mcp_request {
	const char *url;
	const struct json_t *headers;    /* of the owner; copied */
	enum mcp_version version;        /* the first to be tried */
	const struct mcp_client *client; /* of OAuth; copied, but for resource; NULL: none */
	unsigned timeout_ms;             /* for all of it */
	struct slice
	    tool; /* the one to call; empty: only the list is read. Copied, as the next */
	struct json_t *arguments;
	struct hash256 pin;
	bool acts; /* the call changes something */
};

struct mcp_outcome {
	enum step_state
	    state;  /* STEP_DONE; STEP_FAILED: nothing was done; STEP_UNKNOWN: nobody knows */
	int status; /* of the last answer; 0: none came */
	unsigned ms;
	bool changed;                 /* the tool is not the one that an owner has seen */
	char error[TOOL_ERROR_MAX];   /* "": there is a list or a content */
	enum mcp_version version;     /* that the server speaks */
	const struct json_t *tools;   /* of a list: as the server has described them */
	const struct json_t *content; /* of a call, also of one that has failed; or NULL */
};

typedef void mcp_outcome_fn(void *arg, const struct mcp_outcome *outcome);

/* fn is called once, from the event loop, and what it gets is valid during the call. */
struct mcp_call *mcp_call_start(
    struct tool_http *http, const struct mcp_request *request, mcp_outcome_fn *fn, void *arg);

/* fn is not called any more. */
void mcp_call_cancel(struct mcp_call *call);

#endif
