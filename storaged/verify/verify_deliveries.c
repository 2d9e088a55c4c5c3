/*
 * Deliveries of webhooks: each belongs to an endpoint that exists.
 */
#include "storaged/verify/verify_internal.h"

static int
verify_delivery(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct key webhook = key_of((struct slice){key.p, 2 * sizeof(struct id)}), right;
	struct id id = key_back(key_slice(&webhook));
	struct record_name name = verify_record_name("a delivery of webhook", &id);
	struct msg_delivery_record r;

	(void)arg;
	if (!verify_record(c, TABLE_DELIVERIES, name.s, value, &r))
		return 0;
	right = key_delivery(&webhook, r.n);
	if (!slice_eq(key, key_slice(&right)))
		verify_found(c, TABLE_DELIVERIES, "%s has another number than its key", name.s);
	return verify_named(
	    c, TABLE_DELIVERIES, name.s, "is of webhook", TABLE_WEBHOOKS, &webhook);
}

int
verify_deliveries(struct checker *c)
{
	return verify_table(c, TABLE_DELIVERIES, verify_delivery, NULL);
}
