/*
 * Peers over real sockets: each is served to its last request, also after it has disconnected.
 */
#include <sys/socket.h>

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/server/peers.h"

/* Loop turns within which everything sent must be served. */
#define TURNS_ENOUGH 100

/* A peer, with the worker at the other end of its socket. */
static struct fixture *f;
static struct event_base *base;
static struct peers peers;
static struct peer *peer;
static struct channel worker;
static uint64_t connected_at; /* or later */

static void
connect_peer(enum role role, struct channel *other)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	channel_open(other, fds[0], role, ROLE_STORE, WIRE_FRAME_MAX);
	peers_add(&peers, fds[1]);
}

static void
connect_worker(void)
{
	base = event_base_new();
	assert_non_null(base);
	peers_init(&peers, base, &f->live);
	connected_at = clock_wall_ms();
	connect_peer(ROLE_WORKER, &worker);
	peer = TAILQ_FIRST(&peers.all);
	assert_non_null(peer);
}

static void
disconnect_worker(void)
{
	peers_clear(&peers);
	channel_close(&worker);
	event_base_free(base);
}

static int
set_up(void **state)
{
	fixture_setup(state);
	f = *state;
	connect_worker();
	return 0;
}

static int
tear_down(void **state)
{
	disconnect_worker();
	return fixture_teardown(state);
}

/* The parts of a loop turn of the server. */
static void
receive(void)
{
	assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	peer_take(peer, &f->batch);
}

static void
receive_and_commit(void)
{
	receive();
	assert_int_equal(batch_end(&f->batch), 0);
}

static void
loop_turn(void)
{
	receive_and_commit();
	peer_settle(&peers, peer);
}

static void
say(enum msg_type type, const void *msg)
{
	assert_int_equal(channel_send(&worker, type, ++f->requests, msg), 0);
	assert_int_equal(channel_flush(&worker), CHANNEL_DONE);
}

/* Requests that arrive while others run are in their batch, and the buffer that all of them lie in
 * does not move. */
FIXTURE_TEST(requests_that_come_meanwhile_share_the_commit)
{
	struct msg_turn_begin begins[40];
	struct frame frame;
	size_t before;
	union msg m;

	loop_turn();
	before = store_info(f).me_last_txnid;
	f->requests = 0;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		begins[i] = begin_of(i % 2 ? "odd" : "even", i % 2 ? "one" : "two");
		say(MSG_TURN_BEGIN, &begins[i]);
		receive();
		assert_int_equal(f->batch.n, i + 1);
	}
	assert_int_equal(batch_end(&f->batch), 0);
	assert_int_equal(store_info(f).me_last_txnid, before + 1);
	peer_settle(&peers, peer);
	for (uint64_t i = 1; i <= ARRAY_LEN(begins); i++) {
		while (channel_next(&worker, &frame, &m) == WIRE_MORE)
			assert_int_equal(channel_read(&worker), CHANNEL_DONE);
		assert_int_equal(frame.request, i);
		assert_int_equal(frame.type, MSG_TURN_BEGUN);
	}
	assert_int_equal(table_count(f, TABLE_MESSAGES), ARRAY_LEN(begins));
}

/* Bytes after an invalid message are ignored, even if more arrive within the batch. */
FIXTURE_TEST(a_peer_that_breaks_the_protocol_is_dropped)
{
	static const uint8_t nonsense[4096] = {0xff, 0xff, 0xff, 0xff};

	loop_turn();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    send(worker.fd, nonsense, sizeof(nonsense), 0), sizeof(nonsense));
		receive();
		assert_true(peer->dropped);
		assert_false(peer->ready);
		assert_int_equal(event_pending(peer->readable, EV_READ, NULL), 0);
	}
	assert_int_equal(batch_end(&f->batch), 0);
	peer_settle(&peers, peer);
	assert_int_equal(peers.n, 0);
}

/* The worker dies with its last requests unread, while an answer is still to be sent to it. With
 * answers that it has not read, the socket ends with ECONNRESET, else with an EOF (unix(7)). */
FIXTURE_TEST(the_last_requests_of_a_killed_worker_are_served)
{
	static const char *const sessions[] = {"answers are read", "answers are not read"};

	for (int unread = 0; unread < 2; unread++) {
		struct msg_turn_begin begin = begin_of(sessions[unread], "hello");
		struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "hi ");
		struct msg_turn_finish finish = finish_of(&begin.turn, "hi there");

		say(MSG_TURN_BEGIN, &begin);
		loop_turn();
		if (!unread)
			assert_int_equal(channel_read(&worker), CHANNEL_DONE);
		say(MSG_TURN_CHECKPOINT, &piece);
		receive_and_commit();
		assert_true(buf_len(&peer->channel.out) > 0);
		say(MSG_TURN_FINISH, &finish);
		channel_close(&worker);
		peer_settle(&peers, peer);
		for (int i = 0; i < TURNS_ENOUGH && peers.n > 0; i++)
			loop_turn();
		assert_int_equal(peers.n, 0);
		assert_int_equal(f->open.n, 0);
		EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi there");
		disconnect_worker();
		connect_worker();
	}
}

/* A peer that sends without reading is read only up to a limit. */
FIXTURE_TEST(a_peer_that_takes_no_answers_is_read_no_further)
{
	struct msg_conversation_list list = {.org = id_default_org};
	size_t unsent = 0;

	for (int i = 0; i < 300; i++) {
		char session[16];

		snprintf(session, sizeof(session), "s%d", i);
		chat(f, session, "question", "answer");
	}
	while (buf_len(&peer->channel.out) <= PEER_UNSENT_HIGH) {
		say(MSG_CONVERSATION_LIST, &list);
		loop_turn();
		assert_int_equal(peers.n, 1);
		assert_true(buf_len(&peer->channel.out) >= unsent);
		unsent = buf_len(&peer->channel.out);
	}
	assert_false(event_pending(peer->readable, EV_READ, NULL));
	say(MSG_CONVERSATION_LIST, &list);
	receive_and_commit();
	assert_int_equal(buf_len(&peer->channel.out), unsent);
}

/* More than the queue has room for, and more than the socket's buffer. */
FIXTURE_TEST(a_worker_receives_the_end_of_each_of_300000_visitors)
{
	const struct id widget = id_new();
	size_t received = 0;
	struct frame frame;
	union msg m;

	for (int i = 0; i < 300000; i++) {
		const struct id visitor = id_new();

		rooms_follow(&f->live.rooms, &peer->client, &visitor, &widget);
	}
	rooms_end_widget(&f->live.rooms, &widget);
	while (received < 300000) {
		loop_turn();
		assert_int_equal(peers.n, 1);
		assert_int_equal(channel_read(&worker), CHANNEL_DONE);
		while (channel_next(&worker, &frame, &m) == WIRE_OK)
			received += frame.type == MSG_LIVE_ROOM_END;
	}
	assert_int_equal(f->live.rooms.n, 0);
}

/* Checks in a row after which a peer without a hello, or with an incomplete message, must be
 * dropped. */
#define LOOKS_HELLO  5
#define LOOKS_ENOUGH 21

/* Checks one time too few, then once more. */
static void
expect_dropped_by_looks(int enough)
{
	for (int i = 1; i < enough; i++) {
		peers_look(&peers);
		loop_turn();
		assert_int_equal(peers.n, 1);
	}
	peers_look(&peers);
	peer_settle(&peers, peer);
	assert_int_equal(peers.n, 0);
}

FIXTURE_TEST(a_peer_without_a_hello_is_dropped_in_time)
{
	expect_dropped_by_looks(LOOKS_HELLO);
}

/* Sends a complete ping, and another one without its last byte. */
static void
say_one_and_a_half(void)
{
	struct msg_ping ping = {};
	size_t most;

	assert_int_equal(channel_send(&worker, MSG_PING, 1, &ping), 0);
	assert_int_equal(channel_send(&worker, MSG_PING, 2, &ping), 0);
	most = buf_len(&worker.out) - 1;
	assert_int_equal(send(worker.fd, buf_data(&worker.out), most, MSG_NOSIGNAL), most);
	buf_consume(&worker.out, most);
	loop_turn();
}

FIXTURE_TEST(a_peer_that_sends_half_a_message_is_dropped_in_time)
{
	say_one_and_a_half();
	expect_dropped_by_looks(LOOKS_ENOUGH);
}

/* A slow but complete message, or silence, drops nobody. */
FIXTURE_TEST(a_peer_that_owes_nothing_stays)
{
	say_one_and_a_half();
	for (int i = 1; i < LOOKS_ENOUGH; i++)
		peers_look(&peers);
	assert_int_equal(channel_flush(&worker), CHANNEL_DONE);
	for (int i = 0; i < 3 * LOOKS_ENOUGH; i++) {
		loop_turn();
		peers_look(&peers);
		assert_int_equal(peers.n, 1);
	}
}

FIXTURE_TEST(the_status_names_the_peers_that_have_said_who_they_are)
{
	struct msg_turn_begin one = begin_of("s1", "x"), two = begin_of("s1", "y");
	struct msg_turn_begin others = begin_of("s2", "z");
	struct msg_turn_join join = {.org = others.org, .widget = others.widget};
	uint64_t request;
	struct msg_peer_status got;
	struct channel silent;
	union msg m;

	f->batch.peers = &peers;
	connect_peer(ROLE_TOOL, &silent);
	ask(f, MSG_TURN_BEGIN, &others, MSG_TURN_BEGUN, NULL);
	join.session = others.session;
	join.turn = others.turn;
	say(MSG_TURN_BEGIN, &one);
	say(MSG_TURN_BEGIN, &two);
	say(MSG_TURN_JOIN, &join);
	receive_and_commit();
	request = send_request(f, &f->tool, MSG_STATUS_GET, &(struct msg_status_get){});
	commit(f);
	expect_answer(f, &f->tool, request, MSG_STATUS, &m);
	assert_int_equal(list_len(m.status.peers), 1);
	list_item(m.status.peers, 0, MSG_PEER_STATUS, &got);
	assert_int_equal(got.role, ROLE_WORKER);
	assert_int_equal(got.pid, getpid());
	assert_text(got.program, "banter " BANTER_VERSION);
	assert_true(got.since >= connected_at && got.since <= clock_wall_ms());
	assert_int_equal(got.open_turns, 2);
	assert_int_equal(got.following, 1);
	channel_close(&silent);
}

FIXTURE_TEST(store_info_names_a_crawld_while_it_is_connected)
{
	struct channel crawld;
	uint64_t request;
	union msg m;

	f->batch.peers = &peers;
	request = send_request(f, &f->a, MSG_STORE_INFO_GET, &(struct msg_store_info_get){});
	commit(f);
	expect_answer(f, &f->a, request, MSG_STORE_INFO, &m);
	assert_text(m.store_info.crawl_program, "");
	assert_int_equal(m.store_info.crawl_pid, 0);
	connect_peer(ROLE_CRAWL, &crawld);
	assert_int_equal(channel_flush(&crawld), CHANNEL_DONE);
	receive();
	peer_take(TAILQ_NEXT(peer, order), &f->batch);
	request = send_request(f, &f->a, MSG_STORE_INFO_GET, &(struct msg_store_info_get){});
	commit(f);
	expect_answer(f, &f->a, request, MSG_STORE_INFO, &m);
	assert_text(m.store_info.crawl_program, "banter " BANTER_VERSION);
	assert_int_equal(m.store_info.crawl_pid, getpid());
	channel_close(&crawld);
}

TEST_MAIN(NULL, NULL)
