/*
 * The change feed of a worker. tests/e2e/events.test.mjs has it with a store; this file has what a store does not do
 * when a test wants it.
 */
#include <event2/event.h>

#include "tests/unit/unit.h"
#include "workerd/api/events/event_feed.h"

static struct event_base *base;
static struct store_client *store;
static struct event_feed *feed;
static struct scoreboard_worker board;
static size_t ended;

FIXTURE(set_up)
{
	base = event_base_new();
	store = store_client_new(base, "/nonexistent/store.sock", &board);
	feed = event_feed_new(base, store);
}

FIXTURE(tear_down)
{
	event_feed_free(feed);
	store_client_free(store);
	event_base_free(base);
}

static void
on_end(void *arg, uint16_t type, const union msg *m)
{
	(void)arg;
	(void)type;
	(void)m;
	ended++;
}

/* Makes requests until the queue is full; returns how many. */
static size_t
fill_queue(unsigned timeout_ms)
{
	size_t n = 0;

	while (
	    store_call(store, MSG_PING, &(struct msg_ping){}, timeout_ms, on_end, NULL) != NULL)
		n++;
	return n;
}

FIXTURE_TEST(with_a_full_queue_the_feed_asks_when_there_is_room)
{
	static const struct event_reader_ops ops = {.begun = NULL};
	struct event_reader reader = {.ops = &ops, .org = {{1}}};
	size_t n = fill_queue(500);

	event_feed_join(feed, &reader);
	for (ended = 0; ended < n;) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		store_client_turn_end(store);
	}
	store_client_turn_end(store);
	assert_int_equal(fill_queue(0), n - 1);
	event_feed_leave(&reader);
}

TEST_MAIN(NULL, NULL)
