/*
 * Visitors, whose widget and contact may be gone by now; and contacts, each found by its e-mail and its
 * phone.
 */
#include "storaged/verify/verify_internal.h"

#include <string.h>

#include "storaged/records/match_keys.h"

/* -- visitors ----------------------------------------------------------------------------- */

static bool
visitor_key_of(const void *record, struct key *key)
{
	const struct msg_visitor_record *r = record;

	*key = key_id(&r->id);
	return true;
}

static const struct index visitors_by_id = {
    .table = TABLE_VISITORS_BY_ID,
    .records = TABLE_VISITORS,
    .type = MSG_VISITOR_RECORD,
    .key = visitor_key_of,
};

static int
check_visitor(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct record_name name;
	struct msg_visitor_record r;
	struct key right;

	(void)arg;
	if (!check_record(
		c, TABLE_VISITORS, "a visitor", value, MSG_VISITOR_RECORD, RECORD_VERSION, &r))
		return 0;
	name = record_name("visitor", &r.id);
	right = key_hash(&r.token);
	if (!slice_eq(key, key_slice(&right)))
		check_found(c, TABLE_VISITORS, "%s carries another token", name.s);
	return check_indexed(c, &visitors_by_id, &r, key, name.s);
}

/* -- contacts ----------------------------------------------------------------------------- */

static bool
contact_email_of(const void *record, struct key *key)
{
	const struct msg_contact_record *r = record;
	uint8_t folded[FOLDED_MAX];
	size_t len;

	if (match_fold_email(r->email, folded, &len) != 0)
		return false;
	*key = key_contact_name(&r->org, (struct slice){folded, len});
	return true;
}

static bool
contact_phone_of(const void *record, struct key *key)
{
	const struct msg_contact_record *r = record;
	uint8_t digits[PHONE_MAX];
	size_t len;

	if (match_phone_digits(r->phone, digits, &len) != 0)
		return false;
	*key = key_contact_name(&r->org, (struct slice){digits, len});
	return true;
}

/* The organization is the entry's, the contact its value. */
static bool
contact_target(struct slice key, struct slice value, struct key *target)
{
	struct id org = key_front(key), contact;

	if (value.len != sizeof(contact.b))
		return false;
	contact = key_front(value);
	*target = key_of_org(&org, &contact);
	return true;
}

static const struct index contacts_by_email = {
    .table = TABLE_CONTACTS_BY_EMAIL,
    .records = TABLE_CONTACTS,
    .type = MSG_CONTACT_RECORD,
    .key = contact_email_of,
    .target = contact_target,
};

static const struct index contacts_by_phone = {
    .table = TABLE_CONTACTS_BY_PHONE,
    .records = TABLE_CONTACTS,
    .type = MSG_CONTACT_RECORD,
    .key = contact_phone_of,
    .target = contact_target,
};

static const char *
contact_fault(const struct msg_contact_record *r)
{
	struct key key;

	if (r->email.len > 0 && !contact_email_of(r, &key))
		return "has an e-mail that is too long";
	if (r->phone.len > 0 && !contact_phone_of(r, &key))
		return "has a phone without a digit";
	return NULL;
}

static int
check_contact(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct record_name name = org_record_name("contact", key);
	struct slice id = {key.p + sizeof(struct id), sizeof(struct id)};
	struct msg_contact_record r;
	const char *fault;
	int rc;

	(void)arg;
	if (!check_record(
		c, TABLE_CONTACTS, name.s, value, MSG_CONTACT_RECORD, RECORD_VERSION, &r) ||
	    !check_own_ids(c, TABLE_CONTACTS, key, name.s, &r.org, &r.id))
		return 0;
	fault = contact_fault(&r);
	if (fault != NULL)
		check_found(c, TABLE_CONTACTS, "%s %s", name.s, fault);
	rc = check_indexed(c, &contacts_by_email, &r, id, name.s);
	return rc != 0 ? rc : check_indexed(c, &contacts_by_phone, &r, id, name.s);
}

int
check_visitors(struct checker *c)
{
	int rc = check_table(c, TABLE_VISITORS, check_visitor, NULL);

	if (rc == 0)
		rc = check_index(c, &visitors_by_id);
	if (rc == 0)
		rc = check_table(c, TABLE_CONTACTS, check_contact, NULL);
	if (rc == 0)
		rc = check_index(c, &contacts_by_email);
	return rc != 0 ? rc : check_index(c, &contacts_by_phone);
}
