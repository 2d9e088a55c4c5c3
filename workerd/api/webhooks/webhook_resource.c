/*
 * /v1/admin/webhooks: the endpoints, and a delivery to try one. The secret is shown once, in the answer to the
 * creation.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/webhooks/webhook_fields.h"
#include "workerd/api/webhooks/webhook_handlers.h"
#include "workerd/webhooks/webhooks.h"

#define SECRET_PREFIX "whsec_"

/* An endpoint in memory. */
struct webhook_object {
	struct msg_webhook_record record;
	char secret[sizeof(SECRET_PREFIX) + SECRET_TOKEN_TEXT]; /* of a new one */
};

static void
webhook_resource_make(void *object, const struct id *id, const struct id *org)
{
	struct webhook_object *webhook = object;
	char token[SECRET_TOKEN_TEXT + 1];

	secret_token(token);
	(void)snprintf(webhook->secret, sizeof(webhook->secret), "%s%s", SECRET_PREFIX, token);
	webhook->record = (struct msg_webhook_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = *org,
	    .enabled = 1,
	    .secret = slice_str(webhook->secret),
	};
	explicit_bzero(token, sizeof(token));
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
    .check = webhook_resource_check,
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
