/*
 * A visitor says who it is. Looking up and storing are in one transaction, and there is one store, so
 * that two visitors who are the same person become one contact, however they come.
 */
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "storaged/conversations/conversations.h"
#include "storaged/visitors/contact_index.h"
#include "storaged/visitors/contacts.h"
#include "storaged/visitors/visitors.h"

/* What is submitted, and what becomes of it. */
struct submission {
	struct msg_visitor_record visitor;
	struct id conversation; /* the visitor's; zero: none yet */
	struct slice name, email, phone;
	union thing contact; /* that the visitor turns out to be */
	union thing before;  /* what that was until now, if it was there */
	bool is_there;
	bool changed; /* it is new, or has a field more */
};

static int
find_visitor(struct txn *t, struct call *c, struct submission *s)
{
	struct msg_widget_record widget;
	int rc = visitor_find(t, &c->m->contact_submit.token, &s->visitor, &widget);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (rc == 0)
		rc = visitor_conversation(t, &s->visitor, &s->conversation);
	if (rc == MDB_NOTFOUND) {
		s->conversation = (struct id){0};
		rc = 0;
	}
	return rc;
}

/* Refuses what says nothing. The texts are the frame's. */
static int
read_submission(struct call *c, struct submission *s, struct contact_names *names)
{
	const struct msg_contact_submit *m = &c->m->contact_submit;
	const char *fault;

	s->name = utf8_trim(m->name);
	s->email = utf8_trim(m->email);
	s->phone = utf8_trim(m->phone);
	if (s->name.len == 0 && s->email.len == 0 && s->phone.len == 0)
		return call_refuse(c, STORE_INVALID, "a contact needs a name, e-mail or phone");
	fault = contact_names_of(&s->visitor.org, s->email, s->phone, names);
	return fault == NULL ? 0 : call_refuse(c, STORE_INVALID, fault);
}

static void
fill_one(struct submission *s, struct slice *field, struct slice said)
{
	if (field->len > 0 || said.len == 0)
		return;
	*field = said;
	s->changed = true;
}

/* Fills the fields of a contact that are empty. */
static void
fill(struct submission *s)
{
	struct msg_contact_record *contact = &s->contact.contact;

	fill_one(s, &contact->name, s->name);
	fill_one(s, &contact->email, s->email);
	fill_one(s, &contact->phone, s->phone);
}

/* A contact that is there. fills: what of it is empty may be filled by what is submitted, which is
 * nobody else's then. */
static int
use_contact(struct txn *t, struct submission *s, const struct id *id, bool fills)
{
	int rc = thing_find(t, &contact_kind, &s->visitor.org, id, &s->before);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	s->is_there = true;
	s->contact = s->before;
	if (fills)
		fill(s);
	return 0;
}

/* Nobody whom the organization knows. The request may have made it before, without a name to be found
 * by. */
static int
make_contact(struct txn *t, struct call *c, struct submission *s)
{
	const struct id *id = &c->m->contact_submit.fresh_id;
	struct key key = key_of_org(&s->visitor.org, id);
	struct slice there;
	int rc = txn_get(t, TABLE_CONTACTS, &key, &there);

	if (rc == 0)
		return use_contact(t, s, id, true);
	if (rc != MDB_NOTFOUND)
		return rc;
	s->contact.contact = (struct msg_contact_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = s->visitor.org,
	    .created_at = clock_wall_ms(),
	};
	fill(s);
	return 0;
}

/* Who the visitor is (API.md, section 7): by e-mail, then by phone. */
static int
resolve(struct txn *t, struct call *c, struct submission *s, const struct contact_names *names)
{
	struct contact_holders holders;
	int rc = contact_names_find(t, names, &holders);

	if (rc != 0)
		return rc;
	if (id_is_zero(&holders.email) && id_is_zero(&holders.phone))
		return make_contact(t, c, s);
	if (id_is_zero(&holders.email))
		return use_contact(t, s, &holders.phone, true);
	if (id_is_zero(&holders.phone))
		return use_contact(t, s, &holders.email, true);
	/* One with both, or two of whom the e-mail's is meant. */
	return use_contact(t, s, &holders.email, false);
}

static int
store(struct txn *t, struct submission *s)
{
	struct msg_contact_record *contact = &s->contact.contact;

	if (!s->changed)
		return 0;
	contact->updated_at = clock_wall_after(contact->updated_at);
	return thing_store(t, &contact_kind, &s->contact, s->is_there ? &s->before : NULL);
}

/* Makes the visitor, and its conversation, the contact's. */
static int
link_visitor(struct txn *t, struct submission *s)
{
	const struct id *contact = &s->contact.id;
	struct msg_visitor_record *visitor = &s->visitor;
	int rc = 0;

	if (!visitor->used || !id_equal(&visitor->contact, contact)) {
		visitor->used = true;
		visitor->contact = *contact;
		rc = visitor_put(t, visitor);
	}
	if (rc == 0 && !id_is_zero(&s->conversation))
		rc = conversation_set_contact(t, &s->conversation, contact);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
contact_submit(struct txn *t, struct call *c)
{
	struct contact_names names;
	struct submission s = {0};
	int rc;

	if (id_is_zero(&c->m->contact_submit.fresh_id))
		return call_refuse(c, STORE_INVALID, "a contact needs an id");
	rc = find_visitor(t, c, &s);
	if (rc == 0)
		rc = read_submission(c, &s, &names);
	if (rc == 0)
		rc = resolve(t, c, &s, &names);
	if (rc == 0)
		rc = store(t, &s);
	if (rc == 0)
		rc = link_visitor(t, &s);
	if (rc != 0)
		return rc;
	effects_add(c->effects,
	    &(struct effect){.kind = EFFECT_VISITOR_CONTACT, .visitor = s.visitor.id});
	return thing_get(t, c, &contact_kind, &s.contact.org, &s.contact.id);
}
