/*
 * Erasing a conversation. What can be damaged is read before the first change, so that such a
 * request is refused and costs nobody else. What a walk finds is removed in handfuls: a walk must
 * not see the changes of others, and a conversation may have any number of messages.
 */
#include "storaged/erase.h"

#include "storaged/client_ids.h"
#include "storaged/conversations.h"
#include "storaged/replies.h"
#include "storaged/standing.h"
#include "storaged/totals.h"

#define HANDFUL 256

/* The replies among some messages. */
struct handful {
	struct id turns[HANDFUL];
	size_t n;
};

/* A conversation that is to go, without the slices of its record: they move with the first
 * change. */
struct doomed {
	struct id id, org;
	struct key by_session, by_activity;
	uint64_t messages; /* that are really there */
};

/* -- looking ------------------------------------------------------------------------------ */

/* Counts the messages. Each must be readable: a reply's id leads to its turn. */
static int
count_messages(struct txn *t, const struct id *conversation, uint64_t *n)
{
	struct key front = key_id(conversation);
	struct msg_message_record message;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	*n = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		++*n;
		rc = record_read(w.value, TABLE_MESSAGES, MSG_MESSAGE_RECORD, &message);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
look(struct txn *t, const struct msg_conversation_record *conversation, struct doomed *d)
{
	struct msg_totals_record totals;
	int rc;

	d->id = conversation->id;
	d->org = conversation->org;
	d->by_session =
	    key_session(&conversation->org, &conversation->widget, conversation->session);
	d->by_activity =
	    key_activity(&conversation->org, conversation->updated_at, &conversation->id);
	rc = totals_get(t, &d->org, &totals);
	return rc != 0 ? rc : count_messages(t, &d->id, &d->messages);
}

/* -- open turns --------------------------------------------------------------------------- */

struct closing {
	struct txn *t;
	struct call *c;
};

static int
erase_open(void *arg, const struct id *turn)
{
	const struct closing *closing = arg;
	struct key key = key_id(turn);
	int rc = reply_close(closing->t, turn);

	if (rc == 0)
		rc = txn_del(closing->t, TABLE_TURNS, &key);
	call_release(closing->c, turn);
	return rc;
}

static int
erase_open_turns(struct txn *t, struct call *c, const struct id *conversation)
{
	struct closing closing = {t, c};

	return standing_each(c, conversation, erase_open, &closing);
}

/* -- messages ----------------------------------------------------------------------------- */

/* Removes the first messages of a conversation; h gets the replies among them. MDB_NOTFOUND: no
 * message is left. */
static int
erase_first(struct txn *t, const struct id *conversation, struct handful *h)
{
	struct key front = key_id(conversation);
	struct msg_message_record message;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	h->n = 0;
	while (rc == 0 && h->n < HANDFUL) {
		rc = walk_from(&w, &front);
		if (rc == 0)
			rc = record_read(w.value, TABLE_MESSAGES, MSG_MESSAGE_RECORD, &message);
		if (rc != 0)
			break;
		if (message.role == MESSAGE_ASSISTANT)
			h->turns[h->n++] = message.id;
		rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

static int
erase_messages(struct txn *t, const struct id *conversation)
{
	struct handful h;
	int left, rc = 0;

	do {
		left = erase_first(t, conversation, &h);
		if (left != 0 && left != MDB_NOTFOUND)
			return left;
		for (size_t i = 0; i < h.n && rc == 0; i++) {
			struct key key = key_id(&h.turns[i]);

			rc = txn_del(t, TABLE_TURNS, &key);
		}
	} while (rc == 0 && left == 0);
	return rc;
}

/* -- the requests ------------------------------------------------------------------------- */

static int
erase(struct txn *t, struct call *c, const struct msg_conversation_record *conversation)
{
	struct doomed d;
	struct key key;
	int rc = look(t, conversation, &d);

	key = key_id(&d.id);
	if (rc == 0)
		rc = erase_open_turns(t, c, &d.id);
	if (rc == 0)
		rc = erase_messages(t, &d.id);
	if (rc == 0)
		rc = client_ids_drop_all(t, &d.id);
	if (rc == 0)
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_ACTIVITY, &d.by_activity);
	if (rc == 0)
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_SESSION, &d.by_session);
	if (rc == 0)
		rc = txn_del(t, TABLE_CONVERSATIONS, &key);
	if (rc == 0)
		rc = totals_add(t, &d.org, -1, -(int64_t)d.messages);
	if (rc == 0)
		call_answer(c, MSG_ERASED,
		    &(struct msg_erased){.conversations = 1, .messages = d.messages});
	return rc;
}

static int
nothing_there(struct call *c)
{
	call_answer(c, MSG_ERASED, &(struct msg_erased){0});
	return 0;
}

int
conversation_erase(struct txn *t, struct call *c)
{
	const struct msg_conversation_erase *m = &c->m->conversation_erase;
	struct msg_conversation_record conversation;
	struct key key = key_id(&m->conversation);
	int rc = txn_get_record(
	    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &conversation);

	/* To another organization it is as if it did not exist. */
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &m->org)))
		return nothing_there(c);
	return rc != 0 ? rc : erase(t, c, &conversation);
}

/* A visitor has one conversation. */
int
visitor_erase(struct txn *t, struct call *c)
{
	const struct msg_visitor_erase *m = &c->m->visitor_erase;
	struct msg_conversation_record conversation;
	const struct id none = {0};
	bool fresh;
	int rc = conversation_of_session(
	    t, &m->org, &m->widget, m->session, &none, &conversation, &fresh);

	if (rc == 0 && fresh)
		return nothing_there(c);
	return rc != 0 ? rc : erase(t, c, &conversation);
}
