/*
 * Contacts, as the admin API and an import know them. How a visitor becomes one: contact_submit.c; how
 * one ends: contact_delete.c.
 */
#include "storaged/visitors/contacts.h"

#include <stddef.h>
#include <string.h>

#include "storaged/request/listing.h"
#include "storaged/visitors/contact_index.h"

int
contact_find(struct txn *t, const struct id *org, const struct id *contact,
    struct msg_contact_record *record)
{
	struct key key = key_of_org(org, contact);

	return txn_get_record(t, TABLE_CONTACTS, &key, MSG_CONTACT_RECORD, record);
}

/* -- a contact as a thing ------------------------------------------------------------------ */

static bool
is_anothers(const struct id *holder, const struct id *contact)
{
	return !id_is_zero(holder) && !id_equal(holder, contact);
}

/* Refuses what is no e-mail and no phone and, with `clash`, those of another one. */
static int
check(struct txn *t, struct call *c, const union thing *r, enum store_error clash)
{
	struct contact_holders holders;
	struct contact_names names;
	const char *fault =
	    contact_names_of(&r->org, r->contact.email, r->contact.phone, &names);
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = contact_names_find(t, &names, &holders);
	if (rc != 0)
		return rc;
	if (is_anothers(&holders.email, &r->id))
		return call_refuse(c, clash, "another contact has this e-mail");
	if (is_anothers(&holders.phone, &r->id))
		return call_refuse(c, clash, "another contact has this phone");
	return 0;
}

/* With its index entries. */
static int
store(struct txn *t, const union thing *r, const union thing *there)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct contact_names names, before;
	int rc = contact_names_stored(&r->contact, &names);

	if (rc == 0 && there != NULL)
		rc = contact_names_stored(&there->contact, &before);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_CONTACTS, &key, MSG_CONTACT_RECORD, r);
	if (rc != 0)
		return rc;
	return contact_names_move(t, &r->id, there == NULL ? NULL : &before, &names);
}

const struct thing_kind contact_kind = {
    .table = TABLE_CONTACTS,
    .record = MSG_CONTACT_RECORD,
    .answer = MSG_CONTACT,
    .created_at = offsetof(struct msg_contact_record, created_at),
    .updated_at = offsetof(struct msg_contact_record, updated_at),
    .missing = "no such contact",
    .check = check,
    .store = store,
};

int
contact_put(struct txn *t, struct call *c)
{
	union thing r;

	return thing_put(t, c, &contact_kind, false, c->m->contact_put.contact, &r);
}

int
contact_import(struct txn *t, struct call *c, const struct msg_contact_record *record)
{
	const union thing r = {.contact = *record};

	return thing_import(t, c, &contact_kind, &r);
}

/* -- reading ------------------------------------------------------------------------------ */

int
contact_get(struct txn *t, struct call *c)
{
	const struct msg_contact_get *m = &c->m->contact_get;

	return thing_get(t, c, &contact_kind, &m->org, &m->contact);
}

/* The one contact that has what is asked for; a zero id: nobody, or nobody has both. */
static int
find_asked(struct txn *t, const struct msg_contact_list *m, struct id *contact)
{
	struct contact_holders holders;
	struct contact_names names;
	int rc;

	*contact = (struct id){0};
	if (contact_names_of(&m->org, m->email, m->phone, &names) != NULL)
		return 0;
	rc = contact_names_find(t, &names, &holders);
	if (m->email.len > 0 && m->phone.len > 0 && !id_equal(&holders.email, &holders.phone))
		return rc;
	*contact = m->email.len > 0 ? holders.email : holders.phone;
	return rc;
}

/* Whether a contact comes behind the page before; ids made later are greater (proto/base/ids.h). */
static bool
is_on_page(const struct id *contact, const struct id *before)
{
	return id_is_zero(before) || memcmp(contact->b, before->b, sizeof(before->b)) < 0;
}

static int
answer_asked(struct txn *t, struct call *c)
{
	const struct msg_contact_list *m = &c->m->contact_list;
	struct slice record = {0};
	struct id contact;
	struct key key;
	int rc = find_asked(t, m, &contact);

	if (rc == 0 && !id_is_zero(&contact) && is_on_page(&contact, &m->before)) {
		key = key_of_org(&m->org, &contact);
		rc = txn_get(t, TABLE_CONTACTS, &key, &record);
	}
	if (rc == 0)
		listing_answer_one(t, c, record, MSG_CONTACT_PAGE);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
contact_list(struct txn *t, struct call *c)
{
	const struct msg_contact_list *m = &c->m->contact_list;
	struct listing l;

	if (m->email.len > 0 || m->phone.len > 0)
		return answer_asked(t, c);
	l = listing_of_newest(TABLE_CONTACTS, &m->org, &m->before, m->limit);
	return listing_answer(t, c, &l, MSG_CONTACT_PAGE);
}
