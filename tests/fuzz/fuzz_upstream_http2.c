/*
 * A model's HTTP/2 frames as the answer to three requests on one connection, read whole, byte by byte, and split
 * where the input's first four bytes say. Each request hears a head, then data, then its end, once. If none fails,
 * all hear the same each time. (After an error it matters what the server has already been told of it.)
 *
 * The input is a list of frames: type, flags, stream and length, a byte each, and the payload.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

#define REQUESTS  3
#define HEARD_MAX ((size_t)1 << 20)

struct request {
	struct upstream_transfer *transfer; /* NULL: it has ended */
	bool failed;
	struct buf heard;
};

static void
on_headers(void *arg, const struct upstream_head *head, unsigned retry_after_ms)
{
	struct request *r = arg;

	must(r->transfer != NULL && head->status >= 200 && head->status <= 999);
	must(buf_printf(&r->heard, "[%d %u]", head->status, retry_after_ms) == 0);
}

static void
on_data(void *arg, struct slice piece)
{
	struct request *r = arg;

	must(r->transfer != NULL && buf_len(&r->heard) > 0);
	fuzz_put(&r->heard, piece);
}

static void
on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct request *r = arg;

	must(r->transfer != NULL && detail != NULL);
	r->transfer = NULL;
	r->failed = how != UPSTREAM_DONE;
	must(buf_append_str(&r->heard, "[end]") == 0);
}

static struct upstream *
the_upstream(void)
{
	static struct upstream *u;
	static struct scoreboard_worker board;

	if (u == NULL)
		u = upstream_new(&(struct upstream_config){.base = event_base_new(),
		    .board = &board,
		    .url = "https://model.invalid/v1",
		    .connect_ms = 1000000,
		    .first_byte_ms = 1000000,
		    .idle_ms = 1000000,
		    .rest_ms = 1000000});
	return u;
}

/* An open connection whose peer is *peer. */
static struct upstream_conn *
connect_peer(struct upstream *u, int *peer)
{
	struct upstream_conn *c = upstream_conn_new(u);
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	c->fd = pair[0];
	*peer = pair[1];
	c->state = CONN_OPEN;
	upstream_conn_watch(c, EV_READ);
	upstream_http2_start(c);
	upstream_conn_settle(c, UPSTREAM_STREAMS_MAX);
	return c;
}

static void
post(struct upstream *u, struct request *r)
{
	static const struct upstream_events events = {on_headers, on_data, on_end};
	struct buf body;

	buf_init(&body, 16);
	must(buf_append_str(&body, "{}") == 0);
	buf_init(&r->heard, HEARD_MAX);
	r->transfer = upstream_post(u, NULL, &body, 1000000, &events, r);
}

/* Runs the loop, in which requests are sent, and discards what the peer gets. */
static void
turn(struct upstream *u, int peer)
{
	char sink[4096];

	must(event_base_loop(u->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) != -1);
	while (read(peer, sink, sizeof(sink)) > 0)
		continue;
}

struct reading {
	struct upstream *upstream;
	struct upstream_conn *conn;
};

static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;
	bool open;

	r->conn->heard = true; /* as upstream_io_read() says */
	r->upstream->inside = true;
	upstream_http2_received(r->conn, piece);
	r->upstream->inside = false;
	open = r->conn->state == CONN_OPEN;
	upstream_settle(r->upstream);
	return open;
}

static void
read_frames(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *unused)
{
	struct upstream *u = the_upstream();
	struct request requests[REQUESTS] = {0};
	bool failed = false;
	int peer;
	struct reading r = {.upstream = u, .conn = connect_peer(u, &peer)};

	(void)unused;
	for (size_t i = 0; i < REQUESTS; i++)
		post(u, &requests[i]);
	turn(u, peer);
	fuzz_feed(in, cuts, feed, &r);
	buf_init(out, REQUESTS * HEARD_MAX);
	for (size_t i = 0; i < REQUESTS; i++) {
		fuzz_put(out, buf_slice(&requests[i].heard));
		failed = failed || requests[i].failed;
		if (requests[i].transfer != NULL)
			upstream_cancel(requests[i].transfer);
		buf_clear(&requests[i].heard);
	}
	if (failed)
		buf_reset(out);
	/* None is left if the server has closed it, or permits no streams. */
	while (!LIST_EMPTY(&u->ready))
		upstream_conn_close(LIST_FIRST(&u->ready));
	while (!LIST_EMPTY(&u->busy))
		upstream_conn_close(LIST_FIRST(&u->busy));
	upstream_settle(u);
	must(u->transfers == 0 && u->opening == 0 && u->resting == 0);
	close(peer);
}

/* The frames of the input, as they are sent (RFC 9113, section 4.1). */
static void
write_frames(struct buf *out, struct slice in)
{
	buf_init(out, 16 * in.len + 16);
	while (in.len >= 4) {
		uint8_t type = fuzz_byte(&in), flags = fuzz_byte(&in), stream = fuzz_byte(&in);
		size_t len = fuzz_byte(&in);
		uint8_t head[] = {0, 0, 0, type, flags, 0, 0, 0, stream};

		if (len > in.len)
			len = in.len;
		head[2] = (uint8_t)len;
		fuzz_put(out, (struct slice){head, sizeof(head)});
		fuzz_put(out, (struct slice){in.p, len});
		in = (struct slice){in.p + len, in.len - len};
	}
}

FUZZ(upstream_http2)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf frames, result;

	write_frames(&frames, in);
	fuzz_read_all_ways(&result, buf_slice(&frames), cuts, read_frames, NULL);
	buf_clear(&result);
	buf_clear(&frames);
}
