/*
 * Rooms: what the guests of one visitor hear of the store, once each, whatever happens to the line.
 */
#include "tests/unit/workerd/turn/turn_stage.h"
#include "workerd/api/widget/widget_room.h"

#define HEARD_MAX 8

struct guest {
	struct room_guest room; /* first */
	struct room_news heard[HEARD_MAX];
	size_t n;
	struct room_guest *leaves; /* who goes when this one hears something */
};

struct scene {
	struct stage *stage;
	struct widget_rooms *rooms;
	struct msg_visitor_record visitor;
	struct id conversation;
	struct guest a, b;
};

static void
hear(struct room_guest *room, const struct room_news *news)
{
	struct guest *g = (struct guest *)room;

	assert_true((news->turn != NULL) == (news->event == ROOM_TURN));
	assert_true(g->n < HEARD_MAX);
	g->heard[g->n++] = *news;
	if (g->leaves != NULL)
		room_leave(g->leaves);
}

static struct scene
make_scene(struct stage *s)
{
	struct scene scene = {.stage = s,
	    .rooms = widget_rooms_new(s->turns.store),
	    .visitor = {.v = RECORD_VERSION, .id = id_new()},
	    .a = {.room.hear = hear},
	    .b = {.room.hear = hear}};

	secret_random(&scene.visitor.token, sizeof(scene.visitor.token));
	store_accept(s);
	return scene;
}

static void
enter(struct scene *scene, struct guest *g)
{
	assert_int_equal(
	    room_enter(scene->rooms, &g->room, &scene->visitor.id, &scene->visitor.token), 0);
}

static void
leave_all(struct scene *scene)
{
	room_leave(&scene->a.room);
	room_leave(&scene->b.room);
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

static void
a_room_follows_once_and_tells_all(void **state)
{
	struct scene scene = make_scene(*state);
	struct guest *a = &scene.a, *b = &scene.b;

	enter(&scene, a);
	enter(&scene, b);
	answer_follow(&scene, expect_follow(&scene));
	tell_turn(&scene);
	store_tell(scene.stage, MSG_LIVE_CONTACT,
	    &(struct msg_live_contact){.visitor = scene.visitor.id});
	store_tell(
	    scene.stage, MSG_LIVE_CONTACT, &(struct msg_live_contact){.visitor = id_new()});
	STAGE_UNTIL(scene.stage, a->n == 2 && b->n == 2);
	assert_int_equal(a->heard[0].event, ROOM_TURN);
	assert_int_equal(b->heard[1].event, ROOM_CONTACT);
	room_leave(&a->room);
	room_leave(&a->room);
	store_expect_nothing(scene.stage);
	room_leave(&b->room);
	store_expect(scene.stage, MSG_VISITOR_LEAVE, NULL);
	tell_turn(&scene);
	store_expect_nothing(scene.stage);
	assert_int_equal(a->n + b->n, 4);
	leave_all(&scene);
}

static void
guests_may_leave_while_they_are_told(void **state)
{
	struct scene scene = make_scene(*state);
	struct guest *a = &scene.a, *b = &scene.b;

	enter(&scene, a);
	enter(&scene, b);
	answer_follow(&scene, expect_follow(&scene));
	/* The first takes the second with it, and then goes itself. */
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

static void
a_room_follows_again_when_the_line_is_back(void **state)
{
	struct scene scene = make_scene(*state);
	struct guest *a = &scene.a;

	enter(&scene, a);
	answer_follow(&scene, expect_follow(&scene));
	store_accept(scene.stage);
	answer_follow(&scene, expect_follow(&scene));
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(a->heard[0].event, ROOM_MISSED);
	/* One that was not answered is sent again, and once. */
	store_accept(scene.stage);
	expect_follow(&scene);
	store_accept(scene.stage);
	scene.visitor.contact = id_new();
	answer_follow(&scene, expect_follow(&scene));
	STAGE_UNTIL(scene.stage, a->n == 2);
	assert_int_equal(a->heard[1].event, ROOM_MISSED);
	assert_true(a->heard[1].known);
	store_expect_nothing(scene.stage);
	leave_all(&scene);
}

static void
an_end_is_asked_about(void **state)
{
	struct msg_live_visitor_end end;
	struct scene scene = make_scene(*state);
	struct guest *a = &scene.a;

	enter(&scene, a);
	answer_follow(&scene, expect_follow(&scene));
	end.visitor = scene.visitor.id;
	/* storaged had no room for something that it had to tell. */
	store_tell(scene.stage, MSG_LIVE_VISITOR_END, &end);
	answer_follow(&scene, expect_follow(&scene));
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(a->heard[0].event, ROOM_MISSED);
	store_tell(scene.stage, MSG_LIVE_VISITOR_END, &end);
	store_refuse(scene.stage, expect_follow(&scene), STORE_GONE);
	STAGE_UNTIL(scene.stage, a->n == 2);
	assert_int_equal(a->heard[1].event, ROOM_OVER);
	leave_all(&scene);
}

/* The next follow, behind the end that the store has told, finds another conversation. */
static void
expect_missed(struct scene *scene, bool erased)
{
	struct guest *a = &scene->a;
	size_t n = a->n;

	store_tell(scene->stage, MSG_LIVE_VISITOR_END,
	    &(struct msg_live_visitor_end){.visitor = scene->visitor.id});
	answer_follow(scene, expect_follow(scene));
	STAGE_UNTIL(scene->stage, a->n == n + 1);
	assert_int_equal(a->heard[n].event, ROOM_MISSED);
	assert_true(a->heard[n].erased == erased);
}

static void
a_conversation_that_is_gone_or_another_was_erased(void **state)
{
	struct scene scene = make_scene(*state);

	enter(&scene, &scene.a);
	answer_follow(&scene, expect_follow(&scene));
	expect_missed(&scene, false);
	/* It begins unseen, and then before our eyes. */
	scene.conversation = id_new();
	expect_missed(&scene, false);
	scene.conversation = (struct id){0};
	expect_missed(&scene, true);
	expect_missed(&scene, false);
	scene.conversation = id_new();
	tell_turn(&scene);
	STAGE_UNTIL(scene.stage, scene.a.heard[scene.a.n - 1].event == ROOM_TURN);
	scene.conversation = id_new();
	expect_missed(&scene, true);
	leave_all(&scene);
}

static void
a_store_that_takes_no_more_leaves_the_room_deaf(void **state)
{
	struct scene scene = make_scene(*state);
	struct guest *a = &scene.a;

	enter(&scene, a);
	store_refuse(scene.stage, expect_follow(&scene), STORE_LIMIT);
	STAGE_UNTIL(scene.stage, a->n == 1);
	assert_int_equal(a->heard[0].event, ROOM_DEAF);
	/* Who comes before the others have left has it followed again. */
	enter(&scene, &scene.b);
	answer_follow(&scene, expect_follow(&scene));
	room_leave(&a->room);
	tell_turn(&scene);
	STAGE_UNTIL(scene.stage, scene.b.n == 1);
	assert_int_equal(scene.b.heard[0].event, ROOM_TURN);
	leave_all(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(a_room_follows_once_and_tells_all),
	    STAGE_TEST(guests_may_leave_while_they_are_told),
	    STAGE_TEST(a_room_follows_again_when_the_line_is_back),
	    STAGE_TEST(an_end_is_asked_about),
	    STAGE_TEST(a_conversation_that_is_gone_or_another_was_erased),
	    STAGE_TEST(a_store_that_takes_no_more_leaves_the_room_deaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
