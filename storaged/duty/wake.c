/*
 * A row whose conversation is gone, or snoozed until another time, does nothing.
 */
#include "storaged/duty/wake.h"

#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"

int
wake_due(struct txn *t, struct call *c, const struct id *conversation, const struct key *about,
    uint64_t now)
{
	const struct key key = key_id(conversation);
	struct msg_conversation_record r;
	struct conversation_position before;
	struct key named;
	struct id org;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &r);

	(void)c;
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	org = r.org;
	named = key_of_org(&org, &r.id);
	if ((about->len > 0 && !slice_eq(key_slice(about), key_slice(&named))) ||
	    r.snoozed_until == 0 || r.snoozed_until > now)
		return 0;
	conversation_position_of(&r, &before);
	r.snoozed_until = 0;
	rc = conversation_put(t, &r, &before, 0);
	return rc != 0 ? rc : change_add_conversation(t, &org, conversation, CHANGE_SNOOZED);
}
