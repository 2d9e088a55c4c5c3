/*
 * Finds or creates a visitor's contact. The lookup and the change share one transaction, so two visitors
 * who are the same person always become one contact.
 */
#include "storaged/visitors/contact_submit.h"

#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "proto/ipc/room_id.h"
#include "storaged/conversations/conversations.h"
#include "storaged/identities/blocks.h"
#include "storaged/identities/contact_index.h"
#include "storaged/records/contacts.h"
#include "storaged/records/organizations.h"
#include "storaged/visitors/visitors.h"

struct submission {
	const struct msg_contact_submit *m;
	struct msg_visitor_record
	    visitor; /* of a session of a key: set if its contact waits (contact_submit_keep()) */
	bool by_key;
	struct id org;
	struct id conversation; /* the visitor's or the session's; zero: none yet */
	struct id
	    linked; /* the contact that the visitor or the session has already; zero: none */
	struct slice name, email, phone, user_id;
	union record contact; /* the visitor's contact */
	union record stored;  /* the same as it was before, if it existed */
	bool exists;
	bool changed; /* the contact is new, or has another field */
};

static int
contact_submit_find_visitor(struct txn *t, struct call *c, struct submission *s)
{
	const struct msg_contact_submit *m = s->m;
	const struct visitor_claim claim = {
	    m->token, m->visitor, m->org, m->widget, m->vouched};
	struct msg_widget_record widget;
	int rc = visitor_find(t, &claim, &s->visitor, &widget);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	s->org = s->visitor.org;
	s->linked = s->visitor.contact;
	if (rc == 0)
		rc = visitor_conversation(t, &s->visitor, &s->conversation);
	if (rc == MDB_NOTFOUND) {
		s->conversation = (struct id){0};
		rc = 0;
	}
	return rc;
}

/* A session of a key: it may have no conversation yet. */
static int
contact_submit_find_session(struct txn *t, struct call *c, struct submission *s)
{
	const struct msg_contact_submit *m = s->m;
	const struct hash256 token = room_hash_of_session(&m->org, &m->widget, m->session);
	struct msg_conversation_record conversation;
	struct msg_org_record org;
	bool fresh = true;
	int rc = organization_find(t, &m->org, &org);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, organization_missing);
	s->by_key = true;
	s->org = m->org;
	if (rc == 0)
		rc = conversation_of_session(
		    t, &m->org, &m->widget, m->session, &m->fresh_id, &conversation, &fresh);
	if (rc != 0)
		return rc;
	if (!fresh) {
		s->conversation = conversation.id;
		s->linked = conversation.contact;
		return 0;
	}
	rc = visitor_by_token(t, &token, &s->visitor);
	if (rc == 0)
		s->linked = s->visitor.contact;
	return txn_survives(rc) ? 0 : rc;
}

static int
contact_submit_find(struct txn *t, struct call *c, struct submission *s)
{
	return s->m->session.len > 0 ? contact_submit_find_session(t, c, s)
				     : contact_submit_find_visitor(t, c, s);
}

/* Reads the texts, which lie in the request's frame. */
static int
contact_submit_read(struct call *c, struct submission *s, struct contact_keys *keys)
{
	const struct msg_contact_submit *m = s->m;
	const char *fault;

	s->name = utf8_trim(m->name);
	s->email = utf8_trim(m->email);
	s->phone = utf8_trim(m->phone);
	s->user_id = m->user_id;
	if (s->name.len == 0 && s->email.len == 0 && s->phone.len == 0 && s->user_id.len == 0)
		return call_refuse(c, STORE_INVALID, "a contact needs a name, e-mail or phone");
	fault = contact_index_keys(&s->org, s->email, s->phone, keys);
	if (fault == NULL && s->user_id.len > 0)
		contact_index_user_key(&s->org, s->user_id, keys);
	return fault == NULL ? 0 : call_refuse(c, STORE_INVALID, fault);
}

static void
contact_submit_fill_field(struct submission *s, struct slice *field, struct slice given)
{
	if (field->len > 0 || given.len == 0)
		return;
	*field = given;
	s->changed = true;
}

/* Fills the empty fields of the contact. */
static void
contact_submit_fill(struct submission *s)
{
	struct msg_contact_record *contact = &s->contact.contact;

	contact_submit_fill_field(s, &contact->name, s->name);
	contact_submit_fill_field(s, &contact->email, s->email);
	contact_submit_fill_field(s, &contact->phone, s->phone);
	contact_submit_fill_field(s, &contact->user_id, s->user_id);
}

/* Uses a stored contact. fills: no other contact has the submitted e-mail or phone, so they may fill its
 * empty fields. */
static int
contact_submit_use_contact(struct txn *t, struct submission *s, const struct id *id, bool fills)
{
	int rc = record_find(t, &contact_kind, &s->org, id, &s->stored);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	s->exists = true;
	s->contact = s->stored;
	if (fills)
		contact_submit_fill(s);
	return 0;
}

/* Creates a contact. A repeated request finds the contact that it has created, even one that has only a
 * name. */
static int
contact_submit_make_contact(struct txn *t, struct submission *s)
{
	const struct id *id = &s->m->fresh_id;
	struct key key = key_of_org(&s->org, id);
	struct slice stored;
	int rc = txn_get(t, TABLE_CONTACTS, &key, &stored);

	if (rc == 0)
		return contact_submit_use_contact(t, s, id, true);
	if (rc != MDB_NOTFOUND)
		return rc;
	s->contact.contact = (struct msg_contact_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = s->org,
	    .created_at = clock_wall_ms(),
	};
	contact_submit_fill(s);
	return 0;
}

static bool
contact_submit_is_other(struct slice known, struct slice given)
{
	return known.len > 0 && given.len > 0 && !slice_eq(known, given);
}

/* Nobody is known by the details. They complete the contact that the visitor has already, unless it has others; a proved
 * user never becomes a contact that was only claimed. */
static int
contact_submit_complete(struct txn *t, struct submission *s)
{
	struct msg_contact_record known;
	int rc = MDB_NOTFOUND;

	if (s->user_id.len == 0 && !id_is_zero(&s->linked))
		rc = contact_find(t, &s->org, &s->linked, &known);
	if (rc == MDB_NOTFOUND)
		return contact_submit_make_contact(t, s);
	if (rc != 0)
		return rc;
	if (contact_submit_is_other(known.name, s->name) ||
	    contact_submit_is_other(known.email, s->email) ||
	    contact_submit_is_other(known.phone, s->phone))
		return contact_submit_make_contact(t, s);
	return contact_submit_use_contact(t, s, &s->linked, true);
}

/* Finds the contact by e-mail, then by phone (API.md, section 7). */
static int
contact_submit_resolve(struct txn *t, struct submission *s, const struct contact_keys *keys)
{
	struct contact_owners owners;
	int rc = contact_index_find(t, keys, &owners);

	if (rc != 0)
		return rc;
	if (!id_is_zero(&owners.user_id))
		return contact_submit_use_contact(t, s, &owners.user_id, true);
	if (id_is_zero(&owners.email) && id_is_zero(&owners.phone))
		return contact_submit_complete(t, s);
	if (id_is_zero(&owners.email))
		return contact_submit_use_contact(t, s, &owners.phone, true);
	if (id_is_zero(&owners.phone))
		return contact_submit_use_contact(t, s, &owners.email, true);
	/* One contact has both, or the e-mail's contact wins. */
	return contact_submit_use_contact(t, s, &owners.email, false);
}

static int
contact_submit_store(struct txn *t, struct submission *s)
{
	struct msg_contact_record *contact = &s->contact.contact;
	int rc;

	if (!s->changed)
		return 0;
	contact->updated_at = clock_wall_after(contact->updated_at);
	rc = record_store(t, &contact_kind, &s->contact, s->exists ? &s->stored : NULL);
	return rc != 0 ? rc
		       : record_add_change(t, &contact_kind, &s->contact,
			     s->exists ? CHANGE_CHANGED : CHANGE_CREATED);
}

/* The contact of a session without a conversation waits for its first message. */
static int
contact_submit_keep(struct txn *t, const struct submission *s)
{
	const struct msg_contact_submit *m = s->m;

	if (id_equal(&s->visitor.contact, &s->contact.id))
		return 0;
	return visitor_put(t,
	    &(struct msg_visitor_record){
		.v = RECORD_VERSION,
		.id = room_id_of_session(&m->org, &m->widget, m->session),
		.org = m->org,
		.widget = m->widget,
		.token = room_hash_of_session(&m->org, &m->widget, m->session),
		.contact = s->contact.id,
		.used = true,
		.created_at = clock_wall_ms(),
	    });
}

static int
contact_submit_link_visitor(struct txn *t, struct call *c, struct submission *s)
{
	const struct id *contact = &s->contact.id;
	struct msg_visitor_record *visitor = &s->visitor;

	if (s->by_key)
		return id_is_zero(&s->conversation) ? contact_submit_keep(t, s) : 0;
	if (visitor->used && id_equal(&visitor->contact, contact) &&
	    (s->user_id.len == 0 || id_equal(&visitor->proved, contact)))
		return 0;
	visitor->contact = *contact;
	if (s->user_id.len > 0)
		visitor->proved = *contact;
	return visitor_put_used(t, c, visitor);
}

/* Links the visitor and its conversation to the contact. */
static int
contact_submit_link(struct txn *t, struct call *c, struct submission *s)
{
	const struct id *contact = &s->contact.id;
	int rc = contact_submit_link_visitor(t, c, s);

	if (rc == 0 && !id_is_zero(&s->conversation))
		rc = conversation_set_contact(t, &s->conversation, contact);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

/* Whether the site has proved who writes in this session: details without a proof change nothing then. */
static int
contact_submit_is_proved(struct txn *t, const struct submission *s, bool *proved)
{
	struct msg_contact_record contact;
	int rc;

	*proved = false;
	if (s->user_id.len > 0 || id_is_zero(&s->linked))
		return 0;
	rc = contact_find(t, &s->org, &s->linked, &contact);
	*proved = rc == 0 && contact.user_id.len > 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
contact_submit_apply(
    struct txn *t, struct call *c, struct submission *s, const struct contact_keys *keys)
{
	int rc = contact_submit_resolve(t, s, keys);

	if (rc == 0)
		rc = contact_submit_store(t, s);
	return rc != 0 ? rc : contact_submit_link(t, c, s);
}

/* Tells the visitor's connections. */
static void
contact_submit_announce(struct call *c, const struct submission *s)
{
	const struct msg_contact_submit *m = s->m;

	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_ROOM_CONTACT,
		.room = s->by_key ? room_id_of_session(&m->org, &m->widget, m->session)
				  : s->visitor.id,
	    });
}

static int
contact_submit_check_blocks(struct txn *t, struct call *c, const struct submission *s)
{
	const struct msg_contact_submit *m = s->m;
	const struct visitor_session session = visitor_session(&s->visitor.id);

	return blocks_refuse(t, c,
	    &(struct block_query){.org = s->org,
		.session = s->by_key ? m->session : slice_str(session.s),
		.contact = s->linked,
		.network = m->sender});
}

/* Stores what is new, unless the visitor is proved. */
static int
contact_submit_run(
    struct txn *t, struct call *c, struct submission *s, bool checks_blocks, bool *proved)
{
	struct contact_keys keys;
	int rc = contact_submit_find(t, c, s);

	*proved = false;
	if (rc == 0)
		rc = contact_submit_read(c, s, &keys);
	if (rc == 0 && checks_blocks)
		rc = contact_submit_check_blocks(t, c, s);
	if (rc == 0)
		rc = contact_submit_is_proved(t, s, proved);
	if (rc == 0 && !*proved)
		rc = contact_submit_apply(t, c, s, &keys);
	if (rc == 0)
		contact_submit_announce(c, s);
	return rc;
}

int
contact_submit_accepted(struct txn *t, struct call *c, const struct msg_contact_submit *m)
{
	struct submission s = {.m = m};
	bool proved;

	return contact_submit_run(t, c, &s, false, &proved);
}

int
handle_contact_submit(struct txn *t, struct call *c)
{
	struct submission s = {.m = &c->m->contact_submit};
	struct key key;
	bool proved;
	int rc;

	if (id_is_zero(&s.m->fresh_id))
		return call_refuse(c, STORE_INVALID, "a contact needs an id");
	rc = contact_submit_run(t, c, &s, true, &proved);
	if (rc != 0)
		return rc;
	key = key_of_org(&s.org, proved ? &s.linked : &s.contact.id);
	return record_answer(t, c, &contact_kind, &key);
}
