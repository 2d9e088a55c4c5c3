/*
 * Widgets: anybody may ask about one whose public id he knows, from the sites that it is for.
 *
 * The store is asked each time, so that a change is seen at once. An origin is compared as a whole,
 * byte by byte, as in guard_origin.c.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/guard/guard.h"
#include "workerd/http/ws.h"

#define PUBLIC_ID_MAX 32 /* as messages.def has it */

/* A call that waits for the store. */
struct widget_check {
	struct api_call call;
	struct store_call *store;
};

bool
guard_is_for_widgets(const struct http_exchange *x)
{
	const struct api_route *route = (const struct api_route *)x->route;

	return route != NULL &&
	    (route->guard == GUARD_WIDGET || route->guard == GUARD_WIDGET_SOCKET ||
		route->guard == GUARD_WIDGET_OPTIONS);
}

enum guard_verdict
guard_upgrade(struct api_call *c)
{
	return ws_check(c->x) ? GUARD_NEXT : GUARD_REFUSED;
}

/* -- which sites it is for ----------------------------------------------------------------- */

/* Takes the origin before the next space off the list. */
static struct slice
take_origin(struct slice *list)
{
	const uint8_t *space = memchr(list->p, ' ', list->len);
	size_t n = space == NULL ? list->len : (size_t)(space - list->p);
	struct slice origin = {list->p, n};

	n += space != NULL;
	*list = (struct slice){list->p + n, list->len - n};
	return origin;
}

static bool
is_for(const struct msg_widget_record *widget, struct slice origin)
{
	struct slice list = widget->origins;

	if (origin.p == NULL || list.len == 0)
		return true;
	while (list.len > 0)
		if (slice_eq(take_origin(&list), origin))
			return true;
	return false;
}

/* -- asking the store ---------------------------------------------------------------------- */

static void
refuse_unknown(struct http_exchange *x)
{
	reply_json_error(x, 404, "not_found", "Widget not found");
}

/* The widget is there: goes on with it. */
static void
admit(const struct api_call *call, struct slice record)
{
	struct msg_widget_record widget;
	struct api_call c = *call;

	must(record_decode(record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	if (!widget.enabled) {
		refuse_unknown(c.x);
		return;
	}
	if (!is_for(&widget, http_header(c.x->req, "origin"))) {
		api_context(c.x)->foreign = true;
		reply_json_error(c.x, 403, "origin_not_allowed", "Origin not allowed");
		return;
	}
	c.org = widget.org;
	c.widget = widget.id;
	c.record = &widget;
	guard_resume(&c, GUARD_NEXT);
}

static void
on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct widget_check *check = arg;
	struct api_call c = check->call;

	c.x->on_close = NULL;
	c.x->data = NULL;
	free(check);
	if (type == MSG_WIDGET && m->widget.widget.len > 0)
		admit(&c, m->widget.widget);
	else if (store_refused(type, m, STORE_NOT_FOUND))
		refuse_unknown(c.x);
	else
		api_reply_store_failure(c.x, type, m);
}

static void
on_client_gone(struct http_exchange *x)
{
	struct widget_check *check = x->data;

	store_call_forget(check->store);
	free(check);
}

enum guard_verdict
guard_widget(struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct msg_widget_get get = {.public_id = router_capture(&c->match, 0, text)};
	struct widget_check *check;

	if (get.public_id.len > PUBLIC_ID_MAX) {
		refuse_unknown(c->x);
		return GUARD_REFUSED;
	}
	check = xcalloc(1, sizeof(*check));
	check->call = *c;
	check->store =
	    store_call(c->api->store, MSG_WIDGET_GET, &get, STORE_TIMEOUT_MS, on_widget, check);
	if (check->store == NULL) {
		free(check);
		api_reply_store_failure(c->x, 0, NULL);
		return GUARD_REFUSED;
	}
	c->x->data = check;
	c->x->on_close = on_client_gone;
	return GUARD_WAITING;
}
