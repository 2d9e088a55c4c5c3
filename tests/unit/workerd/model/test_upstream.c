/*
 * The model client: when connections are reused, what ends a transfer, and that neither floods nor
 * cancelled transfers affect anything else.
 */
#include "tests/unit/workerd/model/upstream_rig.h"
#include "workerd/model/upstream_internal.h"

RIG_TEST(a_response_is_delivered_while_it_arrives)
{
	struct rig_call c;

	rig_ask(&c);
	rig_send(rig_request(), CHUNKED "2\r\nhe\r\n");
	RIG_UNTIL(c.status == 200 && c.bytes == 2);
	rig_send(&rig.peers[0], "3\r\nllo\r\n");
	RIG_UNTIL(c.bytes == 5);
	rig_send(&rig.peers[0], "0\r\n\r\n");
	rig_expect(&c, UPSTREAM_DONE, 200, "hello");
}

RIG_TEST(a_new_connection_that_breaks_is_an_error)
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
		struct rig_call c;

		rig_start((struct upstream_config){0});
		rig_ask(&c);
		rig_send(rig_request(), cases[i].sent);
		RIG_UNTIL(c.bytes == strlen(cases[i].body));
		rig_hang_up(cases[i].reset);
		rig_expect(&c, UPSTREAM_BROKEN, cases[i].status, cases[i].body);
	}
}

/* Makes a first request, whose connection is kept. */
static void
make_kept_connection(void)
{
	struct rig_call c;

	rig_ask(&c);
	rig_send(rig_request(), RIG_HELLO);
	rig_expect(&c, UPSTREAM_DONE, 200, "hello");
}

RIG_TEST(data_that_arrives_before_a_request_is_not_its_response)
{
	struct rig_call c;

	make_kept_connection();
	rig_send(&rig.peers[0], OK "Content-Length: 6\r\n\r\nforged");
	rig_ask(&c);
	rig_expect(&c, UPSTREAM_STALE, 0, "");
	RIG_UNTIL(rig.peers_n == 0);
}

RIG_TEST(a_connection_with_data_after_a_response_is_closed)
{
	static const char *const data[][2] = {
	    {RIG_HELLO, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"},
	    {RIG_HELLO "HTTP/1.1 200 OK\r\n", ""},
	};
	struct rig_call c;

	for (size_t i = 0; i < ARRAY_LEN(data); i++) {
		rig_ask(&c);
		rig_send(rig_request(), data[i][0]);
		rig_expect(&c, UPSTREAM_DONE, 200, "hello");
		rig_send(&rig.peers[0], data[i][1]);
		RIG_UNTIL(rig.peers_n == 0);
	}
}

RIG_TEST(a_kept_connection_that_broke_is_stale)
{
	enum { RESET_BEFORE_REQUEST, RESET_AFTER_REQUEST, CLOSED_AFTER_REQUEST, CASES };

	for (int i = 0; i < CASES; i++) {
		struct rig_call c;

		make_kept_connection();
		if (i == RESET_BEFORE_REQUEST)
			rig_hang_up(true);
		rig_ask(&c);
		if (i != RESET_BEFORE_REQUEST)
			assert_int_equal(rig_request()->requests, 2);
		rig_hang_up(i != CLOSED_AFTER_REQUEST);
		rig_expect(&c, UPSTREAM_STALE, 0, "");
	}
}

static void
answer_with(const char *text, size_t repeat)
{
	rig.answer = text;
	rig.answer_len = strlen(text);
	rig.repeat = repeat;
}

static bool
all_have_ended(const struct rig_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!calls[i].ended)
			return false;
	return true;
}

/* A request that the server answers by itself. */
static void
make_request(void)
{
	struct rig_call c;

	rig_ask(&c);
	rig_expect(&c, UPSTREAM_DONE, 200, "hello");
}

RIG_TEST(at_most_64_idle_connections_are_kept)
{
	enum { MANY = 80, KEPT_MAX = 64 };
	static struct rig_call calls[MANY];

	for (size_t i = 0; i < MANY; i++)
		rig_ask(&calls[i]);
	RIG_UNTIL(rig.peers_n == MANY);
	answer_with(RIG_HELLO, 0);
	for (size_t i = 0; i < MANY; i++)
		rig_expect(&calls[i], UPSTREAM_DONE, 200, "hello");
	RIG_UNTIL(rig.peers_n <= KEPT_MAX);
	make_request();
	assert_int_equal(rig.peers_n, KEPT_MAX);
}

/* A late loop sees them all open in one turn, when libcurl is called again anyway (upstream_dial.c). */
RIG_TEST(no_connection_is_closed_before_its_request)
{
	enum { MANY = 200 };
	static struct rig_call calls[MANY];
	uint64_t late = clock_mono_ms() + 600;

	for (size_t i = 0; i < MANY; i++)
		rig_ask(&calls[i]);
	while (clock_mono_ms() < late)
		continue;
	RIG_UNTIL(rig.peers_n == MANY);
	answer_with(RIG_HELLO, 0);
	for (size_t i = 0; i < MANY; i++)
		rig_expect(&calls[i], UPSTREAM_DONE, 200, "hello");
	assert_int_equal(rig.accepted, MANY);
}

static bool
one_connection_is_left_after_a_request(void)
{
	make_request();
	for (int turn = 0; turn < 50; turn++)
		rig_turn();
	return rig.peers_n <= 1;
}

RIG_TEST(connections_that_are_idle_for_too_long_are_closed)
{
	struct rig_call calls[2];

	rig_start((struct upstream_config){.rest_ms = 500});
	for (size_t i = 0; i < 2; i++)
		rig_ask(&calls[i]);
	RIG_UNTIL(rig.peers_n == 2);
	answer_with(RIG_HELLO, 0);
	for (size_t i = 0; i < 2; i++)
		rig_expect(&calls[i], UPSTREAM_DONE, 200, "hello");
	/* One that is in use does not keep the other open. */
	RIG_UNTIL(one_connection_is_left_after_a_request());
	RIG_UNTIL(rig.peers_n == 0);
	make_request();
}

RIG_TEST(a_connection_that_is_too_old_gets_no_further_requests)
{
	uint64_t now;

	rig_start((struct upstream_config){.age_ms = 5});
	make_kept_connection();
	now = clock_mono_ms();
	while (clock_mono_ms() < now + 10)
		rig_turn();
	assert_int_equal(rig.peers_n, 1);
	make_kept_connection();
	assert_int_equal(rig.peers[0].requests, 1);
}

RIG_TEST(a_request_has_the_clients_path_host_and_key)
{
	struct rig_call c;

	rig_listen("::1", 8);
	rig_start((struct upstream_config){0});
	rig_ask(&c);
	rig_send(rig_request(), RIG_HELLO);
	rig_expect(&c, UPSTREAM_DONE, 200, "hello");
	assert_int_equal(strncmp(rig.head, "POST /v1/chat/completions", 25), 0);
	assert_non_null(strstr(rig.head, " HTTP/1.1\r\nHost: [::1]:"));
	assert_non_null(strstr(rig.head, "\r\nAuthorization: Bearer key\r\n"));
}

RIG_TEST(a_long_request_to_a_slow_server_arrives_complete)
{
	struct rig_call c = {.status = 0};
	unsigned turn = 0;

	answer_with(RIG_HELLO, 0);
	rig_ask_with(&c, 12u << 20, RIG_NEVER_MS);
	while (!c.ended) {
		rig.deaf = turn++ % 20 != 0;
		rig_turn();
	}
	rig_expect(&c, UPSTREAM_DONE, 200, "hello");
	assert_true(turn > 20 * (12u << 20) / 65536);
}

RIG_TEST(a_response_to_an_incomplete_request_ends_it)
{
	struct rig_call c = {.status = 0};

	rig_ask_with(&c, 12u << 20, RIG_NEVER_MS);
	RIG_UNTIL(rig.peers_n == 1 && rig.peers[0].reading);
	rig.deaf = true;
	rig_send(&rig.peers[0], "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	rig_expect(&c, UPSTREAM_DONE, 413, "");
	rig.deaf = false;
	RIG_UNTIL(rig.peers_n == 0);
}

RIG_TEST(a_failure_to_connect_is_reported_by_the_loop)
{
	/* There is no TCP to a broadcast address, which connect(2) says at once. */
	static const char *const urls[] = {NULL, "http://255.255.255.255:9/"};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct rig_call c;

		rig_listen("127.0.0.1", RIG_REFUSES);
		if (urls[i] != NULL)
			(void)snprintf(rig.url, sizeof(rig.url), "%s", urls[i]);
		rig_start((struct upstream_config){0});
		rig_ask(&c);
		rig_expect(&c, UPSTREAM_CONNECT, 0, "");
		assert_string_not_equal(c.detail, "");
		/* A transfer can also be cancelled before the report. */
		rig_ask(&c);
		rig_cancel(&c);
		rig_turn();
	}
}

/* Makes a server that never completes a connection: its listener's queue is full. */
static void
make_server_that_does_not_connect(struct upstream_config config)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	rig_listen("127.0.0.1", 0);
	assert_int_equal(getsockname(rig.listener, (struct sockaddr *)&in, &len), 0);
	for (int i = 0; i < 2; i++) {
		closefd(&rig.fillers[i]);
		rig.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(rig.fillers[i], (const struct sockaddr *)&in, len);
	}
	rig.deaf = true;
	rig_start(config);
}

RIG_TEST(each_limit_ends_a_transfer)
{
	static const struct {
		const char *name;
		struct upstream_config limits;
		unsigned total_ms;
		enum { NOT_CONNECTED, NOT_READ, READ, ANSWERED } progress;
		const char *detail;
	} cases[] = {
	    {"connect", {.connect_ms = 50}, RIG_NEVER_MS, NOT_CONNECTED,
		"no connection was made in time"},
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
		struct rig_call c = {.status = 0};

		if (cases[i].progress == NOT_CONNECTED) {
			make_server_that_does_not_connect(cases[i].limits);
		} else {
			rig_listen("127.0.0.1", 8);
			rig_start(cases[i].limits);
		}
		rig.deaf = cases[i].progress < READ;
		if (cases[i].progress == ANSWERED)
			answer_with(OK "Content-Length: 9\r\n\r\nhello", 0);
		rig_ask_with(&c, len, cases[i].total_ms);
		RIG_UNTIL(c.ended && rig.peers_n == 0);
		if (c.how != UPSTREAM_TIMEOUT || strcmp(c.detail, cases[i].detail) != 0)
			fail_msg("%s: %d %s", cases[i].name, (int)c.how, c.detail);
	}
}

/* The client can't know then whether more has come. */
RIG_TEST(a_server_that_falls_silent_after_a_full_read_times_out)
{
	static char answer[UPSTREAM_READ_MAX + 1];
	int len = snprintf(answer, sizeof(answer), OK "Content-Length: 999999\r\n\r\n");
	struct rig_call c;

	rig_start((struct upstream_config){.idle_ms = 200});
	memset(answer + len, 'x', sizeof(answer) - 1 - (size_t)len);
	rig_ask(&c);
	rig_send(rig_request(), answer);
	RIG_UNTIL(c.ended);
	assert_int_equal(c.how, UPSTREAM_TIMEOUT);
	assert_int_equal(c.bytes, UPSTREAM_READ_MAX - (size_t)len);
}

RIG_TEST(a_cancelled_transfer_closes_its_connection)
{

	for (int at_data = 0; at_data < 2; at_data++) {
		struct rig_call c;

		rig_ask(&c);
		c.victim = at_data ? &c : NULL;
		(void)rig_request();
		if (at_data)
			rig_send(&rig.peers[0], OK "Content-Length: 6\r\n\r\nhello");
		else
			rig_cancel(&c);
		RIG_UNTIL(rig.peers_n == 0);
	}
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
expect_events_of_new_descriptors(void)
{
	int pairs[NEW_SOCKETS][2];
	bool readable[NEW_SOCKETS] = {false};
	struct event *events[NEW_SOCKETS];

	for (size_t i = 0; i < NEW_SOCKETS; i++) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
		events[i] =
		    event_new(rig.base, pairs[i][0], EV_READ, on_readable, &readable[i]);
		assert_non_null(events[i]);
		assert_int_equal(event_add(events[i], NULL), 0);
		assert_int_equal(write(pairs[i][1], "x", 1), 1);
	}
	for (size_t i = 0; i < NEW_SOCKETS; i++) {
		RIG_UNTIL(readable[i]);
		event_free(events[i]);
		closefd(&pairs[i][0]);
		closefd(&pairs[i][1]);
	}
}

/* libcurl may close a socket that it has told us to watch, without a callback (upstream_dial.c). */
RIG_TEST(a_socket_that_never_connected_does_not_affect_the_next_owner)
{
	make_server_that_does_not_connect((struct upstream_config){0});
	for (int round = 0; round < 20; round++) {
		struct rig_call calls[NEW_SOCKETS];

		for (size_t i = 0; i < NEW_SOCKETS; i++)
			rig_ask(&calls[i]);
		for (int i = 0; i < 5; i++)
			rig_turn();
		for (size_t i = 0; i < NEW_SOCKETS; i++)
			rig_cancel(&calls[i]);
		expect_events_of_new_descriptors();
	}
}

#define STORM 300

/* Whether each transfer that is left has heard of its response, which does not end. */
static bool
storm_is_over(const struct rig_call *all)
{
	for (size_t i = 0; i < STORM; i++)
		if (all[i].transfer != NULL && all[i].bytes == 0)
			return false;
	return true;
}

/* Transfers that cancel themselves or others, or that are cancelled. */
static void
storm(unsigned seed)
{
	static struct rig_call all[STORM];

	for (size_t i = 0; i < STORM; i++) {
		struct rig_call *victims[] = {&all[i], &all[i / 2], NULL};

		all[i] = (struct rig_call){
		    .victim = victims[(i + seed) % 3], .at_headers = (i + seed) % 2 == 0};
		rig_ask_with(&all[i], 1, RIG_NEVER_MS);
		if (i % 7 == seed % 7)
			rig_cancel(&all[i]);
		if (i % 50 == 0)
			rig_turn();
	}
	expect_events_of_new_descriptors();
	RIG_UNTIL(storm_is_over(all));
	for (size_t i = 0; i < STORM; i++)
		if (all[i].transfer != NULL)
			rig_cancel(&all[i]);
}

RIG_TEST(many_cancelled_transfers_leave_nothing_behind)
{
	answer_with(CHUNKED "5\r\ndata!\r\n", 0);
	for (unsigned round = 0; round < 10; round++)
		storm(round);
	rig_hang_up(false);
	answer_with(RIG_HELLO, 0);
	make_request();
}

#define FLOODS 24

#define TURN_MAX     (512u * 1024)
#define TRANSFER_MAX (64u * 1024) /* of one transfer in a turn */

static size_t
all_bytes(const struct rig_call *calls, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += calls[i].bytes;
	return bytes;
}

/* n responses of endless events, as fast as the client reads them. */
static void
start_flood(struct rig_call *calls, size_t n)
{
	static char answer[70000];
	size_t len = (size_t)snprintf(answer, sizeof(answer), CHUNKED);

	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(
		    answer + len, sizeof(answer) - len, "fa\r\n%0248d\n\n\r\n", i);
	answer_with(answer, len - strlen(CHUNKED));
	for (size_t i = 0; i < n; i++)
		rig_ask(&calls[i]);
}

RIG_TEST(a_flood_is_read_in_fair_shares)
{
	static const size_t numbers[] = {1, FLOODS};

	for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
		struct rig_call calls[FLOODS], before[FLOODS];
		size_t n = numbers[k], least = SIZE_MAX, most = 0;

		start_flood(calls, n);
		while (all_bytes(calls, n) < n * (4u << 20)) {
			memcpy(before, calls, n * sizeof(calls[0]));
			rig_turn();
			assert_true(all_bytes(calls, n) - all_bytes(before, n) <= TURN_MAX);
			for (size_t i = 0; i < n; i++)
				assert_true(calls[i].bytes - before[i].bytes <= TRANSFER_MAX);
		}
		for (size_t i = 0; i < n; i++) {
			least = calls[i].bytes < least ? calls[i].bytes : least;
			most = calls[i].bytes > most ? calls[i].bytes : most;
			rig_cancel(&calls[i]);
		}
		assert_true(least > most / 4);
	}
}

static size_t sent_on;

/* An event brings one response at most. */
static void
send_on(void *arg)
{
	size_t all = all_bytes(arg, 2);

	assert_true(all - sent_on <= strlen("hello"));
	sent_on = all;
}

RIG_TEST(data_can_be_sent_on_before_the_next_connection_is_read)
{
	static struct rig_call calls[2];

	sent_on = 0;
	rig_start((struct upstream_config){.after_event = send_on, .after_event_arg = calls});
	rig_ask(&calls[0]);
	rig_ask(&calls[1]);
	RIG_UNTIL(rig.peers_n == 2 && rig.peers[0].reading && rig.peers[1].reading);
	answer_with(RIG_HELLO, 0);
	RIG_UNTIL(all_have_ended(calls, 2));
	assert_int_equal(sent_on, 2 * strlen("hello"));
}

RIG_TEST(a_flood_that_ends_is_complete)
{
	enum { LEN = 3u << 20 };
	struct rig_call calls[FLOODS];
	char *answer = malloc(LEN + 256);
	int head;

	assert_non_null(answer);
	head = snprintf(answer, 256, OK "Content-Length: %d\r\n\r\n", LEN);
	memset(answer + head, 'x', LEN);
	rig.answer = answer;
	rig.answer_len = (size_t)head + LEN;
	rig.closes = true;
	for (size_t i = 0; i < FLOODS; i++)
		rig_ask(&calls[i]);
	RIG_UNTIL(all_have_ended(calls, FLOODS));
	for (size_t i = 0; i < FLOODS; i++) {
		assert_int_equal(calls[i].how, UPSTREAM_DONE);
		assert_int_equal(calls[i].bytes, LEN);
	}
	free(answer);
}

TEST_MAIN(NULL, NULL)
