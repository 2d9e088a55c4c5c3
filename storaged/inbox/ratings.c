/*
 * MSG_RATING_SET: a visitor's rating is a part of the reply's details. The text of a complete reply never changes,
 * so that the rating stays with what was rated.
 */
#include "proto/base/basics.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/turn_view.h"
#include "storaged/inbox/inbox.h"
#include "storaged/numbers/numbers.h"

static const char reply_missing[] = "no such reply";

/* Finds a closed reply to a session. */
static int
rating_find(struct txn *t, struct call *c, struct turn_view *v)
{
	const struct msg_rating_set *m = &c->m->rating_set;
	struct msg_conversation_record conversation;
	bool fresh;
	int rc = turn_view_load(t, &m->message, v);

	if (rc == 0)
		rc = conversation_of_session(
		    t, &m->org, &m->widget, m->session, &m->message, &conversation, &fresh);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, reply_missing) : rc;
	if (fresh || v->state == TURN_HANDED ||
	    !id_equal(&conversation.id, &v->place.conversation))
		return call_refuse(c, STORE_NOT_FOUND, reply_missing);
	if (v->state != TURN_COMPLETE)
		return call_refuse(c, STORE_BUSY, "the reply is not complete");
	return 0;
}

static int
rating_put(struct txn *t, const struct msg_rating_set *m, const struct turn_view *v,
    const struct msg_message_details *details)
{
	struct key key = key_message(&v->place.conversation, v->place.seq);
	struct msg_message_record message = v->message;
	struct buf *encoded = &t->env->text;
	int rc;

	buf_reset(encoded);
	must(record_encode(encoded, MSG_MESSAGE_DETAILS, details) == 0);
	message.details = buf_slice(encoded);
	numbers_change_message(t, &m->org, &m->widget, v->place.seq, &v->message, &message);
	rc = txn_put_record(t, TABLE_MESSAGES, &key, &message);
	return rc != 0 ? rc
		       : change_add_message(t, &m->org, CHANGE_RATING, &m->message,
			     &v->place.conversation, v->place.seq, CHANGE_CHANGED);
}

/* Stores the message with the rating in its details. A repeated rating changes nothing. */
static int
rating_store(struct txn *t, const struct msg_rating_set *m, const struct turn_view *v)
{
	const struct slice none = {0}, comment = m->rating == RATING_NONE ? none : m->comment;
	struct msg_message_details details = {0};

	if (v->message.details.len > 0 &&
	    record_decode(v->message.details, MSG_MESSAGE_DETAILS, &details) != WIRE_OK)
		return RECORD_DAMAGED;
	if (details.rating == m->rating && slice_eq(details.comment, comment))
		return 0;
	details.rating = m->rating;
	details.comment = comment;
	return rating_put(t, m, v, &details);
}

int
handle_rating_set(struct txn *t, struct call *c)
{
	const struct msg_rating_set *m = &c->m->rating_set;
	struct turn_view v;
	int rc = rating_find(t, c, &v);

	if (rc == 0)
		rc = rating_store(t, m, &v);
	if (rc == 0)
		call_ok(c);
	return rc;
}
