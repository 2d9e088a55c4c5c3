#include "storaged/visitors/room_requests.h"

#include "proto/ipc/room_id.h"
#include "storaged/conversations/conversations.h"

/* The organization's conversation with this id; refuses others. */
static int
room_request_conversation(struct txn *t, struct call *c, const struct id *org,
    const struct id *conversation, struct msg_conversation_record *record)
{
	struct key key = key_id(conversation);
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, record);

	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&record->org, org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	return rc;
}

/* The conversation of a session; a zero id if there is none. */
static int
room_request_session(struct txn *t, const struct id *org, const struct id *widget,
    struct slice session, struct id *conversation)
{
	const struct id none = {0};
	struct msg_conversation_record record;
	bool fresh;
	int rc = conversation_of_session(t, org, widget, session, &none, &record, &fresh);

	if (rc == 0)
		*conversation = record.id;
	return rc;
}

static int
room_request_find(struct txn *t, struct call *c, struct msg_room *room)
{
	const struct msg_room_follow *m = &c->m->room_follow;
	struct msg_conversation_record record;

	if (id_is_zero(&m->conversation)) {
		room->room = room_id_of_session(&m->org, &m->widget, m->session);
		return room_request_session(
		    t, &m->org, &m->widget, m->session, &room->conversation);
	}
	room->room = room->conversation = m->conversation;
	return room_request_conversation(t, c, &m->org, &m->conversation, &record);
}

int
handle_room_follow(struct txn *t, struct call *c)
{
	struct msg_room room = {0};
	int rc = room_request_find(t, c, &room);

	if (rc != 0)
		return rc;
	if (!rooms_may_follow(&c->live->rooms, c->from, &room.room))
		return call_refuse(c, STORE_FULL, "the worker follows too many conversations");
	effects_add(c->effects,
	    &(struct effect){.kind = EFFECT_ROOM_FOLLOW, .client = c->from, .room = room.room});
	call_answer(c, MSG_ROOM, &room);
	return 0;
}

int
handle_room_leave(struct txn *t, struct call *c)
{
	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_ROOM_LEAVE,
		.client = c->from,
		.room = c->m->room_leave.room,
	    });
	call_ok(c);
	return 0;
}

/* Notifies the owners that the visitor is typing. */
static int
room_request_typing_of_visitor(struct txn *t, struct call *c, struct id *room)
{
	const struct msg_typing *m = &c->m->typing;
	int rc = room_request_session(t, &m->org, &m->widget, m->session, room);

	if (rc == 0 && id_is_zero(room))
		return call_refuse(c, STORE_NOT_FOUND, "the session has no conversation");
	return rc;
}

/* Notifies the visitor that an operator is typing, while that operator has the conversation. */
static int
room_request_typing_of_operator(struct txn *t, struct call *c, struct id *room)
{
	const struct msg_typing *m = &c->m->typing;
	struct msg_conversation_record record;
	int rc = room_request_conversation(t, c, &m->org, &m->conversation, &record);

	if (rc != 0)
		return rc;
	if (record.state != STATE_PERSON || !id_equal(&record.operator, & m->operator))
		return call_refuse(c, STORE_CONFLICT, "another one has the conversation");
	*room = room_id_of_session(&record.org, &record.widget, record.session);
	return 0;
}

int
handle_typing(struct txn *t, struct call *c)
{
	struct id room;
	int rc = id_is_zero(&c->m->typing.conversation)
	    ? room_request_typing_of_visitor(t, c, &room)
	    : room_request_typing_of_operator(t, c, &room);

	if (rc != 0)
		return rc;
	effects_add(c->effects, &(struct effect){.kind = EFFECT_ROOM_TYPING, .room = room});
	call_ok(c);
	return 0;
}

int
handle_presence(struct txn *t, struct call *c)
{
	const struct msg_presence *m = &c->m->presence;
	struct msg_conversation_record record;
	int rc = room_request_conversation(t, c, &m->org, &m->conversation, &record);

	if (rc != 0)
		return rc;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_ROOM_PRESENCE, .room = m->conversation, .text = m->operator});
	call_ok(c);
	return 0;
}
