/*
 * The service's HTTP interface: what the handlers share, and how a request reaches its handler.
 *
 *	conn.c → api_route(): the row of routes.def → api_begin(): who calls
 *	       → api_handle(): guard → handler → api_decorate(), api_answered()
 *
 * One struct api a worker. Handlers are declared in routes.def and live in one file for each
 * resource.
 */
#ifndef WORKERD_API_API_H
#define WORKERD_API_API_H

#include <sys/queue.h>

#include "proto/ipc/ratelimit.h"
#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings.h"
#include "workerd/api/guard/caller.h"
#include "workerd/api/routes.h"
#include "workerd/http/reply.h"
#include "workerd/store/store_client.h"
#include "workerd/turn/turns.h"

struct hasher;
struct pages;
struct timeval;
struct widget_rooms;

struct api {
	const struct settings *settings;
	struct chat *chat;
	struct store_client *store;
	struct scoreboard *board;
	struct scoreboard_worker *me; /* this worker's slot of the board */
	struct router *router;
	struct pages *pages;
	struct widget_rooms *rooms;
	/* WebSockets whose connection has ended, and that the store owes an answer. */
	LIST_HEAD(, widget_socket) parting;
	struct ratelimit_rule chat_rate, chat_read_rate, login_rate, account_rate, widget_rate;
	struct hasher *hasher;
	const struct timeval *heartbeat; /* of event streams: half the silence that may be */
	struct buf line;                 /* where a handler puts a small answer together */
};

/* One request on its way to its handler. */
struct api_call {
	struct api *api;
	struct http_exchange *x;
	const struct api_route *route;
	struct route_match match;
	/* Set by the guard: whose data the caller may see, and what it is. */
	struct id org;
	struct id widget;    /* which chat by a key belongs to */
	struct id user;      /* zero: by a key, or by DASHBOARD_PASSWORD */
	enum user_role role; /* a key and DASHBOARD_PASSWORD are an owner's */
	struct id login;     /* the session's, by which it is known in lists; zero: by a key */
	bool by_key;         /* else by a session, whose cookie the request has */
	/* Of a path that names a widget; borrowed, for the handler's call alone. */
	const struct msg_widget_record *record;
	size_t step; /* the guard's own: the next of its steps */
};

/* What is known of a request beside itself, from its beginning to its end (x->context). */
struct api_context {
	struct caller caller;
	struct slice request_id; /* X-Request-Id: the client's, or own_id */
	char own_id[ID_TEXT_LEN + 1];
	char *kept_id; /* of a stream: the client's, which the request does not outlive */
	uint64_t began_ms;
	const struct ratelimit_rule *counted_by; /* NULL: no rate limit has looked at it */
	struct ratelimit_answer rate;            /* what it said */
	uint64_t place;    /* of a WebSocket behind a proxy (admission.c); 0: none */
	metric_cell *open; /* the gauge that counts it while it lasts; NULL: none */
	bool foreign;      /* its Origin is none of those that the widget is for */
};

static inline struct api_context *
api_context(const struct http_exchange *x)
{
	return x->context;
}

/* Loads the static files and builds the router. All pointers are borrowed. */
struct api *api_new(const struct settings *settings, struct chat *chat,
    struct store_client *store, struct scoreboard *board, struct scoreboard_worker *me);
void api_free(struct api *api);

/* Whether nothing is under way that no connection shows. */
bool api_is_idle(const struct api *api);

/* What conn.h asks for; ctx is the struct api. */
const struct http_route *api_route(const struct http_request *req, void *ctx);
void api_begin(struct http_exchange *x, void *ctx);
void api_handle(struct http_exchange *x, void *ctx);
int api_decorate(struct http_exchange *x, struct buf *out, void *ctx);
void api_answered(struct http_exchange *x, void *ctx);

/* Whether the client uses HTTPS, as far as we can know: in production we take it for granted. */
bool api_is_https(const struct api *api, const struct http_exchange *x);

/* The answer is a stream or a WebSocket that begins now: counts it until it ends. */
void api_stream_begin(struct api *api, struct http_exchange *x);
void api_socket_begin(struct api *api, struct http_exchange *x);

/* Drops the WebSockets that are parting. */
void widget_sockets_forget(struct api *api);

/* -- answers that all resources give -------------------------------------------------------- */

/* A JSON answer with Cache-Control: no-store. */
void api_reply_json(struct http_exchange *x, int status, struct slice json);

/* 400 with the error; in development with details too: a sentence on what would be right. */
void api_reply_invalid(
    struct api *api, struct http_exchange *x, const char *error, const char *details);

/* The id in the path. False: there is none, and 400 with the error was answered; so also for the id of
 * zeros, which nothing has, and by which the store's messages mean none. */
[[gnu::warn_unused_result]] bool api_path_id(
    const struct api_call *c, const char *error, struct id *id);

/* The answer to a request that storaged refused or left unanswered: 503 with Retry-After, or 500
 * for what should not have happened. */
void api_reply_store_failure(struct http_exchange *x, uint16_t type, const union msg *m);

/* Whether an owner calls, or who has an owner's rights; else 403 is answered. */
[[gnu::warn_unused_result]] bool api_is_owner(const struct api_call *c);

/* Who calls, for the log: a user's id, or what was shown instead: "key" or "password". */
#define API_CALLER_SIZE (ID_TEXT_LEN + 1)
void api_caller_name(const struct api_call *c, char name[API_CALLER_SIZE]);

/* The buffer for a small answer, empty. */
struct buf *api_line(struct api *api);

#endif
