/*
 * POST and DELETE /v1/admin/widgets/{id}/identity-secret.
 */
#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/identity/identity.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/widget_handlers.h"

#define REPLY_MAX  256u
#define RECORD_MAX 98304u
#define TRIES_MAX  128u /* each refused try means that another change succeeded */

/* A request that gives a widget another secret, or none. */
struct secret_query {
	struct store_query q;
	struct id widget;
	struct hash256 secret; /* zero: none */
	unsigned tries;
	char by[API_CALLER_SIZE]; /* the caller, for the log */
};

static void widget_identity_ask(struct secret_query *s);

static void
widget_identity_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct secret_query *s = arg;
	char text[IDENTITY_TEXT_SIZE];

	if (store_refused(type, m, STORE_STALE) && ++s->tries < TRIES_MAX) {
		widget_identity_ask(s);
		return;
	}
	if (type != MSG_RECORD) {
		store_query_fail(&s->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "widget_secret_changed", L_UINT("conn", s->q.x->number),
	    L_ID("org", &s->q.org), L_ID("id", &s->widget), L_STR("by", s->by));
	if (hash_is_zero(&s->secret)) {
		store_query_reply_empty(&s->q);
		return;
	}
	identity_text(&s->secret, text);
	json_write_open(&s->q.json, NULL, '{');
	json_write_str(&s->q.json, "secret", slice_str(text));
	json_write_close(&s->q.json, '}');
	store_query_reply(&s->q);
}

/* The store refuses the record if it has changed since it was read. */
static void
widget_identity_on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct secret_query *s = arg;
	struct msg_record_put put = {.kind = MSG_WIDGET_RECORD};
	struct msg_widget_record widget;
	struct buf record;

	if (!msg_read_record(type, m, MSG_WIDGET_RECORD, &widget)) {
		store_query_fail(&s->q, type, m);
		return;
	}
	widget.identity_secret = s->secret;
	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_WIDGET_RECORD, &widget) == 0);
	put.record = buf_slice(&record);
	store_query_ask(&s->q, MSG_RECORD_PUT, &put, widget_identity_on_stored);
	buf_clear(&record);
}

static void
widget_identity_ask(struct secret_query *s)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = s->q.org, .id = s->widget};

	store_query_ask(&s->q, MSG_RECORD_GET, &get, widget_identity_on_widget);
}

static void
widget_identity_change(const struct api_call *c, bool make)
{
	struct secret_query *s;
	struct id widget;

	if (!api_path_id(c, "Invalid widgetId", &widget))
		return;
	s = store_query_new(c, sizeof(*s), REPLY_MAX, "Widget not found");
	s->widget = widget;
	api_caller_name(c, s->by);
	if (make)
		arc4random_buf(s->secret.b, sizeof(s->secret.b));
	widget_identity_ask(s);
}

void
handle_widgets_make_secret(const struct api_call *c)
{
	widget_identity_change(c, true);
}

void
handle_widgets_delete_secret(const struct api_call *c)
{
	widget_identity_change(c, false);
}
