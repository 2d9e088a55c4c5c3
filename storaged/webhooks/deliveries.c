/*
 * The worker that delivers has at most some hundred pending deliveries of an endpoint, so each of these walks is short.
 * A walk leaves damaged deliveries out: the others must be sent, and shown.
 */
#include "storaged/webhooks/deliveries.h"

#include "proto/base/basics.h"

/* Bytes of a list of deliveries: fits a page. */
#define LIST_BYTES 700000u

/* The most deliveries that one request removes. */
#define TRIM_MAX 1000u

int
deliveries_find(
    struct txn *t, const struct key *webhook, uint64_t n, struct msg_delivery_record *record)
{
	struct key key = key_delivery(webhook, n);

	return txn_get_record(t, TABLE_DELIVERIES, &key, record);
}

int
deliveries_put(
    struct txn *t, const struct key *webhook, const struct msg_delivery_record *record)
{
	struct key key = key_delivery(webhook, record->n);

	return txn_put_record(t, TABLE_DELIVERIES, &key, record);
}

int
deliveries_put_list(struct txn *t, const struct key *webhook, struct slice list)
{
	struct msg_delivery_record r;
	struct slice item;
	int rc = 0;

	while (rc == 0 && wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_DELIVERY_RECORD, &r) == WIRE_OK);
		rc = deliveries_put(t, webhook, &r);
	}
	return rc;
}

/* Opens a walk at the newest delivery before this number. */
static int
deliveries_open_before(
    struct walk *w, struct txn *t, const struct key *webhook, uint64_t before)
{
	struct key at = key_delivery(webhook, before);
	int rc = walk_open(w, t, TABLE_DELIVERIES, webhook);

	return rc != 0 ? rc : walk_before(w, &at);
}

/* False: it is damaged. */
static bool
deliveries_read(const struct walk *w, struct msg_delivery_record *r)
{
	return record_read(w->value, TABLE_DELIVERIES, r) == 0;
}

/* The end of a walk that has seen everything is no error. */
static int
deliveries_close(struct walk *w, int rc)
{
	walk_close(w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The numbers of deliveries that need not be kept. */
static int
deliveries_find_surplus(struct txn *t, const struct key *webhook, uint64_t cursor,
    uint64_t surplus[TRIM_MAX], size_t *n)
{
	struct msg_delivery_record r;
	unsigned ended = 0;
	struct walk w;
	int rc = deliveries_open_before(&w, t, webhook, UINT64_MAX);

	for (*n = 0; rc == 0 && *n < TRIM_MAX; rc = walk_previous(&w)) {
		if (!deliveries_read(&w, &r))
			continue;
		if (r.state != DELIVERY_PENDING && ++ended > DELIVERIES_KEPT && r.n <= cursor)
			surplus[(*n)++] = r.n;
	}
	return deliveries_close(&w, rc);
}

int
deliveries_trim(struct txn *t, const struct key *webhook, uint64_t cursor)
{
	uint64_t surplus[TRIM_MAX];
	size_t n;
	int rc = deliveries_find_surplus(t, webhook, cursor, surplus, &n);

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct key key = key_delivery(webhook, surplus[i]);

		rc = txn_del(t, TABLE_DELIVERIES, &key);
	}
	return rc;
}

/* The first pending delivery at or behind a number; MDB_NOTFOUND: none. */
static int
deliveries_next_pending(
    struct txn *t, const struct key *webhook, uint64_t from, struct msg_delivery_record *r)
{
	struct key at = key_delivery(webhook, from);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_DELIVERIES, webhook);

	if (rc == 0)
		rc = walk_from(&w, &at);
	while (rc == 0 && !(deliveries_read(&w, r) && r->state == DELIVERY_PENDING))
		rc = walk_next(&w);
	walk_close(&w);
	return rc;
}

int
deliveries_fail_pending(struct txn *t, const struct key *webhook)
{
	struct msg_delivery_record r;
	uint64_t from = 0;
	int rc;

	while ((rc = deliveries_next_pending(t, webhook, from, &r)) == 0) {
		from = r.n + 1;
		r.state = DELIVERY_FAILED;
		rc = deliveries_put(t, webhook, &r);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The first delivery behind a number that is not pending; MDB_NOTFOUND: none. */
static int
deliveries_next_done(struct txn *t, const struct key *webhook, uint64_t after, uint64_t *n)
{
	struct key at = key_delivery(webhook, after + 1);
	struct msg_delivery_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_DELIVERIES, webhook);

	if (rc == 0)
		rc = walk_from(&w, &at);
	while (rc == 0 && !(deliveries_read(&w, &r) && r.state != DELIVERY_PENDING))
		rc = walk_next(&w);
	*n = r.n;
	walk_close(&w);
	return rc;
}

int
deliveries_forget_done(struct txn *t, const struct key *webhook, uint64_t cursor)
{
	uint64_t n = cursor;
	int rc;

	while ((rc = deliveries_next_done(t, webhook, n, &n)) == 0) {
		struct key key = key_delivery(webhook, n);

		rc = txn_del(t, TABLE_DELIVERIES, &key);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
deliveries_remove_all(struct txn *t, const struct key *webhook)
{
	return txn_del_all(t, TABLE_DELIVERIES, webhook);
}

/* False: the list is full. */
static bool
deliveries_add(struct txn *t, struct slice value)
{
	struct buf *list = &t->env->list;

	if (buf_len(list) + 4 + value.len > LIST_BYTES)
		return false;
	must(wire_list_add(list, value) == 0);
	return true;
}

/* Adds a delivery as the worker needs it. False: the list is full. */
static bool
deliveries_add_queued(struct txn *t, struct slice value, const struct msg_delivery_record *r)
{
	const struct msg_delivery_record done = {.v = r->v, .n = r->n, .state = r->state};

	if (r->state == DELIVERY_PENDING)
		return deliveries_add(t, value);
	buf_reset(&t->env->record);
	must(record_encode(&t->env->record, MSG_DELIVERY_RECORD, &done) == 0);
	return deliveries_add(t, buf_slice(&t->env->record));
}

int
deliveries_collect_queue(
    struct txn *t, const struct key *webhook, uint64_t cursor, uint64_t after, uint64_t *next)
{
	struct key at = key_delivery(webhook, after + 1);
	struct msg_delivery_record r;
	uint64_t last = after;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_DELIVERIES, webhook);

	buf_reset(&t->env->list);
	*next = 0;
	if (rc == 0)
		rc = walk_from(&w, &at);
	for (; rc == 0; rc = walk_next(&w)) {
		if (!deliveries_read(&w, &r) || (r.state != DELIVERY_PENDING && r.n <= cursor))
			continue;
		if (!deliveries_add_queued(t, w.value, &r)) {
			*next = last;
			break;
		}
		last = r.n;
	}
	return deliveries_close(&w, rc);
}

int
deliveries_collect_page(
    struct txn *t, const struct key *webhook, uint64_t before, uint32_t limit, uint64_t *next)
{
	struct msg_delivery_record r;
	uint64_t last = 0;
	uint32_t n = 0;
	struct walk w;
	int rc = deliveries_open_before(&w, t, webhook, before == 0 ? UINT64_MAX : before);

	buf_reset(&t->env->list);
	*next = 0;
	for (; rc == 0; rc = walk_previous(&w)) {
		if (!deliveries_read(&w, &r))
			continue;
		if (n++ == limit || !deliveries_add(t, w.value)) {
			*next = last;
			break;
		}
		last = r.n;
	}
	return deliveries_close(&w, rc);
}
