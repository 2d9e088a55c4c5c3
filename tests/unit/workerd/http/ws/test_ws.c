/*
 * WebSockets on the server's connections: opening and closing, timeouts, limits, and events.
 * tests/e2e/websocket-frames.test.mjs tests which frames are valid.
 */
#include "tests/unit/workerd/http/http_rig.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "workerd/http/conn.h"
#include "workerd/http/ws/ws.h"
#include "workerd/http/ws/ws_frames.h"
#include "workerd/http/ws/ws_handshake.h"

#define HANDSHAKE(path)                                              \
	"GET " path " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"       \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

/* Frames of a client; the mask is zero. */
#define MASK  "\0\0\0\0"
#define HI    "\x81\x82" MASK "hi"
#define FIRST "\x01\x81" MASK "h"
#define LAST  "\x80\x81" MASK "i"
#define PING  "\x89\x81" MASK "p"
#define PONG  "\x8a\x80" MASK
#define CLOSE "\x88\x82" MASK "\x03\xe8"
/* A frame of the server. */
#define HI_BACK "\x81\x02hi"

#define send_frames(s) client_send_bytes(cl, (s), sizeof(s) - 1)
#define got(s)         got_bytes((s), sizeof(s) - 1)

static struct {
	struct ws *ws;
	size_t messages, closed;
	bool echo, close; /* the action for a message */
} user;

static void
on_message(void *arg, struct slice text)
{
	assert_ptr_equal(arg, &user);
	assert_int_equal(user.closed, 0);
	user.messages++;
	if (user.echo)
		(void)ws_send(user.ws, text);
	if (user.close)
		ws_close(user.ws, WS_TRY_AGAIN, "enough");
}

static void
on_closed(void *arg)
{
	assert_ptr_equal(arg, &user);
	user.closed++;
	user.ws = NULL;
}

static void
upgrade(struct http_exchange *x)
{
	static const struct ws_events events = {.message = on_message, .closed = on_closed};

	assert_true(ws_handshake_check(x));
	user.ws = ws_accept(x, &events, &user);
}

/* Starts the server; then opens cl with socket buffers of this many bytes (0: the default), and sends
 * the handshake. The test answers that of /keep. */
static void
start_with(int buffer, const char *handshake)
{
	memset(&user, 0, sizeof(user));
	rig_start();
	rig.handle = upgrade;
	cl = client_open_with(buffer);
	client_send(cl, handshake);
}

/* The same, until the WebSocket is open. */
static void
start_open_with(int buffer)
{
	start_with(buffer, HANDSHAKE("/ws"));
	WAIT_FOR(client_has(cl, "\r\n\r\n"));
	assert_true(client_begins_with(cl, "HTTP/1.1 101 Switching Protocols\r\n"));
	assert_non_null(user.ws);
}

static void
start_open(void)
{
	start_open_with(0);
}

/* With buffers that are full soon. */
static void
start_slow(void)
{
	start_open_with(8192);
}

/* The bytes after the head of the reply. */
static struct slice
frames_of(struct client *c)
{
	const uint8_t *p, *end;

	client_read(c);
	p = buf_data(&c->in);
	end = memmem(p, buf_len(&c->in), "\r\n\r\n", 4);
	if (end == NULL)
		return (struct slice){p, 0};
	return (struct slice){end + 4, (size_t)(p + buf_len(&c->in) - end - 4)};
}

static bool
got_bytes(const char *p, size_t len)
{
	return slice_eq(frames_of(cl), (struct slice){(const uint8_t *)p, len});
}

/* The last received frame is a server's close with this code. */
static bool
got_close(struct client *c, unsigned code)
{
	struct slice all = frames_of(c);

	for (size_t back = 4; back <= 127 && back <= all.len; back++) {
		const uint8_t *p = all.p + all.len - back;

		if (p[0] == 0x88 && p[1] == back - 2 && p[2] == code >> 8 &&
		    p[3] == (code & 0xff))
			return true;
	}
	return false;
}

static void
wait_until_over(void)
{
	WAIT_FOR_END(cl);
	client_close(cl);
	WAIT_FOR_CONNECTIONS(0);
	assert_int_equal(http_server_exchanges(rig.server), 0);
	assert_int_equal(user.closed, 1);
	assert_int_equal(rig.answered, 1);
}

static void
close_ws(void)
{
	send_frames(CLOSE);
	wait_until_over();
}

RIG_TEST(an_idle_websocket_holds_no_buffers)
{
	struct http_conn *c;

	start_open();
	user.echo = true;
	assert_true(client_has(cl, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_true(client_has(cl, "X-Frame-Options: DENY\r\n"));
	send_frames(HI);
	WAIT_FOR(got(HI_BACK));
	assert_int_equal(http_server_exchanges(rig.server), 1);
	c = rig_conn();
	assert_null(c->in.mem);
	assert_null(c->out.mem);
	assert_int_equal(c->box->x.req->n_headers, 0);
	assert_int_equal(c->box->x.status, 101);
	assert_int_equal(c->box->x.sent, 2);
	send_frames(CLOSE);
	WAIT_FOR(got_close(cl, WS_NORMAL));
	wait_until_over();
}

RIG_TEST(a_handshake_may_be_accepted_later)
{
	struct http_exchange *x;

	start_with(0, HANDSHAKE("/keep"));
	user.echo = true;
	send_frames(HI);
	x = rig_kept();
	rig_turn();
	upgrade(x);
	WAIT_FOR(got(HI_BACK));
	send_frames(HI);
	WAIT_FOR(got(HI_BACK HI_BACK));
	close_ws();
}

/* The reply and an event of the connection in one turn: the request must not be read as frames, and
 * must stay valid for its user. */
RIG_TEST(the_accept_and_input_may_come_in_one_turn)
{
	start_with(0, HANDSHAKE("/keep"));
	user.echo = true;
	upgrade(rig_kept());
	event_active(&rig_conn()->event, EV_READ, 0);
	send_frames(HI);
	WAIT_FOR(got(HI_BACK));
	close_ws();
}

RIG_TEST(a_half_closed_client_still_gets_the_handshake_reply)
{
	static const char probe[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_exchange *x;

	start_with(0, HANDSHAKE("/keep"));
	user.echo = true;
	send_frames(HI);
	assert_int_equal(shutdown(cl->fd, SHUT_WR), 0);
	x = rig_kept();
	WAIT_FOR(client_ends_with(cl, probe));
	buf_consume(&cl->in, sizeof(probe) - 1);
	upgrade(x);
	WAIT_FOR(got(HI_BACK));
	wait_until_over();
}

RIG_TEST(accepting_a_client_that_just_left_ends_at_once)
{
	struct http_exchange *x;

	start_with(0, HANDSHAKE("/keep"));
	x = rig_kept();
	conn_drop(rig_conn(), NULL);
	upgrade(x);
	assert_int_equal(ws_send(user.ws, slice_str("hi")), -1);
	rig_turn();
	assert_int_equal(user.closed, 1);
	wait_until_over();
}

RIG_TEST(our_close_waits_for_the_peers_close)
{
	start_open();
	user.close = true;
	send_frames(HI HI PING);
	WAIT_FOR(got("\x88\x08\x03\xf5"
		     "enough"));
	assert_int_equal(user.closed, 1);
	assert_int_equal(user.messages, 1);
	assert_false(client_at_end(cl));
	assert_int_equal(http_server_exchanges(rig.server), 1);
	close_ws();
	assert_int_equal(user.messages, 1);
}

RIG_TEST(our_close_without_a_reply_ends_after_the_timeout)
{
	rig.limits.linger_timeout = 30;
	start_open();
	ws_close(user.ws, WS_POLICY, "go");
	assert_int_equal(ws_send(user.ws, slice_str("late")), -1);
	assert_int_equal(user.closed, 0);
	WAIT_FOR(got("\x88\x04\x03\xf0"
		     "go"));
	wait_until_over();
}

RIG_TEST(a_long_reason_is_cut_between_characters)
{
	char reason[200];

	for (size_t i = 0; i < 99; i++)
		memcpy(reason + 2 * i, "\xc3\xa9", 3);
	start_open();
	ws_close(user.ws, WS_INTERNAL, reason);
	WAIT_FOR(got_close(cl, WS_INTERNAL));
	assert_int_equal(frames_of(cl).len, 2 + 2 + 122);
	assert_memory_equal(frames_of(cl).p + 4, reason, 122);
	close_ws();
}

RIG_TEST(a_lost_connection_calls_closed)
{
	start_open();
	client_reset(cl);
	WAIT_FOR(user.closed == 1);
	assert_int_equal(rig.answered, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

RIG_TEST(freeing_the_server_calls_closed)
{
	start_open();
	send_frames(FIRST);
	WAIT_FOR(rig_conn()->timer_on == TIMER_BODY);
	rig_stop();
	assert_int_equal(user.closed, 1);
	assert_int_equal(rig.answered, 1);
}

RIG_TEST(draining_closes_with_1001)
{
	struct client *silent, *late;

	rig.limits.linger_timeout = 100;
	start_open();
	silent = client_open();
	client_send(silent, HANDSHAKE("/ws"));
	WAIT_FOR(client_begins_with(silent, "HTTP/1.1 101 "));
	http_server_drain(rig.server);
	late = client_open();
	client_send(late, HANDSHAKE("/ws"));
	WAIT_FOR(got_close(cl, WS_GOING_AWAY) && got_close(silent, WS_GOING_AWAY));
	send_frames(CLOSE);
	WAIT_FOR(client_at_end(cl) && client_at_end(silent) && client_at_end(late));
	assert_true(client_begins_with(late, "HTTP/1.1 101 "));
	assert_true(got_close(late, WS_GOING_AWAY));
	client_close(cl);
	client_close(silent);
	client_close(late);
	WAIT_FOR_CONNECTIONS(0);
	assert_int_equal(user.closed, 3);
}

static size_t
pings(void)
{
	struct slice all = frames_of(cl);
	size_t n = 0;

	for (size_t i = 0; i + 1 < all.len; i += 2)
		n += all.p[i] == 0x89 && all.p[i + 1] == 0;
	return n;
}

RIG_TEST(two_unanswered_pings_drop_the_connection)
{
	rig.limits.ping_interval = 20;
	start_open();
	rig_quiet();
	WAIT_FOR_END(cl);
	assert_int_equal(pings(), 2);
	assert_int_equal(frames_of(cl).len, 4);
	wait_until_over();
}

RIG_TEST(a_pong_resets_the_count_of_unanswered_pings)
{
	rig.limits.ping_interval = 20;
	start_open();
	for (size_t n = 1; n <= 6; n++) {
		WAIT_FOR(pings() >= n);
		send_frames(PONG);
	}
	assert_int_equal(user.closed, 0);
	close_ws();
}

/* Each part waits for the rest at most body_timeout. */
RIG_TEST(an_incomplete_message_times_out)
{
	static const struct {
		size_t len;
		const char *part;
	} cases[] = {
	    {1, "\x81"},                  /* a part of a header */
	    {6, "\x81\xff\0\0\0\0"},      /* a part of a long header */
	    {10, "\x81\x85" MASK "half"}, /* a part of a message's payload */
	    {10, "\x89\x85" MASK "half"}, /* a part of a ping's */
	    {7, FIRST},                   /* a fragment */
	};

	rig.limits.body_timeout = 30;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig.answered = 0;
		start_open();
		send_frames(HI);
		client_send_bytes(cl, cases[i].part, cases[i].len);
		WAIT_FOR(got_close(cl, WS_POLICY));
		wait_until_over();
		rig_stop();
	}
}

RIG_TEST(pings_do_not_extend_the_timeout_of_a_message)
{
	rig.limits.body_timeout = 100;
	start_open();
	send_frames(FIRST);
	while (!got_close(cl, WS_POLICY)) {
		(void)send(cl->fd, PING, sizeof(PING) - 1, MSG_NOSIGNAL);
		rig_turn();
	}
	wait_until_over();
}

/* Each is in time, although something is always incomplete. */
RIG_TEST(each_message_has_its_own_timeout)
{
	uint64_t begun;

	rig.limits.body_timeout = 1000;
	rig.limits.frames_max = UINT_MAX;
	start_open();
	send_frames(FIRST);
	begun = clock_mono_ms();
	while (clock_mono_ms() < begun + 2 * rig.limits.body_timeout) {
		size_t before = user.messages;

		send_frames(LAST FIRST);
		WAIT_FOR(user.messages > before || user.closed > 0);
	}
	assert_int_equal(user.closed, 0);
	send_frames(LAST CLOSE);
	WAIT_FOR(got_close(cl, WS_NORMAL));
	wait_until_over();
}

/* A message that fills the buffers of a slow client. */
static void
send_long(void)
{
	assert_int_equal(ws_send(user.ws, rig_text('x', 500000)), 0);
}

RIG_TEST(a_peer_with_too_much_queued_output_is_dropped)
{
	struct slice piece = rig_text('x', 4096);
	size_t sent = 0;

	rig.limits.output_max = 65536;
	start_slow();
	rig_quiet();
	for (; ws_send(user.ws, piece) == 0; sent += piece.len)
		assert_true(sent < 64u << 20);
	assert_true(sent >= rig.limits.output_max);
	assert_int_equal(user.closed, 0);
	WAIT_FOR(user.closed == 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

RIG_TEST(a_peer_that_takes_nothing_is_dropped_after_the_stall_timeout)
{
	rig.limits.stall_timeout = 50;
	start_slow();
	send_long();
	rig_quiet();
	WAIT_FOR(user.closed == 1);
}

RIG_TEST(nothing_is_read_from_a_peer_that_takes_nothing)
{
	start_slow();
	send_long();
	rig_turn();
	assert_true(rig_conn()->blocked);
	send_frames(HI);
	for (size_t i = 0; i < 20; i++)
		rig_turn();
	assert_int_equal(user.messages, 0);
	WAIT_FOR((client_read(cl), user.messages == 1));
}

RIG_TEST(a_replay_does_not_count_for_the_limit_of_queued_output)
{
	struct slice replay = rig_text('x', 500000);

	rig.limits.output_max = 4096;
	start_slow();
	assert_int_equal(ws_send(user.ws, slice_str("first")), 0);
	assert_int_equal(ws_send_replay(user.ws, replay), 0);
	rig_turn();
	assert_int_equal(ws_send(user.ws, slice_str("after")), 0);
	WAIT_FOR(client_received(cl) > replay.len && client_ends_with(cl, "after"));
	assert_int_equal(user.closed, 0);
}

/* A close is queued even if the output is full. */
RIG_TEST(a_close_is_sent_after_the_queued_output)
{
	rig.limits.output_max = 4096;
	start_slow();
	send_long();
	ws_close(user.ws, WS_NORMAL, "");
	WAIT_FOR(got_close(cl, WS_NORMAL));
	assert_true(frames_of(cl).len > 500000);
	close_ws();
}

static void
send_of_length(uint16_t len)
{
	const uint8_t head[8] = {0x81, 0xfe, (uint8_t)(len >> 8), (uint8_t)len};

	client_send_bytes(cl, (const char *)head, sizeof(head));
	client_send_bytes(cl, (const char *)rig_text('x', len).p, len);
}

RIG_TEST(a_message_over_the_limit_is_refused)
{
	rig.limits.message_max = 1000;
	start_open();
	user.echo = true;
	send_of_length(1000);
	WAIT_FOR(frames_of(cl).len == 1004);
	send_of_length(1001);
	WAIT_FOR(got_close(cl, WS_TOO_BIG));
	assert_int_equal(user.messages, 1);
	wait_until_over();
}

/* Frames that end no message are counted for ten seconds; messages are for the user to count. */
RIG_TEST(frames_over_the_limit_are_refused)
{
	rig.limits.frames_max = 5;
	start_open();
	for (size_t i = 0; i < 10; i++)
		send_frames(HI);
	send_frames(FIRST PING PONG PING PONG LAST);
	WAIT_FOR(user.messages == 11);
	assert_int_equal(user.closed, 0);
	send_frames(PONG);
	WAIT_FOR(got_close(cl, WS_POLICY));
	wait_until_over();
}

/* A turn reads a bounded amount from one peer, so that others are served. */
RIG_TEST(a_turn_reads_a_bounded_amount)
{
	start_open();
	for (size_t i = 0; i < 4000; i++)
		send_frames("\x81\x80" MASK); /* 24,000 bytes */
	for (size_t before = 0; user.messages < 4000; before = user.messages) {
		rig_turn();
		assert_in_range(user.messages - before, 0, 16384 / 6 + 1);
	}
	close_ws();
}

/* RFC 6455, section 5.2: the length has the shortest of three encodings. */
RIG_TEST(a_frame_has_the_shortest_length_encoding)
{
	static const struct {
		size_t len, head;
		uint8_t first[WS_HEAD_MAX];
	} cases[] = {
	    {0, 2, {0x82, 0}},
	    {125, 2, {0x82, 125}},
	    {126, 4, {0x82, 126, 0, 126}},
	    {65535, 4, {0x82, 126, 0xff, 0xff}},
	    {65536, 10, {0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
	};
	const uint8_t *payload = rig_text('x', 65536).p;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice s = {payload, cases[i].len};
		struct buf out;

		buf_init(&out, s.len + WS_HEAD_MAX);
		assert_int_equal(ws_frame_write(&out, WS_BINARY, s), 0);
		assert_int_equal(buf_len(&out), cases[i].head + s.len);
		assert_memory_equal(buf_data(&out), cases[i].first, cases[i].head);
		assert_memory_equal(buf_data(&out) + cases[i].head, payload, s.len);
		buf_clear(&out);
	}
}

TEST_MAIN(NULL, NULL)
