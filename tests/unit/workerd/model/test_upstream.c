/*
 * The model client: when connections are reused, what ends a transfer, and that neither floods nor
 * cancelled transfers affect anything else.
 */
#include "tests/unit/workerd/model/upstream_rig.h"

#include <sys/epoll.h>

#include "workerd/model/upstream_internal.h"

TEST(a_response_is_delivered_while_it_arrives)
{
	struct rig *r = rig_new((struct upstream_config){0});
	struct rig_call c;

	rig_ask(r, &c);
	rig_send(rig_request(r), CHUNKED "2\r\nhe\r\n");
	RIG_UNTIL(r, c.status == 200 && c.bytes == 2);
	rig_send(&r->peers[0], "3\r\nllo\r\n");
	RIG_UNTIL(r, c.bytes == 5);
	rig_send(&r->peers[0], "0\r\n\r\n");
	rig_expect(r, &c, UPSTREAM_DONE, 200, "hello");
	rig_free(r);
}

TEST(a_new_connection_that_breaks_is_an_error)
{
	static const struct {
		const char *sent;
		bool reset;
		int status;
		const char *body;
	} cases[] = {
	    {"", false, 0, ""},
	    {"", true, 0, ""},
	    {OK "Content-Length: 6\r\n\r\nhello", true, 200, "hello"},
	    {"HTTP/1.0 200 OK\r\n\r\nhello", true, 200, "hello"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new((struct upstream_config){0});
		struct rig_call c;

		rig_ask(r, &c);
		rig_send(rig_request(r), cases[i].sent);
		RIG_UNTIL(r, c.bytes == strlen(cases[i].body));
		rig_hang_up(r, cases[i].reset);
		rig_expect(r, &c, UPSTREAM_BROKEN, cases[i].status, cases[i].body);
		rig_free(r);
	}
}

/* A rig whose client has a kept connection. */
static struct rig *
rig_with_kept_connection(void)
{
	struct rig *r = rig_new((struct upstream_config){0});
	struct rig_call c;

	rig_ask(r, &c);
	rig_send(rig_request(r), RIG_HELLO);
	rig_expect(r, &c, UPSTREAM_DONE, 200, "hello");
	return r;
}

/* libcurl 7.88 does not look for such data. */
TEST(data_that_arrives_before_a_request_is_not_its_response)
{
	struct rig *r;
	struct rig_call c;

	if (rig_by_libcurl)
		skip();
	r = rig_with_kept_connection();
	rig_send(&r->peers[0], OK "Content-Length: 6\r\n\r\nforged");
	rig_ask(r, &c);
	rig_expect(r, &c, UPSTREAM_STALE, 0, "");
	RIG_UNTIL(r, r->peers_n == 0);
	rig_free(r);
}

TEST(a_connection_with_data_after_a_response_is_closed)
{
	static const char *const data[][2] = {
	    {RIG_HELLO, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"},
	    {RIG_HELLO "HTTP/1.1 200 OK\r\n", ""},
	};
	struct rig *r;
	struct rig_call c;

	if (rig_by_libcurl)
		skip();
	r = rig_new((struct upstream_config){0});
	for (size_t i = 0; i < ARRAY_LEN(data); i++) {
		rig_ask(r, &c);
		rig_send(rig_request(r), data[i][0]);
		rig_expect(r, &c, UPSTREAM_DONE, 200, "hello");
		rig_send(&r->peers[0], data[i][1]);
		RIG_UNTIL(r, r->peers_n == 0);
	}
	rig_free(r);
}

TEST(a_kept_connection_that_broke_is_stale)
{
	enum { RESET_BEFORE_REQUEST, RESET_AFTER_REQUEST, CLOSED_AFTER_REQUEST, CASES };

	for (int i = 0; i < CASES; i++) {
		struct rig *r = rig_with_kept_connection();
		struct rig_call c;

		if (i == RESET_BEFORE_REQUEST)
			rig_hang_up(r, true);
		rig_ask(r, &c);
		if (i != RESET_BEFORE_REQUEST)
			assert_int_equal(rig_request(r)->requests, 2);
		rig_hang_up(r, i != CLOSED_AFTER_REQUEST);
		rig_expect(r, &c, UPSTREAM_STALE, 0, "");
		rig_free(r);
	}
}

static void
answer_with(struct rig *r, const char *text, size_t repeat)
{
	r->answer = text;
	r->answer_len = strlen(text);
	r->repeat = repeat;
}

static bool
all_have_ended(const struct rig_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!calls[i].ended)
			return false;
	return true;
}

TEST(at_most_64_idle_connections_are_kept)
{
	enum { MANY = 80, KEPT_MAX = 64 };
	static struct rig_call calls[MANY];
	struct rig *r = rig_new((struct upstream_config){0});

	for (size_t i = 0; i < MANY; i++)
		rig_ask(r, &calls[i]);
	RIG_UNTIL(r, r->peers_n == MANY);
	answer_with(r, RIG_HELLO, 0);
	for (size_t i = 0; i < MANY; i++)
		rig_expect(r, &calls[i], UPSTREAM_DONE, 200, "hello");
	RIG_UNTIL(r, r->peers_n <= KEPT_MAX);
	rig_ask(r, &calls[0]);
	rig_expect(r, &calls[0], UPSTREAM_DONE, 200, "hello");
	assert_int_equal(r->peers_n, KEPT_MAX);
	rig_free(r);
}

TEST(connections_that_are_idle_for_too_long_are_closed)
{
	struct rig *r = rig_new((struct upstream_config){.rest_ms = 500});
	struct rig_call calls[2];

	for (size_t i = 0; i < 2; i++)
		rig_ask(r, &calls[i]);
	RIG_UNTIL(r, r->peers_n == 2);
	answer_with(r, RIG_HELLO, 0);
	for (size_t i = 0; i < 2; i++)
		rig_expect(r, &calls[i], UPSTREAM_DONE, 200, "hello");
	/* Without libcurl one that is in use does not keep the other open. */
	while (!rig_by_libcurl && r->peers_n > 1) {
		rig_ask(r, &calls[0]);
		rig_expect(r, &calls[0], UPSTREAM_DONE, 200, "hello");
	}
	RIG_UNTIL(r, r->peers_n == 0);
	rig_ask(r, &calls[0]);
	rig_expect(r, &calls[0], UPSTREAM_DONE, 200, "hello");
	rig_free(r);
}

TEST(a_request_has_the_clients_path_host_and_key)
{
	struct rig *r = rig_new_server("::1", 8);
	struct rig_call c;

	rig_start(r, (struct upstream_config){0});
	rig_ask(r, &c);
	rig_send(rig_request(r), RIG_HELLO);
	rig_expect(r, &c, UPSTREAM_DONE, 200, "hello");
	assert_int_equal(strncmp(r->head, "POST /v1/chat/completions", 25), 0);
	assert_non_null(strstr(r->head, " HTTP/1.1\r\nHost: [::1]:"));
	assert_non_null(strstr(r->head, "\r\nAuthorization: Bearer key\r\n"));
	rig_free(r);
}

TEST(a_long_request_to_a_slow_server_arrives_complete)
{
	struct rig *r = rig_new((struct upstream_config){0});
	struct rig_call c = {.status = 0};
	unsigned turn = 0;

	answer_with(r, RIG_HELLO, 0);
	rig_ask_with(r, &c, 12u << 20, RIG_NEVER_MS, &rig_events);
	while (!c.ended) {
		r->deaf = turn++ % 20 != 0;
		rig_turn(r);
	}
	rig_expect(r, &c, UPSTREAM_DONE, 200, "hello");
	assert_true(turn > 20 * (12u << 20) / 65536);
	rig_free(r);
}

TEST(a_response_to_an_incomplete_request_ends_it)
{
	struct rig *r = rig_new((struct upstream_config){0});
	struct rig_call c = {.status = 0};

	rig_ask_with(r, &c, 12u << 20, RIG_NEVER_MS, &rig_events);
	RIG_UNTIL(r, r->peers_n == 1 && r->peers[0].reading);
	r->deaf = true;
	rig_send(&r->peers[0], "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	rig_expect(r, &c, UPSTREAM_DONE, 413, "");
	r->deaf = false;
	RIG_UNTIL(r, r->peers_n == 0);
	rig_free(r);
}

TEST(a_failure_to_connect_is_reported_by_the_loop)
{
	/* There is no TCP to a broadcast address, which connect(2) says at once. */
	static const char *const urls[] = {NULL, "http://255.255.255.255:9/"};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct rig *r = rig_new_server("127.0.0.1", RIG_REFUSES);
		struct rig_call c;

		if (urls[i] != NULL)
			(void)snprintf(r->url, sizeof(r->url), "%s", urls[i]);
		rig_start(r, (struct upstream_config){0});
		rig_ask(r, &c);
		rig_expect(r, &c, UPSTREAM_CONNECT, 0, "");
		if (i == 0 && !rig_by_libcurl)
			assert_string_equal(c.detail, strerror(ECONNREFUSED));
		/* A transfer can also be cancelled before the report. */
		rig_ask(r, &c);
		rig_cancel(&c);
		rig_turn(r);
		rig_free(r);
	}
}

/* A server that never completes a connection: its listener's queue is full. */
static struct rig *
rig_that_does_not_connect(struct upstream_config config)
{
	struct rig *r = rig_new_server("127.0.0.1", 0);
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&in, &len), 0);
	for (int i = 0; i < 2; i++) {
		r->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(r->fillers[i], (const struct sockaddr *)&in, len);
	}
	r->deaf = true;
	rig_start(r, config);
	return r;
}

TEST(each_limit_ends_a_transfer)
{
	static const struct {
		const char *name;
		struct upstream_config limits;
		unsigned total_ms;
		enum { NOT_CONNECTED, NOT_READ, READ, ANSWERED } progress;
		const char *detail; /* without libcurl */
	} cases[] = {
	    {"connect", {.connect_ms = 50}, RIG_NEVER_MS, NOT_CONNECTED,
		"no answer began in time"},
	    {"first byte, and the request is not read", {.first_byte_ms = 50}, RIG_NEVER_MS,
		NOT_READ, "no answer began in time"},
	    {"first byte", {.first_byte_ms = 50}, RIG_NEVER_MS, READ,
		"no answer began in time"},
	    {"idle", {.idle_ms = 50}, RIG_NEVER_MS, ANSWERED,
		"nothing came within the answer for too long"},
	    {"total, and the request is not read", {0}, 50, NOT_READ,
		"the answer was not whole in time"},
	    {"total", {0}, 50, READ, "the answer was not whole in time"},
	    {"total, within the response", {0}, 50, ANSWERED,
		"the answer was not whole in time"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = cases[i].progress == NOT_READ ? 12u << 20 : 8;
		struct rig *r = cases[i].progress == NOT_CONNECTED
		    ? rig_that_does_not_connect(cases[i].limits)
		    : rig_new(cases[i].limits);
		struct rig_call c = {.status = 0};

		r->deaf = cases[i].progress < READ;
		if (cases[i].progress == ANSWERED)
			answer_with(r, OK "Content-Length: 9\r\n\r\nhello", 0);
		rig_ask_with(r, &c, len, cases[i].total_ms, &rig_events);
		RIG_UNTIL(r, c.ended && r->peers_n == 0);
		if (c.how != UPSTREAM_TIMEOUT ||
		    (!rig_by_libcurl && strcmp(c.detail, cases[i].detail) != 0))
			fail_msg("%s: %d %s", cases[i].name, (int)c.how, c.detail);
		rig_free(r);
	}
}

TEST(a_cancelled_transfer_closes_its_connection)
{
	struct rig *r = rig_new((struct upstream_config){0});

	for (int at_data = 0; at_data < 2; at_data++) {
		struct rig_call c;

		rig_ask(r, &c);
		c.cancels_at_data = at_data;
		(void)rig_request(r);
		if (at_data)
			rig_send(&r->peers[0], OK "Content-Length: 6\r\n\r\nhello");
		else
			rig_cancel(&c);
		RIG_UNTIL(r, r->peers_n == 0);
	}
	rig_free(r);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

#define NEW_SOCKETS 4

/* New descriptors, as from masterd, readable at once: each must get its event. */
static void
expect_events_of_new_descriptors(struct rig *r)
{
	int pairs[NEW_SOCKETS][2];
	bool readable[NEW_SOCKETS] = {false};
	struct event *events[NEW_SOCKETS];

	for (size_t i = 0; i < NEW_SOCKETS; i++) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
		events[i] = event_new(r->base, pairs[i][0], EV_READ, on_readable, &readable[i]);
		assert_non_null(events[i]);
		assert_int_equal(event_add(events[i], NULL), 0);
		assert_int_equal(write(pairs[i][1], "x", 1), 1);
	}
	for (size_t i = 0; i < NEW_SOCKETS; i++) {
		RIG_UNTIL(r, readable[i]);
		event_free(events[i]);
		closefd(&pairs[i][0]);
		closefd(&pairs[i][1]);
	}
}

/* libcurl may close a socket that it has told us to watch, without a callback
 * (upstream_sockets.c). The next owner of the number must get its events, libcurl itself too; a
 * late callback must not stop them. */
TEST(a_socket_closed_without_a_callback_does_not_affect_the_next_owner)
{
	struct upstream_engine *e;
	int closed[2], next[2];
	struct rig *r;

	if (!rig_by_libcurl)
		skip();
	r = rig_new((struct upstream_config){0});
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
	upstream_sockets_update(NULL, next[0], CURL_POLL_IN, e, NULL);
	closefd(&next[0]);
	closefd(&next[1]);
	expect_events_of_new_descriptors(r);
	upstream_engine_free(e);
	rig_free(r);
}

TEST(a_socket_that_never_connected_does_not_affect_the_next_owner)
{
	struct rig *r = rig_that_does_not_connect((struct upstream_config){0});

	for (int round = 0; round < 20; round++) {
		struct rig_call calls[NEW_SOCKETS];

		for (size_t i = 0; i < NEW_SOCKETS; i++)
			rig_ask(r, &calls[i]);
		for (int i = 0; i < 5; i++)
			rig_turn(r);
		for (size_t i = 0; i < NEW_SOCKETS; i++)
			rig_cancel(&calls[i]);
		expect_events_of_new_descriptors(r);
	}
	rig_free(r);
}

#define STORM 300

/* A transfer that cancels itself, or another, within its callbacks. */
struct canceller {
	struct rig_call call; /* first */
	struct canceller *victim;
	bool at_headers;
};

static void
cancel_victim(const struct canceller *c)
{
	if (c->victim != NULL && c->victim->call.transfer != NULL)
		rig_cancel(&c->victim->call);
}

static void
storm_headers(void *arg, int status, unsigned retry_after_ms)
{
	const struct canceller *c = arg;

	rig_on_headers(arg, status, retry_after_ms);
	if (c->at_headers)
		cancel_victim(c);
}

static void
storm_data(void *arg, struct slice piece)
{
	rig_on_data(arg, piece);
	cancel_victim(arg);
}

static void
storm_end(void *arg, enum upstream_end how, const char *detail)
{
	rig_on_end(arg, how, detail);
	cancel_victim(arg);
}

/* Whether each transfer that is left has heard of its response, which does not end. */
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
	static const struct upstream_events events = {storm_headers, storm_data, storm_end};
	static struct canceller all[STORM];

	for (size_t i = 0; i < STORM; i++) {
		/* In turns: itself, an older one, nobody; at headers or with data. */
		struct canceller *victims[] = {&all[i], &all[i / 2], NULL};

		all[i] = (struct canceller){
		    .victim = victims[(i + seed) % 3], .at_headers = (i + seed) % 2 == 0};
		rig_ask_with(r, &all[i].call, 1, RIG_NEVER_MS, &events);
		if (i % 7 == seed % 7)
			rig_cancel(&all[i].call);
		if (i % 50 == 0)
			rig_turn(r);
	}
	expect_events_of_new_descriptors(r);
	RIG_UNTIL(r, storm_is_over(all));
	for (size_t i = 0; i < STORM; i++)
		if (all[i].call.transfer != NULL)
			rig_cancel(&all[i].call);
}

TEST(many_cancelled_transfers_leave_nothing_behind)
{
	struct rig *r = rig_new((struct upstream_config){0});
	struct rig_call after;

	answer_with(r, CHUNKED "5\r\ndata!\r\n", 0);
	for (unsigned round = 0; round < 10; round++)
		storm(r, round);
	rig_hang_up(r, false);
	answer_with(r, RIG_HELLO, 0);
	rig_ask(r, &after);
	rig_expect(r, &after, UPSTREAM_DONE, 200, "hello");
	rig_free(r);
}

#define FLOODS 24

/* What the turn before left of its share, a new share, and what may exceed it. */
#define TURN_MAX     ((256u + 288u) * 1024)
#define TRANSFER_MAX (160u * 1024) /* of one transfer in a turn */

static size_t
all_bytes(const struct rig_call *calls, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += calls[i].bytes;
	return bytes;
}

/* n responses of endless events, as fast as the client reads them. */
static struct rig *
rig_with_flood(struct rig_call *calls, size_t n)
{
	static char answer[70000];
	struct rig *r = rig_new((struct upstream_config){0});
	size_t len = (size_t)snprintf(answer, sizeof(answer), CHUNKED);

	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(
		    answer + len, sizeof(answer) - len, "fa\r\n%0248d\n\n\r\n", i);
	answer_with(r, answer, len - strlen(CHUNKED));
	for (size_t i = 0; i < n; i++)
		rig_ask(r, &calls[i]);
	return r;
}

static void
flood_free(struct rig *r, struct rig_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rig_cancel(&calls[i]);
	rig_free(r);
}

static void
expect_shares_of_a_flood(size_t n)
{
	struct rig_call calls[FLOODS], before[FLOODS];
	struct rig *r = rig_with_flood(calls, n);

	for (int turn = 0; turn < 2000; turn++) {
		memcpy(before, calls, n * sizeof(calls[0]));
		rig_turn(r);
		assert_true(all_bytes(calls, n) - all_bytes(before, n) <= TURN_MAX);
		for (size_t i = 0; i < n; i++)
			assert_true(calls[i].bytes - before[i].bytes <= TRANSFER_MAX);
	}
	assert_true(all_bytes(calls, n) > 0);
	flood_free(r, calls, n);
}

TEST(one_loop_iteration_reads_a_share_of_a_flood)
{
	expect_shares_of_a_flood(1);
	expect_shares_of_a_flood(FLOODS);
}

TEST(every_transfer_gets_its_part_of_a_flood)
{
	struct rig_call calls[FLOODS];
	struct rig *r = rig_with_flood(calls, FLOODS);
	size_t least = SIZE_MAX, most = 0;

	RIG_UNTIL(r, all_bytes(calls, FLOODS) > FLOODS * (2u << 20));
	for (size_t i = 0; i < FLOODS; i++) {
		least = calls[i].bytes < least ? calls[i].bytes : least;
		most = calls[i].bytes > most ? calls[i].bytes : most;
	}
	assert_true(least > most / 4);
	flood_free(r, calls, FLOODS);
}

TEST(a_flood_that_ends_is_complete)
{
	enum { LEN = 3u << 20 };
	struct rig *r = rig_new((struct upstream_config){0});
	struct rig_call calls[FLOODS];
	char *answer = malloc(LEN + 256);
	int head;

	assert_non_null(answer);
	head = snprintf(answer, 256, OK "Content-Length: %d\r\n\r\n", LEN);
	memset(answer + head, 'x', LEN);
	r->answer = answer;
	r->answer_len = (size_t)head + LEN;
	r->closes = true;
	for (size_t i = 0; i < FLOODS; i++)
		rig_ask(r, &calls[i]);
	RIG_UNTIL(r, all_have_ended(calls, FLOODS));
	for (size_t i = 0; i < FLOODS; i++) {
		assert_int_equal(calls[i].how, UPSTREAM_DONE);
		assert_int_equal(calls[i].bytes, LEN);
	}
	rig_free(r);
	free(answer);
}

int
main(void)
{
	return rig_run_tests();
}
