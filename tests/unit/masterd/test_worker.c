/*
 * What masterd sends to a worker and when, also while its socket is full: keys before the first
 * connection, new keys, drain, an earlier drain, and heartbeat checks.
 */
#include "masterd/worker.h"
#include "tests/unit/masterd/master_worker.h"

static struct event_base *base;
static struct tls_keys *tls_keys;
static struct test_worker w;
static enum worker_state last_state; /* as reported */
static size_t filled;                /* connections that fill() sent */
static unsigned taken;               /* calls of that hook */

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

FIXTURE(set_up)
{
	struct certificate id = certificate_of("chain", "key");

	base = loop_new();
	w = TEST_WORKER_NONE;
	tls_keys = tls_keys_new(base, &id, on_renewed, NULL);
	last_state = WORKER_STARTING;
	taken = 0;
}

FIXTURE(tear_down)
{
	test_worker_free(&w);
	tls_keys_free(tls_keys);
	event_base_free(base);
}

/*
 * The steps of a scenario.
 */

static void
is(unsigned state)
{
	assert_int_equal(w.worker->state, state);
	assert_int_equal(last_state, state);
}

static void
turn(unsigned n)
{
	while (n-- > 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
start(unsigned with_keys)
{
	static const struct worker_hooks hooks = {.changed = on_changed, .taken = on_taken};
	const struct worker_config config = {.tls_keys = with_keys ? tls_keys : NULL};

	test_worker_start(&w, base, config, &hooks);
}

/* The worker sends its hello. */
static void
get_ready(unsigned turns)
{
	test_worker_hello(&w);
	turn(turns);
	is(WORKER_READY);
}

/* The next message to the worker, in w.m; 0: there is none. */
static void
hear(unsigned type)
{
	assert_int_equal(test_worker_hear(&w), type);
}

/* A ready worker that has read the first messages. */
static void
start_ready(unsigned with_keys)
{
	start(with_keys);
	get_ready(1);
	hear(MSG_HELLO);
	if (with_keys) {
		hear(MSG_TICKET_KEYS);
		hear(MSG_TLS_CERTIFICATE);
	}
	hear(MSG_START);
	hear(0);
}

/* Sends connections until the socket is full. */
static void
fill(unsigned at_least)
{
	const struct msg_connection m = {.port = 1};

	for (filled = 0; worker_send_connection(w.worker, &m, w.end) == 0;)
		filled++;
	assert_int_equal(errno, EAGAIN);
	assert_true(filled >= at_least);
}

static void
refuses(unsigned error)
{
	const struct msg_connection m = {.port = 1};

	assert_int_equal(worker_send_connection(w.worker, &m, w.end), -1);
	assert_int_equal(errno, error);
}

static void
hear_connections(unsigned of_fill)
{
	(void)of_fill;
	while (filled-- > 0)
		hear(MSG_CONNECTION);
}

/* Gives masterd the certificate "chain", "key". */
static void
replace_certificate(const char *chain, const char *key)
{
	struct certificate id = certificate_of(chain, key);

	assert_true(tls_keys_replace(tls_keys, &id));
}

/* masterd gets another certificate, number n. */
static void
renew_certificate(unsigned n)
{
	char key[16];

	(void)snprintf(key, sizeof(key), "key %u", n);
	replace_certificate("chain", key);
}

static void
renew_tickets(unsigned n)
{
	while (n-- > 0)
		tls_keys_renew(tls_keys);
}

static void
send_keys(unsigned with_certificate)
{
	worker_send_keys(w.worker, with_certificate);
}

/* The heard ticket keys are the current ones. */
static void
has_tickets(unsigned previous_len)
{
	assert_true(slice_eq(w.m.ticket_keys.current, tls_keys_tickets(tls_keys).current));
	assert_int_equal(w.m.ticket_keys.previous.len, previous_len);
}

/* The heard certificate has number n; 0: it is the first. */
static void
has_certificate(unsigned n)
{
	char key[16] = "key";

	if (n > 0)
		(void)snprintf(key, sizeof(key), "key %u", n);
	assert_true(slice_eq_str(w.m.tls_certificate.chain, "chain"));
	assert_true(slice_eq_str(w.m.tls_certificate.key, key));
}

static void
drain(unsigned within_ms)
{
	worker_drain(w.worker, within_ms);
}

/* The worker closes its socket; masterd reads that in these many turns. */
static void
close_end(unsigned turns)
{
	closefd(&w.end);
	turn(turns);
}

/* The worker answers a check; masterd reads that in these many turns. */
static void
send_alive(unsigned turns)
{
	assert_int_equal(test_worker_say(&w, MSG_ALIVE, &(struct msg_alive){}), 0);
	turn(turns);
}

/* Rounds without an answer, all of which count. */
static void
pass_rounds(unsigned n)
{
	while (n-- > 0)
		worker_check(w.worker, true, 0);
}

static void
is_hung(unsigned hung)
{
	assert_int_equal(w.worker->hung, hung);
}

static void
has_missed(unsigned rounds)
{
	assert_int_equal(w.worker->heartbeat.missed, rounds);
}

static void
has_taken(unsigned n)
{
	assert_int_equal(taken, n);
}

static void
is_open(unsigned open)
{
	assert_int_equal(w.worker->control != -1, open);
}

static void
stop_reading(unsigned how)
{
	assert_int_equal(shutdown(w.worker->control, (int)how), 0);
}

#define LIMIT HEARTBEAT_ROUNDS
#define LATER 900000 /* a deadline that does not expire, in ms */

static const struct {
	const char *name;
	struct {
		void (*step)(unsigned);
		unsigned n;
	} steps[18];
} scenarios[] = {
    {"keys come before the start",
	{{start, true}, {hear, MSG_HELLO}, {hear, MSG_TICKET_KEYS}, {has_tickets, 0},
	    {hear, MSG_TLS_CERTIFICATE}, {has_certificate, 0}, {hear, MSG_START}, {hear, 0}}},
    {"without TLS no keys are sent",
	{{start, false}, {hear, MSG_HELLO}, {hear, MSG_START}, {hear, 0}}},
    {"new ticket keys come without the certificate",
	{{start_ready, true}, {renew_tickets, 1}, {send_keys, false}, {hear, MSG_TICKET_KEYS},
	    {has_tickets, TICKET_KEY_SIZE}, {hear, 0}}},
    {"a slow worker gets the newest keys and the drain when there is room",
	{{start_ready, true}, {fill, 1}, {renew_certificate, 2}, {send_keys, true},
	    {renew_certificate, 3}, {send_keys, true}, {drain, LATER}, {hear_connections, 0},
	    {hear, 0}, {turn, 1}, {hear, MSG_TICKET_KEYS}, {has_tickets, 0},
	    {hear, MSG_TLS_CERTIFICATE}, {has_certificate, 3}, {hear, MSG_DRAIN}, {hear, 0}}},
    {"a connection is refused until the new keys are sent",
	{{start_ready, true}, {fill, 1}, {renew_tickets, 1}, {send_keys, false},
	    {hear_connections, 0}, {refuses, EAGAIN}, {has_taken, 0}, {turn, 1}, {has_taken, 1},
	    {hear, MSG_TICKET_KEYS}, {hear, 0}, {fill, 1}}},
    {"a worker whose keys cannot be sent does not drain",
	{{start_ready, true}, {fill, 1}, {send_keys, true}, {stop_reading, SHUT_WR},
	    {drain, LATER}, {is, WORKER_LOST}}},
    {"a worker whose keys cannot be sent is lost",
	{{start_ready, true}, {close_end, 0}, {send_keys, true}, {is, WORKER_LOST}}},
    {"a draining worker needs no keys",
	{{start_ready, true}, {drain, LATER}, {hear, MSG_DRAIN}, {send_keys, true}, {hear, 0}}},
    {"a starting worker is not checked: it has a deadline",
	{{start, false}, {hear, MSG_HELLO}, {hear, MSG_START}, {pass_rounds, LIMIT + 2},
	    {hear, 0}, {is, WORKER_STARTING}, {get_ready, 1}, {pass_rounds, 1},
	    {hear, MSG_CHECK}}},
    {"a worker that answers stays ready",
	{{start_ready, false}, {pass_rounds, LIMIT}, {hear, MSG_CHECK}, {hear, 0},
	    {send_alive, 1}, {has_taken, 1}, {pass_rounds, LIMIT}, {hear, MSG_CHECK}, {hear, 0},
	    {send_alive, 1}, {has_taken, 2}, {is, WORKER_READY}}},
    {"a worker that does not answer is lost, once",
	{{start_ready, false}, {pass_rounds, LIMIT}, {is, WORKER_READY}, {is_hung, false},
	    {pass_rounds, 1}, {is, WORKER_LOST}, {is_hung, true}, {is_open, false},
	    {pass_rounds, 2 * LIMIT}, {is, WORKER_LOST}}},
    {"an answer that masterd has not read yet counts",
	{{start_ready, false}, {pass_rounds, LIMIT}, {send_alive, 0}, {pass_rounds, LIMIT},
	    {is, WORKER_READY}, {pass_rounds, 1}, {is, WORKER_LOST}}},
    {"a draining worker must answer too",
	{{start_ready, false}, {drain, LATER}, {hear, MSG_DRAIN}, {pass_rounds, LIMIT},
	    {hear, MSG_CHECK}, {send_alive, 1}, {is, WORKER_DRAINING}, {pass_rounds, LIMIT + 1},
	    {is, WORKER_LOST}}},
    {"a draining worker that closed its socket only has its deadline",
	{{start_ready, false}, {drain, LATER}, {close_end, 0}, {pass_rounds, LIMIT + 2},
	    {is, WORKER_DRAINING}, {is_open, false}}},
    {"an answer without a check kills the worker",
	{{start_ready, false}, {send_alive, 1}, {is, WORKER_LOST}, {is_hung, false}}},
    {"a check that could not be sent needs no answer",
	{{start_ready, false}, {stop_reading, SHUT_WR}, {pass_rounds, 2 * LIMIT},
	    {is, WORKER_READY}, {has_missed, 0}}},
    /* A worker that does not read hangs, too; it does not even get the check. */
    {"a worker whose socket is full is checked when there is room",
	{{start_ready, false}, {fill, 1}, {pass_rounds, LIMIT}, {hear_connections, 0},
	    {hear, 0}, {turn, 1}, {hear, MSG_CHECK}, {send_alive, 1}, {is, WORKER_READY},
	    {fill, 1}, {pass_rounds, LIMIT + 1}, {is, WORKER_LOST}}},
};

TEST(messages_come_in_order_and_states_follow)
{
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		print_message("%s\n", scenarios[i].name);
		set_up(state);
		for (size_t k = 0; scenarios[i].steps[k].step != NULL; k++)
			scenarios[i].steps[k].step(scenarios[i].steps[k].n);
		tear_down(state);
	}
}

FIXTURE_TEST(the_longest_keys_fit)
{
	static char chain[TLS_CHAIN_MAX + 1], key[TLS_KEY_MAX + 1];

	memset(chain, 'x', TLS_CHAIN_MAX);
	memset(key, 'x', TLS_KEY_MAX);
	replace_certificate(chain, key);
	start_ready(true);
	assert_int_equal(w.m.tls_certificate.chain.len, TLS_CHAIN_MAX);
	assert_int_equal(w.m.tls_certificate.key.len, TLS_KEY_MAX);
}

/* When its deadline expires. */
static uint64_t
deadline_ms(void)
{
	struct timeval tv;

	assert_true(event_pending(w.worker->deadline, EV_TIMEOUT, &tv));
	return (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000;
}

FIXTURE_TEST(an_earlier_drain_deadline_is_sent_and_a_later_one_is_not)
{
	uint64_t first;

	start_ready(false);
	drain(900000);
	is(WORKER_DRAINING);
	hear(MSG_DRAIN);
	assert_in_range(w.m.drain.within_ms, 800000, 900000);
	first = deadline_ms();
	drain(1000000);
	hear(0);
	assert_true(deadline_ms() < first + 50000);
	drain(30000);
	hear(MSG_DRAIN);
	assert_true(w.m.drain.within_ms <= 30000);
	assert_true(deadline_ms() < first - 800000);
}

FIXTURE_TEST(an_earlier_deadline_applies_after_the_control_socket_closed)
{
	uint64_t first;

	start_ready(false);
	drain(900000);
	close_end(1);
	is_open(false);
	first = deadline_ms();
	drain(0);
	assert_true(deadline_ms() < first);
	while (w.worker->state == WORKER_DRAINING)
		turn(1);
	is(WORKER_LOST);
}

TEST_MAIN(NULL, NULL)
