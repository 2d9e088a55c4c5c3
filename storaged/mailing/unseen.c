/*
 * What the visitor has seen, or was mailed, is a mark of its own among those of the readers (reads.h).
 */
#include "storaged/mailing/unseen.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/reads.h"
#include "storaged/identities/returns.h"
#include "storaged/live/rooms.h"
#include "storaged/mail/addresses.h"
#include "storaged/mailing/visitor_mail.h"
#include "storaged/visitors/visitors.h"

/* Messages of a mail, and bytes of their texts: the newest ones. */
#define MAIL_MESSAGES_MAX 50u
#define MAIL_BYTES_MAX    60000u

/* A mail while it is made. The slices lie in the map. */
struct unseen {
	struct visitor_mail to;
	size_t n;          /* messages */
	struct buf texts;  /* of them, the newest first; then, joined, in order */
	struct buf person; /* who wrote the newest one */
};

/* Asks again at that time (ms since 1970). */
static int
unseen_put_row(struct txn *t, const struct msg_conversation_record *conversation, uint64_t at)
{
	const struct key about = key_of_org(&conversation->org, &conversation->id);
	const struct key row = key_due(at, DUE_UNSEEN, &conversation->id);

	return txn_put(t, TABLE_DUE, &row, key_slice(&about));
}

int
unseen_plan(struct txn *t, const struct msg_conversation_record *conversation, uint64_t now)
{
	struct id visitor;

	if (t->env->mail_unseen_ms == 0 || id_is_zero(&conversation->contact) ||
	    !visitor_of_session(conversation->session, &visitor))
		return 0;
	return unseen_put_row(t, conversation, now + t->env->mail_unseen_ms);
}

static void
unseen_add(struct buf *b, struct slice text)
{
	must(buf_append(b, text.p, text.len) == 0);
}

/* The text of a message, with who wrote it and the names of its files, before those that are there. */
static void
unseen_add_message(struct unseen *u, const struct msg_message_record *m)
{
	struct slice files = m->files, item;
	struct msg_message_details details = {0};
	struct msg_file_item file;
	struct buf text;

	(void)!record_decode(m->details, MSG_MESSAGE_DETAILS, &details);
	buf_init(&text, WIRE_FRAME_MAX);
	if (details.author_name.len > 0) {
		unseen_add(&text, details.author_name);
		unseen_add(&text, slice_str(":\n"));
	}
	unseen_add(&text, m->text);
	while (wire_list_next(&files, &item)) {
		if (record_decode(item, MSG_FILE_ITEM, &file) != WIRE_OK)
			continue;
		unseen_add(&text, slice_str(buf_len(&text) > 0 ? "\n[" : "["));
		unseen_add(&text, file.name);
		unseen_add(&text, slice_str("]"));
	}
	if (u->n++ == 0)
		unseen_add(&u->person, details.author_name);
	if (buf_len(&u->texts) > 0)
		unseen_add(&text, slice_str("\n\n"));
	unseen_add(&text, buf_slice(&u->texts));
	buf_clear(&u->texts);
	u->texts = text;
}

/* Collects what persons wrote since the visitor wrote, was mailed, or had the chat open. */
static int
unseen_collect(struct txn *t, struct unseen *u)
{
	const struct key front = key_id(&u->to.conversation.id);
	const struct key end = key_message(&u->to.conversation.id, UINT64_MAX);
	struct msg_message_record m;
	struct walk w;
	uint64_t seen;
	int rc = read_get(t, &u->to.conversation.id, &read_by_visitor, &seen);

	if (rc == 0)
		rc = walk_open(&w, t, TABLE_MESSAGES, &front);
	else
		return rc;
	if (rc == 0)
		rc = walk_before(&w, &end);
	for (; rc == 0 && u->n < MAIL_MESSAGES_MAX; rc = walk_previous(&w)) {
		if (w.damaged || !key_fits(TABLE_MESSAGES, w.key) ||
		    record_read(w.value, TABLE_MESSAGES, &m) != 0)
			continue;
		if (message_seq(w.key) <= seen || m.role == MESSAGE_USER ||
		    buf_len(&u->texts) + m.text.len > MAIL_BYTES_MAX)
			break;
		if (m.role == MESSAGE_OPERATOR)
			unseen_add_message(u, &m);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
unseen_decide(struct txn *t, struct call *c, struct unseen *u)
{
	const struct id id = id_new();
	uint64_t allowed_at;
	int rc = visitor_mail_find(t, &u->to);

	if (rc == 0 && !visitor_mail_is_wanted(&u->to))
		return 0;
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	if (rooms_have(&c->live->rooms, &u->to.visitor.id))
		return read_mark(t, &u->to.conversation, &read_by_visitor, true);
	rc = unseen_collect(t, u);
	if (rc != 0 || u->n == 0)
		return rc;
	allowed_at = visitor_mail_allowed_at(&u->to);
	if (allowed_at > u->to.now)
		return unseen_put_row(t, &u->to.conversation, allowed_at);
	return visitor_mail_send(t, c, &u->to,
	    &(struct msg_mail_record){
		.id = id,
		.kind = MAIL_UNSEEN,
		.person = buf_slice(&u->person),
		.text = buf_slice(&u->texts),
	    });
}

int
unseen_due(struct txn *t, struct call *c, const struct id *conversation,
    const struct key *about, uint64_t now)
{
	const struct key key = key_id(conversation);
	struct unseen u = {.to.now = now};
	struct key named;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &u.to.conversation);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	named = key_of_org(&u.to.conversation.org, conversation);
	if (t->env->mail_unseen_ms == 0 || !slice_eq(key_slice(about), key_slice(&named)))
		return 0;
	buf_init(&u.texts, WIRE_FRAME_MAX);
	buf_init(&u.person, WIRE_FRAME_MAX);
	rc = unseen_decide(t, c, &u);
	buf_clear(&u.texts);
	buf_clear(&u.person);
	return rc;
}

static int
unseen_note_failure(
    struct txn *t, const struct id *org, const struct id *conversation, struct slice error)
{
	char text[400];
	struct msg_note_record note = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = *org,
	    .conversation = *conversation,
	    .author_name = slice_str("banter"),
	    .created_at = clock_wall_ms(),
	    .text = slice_str(text),
	};
	const struct key key = key_of_org(conversation, &note.id),
			 parent = key_id(conversation);
	struct msg_conversation_record r;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &parent, &r);

	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	(void)snprintf(text, sizeof(text),
	    "The visitor did not get an e-mail, and gets no more for a week. The "
	    "mail server said: %.*s",
	    (int)error.len, (const char *)error.p);
	note.text = slice_str(text);
	rc = txn_put_record(t, TABLE_NOTES, &key, &note);
	return rc != 0
	    ? rc
	    : change_add(t, org, CHANGE_NOTE, &note.id, conversation, CHANGE_CREATED);
}

int
unseen_failed(struct txn *t, const struct id *org, const struct id *conversation,
    const struct hash256 *address, struct slice error)
{
	struct msg_address_record r;
	int rc = address_get(t, org, address, &r);

	if (rc != 0)
		return rc;
	r.failed_at = clock_wall_ms();
	r.error = error;
	rc = address_put(t, &r);
	return rc != 0 ? rc : unseen_note_failure(t, org, conversation, error);
}

int
handle_mail_stop(struct txn *t, struct call *c)
{
	struct msg_address_record address;
	struct msg_return_record r;
	int rc = return_find(t, &c->m->mail_stop.token, RETURN_STOP, clock_wall_ms(), &r);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such mail");
	if (rc == 0)
		rc = address_get(t, &r.org, &r.address, &address);
	if (rc == 0 && address.stopped_at == 0) {
		address.stopped_at = clock_wall_ms();
		rc = address_put(t, &address);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}
