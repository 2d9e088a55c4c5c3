/*
 * Rooms: each member gets each event of its visitor once, also across reconnects to the store.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/turn_stage.h"
#include "workerd/api/widget/widget_room.h"

#define EVENTS_MAX 8

struct member {
	struct widget_room_member room; /* first */
	struct widget_room_event events[EVENTS_MAX];
	size_t n;
	struct widget_room_member *leaves; /* leaves when this one gets an event */
};

struct scene {
	struct stage *stage;
	struct widget_rooms *rooms;
	struct msg_visitor_record visitor;
	struct id conversation;
	struct member a, b;
};

static void
on_event(struct widget_room_member *room, const struct widget_room_event *event)
{
	struct member *g = (struct member *)room;

	assert_true((event->turn != NULL) == (event->type == ROOM_TURN));
	assert_true(g->n < EVENTS_MAX);
	g->events[g->n++] = *event;
	if (g->leaves != NULL)
		widget_room_leave(g->leaves);
}

static struct scene
make_scene(struct stage *s)
{
	struct scene scene = {.stage = s,
	    .rooms = widget_rooms_new(s->turns.store),
	    .visitor = {.v = RECORD_VERSION, .id = id_new()},
	    .a = {.room.on_event = on_event},
	    .b = {.room.on_event = on_event}};

	secret_random(&scene.visitor.token, sizeof(scene.visitor.token));
	store_accept(s);
	return scene;
}

static void
enter(struct scene *scene, struct member *g)
{
	assert_int_equal(widget_room_enter(
			     scene->rooms, &g->room, &scene->visitor.id, &scene->visitor.token),
	    0);
}

static void
leave_all(struct scene *scene)
{
	widget_room_leave(&scene->a.room);
	widget_room_leave(&scene->b.room);
	widget_rooms_free(scene->rooms);
}

static uint64_t
expect_follow(struct scene *scene)
{
	union msg m;
	uint64_t request = store_expect(scene->stage, MSG_VISITOR_FOLLOW, &m);

	assert_memory_equal(
	    &m.visitor_follow.token, &scene->visitor.token, sizeof(struct hash256));
	return request;
}

static void
answer_follow(struct scene *scene, uint64_t request)
{
	struct buf record;

	buf_init(&record, 1024);
	assert_int_equal(record_encode(&record, MSG_VISITOR_RECORD, &scene->visitor), 0);
	store_answer(scene->stage, request, MSG_VISITOR_STATE,
	    &(struct msg_visitor_state){
		.visitor = buf_slice(&record), .conversation = scene->conversation});
	buf_clear(&record);
}

static void
tell_turn(struct scene *scene)
{
	store_tell(scene->stage, MSG_LIVE_TURN,
	    &(struct msg_live_turn){.visitor = scene->visitor.id,
		.conversation = scene->conversation,
		.turn = id_new()});
}

#define ROOM_TEST(name) TEST_WITH(name, stage_setup, stage_teardown)

ROOM_TEST(a_room_subscribes_once_and_notifies_all_members)
{
	struct scene scene = make_scene(*state);
	struct member *a = &scene.a, *b = &scene.b;

	enter(&scene, a);
	enter(&scene, b);
	answer_follow(&scene, expect_follow(&scene));
	tell_turn(&scene);
	store_tell(scene.stage, MSG_LIVE_CONTACT,
	    &(struct msg_live_contact){.visitor = scene.visitor.id});
	store_tell(
	    scene.stage, MSG_LIVE_CONTACT, &(struct msg_live_contact){.visitor = id_new()});
	STAGE_UNTIL(scene.stage, a->n == 2 && b->n == 2);
	assert_int_equal(a->events[0].type, ROOM_TURN);
	assert_int_equal(b->events[1].type, ROOM_CONTACT);
	widget_room_leave(&a->room);
	widget_room_leave(&a->room);
	store_expect_nothing(scene.stage);
	widget_room_leave(&b->room);
	store_expect(scene.stage, MSG_VISITOR_LEAVE, NULL);
	tell_turn(&scene);
	store_expect_nothing(scene.stage);
	assert_int_equal(a->n + b->n, 4);
	leave_all(&scene);
}

ROOM_TEST(members_may_leave_during_an_event)
{
	struct scene scene = make_scene(*state);
	struct member *a = &scene.a, *b = &scene.b;

	enter(&scene, a);
	enter(&scene, b);
	answer_follow(&scene, expect_follow(&scene));
	/* First a makes b leave, then itself. */
	a->leaves = &b->room;
	tell_turn(&scene);
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(b->n, 0);
	a->leaves = &a->room;
	tell_turn(&scene);
	store_expect(scene.stage, MSG_VISITOR_LEAVE, NULL);
	assert_int_equal(a->n, 2);
	leave_all(&scene);
}

ROOM_TEST(a_room_subscribes_again_after_a_reconnect)
{
	struct scene scene = make_scene(*state);
	struct member *a = &scene.a;

	enter(&scene, a);
	answer_follow(&scene, expect_follow(&scene));
	store_accept(scene.stage);
	answer_follow(&scene, expect_follow(&scene));
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(a->events[0].type, ROOM_MISSED);
	/* A request without an answer is resent once. */
	store_accept(scene.stage);
	expect_follow(&scene);
	store_accept(scene.stage);
	scene.visitor.contact = id_new();
	answer_follow(&scene, expect_follow(&scene));
	STAGE_UNTIL(scene.stage, a->n == 2);
	assert_int_equal(a->events[1].type, ROOM_MISSED);
	assert_true(a->events[1].identified);
	store_expect_nothing(scene.stage);
	leave_all(&scene);
}

ROOM_TEST(an_end_event_makes_the_room_ask_again)
{
	struct msg_live_visitor_end end;
	struct scene scene = make_scene(*state);
	struct member *a = &scene.a;

	enter(&scene, a);
	answer_follow(&scene, expect_follow(&scene));
	end.visitor = scene.visitor.id;
	/* storaged dropped an event for lack of buffer space. */
	store_tell(scene.stage, MSG_LIVE_VISITOR_END, &end);
	answer_follow(&scene, expect_follow(&scene));
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(a->events[0].type, ROOM_MISSED);
	store_tell(scene.stage, MSG_LIVE_VISITOR_END, &end);
	store_refuse(scene.stage, expect_follow(&scene), STORE_GONE);
	STAGE_UNTIL(scene.stage, a->n == 2);
	assert_int_equal(a->events[1].type, ROOM_SESSION_ENDED);
	leave_all(&scene);
}

/* An end event, after which the store answers with the present conversation. */
static void
expect_missed(struct scene *scene, bool erased)
{
	struct member *a = &scene->a;
	size_t n = a->n;

	store_tell(scene->stage, MSG_LIVE_VISITOR_END,
	    &(struct msg_live_visitor_end){.visitor = scene->visitor.id});
	answer_follow(scene, expect_follow(scene));
	STAGE_UNTIL(scene->stage, a->n == n + 1);
	assert_int_equal(a->events[n].type, ROOM_MISSED);
	assert_true(a->events[n].erased == erased);
}

ROOM_TEST(a_missing_or_other_conversation_was_erased)
{
	struct scene scene = make_scene(*state);

	enter(&scene, &scene.a);
	answer_follow(&scene, expect_follow(&scene));
	expect_missed(&scene, false);
	/* First a conversation begins without an event, later one with an event. */
	scene.conversation = id_new();
	expect_missed(&scene, false);
	scene.conversation = (struct id){0};
	expect_missed(&scene, true);
	expect_missed(&scene, false);
	scene.conversation = id_new();
	tell_turn(&scene);
	STAGE_UNTIL(scene.stage, scene.a.events[scene.a.n - 1].type == ROOM_TURN);
	scene.conversation = id_new();
	expect_missed(&scene, true);
	leave_all(&scene);
}

ROOM_TEST(a_refused_subscription_is_unavailable_until_the_next_enter)
{
	struct scene scene = make_scene(*state);
	struct member *a = &scene.a;

	enter(&scene, a);
	store_refuse(scene.stage, expect_follow(&scene), STORE_LIMIT);
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(a->events[0].type, ROOM_UNAVAILABLE);
	/* A new member subscribes again, while the first has not left yet. */
	enter(&scene, &scene.b);
	answer_follow(&scene, expect_follow(&scene));
	widget_room_leave(&a->room);
	tell_turn(&scene);
	STAGE_UNTIL(scene.stage, scene.b.n == 1);
	assert_int_equal(scene.b.events[0].type, ROOM_TURN);
	leave_all(&scene);
}

TEST_MAIN(NULL, NULL)
