/*
 * How many messages a widget's visitors may send in a UTC day.
 */
#include "tests/unit/storaged/store_visitors.h"

#include "storaged/turns/daily_caps.h"
#include "tests/unit/unit.h"

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* The first millisecond of a day. */
#define MIDNIGHT (20000 * DAY_MS)

static uint64_t
count(struct fixture *f, const struct id *widget, uint64_t now)
{
	uint64_t messages;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(daily_cap_count(&t, widget, now, &messages), 0);
	txn_abort(&t);
	return messages;
}

static void
says(struct fixture *f, const struct guest *guest, enum store_error refused)
{
	struct msg_turn_begin begin = guest_says(guest, "hello");

	if (refused == 0)
		ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	else
		ask_error(f, MSG_TURN_BEGIN, &begin, refused);
}

static struct id
make_capped(struct fixture *f, const char *public_id, uint32_t cap)
{
	struct id widget = make_widget(f, public_id);

	CHANGE_WIDGET(f, &widget, r.daily_cap = cap);
	return widget;
}

STORE_TEST(a_widget_has_so_many_messages_a_day)
{
	struct fixture *f = *state;
	struct id widget = make_capped(f, PUBLIC_ID, 3), other = make_capped(f, "wid_other", 1);
	struct guest one = make_guest(f, PUBLIC_ID), two = make_guest(f, PUBLIC_ID);
	struct guest elsewhere = make_guest(f, "wid_other");

	clock_freeze_wall(MIDNIGHT);
	says(f, &one, 0);
	says(f, &two, 0);
	says(f, &one, 0);
	says(f, &one, STORE_CAPPED);
	says(f, &two, STORE_CAPPED);
	says(f, &elsewhere, 0);
	says(f, &elsewhere, STORE_CAPPED);
	assert_int_equal(count(f, &widget, MIDNIGHT), 3);
	assert_int_equal(count(f, &other, MIDNIGHT), 1);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 4);
	clock_freeze_wall(0);
}

STORE_TEST(a_day_ends_at_midnight_utc)
{
	struct fixture *f = *state;
	struct id widget = make_capped(f, PUBLIC_ID, 2);
	struct guest guest = make_guest(f, PUBLIC_ID);

	clock_freeze_wall(MIDNIGHT);
	says(f, &guest, 0);
	clock_freeze_wall(MIDNIGHT + DAY_MS - 1);
	says(f, &guest, 0);
	says(f, &guest, STORE_CAPPED);
	clock_freeze_wall(MIDNIGHT + DAY_MS);
	says(f, &guest, 0);
	assert_int_equal(count(f, &widget, MIDNIGHT + DAY_MS), 1);
	/* Of earlier days, only the last is kept, in case the clock is set back. */
	assert_int_equal(count(f, &widget, MIDNIGHT), 2);
	assert_int_equal(table_count(f, TABLE_CAPS), 2);
	clock_freeze_wall(MIDNIGHT + 40 * DAY_MS);
	says(f, &guest, 0);
	assert_int_equal(table_count(f, TABLE_CAPS), 1);
	/* A clock that is set back finds the counts of the day that it shows then. */
	clock_freeze_wall(MIDNIGHT + 39 * DAY_MS);
	says(f, &guest, 0);
	clock_freeze_wall(MIDNIGHT + 40 * DAY_MS);
	assert_int_equal(count(f, &widget, MIDNIGHT + 40 * DAY_MS), 1);
	clock_freeze_wall(0);
}

/* A clock that was fast is corrected just after midnight. */
STORE_TEST(a_clock_that_is_set_back_over_midnight_gives_no_second_day)
{
	struct fixture *f = *state;
	struct id widget = make_capped(f, PUBLIC_ID, 2);
	struct guest guest = make_guest(f, PUBLIC_ID);

	clock_freeze_wall(MIDNIGHT - 1);
	says(f, &guest, 0);
	says(f, &guest, 0);
	clock_freeze_wall(MIDNIGHT);
	says(f, &guest, 0);
	clock_freeze_wall(MIDNIGHT - 1);
	says(f, &guest, STORE_CAPPED);
	clock_freeze_wall(MIDNIGHT);
	says(f, &guest, 0);
	says(f, &guest, STORE_CAPPED);
	assert_int_equal(count(f, &widget, MIDNIGHT - 1), 2);
	clock_freeze_wall(0);
}

STORE_TEST(refused_and_repeated_messages_are_not_counted)
{
	struct fixture *f = *state;
	struct id widget = make_capped(f, PUBLIC_ID, 2);
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_turn_begin named = guest_says(&guest, "one"), again, other, plain;

	clock_freeze_wall(MIDNIGHT);
	named.client_id = slice_str("name");
	ask(f, MSG_TURN_BEGIN, &named, MSG_TURN_BEGUN, NULL);
	again = named;
	again.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_STATE, NULL);
	other = again;
	other.text = slice_str("another");
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_CONFLICT);
	other = guest_says(&guest, "");
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_INVALID);
	assert_int_equal(count(f, &widget, MIDNIGHT), 1);

	plain = guest_says(&guest, "two");
	ask(f, MSG_TURN_BEGIN, &plain, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &plain, MSG_TURN_BEGUN, NULL);
	assert_int_equal(count(f, &widget, MIDNIGHT), 2);
	says(f, &guest, STORE_CAPPED);
	lose(f, &f->a);
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_BEGUN, NULL);
	assert_int_equal(count(f, &widget, MIDNIGHT), 2);
	clock_freeze_wall(0);
}

STORE_TEST(a_cap_that_is_set_at_noon_counts_the_morning)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct guest guest = make_guest(f, PUBLIC_ID);

	says(f, &guest, 0);
	says(f, &guest, 0);
	CHANGE_WIDGET(f, &widget, r.daily_cap = 2);
	says(f, &guest, STORE_CAPPED);
	CHANGE_WIDGET(f, &widget, r.daily_cap = 3);
	says(f, &guest, 0);
	says(f, &guest, STORE_CAPPED);
	CHANGE_WIDGET(f, &widget, r.daily_cap = 0);
	says(f, &guest, 0);
}

STORE_TEST(messages_with_a_key_are_not_counted)
{
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	assert_int_equal(table_count(f, TABLE_CAPS), 0);
}

/* Two workers, one commit. */
STORE_TEST(a_cap_is_exact_within_a_batch)
{
	struct fixture *f = *state;
	struct id widget = make_capped(f, PUBLIC_ID, 100);
	struct guest guests[3];
	uint64_t requests[600];
	unsigned begun = 0, capped = 0;
	union msg m;

	clock_freeze_wall(MIDNIGHT);
	for (size_t i = 0; i < ARRAY_LEN(guests); i++)
		guests[i] = make_guest(f, PUBLIC_ID);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct msg_turn_begin begin = guest_says(&guests[i % 3], "hello");

		requests[i] = send_request(f, i % 2 ? &f->a : &f->b, MSG_TURN_BEGIN, &begin);
	}
	commit(f);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		enum msg_type type = take_answer(f, i % 2 ? &f->a : &f->b, requests[i], &m);

		begun += type == MSG_TURN_BEGUN;
		capped += type == MSG_ERROR && m.error.code == STORE_CAPPED;
	}
	assert_int_equal(begun, 100);
	assert_int_equal(capped, 500);
	assert_int_equal(count(f, &widget, MIDNIGHT), 100);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 100);
	clock_freeze_wall(0);
}

TEST_MAIN(NULL, NULL)
