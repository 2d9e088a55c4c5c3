/*
 * Two indexes that are alike: a name leads to the id of its contact.
 */
#include "storaged/visitors/contact_index.h"

#include <string.h>

#include "storaged/records/match_keys.h"

const char *
contact_names_of(
    const struct id *org, struct slice email, struct slice phone, struct contact_names *names)
{
	uint8_t text[FOLDED_MAX];
	size_t len;

	names->email.len = names->phone.len = 0;
	if (email.len > 0) {
		if (email_fold(email, text, &len) != 0)
			return "the e-mail is too long";
		names->email = key_contact_name(org, (struct slice){text, len});
	}
	if (phone.len > 0) {
		if (phone_digits(phone, text, &len) != 0)
			return "the phone has no digit";
		names->phone = key_contact_name(org, (struct slice){text, len});
	}
	return NULL;
}

int
contact_names_stored(const struct msg_contact_record *contact, struct contact_names *names)
{
	if (contact_names_of(&contact->org, contact->email, contact->phone, names) != NULL)
		return RECORD_DAMAGED;
	return 0;
}

/* Whose name this is; a zero id: nobody's. */
static int
find_named(struct txn *t, enum table table, const struct key *name, struct id *contact)
{
	struct slice value;
	int rc;

	*contact = (struct id){0};
	if (name->len == 0)
		return 0;
	rc = txn_get(t, table, name, &value);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (value.len != sizeof(contact->b))
		return RECORD_DAMAGED;
	memcpy(contact->b, value.p, sizeof(contact->b));
	return 0;
}

int
contact_names_find(
    struct txn *t, const struct contact_names *names, struct contact_holders *holders)
{
	int rc = find_named(t, TABLE_CONTACTS_BY_EMAIL, &names->email, &holders->email);

	if (rc == 0)
		rc = find_named(t, TABLE_CONTACTS_BY_PHONE, &names->phone, &holders->phone);
	return rc;
}

static int
move(struct txn *t, enum table table, const struct key *from, const struct key *to,
    const struct id *contact)
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
contact_names_move(struct txn *t, const struct id *contact, const struct contact_names *from,
    const struct contact_names *to)
{
	static const struct contact_names none;
	int rc;

	from = from == NULL ? &none : from;
	to = to == NULL ? &none : to;
	rc = move(t, TABLE_CONTACTS_BY_EMAIL, &from->email, &to->email, contact);
	return rc != 0 ? rc
		       : move(t, TABLE_CONTACTS_BY_PHONE, &from->phone, &to->phone, contact);
}
