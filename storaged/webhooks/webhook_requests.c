/*
 * The worker knows only what it has read: a result that is based on an older state of the endpoint is refused, and the
 * worker reads it again.
 */
#include "storaged/webhooks/webhook_requests.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/webhooks/deliveries.h"

/* Bytes of a page of endpoints. */
#define LIST_BYTES 700000u

static const char webhook_missing[] = "no such webhook";

int
handle_webhook_lease(struct txn *t, struct call *c)
{
	const struct msg_webhook_lease *m = &c->m->webhook_lease;
	struct msg_webhook_leased answer = {.revision = c->lease->revision};

	(void)t;
	if (m->leave) {
		lease_leave(c->lease, c->from);
		call_change_webhooks(c);
	} else {
		answer.granted = lease_ask(c->lease, c->from, &m->lease);
	}
	call_answer(c, MSG_WEBHOOK_LEASED, &answer);
	return 0;
}

/* Adds the endpoint where the walk stands, if it is enabled. *fits: whether the list had room. */
static int
webhook_list_add(struct walk *w, bool *fits)
{
	struct buf *list = &w->txn->env->list;
	struct msg_webhook_record r;
	int rc = record_read(w->value, TABLE_WEBHOOKS, &r);

	if (rc == RECORD_DAMAGED)
		return 0; /* the others must be served */
	*fits = buf_len(list) + 4 + w->value.len <= LIST_BYTES;
	if (rc == 0 && *fits && r.enabled)
		must(wire_list_add(list, w->value) == 0);
	return rc;
}

int
handle_webhook_list(struct txn *t, struct call *c)
{
	struct slice cursor = c->m->webhook_list.cursor;
	struct msg_webhook_page page = {0};
	const struct key all = {0};
	struct key at = key_of(cursor), last = {0};
	bool fits = true;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_WEBHOOKS, &all);

	buf_reset(&t->env->list);
	if (rc == 0)
		rc = walk_from(&w, &at);
	if (rc == 0 && cursor.len > 0 && slice_eq(w.key, cursor))
		rc = walk_next(&w);
	while (rc == 0) {
		rc = webhook_list_add(&w, &fits);
		if (rc != 0 || !fits)
			break;
		last = key_of(w.key);
		rc = walk_next(&w);
	}
	walk_close(&w);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	page.webhooks = buf_slice(&t->env->list);
	if (!fits)
		page.next = key_slice(&last);
	call_answer(c, MSG_WEBHOOK_PAGE, &page);
	return 0;
}

static int
webhook_find(struct txn *t, struct call *c, const struct id *org, const struct id *webhook,
    struct msg_webhook_record *r)
{
	struct key key = key_of_org(org, webhook);
	int rc = txn_get_record(t, TABLE_WEBHOOKS, &key, r);

	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, webhook_missing) : rc;
}

static int
webhook_put(struct txn *t, const struct msg_webhook_record *r)
{
	struct key key = key_of_org(&r->org, &r->id);

	return txn_put_record(t, TABLE_WEBHOOKS, &key, r);
}

int
handle_webhook_queue(struct txn *t, struct call *c)
{
	const struct msg_webhook_queue *m = &c->m->webhook_queue;
	struct key key = key_of_org(&m->org, &m->webhook);
	struct msg_delivery_page page = {0};
	struct msg_webhook_record r;
	int rc = webhook_find(t, c, &m->org, &m->webhook, &r);

	if (rc == 0)
		rc = deliveries_collect_queue(t, &key, r.cursor, m->after, &page.next);
	if (rc != 0)
		return rc;
	page.deliveries = buf_slice(&t->env->list);
	call_answer(c, MSG_DELIVERY_PAGE, &page);
	return 0;
}

/* Refuses results of a worker that must not deliver, or for an endpoint that has changed. */
static int
webhook_check_results(struct txn *t, struct call *c, struct msg_webhook_record *r)
{
	const struct msg_webhook_results *m = &c->m->webhook_results;
	int rc;

	if (!lease_is_held(c->lease, c->from, &m->lease))
		return call_refuse(c, STORE_TAKEN, "another worker delivers");
	rc = webhook_find(t, c, &m->org, &m->webhook, r);
	if (rc == 0 && (!r->enabled || r->updated_at != m->updated_at))
		return call_refuse(c, STORE_STALE, "the webhook has changed");
	return rc;
}

int
handle_webhook_results(struct txn *t, struct call *c)
{
	const struct msg_webhook_results *m = &c->m->webhook_results;
	struct key key = key_of_org(&m->org, &m->webhook);
	struct msg_webhook_record r = {.v = RECORD_VERSION};
	uint64_t cursor;
	int rc = webhook_check_results(t, c, &r);

	if (rc != 0)
		return rc;
	if (m->cursor > r.cursor)
		r.cursor = m->cursor;
	cursor = r.cursor;
	if (m->notice.len > 0 || m->clear_notice)
		r.notice = m->notice;
	if (m->disable)
		r.enabled = 0;
	rc = webhook_put(t, &r);
	if (rc == 0)
		rc = deliveries_put_list(t, &key, m->deliveries);
	if (rc == 0 && m->disable)
		rc = deliveries_fail_pending(t, &key);
	if (rc == 0 && m->deliveries.len > 0)
		rc = deliveries_trim(t, &key, cursor);
	if (rc == 0 && (m->disable || m->notice.len > 0 || m->clear_notice))
		rc = change_add(t, &m->org, CHANGE_WEBHOOK, &m->webhook, NULL, CHANGE_CHANGED);
	if (rc == 0 && m->disable)
		call_change_webhooks(c);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_delivery_list(struct txn *t, struct call *c)
{
	const struct msg_delivery_list *m = &c->m->delivery_list;
	struct key key = key_of_org(&m->org, &m->webhook);
	struct msg_delivery_page page = {0};
	struct msg_webhook_record r;
	int rc = webhook_find(t, c, &m->org, &m->webhook, &r);

	if (rc == 0)
		rc = deliveries_collect_page(
		    t, &key, m->before, call_limit(m->limit, DELIVERIES_KEPT), &page.next);
	if (rc != 0)
		return rc;
	page.deliveries = buf_slice(&t->env->list);
	call_answer(c, MSG_DELIVERY_PAGE, &page);
	return 0;
}

int
handle_delivery_retry(struct txn *t, struct call *c)
{
	const struct msg_delivery_retry *m = &c->m->delivery_retry;
	struct key key = key_of_org(&m->org, &m->webhook);
	struct msg_webhook_record webhook;
	struct msg_delivery_record r;
	int rc = webhook_find(t, c, &m->org, &m->webhook, &webhook);

	if (rc == 0)
		rc = deliveries_find(t, &key, m->n, &r);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such delivery");
	if (rc == 0 && !webhook.enabled)
		return call_refuse(c, STORE_DISABLED, "the webhook is disabled");
	if (rc != 0)
		return rc;
	r.state = DELIVERY_PENDING;
	r.first_at = r.next_at = 0;
	rc = deliveries_put(t, &key, &r);
	if (rc == 0)
		rc = webhook_find(t, c, &m->org, &m->webhook, &webhook);
	if (rc != 0)
		return rc;
	webhook.requeued++;
	rc = webhook_put(t, &webhook);
	if (rc == 0) {
		call_change_webhooks(c);
		call_ok(c);
	}
	return rc;
}

/* The cursor that a request means. Returns 0, or the result of a refusal or an error. */
static int
webhook_cursor_of(struct txn *t, struct call *c, uint64_t to, uint64_t *cursor)
{
	struct changes_extent extent;
	int rc = changes_write(t);

	if (rc == 0)
		rc = changes_extent(t, &extent);
	if (rc == 0)
		rc = changes_at_or_before(t, to == 0 ? extent.oldest : to, cursor);
	if (rc == 0 && *cursor == 0)
		return call_refuse(c, STORE_INVALID,
		    "the events from there on are not kept any more: oldest is the oldest one");
	return rc;
}

/* The worker begins again with what is stored, because the endpoint has changed. */
int
handle_webhook_move(struct txn *t, struct call *c)
{
	const struct msg_webhook_move *m = &c->m->webhook_move;
	struct key key = key_of_org(&m->org, &m->webhook);
	struct msg_webhook_moved moved;
	struct msg_webhook_record r;
	int rc = webhook_find(t, c, &m->org, &m->webhook, &r);

	if (rc == 0)
		rc = webhook_cursor_of(t, c, m->to, &moved.to);
	if (rc == 0)
		rc = deliveries_forget_done(t, &key, moved.to);
	/* The record lies in a page that may have been changed. */
	if (rc == 0)
		rc = webhook_find(t, c, &m->org, &m->webhook, &r);
	if (rc != 0)
		return rc;
	moved.from = r.cursor;
	r.cursor = moved.to;
	r.notice = (struct slice){0};
	r.updated_at = clock_wall_after(r.updated_at);
	rc = webhook_put(t, &r);
	if (rc == 0)
		rc = change_add(t, &m->org, CHANGE_WEBHOOK, &m->webhook, NULL, CHANGE_CHANGED);
	if (rc == 0) {
		call_change_webhooks(c);
		call_answer(c, MSG_WEBHOOK_MOVED, &moved);
	}
	return rc;
}

/* Refuses a new secret while the one before is valid: a receiver may still know only that one. */
static int
webhook_check_secret(struct call *c, const struct msg_webhook_record *r)
{
	if (c->m->webhook_secret.secret.len > 0 && r->old_until > clock_wall_ms())
		return call_refuse(c, STORE_TAKEN, "the secret before is still valid");
	return 0;
}

/* r's secrets become those that the request wants. */
static void
webhook_set_secret(struct msg_webhook_record *r, const struct msg_webhook_secret *m)
{
	const bool keeps = m->secret.len > 0 && m->old_until > clock_wall_ms();

	r->old_secret = keeps ? r->secret : (struct slice){0};
	r->old_until = keeps ? m->old_until : 0;
	if (m->secret.len > 0)
		r->secret = m->secret;
	r->updated_at = clock_wall_after(r->updated_at);
}

/* The worker begins again with what is stored, and so with the new secret. */
int
handle_webhook_secret(struct txn *t, struct call *c)
{
	const struct msg_webhook_secret *m = &c->m->webhook_secret;
	struct key key = key_of_org(&m->org, &m->webhook);
	struct msg_record answer;
	struct msg_webhook_record r;
	int rc = webhook_find(t, c, &m->org, &m->webhook, &r);

	if (rc == 0 && !slice_eq(r.secret, m->secret)) {
		rc = webhook_check_secret(c, &r);
		if (rc != 0)
			return rc;
		webhook_set_secret(&r, m);
		rc = webhook_put(t, &r);
		if (rc == 0)
			rc = change_add(
			    t, &m->org, CHANGE_WEBHOOK, &m->webhook, NULL, CHANGE_CHANGED);
		if (rc == 0)
			call_change_webhooks(c);
	}
	if (rc == 0)
		rc = txn_get(t, TABLE_WEBHOOKS, &key, &answer.record);
	if (rc == 0)
		call_answer(c, MSG_RECORD, &answer);
	return rc;
}
