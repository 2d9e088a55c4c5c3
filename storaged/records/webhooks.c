/*
 * Owners choose URL, kinds, format and whether an endpoint is enabled; the secret changes only by its own request
 * (storaged/webhooks), and the rest is the delivering worker's. An endpoint receives the events that happen while it is enabled: enabling it
 * moves its cursor to the newest change, and disabling it ends its pending deliveries.
 */
#include "storaged/records/record_kinds.h"

#include <stddef.h>

#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/identities/indexes.h"
#include "storaged/records/widgets.h"
#include "storaged/webhooks/deliveries.h"

#define WEBHOOKS_MAX 20 /* of an organization */

static bool
webhook_is_started(const union record *r, const union record *stored)
{
	return r->webhook.enabled && !stored->webhook.enabled;
}

/* An old secret that has ended is not kept. */
static void
webhook_keep_secrets(struct msg_webhook_record *r, const struct msg_webhook_record *stored)
{
	r->secret = stored->secret;
	if (stored->old_until > clock_wall_ms()) {
		r->old_secret = stored->old_secret;
		r->old_until = stored->old_until;
	}
}

static void
webhook_keep(union record *r, const union record *stored, bool fresh)
{
	r->webhook.cursor = stored == NULL ? 0 : stored->webhook.cursor;
	r->webhook.requeued = stored == NULL ? 0 : stored->webhook.requeued;
	r->webhook.notice = (struct slice){0};
	if (stored != NULL && !webhook_is_started(r, stored))
		r->webhook.notice = stored->webhook.notice;
	r->webhook.old_secret = (struct slice){0};
	r->webhook.old_until = 0;
	if (!fresh && stored != NULL)
		webhook_keep_secrets(&r->webhook, &stored->webhook);
}

/* The key of the channel with this id. */
static int
webhook_key_of_channel(struct txn *t, struct slice name, struct key *key)
{
	struct slice value;
	struct id channel;
	struct key by_id;
	int rc;

	if (id_parse(name, &channel) != 0)
		return MDB_NOTFOUND;
	by_id = key_id(&channel);
	rc = txn_get(t, TABLE_CHANNELS, &by_id, &value);
	if (rc == 0 && !key_fits(TABLE_WEBHOOKS, value))
		return RECORD_DAMAGED;
	if (rc == 0)
		*key = key_of(value);
	return rc;
}

static int
webhook_check_widget(struct txn *t, struct call *c, const struct msg_webhook_record *r)
{
	struct msg_widget_record widget;
	int rc;

	if ((r->format == WEBHOOK_CHANNEL) == id_is_zero(&r->widget))
		return call_refuse(
		    c, STORE_INVALID, "a channel needs a widget, and nothing else has one");
	if (id_is_zero(&r->widget))
		return 0;
	rc = widget_find(t, &r->org, &r->widget, &widget);
	return rc == MDB_NOTFOUND
	    ? call_refuse(c, STORE_INVALID, "the channel's widget does not exist")
	    : rc;
}

static int
webhook_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	(void)clash;
	if (r->webhook.url.len == 0)
		return call_refuse(c, STORE_INVALID, "a webhook needs a URL");
	if (r->webhook.secret.len == 0)
		return call_refuse(c, STORE_INVALID, "a webhook needs a secret");
	return webhook_check_widget(t, c, &r->webhook);
}

/* An imported cursor is of another store's changes, so it does not count. */
static int
webhook_store(struct txn *t, const union record *r, const union record *stored)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct msg_webhook_record now = r->webhook;
	bool ends = stored != NULL && stored->webhook.enabled && !now.enabled;
	int rc = 0;

	if (stored == NULL || webhook_is_started(r, stored))
		rc = changes_newest(t, &now.cursor);
	else
		now.cursor = stored->webhook.cursor;
	if (rc == 0)
		rc = index_put_record(
		    t, TABLE_WEBHOOKS, &key, stored == NULL ? NULL : &stored->webhook, &now);
	if (rc == 0 && ends)
		rc = deliveries_fail_pending(t, &key);
	return rc;
}

static int
webhook_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	int rc = index_put_record(t, TABLE_WEBHOOKS, &key, &r->webhook, NULL);

	(void)c;
	(void)left;
	return rc != 0 ? rc : deliveries_remove_all(t, &key);
}

const struct record_kind webhook_kind = {
    .table = TABLE_WEBHOOKS,
    .change = CHANGE_WEBHOOK,
    .created_at = offsetof(struct msg_webhook_record, created_at),
    .updated_at = offsetof(struct msg_webhook_record, updated_at),
    .missing = "no such webhook",
    .max = WEBHOOKS_MAX,
    .too_many = "the organization has too many webhooks",
    .find = webhook_key_of_channel,
    .keep = webhook_keep,
    .check = webhook_check,
    .store = webhook_store,
    .changed = call_change_webhooks,
    .remove = webhook_remove,
};
