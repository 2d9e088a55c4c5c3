/*
 * The service's HTTP interface: what the handlers share, and how a request reaches its handler.
 *
 *	conn.c → api_handle(): origin → route → guard → handler
 *
 * One struct api a worker. Handlers are declared in routes.def and live in one file for each
 * resource.
 */
#ifndef WORKERD_API_API_H
#define WORKERD_API_API_H

#include "proto/ratelimit.h"
#include "proto/scoreboard.h"
#include "proto/settings.h"
#include "workerd/chat/chat.h"
#include "workerd/http/reply.h"
#include "workerd/http/router.h"
#include "workerd/store_client.h"

struct pages;

struct api {
	const struct settings *settings;
	struct chat *chat;
	struct store_client *store;
	struct scoreboard *board;
	struct scoreboard_worker *me; /* this worker's slot of the board */
	struct router *router;
	struct pages *pages;
	struct ratelimit_rule chat_rate, login_rate;
	struct buf line; /* where a handler puts a small answer together */
};

/* One request on its way to its handler. */
struct api_call {
	struct api *api;
	struct http_exchange *x;
	const struct api_route *route;
	struct route_match match;
	struct id org; /* whose data the caller may see; set by the guard */
};

/* A handler answers c->x now or later; *c itself is gone when it returns. */
typedef void api_handler_fn(const struct api_call *c);

struct api_route {
	const char *name;
	enum api_guard { GUARD_PUBLIC, GUARD_CHAT, GUARD_ADMIN, GUARD_PAGE, GUARD_LOGIN } guard;
	size_t body_max;
	api_handler_fn *handler;
};

/* handle_health, …: every handler of routes.def. */
#define ROUTE(method, pattern, handler, guard, body_max, name) api_handler_fn handle_##handler;
#include "workerd/api/routes.def"

/* Loads the static files and builds the router. All pointers are borrowed. */
struct api *api_new(const struct settings *settings, struct chat *chat,
    struct store_client *store, struct scoreboard *board, struct scoreboard_worker *me);
void api_free(struct api *api);

/* What conn.h asks for; ctx is the struct api. */
void api_handle(struct http_exchange *x, void *ctx);
size_t api_body_limit(const struct http_request *req, void *ctx);
int api_decorate(struct http_exchange *x, struct buf *out, void *ctx);
void api_answered(struct http_exchange *x, void *ctx);

/* -- answers that all resources give -------------------------------------------------------- */

/* A JSON answer with Cache-Control: no-store. */
void api_reply_json(struct http_exchange *x, int status, struct slice json);

/* 400 with the error; in development with details too: a sentence on what would be right. */
void api_reply_invalid(
    struct api *api, struct http_exchange *x, const char *error, const char *details);

/* The answer to a request that storaged refused or left unanswered: 503 with Retry-After, or 500
 * for what should not have happened. */
void api_reply_store_failure(struct http_exchange *x, uint16_t type, const union msg *m);

/* The buffer for a small answer, empty. */
struct buf *api_line(struct api *api);

#endif
