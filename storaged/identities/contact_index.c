/*
 * Three indexes of the same form: organization and folded e-mail, phone digits, or user id, lead to a contact's id.
 */
#include "storaged/identities/contact_index.h"

#include <string.h>

#include "storaged/identities/match_keys.h"

const char *
contact_index_keys(
    const struct id *org, struct slice email, struct slice phone, struct contact_keys *keys)
{
	uint8_t text[FOLDED_MAX];
	size_t len;

	keys->email.len = keys->phone.len = keys->user_id.len = 0;
	if (email.len > 0) {
		if (match_fold_email(email, text, &len) != 0)
			return "the e-mail is too long";
		keys->email = key_contact_name(org, (struct slice){text, len});
	}
	if (phone.len > 0) {
		if (match_phone_digits(phone, text, &len) != 0)
			return "the phone has no digit";
		keys->phone = key_contact_name(org, (struct slice){text, len});
	}
	return NULL;
}

void
contact_index_user_key(const struct id *org, struct slice user_id, struct contact_keys *keys)
{
	keys->email.len = keys->phone.len = 0;
	keys->user_id = key_contact_name(org, user_id);
}

const char *
contact_index_check(const struct msg_contact_record *contact, struct contact_keys *keys)
{
	const char *fault =
	    contact_index_keys(&contact->org, contact->email, contact->phone, keys);

	if (fault == NULL && contact->user_id.len > 0)
		contact_index_user_key(&contact->org, contact->user_id, keys);
	return fault;
}

int
contact_index_keys_of(const struct msg_contact_record *contact, struct contact_keys *keys)
{
	return contact_index_check(contact, keys) == NULL ? 0 : RECORD_DAMAGED;
}

/* The contact of one index key; zero: none. */
static int
contact_index_owner(struct txn *t, enum table table, const struct key *key, struct id *contact)
{
	struct slice value;
	int rc;

	*contact = (struct id){0};
	if (key->len == 0)
		return 0;
	rc = txn_get(t, table, key, &value);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (value.len != sizeof(contact->b))
		return RECORD_DAMAGED;
	memcpy(contact->b, value.p, sizeof(contact->b));
	return 0;
}

int
contact_index_find(
    struct txn *t, const struct contact_keys *keys, struct contact_owners *owners)
{
	int rc = contact_index_owner(t, TABLE_CONTACTS_BY_EMAIL, &keys->email, &owners->email);

	if (rc == 0)
		rc = contact_index_owner(
		    t, TABLE_CONTACTS_BY_PHONE, &keys->phone, &owners->phone);
	if (rc == 0)
		rc = contact_index_owner(
		    t, TABLE_CONTACTS_BY_USER_ID, &keys->user_id, &owners->user_id);
	return rc;
}

static int
contact_index_move_one(struct txn *t, enum table table, const struct key *from,
    const struct key *to, const struct id *contact)
{
	int rc = 0;

	if (slice_eq(key_slice(from), key_slice(to)))
		return 0;
	if (from->len > 0)
		rc = txn_del(t, table, from);
	if (rc == 0 && to->len > 0)
		rc = txn_put(t, table, to, (struct slice){contact->b, sizeof(contact->b)});
	return rc;
}

int
contact_index_move(struct txn *t, const struct id *contact, const struct contact_keys *from,
    const struct contact_keys *to)
{
	static const struct contact_keys none;
	int rc;

	from = from == NULL ? &none : from;
	to = to == NULL ? &none : to;
	rc = contact_index_move_one(
	    t, TABLE_CONTACTS_BY_EMAIL, &from->email, &to->email, contact);
	if (rc == 0)
		rc = contact_index_move_one(
		    t, TABLE_CONTACTS_BY_PHONE, &from->phone, &to->phone, contact);
	if (rc == 0)
		rc = contact_index_move_one(
		    t, TABLE_CONTACTS_BY_USER_ID, &from->user_id, &to->user_id, contact);
	return rc;
}
