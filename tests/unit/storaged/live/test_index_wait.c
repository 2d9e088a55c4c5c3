/*
 * Acknowledgements that wait for the search index.
 */
#include "proto/base/clock.h"
#include "storaged/live/index_wait.h"
#include "tests/unit/unit.h"

static struct index_wait wait_list;
static struct client worker, other, searcher;
static struct buf worker_out, other_out, searcher_out;

FIXTURE(set_up)
{
	index_wait_init(&wait_list);
	buf_init(&worker_out, 1024);
	buf_init(&other_out, 1024);
	buf_init(&searcher_out, 1024);
	client_init(&worker, &worker_out);
	client_init(&other, &other_out);
	client_init(&searcher, &searcher_out);
}

FIXTURE(tear_down)
{
	index_wait_clear(&wait_list);
	buf_clear(&worker_out);
	buf_clear(&other_out);
	buf_clear(&searcher_out);
}

/* An answer of one letter. */
static void
answer(struct client *client, uint64_t seq, char letter)
{
	struct held held = {.client = client, .seq = seq, .len = 1};

	held.frame[0] = (uint8_t)letter;
	index_wait_answer(&wait_list, &held);
}

static void
expect(const struct buf *out, const char *letters)
{
	assert_true(slice_eq_str(buf_slice(out), letters));
}

FIXTURE_TEST(without_a_searcher_answers_do_not_wait)
{
	answer(&worker, 7, 'a');
	expect(&worker_out, "a");
}

FIXTURE_TEST(answers_wait_until_the_index_contains_their_row)
{
	index_wait_report(&wait_list, &searcher, 6);
	answer(&worker, 6, 'a');
	answer(&worker, 7, 'b');
	answer(&other, 7, 'c');
	answer(&worker, 9, 'd');
	expect(&worker_out, "a");
	index_wait_report(&wait_list, &searcher, 8);
	expect(&worker_out, "ab");
	expect(&other_out, "c");
	index_wait_report(&wait_list, &searcher, 9);
	expect(&worker_out, "abd");
	expect(&searcher_out, "");
}

FIXTURE_TEST(answers_are_sent_when_the_searcher_disconnects)
{
	index_wait_report(&wait_list, &searcher, 6);
	answer(&worker, 7, 'a');
	index_wait_forget(&wait_list, &other);
	expect(&worker_out, "");
	index_wait_forget(&wait_list, &searcher);
	expect(&worker_out, "a");
	answer(&worker, 8, 'b');
	expect(&worker_out, "ab");
}

FIXTURE_TEST(an_answer_of_a_client_that_is_gone_is_dropped)
{
	index_wait_report(&wait_list, &searcher, 6);
	answer(&worker, 7, 'a');
	answer(&other, 7, 'b');
	index_wait_forget(&wait_list, &worker);
	index_wait_report(&wait_list, &searcher, 7);
	expect(&worker_out, "");
	expect(&other_out, "b");
}

/* As if the answer and the last report were so much older. */
static void
wait_longer(uint64_t ms)
{
	TAILQ_FIRST(&wait_list.held)->since_ms -= ms;
	wait_list.heard_ms -= ms;
	index_wait_expire(&wait_list);
}

FIXTURE_TEST(a_searcher_that_is_silent_for_too_long_is_disconnected)
{
	index_wait_report(&wait_list, &searcher, 6);
	index_wait_expire(&wait_list);
	answer(&worker, 7, 'a');
	for (int i = 0; i < 3; i++) {
		wait_longer(INDEX_WAIT_MS - 1000);
		assert_null(searcher.fault);
		index_wait_report(&wait_list, &searcher, 6); /* it still erases */
	}
	expect(&worker_out, "");
	wait_longer(INDEX_WAIT_MS);
	assert_non_null(searcher.fault);
	assert_null(worker.fault);
}

FIXTURE_TEST(a_client_without_room_for_its_answer_is_disconnected)
{
	uint8_t *full = buf_reserve(&worker_out, 1024);

	memset(full, 0, 1024);
	buf_commit(&worker_out, 1024);
	answer(&worker, 7, 'a');
	assert_non_null(worker.fault);
}

TEST_MAIN(NULL, NULL)
