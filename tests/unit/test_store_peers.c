/*
 * Peers over real sockets: what one sent is served to the last request, also when it has gone in
 * the meantime.
 */
#include <sys/socket.h>

#include "test_store_fixture.h"

#include "storaged/peers.h"

/* Loop turns in which everything that was sent must have been served. */
#define TURNS_ENOUGH 100

/* A worker at the other end of a peer's socket. */
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
	peers_init(&s->peers, s->base, &f->open);
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

/* The two halves of the server's loop turn. */
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

static void
the_last_words_of_a_killed_worker_are_heard(void **state)
{
	die_and_expect_the_last_words(*state, true);
	die_and_expect_the_last_words(*state, false);
}

/* One that goes on sending without reading is not read beyond a bound. */
static void
a_peer_that_takes_no_answers_is_read_no_further(void **state)
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

static void
a_peer_that_breaks_the_protocol_is_dropped(void **state)
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(the_last_words_of_a_killed_worker_are_heard),
	    STORE_TEST(a_peer_that_takes_no_answers_is_read_no_further),
	    STORE_TEST(a_peer_that_breaks_the_protocol_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
