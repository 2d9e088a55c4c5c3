/*
 * Steps of the server. Those before the first client configure it:
 *
 *	limit NAME N ...             of struct http_limits
 *	minimal                      without the optional callbacks
 *	full N                       1: new connections are rejected
 *	untrusted N                  1: nobody may send a PROXY header
 *	big TEXT                     the body of /big and /bigcopy
 *	quiet                        hides the log lines that the scenario causes on purpose
 *	turn, turn_end               one turn of the worker's loop; its end alone
 *	turn_for MS                  many turns, during which nothing must happen
 *	server drains, server stops
 *
 * And what it does with the request of a client at /keep, or with its WebSocket:
 *
 *	server keeps CLIENT          waits until the handler has the request
 *	server has_request CLIENT TEXT   with this body; "": it was given back
 *	server answers CLIENT TEXT
 *	server streams CLIENT [TYPE]
 *	server writes CLIENT TEXT    a piece or message, which must be accepted
 *	server replays CLIENT TEXT   the same, as a replay
 *	server cannot_write CLIENT, server cannot_replay CLIENT
 *	server floods CLIENT TEXT [turns=N]      writes until a piece is refused; a turn ends after N pieces
 *	server writes_until_closed CLIENT TEXT
 *	server ends CLIENT [TEXT]    the stream, with this last piece
 *	server ends_after CLIENT OTHER TEXT      OTHER's stream, when CLIENT has left
 *	server aborts CLIENT, server drops CLIENT        the reply; the connection, as for an error
 *	server leaves_at_eof CLIENT  a client that shuts down its side has left
 *	server upgrades CLIENT       to a WebSocket that echoes
 *	server closes CLIENT CODE REASON
 */
#include "proto/base/log.h"
#include "tests/unit/workerd/http/steps/http_world.h"

/* clang-format off */
#define LIMIT(name) {#name, &world.limits.name, sizeof(world.limits.name)}
/* clang-format on */

static const struct {
	const char *name;
	void *value;
	size_t size;
} limits[] = {LIMIT(head_max), LIMIT(body_max), LIMIT(output_max), LIMIT(reply_max),
    LIMIT(held_max), LIMIT(message_max), LIMIT(frames_max), LIMIT(handshake_timeout),
    LIMIT(head_timeout), LIMIT(body_timeout), LIMIT(idle_timeout), LIMIT(ping_interval),
    LIMIT(stall_timeout), LIMIT(linger_timeout), LIMIT(linger_times), LIMIT(linger_max)};

static void
set_limit(const char *name, size_t n)
{
	unsigned small = (unsigned)n;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (strcmp(limits[i].name, name) == 0) {
			memcpy(limits[i].value,
			    limits[i].size == sizeof(n) ? (void *)&n : (void *)&small,
			    limits[i].size);
			return;
		}
	scenario_fail("there is no limit %s", name);
}

static bool
setting_step(const struct words *step)
{
	const char *name = step->word[0], *word = step->n > 1 ? step->word[1] : "";

	if (strcmp(name, "limit") == 0)
		for (size_t i = 1; i + 1 < step->n; i += 2)
			set_limit(step->word[i], strtoull(step->word[i + 1], NULL, 10));
	else if (strcmp(name, "minimal") == 0)
		world.minimal = true;
	else if (strcmp(name, "full") == 0)
		world.full = word[0] == '1';
	else if (strcmp(name, "untrusted") == 0)
		world.untrusted = word[0] == '1';
	else if (strcmp(name, "big") == 0)
		world.big = values_bytes(world.values, word);
	else if (strcmp(name, "quiet") == 0)
		log_open("test", (enum log_level)0);
	else if (strcmp(name, "turn") == 0)
		world_turn();
	else if (strcmp(name, "turn_end") == 0)
		http_server_turn_end(world.server);
	else if (strcmp(name, "turn_for") == 0)
		world_turn_for(strtoull(word, NULL, 10));
	else
		return false;
	return true;
}

/* The exchange that c waits for; the reply ends it. */
static struct http_exchange *
take_kept(struct client *c)
{
	struct http_exchange *x = c->kept;

	assert_non_null(x);
	c->kept = NULL;
	return x;
}

static int
write_piece(struct client *c, struct slice piece)
{
	return c->ws != NULL ? ws_send(c->ws, piece) : reply_stream_write(c->kept, piece);
}

static int
write_replay(struct client *c, struct slice text)
{
	return c->ws != NULL ? ws_send_replay(c->ws, text) : reply_stream_replay(c->kept, text);
}

static void
expect_request(const struct http_exchange *x, struct slice body)
{
	bool has = body.len > 0;

	assert_true(slice_eq(x->body, body));
	assert_int_equal(http_header(x->req, "host").p != NULL, has);
	assert_int_equal(x->req->target.len + x->req->path.len + x->req->query.len > 0, has);
	assert_true(x->method == HTTP_POST && x->minor_version == 1);
}

static void
answer(struct http_exchange *x, struct slice text)
{
	reply_start(x, 200);
	reply_body(x, "text/plain", text);
}

/* The end is reported later. */
static void
flood(struct client *c, struct slice piece, unsigned turns)
{
	const struct http_conn *conn = client_conn(c);

	while (write_piece(c, piece) == 0) {
		world.flooded += piece.len;
		assert_true(world.flooded < 64u * 1024 * 1024);
		assert_true(buf_len(&conn->out) <=
		    world.limits.output_max + conn->replay + piece.len + 64);
		if (turns > 0 && world.flooded / piece.len % turns == 0)
			http_server_turn_end(world.server);
	}
	assert_int_equal(write_piece(c, slice_str("more")), -1);
	assert_int_equal(world.closed, 0);
}

/* Never within a call. */
static void
write_until_closed(struct client *c, struct slice piece)
{
	while (world.closed == 0) {
		(void)reply_stream_write(c->kept, piece);
		assert_int_equal(world.closed, 0);
		world_turn();
	}
}

static bool
write_step(const char *verb, struct client *c, struct slice text, const struct words *step)
{
	const char *turns = step_option(step, "turns");

	if (strcmp(verb, "writes") == 0)
		assert_int_equal(write_piece(c, text), 0);
	else if (strcmp(verb, "replays") == 0)
		assert_int_equal(write_replay(c, text), 0);
	else if (strcmp(verb, "cannot_write") == 0)
		assert_int_equal(write_piece(c, slice_str("more")), -1);
	else if (strcmp(verb, "cannot_replay") == 0)
		assert_int_equal(write_replay(c, slice_str("more")), -1);
	else if (strcmp(verb, "floods") == 0)
		flood(c, text, turns == NULL ? 0 : (unsigned)strtoul(turns, NULL, 10));
	else if (strcmp(verb, "writes_until_closed") == 0)
		write_until_closed(c, text);
	else
		return false;
	return true;
}

/* The handler does not ask to be told. */
static void
drop(struct client *c)
{
	conn_drop(client_conn(c), NULL);
	c->kept->on_close = NULL;
}

static bool
end_step(const char *verb, struct client *c, struct slice text, const struct words *step)
{
	if (strcmp(verb, "ends") == 0 && step->n == 3)
		reply_stream_end(take_kept(c));
	else if (strcmp(verb, "ends") == 0)
		reply_stream_end_with(take_kept(c), text);
	else if (strcmp(verb, "ends_after") == 0) {
		c->other = client_named(step->word[3]);
		c->other_text = values_bytes(world.values, step->word[4]);
	} else if (strcmp(verb, "aborts") == 0)
		reply_abort(take_kept(c));
	else if (strcmp(verb, "drops") == 0)
		drop(c);
	else if (strcmp(verb, "closes") == 0)
		ws_close(c->ws, (enum ws_code)strtoul(step->word[3], NULL, 10),
		    (const char *)values_bytes(world.values, step->word[4]).p);
	else
		return write_step(verb, c, text, step);
	return true;
}

static bool
reply_step(const char *verb, struct client *c, const struct words *step)
{
	struct slice text = values_bytes(world.values, step->n > 3 ? step->word[3] : "");

	if (strcmp(verb, "keeps") == 0) {
		UNTIL(c->kept != NULL);
	} else if (strcmp(verb, "has_request") == 0) {
		expect_request(c->kept, text);
	} else if (strcmp(verb, "answers") == 0) {
		answer(take_kept(c), text);
	} else if (strcmp(verb, "streams") == 0) {
		reply_start(c->kept, 200);
		reply_stream_begin(c->kept, step->n > 3 ? step->word[3] : NULL);
	} else if (strcmp(verb, "leaves_at_eof") == 0) {
		c->kept->eof_is_end = true;
	} else if (strcmp(verb, "upgrades") == 0) {
		world_upgrade(c);
	} else {
		return end_step(verb, c, text, step);
	}
	return true;
}

bool
server_step(const struct words *step)
{
	const char *verb = step->n > 1 ? step->word[1] : "";

	if (strcmp(step->word[0], "server") != 0)
		return setting_step(step);
	if (strcmp(verb, "drains") == 0)
		http_server_drain(world.server);
	else if (strcmp(verb, "stops") == 0)
		world_stop();
	else
		return step->n > 2 && reply_step(verb, client_named(step->word[2]), step);
	return true;
}
