/*
 * MSG_CONVERSATION_CHANGE: state, assignment, tags, until when it is snoozed, and what the caller has read.
 */
#include "proto/base/basics.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/labels.h"
#include "storaged/conversations/reads.h"
#include "storaged/inbox/inbox.h"
#include "storaged/numbers/numbers.h"
#include "storaged/records/tags.h"
#include "storaged/records/users.h"

/* An operator has the conversation: only its end can be set here. */
static int
conversation_change_check_state(struct call *c, const struct msg_conversation_record *r)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;

	if ((m->what & INBOX_STATE) == 0 || m->state == r->state)
		return 0;
	if (m->state == STATE_PERSON)
		return call_refuse(c, STORE_INVALID, "only a takeover sets this state");
	if (r->state == STATE_PERSON && m->state != STATE_RESOLVED)
		return call_refuse(c, STORE_TAKEN, "an operator has the conversation");
	return 0;
}

static int
conversation_change_check_user(struct txn *t, struct call *c)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;
	struct msg_user_record user;
	int rc;

	if ((m->what & INBOX_ASSIGNED) == 0 || id_is_zero(&m->assigned))
		return 0;
	rc = user_find(t, &m->org, &m->assigned, &user);
	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_CONFLICT, user_missing) : rc;
}

static int
conversation_change_check_tags(struct txn *t, struct call *c)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;
	bool exist;
	int rc;

	if ((m->what & (INBOX_TAGS | INBOX_TAGS_DIFFER)) == 0)
		return 0;
	rc = tags_exist(t, &m->org, m->tags, &exist);
	if (rc == 0 && !exist)
		return call_refuse(c, STORE_INVALID, "no such tag");
	return rc;
}

/* Appends the tags that neither of two lists has; false: there are too many. */
static bool
conversation_change_append(
    struct tags_text *out, struct slice tags, struct slice without, struct slice or_without)
{
	struct id tag;

	while (labels_next_tag(&tags, &tag)) {
		if (tags_contain(without, &tag) || tags_contain(or_without, &tag))
			continue;
		if (out->len + 1 + ID_TEXT_LEN > TAGS_TEXT_MAX)
			return false;
		labels_add_tag(out, &tag);
	}
	return true;
}

/*
 * Sets the record's new tags; text holds them if only some change. A tag that is there, or gone, already is no error:
 * two users may do the same.
 */
static int
conversation_change_set_tags(
    struct call *c, struct msg_conversation_record *r, struct tags_text *text)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;

	if ((m->what & INBOX_TAGS) != 0)
		r->tags = m->tags;
	if ((m->what & INBOX_TAGS_DIFFER) == 0)
		return 0;
	if (!conversation_change_append(text, r->tags, m->less_tags, (struct slice){0}) ||
	    !conversation_change_append(text, m->tags, m->less_tags, r->tags))
		return call_refuse(c, STORE_LIMIT, "the conversation has too many tags");
	r->tags = (struct slice){(const uint8_t *)text->s, text->len};
	return 0;
}

/* Ends a takeover, if there is one. */
static void
conversation_change_set_state(struct msg_conversation_record *r, uint8_t state)
{
	if (r->state == state)
		return;
	conversation_end_takeover(r);
	r->state = state;
}

/* What differs: a set of enum conversation_change. */
static unsigned
conversation_change_find(
    const struct msg_conversation_record *a, const struct msg_conversation_record *b)
{
	unsigned set = a->state == b->state ? 0 : INBOX_STATE;

	if (!id_equal(&a->assigned, &b->assigned))
		set |= INBOX_ASSIGNED;
	if (a->snoozed_until != b->snoozed_until)
		set |= INBOX_SNOOZED;
	return slice_eq(a->tags, b->tags) ? set : set | INBOX_TAGS;
}

static int
conversation_change_announce(
    struct txn *t, const struct msg_conversation_change *m, unsigned changes)
{
	static const struct {
		enum conversation_change change;
		enum change_what what;
	} kinds[] = {
	    {INBOX_STATE, CHANGE_STATE},
	    {INBOX_ASSIGNED, CHANGE_ASSIGNED},
	    {INBOX_TAGS, CHANGE_TAGGED},
	    {INBOX_SNOOZED, CHANGE_SNOOZED},
	    {INBOX_READ, CHANGE_READ},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(kinds); i++)
		if (changes & kinds[i].change)
			rc = change_add_conversation(
			    t, &m->org, &m->conversation, kinds[i].what);
	return rc;
}

/* Marks the conversation as read or unread, if it is not. */
static int
conversation_change_mark(struct txn *t, const struct msg_conversation_change *m,
    const struct msg_conversation_record *r)
{
	bool unread;
	int rc;

	if ((m->what & INBOX_READ) == 0)
		return 0;
	rc = read_is_unread(t, r, &m->reader, &unread);
	if (rc != 0 || unread == (m->read == 0))
		return rc;
	rc = read_mark(t, r, &m->reader, m->read);
	return rc != 0 ? rc : conversation_change_announce(t, m, INBOX_READ);
}

/* A resolved conversation ends being snoozed, and cannot be snoozed. */
static int
conversation_change_set_snoozed(struct call *c, struct msg_conversation_record *r)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;

	if ((m->what & INBOX_SNOOZED) != 0)
		r->snoozed_until = m->snoozed_until;
	if (r->state != STATE_RESOLVED)
		return 0;
	if ((m->what & INBOX_SNOOZED) != 0 && m->snoozed_until != 0)
		return call_refuse(c, STORE_STALE, "the conversation is resolved");
	r->snoozed_until = 0;
	return 0;
}

/* Stores the changes, if there are any. Only fields of *r that are no slices may be read afterwards. */
static int
conversation_change_store(struct txn *t, struct call *c, struct msg_conversation_record *r)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;
	const struct msg_conversation_record stored = *r;
	struct conversation_position before;
	struct tags_text text = {.len = 0};
	unsigned changes;
	int rc;

	conversation_position_of(r, &before);
	if ((m->what & INBOX_STATE) != 0)
		conversation_change_set_state(r, m->state);
	if ((m->what & INBOX_ASSIGNED) != 0)
		r->assigned = m->assigned;
	rc = conversation_change_set_snoozed(c, r);
	if (rc == 0)
		rc = conversation_change_set_tags(c, r, &text);
	if (rc != 0)
		return rc;
	changes = conversation_change_find(&stored, r);
	if (changes == 0)
		return 0;
	call_conversation_changed(c, r);
	if ((changes & INBOX_STATE) != 0 && r->state == STATE_WAITING)
		numbers_add_handover(t, &r->org, &r->widget, NULL);
	rc = conversation_put(t, r, &before, 0);
	return rc != 0 ? rc : conversation_change_announce(t, m, changes);
}

int
handle_conversation_change(struct txn *t, struct call *c)
{
	const struct msg_conversation_change *m = &c->m->conversation_change;
	struct msg_conversation_record r;
	int rc = inbox_find(t, c, &m->org, &m->conversation, &r);

	if (rc == 0)
		rc = conversation_change_check_state(c, &r);
	if (rc == 0)
		rc = conversation_change_check_user(t, c);
	if (rc == 0)
		rc = conversation_change_check_tags(t, c);
	if (rc == 0)
		rc = conversation_change_store(t, c, &r);
	if (rc == 0)
		rc = conversation_change_mark(t, m, &r);
	return rc != 0 ? rc : conversation_answer_one(t, c, &m->conversation, &m->reader);
}
