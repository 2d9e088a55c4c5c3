/*
 * Widgets: anyone who knows a widget's public id may use it, from the origins that the widget allows.
 *
 * The store is asked every time, so that changes take effect at once. Origins are compared byte by byte,
 * as in guard_origin.c.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/public_id.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/request/request_context.h"
#include "workerd/http/ws/ws_handshake.h"

bool
guard_is_for_widgets(const struct http_exchange *x)
{
	const struct api_route *route = (const struct api_route *)x->route;

	return route != NULL &&
	    (route->guard == GUARD_WIDGET || route->guard == GUARD_WIDGET_SOCKET ||
		route->guard == GUARD_WIDGET_POLL || route->guard == GUARD_WIDGET_OPTIONS);
}

enum guard_verdict
guard_upgrade(struct api_call *c)
{
	return ws_handshake_check(c->x) ? GUARD_NEXT : GUARD_REFUSED;
}

/* Takes the first origin off a space-separated list. */
static struct slice
guard_widget_take_origin(struct slice *list)
{
	const uint8_t *space = memchr(list->p, ' ', list->len);
	size_t n = space == NULL ? list->len : (size_t)(space - list->p);
	struct slice origin = {list->p, n};

	n += space != NULL;
	*list = (struct slice){list->p + n, list->len - n};
	return origin;
}

/* A widget without a list of origins allows all, and so does a request without an Origin. */
static bool
guard_widget_allows(const struct msg_widget_record *widget, struct slice origin)
{
	struct slice list = widget->origins;

	if (origin.p == NULL || list.len == 0)
		return true;
	while (list.len > 0)
		if (slice_eq(guard_widget_take_origin(&list), origin))
			return true;
	return false;
}

static enum guard_verdict
guard_widget_refuse(struct http_exchange *x)
{
	reply_json_error(x, 404, "not_found", "Widget not found");
	return GUARD_REFUSED;
}

static enum guard_verdict
guard_widget_found(struct api_call *c, const union msg *m)
{
	struct msg_widget_record widget;

	if (m == NULL || !msg_read_record(MSG_RECORD, m, MSG_WIDGET_RECORD, &widget) ||
	    !widget.enabled)
		return guard_widget_refuse(c->x);
	/* Our own page shows each widget (pages.h). */
	if (!guard_origin_is_own(c->x) &&
	    !guard_widget_allows(&widget, http_header(c->x->req, "origin"))) {
		request_context_of(c->x)->origin_refused = true;
		reply_json_error(c->x, 403, "origin_not_allowed", "Origin not allowed");
		return GUARD_REFUSED;
	}
	c->org = widget.org;
	c->widget = widget.id;
	c->widget_record = m->record.record;
	return GUARD_NEXT;
}

enum guard_verdict
guard_widget(struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .name = router_capture(&c->match, 0, text)};

	if (get.name.len > PUBLIC_ID_MAX)
		return guard_widget_refuse(c->x);
	return guard_ask(c, MSG_RECORD_GET, &get, guard_widget_found);
}
