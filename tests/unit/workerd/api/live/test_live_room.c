/*
 * Rooms: each member gets each event of its visitor once, also across reconnects to the store.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/turn_stage.h"
#include "workerd/api/live/live_room.h"

#define EVENTS_MAX 8

struct member {
	struct live_room_member room; /* first */
	struct live_room_event events[EVENTS_MAX];
	size_t n;
	struct live_room_member *leaves; /* leaves when this one gets an event */
};

/* A visitor's room with two possible members. */
static struct {
	struct stage *stage;
	struct live_rooms *rooms;
	struct msg_visitor_record visitor;
	struct id conversation;
	uint32_t vouched; /* of those who enter */
} scene;
static struct member a, b;

static void
on_event(struct live_room_member *room, const struct live_room_event *event)
{
	struct member *m = (struct member *)room;

	assert_true((event->turn != NULL) == (event->type == ROOM_TURN));
	assert_true(m->n < EVENTS_MAX);
	m->events[m->n++] = *event;
	if (m->leaves != NULL)
		live_room_leave(m->leaves);
}

static int
set_up(void **state)
{
	if (stage_setup(state) == -1)
		return -1;
	scene.stage = *state;
	scene.rooms = live_rooms_new(scene.stage->turns.store);
	scene.visitor = (struct msg_visitor_record){.v = RECORD_VERSION, .id = id_new()};
	scene.conversation = (struct id){0};
	scene.vouched = 0;
	secret_random(&scene.visitor.token, sizeof(scene.visitor.token));
	a = b = (struct member){.room.on_event = on_event};
	store_accept(scene.stage);
	return 0;
}

static int
tear_down(void **state)
{
	live_room_leave(&a.room);
	live_room_leave(&b.room);
	live_rooms_free(scene.rooms);
	return stage_teardown(state);
}

#define ROOM_TEST(name) TEST_WITH(name, set_up, tear_down)

static void
enter_as(struct live_room_member *member, const struct id *visitor)
{
	const struct live_room_topic topic = {
	    .room = *visitor, .token = scene.visitor.token, .vouched = scene.vouched};

	assert_int_equal(live_room_enter(scene.rooms, member, &topic), 0);
}

static void
enter(struct member *m)
{
	enter_as(&m->room, &scene.visitor.id);
}

static uint64_t
expect_follow(void)
{
	union msg m;
	uint64_t request = store_expect(scene.stage, MSG_VISITOR_FOLLOW, &m);

	assert_memory_equal(
	    &m.visitor_follow.token, &scene.visitor.token, sizeof(struct hash256));
	return request;
}

static void
answer_follow(void)
{
	uint64_t request = expect_follow();
	struct buf record;

	buf_init(&record, 1024);
	assert_int_equal(record_encode(&record, MSG_VISITOR_RECORD, &scene.visitor), 0);
	store_answer(scene.stage, request, MSG_VISITOR_STATE,
	    &(struct msg_visitor_state){
		.visitor = buf_slice(&record), .conversation = scene.conversation});
	buf_clear(&record);
}

static void
tell_turn(void)
{
	store_notify(scene.stage, MSG_LIVE_TURN,
	    &(struct msg_live_turn){.room = scene.visitor.id,
		.conversation = scene.conversation,
		.turn = id_new()});
}

/* storaged dropped an event for lack of buffer space, or the visitor is gone. */
static void
tell_end(void)
{
	store_notify(scene.stage, MSG_LIVE_ROOM_END,
	    &(struct msg_live_room_end){.room = scene.visitor.id});
}

/* Waits until a member has n events, and checks the type of the last. */
static void
expect_event(const struct member *m, size_t n, int type)
{
	STAGE_UNTIL(scene.stage, m->n == n);
	assert_int_equal(m->events[n - 1].type, type);
}

ROOM_TEST(a_room_subscribes_once_and_notifies_all_members)
{
	struct msg_live_contact contact = {.room = scene.visitor.id};
	struct msg_live_contact other = {.room = id_new()};

	enter(&a);
	enter(&b);
	answer_follow();
	tell_turn();
	store_notify(scene.stage, MSG_LIVE_CONTACT, &contact);
	store_notify(scene.stage, MSG_LIVE_CONTACT, &other);
	expect_event(&a, 2, ROOM_CONTACT);
	expect_event(&b, 2, ROOM_CONTACT);
	assert_int_equal(a.events[0].type, ROOM_TURN);
	live_room_leave(&a.room);
	live_room_leave(&a.room);
	store_expect_nothing(scene.stage);
	live_room_leave(&b.room);
	store_expect(scene.stage, MSG_ROOM_LEAVE, NULL);
	tell_turn();
	store_expect_nothing(scene.stage);
	assert_int_equal(a.n + b.n, 4);
}

ROOM_TEST(members_may_leave_during_an_event)
{
	enter(&a);
	enter(&b);
	answer_follow();
	/* First a makes b leave, then itself. */
	a.leaves = &b.room;
	tell_turn();
	expect_event(&a, 1, ROOM_TURN);
	assert_int_equal(b.n, 0);
	a.leaves = &a.room;
	tell_turn();
	store_expect(scene.stage, MSG_ROOM_LEAVE, NULL);
	assert_int_equal(a.n, 2);
}

ROOM_TEST(a_room_subscribes_again_after_a_reconnect)
{
	enter(&a);
	answer_follow();
	store_accept(scene.stage);
	answer_follow();
	expect_event(&a, 1, ROOM_MISSED);
	/* A request without an answer is resent once. */
	store_accept(scene.stage);
	expect_follow();
	store_accept(scene.stage);
	scene.visitor.contact = id_new();
	answer_follow();
	expect_event(&a, 2, ROOM_MISSED);
	assert_true(a.events[1].identified);
	store_expect_nothing(scene.stage);
}

ROOM_TEST(an_end_event_makes_the_room_ask_again)
{
	enter(&a);
	answer_follow();
	tell_end();
	answer_follow();
	expect_event(&a, 1, ROOM_MISSED);
	tell_end();
	store_refuse(scene.stage, expect_follow(), STORE_GONE);
	expect_event(&a, 2, ROOM_GONE);
}

static void
tell_contact(void)
{
	store_notify(scene.stage, MSG_LIVE_CONTACT,
	    &(struct msg_live_contact){.room = scene.visitor.id});
}

/* The visitor of the next subscription. */
static void
expect_vouched(uint32_t vouched)
{
	union msg m;
	uint64_t request;

	assert_int_equal(live_room_vouched(&a.room), vouched);
	tell_end();
	request = store_expect(scene.stage, MSG_VISITOR_FOLLOW, &m);
	assert_int_equal(m.visitor_follow.vouched, vouched);
	store_refuse(scene.stage, request, STORE_GONE);
	STAGE_UNTIL(scene.stage, a.n > 0 && a.events[a.n - 1].type == ROOM_GONE);
}

ROOM_TEST(a_worker_vouches_for_a_visitor_who_is_not_stored)
{
	scene.vouched = 1;
	enter(&a);
	answer_follow();
	expect_vouched(1);
}

/* If it was erased meanwhile, it would be stored again with its next message. */
ROOM_TEST(a_message_stores_the_visitor)
{
	scene.vouched = 1;
	enter(&a);
	answer_follow();
	scene.conversation = id_new();
	tell_turn();
	expect_event(&a, 1, ROOM_TURN);
	expect_vouched(0);
}

ROOM_TEST(a_contact_stores_the_visitor)
{
	scene.vouched = 1;
	enter(&a);
	answer_follow();
	tell_contact();
	expect_event(&a, 1, ROOM_CONTACT);
	expect_vouched(0);
}

ROOM_TEST(an_answer_of_the_store_tells_that_the_visitor_is_stored)
{
	scene.vouched = 1;
	scene.visitor.created_at = 1;
	enter(&a);
	answer_follow();
	STAGE_UNTIL(scene.stage, live_room_vouched(&a.room) == 0);
	expect_vouched(0);
}

ROOM_TEST(a_member_may_know_that_the_visitor_is_stored)
{
	scene.vouched = 1;
	enter(&a);
	answer_follow();
	scene.vouched = 0;
	enter(&b);
	expect_vouched(0);
}

/* After an end event the store answers with the present conversation. */
static void
expect_missed(struct id conversation, bool erased)
{
	size_t n = a.n;

	scene.conversation = conversation;
	tell_end();
	answer_follow();
	expect_event(&a, n + 1, ROOM_MISSED);
	assert_int_equal(a.events[n].erased, erased);
}

ROOM_TEST(a_missing_or_other_conversation_was_erased)
{
	const struct id none = {0};

	enter(&a);
	answer_follow();
	expect_missed(none, false);
	/* First a conversation begins without an event, later one with an event. */
	expect_missed(id_new(), false);
	expect_missed(none, true);
	expect_missed(none, false);
	scene.conversation = id_new();
	tell_turn();
	expect_event(&a, 5, ROOM_TURN);
	expect_missed(id_new(), true);
}

ROOM_TEST(a_refused_subscription_is_unavailable_until_the_next_enter)
{
	enter(&a);
	store_refuse(scene.stage, expect_follow(), STORE_LIMIT);
	expect_event(&a, 1, ROOM_UNAVAILABLE);
	/* A new member subscribes again, while the first has not left yet. */
	enter(&b);
	answer_follow();
	live_room_leave(&a.room);
	tell_turn();
	expect_event(&b, 1, ROOM_TURN);
}

ROOM_TEST(a_member_that_enters_an_empty_room_keeps_its_subscription)
{
	enter(&a);
	answer_follow();
	tell_turn();
	expect_event(&a, 1, ROOM_TURN);
	live_room_leave(&a.room);
	enter(&b);
	store_expect_nothing(scene.stage);
	tell_turn();
	expect_event(&b, 1, ROOM_TURN);
}

ROOM_TEST(a_room_that_was_left_before_its_answer_unsubscribes_after_it)
{
	enter(&a);
	live_room_leave(&a.room);
	answer_follow();
	store_answer(scene.stage, store_expect(scene.stage, MSG_ROOM_LEAVE, NULL), MSG_OK,
	    &(struct msg_ok){});
	/* The store has forgotten a subscription of a lost connection. */
	enter(&a);
	answer_follow();
	store_accept(scene.stage);
	expect_follow();
	live_room_leave(&a.room);
	store_accept(scene.stage);
	store_refuse(scene.stage, expect_follow(), STORE_GONE);
	store_expect_nothing(scene.stage);
}

/* More rooms than requests can wait for the store (store_client.c). */
#define MANY      100000u
#define IN_FLIGHT 256u

struct silent {
	struct live_room_member room; /* first */
	struct id visitor;
	unsigned missed;
};

static void
on_silent_event(struct live_room_member *room, const struct live_room_event *event)
{
	assert_int_equal(event->type, ROOM_MISSED);
	((struct silent *)room)->missed++;
}

static void
enter_silent(struct silent *s)
{
	*s = (struct silent){.room.on_event = on_silent_event, .visitor = id_new()};
	enter_as(&s->room, &s->visitor);
}

/* Reads requests of this type until no more come. */
static unsigned
take_all(enum msg_type type, uint64_t requests[static IN_FLIGHT])
{
	struct frame f;
	union msg m;
	unsigned n = 0;

	for (int quiet = 0; quiet < 2; quiet++, stage_turn_now(scene.stage))
		for (; store_has_request(scene.stage, &f, &m); quiet = 0) {
			assert_int_equal(f.type, type);
			assert_true(n < IN_FLIGHT);
			requests[n++] = f.request;
		}
	return n;
}

/* Answers n requests; at no time are more than IN_FLIGHT without an answer. */
static void
serve(unsigned n, enum msg_type type, enum msg_type answer_type, const void *answer)
{
	uint64_t requests[IN_FLIGHT];

	for (unsigned some; n > 0; n -= some) {
		some = take_all(type, requests);
		assert_in_range(some, 1, n);
		for (unsigned i = 0; i < some; i++)
			assert_int_equal(
			    channel_send(&scene.stage->store, answer_type, requests[i], answer),
			    0);
		assert_int_equal(channel_flush(&scene.stage->store), CHANNEL_DONE);
	}
}

static void
serve_follows(unsigned n)
{
	struct msg_visitor_state state = {0};
	struct buf record;

	buf_init(&record, 1024);
	assert_int_equal(record_encode(&record, MSG_VISITOR_RECORD, &scene.visitor), 0);
	state.visitor = buf_slice(&record);
	serve(n, MSG_VISITOR_FOLLOW, MSG_VISITOR_STATE, &state);
	buf_clear(&record);
}

ROOM_TEST(a_hundred_thousand_rooms_survive_restarts_of_the_store)
{
	struct silent *all = calloc(MANY, sizeof(*all));
	uint64_t unanswered[IN_FLIGHT];

	assert_non_null(all);
	for (unsigned i = 0; i < MANY; i++) {
		enter_silent(&all[i]);
		if ((i + 1) % IN_FLIGHT == 0)
			serve_follows(IN_FLIGHT);
	}
	serve_follows(MANY % IN_FLIGHT);
	store_accept(scene.stage);
	serve_follows(MANY / 2 / IN_FLIGHT * IN_FLIGHT);
	/* The second restart, while rooms subscribe again. */
	assert_int_equal(take_all(MSG_VISITOR_FOLLOW, unanswered), IN_FLIGHT);
	store_accept(scene.stage);
	serve_follows(MANY);
	assert_int_equal(take_all(MSG_VISITOR_FOLLOW, unanswered), 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_in_range(all[i].missed, 1, 2);
		live_room_leave(&all[i].room);
	}
	serve(MANY, MSG_ROOM_LEAVE, MSG_OK, &(struct msg_ok){});
	free(all);
}

TEST_MAIN(NULL, NULL)
