/*
 * The table client_ids.
 */
#include "storaged/conversations/client_ids.h"

int
client_id_get(struct txn *t, const struct id *conversation, struct slice name,
    struct msg_client_id_record *stands_for)
{
	struct key key = key_client_id(conversation, name);

	return txn_get_record(t, TABLE_CLIENT_IDS, &key, stands_for);
}

int
client_id_put(struct txn *t, const struct id *conversation, struct slice name, uint64_t seq,
    const struct id *turn)
{
	struct key key = key_client_id(conversation, name);
	struct msg_client_id_record stands_for = {
	    .v = RECORD_VERSION,
	    .seq = seq,
	    .turn = *turn,
	};

	return txn_put_record(t, TABLE_CLIENT_IDS, &key, &stands_for);
}

/* Goes on to the next client id of the message at seq, from the current one. */
static int
client_id_find_named(struct walk *w, uint64_t seq)
{
	struct msg_client_id_record stands_for;
	int rc;

	for (rc = 0; rc == 0; rc = walk_next(w)) {
		rc = record_read(w->value, TABLE_CLIENT_IDS, &stands_for);
		if (rc != 0 || stands_for.seq == seq)
			return rc;
	}
	return rc;
}

int
client_ids_drop(struct txn *t, const struct id *conversation, uint64_t seq)
{
	struct key front = key_id(conversation), at = front;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CLIENT_IDS, &front);

	while (rc == 0) {
		rc = walk_from(&w, &at);
		if (rc == 0)
			rc = client_id_find_named(&w, seq);
		if (rc == 0) {
			at = key_of(w.key);
			rc = walk_delete(&w);
		}
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
