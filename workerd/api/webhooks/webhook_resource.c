/*
 * /v1/admin/webhooks: the endpoints, and a delivery to try one. A secret is shown once, in the answer to the
 * request that creates it.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/webhooks/webhook_fields.h"
#include "workerd/api/webhooks/webhook_handlers.h"
#include "workerd/webhooks/webhook_secret.h"
#include "workerd/webhooks/webhooks.h"

#define OLD_HOURS_DEFAULT 24
#define OLD_HOURS_MAX     168

/* An endpoint in memory. */
struct webhook_object {
	struct msg_webhook_record record;
	char secret[WEBHOOK_SECRET_SIZE]; /* of a new one */
};

static void
webhook_resource_make(void *object, const struct id *id, const struct id *org)
{
	struct webhook_object *webhook = object;

	webhook_secret(webhook->secret);
	webhook->record = (struct msg_webhook_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = *org,
	    .enabled = 1,
	    .secret = slice_str(webhook->secret),
	};
}

/* A secret that has ended is not shown. */
static void
webhook_resource_show(void *object, const struct settings *settings)
{
	struct webhook_object *webhook = object;

	(void)settings;
	if (webhook->record.old_until <= clock_wall_ms())
		webhook->record.old_until = 0;
}

static void
webhook_resource_check(struct fields *in, const void *object, const struct settings *settings)
{
	(void)settings;
	webhook_fields_check(in, object);
}

static void
webhook_resource_write_secret(struct json_writer *j, const void *object)
{
	const struct webhook_object *webhook = object;

	json_write_str(j, "secret", webhook->record.secret);
}

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many webhooks"},
    {STORE_DISABLED, 409, "disabled", "The webhook is disabled"},
    {STORE_TAKEN, 409, "old_secret_valid", "The secret before this one is still valid"},
    {.status = 0},
};

static const struct resource webhooks = {
    .many = "webhooks",
    .wrong_id = "Invalid webhookId",
    .missing = "Webhook not found",
    .refusals = refusals,
    .fields = webhook_fields,
    .size = sizeof(struct webhook_object),
    .record = MSG_WEBHOOK_RECORD,
    .log_id = "id",
    .created = "webhook_created",
    .changed = "webhook_changed",
    .deleted = "webhook_deleted",
    .show = webhook_resource_show,
    .check = webhook_resource_check,
    .misfit = "widget_id",
    .misfit_reason = REASON_CHANNEL_WIDGET,
    .make = webhook_resource_make,
    .write_new = webhook_resource_write_secret,
};

RESOURCE_LIST_HANDLERS(webhooks)
RESOURCE_ITEM_HANDLERS(webhooks)

static void
webhook_resource_cancel_test(void *pending)
{
	webhook_post_cancel(pending);
}

static void
webhook_resource_on_tested(void *arg, const struct webhook_result *result)
{
	struct resource_query *q = arg;
	struct json_writer *j = &q->q.json;
	bool delivered = result->error[0] == '\0';

	q->q.pending = NULL;
	json_write_open(j, NULL, '{');
	json_write_bool(j, "delivered", delivered);
	if (result->status == 0)
		json_write_null(j, "status");
	else
		json_write_uint(j, "status", (uint64_t)result->status);
	json_write_uint(j, "ms", result->ms);
	if (delivered)
		json_write_null(j, "error");
	else
		json_write_str(j, "error", slice_str(result->error));
	json_write_close(j, '}');
	store_query_reply(&q->q);
}

static void
webhook_resource_on_record(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct webhook_object webhook;
	struct webhook_post *post;

	if (!resource_read(&webhooks, q->q.api->settings, type, m, &webhook)) {
		store_query_fail(&q->q, type, m);
		return;
	}
	post =
	    webhooks_test(q->q.api->webhooks, &webhook.record, webhook_resource_on_tested, q);
	store_query_wait(&q->q, post, webhook_resource_cancel_test);
}

void
handle_webhooks_test(const struct api_call *c)
{
	struct resource_query *q = resource_query_new(c, &webhooks);

	if (q != NULL)
		resource_ask(q, webhook_resource_on_record);
}

struct webhook_secret_body {
	uint32_t old_hours;
};

static const struct field secret_fields[] = {
    {"old_valid_hours", &field_count, offsetof(struct webhook_secret_body, old_hours),
	FIELD_OPTIONAL, 0, OLD_HOURS_MAX, NULL},
    {.name = NULL},
};

/* The only answer with the new secret. */
static void
webhook_resource_on_secret(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct json_writer *j = &q->q.json;
	struct webhook_object webhook;

	if (!resource_read(&webhooks, q->q.api->settings, type, m, &webhook)) {
		store_query_fail(&q->q, type, m);
		return;
	}
	resource_log(q, "webhook_secret_changed");
	json_write_open(j, NULL, '{');
	fields_write(j, webhook_fields, &webhook);
	webhook_resource_write_secret(j, &webhook);
	json_write_close(j, '}');
	store_query_reply(&q->q);
}

/* Without a body: the defaults. */
void
handle_webhooks_secret(const struct api_call *c)
{
	struct webhook_secret_body body = {.old_hours = OLD_HOURS_DEFAULT};
	struct msg_webhook_secret ask = {.org = c->org};
	char secret[WEBHOOK_SECRET_SIZE];
	struct resource_query *q;
	struct fields in = {0};

	if (c->x->body.len > 0 && !fields_body(c, &in))
		return;
	if (c->x->body.len > 0)
		fields_read(&in, secret_fields, true, &body);
	q = resource_query_new(c, &webhooks);
	if (q == NULL) {
		fields_clear(&in);
		return;
	}
	q->in = in;
	if (fields_wrong(&q->in).len > 0) {
		resource_refuse(q);
		return;
	}
	webhook_secret(secret);
	ask.webhook = q->id;
	ask.secret = slice_str(secret);
	ask.old_until = clock_wall_ms() + body.old_hours * CLOCK_HOUR_MS;
	store_query_ask(&q->q, MSG_WEBHOOK_SECRET, &ask, webhook_resource_on_secret);
	explicit_bzero(secret, sizeof(secret));
}

void
handle_webhooks_end_old_secret(const struct api_call *c)
{
	struct resource_query *q = resource_query_new(c, &webhooks);
	struct msg_webhook_secret ask = {.org = c->org};

	if (q == NULL)
		return;
	ask.webhook = q->id;
	store_query_ask(&q->q, MSG_WEBHOOK_SECRET, &ask, resource_on_changed);
}
