/*
 * What masterd sends to a worker and when, also while its socket is full: keys before the first
 * connection, new keys, drain, an earlier drain, and heartbeat checks.
 */
#include <string.h>
#include <unistd.h>

#include "masterd/worker.h"
#include "tests/unit/masterd/master_worker.h"

static struct event_base *base;
static struct tls_keys *tls_keys;
static struct test_worker w;
static enum worker_state last_state;
static unsigned taken; /* calls of that hook */

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
static struct certificate
certificate_of(const char *chain, const char *key)
{
	struct certificate id;

	buf_init(&id.chain, TLS_CHAIN_MAX);
	buf_init(&id.key, TLS_KEY_MAX);
	assert_int_equal(buf_append_str(&id.chain, chain), 0);
	assert_int_equal(buf_append_str(&id.key, key), 0);
	return id;
}

static void
replace_certificate(const char *chain, const char *key)
{
	struct certificate id = certificate_of(chain, key);

	assert_true(tls_keys_replace(tls_keys, &id));
}

static void
start(const struct tls_keys *keys)
{
	static const struct worker_hooks hooks = {.changed = on_changed, .taken = on_taken};

	test_worker_start(&w, base, (struct worker_config){.tls_keys = keys}, &hooks);
}

static int
set_up(void **state)
{
	struct certificate id = certificate_of("chain", "key");

	(void)state;
	base = loop_new();
	w = TEST_WORKER_NONE;
	tls_keys = tls_keys_new(base, &id, on_renewed, NULL);
	last_state = WORKER_STARTING;
	taken = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_worker_free(&w);
	tls_keys_free(tls_keys);
	event_base_free(base);
	return 0;
}

/* The next message to the worker, in w.m; 0 if there is none. */
static unsigned
hear(void)
{
	return test_worker_hear(&w);
}

static void
turn(void)
{
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
get_ready(void)
{
	test_worker_hello(&w);
	turn();
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

	while (worker_send_connection(w.worker, &m, w.end) == 0)
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
	assert_true(slice_eq(w.m.ticket_keys.current, keys.current));
	assert_int_equal(w.m.ticket_keys.previous.len, 0);
	assert_int_equal(hear(), MSG_TLS_CERTIFICATE);
	assert_true(slice_eq_str(w.m.tls_certificate.chain, "chain"));
	assert_true(slice_eq_str(w.m.tls_certificate.key, "key"));
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
	static char chain[TLS_CHAIN_MAX + 1], key[TLS_KEY_MAX + 1];

	memset(chain, 'x', TLS_CHAIN_MAX);
	memset(key, 'x', TLS_KEY_MAX);
	replace_certificate(chain, key);
	start(tls_keys);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_int_equal(hear(), MSG_TLS_CERTIFICATE);
	assert_int_equal(w.m.tls_certificate.chain.len, TLS_CHAIN_MAX);
	assert_int_equal(w.m.tls_certificate.key.len, TLS_KEY_MAX);
}

WORKER_TEST(new_ticket_keys_come_without_the_certificate)
{
	start_ready(tls_keys);
	hear_all();
	tls_keys_renew(tls_keys);
	worker_send_keys(w.worker, false);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_int_equal(w.m.ticket_keys.previous.len, TICKET_KEY_SIZE);
	assert_int_equal(hear(), 0);
}

WORKER_TEST(a_slow_worker_gets_the_newest_keys_when_there_is_room)
{
	size_t n;

	start_ready(tls_keys);
	hear_all();
	n = fill();
	replace_certificate("chain 2", "key 2");
	worker_send_keys(w.worker, true);
	replace_certificate("chain 3", "key 3");
	worker_send_keys(w.worker, true);
	worker_drain(w.worker, 60000);
	hear_connections(n);
	assert_int_equal(hear(), 0);
	turn();
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_true(slice_eq(w.m.ticket_keys.current, tls_keys_tickets(tls_keys).current));
	assert_int_equal(hear(), MSG_TLS_CERTIFICATE);
	assert_true(slice_eq_str(w.m.tls_certificate.key, "key 3"));
	assert_int_equal(hear(), MSG_DRAIN);
	assert_int_equal(hear(), 0);
}

WORKER_TEST(a_worker_whose_keys_cannot_be_sent_is_lost)
{
	start_ready(tls_keys);
	closefd(&w.end);
	worker_send_keys(w.worker, true);
	assert_int_equal(w.worker->state, WORKER_LOST);
}

WORKER_TEST(a_draining_worker_needs_no_keys)
{
	start_ready(tls_keys);
	hear_all();
	worker_drain(w.worker, 60000);
	assert_int_equal(hear(), MSG_DRAIN);
	worker_send_keys(w.worker, true);
	assert_int_equal(hear(), 0);
}

/* When its deadline expires. */
static uint64_t
deadline_ms(void)
{
	struct timeval tv;

	assert_true(event_pending(w.worker->deadline, EV_TIMEOUT, &tv));
	return (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000;
}

WORKER_TEST(an_earlier_drain_deadline_is_sent_and_a_later_one_is_not)
{
	uint64_t first;

	start_ready(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	worker_drain(w.worker, 900000);
	assert_int_equal(w.worker->state, WORKER_DRAINING);
	assert_int_equal(hear(), MSG_DRAIN);
	assert_true(w.m.drain.within_ms <= 900000 && w.m.drain.within_ms > 800000);
	first = deadline_ms();
	worker_drain(w.worker, 1000000);
	assert_int_equal(hear(), 0);
	assert_true(deadline_ms() < first + 50000);
	worker_drain(w.worker, 30000);
	assert_int_equal(hear(), MSG_DRAIN);
	assert_true(w.m.drain.within_ms <= 30000);
	assert_true(deadline_ms() < first - 800000);
}

WORKER_TEST(an_earlier_deadline_applies_after_the_control_socket_closed)
{
	uint64_t first;

	start_ready(NULL);
	worker_drain(w.worker, 900000);
	closefd(&w.end);
	turn();
	assert_int_equal(w.worker->control, -1);
	first = deadline_ms();
	worker_drain(w.worker, 0);
	assert_true(deadline_ms() < first);
	while (w.worker->state == WORKER_DRAINING)
		turn();
	assert_int_equal(w.worker->state, WORKER_LOST);
}

static void
send_answer(void)
{
	assert_int_equal(test_worker_say(&w, MSG_ALIVE, &(struct msg_alive){}), 0);
}

/* The worker answers, and masterd reads the answer. */
static void
answer(void)
{
	send_answer();
	turn();
}

/* Rounds without an answer, all of which count. */
static void
pass_rounds(unsigned n)
{
	while (n-- > 0)
		worker_check(w.worker, true, 0);
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
	assert_int_equal(w.worker->state, WORKER_READY);
}

WORKER_TEST(a_worker_that_does_not_answer_is_lost)
{
	start_ready(NULL);
	pass_rounds(HEARTBEAT_ROUNDS);
	assert_int_equal(w.worker->state, WORKER_READY);
	assert_false(w.worker->hung);
	pass_rounds(1);
	assert_int_equal(last_state, WORKER_LOST);
	assert_true(w.worker->hung);
	assert_int_equal(w.worker->control, -1);
	/* Only once. */
	assert_true(event_pending(w.worker->deadline, EV_TIMEOUT, NULL));
	pass_rounds(2 * HEARTBEAT_ROUNDS);
}

/* The answer may wait in the socket when masterd runs the round. */
WORKER_TEST(an_unread_answer_counts)
{
	start_ready(NULL);
	pass_rounds(HEARTBEAT_ROUNDS);
	send_answer();
	pass_rounds(HEARTBEAT_ROUNDS);
	assert_int_equal(w.worker->state, WORKER_READY);
	pass_rounds(1);
	assert_int_equal(w.worker->state, WORKER_LOST);
}

WORKER_TEST(a_draining_worker_must_answer_too)
{
	start_ready(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	worker_drain(w.worker, 900000);
	assert_int_equal(hear(), MSG_DRAIN);
	pass_rounds(HEARTBEAT_ROUNDS);
	assert_int_equal(hear(), MSG_CHECK);
	answer();
	assert_int_equal(w.worker->state, WORKER_DRAINING);
	pass_rounds(HEARTBEAT_ROUNDS + 1);
	assert_int_equal(w.worker->state, WORKER_LOST);
}

WORKER_TEST(a_draining_worker_that_closed_its_socket_only_has_its_deadline)
{
	start_ready(NULL);
	worker_drain(w.worker, 900000);
	closefd(&w.end);
	pass_rounds(HEARTBEAT_ROUNDS + 2);
	assert_int_equal(w.worker->state, WORKER_DRAINING);
	assert_int_equal(w.worker->control, -1);
}

WORKER_TEST(an_answer_without_a_check_kills_the_worker)
{
	start_ready(NULL);
	answer();
	assert_int_equal(w.worker->state, WORKER_LOST);
	assert_false(w.worker->hung);
}

WORKER_TEST(an_unsent_check_needs_no_answer)
{
	start_ready(NULL);
	assert_int_equal(shutdown(w.worker->control, SHUT_WR), 0);
	pass_rounds(2 * HEARTBEAT_ROUNDS);
	assert_int_equal(w.worker->state, WORKER_READY);
	assert_int_equal(w.worker->heartbeat.missed, 0);
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
	turn();
	assert_int_equal(hear(), MSG_CHECK);
	answer();
	assert_int_equal(w.worker->state, WORKER_READY);
	(void)fill();
	pass_rounds(HEARTBEAT_ROUNDS + 1);
	assert_int_equal(w.worker->state, WORKER_LOST);
}

TEST_MAIN(NULL, NULL)
