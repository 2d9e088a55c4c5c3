/*
 * A hash table of rooms by visitor, each with one subscription at the store.
 *
 * The store forgets all subscriptions when its connection is lost. The rooms subscribe again a few at a
 * time, so that 100,000 of them neither fill the client's queue nor delay other requests: at the end of
 * each loop turn the next ones ask, while fewer than IN_FLIGHT_MAX requests of rooms are without an answer
 * (make bench-sockets).
 *
 * Members may leave while the members of a room are called: `next` is kept in the room, where
 * widget_room_leave() updates it, and an empty room is freed after the last call.
 */
#include "workerd/api/widget/widget_room.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define BUCKETS       65536
#define IN_FLIGHT_MAX 256u

TAILQ_HEAD(widget_room_members, widget_room_member);
LIST_HEAD(widget_room_bucket, widget_room);
TAILQ_HEAD(widget_room_list, widget_room);

/* Of a room at the store. */
enum subscription {
	SUBSCRIPTION_NONE, /* it failed, or has not begun */
	SUBSCRIPTION_DUE,
	SUBSCRIPTION_ASKED, /* VISITOR_FOLLOW is under way */
	/* In the order of their answers: those of lost connections, which are due too, are first. */
	SUBSCRIPTION_ON,
	SUBSCRIPTION_LEAVING, /* no members; VISITOR_LEAVE waits to be sent */
	SUBSCRIPTIONS,
};

struct widget_room {
	struct widget_rooms *rooms;
	struct id visitor;
	struct hash256 token;
	struct id conversation; /* last one that the store named; zero: none */
	struct widget_room_members members;
	struct widget_room_member *next; /* to be called */
	bool calling;
	bool missed; /* it may have missed events: say so after the next VISITOR_STATE */
	enum subscription subscription;
	uint64_t connection; /* to the store, of the last VISITOR_FOLLOW or its answer */
	TAILQ_ENTRY(widget_room) of_subscription;
	LIST_ENTRY(widget_room) link;
};

struct widget_rooms {
	struct store_client *store;
	uint64_t connection; /* number of the connection to the store */
	size_t in_flight;    /* requests of rooms without an answer */
	struct widget_room_list by_subscription[SUBSCRIPTIONS];
	struct widget_room_bucket buckets[BUCKETS]; /* last: unused pages are never touched */
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

static void
widget_room_set_subscription(struct widget_room *r, enum subscription subscription)
{
	struct widget_room_list *lists = r->rooms->by_subscription;

	TAILQ_REMOVE(&lists[r->subscription], r, of_subscription);
	TAILQ_INSERT_TAIL(&lists[subscription], r, of_subscription);
	r->subscription = subscription;
}

/* Whether the store sends this room events. */
static bool
widget_room_is_subscribed(const struct widget_room *r)
{
	return (r->subscription == SUBSCRIPTION_ON ||
		   r->subscription == SUBSCRIPTION_LEAVING) &&
	    r->connection == r->rooms->connection;
}

static struct widget_room *
widget_room_new(
    struct widget_rooms *rooms, const struct id *visitor, const struct hash256 *token)
{
	struct widget_room *r = xcalloc(1, sizeof(*r));

	r->rooms = rooms;
	r->visitor = *visitor;
	r->token = *token;
	TAILQ_INIT(&r->members);
	LIST_INSERT_HEAD(widget_room_bucket_of(rooms, visitor), r, link);
	TAILQ_INSERT_TAIL(&rooms->by_subscription[SUBSCRIPTION_NONE], r, of_subscription);
	return r;
}

static void
widget_room_free(struct widget_room *r)
{
	TAILQ_REMOVE(&r->rooms->by_subscription[r->subscription], r, of_subscription);
	LIST_REMOVE(r, link);
	free(r);
}

/* The last member has left. A room that waits for an answer is closed after it. */
static void
widget_room_close(struct widget_room *r)
{
	if (widget_room_is_subscribed(r))
		widget_room_set_subscription(r, SUBSCRIPTION_LEAVING);
	else if (r->subscription != SUBSCRIPTION_ASKED)
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
widget_room_set_state(struct widget_room *r, const struct msg_visitor_state *state)
{
	const struct widget_room_event missed = widget_room_missed(r, state);
	bool notify = r->missed;

	widget_room_set_subscription(r, SUBSCRIPTION_ON);
	r->connection = r->rooms->connection;
	r->conversation = state->conversation;
	r->missed = false;
	if (notify)
		widget_room_notify(r, &missed);
	else if (TAILQ_EMPTY(&r->members))
		widget_room_close(r);
}

static void
widget_room_fail(struct widget_room *r, enum widget_room_event_type type)
{
	widget_room_set_subscription(r, SUBSCRIPTION_NONE);
	r->missed = false;
	widget_room_notify_type(r, type);
}

/* A request that was sent again may have missed events of the connection before. */
static void
widget_room_on_followed(void *arg, uint16_t type, const union msg *m)
{
	struct widget_room *r = arg;

	r->rooms->in_flight--;
	r->missed |= r->connection != r->rooms->connection;
	if (store_refused(type, m, STORE_GONE))
		widget_room_fail(r, ROOM_SESSION_ENDED);
	else if (type != MSG_VISITOR_STATE || m->visitor_state.visitor.len == 0)
		widget_room_fail(r, ROOM_UNAVAILABLE);
	else
		widget_room_set_state(r, &m->visitor_state);
}

/* Subscribes, without a timeout. 0, or -1: too many requests wait for the store. */
static int
widget_room_follow(struct widget_room *r)
{
	struct msg_visitor_follow follow = {.token = r->token};

	if (store_call(r->rooms->store, MSG_VISITOR_FOLLOW, &follow, 0, widget_room_on_followed,
		r) == NULL)
		return -1;
	r->rooms->in_flight++;
	r->missed |= r->subscription == SUBSCRIPTION_ON;
	r->connection = r->rooms->connection;
	widget_room_set_subscription(r, SUBSCRIPTION_ASKED);
	return 0;
}

static void
widget_room_on_left(void *arg, uint16_t type, const union msg *m)
{
	struct widget_rooms *rooms = arg;

	(void)type;
	(void)m;
	rooms->in_flight--;
}

/* Unsubscribes and frees the room. 0, or -1 as above. */
static int
widget_room_unfollow(struct widget_room *r)
{
	struct msg_visitor_leave leave = {.visitor = r->visitor};

	if (widget_room_is_subscribed(r)) {
		if (store_call(r->rooms->store, MSG_VISITOR_LEAVE, &leave, STORE_TIMEOUT_MS,
			widget_room_on_left, r->rooms) == NULL)
			return -1;
		r->rooms->in_flight++;
	}
	widget_room_free(r);
	return 0;
}

/* The next room with a request to the store, or NULL. */
static struct widget_room *
widget_room_next_due(const struct widget_rooms *rooms)
{
	const struct widget_room_list *lists = rooms->by_subscription;
	struct widget_room *r = TAILQ_FIRST(&lists[SUBSCRIPTION_LEAVING]);

	if (r == NULL)
		r = TAILQ_FIRST(&lists[SUBSCRIPTION_DUE]);
	if (r == NULL)
		r = TAILQ_FIRST(&lists[SUBSCRIPTION_ON]);
	return r == NULL || (r->subscription == SUBSCRIPTION_ON && widget_room_is_subscribed(r))
	    ? NULL
	    : r;
}

static int
widget_room_ask(struct widget_room *r)
{
	return r->subscription == SUBSCRIPTION_LEAVING ? widget_room_unfollow(r)
						       : widget_room_follow(r);
}

static void
widget_room_on_turn_end(void *arg)
{
	const struct widget_rooms *rooms = arg;
	struct widget_room *r;

	while (rooms->in_flight < IN_FLIGHT_MAX && (r = widget_room_next_due(rooms)) != NULL)
		if (widget_room_ask(r) == -1)
			return;
}

/* Subscribes at once for a new member, before the requests that it will send. */
static int
widget_room_prepare(struct widget_room *r)
{
	if (!widget_room_is_subscribed(r))
		return r->subscription == SUBSCRIPTION_ASKED ? 0 : widget_room_follow(r);
	if (r->subscription == SUBSCRIPTION_LEAVING)
		widget_room_set_subscription(r, SUBSCRIPTION_ON);
	return 0;
}

int
widget_room_enter(struct widget_rooms *rooms, struct widget_room_member *member,
    const struct id *visitor, const struct hash256 *token)
{
	struct widget_room *r = widget_room_find(rooms, visitor);

	if (r == NULL)
		r = widget_room_new(rooms, visitor, token);
	if (widget_room_prepare(r) == -1) {
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

static void
widget_room_on_lost(void *arg)
{
	struct widget_rooms *rooms = arg;

	rooms->connection++;
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

	if (r == NULL)
		return;
	r->missed = true;
	if (r->subscription != SUBSCRIPTION_ASKED)
		widget_room_set_subscription(r, SUBSCRIPTION_DUE);
	if (TAILQ_EMPTY(&r->members))
		widget_room_close(r);
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
	    .lost = widget_room_on_lost,
	    .notification = widget_room_on_news,
	    .turn_end = widget_room_on_turn_end,
	};
	struct widget_rooms *rooms = xcalloc(1, sizeof(*rooms));

	rooms->store = store;
	for (size_t i = 0; i < SUBSCRIPTIONS; i++)
		TAILQ_INIT(&rooms->by_subscription[i]);
	store_client_listen(store, &events, rooms);
	return rooms;
}

void
widget_rooms_free(struct widget_rooms *rooms)
{
	struct widget_room *r;

	for (size_t i = 0; i < SUBSCRIPTIONS; i++)
		while ((r = TAILQ_FIRST(&rooms->by_subscription[i])) != NULL)
			widget_room_free(r);
	free(rooms);
}
