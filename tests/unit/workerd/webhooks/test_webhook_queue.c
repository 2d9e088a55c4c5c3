/*
 * The order of an endpoint's deliveries, and what is stored of them.
 */
#include "workerd/webhooks/webhook_queue.h"

#include "tests/unit/unit.h"

#define START 1000000u

static struct webhook_queue q;

static const struct webhook_result delivered = {.status = 200, .ms = 5};
static const struct webhook_result skipped = {.skipped = true};
static const struct webhook_result failed = {.status = 500, .error = "status 500"};

FIXTURE(set_up)
{
	webhook_queue_init(&q, 1);
}

FIXTURE(tear_down)
{
	webhook_queue_clear(&q);
}

/* Conversations are letters; a small letter is an object without a conversation. */
static struct msg_delivery_record
event(uint64_t n, char thread)
{
	struct msg_delivery_record r = {.v = RECORD_VERSION, .n = n};
	struct id *id = thread < 'a' ? &r.conversation : &r.object;

	id->b[0] = (uint8_t)thread;
	return r;
}

static void
add(uint64_t n, char thread)
{
	struct msg_delivery_record r = event(n, thread);

	webhook_queue_add(&q, &r);
}

/* The numbers of all deliveries that may go now. */
static const char *
next(uint64_t now, struct webhook_delivery **last)
{
	static char text[256];
	struct webhook_delivery *d;
	size_t len = 0;

	text[0] = '\0';
	while ((d = webhook_queue_next(&q, now)) != NULL) {
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "%u ", (unsigned)d->record.n);
		if (last != NULL)
			*last = d;
	}
	return text;
}

/* Sends the only delivery that may go. */
static enum webhook_outcome
send_one(uint64_t n, uint64_t now, const struct webhook_result *result)
{
	struct webhook_delivery *d = webhook_queue_next(&q, now);

	assert_non_null(d);
	assert_int_equal(d->record.n, n);
	return webhook_queue_result(&q, d, result, now);
}

/* Stores; returns the cursor, and the numbers in `stored`. */
static char stored[256];

static uint64_t
store(bool works)
{
	struct msg_delivery_record r;
	struct slice list, item;
	struct buf buf;
	size_t len = 0;
	uint64_t cursor;

	buf_init(&buf, 1 << 20);
	cursor = webhook_queue_collect(&q, &buf);
	list = buf_slice(&buf);
	stored[0] = '\0';
	while (wire_list_next(&list, &item)) {
		assert_int_equal(record_decode(item, MSG_DELIVERY_RECORD, &r), WIRE_OK);
		len +=
		    (size_t)snprintf(stored + len, sizeof(stored) - len, "%u%s ", (unsigned)r.n,
			r.state == DELIVERY_PENDING    ? ""
			    : r.state == DELIVERY_DONE ? "ok"
						       : "failed");
	}
	buf_clear(&buf);
	webhook_queue_stored(&q, works);
	return cursor;
}

FIXTURE_TEST(events_of_a_conversation_go_one_after_the_other)
{
	struct webhook_delivery *d = NULL;

	add(2, 'A');
	add(3, 'A');
	add(4, 'B');
	add(5, 'x');
	add(6, 'x');
	add(7, 'B');
	assert_string_equal(next(START, &d), "2 4 5 ");
	assert_int_equal(webhook_queue_result(&q, d, &delivered, START), WEBHOOK_DELIVERED);
	assert_string_equal(next(START, NULL), "6 ");
}

FIXTURE_TEST(a_limited_number_is_in_flight)
{
	for (unsigned i = 0; i < WEBHOOK_WINDOW + 2; i++)
		add(2 + i, (char)('A' + i));
	assert_string_equal(next(START, NULL), "2 3 4 5 6 7 8 9 ");
	assert_int_equal(q.in_flight, WEBHOOK_WINDOW);
	assert_int_equal(webhook_queue_due(&q), 0);
	(void)webhook_queue_result(&q, TAILQ_FIRST(&q.list), &delivered, START);
	assert_true(webhook_queue_due(&q) != 0);
}

FIXTURE_TEST(a_failed_delivery_holds_back_only_its_conversation)
{
	uint64_t due;

	add(2, 'A');
	assert_int_equal(send_one(2, START, &failed), WEBHOOK_TRY_AGAIN);
	add(3, 'A');
	add(4, 'B');
	assert_string_equal(next(START + 1999, NULL), "4 ");
	due = webhook_queue_due(&q);
	assert_true(due >= START + 2000 && due < START + 2500);
	assert_string_equal(next(due, NULL), "2 ");
}

FIXTURE_TEST(pauses_double_up_to_an_hour)
{
	uint64_t now = START, expected = WEBHOOK_RETRY_MIN_MS;

	add(2, 'A');
	for (int i = 0; i < 30; i++) {
		assert_int_equal(send_one(2, now, &failed), WEBHOOK_TRY_AGAIN);
		assert_true(webhook_queue_due(&q) >= now + expected);
		assert_true(webhook_queue_due(&q) <= now + expected + expected / 4);
		now = webhook_queue_due(&q);
		expected =
		    2 * expected < WEBHOOK_RETRY_MAX_MS ? 2 * expected : WEBHOOK_RETRY_MAX_MS;
	}
}

FIXTURE_TEST(an_endpoint_is_given_up_after_three_days)
{
	add(2, 'A');
	assert_int_equal(send_one(2, START, &failed), WEBHOOK_TRY_AGAIN);
	assert_int_equal(
	    send_one(2, START + WEBHOOK_GIVE_UP_MS - 1, &failed), WEBHOOK_TRY_AGAIN);
	assert_int_equal(
	    send_one(2, START + WEBHOOK_GIVE_UP_MS + WEBHOOK_RETRY_MAX_MS, &failed),
	    WEBHOOK_GIVEN_UP);
	(void)store(true);
	assert_string_equal(stored, "2failed ");
	assert_int_equal(q.n, 0);
}

FIXTURE_TEST(an_endpoint_is_not_given_up_when_the_clock_goes_back)
{
	add(2, 'A');
	assert_int_equal(
	    send_one(2, START + 2 * WEBHOOK_RETRY_MAX_MS, &failed), WEBHOOK_TRY_AGAIN);
	assert_int_equal(send_one(2, START, &failed), WEBHOOK_TRY_AGAIN);
}

FIXTURE_TEST(a_delivery_is_tried_again_soon_after_the_clock_went_back)
{
	struct msg_delivery_record pending = event(2, 'A');

	pending.attempts = 1;
	pending.next_at = START + 2 * WEBHOOK_RETRY_MAX_MS;
	webhook_queue_restore(&q, &pending);
	assert_string_equal(next(START, NULL), "2 ");
}

FIXTURE_TEST(a_receiver_that_is_down_gets_one_delivery_at_a_time)
{
	struct webhook_delivery *d;

	for (unsigned i = 0; i <= WEBHOOK_FAILURES_MAX; i++)
		add(2 + i, (char)('A' + i));
	for (unsigned i = 0; i < WEBHOOK_FAILURES_MAX; i++) {
		assert_true(webhook_queue_has_room(&q));
		(void)send_one(2 + i, START, &failed);
	}
	assert_false(webhook_queue_has_room(&q));
	assert_string_equal(next(START + 10000, &d), "2 ");
	assert_int_equal(webhook_queue_result(&q, d, &delivered, START), WEBHOOK_DELIVERED);
	assert_true(webhook_queue_has_room(&q));
	assert_string_equal(next(START + 10000, NULL), "3 4 5 6 7 ");
}

FIXTURE_TEST(the_queue_is_bounded)
{
	for (unsigned i = 0; i < WEBHOOK_QUEUE_MAX; i++) {
		assert_true(webhook_queue_has_room(&q));
		add(2 + i, 'A');
	}
	assert_false(webhook_queue_has_room(&q));
}

FIXTURE_TEST(the_cursor_stays_before_the_first_event_that_is_not_stored)
{
	struct webhook_delivery *d;

	add(10, 'A');
	add(20, 'B');
	add(30, 'C');
	assert_int_equal(store(true), 1);
	assert_string_equal(stored, "");
	(void)webhook_queue_next(&q, START);
	d = webhook_queue_next(&q, START);
	(void)webhook_queue_result(&q, d, &delivered, START);
	assert_int_equal(store(true), 1);
	assert_string_equal(stored, "20ok ");
	assert_int_equal(q.n, 2);
	(void)webhook_queue_result(&q, TAILQ_FIRST(&q.list), &delivered, START);
	assert_int_equal(store(true), 20);
	assert_string_equal(stored, "10ok ");
	(void)send_one(30, START, &delivered);
	assert_int_equal(store(true), 30);
}

FIXTURE_TEST(a_retried_delivery_does_not_hold_the_cursor_back)
{
	add(10, 'A');
	add(20, 'A');
	(void)send_one(10, START, &failed);
	add(30, 'A');
	assert_int_equal(store(true), 30);
	assert_string_equal(stored, "10 20 30 ");
	assert_int_equal(store(true), 30);
	assert_string_equal(stored, "");
	assert_int_equal(q.n, 3);
}

FIXTURE_TEST(a_delivery_that_has_nothing_to_send_is_not_stored)
{
	add(10, 'A');
	add(20, 'A');
	assert_int_equal(send_one(10, START, &skipped), WEBHOOK_SKIPPED);
	assert_int_equal(store(true), 10);
	assert_string_equal(stored, "");
	assert_int_equal(send_one(20, START, &failed), WEBHOOK_TRY_AGAIN);
	assert_int_equal(store(true), 20);
	assert_int_equal(send_one(20, webhook_queue_due(&q), &skipped), WEBHOOK_SKIPPED);
	assert_int_equal(store(true), 20);
	assert_string_equal(stored, "20ok ");
	assert_int_equal(q.n, 0);
}

FIXTURE_TEST(what_could_not_be_stored_is_stored_later)
{
	add(10, 'A');
	(void)send_one(10, START, &delivered);
	assert_int_equal(store(false), 10);
	assert_int_equal(store(true), 10);
	assert_string_equal(stored, "10ok ");
	assert_int_equal(q.n, 0);
}

FIXTURE_TEST(a_result_that_comes_while_another_state_is_stored_is_stored_too)
{
	struct buf list;

	add(10, 'A');
	(void)send_one(10, START, &failed);
	buf_init(&list, 4096);
	assert_int_equal(webhook_queue_collect(&q, &list), 10);
	buf_clear(&list);
	(void)send_one(10, webhook_queue_due(&q), &delivered);
	webhook_queue_stored(&q, true);
	assert_int_equal(q.n, 1);
	assert_int_equal(store(true), 10);
	assert_string_equal(stored, "10ok ");
	assert_int_equal(q.n, 0);
}

FIXTURE_TEST(after_a_restart_nothing_is_sent_twice_or_out_of_order)
{
	struct msg_delivery_record pending = event(10, 'A'), done = event(30, 'B');

	pending.attempts = 3;
	pending.next_at = START + 5;
	done.state = DELIVERY_DONE;
	webhook_queue_clear(&q);
	webhook_queue_init(&q, 20);
	webhook_queue_restore(&q, &pending);
	webhook_queue_restore(&q, &done);
	add(25, 'A');
	add(30, 'B');
	add(40, 'B');
	assert_string_equal(next(START, NULL), "40 ");
	assert_int_equal(webhook_queue_due(&q), START + 5);
	assert_string_equal(next(START + 5, NULL), "10 ");
	assert_int_equal(store(true), 30);
	assert_string_equal(stored, "25 ");
}

FIXTURE_TEST(restored_deliveries_that_are_done_need_no_room)
{
	struct msg_delivery_record done;

	webhook_queue_clear(&q);
	webhook_queue_init(&q, 1);
	for (uint64_t n = 3; n < 3 + 20 * WEBHOOK_QUEUE_MAX; n++) {
		done = event(n, 'B');
		done.state = n % 2 == 0 ? DELIVERY_DONE : DELIVERY_FAILED;
		webhook_queue_restore(&q, &done);
	}
	assert_true(webhook_queue_has_room(&q));
	add(2, 'A');
	for (uint64_t n = 3; n < 4 + 20 * WEBHOOK_QUEUE_MAX; n++)
		add(n, 'B');
	assert_int_equal(q.n, 2);
	assert_int_equal(send_one(2, START, &delivered), WEBHOOK_DELIVERED);
	assert_int_equal(
	    send_one(3 + 20 * WEBHOOK_QUEUE_MAX, START, &delivered), WEBHOOK_DELIVERED);
	assert_int_equal(store(true), 3 + 20 * WEBHOOK_QUEUE_MAX);
}

/* Otherwise thousands of done deliveries must be kept behind the cursor. */
FIXTURE_TEST(an_unanswered_delivery_is_stored_when_many_behind_it_are_done)
{
	struct webhook_delivery *slow;
	uint64_t cursor = 0;

	add(10, 'A');
	slow = webhook_queue_next(&q, START);
	assert_int_equal(webhook_queue_oldest_ahead(&q), 0);
	for (unsigned i = 0; i < WEBHOOK_AHEAD_MAX; i++) {
		assert_int_equal(cursor <= 1, 1);
		add(20 + i, 'B');
		(void)send_one(20 + i, START, &delivered);
		cursor = store(true);
	}
	assert_int_equal(cursor, 20 + WEBHOOK_AHEAD_MAX - 1);
	assert_true(strncmp(stored, "10 ", 3) == 0);
	add(100, 'A');
	assert_int_equal(webhook_queue_result(&q, slow, &delivered, START), WEBHOOK_DELIVERED);
	assert_int_equal(send_one(100, START, &delivered), WEBHOOK_DELIVERED);
	assert_int_equal(store(true), 100);
	assert_string_equal(stored, "10ok 100ok ");
	assert_int_equal(q.n, 0);
}

FIXTURE_TEST(nothing_is_sent_before_the_receiver_wants_it)
{
	static const struct webhook_result busy = {
	    .status = 429, .error = "status 429", .retry_after_ms = 7500};

	add(2, 'A');
	assert_int_equal(send_one(2, START, &busy), WEBHOOK_TRY_AGAIN);
	add(3, 'B');
	assert_null(webhook_queue_next(&q, START + 7499));
	assert_int_equal(webhook_queue_due(&q), START + 7500);
	assert_string_equal(next(START + 7500, NULL), "2 3 ");
}

FIXTURE_TEST(a_receiver_that_wants_nothing_for_days_is_asked_after_an_hour)
{
	static const struct webhook_result busy = {
	    .status = 503, .error = "status 503", .retry_after_ms = 5 * CLOCK_DAY_MS};

	add(2, 'A');
	assert_int_equal(send_one(2, START, &busy), WEBHOOK_TRY_AGAIN);
	assert_int_equal(webhook_queue_due(&q), START + WEBHOOK_RETRY_MAX_MS);
	assert_string_equal(next(START + WEBHOOK_RETRY_MAX_MS, NULL), "2 ");
}

FIXTURE_TEST(a_receiver_that_wanted_nothing_is_asked_when_the_clock_was_set_back)
{
	static const struct webhook_result busy = {
	    .status = 503, .error = "status 503", .retry_after_ms = 60000};

	add(2, 'A');
	assert_int_equal(
	    send_one(2, START + 2 * WEBHOOK_RETRY_MAX_MS, &busy), WEBHOOK_TRY_AGAIN);
	assert_string_equal(next(START, NULL), "2 ");
}

TEST_MAIN(NULL, NULL)
