/*
 * The line to the model under what libcurl 7.88 does not take well: transfers cancelled by the
 * thousand and from within callbacks, descriptors that come back under another owner, servers that
 * take nothing or flood.
 */
#include <sys/epoll.h>

#include "tests/unit/unit.h"
#include "tests/unit/workerd/model/upstream_rig.h"
#include "workerd/model/upstream_internal.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
static const char short_answer[] = HEAD "Content-Length: 6\r\n\r\nanswer";

static void
answer_with(struct rig *r, const char *text, size_t repeat)
{
	r->answer = text;
	r->answer_len = strlen(text);
	r->repeat = repeat;
}

TEST(a_server_that_takes_no_question_is_a_time_out)
{
	struct rig *r = rig_new(8, (struct upstream_config){.first_byte_ms = 200});
	struct rig_call c;

	r->reads = false;
	rig_ask(r, &c, 12u << 20, 60000);
	RIG_UNTIL(r, c.ended);
	assert_int_equal(c.how, UPSTREAM_TIMEOUT);
	assert_int_equal(c.status, 0);
	rig_free(r);
}

TEST(the_total_limit_holds_for_a_slow_send_too)
{
	struct rig *r = rig_new(8, (struct upstream_config){0});
	struct rig_call c;

	r->reads = false;
	rig_ask(r, &c, 12u << 20, 200);
	RIG_UNTIL(r, c.ended);
	assert_int_equal(c.how, UPSTREAM_TIMEOUT);
	rig_free(r);
}

TEST(a_question_that_is_taken_slowly_arrives_whole)
{
	struct rig *r = rig_new(8, (struct upstream_config){0});
	struct rig_call c;
	unsigned turn = 0;

	answer_with(r, short_answer, 0);
	rig_ask(r, &c, 4u << 20, 60000);
	while (!c.ended) {
		r->reads = turn++ % 20 == 0;
		rig_turn(r);
	}
	assert_int_equal(c.how, UPSTREAM_DONE);
	assert_int_equal(c.bytes, 6);
	assert_true(turn > 20 * (4u << 20) / 65536);
	rig_free(r);
}

/* A listener whose queue is full answers no SYN: fd is what fills it. */
static struct rig *
rig_that_does_not_connect(struct upstream_config config, int fillers[static 2])
{
	struct rig *r = rig_new(0, config);
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&in, &len), 0);
	for (int i = 0; i < 2; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], (const struct sockaddr *)&in, len);
	}
	return r;
}

TEST(connecting_for_too_long_is_a_time_out)
{
	int fillers[2];
	struct rig *r =
	    rig_that_does_not_connect((struct upstream_config){.connect_ms = 200}, fillers);
	struct rig_call c;

	rig_ask(r, &c, 1, 60000);
	while (!c.ended)
		assert_int_not_equal(event_base_loop(r->base, EVLOOP_ONCE), -1);
	assert_int_equal(c.how, UPSTREAM_TIMEOUT);
	assert_int_equal(c.status, 0);
	closefd(&fillers[0]);
	closefd(&fillers[1]);
	rig_free(r);
}

/* Nobody accepts meanwhile. */
static void
rig_turns_without_server(struct rig *r)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(r->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

#define NEWCOMERS 4

/* New descriptors, as from masterd, readable at once: each must get its event. */
static void
expect_events_of_new_descriptors(struct rig *r)
{
	int pairs[NEWCOMERS][2];
	bool readable[NEWCOMERS] = {false};
	struct event *events[NEWCOMERS];

	for (size_t i = 0; i < NEWCOMERS; i++) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
		events[i] = event_new(r->base, pairs[i][0], EV_READ, on_readable, &readable[i]);
		assert_non_null(events[i]);
		assert_int_equal(event_add(events[i], NULL), 0);
		assert_int_equal(write(pairs[i][1], "x", 1), 1);
	}
	rig_turns_without_server(r);
	for (size_t i = 0; i < NEWCOMERS; i++) {
		assert_true(readable[i]);
		event_free(events[i]);
		closefd(&pairs[i][0]);
		closefd(&pairs[i][1]);
	}
}

/* libcurl may close a socket that it has told us to watch, without a callback (upstream_sockets.c). The
 * next owner of the number must get its events, libcurl itself too; a late callback must not stop them. */
TEST(a_socket_closed_without_a_callback_does_not_affect_the_next_owner)
{
	struct rig *r = rig_new(8, (struct upstream_config){0});
	struct upstream_engine *e;
	int closed[2], next[2];

	if (r->upstream->plain != NULL) {
		rig_free(r);
		skip();
		return;
	}
	e = upstream_engine_for_transfer(r->upstream);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, closed), 0);
	upstream_sockets_update(NULL, closed[0], CURL_POLL_IN, e, NULL);
	close(closed[0]);
	close(closed[1]);
	expect_events_of_new_descriptors(r);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, next), 0);
	assert_int_equal(next[0], closed[0]);
	upstream_sockets_update(NULL, next[0], CURL_POLL_IN, e, NULL);
	assert_int_equal(write(next[1], "x", 1), 1);
	assert_int_equal(epoll_wait(r->upstream->epoll, &(struct epoll_event){}, 1, 0), 1);
	upstream_sockets_update(NULL, next[0], CURL_POLL_REMOVE, e, NULL);
	assert_int_equal(epoll_wait(r->upstream->epoll, &(struct epoll_event){}, 1, 0), 0);

	closefd(&next[0]);
	closefd(&next[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, closed), 0);
	upstream_sockets_update(NULL, closed[0], CURL_POLL_IN, e, NULL);
	closefd(&closed[0]);
	closefd(&closed[1]);
	expect_events_of_new_descriptors(r);
	upstream_engine_free(e);
	rig_free(r);
}

TEST(a_socket_that_never_connected_leaves_its_number_to_others)
{
	int fillers[2];
	struct rig *r = rig_that_does_not_connect((struct upstream_config){0}, fillers);

	for (int round = 0; round < 20; round++) {
		struct rig_call calls[NEWCOMERS];

		for (size_t i = 0; i < NEWCOMERS; i++)
			rig_ask(r, &calls[i], 1, 60000);
		rig_turns_without_server(r);
		for (size_t i = 0; i < NEWCOMERS; i++)
			upstream_cancel(calls[i].transfer);
		expect_events_of_new_descriptors(r);
	}
	closefd(&fillers[0]);
	closefd(&fillers[1]);
	rig_free(r);
}

#define STORM 300

/* A transfer that cancels itself, or another, from within its callbacks. */
struct canceller {
	struct rig_call call;
	struct canceller *victim; /* may be itself */
	bool at_headers;
};

static void
cancel_victim(struct canceller *c)
{
	struct canceller *victim = c->victim;

	if (victim == NULL || victim->call.transfer == NULL)
		return;
	upstream_cancel(victim->call.transfer);
	victim->call.transfer = NULL;
	victim->call.ended = true;
}

static void
storm_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct canceller *c = arg;

	rig_on_headers(&c->call, status, retry_after_ms);
	if (c->at_headers)
		cancel_victim(c);
}

static void
storm_data(void *arg, struct slice piece)
{
	struct canceller *c = arg;

	rig_on_data(&c->call, piece);
	cancel_victim(c);
}

static void
storm_end(void *arg, enum upstream_end how, const char *detail)
{
	struct canceller *c = arg;

	rig_on_end(&c->call, how, detail);
	cancel_victim(c);
}

static void
storm_ask(struct rig *r, struct canceller *c)
{
	static const struct upstream_events events = {storm_headers, storm_data, storm_end};
	struct buf body;

	buf_init(&body, 16);
	assert_int_equal(buf_append_str(&body, "?"), 0);
	*c = (struct canceller){.call.rig = r};
	c->call.transfer = upstream_post(r->upstream, &body, 60000, &events, c);
}

/* Whether each that is left has heard of its answer, which does not end. */
static bool
storm_is_over(const struct canceller *all)
{
	for (size_t i = 0; i < STORM; i++)
		if (all[i].call.transfer != NULL && all[i].call.bytes == 0)
			return false;
	return true;
}

static void
storm(struct rig *r, unsigned seed)
{
	static struct canceller all[STORM];

	for (size_t i = 0; i < STORM; i++) {
		storm_ask(r, &all[i]);
		/* In turns: itself, one asked before, nobody; at headers or with data. */
		if ((i + seed) % 3 != 2)
			all[i].victim = (i + seed) % 3 == 0 ? &all[i] : &all[i / 2];
		all[i].at_headers = (i + seed) % 2 == 0;
		if (i % 7 == seed % 7) {
			upstream_cancel(all[i].call.transfer);
			all[i].call.transfer = NULL;
		}
		if (i % 50 == 0)
			rig_turn(r);
	}
	expect_events_of_new_descriptors(r);
	RIG_UNTIL(r, storm_is_over(all));
	/* The rest from outside, all in one go. */
	for (size_t i = 0; i < STORM; i++)
		if (all[i].call.transfer != NULL)
			upstream_cancel(all[i].call.transfer);
}

TEST(storms_of_cancels_leave_nothing_behind)
{
	struct rig *r = rig_new(512, (struct upstream_config){0});
	struct rig_call after;

	answer_with(r, HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\ndata!\r\n", 0);
	for (unsigned round = 0; round < 10; round++)
		storm(r, round);
	rig_hang_up(r);
	answer_with(r, short_answer, 0);
	rig_ask(r, &after, 1, 60000);
	RIG_UNTIL(r, after.ended);
	assert_int_equal(after.how, UPSTREAM_DONE);
	assert_int_equal(after.bytes, 6);
	rig_free(r);
}

#define CROWD 250

static bool
all_have_ended(const struct rig_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!calls[i].ended)
			return false;
	return true;
}

TEST(connections_are_kept_for_the_next_and_closed_after_a_rest)
{
	static struct rig_call calls[CROWD];
	struct rig *r = rig_new(512, (struct upstream_config){.rest_ms = 300});
	size_t kept;

	answer_with(r, short_answer, 0);
	for (size_t i = 0; i < CROWD; i++)
		rig_ask(r, &calls[i], 1, 60000);
	RIG_UNTIL(r, all_have_ended(calls, CROWD));
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(calls[i].how, UPSTREAM_DONE);
	kept = r->peers_n;
	assert_true(kept > 0);
	rig_ask(r, &calls[0], 1, 60000);
	RIG_UNTIL(r, calls[0].ended);
	assert_true(r->peers_n <= kept);
	RIG_UNTIL(r, r->peers_n == 0);
	/* And then it begins anew. */
	rig_ask(r, &calls[0], 1, 60000);
	RIG_UNTIL(r, calls[0].ended);
	assert_int_equal(calls[0].how, UPSTREAM_DONE);
	rig_free(r);
}

#define FLOODS 24
/* What the turn before left of its share, a new one, and what this may be passed by. */
#define TURN_MAX ((256u + 288u) * 1024)

static size_t
all_bytes(const struct rig_call calls[static FLOODS])
{
	size_t n = 0;

	for (size_t i = 0; i < FLOODS; i++)
		n += calls[i].bytes;
	return n;
}

/* Answers of one event again and again, as fast as anybody takes them. */
static struct rig *
rig_in_flood(struct rig_call calls[static FLOODS])
{
	static char answer[70000];
	struct rig *r = rig_new(64, (struct upstream_config){0});
	size_t head, len;

	head = len =
	    (size_t)snprintf(answer, sizeof(answer), HEAD "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(
		    answer + len, sizeof(answer) - len, "fa\r\n%0248d\n\n\r\n", i);
	answer_with(r, answer, len - head);
	for (size_t i = 0; i < FLOODS; i++)
		rig_ask(r, &calls[i], 1, 60000);
	return r;
}

TEST(one_turn_takes_a_share_of_a_flood)
{
	struct rig_call calls[FLOODS];
	struct rig *r = rig_in_flood(calls);
	size_t before, most = 0;

	for (int turn = 0; turn < 2000; turn++) {
		before = all_bytes(calls);
		rig_turn(r);
		if (all_bytes(calls) - before > most)
			most = all_bytes(calls) - before;
	}
	assert_true(most > 0);
	assert_true(most <= TURN_MAX);
	for (size_t i = 0; i < FLOODS; i++)
		upstream_cancel(calls[i].transfer);
	rig_free(r);
}

TEST(every_transfer_gets_as_much_of_it)
{
	struct rig_call calls[FLOODS];
	struct rig *r = rig_in_flood(calls);
	size_t least = SIZE_MAX, most = 0;

	RIG_UNTIL(r, all_bytes(calls) > FLOODS * (2u << 20));
	for (size_t i = 0; i < FLOODS; i++) {
		least = calls[i].bytes < least ? calls[i].bytes : least;
		most = calls[i].bytes > most ? calls[i].bytes : most;
	}
	assert_true(least > most / 4);
	for (size_t i = 0; i < FLOODS; i++)
		upstream_cancel(calls[i].transfer);
	rig_free(r);
}

/* The end waits until what came before it has been given out. */
TEST(a_flood_that_ends_is_whole)
{
	enum { LEN = 3u << 20 };
	struct rig *r = rig_new(64, (struct upstream_config){0});
	struct rig_call calls[FLOODS];
	char *answer = malloc(LEN + 256);
	size_t ended = 0;
	int head;

	assert_non_null(answer);
	head = snprintf(answer, 256, HEAD "Content-Length: %d\r\n\r\n", LEN);
	memset(answer + head, 'x', LEN);
	r->answer = answer;
	r->answer_len = (size_t)head + LEN;
	r->closes = true;
	for (size_t i = 0; i < FLOODS; i++)
		rig_ask(r, &calls[i], 1, 60000);
	RIG_UNTIL(r, all_bytes(calls) == FLOODS * (size_t)LEN);
	while (ended < FLOODS) {
		rig_turn(r);
		ended = 0;
		for (size_t i = 0; i < FLOODS; i++)
			ended += calls[i].ended;
	}
	for (size_t i = 0; i < FLOODS; i++)
		assert_int_equal(calls[i].how, UPSTREAM_DONE);
	rig_free(r);
	free(answer);
}

int
main(void)
{
	int failed = cmocka_run_group_tests_name("without libcurl", unit_tests, NULL, NULL);

	rig_query = "?by=libcurl";
	return failed + cmocka_run_group_tests_name("by libcurl", unit_tests, NULL, NULL);
}
