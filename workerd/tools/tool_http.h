/*
 * One request to a tool's server, by libcurl.
 *
 * The URL is an owner's choice and the answer anybody's, so both are limited as those of webhooks (net/guard.h): only HTTP
 * and HTTPS, public addresses and those of TOOLS_ALLOW, no redirects, a total time, and at most TOOL_ANSWER_MAX bytes of
 * headers and of the body, which is not asked to be compressed. Connections are kept for the next requests.
 *
 * A server that does not answer TOOL_FAILURES times in a row is left alone for TOOL_PAUSE_MS: its requests fail at once.
 * One of the next ones then finds out whether it is back. Each worker learns that by itself.
 */
#ifndef WORKERD_TOOLS_TOOL_HTTP_H
#define WORKERD_TOOLS_TOOL_HTTP_H

#include <event2/event.h>

#include "proto/base/buf.h"
#include "proto/base/network.h"
#include "workerd/tools/tool_result.h"

#define TOOL_TIMEOUT_MS 15000 /* the longest */
#define TOOL_FAILURES   5
#define TOOL_PAUSE_MS   30000
#define TOOL_ERROR_MAX  128

struct json_t;
struct mcp_tokens;
struct tool_http;
struct tool_post;

struct tool_request {
	const char *url;
	bool post;
	struct slice body;      /* of a POST: JSON */
	struct json_t *headers; /* names and texts; NULL: none */
	unsigned timeout_ms;
	bool once; /* it must not be sent again, as no POST */
	/* The rest is for MCP servers (mcp.h). */
	bool events;       /* the answer may be server-sent events, too */
	bool delete;       /* the method is DELETE */
	bool form;         /* the body is a form, not JSON */
	size_t answer_max; /* bytes of the body; 0: TOOL_ANSWER_MAX */
	/* Whether the body that has arrived is all that matters: the server is not waited for. NULL: it never is. */
	bool (*enough)(void *arg, struct slice body);
};

struct tool_answer {
	int status;                 /* 0: none came */
	unsigned ms;                /* how long it took */
	bool sent;                  /* the server may have got the request */
	char error[TOOL_ERROR_MAX]; /* "": the status is 2xx. For the owner and the model */
	bool events;                /* the body is server-sent events */
	struct slice session;       /* the header Mcp-Session-Id; empty: none */
	struct slice body;
};

/* Called once, from the event loop, unless the request is cancelled. The answer is valid during the call. */
typedef void tool_answer_fn(void *arg, const struct tool_answer *answer);

/* allowed: TOOLS_ALLOW, borrowed. */
struct tool_http *tool_http_new(struct event_base *base, const struct network_list *allowed);

/* Sets a timer of its event loop. */
void tool_http_assign(
    struct tool_http *h, struct event *timer, event_callback_fn fn, void *arg);

/* Its requests must have ended. NULL: does nothing. */
void tool_http_free(struct tool_http *h);

/* Starts a request; its parts are copied. */
struct tool_post *tool_http_start(
    struct tool_http *h, const struct tool_request *request, tool_answer_fn *fn, void *arg);

void tool_http_cancel(struct tool_post *post);

/* Starts a request whose answer nobody waits for. */
void tool_http_tell(struct tool_http *h, const struct tool_request *request);

/* A tool's server describes it otherwise than when an owner looked (mcp.h): record is the TOOL_RECORD, with mcp_changed. */
typedef void tool_changed_fn(void *arg, struct slice record);

/* The tokens that its requests have got. */
struct mcp_tokens *tool_http_tokens(struct tool_http *h);

void tool_http_watch(struct tool_http *h, tool_changed_fn *fn, void *arg);
void tool_http_note_change(struct tool_http *h, struct slice record);

#endif
