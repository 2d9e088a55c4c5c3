/*
 * What the requests of the inbox share.
 */
#include "storaged/inbox/inbox.h"

int
inbox_find(struct txn *t, struct call *c, const struct id *org, const struct id *conversation,
    struct msg_conversation_record *record)
{
	struct key key = key_id(conversation);
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, record);

	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&record->org, org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	return rc;
}
