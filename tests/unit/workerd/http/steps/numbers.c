/*
 * Steps about the server's numbers:
 *
 *	until NAME VALUE ...      waits for it
 *	expect NAME VALUE ...     it is so now
 *
 * NAME is one of counts[] below, or CLIENT.NAME with one of conn_number(). VALUE is a number, the name of a
 * state or timer, or a range: MIN.. or MIN..MAX.
 */
#include <limits.h>

#include "tests/unit/workerd/http/steps/http_world.h"

static const struct {
	const char *name;
	const uint64_t *value;
} counts[] = {
    {"handled", &world.handled},   /* requests that the handler has received */
    {"answered", &world.answered}, /* replies and refusals that are complete or given up */
    {"closed", &world.closed},     /* calls of on_close */
    {"arrived", &world.arrived},   /* connections that were admitted, */
    {"left", &world.left},         /* and that have ended */
    {"messages", &world.messages}, /* of WebSockets */
    {"proxy_untrusted", &world.refused[METRIC_PROXY_UNTRUSTED]},
    {"proxy_invalid", &world.refused[METRIC_PROXY_INVALID]},
    {"proxy_timeout", &world.refused[METRIC_PROXY_TIMEOUT]},
    {"flooded", &world.flooded}, /* bytes of `server floods` */
};

static const char *const states[] = {
    "idle", "head", "body", "answer", "receive", "upgraded", "closing", "linger", "dying"};
static const char *const timers[] = {"no_timer", "handshake_timer", "head_timer", "body_timer",
    "idle_timer", "ping_timer", "stall_timer", "linger_timer"};

#define NUMBER(field, number)            \
	if (strcmp(name, #field) == 0) { \
		return (number);         \
	}

static uint64_t
conn_number(const struct http_conn *conn, const char *name)
{
	size_t buffers;

	if (conn == NULL)
		return 0;
	buffers = conn->in.cap + conn->out.cap + (conn->box == NULL ? 0 : sizeof(*conn->box)) +
	    (conn->streamed == NULL ? 0 : sizeof(*conn->streamed) + conn->streamed->come.cap);
	NUMBER(state, conn->state)
	NUMBER(timer, conn->timer_on)
	NUMBER(open, !conn->io.opening) /* after the handshake */
	NUMBER(wants_write, conn->io.read_wants_write)
	NUMBER(blocked, conn->blocked)         /* the socket takes no more output */
	NUMBER(eof, conn->eof)                 /* the client has shut down its side */
	NUMBER(input_waits, conn->input_waits) /* input stays in the kernel */
	NUMBER(lingered, conn->lingered)       /* bytes that were discarded */
	NUMBER(queued, buf_len(&conn->out))    /* bytes of output */
	NUMBER(replayed, conn->replay)         /* bytes of it that are a replay */
	NUMBER(status, conn->box == NULL ? 0 : (uint64_t)conn->box->x.status)
	NUMBER(sent, conn->box == NULL ? 0 : conn->box->x.sent)
	NUMBER(in, conn->in.cap)   /* bytes of the input buffer */
	NUMBER(out, conn->out.cap) /* bytes of the output buffer */
	NUMBER(buffers, buffers)   /* bytes of all memory that an idle one lacks */
	NUMBER(memory, sizeof(*conn) + buffers)
	NUMBER(has_request, conn->box != NULL && conn->box->x.req->n_headers > 0)
	scenario_fail("a connection has no number \"%s\"", name);
}

static uint64_t
client_number(const struct client *c, const char *name)
{
	NUMBER(received, c->received)
	NUMBER(records, c->records)
	NUMBER(resumed, (uint64_t)SSL_session_reused(c->ssl))
	NUMBER(notified, (SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN) != 0)
	return world.server == NULL ? 0 : conn_number(client_conn(c), name);
}

static uint64_t
number_named(const char *name)
{
	const char *dot = strchr(name, '.');
	char client[32];

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (strcmp(counts[i].name, name) == 0)
			return *counts[i].value;
	if (dot != NULL) {
		snprintf(client, sizeof(client), "%.*s", (int)(dot - name), name);
		return client_number(client_named(client), dot + 1);
	}
	NUMBER(connections, http_server_connections(world.server))
	NUMBER(exchanges, http_server_exchanges(world.server))
	NUMBER(held, world.server->held)         /* bytes of all buffers */
	NUMBER(touched, world.server->touched_n) /* connections with events in this turn */
	scenario_fail("there is no number \"%s\"", name);
}

static uint64_t
read_value(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i], word) == 0)
			return i;
	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		if (strcmp(timers[i], word) == 0)
			return i;
	return strtoull(word, NULL, 10);
}

static bool
is_within(uint64_t number, const char *word)
{
	const char *dots = strstr(word, "..");
	uint64_t min = read_value(word), max = min;

	if (dots != NULL)
		max = dots[2] == '\0' ? UINT64_MAX : strtoull(dots + 2, NULL, 10);
	return number >= min && number <= max;
}

static void
number_pair(const char *verb, const char *name, const char *value)
{
	if (strcmp(verb, "until") == 0)
		UNTIL(is_within(number_named(name), value));
	if (!is_within(number_named(name), value))
		scenario_fail("%s is %llu", name, (unsigned long long)number_named(name));
}

bool
number_step(const struct words *step)
{
	const char *verb = step->word[0];

	if (strcmp(verb, "until") != 0 && strcmp(verb, "expect") != 0 &&
	    strcmp(verb, "count") != 0)
		return false;
	for (size_t i = 1; i + 1 < step->n; i += 2)
		number_pair(verb, step->word[i], step->word[i + 1]);
	return true;
}
