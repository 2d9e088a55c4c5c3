/*
 * Removing a contact. It is taken from its conversations first, so many a request, and goes itself with
 * the last of them.
 */
#include "storaged/conversations/conversations.h"
#include "storaged/visitors/contact_index.h"
#include "storaged/visitors/contacts.h"
#include "storaged/visitors/visitors.h"

/* The session of a conversation leads to the visitor, who is nobody's any more either. */
static int
unlink_visitor(struct txn *t, const struct msg_conversation_record *conversation)
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

/* Takes the contact from a conversation that the index names. What cannot be read stays, to be found; it
 * must not keep the contact. */
static int
unlink_conversation(struct txn *t, const struct key *entry, const struct id *contact)
{
	const struct id none = {0}, id = key_back(key_slice(entry));
	struct key key = key_id(&id);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(
	    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &conversation);

	if (rc == 0 && id_equal(&conversation.contact, contact)) {
		rc = unlink_visitor(t, &conversation);
		if (rc == 0)
			rc = conversation_set_contact(t, &id, &none);
	}
	/* One that is not the contact's has no place in the list. */
	if (rc == 0 || txn_survives(rc))
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_CONTACT, entry);
	return rc;
}

/* The first conversation of a contact in the index. */
static int
first_conversation(
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

/* Takes the contact from some of its conversations; *left: from some, not all. */
static int
unlink_some(struct txn *t, const struct id *org, const struct id *contact, bool *left)
{
	struct key entry;
	int rc = first_conversation(t, org, contact, &entry);

	for (unsigned n = 0; rc == 0 && n < UNLINKS_MAX; n++) {
		rc = unlink_conversation(t, &entry, contact);
		if (rc == 0)
			rc = first_conversation(t, org, contact, &entry);
	}
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* With what it was found by. */
static int
drop(struct txn *t, const struct id *org, const struct id *contact,
    const struct contact_names *names)
{
	struct key key = key_of_org(org, contact);
	int rc = contact_names_move(t, contact, names, NULL);

	return rc != 0 ? rc : txn_del(t, TABLE_CONTACTS, &key);
}

int
contact_delete(struct txn *t, struct call *c)
{
	const struct msg_contact_delete *m = &c->m->contact_delete;
	struct msg_contact_record contact;
	struct contact_names names;
	bool left = false;
	int rc = contact_find(t, &m->org, &m->contact, &contact);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, contact_kind.missing);
	if (rc == 0)
		rc = contact_names_stored(&contact, &names);
	/* While it is there still: a visitor's contact that is gone reads as none. */
	if (rc == 0)
		rc = unlink_some(t, &m->org, &m->contact, &left);
	if (rc == 0 && left) {
		call_answer(c, MSG_UNFINISHED, &(struct msg_unfinished){});
		return 0;
	}
	if (rc == 0)
		rc = drop(t, &m->org, &m->contact, &names);
	if (rc == 0)
		call_ok(c);
	return rc;
}
