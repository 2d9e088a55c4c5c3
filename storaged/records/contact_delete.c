/*
 * Unlinks the contact from its conversations first, some per request, and removes it with the last one.
 */
#include "storaged/records/contact_delete.h"

#include "storaged/conversations/conversations.h"
#include "storaged/records/contact_index.h"
#include "storaged/records/visitor_records.h"

/* Unlinks the visitor that the conversation's session names. */
static int
contact_unlink_visitor(struct txn *t, const struct msg_conversation_record *conversation)
{
	struct msg_visitor_record visitor;
	struct id id, contact = conversation->contact;
	int rc;

	if (!visitor_of_session(conversation->session, &id))
		return 0;
	rc = visitor_by_id(t, &id, &visitor);
	if (rc == 0 && id_equal(&visitor.contact, &contact)) {
		visitor.contact = (struct id){0};
		rc = visitor_put(t, &visitor);
	}
	return txn_survives(rc) ? 0 : rc;
}

/* Unlinks the conversation of an index entry. A damaged one keeps its record, for `banter verify` to find;
 * it must not keep the contact. */
static int
contact_unlink_conversation(struct txn *t, const struct key *entry, const struct id *contact)
{
	const struct id none = {0}, id = key_back(key_slice(entry));
	struct key key = key_id(&id);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(
	    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &conversation);

	if (rc == 0 && id_equal(&conversation.contact, contact)) {
		rc = contact_unlink_visitor(t, &conversation);
		if (rc == 0)
			rc = conversation_set_contact(t, &id, &none);
	}
	/* An entry of another contact's conversation is wrong, and goes, too. */
	if (rc == 0 || txn_survives(rc))
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_CONTACT, entry);
	return rc;
}

static int
contact_first_conversation(
    struct txn *t, const struct id *org, const struct id *contact, struct key *entry)
{
	struct key front = key_of_org(org, contact);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CONVERSATIONS_BY_CONTACT, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	if (rc == 0)
		*entry = key_of(w.key);
	walk_close(&w);
	return rc;
}

/* Unlinks some conversations; *left: not all. */
static int
contact_unlink_some(struct txn *t, const struct id *org, const struct id *contact, bool *left)
{
	struct key entry;
	int rc = contact_first_conversation(t, org, contact, &entry);

	for (unsigned n = 0; rc == 0 && n < UNLINKS_MAX; n++) {
		rc = contact_unlink_conversation(t, &entry, contact);
		if (rc == 0)
			rc = contact_first_conversation(t, org, contact, &entry);
	}
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
contact_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct id org = r->org, contact = r->id;
	struct contact_keys keys;
	int rc = contact_index_keys_of(&r->contact, &keys);

	(void)c;
	/* Before the contact goes: a visitor whose contact is missing reads as one without a contact. */
	if (rc == 0)
		rc = contact_unlink_some(t, &org, &contact, left);
	if (rc != 0 || *left)
		return rc;
	rc = contact_index_move(t, &contact, &keys, NULL);
	return rc != 0 ? rc : txn_del(t, TABLE_CONTACTS, &key);
}
