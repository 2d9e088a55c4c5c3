/*
 * The live exchange of visitors: who is notified of what a visitor does, and when.
 */
#include <endian.h>

#include "tests/unit/storaged/store_visitors.h"
#include "tests/unit/unit.h"

static void
expect_turn_told(struct fixture *f, struct asker *asker, const struct guest *guest,
    const struct msg_turn_begin *begin)
{
	struct msg_live_turn *told;
	union msg m;

	expect_answer(f, asker, 0, MSG_LIVE_TURN, &m);
	told = &m.live_turn;
	assert_true(id_equal(&told->visitor, &guest->record.id));
	assert_true(id_equal(&told->conversation, &begin->conversation));
	assert_true(id_equal(&told->message, &begin->message));
	assert_true(id_equal(&told->turn, &begin->turn));
	assert_true(slice_eq(told->text, begin->text));
	assert_true(slice_eq(told->client_id, begin->client_id));
}

static void
expect_told(
    struct fixture *f, struct asker *asker, enum msg_type type, const struct guest *guest)
{
	union msg m;

	expect_answer(f, asker, 0, type, &m);
	assert_true(id_equal(
	    type == MSG_LIVE_CONTACT ? &m.live_contact.visitor : &m.live_visitor_end.visitor,
	    &guest->record.id));
}

static void
expect_silence(struct fixture *f)
{
	assert_int_equal(buf_len(&f->a.out), 0);
	assert_int_equal(buf_len(&f->b.out), 0);
}

static struct msg_visitor_state
follow(struct fixture *f, struct asker *asker, const struct guest *guest)
{
	struct msg_visitor_follow follow = {.token = guest->token};
	uint64_t request = send_request(f, asker, MSG_VISITOR_FOLLOW, &follow);
	union msg m;

	commit(f);
	expect_answer(f, asker, request, MSG_VISITOR_STATE, &m);
	return m.visitor_state;
}

static void
leave(struct fixture *f, struct asker *asker, const struct guest *guest)
{
	struct msg_visitor_leave leave = {.visitor = guest->record.id};
	uint64_t request = send_request(f, asker, MSG_VISITOR_LEAVE, &leave);

	commit(f);
	expect_answer(f, asker, request, MSG_OK, NULL);
}

static struct msg_turn_begin
say(struct fixture *f, struct asker *asker, const struct guest *guest, const char *text)
{
	struct msg_turn_begin begin = guest_says(guest, text);
	uint64_t request = send_request(f, asker, MSG_TURN_BEGIN, &begin);
	union msg m;

	commit(f);
	expect_answer(f, asker, request, MSG_TURN_BEGUN, &m);
	begin.conversation = m.turn_begun.conversation;
	return begin;
}

STORE_TEST(followers_are_notified_of_messages)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin;
	struct guest guest, other;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	other = make_guest(f, PUBLIC_ID);
	follow(f, &f->a, &guest);
	follow(f, &f->b, &guest);
	/* The sender is notified too. */
	begin = say(f, &f->a, &guest, "hello");
	expect_turn_told(f, &f->a, &guest, &begin);
	expect_turn_told(f, &f->b, &guest, &begin);
	say(f, &f->a, &other, "not for you");
	expect_silence(f);
	leave(f, &f->a, &guest);
	leave(f, &f->a, &guest);
	begin = say(f, &f->a, &guest, "hello again");
	expect_turn_told(f, &f->b, &guest, &begin);
	expect_silence(f);
	leave(f, &f->b, &guest);
	say(f, &f->a, &guest, "nobody listens");
	expect_silence(f);
	assert_int_equal(f->live.rooms.n, 0);
}

STORE_TEST(to_follow_twice_is_to_follow_once)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin;
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	follow(f, &f->a, &guest);
	follow(f, &f->a, &guest);
	begin = say(f, &f->b, &guest, "hello");
	expect_turn_told(f, &f->a, &guest, &begin);
	expect_silence(f);
	assert_int_equal(f->live.rooms.n, 1);
	leave(f, &f->a, &guest);
	say(f, &f->b, &guest, "hello");
	expect_silence(f);
}

STORE_TEST(only_new_messages_and_restarted_replies_are_notified)
{
	struct fixture *f = *state;
	union msg m;
	struct msg_turn_begin named, again, refused;
	struct guest guest;
	struct id widget = make_widget(f, PUBLIC_ID);

	guest = make_guest(f, PUBLIC_ID);
	follow(f, &f->b, &guest);
	named = guest_says(&guest, "hello");
	named.client_id = slice_str("name");
	ask(f, MSG_TURN_BEGIN, &named, MSG_TURN_BEGUN, NULL);
	expect_turn_told(f, &f->b, &guest, &named);
	/* The same request, and the same message. */
	ask(f, MSG_TURN_BEGIN, &named, MSG_TURN_BEGUN, NULL);
	again = named;
	again.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_STATE, NULL);
	expect_silence(f);
	lose(f, &f->a);
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->b, 0, MSG_LIVE_TURN, &m);
	assert_true(id_is_zero(&m.live_turn.message));
	assert_true(id_equal(&m.live_turn.turn, &named.turn));
	assert_true(id_equal(&m.live_turn.run, &again.turn));
	assert_true(slice_eq_str(m.live_turn.client_id, "name"));
	CHANGE_WIDGET(f, &widget, r.daily_cap = 1);
	refused = guest_says(&guest, "more");
	ask_error(f, MSG_TURN_BEGIN, &refused, STORE_CAPPED);
	expect_silence(f);
}

STORE_TEST(the_state_says_what_is_going_on)
{
	struct fixture *f = *state;
	struct msg_visitor_record record;
	struct msg_visitor_state at;
	struct msg_turn_begin one, two;
	struct msg_turn_finish finish;
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	at = follow(f, &f->b, &guest);
	assert_int_equal(record_decode(at.visitor, MSG_VISITOR_RECORD, &record), WIRE_OK);
	assert_true(id_equal(&record.id, &guest.record.id));
	assert_true(id_is_zero(&at.conversation));
	assert_true(id_is_zero(&at.active));
	leave(f, &f->b, &guest);

	one = say(f, &f->a, &guest, "one");
	two = say(f, &f->a, &guest, "two");
	at = follow(f, &f->b, &guest);
	assert_true(id_equal(&at.conversation, &one.conversation));
	assert_true(id_equal(&at.active, &two.turn));
	finish = finish_of(&two.turn, "due");
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	at = follow(f, &f->b, &guest);
	assert_true(id_equal(&at.active, &one.turn));
}

/* In whatever order they come in a batch: a message is either in the state or notified, never
 * both. */
STORE_TEST(no_message_is_missed_or_notified_twice)
{
	struct fixture *f = *state;
	struct msg_visitor_follow follow;
	struct msg_turn_begin before, after;
	uint64_t first, state_of, last;
	struct guest guest;
	union msg m;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	follow.token = guest.token;
	before = guest_says(&guest, "before");
	after = guest_says(&guest, "after");
	first = send_request(f, &f->a, MSG_TURN_BEGIN, &before);
	state_of = send_request(f, &f->b, MSG_VISITOR_FOLLOW, &follow);
	last = send_request(f, &f->a, MSG_TURN_BEGIN, &after);
	commit(f);
	expect_answer(f, &f->a, first, MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->a, last, MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->b, state_of, MSG_VISITOR_STATE, &m);
	assert_true(id_equal(&m.visitor_state.active, &before.turn));
	after.conversation = before.conversation;
	expect_turn_told(f, &f->b, &guest, &after);
	expect_silence(f);
}

/* Nobody is notified by a batch that is undone: the damage is found only after the message was
 * written, and everything runs again. */
STORE_TEST(an_undone_batch_notifies_nobody)
{
	struct fixture *f = *state;
	struct msg_turn_begin good, bad, last;
	struct guest guest;
	uint64_t requests[3];

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	follow(f, &f->b, &guest);
	good = guest_says(&guest, "good");
	last = guest_says(&guest, "last");
	bad = begin_of("s1", "bad");
	bad.org = make_org(f);
	damage(f, TABLE_TOTALS, &bad.org);
	requests[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &good);
	requests[1] = send_request(f, &f->a, MSG_TURN_BEGIN, &bad);
	commit(f);
	expect_answer(f, &f->a, requests[0], MSG_TURN_BEGUN, NULL);
	expect_error(f, &f->a, requests[1], STORE_INTERNAL);
	expect_turn_told(f, &f->b, &guest, &good);
	expect_silence(f);
	requests[2] = send_request(f, &f->a, MSG_TURN_BEGIN, &last);
	commit(f);
	last.conversation = good.conversation;
	expect_answer(f, &f->a, requests[2], MSG_TURN_BEGUN, NULL);
	expect_turn_told(f, &f->b, &guest, &last);
	expect_silence(f);
}

STORE_TEST(followers_are_notified_of_a_contact)
{
	struct fixture *f = *state;
	struct msg_contact_submit submission, bad;
	struct guest guest, other;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	other = make_guest(f, PUBLIC_ID);
	follow(f, &f->a, &guest);
	follow(f, &f->b, &guest);
	submission = submit_of(&guest, "Ada", "", "");
	submit(f, &submission);
	expect_told(f, &f->a, MSG_LIVE_CONTACT, &guest);
	expect_told(f, &f->b, MSG_LIVE_CONTACT, &guest);
	bad = submit_of(&guest, "", "", "");
	ask_error(f, MSG_CONTACT_SUBMIT, &bad, STORE_INVALID);
	submission = submit_of(&other, "Bob", "", "");
	submit(f, &submission);
	expect_silence(f);
}

STORE_TEST(the_end_of_a_widget_is_its_visitors_end)
{
	static void (*const ends[])(struct fixture *, const struct id *) = {
	    disable_widget, reset_widget, delete_widget};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct guest guest, other;
		struct id widget;
		struct fixture *f;
		void *made;

		assert_int_equal(fixture_setup(&made), 0);
		f = made;
		widget = make_widget(f, PUBLIC_ID);
		make_widget(f, "wid_other");
		guest = make_guest(f, PUBLIC_ID);
		other = make_guest(f, "wid_other");
		follow(f, &f->b, &guest);
		follow(f, &f->b, &other);
		ends[i](f, &widget);
		expect_told(f, &f->b, MSG_LIVE_VISITOR_END, &guest);
		expect_silence(f);
		assert_int_equal(f->live.rooms.n, 1);
		ask_error(f, MSG_VISITOR_FOLLOW,
		    &(struct msg_visitor_follow){.token = guest.token}, STORE_GONE);
		assert_int_equal(fixture_teardown(&made), 0);
	}
}

STORE_TEST(a_change_of_looks_ends_nobody)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct guest guest = make_guest(f, PUBLIC_ID);

	follow(f, &f->b, &guest);
	CHANGE_WIDGET(f, &widget, r.greeting = slice_str("Hello!"));
	expect_silence(f);
	assert_int_equal(f->live.rooms.n, 1);
}

STORE_TEST(an_erased_visitor_ends)
{
	struct fixture *f = *state;
	struct msg_visitor_erase erase = {.org = id_default_org};
	struct msg_turn_begin begin;
	struct guest guest;

	erase.widget = make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	begin = say(f, &f->a, &guest, "hello");
	follow(f, &f->b, &guest);
	erase.session = slice_str(guest.session.s);
	ask(f, MSG_VISITOR_ERASE, &erase, MSG_ERASED, NULL);
	expect_answer(f, &f->a, 0, MSG_LIVE_END, NULL);
	expect_told(f, &f->b, MSG_LIVE_VISITOR_END, &guest);
	expect_silence(f);
	ask_error(f, MSG_VISITOR_FOLLOW, &(struct msg_visitor_follow){.token = guest.token},
	    STORE_GONE);
	begin = guest_says(&guest, "still here?");
	ask_error(f, MSG_TURN_BEGIN, &begin, STORE_GONE);
}

/* Before its replies end, and only for those who follow it. */
STORE_TEST(a_visitor_whose_conversation_is_erased_is_asked_about)
{
	struct fixture *f = *state;
	struct msg_conversation_erase erase = {.org = id_default_org};
	struct msg_visitor_state now;
	struct guest guest, other;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	other = make_guest(f, PUBLIC_ID);
	say(f, &f->b, &guest, "hello");
	follow(f, &f->a, &other);
	erase.conversation = follow(f, &f->b, &guest).conversation;
	ask(f, MSG_CONVERSATION_ERASE, &erase, MSG_ERASED, NULL);
	expect_told(f, &f->b, MSG_LIVE_VISITOR_END, &guest);
	expect_answer(f, &f->b, 0, MSG_LIVE_END, NULL);
	expect_silence(f);
	now = follow(f, &f->b, &guest);
	assert_true(id_is_zero(&now.conversation));
	expect_silence(f);
}

STORE_TEST(nobody_is_forgotten_while_a_tab_is_open)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	guest = make_guest(f, PUBLIC_ID);
	follow(f, &f->b, &guest);
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	make_guest(f, PUBLIC_ID);
	expect_silence(f);
	assert_true(is_stored(f, &guest));
	leave(f, &f->b, &guest);
	make_guest(f, PUBLIC_ID);
	assert_false(is_stored(f, &guest));
	clock_freeze_wall(0);
}

/* The visitor is forgotten in the commit in which it is followed. */
STORE_TEST(a_visitor_that_is_forgotten_after_a_day_ends)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct msg_visitor_follow follow;
	struct msg_visitor_open open;
	struct guest guest;
	uint64_t request;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	guest = make_guest(f, PUBLIC_ID);
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	follow.token = guest.token;
	request = send_request(f, &f->b, MSG_VISITOR_FOLLOW, &follow);
	open = open_of(PUBLIC_ID, NULL);
	send_request(f, &f->a, MSG_VISITOR_OPEN, &open);
	commit(f);
	expect_answer(f, &f->a, f->requests, MSG_VISITOR_OPENED, NULL);
	expect_answer(f, &f->b, request, MSG_VISITOR_STATE, NULL);
	expect_told(f, &f->b, MSG_LIVE_VISITOR_END, &guest);
	expect_silence(f);
	clock_freeze_wall(0);
}

STORE_TEST(a_client_that_disconnects_leaves_all_rooms)
{
	struct fixture *f = *state;
	struct guest guests[20];

	make_widget(f, PUBLIC_ID);
	for (size_t i = 0; i < ARRAY_LEN(guests); i++) {
		guests[i] = make_guest(f, PUBLIC_ID);
		follow(f, &f->a, &guests[i]);
		follow(f, &f->b, &guests[i]);
	}
	assert_int_equal(f->live.rooms.n, 2 * ARRAY_LEN(guests));
	client_goes(f, &f->b);
	assert_int_equal(f->live.rooms.n, ARRAY_LEN(guests));
	assert_int_equal(f->b.client.follows[TOPIC_VISITORS].n, 0);
	assert_int_equal(f->a.client.follows[TOPIC_VISITORS].n, ARRAY_LEN(guests));
}

STORE_TEST(a_client_follows_only_so_many)
{
	struct fixture *f = *state;
	struct topics *rooms = &f->live.rooms;
	struct guest guest;
	const struct id widget = {{1}};
	struct id visitor = {{0}};

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	follow(f, &f->a, &guest);
	for (uint32_t i = 1; i < TOPICS_CLIENT_MAX; i++) {
		memcpy(visitor.b + 12, &(uint32_t){htobe32(i)}, 4);
		rooms_follow(rooms, &f->a.client, &visitor, &widget);
	}
	assert_int_equal(f->a.client.follows[TOPIC_VISITORS].n, TOPICS_CLIENT_MAX);
	/* A client may follow a visitor again that it follows; and another client may. */
	follow(f, &f->a, &guest);
	follow(f, &f->b, &guest);
	guest = make_guest(f, PUBLIC_ID);
	ask_error(f, MSG_VISITOR_FOLLOW, &(struct msg_visitor_follow){.token = guest.token},
	    STORE_FULL);
	rooms_end_widget(rooms, &widget);
	assert_int_equal(rooms->n, 2);
	buf_reset(&f->a.out);
	follow(f, &f->a, &guest);
}

/* It must not conclude that nothing was said. */
STORE_TEST(a_client_without_room_for_a_message_is_told_an_end)
{
	struct fixture *f = *state;
	static const uint8_t filling[4096];
	struct msg_turn_begin begin;
	struct msg_visitor_state at;
	struct guest guest;
	union msg m;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	follow(f, &f->a, &guest);
	follow(f, &f->b, &guest);
	while (buf_room(&f->b.out) >= (size_t)1 << 20)
		assert_int_equal(buf_append(&f->b.out, filling, sizeof(filling)), 0);
	begin = say(f, &f->a, &guest, "hello");
	expect_turn_told(f, &f->a, &guest, &begin);
	assert_null(f->b.client.fault);
	assert_int_equal(f->live.rooms.n, 1);
	while (buf_len(&f->b.out) >= sizeof(filling))
		buf_consume(&f->b.out, sizeof(filling));
	expect_answer(f, &f->b, 0, MSG_LIVE_VISITOR_END, &m);
	expect_silence(f);
	/* When it follows again, it sees what it has missed. */
	at = follow(f, &f->b, &guest);
	assert_true(id_equal(&at.active, &begin.turn));
}

TEST_MAIN(NULL, NULL)
