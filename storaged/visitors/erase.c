/*
 * Erases a conversation. Everything that may be damaged is read before the first change, so that such a
 * request fails alone. Damaged messages do not prevent erasure.
 */
#include "storaged/visitors/erase.h"

#include "proto/ipc/room_id.h"
#include "storaged/actions/actions.h"
#include "storaged/changes/change_answer.h"
#include "storaged/changes/changes.h"
#include "storaged/content/gaps.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/mentions.h"
#include "storaged/conversations/replies.h"
#include "storaged/engine/garbage.h"
#include "storaged/engine/totals.h"
#include "storaged/files/file_records.h"
#include "storaged/identities/returns.h"
#include "storaged/mail/mails.h"
#include "storaged/numbers/numbers.h"
#include "storaged/visitors/visitors.h"

/* A conversation to erase, without the slices of its record, which become invalid with the first change. */
struct erasure {
	struct id id, org, widget;
	struct id room;    /* of its session */
	struct id visitor; /* zero: a session of a key */
	struct key by_session, by_activity, by_widget, by_contact;
	bool has_contact;
	uint64_t messages, updated_at, snoozed_until;
	struct labels labels;
};

static int
erase_prepare(
    struct txn *t, const struct msg_conversation_record *conversation, struct erasure *d)
{
	struct msg_totals_record totals;

	d->id = conversation->id;
	d->org = conversation->org;
	d->widget = conversation->widget;
	d->room = room_id_of_session(
	    &conversation->org, &conversation->widget, conversation->session);
	if (!visitor_of_session(conversation->session, &d->visitor))
		d->visitor = (struct id){0};
	d->updated_at = conversation->updated_at;
	d->snoozed_until = conversation->snoozed_until;
	labels_of(conversation, &d->labels);
	d->by_session =
	    key_session(&conversation->org, &conversation->widget, conversation->session);
	d->by_activity =
	    key_activity(&conversation->org, conversation->updated_at, &conversation->id);
	d->by_widget = key_activity_of(&conversation->org, &conversation->widget,
	    conversation->updated_at, &conversation->id);
	d->has_contact = !id_is_zero(&conversation->contact);
	d->by_contact = key_activity_of(&conversation->org, &conversation->contact,
	    conversation->updated_at, &conversation->id);
	d->messages = conversation->messages;
	return totals_get(t, &d->org, &totals);
}

struct closing {
	struct txn *t;
	struct call *c;
	struct id org, widget;
};

static int
erase_turn(void *arg, const struct id *turn)
{
	const struct closing *closing = arg;
	struct key key = key_id(turn);
	struct budget_use use = {
	    .org = closing->org, .widget = closing->widget, .turn = *turn, .unknown = true};
	struct turn_view v;
	int rc = turn_view_load_named(closing->t, turn, &v);

	if (rc == 0)
		use.paid = reply_tokens_paid(&v);
	if (rc == 0 || txn_survives(rc))
		rc = reply_collect_pieces(closing->t, turn);
	/* Unreadable pieces are not paid. */
	if (rc == 0 || txn_survives(rc)) {
		use.text = buf_len(&closing->t->env->text);
		rc = reply_close(closing->t, &use);
	}
	if (rc == 0)
		rc = txn_del(closing->t, TABLE_TURNS, &key);
	call_erase(closing->c, turn);
	return rc;
}

static int
erase_open_turns(struct txn *t, struct call *c, const struct erasure *d)
{
	struct closing closing = {t, c, d->org, d->widget};

	return turn_view_each_open(t, c, &d->id, erase_turn, &closing);
}

static int
erase_index_entries(struct txn *t, const struct erasure *d)
{
	int rc = txn_del(t, TABLE_CONVERSATIONS_BY_ACTIVITY, &d->by_activity);

	if (rc == 0)
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_WIDGET, &d->by_widget);
	if (rc == 0 && d->has_contact)
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_CONTACT, &d->by_contact);
	return rc != 0 ? rc : txn_del(t, TABLE_CONVERSATIONS_BY_SESSION, &d->by_session);
}

/* Removes its labels, and what users and the visitor have noted about it. */
static int
erase_inbox(struct txn *t, const struct erasure *d)
{
	const struct label_place listed = {&d->labels, d->updated_at};
	struct key front = key_id(&d->id);
	int rc = labels_move(t, &d->org, &d->widget, &d->id, &listed, NULL);

	if (rc == 0)
		rc = mentions_erase_conversation(t, &d->id);
	if (rc == 0)
		rc = conversation_move_wake(t, &d->org, &d->id, d->snoozed_until, 0);
	if (rc == 0)
		rc = txn_del_all(t, TABLE_NOTES, &front);
	if (rc == 0)
		rc = txn_del_all(t, TABLE_READS, &front);
	if (rc == 0)
		rc = mails_remove_about(t, &d->id);
	if (rc == 0 && !id_is_zero(&d->visitor))
		rc = returns_remove_all(t, &d->visitor);
	return rc != 0 ? rc : txn_del(t, TABLE_PAGES, &front);
}

static int
erase_conversation(
    struct txn *t, struct call *c, const struct msg_conversation_record *conversation)
{
	struct erasure d;
	struct key key;
	int rc = erase_prepare(t, conversation, &d);

	/* First, so that workers that wait for its replies know why these end. */
	call_end_conversation(c, conversation);
	key = key_id(&d.id);
	if (rc == 0)
		rc = erase_open_turns(t, c, &d);
	if (rc == 0)
		rc = erase_index_entries(t, &d);
	if (rc == 0)
		rc = erase_inbox(t, &d);
	if (rc == 0)
		rc = gaps_erase(t, &d.id);
	if (rc == 0)
		rc = actions_erase(t, &d.id);
	if (rc == 0)
		rc = file_drop_all(t, &d.id);
	if (rc == 0)
		rc = file_drop_all(t, &d.room);
	if (rc == 0)
		rc = txn_del(t, TABLE_CONVERSATIONS, &key);
	if (rc == 0)
		rc = garbage_leave(t, conversation);
	if (rc == 0)
		numbers_keep_conversation(t, conversation);
	if (rc == 0)
		rc = totals_add(t, &d.org, -1, -(int64_t)d.messages);
	if (rc == 0)
		rc = change_add_conversation(t, &d.org, &d.id, CHANGE_DELETED);
	return rc;
}

static int
erase_answer(struct txn *t, struct call *c, uint64_t messages, bool visitor)
{
	return change_answer(t, c, MSG_ERASED,
	    &(struct msg_erased){.conversations = 1, .messages = messages, .visitor = visitor});
}

static int
erase_answer_none(struct txn *t, struct call *c, bool visitor)
{
	return change_answer(t, c, MSG_ERASED, &(struct msg_erased){.visitor = visitor});
}

int
erase_alone(struct txn *t, struct call *c, const struct msg_conversation_record *conversation)
{
	struct msg_visitor_record visitor;
	struct id id;
	int found = MDB_NOTFOUND, rc;

	if (visitor_of_session(conversation->session, &id))
		found = visitor_by_id(t, &id, &visitor);
	if (found != 0 && !txn_survives(found))
		return found;
	/* After an import, the session may name another widget's visitor. */
	if (found == 0 && !id_equal(&visitor.widget, &conversation->widget))
		found = MDB_NOTFOUND;
	rc = erase_conversation(t, c, conversation);
	return rc != 0 || found != 0 ? rc : visitor_release(t, &visitor);
}

int
handle_conversation_erase(struct txn *t, struct call *c)
{
	const struct msg_conversation_erase *m = &c->m->conversation_erase;
	struct msg_conversation_record conversation;
	struct key key = key_id(&m->conversation);
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	/* Another organization's conversation is indistinguishable from one that does not exist. */
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &m->org)))
		return erase_answer_none(t, c, false);
	if (rc == 0)
		rc = erase_alone(t, c, &conversation);
	return rc != 0 ? rc : erase_answer(t, c, conversation.messages, false);
}

/* Finds a session's visitor and its *widget: in a widget, or of a key whose contact waits for the first message. A zero
 * id: the organization has no such visitor. */
static int
erase_find_visitor(struct txn *t, const struct id *org, struct slice session,
    struct id *visitor, struct id *widget)
{
	struct msg_visitor_record record;
	struct id id;
	int rc;

	*visitor = (struct id){0};
	if (!visitor_of_session(session, &id))
		id = room_id_of_session(org, widget, session);
	rc = visitor_by_id(t, &id, &record);
	if (rc == MDB_NOTFOUND ||
	    (rc == 0 && (record.generation == VISITOR_ERASED || !id_equal(&record.org, org))))
		return 0;
	if (rc != 0)
		return rc;
	*visitor = id;
	*widget = record.widget;
	return 0;
}

/* Erases the one conversation of a session. */
static int
erase_session(struct txn *t, struct call *c, const struct id *widget, bool visitor)
{
	const struct msg_visitor_erase *m = &c->m->visitor_erase;
	struct msg_conversation_record conversation;
	const struct id none = {0};
	bool fresh;
	int rc = conversation_of_session(
	    t, &m->org, widget, m->session, &none, &conversation, &fresh);

	if (rc == 0 && fresh) {
		const struct id room = room_id_of_session(&m->org, widget, m->session);

		rc = file_drop_all(t, &room);
		return rc != 0 ? rc : erase_answer_none(t, c, visitor);
	}
	if (rc == 0)
		rc = erase_conversation(t, c, &conversation);
	return rc != 0 ? rc : erase_answer(t, c, conversation.messages, visitor);
}

int
handle_visitor_erase(struct txn *t, struct call *c)
{
	const struct msg_visitor_erase *m = &c->m->visitor_erase;
	struct id visitor, widget = m->widget;
	int rc = erase_find_visitor(t, &m->org, m->session, &visitor, &widget);

	if (rc == 0)
		rc = erase_session(t, c, &widget, !id_is_zero(&visitor));
	if (rc != 0 || id_is_zero(&visitor))
		return rc;
	call_end_room(c, &visitor);
	return visitor_of_session(m->session, &visitor) ? visitor_erase(t, &visitor)
							: visitor_drop(t, &visitor);
}
