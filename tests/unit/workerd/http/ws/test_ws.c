/*
 * WebSockets on the server's connections: opening and closing, timeouts, limits, and events.
 * tests/e2e/websocket-frames.test.mjs tests which frames are valid.
 */
#include "tests/unit/workerd/http/http_rig.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "workerd/http/conn.h"
#include "workerd/http/ws/ws.h"
#include "workerd/http/ws/ws_frames.h"
#include "workerd/http/ws/ws_handshake.h"

#define FIELDS                                                                            \
	"Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: " \
	"13\r\n"                                                                          \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define ASK      "GET /ws HTTP/1.1\r\n" FIELDS
#define ASK_KEEP "GET /keep HTTP/1.1\r\n" FIELDS
/* Frames of a client; the mask is zero. */
#define MASK     "\0\0\0\0"
#define HI       "\x81\x82" MASK "hi"
#define FIRST    "\x01\x81" MASK "h"
#define LAST     "\x80\x81" MASK "i"
#define PING     "\x89\x81" MASK "p"
#define PONG     "\x8a\x80" MASK
#define CLOSE    "\x88\x82" MASK "\x03\xe8"
#define BYTES(s) (s), sizeof(s) - 1
/* Frames of the server. */
#define HI_BACK "\x81\x02hi"

static struct {
	struct ws *ws;
	char last[64];
	size_t messages, closed;
	bool echo, close; /* the action for a message */
} user;

static void
on_message(void *arg, struct slice text)
{
	assert_ptr_equal(arg, &user);
	assert_int_equal(user.closed, 0);
	user.messages++;
	assert_true(text.len < sizeof(user.last) || user.echo);
	if (text.len < sizeof(user.last)) {
		memcpy(user.last, text.p, text.len);
		user.last[text.len] = '\0';
	}
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

static void
start(void)
{
	memset(&user, 0, sizeof(user));
	rig_start();
	rig.upgrade = upgrade;
}

/* The bytes after the head of the reply. */
static struct slice
frames(struct client *cl)
{
	const uint8_t *p, *end;

	client_read(cl);
	p = buf_data(&cl->in);
	end = memmem(p, buf_len(&cl->in), "\r\n\r\n", 4);
	if (end == NULL)
		return (struct slice){p, 0};
	return (struct slice){end + 4, (size_t)(p + buf_len(&cl->in) - end - 4)};
}

static bool
got(struct client *cl, const char *p, size_t len)
{
	struct slice all = frames(cl);

	return all.len == len && memcmp(all.p, p, len) == 0;
}

/* The last received frame is a server's close with this code. */
static bool
got_close(struct client *cl, unsigned code)
{
	struct slice all = frames(cl);

	for (size_t back = 4; back <= 127 && back <= all.len; back++) {
		const uint8_t *p = all.p + all.len - back;

		if (p[0] == 0x88 && p[1] == back - 2 && p[2] == code >> 8 &&
		    p[3] == (code & 0xff))
			return true;
	}
	return false;
}

/* A client whose WebSocket is open. */
static void
open_ws(struct client *cl)
{
	client_open(cl);
	client_send(cl, ASK);
	WAIT_FOR(client_has(cl, "\r\n\r\n"));
	assert_true(client_begins_with(cl, "HTTP/1.1 101 Switching Protocols\r\n"));
	assert_non_null(user.ws);
}

static void
start_open(struct client *cl)
{
	start();
	open_ws(cl);
}

static void
wait_until_over(struct client *cl)
{
	WAIT_FOR(client_at_end(cl));
	client_close(cl);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	assert_int_equal(http_server_exchanges(rig.server), 0);
	assert_int_equal(user.closed, 1);
	assert_int_equal(rig.answered, 1);
}

static void
close_ws(struct client *cl)
{
	client_send_bytes(cl, BYTES(CLOSE));
	wait_until_over(cl);
}

/* A client whose handshake the test answers. */
static void
start_keep(struct client *cl)
{
	start();
	client_open(cl);
	client_send(cl, ASK_KEEP);
}

RIG_TEST(an_idle_websocket_holds_no_buffers)
{
	struct http_conn *c;
	struct client cl;

	start();
	user.echo = true;
	open_ws(&cl);
	assert_true(client_has(&cl, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_true(client_has(&cl, "X-Frame-Options: DENY\r\n"));
	client_send_bytes(&cl, BYTES(HI));
	WAIT_FOR(got(&cl, BYTES(HI_BACK)));
	assert_int_equal(http_server_exchanges(rig.server), 1);
	c = rig_conn();
	assert_null(c->in.mem);
	assert_null(c->out.mem);
	assert_int_equal(c->box->x.req->n_headers, 0);
	assert_int_equal(c->box->x.status, 101);
	assert_int_equal(c->box->x.sent, 2);
	client_send_bytes(&cl, BYTES(CLOSE));
	WAIT_FOR(got_close(&cl, WS_NORMAL));
	wait_until_over(&cl);
}

RIG_TEST(a_handshake_may_be_accepted_later)
{
	struct client cl;

	start_keep(&cl);
	user.echo = true;
	client_send_bytes(&cl, BYTES(HI));
	WAIT_FOR(rig.n_kept == 1);
	rig_turn();
	upgrade(rig.kept[0]);
	WAIT_FOR(got(&cl, BYTES(HI_BACK)));
	client_send_bytes(&cl, BYTES(HI));
	WAIT_FOR(got(&cl, BYTES(HI_BACK HI_BACK)));
	close_ws(&cl);
}

/* The reply and an event of the connection in one turn: the request must not be read as frames, and
 * must stay valid for its user. */
RIG_TEST(the_accept_and_input_may_come_in_one_turn)
{
	struct client cl;

	start_keep(&cl);
	user.echo = true;
	WAIT_FOR(rig.n_kept == 1);
	upgrade(rig.kept[0]);
	event_active(&rig_conn()->event, EV_READ, 0);
	client_send_bytes(&cl, BYTES(HI));
	WAIT_FOR(got(&cl, BYTES(HI_BACK)));
	close_ws(&cl);
}

RIG_TEST(a_half_closed_client_still_gets_the_handshake_reply)
{
	struct client cl;

	start_keep(&cl);
	user.echo = true;
	client_send_bytes(&cl, BYTES(HI));
	assert_int_equal(shutdown(cl.fd, SHUT_WR), 0);
	WAIT_FOR(rig.n_kept == 1);
	rig_turn();
	upgrade(rig.kept[0]);
	WAIT_FOR(got(&cl, BYTES(HI_BACK)));
	wait_until_over(&cl);
}

RIG_TEST(accepting_a_client_that_just_left_ends_at_once)
{
	struct client cl;

	start_keep(&cl);
	WAIT_FOR(rig.n_kept == 1);
	conn_drop(rig_conn(), NULL);
	upgrade(rig.kept[0]);
	assert_int_equal(ws_send(user.ws, slice_str("hi")), -1);
	rig_turn();
	assert_int_equal(user.closed, 1);
	wait_until_over(&cl);
}

RIG_TEST(our_close_waits_for_the_peers_close)
{
	struct client cl;

	start_open(&cl);
	user.close = true;
	client_send_bytes(&cl, BYTES(HI HI PING));
	WAIT_FOR(got_close(&cl, WS_TRY_AGAIN));
	assert_int_equal(user.closed, 1);
	assert_int_equal(user.messages, 1);
	assert_true(got(&cl,
	    BYTES("\x88\x08\x03\xf5"
		  "enough")));
	assert_false(client_at_end(&cl));
	assert_int_equal(http_server_exchanges(rig.server), 1);
	close_ws(&cl);
	assert_int_equal(user.messages, 1);
}

RIG_TEST(our_close_without_a_reply_ends_after_the_timeout)
{
	struct client cl;

	rig.limits.linger_timeout = 30;
	start_open(&cl);
	ws_close(user.ws, WS_POLICY, "go");
	assert_int_equal(ws_send(user.ws, slice_str("late")), -1);
	assert_int_equal(user.closed, 0);
	WAIT_FOR(got(&cl,
	    BYTES("\x88\x04\x03\xf0"
		  "go")));
	wait_until_over(&cl);
}

RIG_TEST(a_long_reason_is_cut_between_characters)
{
	struct client cl;
	char reason[200];

	for (size_t i = 0; i < 99; i++)
		memcpy(reason + 2 * i, "\xc3\xa9", 3);
	start_open(&cl);
	ws_close(user.ws, WS_INTERNAL, reason);
	WAIT_FOR(got_close(&cl, WS_INTERNAL));
	assert_int_equal(frames(&cl).len, 2 + 2 + 122);
	assert_memory_equal(frames(&cl).p + 4, reason, 122);
	close_ws(&cl);
}

RIG_TEST(a_lost_connection_calls_closed)
{
	struct client cl;

	start_open(&cl);
	client_reset(&cl);
	WAIT_FOR(user.closed == 1);
	assert_int_equal(rig.answered, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

RIG_TEST(freeing_the_server_calls_closed)
{
	struct client cl;

	start_open(&cl);
	client_send_bytes(&cl, BYTES(FIRST));
	WAIT_FOR(rig_conn()->timer_on == TIMER_BODY);
	rig_stop();
	assert_int_equal(user.closed, 1);
	assert_int_equal(rig.answered, 1);
	client_close(&cl);
}

RIG_TEST(draining_closes_with_1001)
{
	struct client polite, rude, late;

	rig.limits.linger_timeout = 100;
	start();
	open_ws(&polite);
	open_ws(&rude);
	http_server_drain(rig.server);
	client_open(&late);
	client_send(&late, ASK);
	WAIT_FOR(got_close(&polite, WS_GOING_AWAY) && got_close(&rude, WS_GOING_AWAY));
	client_send_bytes(&polite, BYTES(CLOSE));
	WAIT_FOR(client_at_end(&polite) && client_at_end(&rude));
	WAIT_FOR(client_at_end(&late));
	assert_true(client_begins_with(&late, "HTTP/1.1 101 "));
	assert_true(got_close(&late, WS_GOING_AWAY));
	client_close(&polite);
	client_close(&rude);
	client_close(&late);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	assert_int_equal(user.closed, 3);
}

static size_t
pings(struct client *cl)
{
	struct slice all = frames(cl);
	size_t n = 0;

	for (size_t i = 0; i + 1 < all.len; i += 2)
		n += all.p[i] == 0x89 && all.p[i + 1] == 0;
	return n;
}

RIG_TEST(two_unanswered_pings_drop_the_connection)
{
	struct client cl;

	rig.limits.ping_interval = 20;
	start_open(&cl);
	rig_quiet();
	WAIT_FOR(client_at_end(&cl));
	rig_loud();
	assert_int_equal(pings(&cl), 2);
	assert_int_equal(frames(&cl).len, 4);
	wait_until_over(&cl);
}

RIG_TEST(a_pong_resets_the_count_of_unanswered_pings)
{
	struct client cl;

	rig.limits.ping_interval = 20;
	start_open(&cl);
	for (size_t n = 1; n <= 6; n++) {
		WAIT_FOR(pings(&cl) >= n);
		client_send_bytes(&cl, BYTES(PONG));
	}
	assert_int_equal(user.closed, 0);
	close_ws(&cl);
}

/* A header, a part of it, a payload, a fragment: each waits for the rest at most body_timeout. */
RIG_TEST(an_incomplete_message_times_out)
{
	static const struct {
		const char *p;
		size_t len;
	} parts[] = {
	    {BYTES("\x81")},
	    {BYTES("\x81\xff\0\0\0\0")},
	    {BYTES("\x81\x85" MASK "half")},
	    {BYTES("\x89\x85" MASK "half")},
	    {BYTES(FIRST)},
	};
	struct client cl;

	rig.limits.body_timeout = 30;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		start();
		rig.answered = 0;
		open_ws(&cl);
		client_send_bytes(&cl, BYTES(HI));
		client_send_bytes(&cl, parts[i].p, parts[i].len);
		WAIT_FOR(got_close(&cl, WS_POLICY));
		wait_until_over(&cl);
		rig_stop();
	}
}

RIG_TEST(pings_do_not_extend_the_timeout_of_a_message)
{
	struct client cl;

	rig.limits.body_timeout = 100;
	start_open(&cl);
	client_send_bytes(&cl, BYTES(FIRST));
	while (!got_close(&cl, WS_POLICY)) {
		(void)send(cl.fd, BYTES(PING), MSG_NOSIGNAL);
		rig_turn();
	}
	wait_until_over(&cl);
}

/* Each is in time, although something is always incomplete. */
RIG_TEST(each_message_has_its_own_timeout)
{
	struct client cl;
	uint64_t begun;

	rig.limits.body_timeout = 1000;
	rig.limits.frames_max = UINT_MAX;
	start_open(&cl);
	client_send_bytes(&cl, BYTES(FIRST));
	begun = clock_mono_ms();
	while (clock_mono_ms() < begun + 2 * rig.limits.body_timeout) {
		size_t before = user.messages;

		client_send_bytes(&cl, BYTES(LAST FIRST));
		WAIT_FOR(user.messages > before || user.closed > 0);
	}
	assert_int_equal(user.closed, 0);
	client_send_bytes(&cl, BYTES(LAST CLOSE));
	WAIT_FOR(got_close(&cl, WS_NORMAL));
	wait_until_over(&cl);
}

#define SMALL_BUFFER 8192

static void
open_small(struct client *cl)
{
	client_open_with(cl, SMALL_BUFFER);
	client_send(cl, ASK);
	WAIT_FOR(client_has(cl, "\r\n\r\n"));
}

/* Sends until the output is full. Returns the bytes sent. */
static size_t
fill(size_t piece)
{
	static uint8_t text[65536];
	size_t n = 0;

	memset(text, 'x', sizeof(text));
	while (ws_send(user.ws, (struct slice){text, piece}) == 0) {
		n += piece;
		assert_true(n < (size_t)64 << 20);
	}
	return n;
}

RIG_TEST(a_peer_with_too_much_queued_output_is_dropped)
{
	struct client cl;

	rig.limits.output_max = 65536;
	start();
	open_small(&cl);
	rig_quiet();
	assert_true(fill(4096) >= rig.limits.output_max);
	rig_loud();
	assert_int_equal(user.closed, 0);
	WAIT_FOR(user.closed == 1);
	assert_int_equal(http_server_connections(rig.server), 0);
	client_close(&cl);
}

RIG_TEST(a_peer_that_takes_nothing_is_dropped_after_the_stall_timeout)
{
	static uint8_t text[200000];
	struct client cl;

	rig.limits.stall_timeout = 50;
	start();
	open_small(&cl);
	assert_int_equal(ws_send(user.ws, (struct slice){text, sizeof(text)}), 0);
	rig_quiet();
	WAIT_FOR(user.closed == 1);
	rig_loud();
	client_close(&cl);
}

RIG_TEST(nothing_is_read_from_a_peer_that_takes_nothing)
{
	static uint8_t text[200000];
	struct client cl;

	start();
	open_small(&cl);
	assert_int_equal(ws_send(user.ws, (struct slice){text, sizeof(text)}), 0);
	rig_turn();
	assert_true(rig_conn()->blocked);
	client_send_bytes(&cl, BYTES(HI));
	for (size_t i = 0; i < 20; i++)
		rig_turn();
	assert_int_equal(user.messages, 0);
	WAIT_FOR((client_read(&cl), user.messages == 1));
	client_close(&cl);
	WAIT_FOR(user.closed == 1);
}

RIG_TEST(a_replay_does_not_count)
{
	static uint8_t text[500000];
	struct client cl;

	rig.limits.output_max = 4096;
	start();
	open_small(&cl);
	assert_int_equal(ws_send(user.ws, slice_str("first")), 0);
	assert_int_equal(ws_send_replay(user.ws, (struct slice){text, sizeof(text)}), 0);
	rig_turn();
	assert_int_equal(ws_send(user.ws, slice_str("after")), 0);
	WAIT_FOR(client_received(&cl) > sizeof(text) && client_ends_with(&cl, "after"));
	assert_int_equal(user.closed, 0);
	client_close(&cl);
	WAIT_FOR(user.closed == 1);
}

/* A close is queued even if the output is full. */
RIG_TEST(a_close_is_sent_after_the_queued_output)
{
	static uint8_t text[500000];
	struct client cl;

	rig.limits.output_max = 4096;
	start();
	open_small(&cl);
	assert_int_equal(ws_send(user.ws, (struct slice){text, sizeof(text)}), 0);
	ws_close(user.ws, WS_NORMAL, "");
	WAIT_FOR(got_close(&cl, WS_NORMAL));
	assert_true(frames(&cl).len > sizeof(text));
	close_ws(&cl);
}

/* The outcome of a message of this length. */
static void
send_of_length(struct client *cl, size_t len)
{
	uint8_t *bytes = calloc(1, len + 8);

	assert_non_null(bytes);
	memcpy(bytes, "\x81\xfe", 2);
	bytes[2] = (uint8_t)(len >> 8);
	bytes[3] = (uint8_t)len;
	client_send_bytes(cl, (const char *)bytes, len + 8);
	free(bytes);
}

RIG_TEST(a_message_over_the_limit_is_refused)
{
	struct client cl;

	rig.limits.message_max = 1000;
	start();
	user.echo = true;
	open_ws(&cl);
	send_of_length(&cl, 1000);
	WAIT_FOR(frames(&cl).len == 1004);
	send_of_length(&cl, 1001);
	WAIT_FOR(got_close(&cl, WS_TOO_BIG));
	assert_int_equal(user.messages, 1);
	wait_until_over(&cl);
}

/* Frames that end no message are counted for ten seconds; messages are for the user to count. */
RIG_TEST(frames_over_the_limit_are_refused)
{
	struct client cl;

	rig.limits.frames_max = 5;
	start_open(&cl);
	for (size_t i = 0; i < 10; i++)
		client_send_bytes(&cl, BYTES(HI));
	client_send_bytes(&cl, BYTES(FIRST PING PONG PING PONG LAST));
	WAIT_FOR(user.messages == 11);
	assert_int_equal(user.closed, 0);
	client_send_bytes(&cl, BYTES(PONG));
	WAIT_FOR(got_close(&cl, WS_POLICY));
	wait_until_over(&cl);
}

/* A turn reads a bounded amount from one peer, so that others are served. */
RIG_TEST(a_turn_reads_a_bounded_amount)
{
	struct client cl;

	start_open(&cl);
	for (size_t i = 0; i < 4000; i++)
		client_send_bytes(&cl, BYTES("\x81\x80" MASK)); /* 24,000 bytes */
	for (size_t before = 0; user.messages < 4000; before = user.messages) {
		rig_turn();
		assert_in_range(user.messages - before, 0, 16384 / 6 + 1);
	}
	close_ws(&cl);
}

/* RFC 6455, section 5.2: the length has the shortest of three encodings. */
TEST(a_frame_has_the_shortest_length_encoding)
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
	static uint8_t payload[65536];
	struct buf out;

	memset(payload, 'x', sizeof(payload));
	buf_init(&out, sizeof(payload) + WS_HEAD_MAX);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice s = {payload, cases[i].len};

		assert_int_equal(ws_frame_write(&out, WS_BINARY, s), 0);
		assert_int_equal(buf_len(&out), cases[i].head + s.len);
		assert_memory_equal(buf_data(&out), cases[i].first, cases[i].head);
		assert_memory_equal(buf_data(&out) + cases[i].head, payload, s.len);
		buf_reset(&out);
	}
	buf_clear(&out);
}

TEST_MAIN(NULL, NULL)
