/*
 * Bodies. A visitor's text must not become a mention, a link or a command of the chat: Slack's control characters are
 * escaped (docs.slack.dev, "Formatting message text"), and Discord is told to notify nobody who is mentioned.
 */
#include "workerd/webhooks/webhook_body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "proto/ipc/change_names.h"
#include "workerd/api/attached/files_json.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/sources_json.h"
#include "workerd/api/request/json_writer.h"

#define EXCERPT_UNITS 300  /* UTF-16 code units of the last message */
#define TEXT_MAX      8192 /* bytes of a chat's line: an escaped excerpt, and the rest */

void
webhook_body_delivery(char out[WEBHOOK_DELIVERY_SIZE], const struct id *webhook, uint64_t n)
{
	char id[ID_TEXT_LEN + 1];

	id_format(webhook, id);
	(void)snprintf(out, WEBHOOK_DELIVERY_SIZE, "%s-%" PRIu64, id, n);
}

/* Who sends it. */
static void
webhook_body_write_origin(
    struct json_writer *j, const struct msg_webhook_record *webhook, uint64_t n)
{
	char delivery[WEBHOOK_DELIVERY_SIZE];

	webhook_body_delivery(delivery, &webhook->id, n);
	json_write_str(j, "delivery", slice_str(delivery));
	json_write_id(j, "webhookId", &webhook->id);
	json_write_id(j, "organizationId", &webhook->org);
}

void
webhook_body_event(struct buf *out, const struct msg_webhook_record *webhook,
    const struct msg_delivery_record *d)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	webhook_body_write_origin(&j, webhook, d->n);
	json_write_uint(&j, "seq", d->n);
	json_write_str(&j, "kind", slice_str(change_kind_name(d->kind)));
	json_write_id(&j, "id", &d->object);
	if (!id_is_zero(&d->conversation))
		json_write_id(&j, "conversationId", &d->conversation);
	json_write_str(&j, "change", slice_str(change_what_name(d->change)));
	if (change_period_name(d->change) != NULL)
		json_write_str(&j, "period", slice_str(change_period_name(d->change)));
	json_write_uint(&j, "at", d->at);
	json_write_close(&j, '}');
	must(!j.failed);
}

/* What the person may know: not which model answered, or what it cost. */
static void
webhook_body_write_message(struct json_writer *j, const struct msg_message_record *r)
{
	struct msg_message_details details = {0};

	if (r->details.len > 0)
		must(record_decode(r->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK);
	json_write_open(j, "message", '{');
	json_write_id(j, "id", &r->id);
	json_write_str(j, "role", names_word(message_role_words, r->role));
	json_write_str(j, "text", r->text);
	structure_json_write(j, r);
	files_json_write(j, r->files);
	json_write_str(j, "status", names_message_status(r->status));
	json_write_uint(j, "createdAt", r->created_at);
	if (r->role == MESSAGE_OPERATOR && details.author_name.len > 0)
		json_write_str(j, "author", details.author_name);
	if (r->role == MESSAGE_ASSISTANT)
		sources_json_write(j, r->sources, r->text);
	json_write_close(j, '}');
}

void
webhook_body_channel(struct buf *out, const struct msg_webhook_record *webhook,
    const struct msg_delivery_record *d, const struct msg_conversation_record *conversation,
    struct slice to, const struct msg_message_record *message)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	webhook_body_write_origin(&j, webhook, d->n);
	json_write_str(&j, "kind", slice_str(message != NULL ? "message" : "state"));
	json_write_str(&j, "to", to);
	json_write_id(&j, "conversationId", &conversation->id);
	json_write_str(&j, "state", names_word(conversation_state_words, conversation->state));
	if (message != NULL)
		webhook_body_write_message(&j, message);
	json_write_uint(&j, "at", d->at);
	json_write_close(&j, '}');
	must(!j.failed);
}

/* Text without a meaning for Slack. */
static void
webhook_body_add_slack(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *as = text.p[i] == '&' ? "&amp;"
		    : text.p[i] == '<'            ? "&lt;"
		    : text.p[i] == '>'            ? "&gt;"
						  : NULL;

		must((as != NULL ? buf_append_str(out, as) : buf_append(out, text.p + i, 1)) ==
		    0);
	}
}

static void
webhook_body_write_chat(struct buf *out, enum webhook_format format, struct slice text)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	json_write_str(&j, format == WEBHOOK_SLACK ? "text" : "content", text);
	if (format == WEBHOOK_DISCORD) {
		json_write_open(&j, "allowed_mentions", '{');
		json_write_open(&j, "parse", '[');
		json_write_close(&j, ']');
		json_write_close(&j, '}');
	}
	json_write_close(&j, '}');
	must(!j.failed);
}

void
webhook_body_waiting(struct buf *out, enum webhook_format format,
    const struct msg_conversation_record *conversation)
{
	struct slice excerpt = utf8_prefix(conversation->last_message, EXCERPT_UNITS);
	char id[ID_TEXT_LEN + 1];
	struct buf text;

	buf_init(&text, TEXT_MAX);
	id_format(&conversation->id, id);
	must(buf_printf(&text, "A visitor waits for a person (conversation %s).", id) == 0);
	if (excerpt.len > 0)
		must(buf_append_str(&text, "\n") == 0);
	if (format == WEBHOOK_SLACK)
		webhook_body_add_slack(&text, excerpt);
	else
		must(buf_append(&text, excerpt.p, excerpt.len) == 0);
	webhook_body_write_chat(out, format, buf_slice(&text));
	buf_clear(&text);
}

static void
webhook_body_write_test(struct buf *out, const struct msg_webhook_record *webhook)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	webhook_body_write_origin(&j, webhook, 0);
	json_write_str(&j, "kind", slice_str("test"));
	json_write_uint(&j, "at", clock_wall_ms());
	json_write_close(&j, '}');
	must(!j.failed);
}

void
webhook_body_test(struct buf *out, const struct msg_webhook_record *webhook)
{
	if (webhook->format == WEBHOOK_JSON || webhook->format == WEBHOOK_CHANNEL)
		webhook_body_write_test(out, webhook);
	else
		webhook_body_write_chat(out, (enum webhook_format)webhook->format,
		    slice_str("This is a test of banter's notifications."));
}
