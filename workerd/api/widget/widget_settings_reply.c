/*
 * What a page may know of a widget: GET /api/widget/{widgetId}/settings, and GET /v1/chat/settings for the first widget
 * of the organization whose key the page has.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/widget_fields.h"
#include "workerd/api/widget/widget_handlers.h"
#include "workerd/api/widget/widget_settings.h"
#include "workerd/api/widget/widget_sightings.h"
#include "workerd/http/message/negotiate.h"

#define SETTINGS_MAX 65536u /* bytes of the reply */
#define FRESH        "max-age=60, stale-while-revalidate=86400"

static void
widget_settings_write_contact(struct json_writer *j, const struct msg_widget_record *widget)
{
	const unsigned required = widget_settings_required(widget);

	json_write_open(j, "contact", '{');
	json_write_str(j, "mode", slice_str(contact_mode_words[widget->contact_mode]));
	json_write_open(j, "fields", '[');
	for (unsigned i = 0; i < CONTACT_FIELDS; i++) {
		if (widget->contact_mode == CONTACT_NONE || (widget->collects & 1u << i) == 0)
			continue;
		json_write_open(j, NULL, '{');
		json_write_str(j, "name", slice_str(contact_details_fields[i]));
		json_write_bool(j, "required", (required & 1u << i) != 0);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
}

static void
widget_settings_write_all(
    struct buf *out, const struct msg_widget_record *widget, const struct settings *limits)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	widget_write_public(&j, widget);
	widget_settings_write_contact(&j, widget);
	widget_settings_write_page(&j, widget, limits);
	json_write_close(&j, '}');
	must(!j.failed);
}

#define ETAG_SIZE 24 /* two quotes, 16 digits, NUL, rounded up */

/* The entity tag of a body, with its quotes. */
static void
widget_settings_etag(struct slice body, char etag[ETAG_SIZE])
{
	const struct hash256 hash = secret_hash(body);
	unsigned long long first;

	memcpy(&first, hash.b, sizeof(first));
	(void)snprintf(etag, ETAG_SIZE, "\"%016llx\"", first);
}

/* vary: a request header that selects the reply, besides Origin; NULL: none. */
static void
widget_settings_reply(struct http_exchange *x, const struct msg_widget_record *widget,
    const struct settings *limits, const char *cache_control, const char *vary)
{
	struct slice known = http_header(x->req, "if-none-match");
	char etag[ETAG_SIZE];
	struct buf body;
	bool same;

	buf_init(&body, SETTINGS_MAX);
	widget_settings_write_all(&body, widget, limits);
	widget_settings_etag(buf_slice(&body), etag);
	same = known.p != NULL && negotiate_etag_matches(known, slice_str(etag));
	reply_start(x, same ? 304 : 200);
	reply_header_str(x, "ETag", etag);
	reply_header_str(x, "Cache-Control", cache_control);
	if (vary != NULL)
		reply_header_str(x, "Vary", vary);
	if (same)
		reply_empty(x);
	else
		reply_body(x, "application/json; charset=utf-8", buf_slice(&body));
	buf_clear(&body);
}

void
handle_widget_settings(const struct api_call *c)
{
	struct msg_widget_record widget;

	widget_sightings_note(c);
	must(record_decode(c->widget_record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	widget_settings_reply(c->x, &widget, c->api->settings, "public, " FRESH, NULL);
}

static void
widget_settings_on_first(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	const struct settings *limits = q->api->settings;
	struct msg_widget_record widget;

	if (msg_read_record(type, m, MSG_WIDGET_RECORD, &widget))
		widget_settings_reply(store_query_done(q), &widget, limits, "private, " FRESH,
		    "x-api-key, x-widget-api-key");
	else
		store_query_fail(q, type, m);
}

void
handle_chat_settings(const struct api_call *c)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = c->org, .id = c->widget};

	widget_sightings_note(c);
	store_query_ask(store_query_new(c, sizeof(struct store_query), 0, "Widget not found"),
	    MSG_RECORD_GET, &get, widget_settings_on_first);
}
