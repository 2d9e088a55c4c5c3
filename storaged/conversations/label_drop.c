/*
 * Finds the conversations of a label one by one: each change moves the index.
 */
#include "storaged/conversations/label_drop.h"

#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"

/* The record without the label; text holds its new tags. */
static void
label_drop_from(
    struct msg_conversation_record *r, const struct id *label, struct tags_text *text)
{
	struct slice tags = r->tags;
	struct id tag;

	if (id_equal(&r->assigned, label))
		r->assigned = (struct id){{0}};
	text->len = 0;
	while (labels_next_tag(&tags, &tag))
		if (!id_equal(&tag, label))
			labels_add_tag(text, &tag);
	r->tags = (struct slice){(const uint8_t *)text->s, text->len};
}

/* Removes the label of an index entry's conversation. A damaged conversation keeps its record, for `banter
 * verify` to find; it must not keep the label. */
static int
label_drop_one(struct txn *t, const struct key *entry, const struct id *label)
{
	struct id id = activity_conversation(key_slice(entry));
	struct key key = key_id(&id);
	struct msg_conversation_record r;
	struct conversation_position before;
	struct tags_text text;
	enum change_what what;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &r);

	if (rc == 0) {
		conversation_position_of(&r, &before);
		what = id_equal(&r.assigned, label) ? CHANGE_ASSIGNED : CHANGE_TAGGED;
		label_drop_from(&r, label, &text);
		rc = conversation_put(t, &r, &before, 0);
		if (rc == 0)
			rc = change_add_conversation(t, &r.org, &id, what);
	}
	/* An entry that does not belong to the conversation goes, too. */
	if (rc == 0 || txn_survives(rc))
		rc = txn_del(t, TABLE_LABELS, entry);
	return rc;
}

int
label_drop_some(struct txn *t, const struct id *org, const struct id *label, bool *left)
{
	const struct key front = key_of_org(org, label);
	struct key entry;
	int rc = txn_first(t, TABLE_LABELS, &front, &entry);

	for (unsigned n = 0; rc == 0 && n < LABEL_DROPS_MAX; n++) {
		rc = label_drop_one(t, &entry, label);
		if (rc == 0)
			rc = txn_first(t, TABLE_LABELS, &front, &entry);
	}
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}
