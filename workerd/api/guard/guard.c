/*
 * The table of guards, and the loop that runs their checks.
 */
#include "workerd/api/guard/guard.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/request/api_reply.h"

#define CHECKS_MAX 6

static guard_check_fn *const guards[][CHECKS_MAX] = {
    [GUARD_PUBLIC] = {guard_origin},
    [GUARD_ASSET] = {NULL},
    [GUARD_FILE] = {guard_poll_rate},
    [GUARD_CHAT] = {guard_origin, guard_chat_rate, guard_chat_key},
    [GUARD_CHAT_READ] = {guard_origin, guard_chat_read_rate, guard_chat_key},
    [GUARD_CHAT_POLL] = {guard_origin, guard_poll_rate, guard_chat_key},
    [GUARD_CHAT_SOCKET] = {guard_origin, guard_widget_rate, guard_upgrade, guard_connection,
	guard_chat_query_key},
    [GUARD_CHAT_FEED] = {guard_origin, guard_widget_rate, guard_chat_query_key},
    [GUARD_CHAT_FEED_POLL] = {guard_origin, guard_poll_rate, guard_chat_query_key},
    [GUARD_CHANNEL] = {guard_origin, guard_poll_rate},
    [GUARD_ADMIN] = {guard_origin, guard_admin_key, guard_has_session, guard_own_changes,
	guard_admin_session, guard_right},
    [GUARD_METRICS] = {guard_origin, guard_local, guard_scrape_key},
    [GUARD_PAGE] = {guard_origin, guard_page_session},
    [GUARD_LOGIN] = {guard_origin, guard_no_session},
    [GUARD_SIGN_IN] = {guard_origin, guard_own_page},
    [GUARD_SIGN_OUT] = {guard_origin, guard_own_page},
    [GUARD_WIDGET] = {guard_widget_rate, guard_widget},
    [GUARD_WIDGET_SOCKET] = {guard_widget_rate, guard_upgrade, guard_connection, guard_widget},
    [GUARD_WIDGET_POLL] = {guard_poll_rate, guard_widget},
    [GUARD_WIDGET_OPTIONS] = {NULL},
};

/* Goes on with the verdict of a check: runs the checks after it, and the handler if none refuses. */
static void
guard_continue(struct api_call *c, enum guard_verdict verdict)
{
	guard_check_fn *const *checks = guards[c->route->guard];

	while (verdict == GUARD_NEXT) {
		if (c->step == CHECKS_MAX || checks[c->step] == NULL)
			verdict = GUARD_GRANTED;
		else
			verdict = checks[c->step++](c);
	}
	if (verdict == GUARD_GRANTED)
		c->route->handler(c);
}

void
guard_pass(const struct api_call *c)
{
	struct api_call own = *c;

	own.step = 0;
	guard_continue(&own, GUARD_NEXT);
}

/* A call that waits for the store. */
struct guard_call {
	struct api_call call;
	struct store_call *store;
	guard_found_fn *found;
};

static void
guard_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct guard_call *g = arg;
	struct api_call c = g->call;
	guard_found_fn *found = g->found;
	bool is_found = type != 0 && type != MSG_ERROR;

	free(g);
	c.x->on_close = NULL;
	c.x->data = NULL;
	if (is_found || store_refused(type, m, STORE_NOT_FOUND))
		guard_continue(&c, found(&c, is_found ? m : NULL));
	else
		api_reply_store_failure(c.x, type, m);
}

static void
guard_on_client_gone(struct http_exchange *x)
{
	struct guard_call *g = x->data;

	store_call_forget(g->store);
	free(g);
}

enum guard_verdict
guard_ask(struct api_call *c, enum msg_type type, const void *msg, guard_found_fn *found)
{
	struct guard_call *g = xcalloc(1, sizeof(*g));

	*g = (struct guard_call){.call = *c, .found = found};
	g->store = store_call(c->api->store, type, msg, STORE_TIMEOUT_MS, guard_on_answer, g);
	if (g->store == NULL) {
		free(g);
		api_reply_store_failure(c->x, 0, NULL);
		return GUARD_REFUSED;
	}
	c->x->data = g;
	c->x->on_close = guard_on_client_gone;
	return GUARD_WAITING;
}
