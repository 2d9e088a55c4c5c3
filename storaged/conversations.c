/*
 * Conversations and their lists. Every index is written in the transaction of what it indexes.
 */
#include "storaged/conversations.h"

#include <string.h>

#include "proto/basics.h"
#include "proto/log.h"
#include "proto/utf8.h"
#include "storaged/pages.h"
#include "storaged/standing.h"
#include "storaged/totals.h"

/* Of a page that anybody may ask for with the widget's key, and leave lying in a worker's memory,
 * escaped, for as long as a client may stall. */
#define HISTORY_BYTES ((size_t)128 << 10)

/* The id that conversations_by_session holds. */
static int
find_by_session(struct txn *t, const struct key *key, struct id *id)
{
	struct slice value;
	int rc = txn_get(t, TABLE_CONVERSATIONS_BY_SESSION, key, &value);

	if (rc != 0)
		return rc;
	if (value.len != sizeof(id->b))
		return RECORD_DAMAGED;
	memcpy(id->b, value.p, sizeof(id->b));
	return 0;
}

int
conversation_of_session(struct txn *t, const struct id *org, const struct id *widget,
    struct slice session, const struct id *fresh_id,
    struct msg_conversation_record *conversation, bool *fresh)
{
	struct key by_session = key_session(org, widget, session), key;
	struct id id;
	int rc = find_by_session(t, &by_session, &id);

	*fresh = rc == MDB_NOTFOUND;
	if (rc == 0) {
		key = key_id(&id);
		rc = txn_get_record(
		    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, conversation);
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	}
	if (rc != MDB_NOTFOUND)
		return rc;
	*conversation = (struct msg_conversation_record){
	    .v = RECORD_VERSION,
	    .id = *fresh_id,
	    .org = *org,
	    .widget = *widget,
	    .session = session,
	    .next_seq = 1,
	};
	return 0;
}

/* Moves a conversation to its new place in the list by activity. */
static int
move_activity(struct txn *t, const struct msg_conversation_record *conversation,
    uint64_t before, bool fresh)
{
	struct key from = key_activity(&conversation->org, before, &conversation->id);
	struct key to =
	    key_activity(&conversation->org, conversation->updated_at, &conversation->id);
	int rc;

	if (!fresh) {
		if (before == conversation->updated_at)
			return 0;
		rc = txn_del(t, TABLE_CONVERSATIONS_BY_ACTIVITY, &from);
		if (rc != 0)
			return rc;
	}
	return txn_put(t, TABLE_CONVERSATIONS_BY_ACTIVITY, &to, (struct slice){0});
}

int
conversation_put(struct txn *t, const struct msg_conversation_record *conversation, bool fresh,
    uint64_t before, unsigned messages)
{
	struct key key = key_id(&conversation->id);
	struct key by_session =
	    key_session(&conversation->org, &conversation->widget, conversation->session);
	/* First of all, since every later change may move the bytes that the record refers to. */
	int rc =
	    txn_put_record(t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, conversation);

	if (rc == 0 && fresh)
		rc = txn_put(t, TABLE_CONVERSATIONS_BY_SESSION, &by_session, key_slice(&key));
	if (rc == 0)
		rc = move_activity(t, conversation, before, fresh);
	if (rc == 0)
		rc = totals_add(t, &conversation->org, fresh, messages);
	return rc;
}

int
conversation_add(struct txn *t, struct msg_conversation_record *conversation, bool fresh,
    const struct arrival *arrival)
{
	uint64_t before = conversation->updated_at;

	if (fresh)
		conversation->created_at = arrival->now;
	/* A clock that was set back must not make the list go back. */
	if (arrival->now > conversation->updated_at)
		conversation->updated_at = arrival->now;
	if (!arrival->replaces)
		conversation->messages++;
	if (arrival->text.len > 0)
		conversation->last_message = utf8_prefix(arrival->text, LAST_MESSAGE_UNITS);
	return conversation_put(t, conversation, fresh, before, !arrival->replaces);
}

/* Adds the conversation where the walk stands; an index entry without one is left out. */
static int
list_conversation(struct walk *w)
{
	struct txn *t = w->txn;
	struct id id = activity_conversation(w->key);
	struct key key = key_id(&id);
	struct slice record;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &record);

	if (rc == MDB_NOTFOUND) {
		log_event(LOG_ERROR, "index_dangling",
		    L_STR("table", table_name(TABLE_CONVERSATIONS_BY_ACTIVITY)),
		    L_ID("conversation", &id));
		return 0;
	}
	if (rc == 0)
		must(wire_list_add(&t->env->list, record) == 0);
	return rc;
}

/* Fills a page from the place where the walk is to start; next is set if there is more. */
static int
gather(struct walk *w, const struct key *start, bool after_start, uint32_t limit,
    struct slice *next)
{
	struct slice last = {0};
	uint32_t n = 0;
	int rc = walk_from(w, start);

	if (rc == 0 && after_start && slice_eq(w->key, key_slice(start)))
		rc = walk_next(w);
	for (; rc == 0; rc = walk_next(w)) {
		if (n == limit) {
			*next = last;
			return 0;
		}
		rc = list_conversation(w);
		if (rc != 0)
			return rc;
		last = activity_cursor(w->key);
		n++;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
conversation_list(struct txn *t, struct call *c)
{
	const struct msg_conversation_list *m = &c->m->conversation_list;
	struct msg_totals_record totals;
	struct key org = key_id(&m->org), start = org;
	struct slice next = {0};
	struct walk w;
	int rc;

	if (m->cursor.len != 0 && m->cursor.len != ACTIVITY_CURSOR_LEN)
		return call_refuse(c, STORE_INVALID, "no cursor of this list");
	if (m->cursor.len != 0)
		start = key_activity_at(&m->org, m->cursor);
	rc = totals_get(t, &m->org, &totals);
	if (rc != 0)
		return rc;

	buf_reset(&t->env->list);
	rc = walk_open(&w, t, TABLE_CONVERSATIONS_BY_ACTIVITY, &org);
	if (rc == 0)
		rc = gather(&w, &start, m->cursor.len != 0,
		    call_limit(m->limit, CONVERSATIONS_MAX), &next);
	if (rc == 0)
		call_answer(c, MSG_CONVERSATION_PAGE,
		    &(struct msg_conversation_page){
			.conversations = buf_slice(&t->env->list),
			.total = totals.conversations,
			.next = next,
		    });
	walk_close(&w);
	return rc;
}

/* The newest turn of a conversation that is really open. */
struct newest {
	struct txn *t;
	struct id turn; /* zero: none */
};

/* Ids made later are greater (proto/ids.h). */
static int
look_at_open(void *arg, const struct id *turn)
{
	struct newest *newest = arg;
	struct key key = key_id(turn);
	struct slice open;
	int rc;

	if (memcmp(turn->b, newest->turn.b, sizeof(turn->b)) <= 0)
		return 0;
	rc = txn_get(newest->t, TABLE_OPEN_TURNS, &key, &open);
	if (rc == 0)
		newest->turn = *turn;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Which messages a page is to have. */
struct wanted {
	bool backwards;
	uint64_t from; /* as in MESSAGE_LIST */
	uint32_t limit;
	size_t bytes;
};

/* Answers with a page of a conversation, whose record this is. */
static int
answer_page(struct txn *t, struct call *c, const struct id *conversation, struct slice record,
    const struct wanted *wanted)
{
	const struct page_bounds most = {
	    call_limit(wanted->limit, MESSAGES_MAX), wanted->bytes};
	uint64_t before = wanted->from == 0 ? UINT64_MAX : wanted->from;
	struct newest newest = {.t = t};
	struct page page;
	int rc = wanted->backwards ? page_backwards(t, conversation, before, most, false, &page)
				   : page_forwards(t, conversation, wanted->from, most, &page);

	if (rc == 0)
		rc = standing_each(c, conversation, look_at_open, &newest);
	if (rc != 0)
		return rc;
	call_answer(c, MSG_MESSAGE_PAGE,
	    &(struct msg_message_page){
		.conversation = record,
		.messages = buf_slice(&t->env->list),
		.next = page.end == PAGE_WHOLE ? 0 : page.next,
		.active = newest.turn,
	    });
	return 0;
}

/* The record of a conversation, as bytes and decoded. */
static int
get_conversation(struct txn *t, const struct id *id, struct slice *record,
    struct msg_conversation_record *conversation)
{
	struct key key = key_id(id);
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, record);

	if (rc != 0)
		return rc;
	return record_read(*record, TABLE_CONVERSATIONS, MSG_CONVERSATION_RECORD, conversation);
}

int
message_list(struct txn *t, struct call *c)
{
	const struct msg_message_list *m = &c->m->message_list;
	const struct wanted wanted = {m->backwards, m->from, m->limit, PAGE_BYTES};
	struct msg_conversation_record conversation;
	struct slice record;
	int rc = get_conversation(t, &m->conversation, &record, &conversation);

	/* To another organization it is as if it did not exist. */
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &m->org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	return rc != 0 ? rc : answer_page(t, c, &m->conversation, record, &wanted);
}

int
session_history(struct txn *t, struct call *c)
{
	const struct msg_session_history *m = &c->m->session_history;
	const struct wanted wanted = {true, m->from, m->limit, HISTORY_BYTES};
	struct key by_session = key_session(&m->org, &m->widget, m->session);
	struct msg_conversation_record conversation;
	struct slice record;
	struct id id;
	int rc = find_by_session(t, &by_session, &id);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "the session has no conversation yet");
	if (rc == 0)
		rc = get_conversation(t, &id, &record, &conversation);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	return answer_page(t, c, &id, record, &wanted);
}
