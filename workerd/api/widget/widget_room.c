/*
 * A table of rooms by visitor, and one request to the store for each.
 *
 * While the guests of a room are called, any may leave: next stands in the room, where a leave finds
 * it, and a room that is being called is freed afterwards.
 */
#include "workerd/api/widget/widget_room.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define BUCKETS 4096

TAILQ_HEAD(guests, room_guest);
LIST_HEAD(bucket, widget_room);

struct widget_room {
	struct widget_rooms *rooms;
	struct id visitor;
	struct hash256 token;
	struct id conversation; /* as far as the store has told; zero: none */
	struct guests guests;
	struct room_guest *next; /* to be called */
	struct store_call *call; /* VISITOR_FOLLOW; NULL: it is answered */
	bool calling;
	bool lost; /* the line was, after the room had begun to follow */
	bool deaf; /* it does not follow: its guests are about to leave */
	LIST_ENTRY(widget_room) link;
};

struct widget_rooms {
	struct store_client *store;
	struct bucket buckets[BUCKETS];
};

/* An id's last bytes are random. */
static struct bucket *
bucket_of(struct widget_rooms *rooms, const struct id *visitor)
{
	uint32_t n;

	memcpy(&n, visitor->b + sizeof(visitor->b) - sizeof(n), sizeof(n));
	return &rooms->buckets[n % BUCKETS];
}

static struct widget_room *
room_find(struct widget_rooms *rooms, const struct id *visitor)
{
	struct widget_room *r;

	LIST_FOREACH (r, bucket_of(rooms, visitor), link)
		if (id_equal(&r->visitor, visitor))
			return r;
	return NULL;
}

static struct widget_room *
room_new(struct widget_rooms *rooms, const struct id *visitor, const struct hash256 *token)
{
	struct widget_room *r = xcalloc(1, sizeof(*r));

	r->rooms = rooms;
	r->visitor = *visitor;
	r->token = *token;
	r->deaf = true;
	TAILQ_INIT(&r->guests);
	LIST_INSERT_HEAD(bucket_of(rooms, visitor), r, link);
	return r;
}

static void
room_free(struct widget_room *r)
{
	if (r->call != NULL)
		store_call_forget(r->call);
	LIST_REMOVE(r, link);
	free(r);
}

/* Nobody is in it any more. Should the store not take this, it tells for nothing. */
static void
room_close(struct widget_room *r)
{
	struct msg_visitor_leave leave = {.visitor = r->visitor};

	(void)!store_call(
	    r->rooms->store, MSG_VISITOR_LEAVE, &leave, STORE_TIMEOUT_MS, NULL, NULL);
	room_free(r);
}

/* -- calling the guests -------------------------------------------------------------------- */

/* Afterwards the room may be gone. */
static void
room_tell(struct widget_room *r, const struct room_news *news)
{
	struct room_guest *guest;

	must(!r->calling);
	r->calling = true;
	for (guest = TAILQ_FIRST(&r->guests); guest != NULL; guest = r->next) {
		r->next = TAILQ_NEXT(guest, link);
		guest->hear(guest, news);
	}
	r->calling = false;
	if (TAILQ_EMPTY(&r->guests))
		room_close(r);
}

static void
room_tell_event(struct widget_room *r, enum room_event event)
{
	room_tell(r, &(struct room_news){.event = event});
}

/* -- following ----------------------------------------------------------------------------- */

/* What may have been missed, as the visitor is now. */
static struct room_news
missed(const struct widget_room *r, const struct msg_visitor_state *state)
{
	struct msg_visitor_record visitor;

	must(record_decode(state->visitor, MSG_VISITOR_RECORD, &visitor) == WIRE_OK);
	return (struct room_news){
	    .event = ROOM_MISSED,
	    .known = !id_is_zero(&visitor.contact),
	    .erased = !id_is_zero(&r->conversation) &&
		!id_equal(&r->conversation, &state->conversation),
	};
}

static void
take_state(struct widget_room *r, const struct msg_visitor_state *state, bool lost)
{
	const struct room_news news = missed(r, state);

	r->conversation = state->conversation;
	if (lost)
		room_tell(r, &news);
}

static void
on_followed(void *arg, uint16_t type, const union msg *m)
{
	struct widget_room *r = arg;
	bool lost = r->lost;

	r->call = NULL;
	r->lost = false;
	r->deaf = type != MSG_VISITOR_STATE;
	if (store_refused(type, m, STORE_GONE))
		room_tell_event(r, ROOM_OVER);
	else if (type != MSG_VISITOR_STATE || m->visitor_state.visitor.len == 0)
		room_tell_event(r, ROOM_DEAF);
	else
		take_state(r, &m->visitor_state, lost);
}

/* It waits for the store as long as it takes. -1: the room is deaf. */
static int
room_follow(struct widget_room *r)
{
	struct msg_visitor_follow follow = {.token = r->token};

	r->call = store_call(r->rooms->store, MSG_VISITOR_FOLLOW, &follow, 0, on_followed, r);
	r->deaf = r->call == NULL;
	return r->deaf ? -1 : 0;
}

int
room_enter(struct widget_rooms *rooms, struct room_guest *guest, const struct id *visitor,
    const struct hash256 *token)
{
	struct widget_room *r = room_find(rooms, visitor);

	if (r == NULL)
		r = room_new(rooms, visitor, token);
	if (r->deaf && room_follow(r) == -1) {
		if (TAILQ_EMPTY(&r->guests))
			room_free(r);
		return -1;
	}
	TAILQ_INSERT_TAIL(&r->guests, guest, link);
	guest->room = r;
	return 0;
}

void
room_leave(struct room_guest *guest)
{
	struct widget_room *r = guest->room;

	if (r == NULL)
		return;
	if (r->next == guest)
		r->next = TAILQ_NEXT(guest, link);
	TAILQ_REMOVE(&r->guests, guest, link);
	guest->room = NULL;
	if (!r->calling && TAILQ_EMPTY(&r->guests))
		room_close(r);
}

/* -- what the store says ------------------------------------------------------------------- */

/* A request that had no answer is sent again by the client itself, before what its guests have asked
 * meanwhile: they are told all the same that they may have missed something. */
static void
room_lost(struct widget_room *r)
{
	r->lost = true;
	if (r->call == NULL && room_follow(r) == -1)
		room_tell_event(r, ROOM_DEAF);
}

static void
on_lost(void *arg)
{
	struct widget_rooms *rooms = arg;
	struct widget_room *r, *next;

	for (size_t i = 0; i < BUCKETS; i++)
		for (r = LIST_FIRST(&rooms->buckets[i]); r != NULL; r = next) {
			next = LIST_NEXT(r, link);
			room_lost(r);
		}
}

static void
on_turn(struct widget_rooms *rooms, const struct msg_live_turn *turn)
{
	struct widget_room *r = room_find(rooms, &turn->visitor);

	if (r == NULL)
		return;
	r->conversation = turn->conversation;
	room_tell(r, &(struct room_news){.event = ROOM_TURN, .turn = turn});
}

static void
on_contact(struct widget_rooms *rooms, const struct id *visitor)
{
	struct widget_room *r = room_find(rooms, visitor);

	if (r != NULL)
		room_tell_event(r, ROOM_CONTACT);
}

/* Or its conversation alone is gone, or storaged had no room to tell us something: it says so when it is
 * asked again. */
static void
on_end(struct widget_rooms *rooms, const struct id *visitor)
{
	struct widget_room *r = room_find(rooms, visitor);

	if (r != NULL)
		room_lost(r);
}

static void
on_news(void *arg, uint16_t type, const union msg *m)
{
	switch (type) {
	case MSG_LIVE_TURN:
		on_turn(arg, &m->live_turn);
		break;
	case MSG_LIVE_CONTACT:
		on_contact(arg, &m->live_contact.visitor);
		break;
	case MSG_LIVE_VISITOR_END:
		on_end(arg, &m->live_visitor_end.visitor);
		break;
	default: /* of replies: not a visitor's */
		break;
	}
}

/* -- all of them --------------------------------------------------------------------------- */

struct widget_rooms *
widget_rooms_new(struct store_client *store)
{
	static const struct store_events events = {.lost = on_lost, .news = on_news};
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
