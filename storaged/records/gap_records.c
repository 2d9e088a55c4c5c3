/*
 * Gaps as records. Only their state and their answer can be changed.
 */
#include "storaged/records/record_kinds.h"

#include <stddef.h>

#include "storaged/content/gaps.h"

static void
gap_record_keep(union record *r, const union record *stored, bool fresh)
{
	(void)fresh;
	if (stored == NULL)
		return;
	r->gap.agent = stored->gap.agent;
	r->gap.widget = stored->gap.widget;
	r->gap.conversation = stored->gap.conversation;
	r->gap.question = stored->gap.question;
}

/* Refuses a gap of a conversation of another organization, or of none: nothing would erase it. */
static int
gap_record_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	struct key key = key_id(&r->gap.conversation);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	(void)clash;
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &r->org)))
		return call_refuse(c, STORE_INVALID, "the gap's conversation does not exist");
	return rc;
}

/* The question of a replaced gap lies in the map, and is copied by the first put. */
static int
gap_record_store(struct txn *t, const union record *r, const union record *stored)
{
	(void)stored;
	return gap_store(t, &r->gap);
}

static int
gap_record_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	const struct id org = r->org, id = r->id, conversation = r->gap.conversation;

	(void)c;
	(void)left;
	return gap_remove(t, &org, &conversation, &id);
}

const struct record_kind gap_kind = {
    .table = TABLE_GAPS,
    .change = CHANGE_GAP,
    .created_at = offsetof(struct msg_gap_record, created_at),
    .updated_at = offsetof(struct msg_gap_record, updated_at),
    .missing = "no such question",
    .no_create = "the store makes gaps itself",
    .newest_first = true,
    .keep = gap_record_keep,
    .check = gap_record_check,
    .store = gap_record_store,
    .remove = gap_record_remove,
};
