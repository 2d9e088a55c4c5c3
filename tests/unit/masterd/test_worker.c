/*
 * What masterd sends to a worker and when, also while its socket is full: keys before the first
 * connection, new keys, drain, an earlier drain, and heartbeat checks.
 */
#include <string.h>
#include <unistd.h>

#include "masterd/worker.h"
#include "proto/base/clock.h"
#include "tests/unit/masterd/master_worker.h"
#include "tests/unit/unit.h"

static struct event_base *base;
static struct tls_keys *tls_keys;
static struct worker *worker;
static int end = -1; /* the worker's end */
static enum worker_state last_state;
static unsigned taken; /* calls of that hook */
static uint8_t record[CONTROL_RECORD_MAX];
static union msg heard;

static void
on_changed(struct worker *c, void *ctx)
{
	(void)ctx;
	last_state = c->state;
}

static void
on_taken(struct worker *c, void *ctx)
{
	(void)c, (void)ctx;
	taken++;
}

static void
on_renewed(void *ctx)
{
	(void)ctx;
}

/* struct tls_keys does not parse these. */
static void
certificate_of(struct certificate *id, const char *chain, const char *key)
{
	buf_init(&id->chain, TLS_CHAIN_MAX);
	buf_init(&id->key, TLS_KEY_MAX);
	assert_int_equal(buf_append_str(&id->chain, chain), 0);
	assert_int_equal(buf_append_str(&id->key, key), 0);
}

static void
start(const struct tls_keys *keys)
{
	static const struct worker_hooks hooks = {.changed = on_changed, .taken = on_taken};
	const struct worker_config who = {
	    .generation = 1, .pid = NOBODYS_PID, .tls_keys = keys};
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	end = pair[1];
	worker = worker_new(base, &who, pair[0], &hooks);
}

static int
set_up(void **state)
{
	struct certificate id;

	(void)state;
	base = loop_new();
	certificate_of(&id, "chain", "key");
	tls_keys = tls_keys_new(base, &id, on_renewed, NULL);
	last_state = WORKER_STARTING;
	taken = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	worker_free(worker);
	worker = NULL;
	closefd(&end);
	tls_keys_free(tls_keys);
	event_base_free(base);
	return 0;
}

/* The next message to the worker, in `heard`; 0 if there is none. */
static unsigned
hear(void)
{
	int fd;
	ssize_t n = fdpass_recv(end, record, sizeof(record), &fd);
	struct frame f;
	size_t size;

	closefd(&fd);
	if (n <= 0)
		return 0;
	assert_int_equal(wire_frame((struct slice){record, (size_t)n}, &f, &size), WIRE_OK);
	assert_int_equal(msg_decode(&f, ROLE_MASTER, ROLE_WORKER,
			     f.type == MSG_HELLO ? WHEN_FIRST : WHEN_READY, &heard),
	    WIRE_OK);
	return f.type;
}

static void
get_ready(void)
{
	const struct test_worker w = {.worker = worker, .end = end};

	test_worker_hello(&w);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(last_state, WORKER_READY);
}

static void
start_ready(const struct tls_keys *keys)
{
	start(keys);
	get_ready();
}

static void
hear_all(void)
{
	while (hear() != 0)
		;
}

/* Sends connections until the socket is full; returns how many. */
static size_t
fill(void)
{
	const struct msg_connection m = {.port = 1};
	size_t n = 0;

	while (worker_send_connection(worker, &m, end) == 0)
		n++;
	assert_int_equal(errno, EAGAIN);
	assert_true(n > 0);
	return n;
}

static void
hear_connections(size_t n)
{
	while (n-- > 0)
		assert_int_equal(hear(), MSG_CONNECTION);
}

#define WORKER_TEST(name) TEST_WITH(name, set_up, tear_down)

WORKER_TEST(keys_come_right_after_the_hello)
{
	struct msg_ticket_keys keys = tls_keys_tickets(tls_keys);

	start(tls_keys);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_true(slice_eq(heard.ticket_keys.current, keys.current));
	assert_int_equal(heard.ticket_keys.previous.len, 0);
	assert_int_equal(hear(), MSG_TLS_CERTIFICATE);
	assert_true(slice_eq_str(heard.tls_certificate.chain, "chain"));
	assert_true(slice_eq_str(heard.tls_certificate.key, "key"));
	assert_int_equal(hear(), 0);
}

WORKER_TEST(without_tls_keys_none_are_sent)
{
	start(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), 0);
}

WORKER_TEST(the_longest_keys_fit)
{
	static uint8_t text[TLS_CHAIN_MAX];
	struct certificate id;

	memset(text, 'x', sizeof(text));
	buf_init(&id.chain, TLS_CHAIN_MAX);
	buf_init(&id.key, TLS_KEY_MAX);
	assert_int_equal(buf_append(&id.chain, text, TLS_CHAIN_MAX), 0);
	assert_int_equal(buf_append(&id.key, text, TLS_KEY_MAX), 0);
	assert_true(tls_keys_replace(tls_keys, &id));
	start(tls_keys);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_int_equal(hear(), MSG_TLS_CERTIFICATE);
	assert_int_equal(heard.tls_certificate.chain.len, TLS_CHAIN_MAX);
	assert_int_equal(heard.tls_certificate.key.len, TLS_KEY_MAX);
}

WORKER_TEST(new_ticket_keys_come_without_the_certificate)
{
	start_ready(tls_keys);
	hear_all();
	tls_keys_renew(tls_keys);
	worker_send_keys(worker, false);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_int_equal(heard.ticket_keys.previous.len, TICKET_KEY_SIZE);
	assert_int_equal(hear(), 0);
}

WORKER_TEST(a_slow_worker_gets_the_newest_keys_when_there_is_room)
{
	struct certificate id;
	size_t n;

	start_ready(tls_keys);
	hear_all();
	n = fill();
	certificate_of(&id, "chain 2", "key 2");
	assert_true(tls_keys_replace(tls_keys, &id));
	worker_send_keys(worker, true);
	certificate_of(&id, "chain 3", "key 3");
	assert_true(tls_keys_replace(tls_keys, &id));
	worker_send_keys(worker, true);
	worker_drain(worker, 60000);
	hear_connections(n);
	assert_int_equal(hear(), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_true(slice_eq(heard.ticket_keys.current, tls_keys_tickets(tls_keys).current));
	assert_int_equal(hear(), MSG_TLS_CERTIFICATE);
	assert_true(slice_eq_str(heard.tls_certificate.key, "key 3"));
	assert_int_equal(hear(), MSG_DRAIN);
	assert_int_equal(hear(), 0);
}

WORKER_TEST(a_worker_whose_keys_cannot_be_sent_is_lost)
{
	start_ready(tls_keys);
	closefd(&end);
	worker_send_keys(worker, true);
	assert_int_equal(worker->state, WORKER_LOST);
}

WORKER_TEST(a_draining_worker_needs_no_keys)
{
	start_ready(tls_keys);
	hear_all();
	worker_drain(worker, 60000);
	assert_int_equal(hear(), MSG_DRAIN);
	worker_send_keys(worker, true);
	assert_int_equal(hear(), 0);
}

/* When its deadline expires. */
static uint64_t
deadline_ms(void)
{
	struct timeval tv;

	assert_true(event_pending(worker->deadline, EV_TIMEOUT, &tv));
	return (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000;
}

WORKER_TEST(an_earlier_drain_deadline_is_sent_and_a_later_one_is_not)
{
	uint64_t first;

	start_ready(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	worker_drain(worker, 900000);
	assert_int_equal(worker->state, WORKER_DRAINING);
	assert_int_equal(hear(), MSG_DRAIN);
	assert_true(heard.drain.within_ms <= 900000 && heard.drain.within_ms > 800000);
	first = deadline_ms();
	worker_drain(worker, 1000000);
	assert_int_equal(hear(), 0);
	assert_true(deadline_ms() < first + 50000);
	worker_drain(worker, 30000);
	assert_int_equal(hear(), MSG_DRAIN);
	assert_true(heard.drain.within_ms <= 30000);
	assert_true(deadline_ms() < first - 800000);
}

WORKER_TEST(an_earlier_deadline_applies_after_the_control_socket_closed)
{
	uint64_t first;

	start_ready(NULL);
	worker_drain(worker, 900000);
	closefd(&end);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(worker->control, -1);
	first = deadline_ms();
	worker_drain(worker, 0);
	assert_true(deadline_ms() < first);
	while (worker->state == WORKER_DRAINING)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(worker->state, WORKER_LOST);
}

/* The worker answers, and masterd reads the answer. */
static void
answer(void)
{
	const struct test_worker w = {.worker = worker, .end = end};

	assert_int_equal(test_worker_say(&w, MSG_ALIVE, &(struct msg_alive){}), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* Rounds without an answer, all of which count. */
static void
pass_rounds(unsigned n)
{
	while (n-- > 0)
		worker_check(worker, true, 0);
}

WORKER_TEST(a_ready_worker_is_checked_and_answers)
{
	start(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	/* A starting worker has a deadline instead. */
	pass_rounds(HEARTBEAT_ROUNDS + 2);
	assert_int_equal(hear(), 0);
	get_ready();
	for (int i = 0; i < 3; i++) {
		pass_rounds(HEARTBEAT_ROUNDS);
		assert_int_equal(hear(), MSG_CHECK);
		assert_int_equal(hear(), 0);
		answer();
	}
	assert_int_equal(taken, 3);
	assert_int_equal(worker->state, WORKER_READY);
}

WORKER_TEST(a_worker_that_does_not_answer_is_lost)
{
	start_ready(NULL);
	pass_rounds(HEARTBEAT_ROUNDS);
	assert_int_equal(worker->state, WORKER_READY);
	assert_false(worker->hung);
	pass_rounds(1);
	assert_int_equal(last_state, WORKER_LOST);
	assert_true(worker->hung);
	assert_int_equal(worker->control, -1);
	/* Only once. */
	assert_true(event_pending(worker->deadline, EV_TIMEOUT, NULL));
	pass_rounds(2 * HEARTBEAT_ROUNDS);
}

/* The answer may wait in the socket when masterd runs the round. */
WORKER_TEST(an_unread_answer_counts)
{
	const struct msg_alive alive = {};
	struct test_worker w;

	start_ready(NULL);
	pass_rounds(HEARTBEAT_ROUNDS);
	w = (struct test_worker){.worker = worker, .end = end};
	assert_int_equal(test_worker_say(&w, MSG_ALIVE, &alive), 0);
	pass_rounds(HEARTBEAT_ROUNDS);
	assert_int_equal(worker->state, WORKER_READY);
	pass_rounds(1);
	assert_int_equal(worker->state, WORKER_LOST);
}

WORKER_TEST(a_draining_worker_must_answer_too)
{
	start_ready(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	worker_drain(worker, 900000);
	assert_int_equal(hear(), MSG_DRAIN);
	pass_rounds(HEARTBEAT_ROUNDS);
	assert_int_equal(hear(), MSG_CHECK);
	answer();
	assert_int_equal(worker->state, WORKER_DRAINING);
	pass_rounds(HEARTBEAT_ROUNDS + 1);
	assert_int_equal(worker->state, WORKER_LOST);
}

WORKER_TEST(a_draining_worker_that_closed_its_socket_only_has_its_deadline)
{
	start_ready(NULL);
	worker_drain(worker, 900000);
	closefd(&end);
	pass_rounds(HEARTBEAT_ROUNDS + 2);
	assert_int_equal(worker->state, WORKER_DRAINING);
	assert_int_equal(worker->control, -1);
}

WORKER_TEST(an_answer_without_a_check_kills_the_worker)
{
	start_ready(NULL);
	answer();
	assert_int_equal(worker->state, WORKER_LOST);
	assert_false(worker->hung);
}

WORKER_TEST(an_unsent_check_needs_no_answer)
{
	start_ready(NULL);
	assert_int_equal(shutdown(worker->control, SHUT_WR), 0);
	pass_rounds(2 * HEARTBEAT_ROUNDS);
	assert_int_equal(worker->state, WORKER_READY);
	assert_int_equal(worker->heartbeat.missed, 0);
}

/* A worker that does not read hangs, too; it does not even get the check. */
WORKER_TEST(a_worker_whose_socket_is_full_is_checked_when_there_is_room)
{
	size_t n;

	start_ready(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	n = fill();
	pass_rounds(HEARTBEAT_ROUNDS);
	hear_connections(n);
	assert_int_equal(hear(), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(hear(), MSG_CHECK);
	answer();
	assert_int_equal(worker->state, WORKER_READY);
	(void)fill();
	pass_rounds(HEARTBEAT_ROUNDS + 1);
	assert_int_equal(worker->state, WORKER_LOST);
}

TEST_MAIN(NULL, NULL)
