/*
 * Peers over real sockets: what one sent is served to the last request, also when it has gone in
 * the meantime.
 */
#include <sys/socket.h>

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/server/peers.h"
#include "tests/unit/unit.h"

/* Loop turns within which everything sent must be served. */
#define TURNS_ENOUGH 100

/* The worker end of a peer's socket. */
struct served {
	struct fixture *f;
	struct event_base *base;
	struct peers peers;
	struct peer *peer;
	struct channel worker;
};

static void
served_open(struct served *s, struct fixture *f)
{
	int fds[2];

	s->f = f;
	s->base = event_base_new();
	assert_non_null(s->base);
	peers_init(&s->peers, s->base, &f->live);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	channel_open(&s->worker, fds[0], ROLE_WORKER, ROLE_STORE, WIRE_FRAME_MAX);
	peers_add(&s->peers, fds[1]);
	s->peer = TAILQ_FIRST(&s->peers.all);
	assert_non_null(s->peer);
}

static void
served_close(struct served *s)
{
	peers_clear(&s->peers);
	channel_close(&s->worker);
	event_base_free(s->base);
}

/* The two halves of a loop turn of the server. */
static void
read_and_commit(struct served *s)
{
	assert_int_not_equal(event_base_loop(s->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	peer_take(s->peer, &s->f->batch);
	assert_int_equal(batch_end(&s->f->batch), 0);
}

static void
settle(struct served *s)
{
	peer_settle(&s->peers, s->peer);
}

static void
say(struct served *s, enum msg_type type, const void *msg)
{
	assert_int_equal(channel_send(&s->worker, type, ++s->f->requests, msg), 0);
	assert_int_equal(channel_flush(&s->worker), CHANNEL_DONE);
}

static size_t
last_transaction(struct fixture *f)
{
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	return info.me_last_txnid;
}

/* The server gathers: what came while the first requests ran is in their batch, and the buffer that
 * all of them lie in does not move. */
STORE_TEST(requests_that_come_meanwhile_share_the_commit)
{
	struct fixture *f = *state;
	struct msg_turn_begin begins[40];
	struct frame frame;
	struct served s;
	size_t before;
	union msg m;

	served_open(&s, f);
	read_and_commit(&s);
	settle(&s);
	before = last_transaction(f);
	f->requests = 0;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		begins[i] = begin_of(i % 2 ? "odd" : "even", i % 2 ? "one" : "two");
		say(&s, MSG_TURN_BEGIN, &begins[i]);
		assert_int_not_equal(
		    event_base_loop(s.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
		peer_take(s.peer, &f->batch);
		assert_int_equal(f->batch.n, i + 1);
	}
	assert_int_equal(batch_end(&f->batch), 0);
	assert_int_equal(last_transaction(f), before + 1);
	settle(&s);
	for (uint64_t i = 1; i <= ARRAY_LEN(begins); i++) {
		while (channel_next(&s.worker, &frame, &m) == WIRE_MORE)
			assert_int_equal(channel_read(&s.worker), CHANNEL_DONE);
		assert_int_equal(frame.request, i);
		assert_int_equal(frame.type, MSG_TURN_BEGUN);
	}
	assert_int_equal(table_count(f, TABLE_MESSAGES), ARRAY_LEN(begins));
	served_close(&s);
}

/* Bytes after an invalid message are ignored, even if more arrive within the batch. */
STORE_TEST(a_peer_that_was_dropped_is_read_no_more)
{
	static const uint8_t nonsense[4096] = {0xff, 0xff, 0xff, 0xff};
	struct fixture *f = *state;
	struct served s;

	served_open(&s, f);
	read_and_commit(&s);
	settle(&s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    send(s.worker.fd, nonsense, sizeof(nonsense), 0), sizeof(nonsense));
		assert_int_not_equal(
		    event_base_loop(s.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
		peer_take(s.peer, &f->batch);
		assert_true(s.peer->dropped);
		assert_false(s.peer->ready);
		assert_int_equal(event_pending(s.peer->readable, EV_READ, NULL), 0);
	}
	assert_int_equal(batch_end(&f->batch), 0);
	settle(&s);
	assert_int_equal(s.peers.n, 0);
	served_close(&s);
}

/* The worker dies with its last words unread, while an answer is still to be sent to it. With
 * answers that it has not read, the socket ends with ECONNRESET, else with an EOF (unix(7)). */
static void
die_and_expect_the_last_words(struct fixture *f, bool reads_answers)
{
	struct msg_turn_begin begin = begin_of(reads_answers ? "s1" : "s2", "hello");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "hi ");
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi there");
	struct served s;

	served_open(&s, f);
	say(&s, MSG_TURN_BEGIN, &begin);
	read_and_commit(&s);
	settle(&s);
	if (reads_answers)
		assert_int_equal(channel_read(&s.worker), CHANNEL_DONE);

	say(&s, MSG_TURN_CHECKPOINT, &piece);
	read_and_commit(&s);
	assert_true(buf_len(&s.peer->channel.out) > 0);
	say(&s, MSG_TURN_FINISH, &finish);
	channel_close(&s.worker);
	settle(&s);

	for (int i = 0; i < TURNS_ENOUGH && s.peers.n > 0; i++) {
		read_and_commit(&s);
		settle(&s);
	}
	assert_int_equal(s.peers.n, 0);
	assert_int_equal(f->open.n, 0);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi there");
	served_close(&s);
}

STORE_TEST(the_last_words_of_a_killed_worker_are_heard)
{
	die_and_expect_the_last_words(*state, true);
	die_and_expect_the_last_words(*state, false);
}

/* A peer that sends without reading is read only up to a limit. */
STORE_TEST(a_peer_that_takes_no_answers_is_read_no_further)
{
	struct msg_conversation_list list = {.org = id_default_org};
	struct served s;
	size_t unsent = 0;

	for (int i = 0; i < 300; i++) {
		char session[16];

		snprintf(session, sizeof(session), "s%d", i);
		chat(*state, session, "question", "answer");
	}
	served_open(&s, *state);
	while (buf_len(&s.peer->channel.out) <= PEER_UNSENT_HIGH) {
		say(&s, MSG_CONVERSATION_LIST, &list);
		read_and_commit(&s);
		settle(&s);
		assert_int_equal(s.peers.n, 1);
		assert_true(buf_len(&s.peer->channel.out) >= unsent);
		unsent = buf_len(&s.peer->channel.out);
	}
	assert_false(event_pending(s.peer->readable, EV_READ, NULL));
	say(&s, MSG_CONVERSATION_LIST, &list);
	read_and_commit(&s);
	assert_int_equal(buf_len(&s.peer->channel.out), unsent);
	served_close(&s);
}

STORE_TEST(a_peer_that_breaks_the_protocol_is_dropped)
{
	struct served s;

	served_open(&s, *state);
	assert_int_equal(buf_append(&s.worker.out, "garbage that is no frame", 24), 0);
	assert_int_equal(channel_flush(&s.worker), CHANNEL_DONE);
	read_and_commit(&s);
	settle(&s);
	assert_int_equal(s.peers.n, 0);
	served_close(&s);
}

/* Checks in a row after which a peer with an incomplete message must be dropped. */
#define LOOKS_ENOUGH 5

/* Checks one time too few, then once more. */
static void
expect_dropped_by_looks(struct served *s)
{
	for (int i = 1; i < LOOKS_ENOUGH; i++) {
		peers_look(&s->peers);
		read_and_commit(s);
		settle(s);
		assert_int_equal(s->peers.n, 1);
	}
	peers_look(&s->peers);
	settle(s);
	assert_int_equal(s->peers.n, 0);
}

STORE_TEST(a_peer_that_says_no_hello_is_dropped_in_time)
{
	struct served s;

	served_open(&s, *state);
	expect_dropped_by_looks(&s);
	served_close(&s);
}

/* Sends a complete ping, and another one without its last byte. */
static void
say_one_and_a_half(struct served *s)
{
	struct msg_ping ping = {};
	size_t most;

	assert_int_equal(channel_send(&s->worker, MSG_PING, 1, &ping), 0);
	assert_int_equal(channel_send(&s->worker, MSG_PING, 2, &ping), 0);
	most = buf_len(&s->worker.out) - 1;
	assert_int_equal(
	    send(s->worker.fd, buf_data(&s->worker.out), most, MSG_NOSIGNAL), most);
	buf_consume(&s->worker.out, most);
	read_and_commit(s);
	settle(s);
}

STORE_TEST(a_peer_that_sends_half_a_message_is_dropped_in_time)
{
	struct served s;

	served_open(&s, *state);
	say_one_and_a_half(&s);
	expect_dropped_by_looks(&s);
	served_close(&s);
}

/* A slow but complete message, or silence, drops nobody. */
STORE_TEST(a_peer_that_owes_nothing_stays)
{
	struct served s;

	served_open(&s, *state);
	say_one_and_a_half(&s);
	for (int i = 1; i < LOOKS_ENOUGH; i++)
		peers_look(&s.peers);
	assert_int_equal(channel_flush(&s.worker), CHANNEL_DONE);
	for (int i = 0; i < 3 * LOOKS_ENOUGH; i++) {
		read_and_commit(&s);
		settle(&s);
		peers_look(&s.peers);
		assert_int_equal(s.peers.n, 1);
	}
	served_close(&s);
}

TEST_MAIN(NULL, NULL)
