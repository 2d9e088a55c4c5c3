/*
 * Contacts as records. Removing one first unlinks it from its conversations, some per request, and removes
 * it with the last one.
 */
#include "storaged/records/contacts.h"

#include <stddef.h>
#include <string.h>

#include "storaged/conversations/conversations.h"
#include "storaged/identities/contact_index.h"
#include "storaged/identities/contact_search.h"
#include "storaged/identities/visitor_records.h"
#include "storaged/mail/addresses.h"
#include "storaged/mail/mails.h"

int
contact_find(struct txn *t, const struct id *org, const struct id *contact,
    struct msg_contact_record *record)
{
	struct key key = key_of_org(org, contact);

	return txn_get_record(t, TABLE_CONTACTS, &key, record);
}

static bool
contact_is_other(const struct id *owner, const struct id *contact)
{
	return !id_is_zero(owner) && !id_equal(owner, contact);
}

static int
contact_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	struct contact_owners owners;
	struct contact_keys keys;
	const char *fault = contact_index_check(&r->contact, &keys);
	int rc;

	if (fault == NULL && r->contact.merged.len % sizeof(struct id) != 0)
		fault = "the contact's list of merged contacts is invalid";
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = contact_index_find(t, &keys, &owners);
	if (rc != 0)
		return rc;
	if (contact_is_other(&owners.email, &r->id))
		return call_refuse(c, clash, "another contact has this e-mail");
	if (contact_is_other(&owners.phone, &r->id))
		return call_refuse(c, clash, "another contact has this phone");
	if (contact_is_other(&owners.user_id, &r->id))
		return call_refuse(c, clash, "another contact has this user id");
	return 0;
}

int
contact_put(
    struct txn *t, const struct msg_contact_record *contact, const struct contact_keys *before)
{
	struct key key = key_of_org(&contact->org, &contact->id);
	struct contact_keys keys;
	int rc = contact_index_keys_of(contact, &keys);

	if (rc == 0)
		rc = txn_put_record(t, TABLE_CONTACTS, &key, contact);
	return rc != 0 ? rc : contact_index_move(t, &contact->id, before, &keys);
}

static int
contact_store(struct txn *t, const union record *r, const union record *stored)
{
	struct contact_keys before;
	int rc = stored == NULL ? 0 : contact_index_keys_of(&stored->contact, &before);

	return rc != 0 ? rc : contact_put(t, &r->contact, stored == NULL ? NULL : &before);
}

/* What merges have noted (contact_merge.c). */
static void
contact_keep(union record *r, const union record *stored, bool fresh)
{
	static const struct msg_contact_record none;
	const struct msg_contact_record *from = stored == NULL ? &none : &stored->contact;

	(void)fresh;
	r->contact.merging = from->merging;
	r->contact.merged = from->merged;
}

/* The one contact with the e-mail and the phone of the request; zero: none has what is given. */
static int
contact_find_matching(struct txn *t, const struct msg_record_list *m, struct id *contact)
{
	struct contact_owners owners;
	struct contact_keys keys;
	int rc;

	*contact = (struct id){0};
	if (contact_index_keys(&m->org, m->email, m->phone, &keys) != NULL)
		return 0;
	rc = contact_index_find(t, &keys, &owners);
	if (m->email.len > 0 && m->phone.len > 0 && !id_equal(&owners.email, &owners.phone))
		return rc;
	*contact = m->email.len > 0 ? owners.email : owners.phone;
	return rc;
}

/* Whether a contact comes after the cursor; newer ids are greater (proto/base/ids.h). */
static bool
contact_is_after(const struct id *contact, const struct id *cursor)
{
	return id_is_zero(cursor) || memcmp(contact->b, cursor->b, sizeof(cursor->b)) < 0;
}

static int
contact_list_matching(struct txn *t, struct call *c)
{
	const struct msg_record_list *m = &c->m->record_list;
	struct slice record = {0};
	struct msg_contact_record r;
	struct id contact;
	struct key key;
	int rc;

	if (m->search.len > 0)
		return contact_search(t, c);
	rc = contact_find_matching(t, m, &contact);

	if (rc == 0 && !id_is_zero(&contact) && contact_is_after(&contact, &m->cursor)) {
		key = key_of_org(&m->org, &contact);
		rc = txn_get(t, TABLE_CONTACTS, &key, &record);
		if (rc == 0)
			rc = record_read(record, TABLE_CONTACTS, &r);
	}
	if (rc == 0)
		listing_answer_one(t, c, record, MSG_RECORD_PAGE);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

/* Gives the visitor that the conversation's session names to another contact. */
static int
contact_move_visitor(
    struct txn *t, const struct msg_conversation_record *conversation, const struct id *to)
{
	struct msg_visitor_record visitor;
	struct id id, contact = conversation->contact;
	int rc;

	if (!visitor_of_session(conversation->session, &id))
		return 0;
	rc = visitor_by_id(t, &id, &visitor);
	if (rc == 0 && id_equal(&visitor.contact, &contact)) {
		visitor.contact = *to;
		rc = visitor_put(t, &visitor);
	}
	return txn_survives(rc) ? 0 : rc;
}

/* Moves the conversation of an index entry. A damaged one keeps its record, for `banter verify` to find;
 * it must not keep the contact. */
static int
contact_move_conversation(
    struct txn *t, const struct key *entry, const struct id *contact, const struct id *to)
{
	const struct id id = key_back(key_slice(entry));
	struct key key = key_id(&id);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0 && id_equal(&conversation.contact, contact)) {
		rc = contact_move_visitor(t, &conversation, to);
		if (rc == 0)
			rc = conversation_set_contact(t, &id, to);
		/* The contact is removed, and so are mails to its address. */
		if (rc == 0 && id_is_zero(to))
			rc = mails_remove_about(t, &id);
	}
	/* An entry of another contact's conversation is wrong, and goes, too. */
	if (rc == 0 || txn_survives(rc))
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_CONTACT, entry);
	return rc;
}

int
contact_drop(struct txn *t, const struct id *org, const struct id *contact,
    const struct contact_keys *keys)
{
	struct key key = key_of_org(org, contact);
	int rc = contact_index_move(t, contact, keys, NULL);

	return rc != 0 ? rc : txn_del(t, TABLE_CONTACTS, &key);
}

int
contact_move_some(struct txn *t, const struct id *org, const struct id *contact,
    const struct id *to, bool *left)
{
	const struct key front = key_of_org(org, contact);
	struct key entry;
	int rc = txn_first(t, TABLE_CONVERSATIONS_BY_CONTACT, &front, &entry);

	for (unsigned n = 0; rc == 0 && n < UNLINKS_MAX; n++) {
		rc = contact_move_conversation(t, &entry, contact, to);
		if (rc == 0)
			rc = txn_first(t, TABLE_CONVERSATIONS_BY_CONTACT, &front, &entry);
	}
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Unlinks up to UNLINKS_MAX conversations, and removes the contact when none is left. */
static int
contact_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	const struct id none = {0}, org = r->org, contact = r->id;
	const struct hash256 address = address_hash(r->contact.email);
	struct contact_keys keys;
	int rc = contact_index_keys_of(&r->contact, &keys);

	(void)c;
	/* Before the contact goes: a visitor whose contact is missing reads as one without a contact. */
	if (rc == 0)
		rc = contact_move_some(t, &org, &contact, &none, left);
	if (rc == 0 && !*left)
		rc = address_remove(t, &org, &address);
	return rc != 0 || *left ? rc : contact_drop(t, &org, &contact, &keys);
}

const struct record_kind contact_kind = {
    .table = TABLE_CONTACTS,
    .change = CHANGE_CONTACT,
    .created_at = offsetof(struct msg_contact_record, created_at),
    .updated_at = offsetof(struct msg_contact_record, updated_at),
    .missing = "no such contact",
    .no_create = "only a visitor creates a contact",
    .newest_first = true,
    .list_matching = contact_list_matching,
    .keep = contact_keep,
    .check = contact_check,
    .store = contact_store,
    .remove = contact_remove,
};
