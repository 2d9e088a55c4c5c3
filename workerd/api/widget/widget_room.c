/*
 * A hash table of rooms by visitor, each with one subscription at the store.
 *
 * Members may leave while the members of a room are called: `next` is kept in the room, where
 * widget_room_leave() updates it, and an empty room is freed after the last call.
 */
#include "workerd/api/widget/widget_room.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define BUCKETS 4096

TAILQ_HEAD(widget_room_members, widget_room_member);
LIST_HEAD(widget_room_bucket, widget_room);

struct widget_room {
	struct widget_rooms *rooms;
	struct id visitor;
	struct hash256 token;
	struct id conversation; /* last one that the store named; zero: none */
	struct widget_room_members members;
	struct widget_room_member *next; /* to be called */
	struct store_call *call;         /* VISITOR_FOLLOW; NULL: not waiting for its answer */
	bool calling;
	bool reconnected;  /* to the store, after the room had subscribed */
	bool unsubscribed; /* the subscription failed or has not begun */
	LIST_ENTRY(widget_room) link;
};

struct widget_rooms {
	struct store_client *store;
	struct widget_room_bucket buckets[BUCKETS];
};

/* The last bytes of an id are random. */
static struct widget_room_bucket *
widget_room_bucket_of(struct widget_rooms *rooms, const struct id *visitor)
{
	uint32_t n;

	memcpy(&n, visitor->b + sizeof(visitor->b) - sizeof(n), sizeof(n));
	return &rooms->buckets[n % BUCKETS];
}

static struct widget_room *
widget_room_find(struct widget_rooms *rooms, const struct id *visitor)
{
	struct widget_room *r;

	LIST_FOREACH (r, widget_room_bucket_of(rooms, visitor), link)
		if (id_equal(&r->visitor, visitor))
			return r;
	return NULL;
}

static struct widget_room *
widget_room_new(
    struct widget_rooms *rooms, const struct id *visitor, const struct hash256 *token)
{
	struct widget_room *r = xcalloc(1, sizeof(*r));

	r->rooms = rooms;
	r->visitor = *visitor;
	r->token = *token;
	r->unsubscribed = true;
	TAILQ_INIT(&r->members);
	LIST_INSERT_HEAD(widget_room_bucket_of(rooms, visitor), r, link);
	return r;
}

static void
widget_room_free(struct widget_room *r)
{
	if (r->call != NULL)
		store_call_forget(r->call);
	LIST_REMOVE(r, link);
	free(r);
}

/* If the store cannot take VISITOR_LEAVE, it keeps sending events, which are ignored. */
static void
widget_room_close(struct widget_room *r)
{
	struct msg_visitor_leave leave = {.visitor = r->visitor};

	(void)!store_call(
	    r->rooms->store, MSG_VISITOR_LEAVE, &leave, STORE_TIMEOUT_MS, NULL, NULL);
	widget_room_free(r);
}

/* Calls all members. Afterwards the room may be gone. */
static void
widget_room_notify(struct widget_room *r, const struct widget_room_event *event)
{
	struct widget_room_member *member;

	must(!r->calling);
	r->calling = true;
	for (member = TAILQ_FIRST(&r->members); member != NULL; member = r->next) {
		r->next = TAILQ_NEXT(member, link);
		member->on_event(member, event);
	}
	r->calling = false;
	if (TAILQ_EMPTY(&r->members))
		widget_room_close(r);
}

static void
widget_room_notify_type(struct widget_room *r, enum widget_room_event_type type)
{
	widget_room_notify(r, &(struct widget_room_event){.type = type});
}

/* The event for members that may have missed others, from the visitor's present state. */
static struct widget_room_event
widget_room_missed(const struct widget_room *r, const struct msg_visitor_state *state)
{
	struct msg_visitor_record visitor;

	must(record_decode(state->visitor, MSG_VISITOR_RECORD, &visitor) == WIRE_OK);
	return (struct widget_room_event){
	    .type = ROOM_MISSED,
	    .identified = !id_is_zero(&visitor.contact),
	    .erased = !id_is_zero(&r->conversation) &&
		!id_equal(&r->conversation, &state->conversation),
	};
}

static void
widget_room_set_state(
    struct widget_room *r, const struct msg_visitor_state *state, bool reconnected)
{
	const struct widget_room_event missed = widget_room_missed(r, state);

	r->conversation = state->conversation;
	if (reconnected)
		widget_room_notify(r, &missed);
}

static void
widget_room_on_followed(void *arg, uint16_t type, const union msg *m)
{
	struct widget_room *r = arg;
	bool reconnected = r->reconnected;

	r->call = NULL;
	r->reconnected = false;
	r->unsubscribed = type != MSG_VISITOR_STATE;
	if (store_refused(type, m, STORE_GONE))
		widget_room_notify_type(r, ROOM_SESSION_ENDED);
	else if (type != MSG_VISITOR_STATE || m->visitor_state.visitor.len == 0)
		widget_room_notify_type(r, ROOM_UNAVAILABLE);
	else
		widget_room_set_state(r, &m->visitor_state, reconnected);
}

/* Subscribes, without a timeout. 0, or -1: too many requests wait for the store. */
static int
widget_room_follow(struct widget_room *r)
{
	struct msg_visitor_follow follow = {.token = r->token};

	r->call = store_call(
	    r->rooms->store, MSG_VISITOR_FOLLOW, &follow, 0, widget_room_on_followed, r);
	r->unsubscribed = r->call == NULL;
	return r->unsubscribed ? -1 : 0;
}

int
widget_room_enter(struct widget_rooms *rooms, struct widget_room_member *member,
    const struct id *visitor, const struct hash256 *token)
{
	struct widget_room *r = widget_room_find(rooms, visitor);

	if (r == NULL)
		r = widget_room_new(rooms, visitor, token);
	if (r->unsubscribed && widget_room_follow(r) == -1) {
		if (TAILQ_EMPTY(&r->members))
			widget_room_free(r);
		return -1;
	}
	TAILQ_INSERT_TAIL(&r->members, member, link);
	member->room = r;
	return 0;
}

void
widget_room_leave(struct widget_room_member *member)
{
	struct widget_room *r = member->room;

	if (r == NULL)
		return;
	if (r->next == member)
		r->next = TAILQ_NEXT(member, link);
	TAILQ_REMOVE(&r->members, member, link);
	member->room = NULL;
	if (!r->calling && TAILQ_EMPTY(&r->members))
		widget_room_close(r);
}

/* Subscribes again. A VISITOR_FOLLOW that has no answer yet is resent by the store client, before the
 * requests that members sent meanwhile; members still learn that they may have missed events. */
static void
widget_room_resubscribe(struct widget_room *r)
{
	r->reconnected = true;
	if (r->call == NULL && widget_room_follow(r) == -1)
		widget_room_notify_type(r, ROOM_UNAVAILABLE);
}

static void
widget_room_on_lost(void *arg)
{
	struct widget_rooms *rooms = arg;
	struct widget_room *r, *next;

	for (size_t i = 0; i < BUCKETS; i++)
		for (r = LIST_FIRST(&rooms->buckets[i]); r != NULL; r = next) {
			next = LIST_NEXT(r, link);
			widget_room_resubscribe(r);
		}
}

static void
widget_room_on_turn(struct widget_rooms *rooms, const struct msg_live_turn *turn)
{
	struct widget_room *r = widget_room_find(rooms, &turn->visitor);

	if (r == NULL)
		return;
	r->conversation = turn->conversation;
	widget_room_notify(r, &(struct widget_room_event){.type = ROOM_TURN, .turn = turn});
}

static void
widget_room_on_contact(struct widget_rooms *rooms, const struct id *visitor)
{
	struct widget_room *r = widget_room_find(rooms, visitor);

	if (r != NULL)
		widget_room_notify_type(r, ROOM_CONTACT);
}

/* The visitor or its conversation was deleted, or storaged had to drop events for lack of buffer space:
 * the answer to a new subscription says which. */
static void
widget_room_on_end(struct widget_rooms *rooms, const struct id *visitor)
{
	struct widget_room *r = widget_room_find(rooms, visitor);

	if (r != NULL)
		widget_room_resubscribe(r);
}

static void
widget_room_on_news(void *arg, uint16_t type, const union msg *m)
{
	switch (type) {
	case MSG_LIVE_TURN:
		widget_room_on_turn(arg, &m->live_turn);
		break;
	case MSG_LIVE_CONTACT:
		widget_room_on_contact(arg, &m->live_contact.visitor);
		break;
	case MSG_LIVE_VISITOR_END:
		widget_room_on_end(arg, &m->live_visitor_end.visitor);
		break;
	default: /* events of replies */
		break;
	}
}

struct widget_rooms *
widget_rooms_new(struct store_client *store)
{
	static const struct store_events events = {
	    .lost = widget_room_on_lost, .notification = widget_room_on_news};
	struct widget_rooms *rooms = xcalloc(1, sizeof(*rooms));

	rooms->store = store;
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_INIT(&rooms->buckets[i]);
	store_client_listen(store, &events, rooms);
	return rooms;
}

void
widget_rooms_free(struct widget_rooms *rooms)
{
	free(rooms);
}
