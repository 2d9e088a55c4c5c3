/*
 * The model client on an HTTP/2 connection whose server the test plays, frame by frame and without TLS: when the
 * connection ends, and what a cancelled transfer hears.
 */
#include "tests/unit/workerd/model/upstream_rig.h"
#include "workerd/model/upstream_internal.h"

/* Frames (RFC 9113, section 6), and a header block with a status (RFC 7541, appendix A). */
#define SETTINGS               "\0\0\0\4\0\0\0\0\0"
#define SETTINGS_NO_STREAMS    "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\0"
#define GOAWAY_AFTER_1         "\0\0\10\7\0\0\0\0\0\0\0\0\1\0\0\0\0"
#define HEADERS_200(stream)    "\0\0\1\1\4\0\0\0" stream "\x88"
#define HEADERS_404_END        "\0\0\1\1\5\0\0\0\1\x8d"
#define HEADERS_STATUS(n)      "\0\0\5\1\4\0\0\0\1\x08\3" n
#define DATA_HELLO_END(stream) "\0\0\5\0\1\0\0\0" stream "hello"
#define http2_server_sends(s)  http2_server_sends_n(s, sizeof(s) - 1)

static int server = -1;

static struct upstream_conn *
http2_connect(void)
{
	struct upstream_conn *c = upstream_conn_new(rig.upstream);
	int pair[2], small = 4096;

	closefd(&server);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	c->fd = pair[0];
	server = pair[1];
	c->state = CONN_OPEN;
	upstream_conn_watch(c, EV_READ);
	upstream_http2_start(c);
	upstream_conn_settle(c, UPSTREAM_STREAMS_MAX);
	return c;
}

static void
http2_server_sends_n(const char *frames, size_t n)
{
	assert_int_equal(send(server, frames, n, MSG_NOSIGNAL), (ssize_t)n);
	for (int i = 0; i < 3; i++)
		rig_turn();
}

/* Whether the client has closed the connection; discards what it has sent. */
static bool
http2_is_closed(void)
{
	char sink[4096];
	ssize_t n;

	while ((n = recv(server, sink, sizeof(sink), 0)) > 0)
		continue;
	return n == 0;
}

RIG_TEST(a_connection_ends_with_its_last_stream_although_the_server_reads_late)
{
	struct rig_call c = {.status = 0};

	(void)http2_connect();
	rig_ask_with(&c, 14000, RIG_NEVER_MS);
	rig_turn();
	http2_server_sends(SETTINGS GOAWAY_AFTER_1);
	assert_false(http2_is_closed());
	rig_cancel(&c);
	RIG_UNTIL(http2_is_closed());
	rig_turn();
}

RIG_TEST(a_transfer_that_another_one_cancels_hears_nothing_more)
{
	struct rig_call calls[2];

	(void)http2_connect();
	rig_ask(&calls[0]);
	rig_ask(&calls[1]);
	calls[0].victim = &calls[1];
	calls[0].at_headers = true;
	rig_turn();
	http2_server_sends(SETTINGS HEADERS_200("\1") HEADERS_200("\3") DATA_HELLO_END("\3")
		DATA_HELLO_END("\1"));
	rig_expect(&calls[0], UPSTREAM_DONE, 200, "hello");
	assert_null(calls[1].transfer);
	assert_int_equal(calls[1].status, 0);
}

RIG_TEST(a_connection_whose_server_permits_no_streams_ends_after_its_requests)
{
	struct rig_call c;

	(void)http2_connect();
	http2_server_sends(SETTINGS_NO_STREAMS);
	rig_ask(&c);
	rig_turn();
	rig_cancel(&c);
	rig_turn();
	assert_true(http2_is_closed());
}

RIG_TEST(a_response_with_an_invalid_status_is_an_error)
{
	static const char *const statuses[] = {
	    HEADERS_STATUS("000"), HEADERS_STATUS("099"), HEADERS_STATUS("600")};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct rig_call c;

		rig_start((struct upstream_config){0});
		(void)http2_connect();
		rig_ask(&c);
		rig_turn();
		http2_server_sends(SETTINGS);
		http2_server_sends_n(statuses[i], sizeof(HEADERS_STATUS("000")) - 1);
		http2_server_sends(DATA_HELLO_END("\1"));
		rig_expect(&c, UPSTREAM_BROKEN, 0, "");
	}
}

/* It does not read the rest, nor does it reset the stream. */
RIG_TEST(a_response_to_an_incomplete_request_ends_it)
{
	struct rig_call c = {.status = 0};

	(void)http2_connect();
	rig_ask_with(&c, 1u << 20, RIG_NEVER_MS);
	rig_turn();
	http2_server_sends(SETTINGS HEADERS_404_END);
	assert_true(c.ended);
	rig_expect(&c, UPSTREAM_DONE, 404, "");
}

TEST_MAIN(NULL, NULL)
