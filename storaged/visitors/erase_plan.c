/*
 * The row names the conversation in its key, and its organization, too, in its value.
 */
#include "storaged/visitors/erase_plan.h"

#include "storaged/visitors/erase.h"

static int
erase_plan_add(struct txn *t, struct call *c, const struct key *row, const struct key *about)
{
	const struct msg_erasure_plan *m = &c->m->erasure_plan;
	const struct key key = key_id(&m->conversation);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &m->org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	return rc != 0 ? rc : txn_put(t, TABLE_DUE, row, key_slice(about));
}

static int
erase_plan_drop(struct txn *t, struct call *c, const struct key *row, const struct key *about)
{
	struct slice value;
	int rc = txn_get(t, TABLE_DUE, row, &value);

	/* Another organization's plan is indistinguishable from one that does not exist. */
	if (rc == MDB_NOTFOUND || (rc == 0 && !slice_eq(value, key_slice(about))))
		return call_refuse(c, STORE_NOT_FOUND, "no such plan");
	return rc != 0 ? rc : txn_del(t, TABLE_DUE, row);
}

int
handle_erasure_plan(struct txn *t, struct call *c)
{
	const struct msg_erasure_plan *m = &c->m->erasure_plan;
	const struct key row = key_due(m->at, DUE_ERASE, &m->conversation);
	const struct key about = key_of_org(&m->org, &m->conversation);
	int rc = m->planned ? erase_plan_add(t, c, &row, &about)
			    : erase_plan_drop(t, c, &row, &about);

	if (rc == 0)
		call_ok(c);
	return rc;
}

int
erase_plan_due(struct txn *t, struct call *c, const struct id *conversation,
    const struct key *about, uint64_t now)
{
	const struct key key = key_id(conversation);
	struct msg_conversation_record r;
	struct key planned;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &r);

	(void)now;
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	planned = key_of_org(&r.org, &r.id);
	if (about->len > 0 && !slice_eq(key_slice(about), key_slice(&planned)))
		return 0;
	return erase_alone(t, c, &r);
}
