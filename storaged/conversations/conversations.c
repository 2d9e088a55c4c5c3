/*
 * Conversations and their lists. Every index is written in the transaction of the record.
 */
#include "storaged/conversations/conversations.h"
#include "proto/base/clock.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/faces.h"
#include "storaged/conversations/message_find.h"
#include "storaged/conversations/pages.h"
#include "storaged/conversations/people.h"
#include "storaged/conversations/reads.h"
#include "storaged/conversations/turn_view.h"
#include "storaged/engine/message_page.h"
#include "storaged/engine/totals.h"
#include "storaged/numbers/numbers.h"
#include "storaged/request/store_time.h"

/* Anyone with the widget's key may ask for such a page, and may leave it in a worker's memory,
 * escaped, for as long as a client may stall. */
#define HISTORY_BYTES ((size_t)128 << 10)

/* The conversation of a key of conversations_by_session. */
static int
conversation_find_by_session(struct txn *t, const struct key *key, struct id *id)
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
	int rc = conversation_find_by_session(t, &by_session, &id);

	*fresh = rc == MDB_NOTFOUND;
	if (rc == 0) {
		key = key_id(&id);
		rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, conversation);
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

/* Moves an entry of a list by activity; from NULL: adds it, to NULL: removes it. */
static int
conversation_move_entry(
    struct txn *t, enum table table, const struct key *from, const struct key *to)
{
	int rc = from == NULL ? 0 : txn_del(t, table, from);

	return rc != 0 || to == NULL ? rc : txn_put(t, table, to, (struct slice){0});
}

/* Moves a conversation in the list of its contact, or from one contact's list to another's. */
static int
conversation_move_among_contacts(struct txn *t,
    const struct msg_conversation_record *conversation,
    const struct conversation_position *before)
{
	const struct id *org = &conversation->org, *id = &conversation->id;
	struct key from, to;
	bool had = before != NULL && !id_is_zero(&before->contact);
	bool has = !id_is_zero(&conversation->contact);

	if (!had && !has)
		return 0;
	if (had)
		from = key_activity_of(org, &before->contact, before->updated_at, id);
	to = key_activity_of(org, &conversation->contact, conversation->updated_at, id);
	return conversation_move_entry(
	    t, TABLE_CONVERSATIONS_BY_CONTACT, had ? &from : NULL, has ? &to : NULL);
}

/* Moves a conversation to its new position in all lists by activity. */
static int
conversation_move_activity(struct txn *t, const struct msg_conversation_record *conversation,
    const struct conversation_position *before)
{
	const struct id *org = &conversation->org, *id = &conversation->id;
	uint64_t then = before == NULL ? 0 : before->updated_at;
	struct key from = key_activity(org, then, id);
	struct key to = key_activity(org, conversation->updated_at, id);
	struct key widget_from = key_activity_of(org, &conversation->widget, then, id);
	struct key widget_to =
	    key_activity_of(org, &conversation->widget, conversation->updated_at, id);
	int rc = 0;

	if (before == NULL || then != conversation->updated_at) {
		rc = conversation_move_entry(
		    t, TABLE_CONVERSATIONS_BY_ACTIVITY, before == NULL ? NULL : &from, &to);
		if (rc == 0)
			rc = conversation_move_entry(t, TABLE_CONVERSATIONS_BY_WIDGET,
			    before == NULL ? NULL : &widget_from, &widget_to);
	} else if (id_equal(&before->contact, &conversation->contact)) {
		return 0;
	}
	return rc != 0 ? rc : conversation_move_among_contacts(t, conversation, before);
}

void
conversation_position_of(
    const struct msg_conversation_record *conversation, struct conversation_position *position)
{
	position->updated_at = conversation->updated_at;
	position->snoozed_until = conversation->snoozed_until;
	position->contact = conversation->contact;
	labels_of(conversation, &position->labels);
}

/* Moves a conversation among its labels. now: computed before the record's slices became invalid. */
static int
conversation_move_labels(struct txn *t, const struct msg_conversation_record *conversation,
    const struct conversation_position *before, const struct labels *now)
{
	const struct label_place to = {now, conversation->updated_at};
	struct label_place from;

	if (before != NULL)
		from = (struct label_place){&before->labels, before->updated_at};
	return labels_move(t, &conversation->org, &conversation->widget, &conversation->id,
	    before == NULL ? NULL : &from, &to);
}

/* The record as it is stored: with the time when the visitor began to wait. An imported one has its own. What is resolved
 * is not snoozed. */
static struct msg_conversation_record
conversation_completed(const struct msg_conversation_record *conversation,
    const struct conversation_position *before)
{
	struct msg_conversation_record r = *conversation;
	bool begins = before == NULL ? r.operator_at == 0 : before->labels.state != r.state;

	if (r.state == STATE_WAITING && begins)
		r.operator_at = r.asked_at = clock_wall_ms();
	/* Nobody waits for a person any more. */
	if (r.state == STATE_OPEN || r.state == STATE_RESOLVED)
		r.asked_at = 0;
	if (r.state == STATE_RESOLVED)
		r.snoozed_until = 0;
	return r;
}

int
conversation_move_wake(struct txn *t, const struct id *org, const struct id *conversation,
    uint64_t from, uint64_t to)
{
	const struct key old = key_due(from, DUE_WAKE, conversation);
	const struct key row = key_due(to, DUE_WAKE, conversation);
	const struct key about = key_of_org(org, conversation);
	int rc = 0;

	if (from == to)
		return 0;
	if (from != 0)
		rc = txn_del(t, TABLE_DUE, &old);
	return rc != 0 || to == 0 ? rc : txn_put(t, TABLE_DUE, &row, key_slice(&about));
}

int
conversation_put(struct txn *t, const struct msg_conversation_record *conversation,
    const struct conversation_position *before, unsigned messages)
{
	const struct msg_conversation_record stored =
	    conversation_completed(conversation, before);
	bool fresh = before == NULL;
	struct key key = key_id(&conversation->id);
	struct key by_session =
	    key_session(&conversation->org, &conversation->widget, conversation->session);
	struct labels labels;
	int rc;

	if (fresh)
		numbers_change_conversation(t, NULL, conversation);
	labels_of(&stored, &labels);
	/* First, since every later change may move the bytes that the record's slices refer to. */
	rc = txn_put_record(t, TABLE_CONVERSATIONS, &key, &stored);

	if (rc == 0 && fresh)
		rc = txn_put(t, TABLE_CONVERSATIONS_BY_SESSION, &by_session, key_slice(&key));
	if (rc == 0)
		rc = conversation_move_activity(t, conversation, before);
	if (rc == 0)
		rc = conversation_move_labels(t, conversation, before, &labels);
	if (rc == 0)
		rc = conversation_move_wake(t, &conversation->org, &conversation->id,
		    fresh ? 0 : before->snoozed_until, stored.snoozed_until);
	if (rc == 0)
		rc = totals_add(t, &conversation->org, fresh, messages);
	return rc;
}

/* A conversation that another record names, so that it must exist. */
static int
conversation_get_named(
    struct txn *t, const struct key *key, struct msg_conversation_record *conversation)
{
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, key, conversation);

	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
conversation_set_contact(struct txn *t, const struct id *id, const struct id *contact)
{
	struct key key = key_id(id);
	struct msg_conversation_record conversation;
	struct conversation_position before;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc != 0 || id_equal(&conversation.contact, contact))
		return rc;
	conversation_position_of(&conversation, &before);
	conversation.contact = *contact;
	rc = conversation_put(t, &conversation, &before, 0);
	return rc != 0 ? rc
		       : change_add_conversation(t, &conversation.org, id, CHANGE_IDENTIFIED);
}

int
conversation_set_context(
    struct txn *t, struct msg_conversation_record *conversation, struct slice context)
{
	const struct id org = conversation->org, id = conversation->id;
	struct conversation_position before;
	int rc;

	conversation_position_of(conversation, &before);
	conversation->context = context;
	rc = conversation_put(t, conversation, &before, 0);
	return rc != 0 ? rc : change_add_conversation(t, &org, &id, CHANGE_CHANGED);
}

void
conversation_note_reply(
    struct msg_conversation_record *conversation, uint64_t seq, enum conversation_status status)
{
	if (seq + 1 == conversation->next_seq)
		conversation->status = (uint8_t)status;
}

int
conversation_reopen(struct txn *t, const struct msg_turn_record *place)
{
	struct key key = key_id(&place->conversation);
	struct msg_conversation_record conversation;
	uint8_t before;
	int rc = conversation_get_named(t, &key, &conversation);

	if (rc != 0)
		return rc;
	before = conversation.status;
	conversation_note_reply(&conversation, place->seq, CONVERSATION_ACTIVE);
	if (conversation.status == before)
		return 0;
	return txn_put_record(t, TABLE_CONVERSATIONS, &key, &conversation);
}

enum conversation_status
conversation_status_of(enum message_status status)
{
	switch (status) {
	case MESSAGE_COMPLETE:
		return CONVERSATION_COMPLETE;
	case MESSAGE_LENGTH:
		return CONVERSATION_LENGTH;
	case MESSAGE_FILTERED:
		return CONVERSATION_FILTERED;
	case MESSAGE_WAITING:
		return CONVERSATION_WAITING;
	case MESSAGE_STOPPED:
		return CONVERSATION_STOPPED;
	case MESSAGE_INTERRUPTED:
		return CONVERSATION_INTERRUPTED;
	case MESSAGE_HANDED: /* of a question */
		break;
	}
	never("no such status");
}

void
conversation_end_takeover(struct msg_conversation_record *conversation)
{
	conversation->state = STATE_OPEN;
	conversation->operator=(struct id){0};
	conversation->operator_name = (struct slice){0};
}

static void
conversation_apply_state(
    struct msg_conversation_record *conversation, const struct new_message *arrival)
{
	if (arrival->returns)
		conversation_end_takeover(conversation);
	if (arrival->question && conversation->state == STATE_RESOLVED)
		conversation->state = STATE_OPEN;
	if (arrival->question)
		conversation->snoozed_until = 0;
	if (arrival->hand_over && conversation->state != STATE_PERSON)
		conversation->state = STATE_WAITING;
}

int
conversation_add(struct txn *t, struct msg_conversation_record *conversation, bool fresh,
    const struct new_message *arrival)
{
	const uint64_t active_at = store_time_of_activity(t->env, arrival->now);
	struct conversation_position before;
	uint8_t state = conversation->state;
	int rc;

	conversation_position_of(conversation, &before);
	if (fresh)
		conversation->created_at = arrival->now;
	/* The list must not go back when the clock does. */
	if (active_at > conversation->updated_at)
		conversation->updated_at = active_at;
	conversation_apply_state(conversation, arrival);
	if (!arrival->replaces)
		conversation->messages++;
	if (arrival->text.len > 0)
		conversation->last_message = utf8_prefix(arrival->text, LAST_MESSAGE_UNITS);
	conversation_note_reply(conversation, arrival->reply, arrival->status);
	rc = conversation_put(t, conversation, fresh ? NULL : &before, !arrival->replaces);
	if (rc == 0 && conversation->state != state)
		rc = change_add_conversation(
		    t, &conversation->org, &conversation->id, CHANGE_STATE);
	if (rc == 0 && conversation->snoozed_until != before.snoozed_until)
		rc = change_add_conversation(
		    t, &conversation->org, &conversation->id, CHANGE_SNOOZED);
	return rc;
}

/* Later ids are greater (proto/base/ids.h). */
static int
conversation_keep_newer(void *arg, const struct id *turn)
{
	struct id *newest = arg;

	if (memcmp(turn->b, newest->b, sizeof(turn->b)) > 0)
		*newest = *turn;
	return 0;
}

int
conversation_newest_open(
    struct txn *t, const struct call *c, const struct id *conversation, struct id *turn)
{
	*turn = (struct id){0};
	return turn_view_each_open(t, c, conversation, conversation_keep_newer, turn);
}

/* The messages that a request asks for. */
struct message_query {
	bool backwards;
	uint64_t from; /* as in MESSAGE_LIST */
	uint64_t end;  /* forwards: the first one not wanted; 0: none */
	uint32_t limit;
	size_t bytes;
	const struct id *reader; /* NULL: the answer is not for the inbox */
};

/* The open reply with the first place in its conversation. */
struct first_open {
	struct txn *txn;
	struct id turn; /* zero: none */
	uint64_t seq;
};

static int
conversation_keep_first(void *arg, const struct id *turn)
{
	struct first_open *first = arg;
	struct msg_turn_record place;
	int rc = turn_view_place(first->txn, turn, &place);

	if (rc != 0 || (!id_is_zero(&first->turn) && place.seq >= first->seq))
		return rc == MDB_NOTFOUND ? 0 : rc;
	first->turn = *turn;
	first->seq = place.seq;
	return 0;
}

/* Adds what only the inbox shows. */
static int
conversation_add_inbox(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *reader, struct msg_message_page *answer)
{
	bool unread = false, following = false;
	int rc = read_is_unread(t, conversation, reader, &unread);

	if (rc == 0)
		rc = read_is_following(t, &conversation->id, reader, &following);
	answer->unread = unread;
	answer->following = following;
	if (rc == 0)
		rc = face_get(t, conversation, &t->env->faces);
	answer->face = buf_slice(&t->env->faces);
	return rc != 0 ? rc : page_get(t, &conversation->id, &answer->page);
}

/* Answers with a page, whose pictures are the last thing that it needs. */
static int
conversation_answer_with_people(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, struct msg_message_page *answer)
{
	struct buf people;
	int rc;

	buf_init(&people, PEOPLE_BYTES);
	rc = people_list(t, conversation, answer->messages, &people);
	answer->people = buf_slice(&people);
	if (rc == 0)
		call_answer(c, MSG_MESSAGE_PAGE, answer);
	buf_clear(&people);
	return rc;
}

/* Answers with a page of messages. record: the conversation, encoded. */
static int
conversation_answer_page(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, struct slice record,
    const struct message_query *query, const struct first_open *first)
{
	const struct message_page_bounds most = {
	    call_limit(query->limit, MESSAGES_MAX), query->bytes, query->end};
	const struct id *id = &conversation->id;
	uint64_t before = query->from == 0 ? UINT64_MAX : query->from;
	struct msg_message_page answer = {
	    .conversation = record, .open = first->turn, .open_seq = first->seq};
	struct message_page page;
	int rc = query->backwards ? message_page_backwards(t, id, before, most, false, &page)
				  : message_page_forwards(t, id, query->from, most, &page);

	if (rc == 0)
		rc = conversation_newest_open(t, c, id, &answer.active);
	if (rc == 0 && query->reader != NULL)
		rc = conversation_add_inbox(t, conversation, query->reader, &answer);
	if (rc != 0)
		return rc;
	answer.messages = buf_slice(&t->env->list);
	answer.places = buf_slice(&t->env->places);
	answer.next = page.end == MESSAGE_PAGE_ALL ? 0 : page.next;
	if (query->backwards)
		answer.start = answer.next;
	else if (query->from > 1)
		answer.start = query->from;
	return conversation_answer_with_people(t, c, conversation, &answer);
}

/* The record of a conversation, encoded and decoded. */
static int
conversation_get(struct txn *t, const struct id *id, struct slice *record,
    struct msg_conversation_record *conversation)
{
	struct key key = key_id(id);
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, record);

	if (rc != 0)
		return rc;
	return record_read(*record, TABLE_CONVERSATIONS, conversation);
}

/* The bytes of the messages before the one in the middle of a page: few enough that this one, of any length, is in
 * the page. */
#define BEFORE_BYTES (PAGE_BYTES / 4)

/* Sets where a page with this message in its middle begins. MDB_NOTFOUND: there is no such message. */
static int
conversation_begin_around(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *around, struct message_query *query)
{
	const struct message_page_bounds most = {
	    call_limit(query->limit, MESSAGES_MAX) / 2, BEFORE_BYTES, 0};
	struct message_page page = {0};
	uint64_t seq;
	int rc = message_find(t, conversation, around, &seq);

	if (rc == 0 && most.messages > 0)
		rc = message_page_backwards(t, &conversation->id, seq, most, false, &page);
	if (rc != 0)
		return rc;
	query->backwards = false;
	query->from = seq;
	if (most.messages > 0)
		query->from = page.end == MESSAGE_PAGE_ALL ? 1 : page.next;
	return 0;
}

int
handle_message_list(struct txn *t, struct call *c)
{
	const struct msg_message_list *m = &c->m->message_list;
	struct message_query query = {
	    .backwards = m->backwards,
	    .from = m->from,
	    .limit = m->limit,
	    .bytes = PAGE_BYTES,
	    .reader = m->inbox != 0 ? &m->reader : NULL,
	};
	const struct first_open none = {0};
	struct msg_conversation_record conversation;
	struct slice record;
	int rc = conversation_get(t, &m->conversation, &record, &conversation);

	/* Another organization's conversation is not found. */
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &m->org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	if (rc == 0 && !id_is_zero(&m->around))
		rc = conversation_begin_around(t, &conversation, &m->around, &query);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_STALE, "the conversation has no such message");
	return rc != 0 ? rc
		       : conversation_answer_page(t, c, &conversation, record, &query, &none);
}

/* The messages that a client of the session asks for. first: the open reply, unless it wants all messages. */
static struct message_query
conversation_session_query(
    const struct msg_session_history *m, const struct first_open *first, uint64_t before)
{
	struct message_query query = {.backwards = m->onwards == 0,
	    .from = m->onwards == 0 ? m->from : m->onwards,
	    .limit = m->limit,
	    .bytes = HISTORY_BYTES};

	if (before != 0)
		query.from = before;
	if (m->settled == 0 || first->seq == 0)
		return query;
	if (!query.backwards)
		query.end = first->seq;
	else if (query.from == 0 || query.from > first->seq)
		query.from = first->seq;
	return query;
}

static int
conversation_answer_history(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, struct slice record)
{
	const struct msg_session_history *m = &c->m->session_history;
	struct first_open first = {.txn = t};
	struct message_query query;
	uint64_t before = 0;
	int rc = turn_view_each_open(t, c, &conversation->id, conversation_keep_first, &first);

	if (rc == 0 && !id_is_zero(&m->before))
		rc = message_find(t, conversation, &m->before, &before);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_STALE, "the conversation has no such message");
	if (rc != 0)
		return rc;
	query = conversation_session_query(m, &first, before);
	return conversation_answer_page(t, c, conversation, record, &query, &first);
}

int
handle_session_history(struct txn *t, struct call *c)
{
	const struct msg_session_history *m = &c->m->session_history;
	struct key by_session = key_session(&m->org, &m->widget, m->session);
	struct msg_conversation_record conversation;
	struct slice record;
	struct id id;
	int rc = conversation_find_by_session(t, &by_session, &id);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "the session has no conversation yet");
	if (rc == 0)
		rc = conversation_get(t, &id, &record, &conversation);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	return conversation_answer_history(t, c, &conversation, record);
}
