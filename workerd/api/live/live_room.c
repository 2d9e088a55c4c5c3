/*
 * A hash table of rooms by their ids, each with one subscription at the store.
 *
 * The store forgets all subscriptions when its connection is lost. The rooms subscribe again a few at a
 * time, so that 100,000 of them neither fill the client's queue nor delay other requests: at the end of
 * each loop turn the next ones ask, while fewer than IN_FLIGHT_MAX requests of rooms are without an answer
 * (make bench-sockets).
 *
 * Members may leave while the members of a room are called: `next` is kept in the room, where
 * live_room_leave() updates it, and an empty room is freed after the last call.
 */
#include "workerd/api/live/live_room.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define BUCKETS       65536
#define IN_FLIGHT_MAX 256u

TAILQ_HEAD(live_room_members, live_room_member);
LIST_HEAD(live_room_bucket, live_room);
TAILQ_HEAD(live_room_list, live_room);

/* Of a room at the store. */
enum subscription {
	SUBSCRIPTION_NONE, /* it failed, or has not begun */
	SUBSCRIPTION_DUE,
	SUBSCRIPTION_ASKED, /* VISITOR_FOLLOW or ROOM_FOLLOW is under way */
	/* In the order of their answers: those of lost connections, which are due too, are first. */
	SUBSCRIPTION_ON,
	SUBSCRIPTION_LEAVING, /* no members; ROOM_LEAVE waits to be sent */
	SUBSCRIPTIONS,
};

struct live_room {
	struct live_rooms *rooms;
	struct live_room_topic topic;
	struct id conversation; /* last one that the store named; zero: none */
	struct live_room_members members;
	struct live_room_member *next; /* to be called */
	bool calling;
	bool missed; /* it may have missed events: say so after the next answer */
	enum subscription subscription;
	uint64_t connection; /* to the store, of the last request to follow or its answer */
	TAILQ_ENTRY(live_room) of_subscription;
	LIST_ENTRY(live_room) link;
	uint8_t session[]; /* of the topic */
};

struct live_rooms {
	struct store_client *store;
	uint64_t connection; /* number of the connection to the store */
	size_t in_flight;    /* requests of rooms without an answer */
	struct live_room_list by_subscription[SUBSCRIPTIONS];
	struct live_room_bucket buckets[BUCKETS]; /* last: unused pages are never touched */
};

/* The last bytes of an id are random. */
static struct live_room_bucket *
live_room_bucket_of(struct live_rooms *rooms, const struct id *room)
{
	uint32_t n;

	memcpy(&n, room->b + sizeof(room->b) - sizeof(n), sizeof(n));
	return &rooms->buckets[n % BUCKETS];
}

static struct live_room *
live_room_find(struct live_rooms *rooms, const struct id *room)
{
	struct live_room *r;

	LIST_FOREACH (r, live_room_bucket_of(rooms, room), link)
		if (id_equal(&r->topic.room, room))
			return r;
	return NULL;
}

static void
live_room_set_subscription(struct live_room *r, enum subscription subscription)
{
	struct live_room_list *lists = r->rooms->by_subscription;

	TAILQ_REMOVE(&lists[r->subscription], r, of_subscription);
	TAILQ_INSERT_TAIL(&lists[subscription], r, of_subscription);
	r->subscription = subscription;
}

/* Whether the store sends this room events. */
static bool
live_room_is_subscribed(const struct live_room *r)
{
	return (r->subscription == SUBSCRIPTION_ON ||
		   r->subscription == SUBSCRIPTION_LEAVING) &&
	    r->connection == r->rooms->connection;
}

static struct live_room *
live_room_new(struct live_rooms *rooms, const struct live_room_topic *topic)
{
	struct live_room *r = xcalloc(1, sizeof(*r) + topic->session.len);

	r->rooms = rooms;
	r->topic = *topic;
	r->topic.session.p = r->session;
	must(slice_copy(topic->session, r->session, topic->session.len));
	TAILQ_INIT(&r->members);
	LIST_INSERT_HEAD(live_room_bucket_of(rooms, &topic->room), r, link);
	TAILQ_INSERT_TAIL(&rooms->by_subscription[SUBSCRIPTION_NONE], r, of_subscription);
	return r;
}

static void
live_room_free(struct live_room *r)
{
	TAILQ_REMOVE(&r->rooms->by_subscription[r->subscription], r, of_subscription);
	LIST_REMOVE(r, link);
	free(r);
}

/* The last member has left. A room that waits for an answer is closed after it. */
static void
live_room_close(struct live_room *r)
{
	if (live_room_is_subscribed(r))
		live_room_set_subscription(r, SUBSCRIPTION_LEAVING);
	else if (r->subscription != SUBSCRIPTION_ASKED)
		live_room_free(r);
}

/* Calls all members. Afterwards the room may be gone. */
static void
live_room_notify(struct live_room *r, const struct live_room_event *event)
{
	struct live_room_member *member;

	must(!r->calling);
	r->calling = true;
	for (member = TAILQ_FIRST(&r->members); member != NULL; member = r->next) {
		r->next = TAILQ_NEXT(member, link);
		member->on_event(member, event);
	}
	r->calling = false;
	if (TAILQ_EMPTY(&r->members))
		live_room_close(r);
}

static void
live_room_notify_type(struct live_room *r, enum live_room_event_type type)
{
	live_room_notify(r, &(struct live_room_event){.type = type});
}

/* The subscription has begun, and the room has this conversation now (zero: none). */
static void
live_room_set_state(struct live_room *r, const struct id *conversation, bool identified)
{
	const struct live_room_event missed = {
	    .type = ROOM_MISSED,
	    .identified = identified,
	    .erased =
		!id_is_zero(&r->conversation) && !id_equal(&r->conversation, conversation),
	};
	bool notify = r->missed;

	live_room_set_subscription(r, SUBSCRIPTION_ON);
	r->connection = r->rooms->connection;
	r->conversation = *conversation;
	r->missed = false;
	if (notify)
		live_room_notify(r, &missed);
	else if (TAILQ_EMPTY(&r->members))
		live_room_close(r);
}

static void
live_room_fail(struct live_room *r, enum live_room_event_type type)
{
	live_room_set_subscription(r, SUBSCRIPTION_NONE);
	r->missed = false;
	live_room_notify_type(r, type);
}

static void
live_room_set_visitor(struct live_room *r, const struct msg_visitor_state *state)
{
	struct msg_visitor_record visitor;

	must(record_decode(state->visitor, MSG_VISITOR_RECORD, &visitor) == WIRE_OK);
	if (visitor.created_at != 0)
		r->topic.vouched = 0;
	live_room_set_state(r, &state->conversation, !id_is_zero(&visitor.contact));
}

/* A request that was sent again may have missed events of the connection before. */
static void
live_room_on_followed(void *arg, uint16_t type, const union msg *m)
{
	struct live_room *r = arg;

	r->rooms->in_flight--;
	r->missed |= r->connection != r->rooms->connection;
	if (store_refused(type, m, STORE_GONE) || store_refused(type, m, STORE_NOT_FOUND))
		live_room_fail(r, ROOM_GONE);
	else if (type == MSG_ROOM)
		live_room_set_state(r, &m->room.conversation, false);
	else if (type == MSG_VISITOR_STATE && m->visitor_state.visitor.len > 0)
		live_room_set_visitor(r, &m->visitor_state);
	else
		live_room_fail(r, ROOM_UNAVAILABLE);
}

/* Requests the subscription, without a timeout. */
static struct store_call *
live_room_send_follow(struct live_room *r)
{
	const struct live_room_topic *topic = &r->topic;
	const struct msg_visitor_follow visitor = {
	    .token = topic->token,
	    .visitor = topic->room,
	    .org = topic->org,
	    .widget = topic->widget,
	    .vouched = topic->vouched,
	};
	struct msg_room_follow follow = {
	    .org = topic->org, .widget = topic->widget, .session = topic->session};

	if (!hash_is_zero(&topic->token))
		return store_call(
		    r->rooms->store, MSG_VISITOR_FOLLOW, &visitor, 0, live_room_on_followed, r);
	if (topic->session.len == 0)
		follow.conversation = topic->room;
	return store_call(
	    r->rooms->store, MSG_ROOM_FOLLOW, &follow, 0, live_room_on_followed, r);
}

/* 0, or -1: too many requests wait for the store. */
static int
live_room_follow(struct live_room *r)
{
	if (live_room_send_follow(r) == NULL)
		return -1;
	r->rooms->in_flight++;
	r->missed |= r->subscription == SUBSCRIPTION_ON;
	r->connection = r->rooms->connection;
	live_room_set_subscription(r, SUBSCRIPTION_ASKED);
	return 0;
}

static void
live_room_on_left(void *arg, uint16_t type, const union msg *m)
{
	struct live_rooms *rooms = arg;

	(void)type;
	(void)m;
	rooms->in_flight--;
}

/* Unsubscribes and frees the room. 0, or -1 as above. */
static int
live_room_unfollow(struct live_room *r)
{
	struct msg_room_leave leave = {.room = r->topic.room};

	if (live_room_is_subscribed(r)) {
		if (store_call(r->rooms->store, MSG_ROOM_LEAVE, &leave, STORE_TIMEOUT_MS,
			live_room_on_left, r->rooms) == NULL)
			return -1;
		r->rooms->in_flight++;
	}
	live_room_free(r);
	return 0;
}

/* The next room with a request to the store, or NULL. */
static struct live_room *
live_room_next_due(const struct live_rooms *rooms)
{
	const struct live_room_list *lists = rooms->by_subscription;
	struct live_room *r = TAILQ_FIRST(&lists[SUBSCRIPTION_LEAVING]);

	if (r == NULL)
		r = TAILQ_FIRST(&lists[SUBSCRIPTION_DUE]);
	if (r == NULL)
		r = TAILQ_FIRST(&lists[SUBSCRIPTION_ON]);
	return r == NULL || (r->subscription == SUBSCRIPTION_ON && live_room_is_subscribed(r))
	    ? NULL
	    : r;
}

static int
live_room_ask(struct live_room *r)
{
	return r->subscription == SUBSCRIPTION_LEAVING ? live_room_unfollow(r)
						       : live_room_follow(r);
}

static void
live_room_on_turn_end(void *arg)
{
	const struct live_rooms *rooms = arg;
	struct live_room *r;

	while (rooms->in_flight < IN_FLIGHT_MAX && (r = live_room_next_due(rooms)) != NULL)
		if (live_room_ask(r) == -1)
			return;
}

/* Subscribes at once for a new member, before the requests that it will send. */
static int
live_room_prepare(struct live_room *r)
{
	if (!live_room_is_subscribed(r))
		return r->subscription == SUBSCRIPTION_ASKED ? 0 : live_room_follow(r);
	if (r->subscription == SUBSCRIPTION_LEAVING)
		live_room_set_subscription(r, SUBSCRIPTION_ON);
	return 0;
}

int
live_room_enter(struct live_rooms *rooms, struct live_room_member *member,
    const struct live_room_topic *topic)
{
	struct live_room *r = live_room_find(rooms, &topic->room);

	if (r == NULL)
		r = live_room_new(rooms, topic);
	if (live_room_prepare(r) == -1) {
		if (TAILQ_EMPTY(&r->members))
			live_room_free(r);
		return -1;
	}
	if (topic->vouched == 0)
		r->topic.vouched = 0;
	TAILQ_INSERT_TAIL(&r->members, member, link);
	member->room = r;
	return 0;
}

uint32_t
live_room_vouched(const struct live_room_member *member)
{
	return member->room->topic.vouched;
}

void
live_room_leave(struct live_room_member *member)
{
	struct live_room *r = member->room;

	if (r == NULL)
		return;
	if (r->next == member)
		r->next = TAILQ_NEXT(member, link);
	TAILQ_REMOVE(&r->members, member, link);
	member->room = NULL;
	if (!r->calling && TAILQ_EMPTY(&r->members))
		live_room_close(r);
}

static void
live_room_on_lost(void *arg)
{
	struct live_rooms *rooms = arg;

	rooms->connection++;
}

static void
live_room_on_turn(struct live_rooms *rooms, const struct msg_live_turn *turn)
{
	struct live_room *r = live_room_find(rooms, &turn->room);

	if (r == NULL)
		return;
	r->conversation = turn->conversation;
	r->topic.vouched = 0;
	live_room_notify(r, &(struct live_room_event){.type = ROOM_TURN, .turn = turn});
}

static void
live_room_on_change(struct live_rooms *rooms, const struct msg_live_changed *change)
{
	struct live_room *r = live_room_find(rooms, &change->room);

	if (r == NULL)
		return;
	r->conversation = change->conversation;
	live_room_notify_type(r, ROOM_CHANGED);
}

static void
live_room_on_contact(struct live_rooms *rooms, const struct id *room)
{
	struct live_room *r = live_room_find(rooms, room);

	if (r == NULL)
		return;
	r->topic.vouched = 0;
	live_room_notify_type(r, ROOM_CONTACT);
}

static void
live_room_on_presence(struct live_rooms *rooms, const struct msg_live_presence *presence)
{
	struct live_room *r = live_room_find(rooms, &presence->room);

	if (r != NULL)
		live_room_notify(r,
		    &(struct live_room_event){
			.type = ROOM_PRESENCE, .operator= presence->operator});
}

static void
live_room_on_typing(struct live_rooms *rooms, const struct id *room)
{
	struct live_room *r = live_room_find(rooms, room);

	if (r != NULL)
		live_room_notify_type(r, ROOM_TYPING);
}

/* The visitor or its conversation was deleted, or storaged had to drop events for lack of buffer space:
 * the answer to a new subscription says which. */
static void
live_room_on_end(struct live_rooms *rooms, const struct id *room)
{
	struct live_room *r = live_room_find(rooms, room);

	if (r == NULL)
		return;
	r->missed = true;
	if (r->subscription != SUBSCRIPTION_ASKED)
		live_room_set_subscription(r, SUBSCRIPTION_DUE);
	if (TAILQ_EMPTY(&r->members))
		live_room_close(r);
}

static void
live_room_on_news(void *arg, uint16_t type, const union msg *m)
{
	switch (type) {
	case MSG_LIVE_TURN:
		live_room_on_turn(arg, &m->live_turn);
		break;
	case MSG_LIVE_CONTACT:
		live_room_on_contact(arg, &m->live_contact.room);
		break;
	case MSG_LIVE_TYPING:
		live_room_on_typing(arg, &m->live_typing.room);
		break;
	case MSG_LIVE_PRESENCE:
		live_room_on_presence(arg, &m->live_presence);
		break;
	case MSG_LIVE_CHANGED:
		live_room_on_change(arg, &m->live_changed);
		break;
	case MSG_LIVE_ROOM_END:
		live_room_on_end(arg, &m->live_room_end.room);
		break;
	default: /* events of replies */
		break;
	}
}

struct live_rooms *
live_rooms_new(struct store_client *store)
{
	static const struct store_events events = {
	    .lost = live_room_on_lost,
	    .notification = live_room_on_news,
	    .turn_end = live_room_on_turn_end,
	};
	struct live_rooms *rooms = xcalloc(1, sizeof(*rooms));

	rooms->store = store;
	for (size_t i = 0; i < SUBSCRIPTIONS; i++)
		TAILQ_INIT(&rooms->by_subscription[i]);
	store_client_listen(store, &events, rooms);
	return rooms;
}

void
live_rooms_free(struct live_rooms *rooms)
{
	struct live_room *r;

	for (size_t i = 0; i < SUBSCRIPTIONS; i++)
		while ((r = TAILQ_FIRST(&rooms->by_subscription[i])) != NULL)
			live_room_free(r);
	free(rooms);
}
