/*
 * What a worker is told and when, also while its socket is full: keys before its first connection,
 * newer ones when they are there, the end, an earlier end, and the question whether it is alive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "masterd/child.h"
#include "proto/base/clock.h"
#include "tests/unit/masterd/master_worker.h"

static struct event_base *base;
static struct keyring *keyring;
static struct child *child;
static int end = -1; /* the worker's */
static enum child_state last_state;
static unsigned taken; /* calls of that hook */
static uint8_t record[CONTROL_RECORD_MAX];
static union msg heard;

static void
on_changed(struct child *c, void *ctx)
{
	(void)ctx;
	last_state = c->state;
}

static void
on_taken(struct child *c, void *ctx)
{
	(void)c, (void)ctx;
	taken++;
}

static void
on_renewed(void *ctx)
{
	(void)ctx;
}

/* The keyring looks at nothing of this. */
static void
identity_of(struct identity *id, const char *chain, const char *key)
{
	buf_init(&id->chain, TLS_CHAIN_MAX);
	buf_init(&id->key, TLS_KEY_MAX);
	assert_int_equal(buf_append_str(&id->chain, chain), 0);
	assert_int_equal(buf_append_str(&id->key, key), 0);
}

static void
start(const struct keyring *keys)
{
	static const struct child_hooks hooks = {.changed = on_changed, .taken = on_taken};
	const struct child_identity who = {
	    .generation = 1, .pid = NOBODYS_PID, .keyring = keys};
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	end = pair[1];
	child = child_new(base, &who, pair[0], &hooks);
}

static int
set_up(void **state)
{
	struct identity id;

	(void)state;
	base = loop_new();
	identity_of(&id, "chain", "key");
	keyring = keyring_new(base, &id, on_renewed, NULL);
	last_state = CHILD_STARTING;
	taken = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	child_free(child);
	child = NULL;
	closefd(&end);
	keyring_free(keyring);
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
	const struct test_worker w = {.child = child, .end = end};

	test_worker_hello(&w);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(last_state, CHILD_READY);
}

/* Sends connections until its socket takes no more; how many. */
static size_t
fill(void)
{
	const struct msg_connection m = {.port = 1};
	size_t n = 0;

	while (child_send_connection(child, &m, end) == 0)
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

/* -- keys ---------------------------------------------------------------------------------- */

static void
keys_come_right_after_the_hello(void **state)
{
	struct msg_ticket_keys keys = keyring_tickets(keyring);

	(void)state;
	start(keyring);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_true(slice_eq(heard.ticket_keys.current, keys.current));
	assert_int_equal(heard.ticket_keys.previous.len, 0);
	assert_int_equal(hear(), MSG_TLS_IDENTITY);
	assert_true(slice_eq_str(heard.tls_identity.chain, "chain"));
	assert_true(slice_eq_str(heard.tls_identity.key, "key"));
	assert_int_equal(hear(), 0);
}

static void
without_a_keyring_there_are_none(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), 0);
}

static void
the_longest_keys_fit(void **state)
{
	static uint8_t text[TLS_CHAIN_MAX];
	struct identity id;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&id.chain, TLS_CHAIN_MAX);
	buf_init(&id.key, TLS_KEY_MAX);
	assert_int_equal(buf_append(&id.chain, text, TLS_CHAIN_MAX), 0);
	assert_int_equal(buf_append(&id.key, text, TLS_KEY_MAX), 0);
	assert_true(keyring_replace(keyring, &id));
	start(keyring);
	assert_int_equal(hear(), MSG_HELLO);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_int_equal(hear(), MSG_TLS_IDENTITY);
	assert_int_equal(heard.tls_identity.chain.len, TLS_CHAIN_MAX);
	assert_int_equal(heard.tls_identity.key.len, TLS_KEY_MAX);
}

static void
new_ticket_keys_come_alone(void **state)
{
	(void)state;
	start(keyring);
	get_ready();
	while (hear() != 0)
		;
	keyring_renew(keyring);
	child_send_keys(child, false);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_int_equal(heard.ticket_keys.previous.len, TICKET_KEY_SIZE);
	assert_int_equal(hear(), 0);
}

static void
a_worker_that_is_behind_gets_the_newest_when_there_is_room(void **state)
{
	struct identity id;
	size_t n;

	(void)state;
	start(keyring);
	get_ready();
	while (hear() != 0)
		;
	n = fill();
	identity_of(&id, "chain 2", "key 2");
	assert_true(keyring_replace(keyring, &id));
	child_send_keys(child, true);
	identity_of(&id, "chain 3", "key 3");
	assert_true(keyring_replace(keyring, &id));
	child_send_keys(child, true);
	child_drain(child, 60000);
	hear_connections(n);
	assert_int_equal(hear(), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(hear(), MSG_TICKET_KEYS);
	assert_true(slice_eq(heard.ticket_keys.current, keyring_tickets(keyring).current));
	assert_int_equal(hear(), MSG_TLS_IDENTITY);
	assert_true(slice_eq_str(heard.tls_identity.key, "key 3"));
	assert_int_equal(hear(), MSG_DRAIN);
	assert_int_equal(hear(), 0);
}

static void
a_worker_that_cannot_be_given_its_keys_is_lost(void **state)
{
	(void)state;
	start(keyring);
	get_ready();
	closefd(&end);
	child_send_keys(child, true);
	assert_int_equal(child->state, CHILD_LOST);
}

static void
a_draining_worker_needs_no_keys(void **state)
{
	(void)state;
	start(keyring);
	get_ready();
	while (hear() != 0)
		;
	child_drain(child, 60000);
	assert_int_equal(hear(), MSG_DRAIN);
	child_send_keys(child, true);
	assert_int_equal(hear(), 0);
}

/* -- the end ------------------------------------------------------------------------------- */

/* When its deadline will strike, by the clock. */
static uint64_t
deadline_ms(void)
{
	struct timeval tv;

	assert_true(event_pending(child->deadline, EV_TIMEOUT, &tv));
	return (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000;
}

static void
an_earlier_end_is_told_and_a_later_one_is_not(void **state)
{
	uint64_t first;

	(void)state;
	start(NULL);
	get_ready();
	assert_int_equal(hear(), MSG_HELLO);
	child_drain(child, 900000);
	assert_int_equal(child->state, CHILD_DRAINING);
	assert_int_equal(hear(), MSG_DRAIN);
	assert_true(heard.drain.within_ms <= 900000 && heard.drain.within_ms > 800000);
	first = deadline_ms();
	child_drain(child, 1000000);
	assert_int_equal(hear(), 0);
	assert_true(deadline_ms() < first + 50000);
	child_drain(child, 30000);
	assert_int_equal(hear(), MSG_DRAIN);
	assert_true(heard.drain.within_ms <= 30000);
	assert_true(deadline_ms() < first - 800000);
}

static void
an_earlier_end_counts_also_for_one_that_hears_nothing_more(void **state)
{
	uint64_t first;

	(void)state;
	start(NULL);
	get_ready();
	child_drain(child, 900000);
	closefd(&end);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(child->control, -1);
	first = deadline_ms();
	child_drain(child, 0);
	assert_true(deadline_ms() < first);
	while (child->state == CHILD_DRAINING)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(child->state, CHILD_LOST);
}

/* -- the pulse ----------------------------------------------------------------------------- */

/* The worker answers, and is heard. */
static void
answer(void)
{
	const struct test_worker w = {.child = child, .end = end};

	assert_int_equal(test_worker_say(&w, MSG_ALIVE, &(struct msg_alive){}), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* Rounds in which it owes an answer; they would all count. */
static void
pass_rounds(unsigned n)
{
	while (n-- > 0)
		child_check(child, true, 0);
}

static void
a_worker_that_takes_connections_is_asked_and_answers(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(hear(), MSG_HELLO);
	/* While it starts it has its deadline. */
	pass_rounds(PULSE_ROUNDS + 2);
	assert_int_equal(hear(), 0);
	get_ready();
	for (int i = 0; i < 3; i++) {
		pass_rounds(PULSE_ROUNDS);
		assert_int_equal(hear(), MSG_CHECK);
		assert_int_equal(hear(), 0);
		answer();
	}
	assert_int_equal(taken, 3);
	assert_int_equal(child->state, CHILD_READY);
}

static void
a_worker_that_does_not_answer_is_lost(void **state)
{
	(void)state;
	start(NULL);
	get_ready();
	pass_rounds(PULSE_ROUNDS);
	assert_int_equal(child->state, CHILD_READY);
	assert_false(child->hung);
	pass_rounds(1);
	assert_int_equal(last_state, CHILD_LOST);
	assert_true(child->hung);
	assert_int_equal(child->control, -1);
	/* And once is enough. */
	assert_true(event_pending(child->deadline, EV_TIMEOUT, NULL));
	pass_rounds(2 * PULSE_ROUNDS);
}

/* masterd may come to the judging before it comes to read. */
static void
an_answer_that_waits_to_be_read_counts(void **state)
{
	const struct msg_alive alive = {};
	struct test_worker w;

	(void)state;
	start(NULL);
	get_ready();
	pass_rounds(PULSE_ROUNDS);
	w = (struct test_worker){.child = child, .end = end};
	assert_int_equal(test_worker_say(&w, MSG_ALIVE, &alive), 0);
	pass_rounds(PULSE_ROUNDS);
	assert_int_equal(child->state, CHILD_READY);
	pass_rounds(1);
	assert_int_equal(child->state, CHILD_LOST);
}

static void
a_draining_worker_must_answer_too(void **state)
{
	(void)state;
	start(NULL);
	get_ready();
	assert_int_equal(hear(), MSG_HELLO);
	child_drain(child, 900000);
	assert_int_equal(hear(), MSG_DRAIN);
	pass_rounds(PULSE_ROUNDS);
	assert_int_equal(hear(), MSG_CHECK);
	answer();
	assert_int_equal(child->state, CHILD_DRAINING);
	pass_rounds(PULSE_ROUNDS + 1);
	assert_int_equal(child->state, CHILD_LOST);
}

static void
a_draining_worker_that_has_closed_its_end_has_its_deadline_alone(void **state)
{
	(void)state;
	start(NULL);
	get_ready();
	child_drain(child, 900000);
	closefd(&end);
	pass_rounds(PULSE_ROUNDS + 2);
	assert_int_equal(child->state, CHILD_DRAINING);
	assert_int_equal(child->control, -1);
}

static void
an_answer_that_nobody_asked_for_breaks_the_rules(void **state)
{
	(void)state;
	start(NULL);
	get_ready();
	answer();
	assert_int_equal(child->state, CHILD_LOST);
	assert_false(child->hung);
}

static void
a_worker_that_could_not_be_asked_owes_no_answer(void **state)
{
	(void)state;
	start(NULL);
	get_ready();
	assert_int_equal(shutdown(child->control, SHUT_WR), 0);
	pass_rounds(2 * PULSE_ROUNDS);
	assert_int_equal(child->state, CHILD_READY);
	assert_int_equal(child->pulse.missed, 0);
}

/* It hangs all the same, if it does not read: nor does it then get the question. */
static void
a_worker_whose_socket_is_full_is_asked_when_there_is_room(void **state)
{
	size_t n;

	(void)state;
	start(NULL);
	get_ready();
	assert_int_equal(hear(), MSG_HELLO);
	n = fill();
	pass_rounds(PULSE_ROUNDS);
	hear_connections(n);
	assert_int_equal(hear(), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(hear(), MSG_CHECK);
	answer();
	assert_int_equal(child->state, CHILD_READY);
	(void)fill();
	pass_rounds(PULSE_ROUNDS + 1);
	assert_int_equal(child->state, CHILD_LOST);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(keys_come_right_after_the_hello),
	    TEST(without_a_keyring_there_are_none),
	    TEST(the_longest_keys_fit),
	    TEST(new_ticket_keys_come_alone),
	    TEST(a_worker_that_is_behind_gets_the_newest_when_there_is_room),
	    TEST(a_worker_that_cannot_be_given_its_keys_is_lost),
	    TEST(a_draining_worker_needs_no_keys),
	    TEST(an_earlier_end_is_told_and_a_later_one_is_not),
	    TEST(an_earlier_end_counts_also_for_one_that_hears_nothing_more),
	    TEST(a_worker_that_takes_connections_is_asked_and_answers),
	    TEST(a_worker_that_does_not_answer_is_lost),
	    TEST(an_answer_that_waits_to_be_read_counts),
	    TEST(a_draining_worker_must_answer_too),
	    TEST(a_draining_worker_that_has_closed_its_end_has_its_deadline_alone),
	    TEST(an_answer_that_nobody_asked_for_breaks_the_rules),
	    TEST(a_worker_that_could_not_be_asked_owes_no_answer),
	    TEST(a_worker_whose_socket_is_full_is_asked_when_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
