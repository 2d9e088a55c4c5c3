#include "tests/unit/workerd/http/steps/http_world.h"

#include "proto/base/log.h"
#include "proto/base/network.h"
#include "workerd/http/ws/ws_handshake.h"

struct http_world world;

static void
on_close(struct http_exchange *x)
{
	struct client *c = client_of(x), *other = c->other;

	assert_ptr_equal(x->data, &world);
	assert_ptr_equal(c->kept, x);
	c->kept = NULL;
	world.closed++;
	if (other == NULL)
		return;
	assert_int_equal(reply_stream_write(other->kept, c->other_text), 0);
	reply_stream_end(other->kept);
	other->kept = NULL;
}

static void
on_message(void *arg, struct slice text)
{
	struct client *c = arg;

	assert_non_null(c->ws);
	world.messages++;
	if (c->action == WS_ECHO)
		(void)ws_send(c->ws, text);
	if (c->action == WS_BYE)
		ws_close(c->ws, WS_TRY_AGAIN, "enough");
}

static void
on_ws_closed(void *arg)
{
	struct client *c = arg;

	assert_non_null(c->ws);
	c->ws = NULL;
	world.closed++;
}

static void
accept_ws(struct http_exchange *x, enum ws_action action)
{
	static const struct ws_events events = {.message = on_message, .closed = on_ws_closed};
	struct client *c = client_of(x);

	assert_true(ws_handshake_check(x));
	c->action = action;
	c->ws = ws_accept(x, &events, c);
}

void
world_upgrade(struct client *c)
{
	struct http_exchange *x = c->kept;

	c->kept = NULL;
	accept_ws(x, WS_ECHO);
}

static void
keep(struct http_exchange *x)
{
	x->data = &world;
	x->on_close = on_close;
	client_of(x)->kept = x;
}

/* Who an announced client is. */
static void
reply_client(struct http_exchange *x)
{
	const struct ip_address client = ip_from_bytes(x->client);
	char text[IP_TEXT_SIZE];

	if (!client_of(x)->proxied)
		return;
	ip_format(&client, text);
	reply_header_fmt(x, "X-Client", "%s %u", text, x->client_port);
}

/* Others are always the same. */
static void
expect_client(const struct http_exchange *x)
{
	if (client_of(x)->proxied) {
		assert_false(x->loopback);
		return;
	}
	assert_true(x->loopback && x->client_port == 4711 && x->client.len == 4);
	assert_memory_equal(x->client.p, "\xc0\x00\x02\x01", 4); /* 192.0.2.1 */
}

static void
reply_with(struct http_exchange *x, struct slice body)
{
	reply_start(x, 200);
	reply_header(x, "X-Query", x->req->query);
	reply_client(x);
	reply_body(x, "text/plain", body);
}

/* The secret is in no buffer any more. */
static void
wipe(struct http_exchange *x)
{
	const struct buf *in = &x->conn->in;
	const uint8_t *scratch = x->conn->server->scratch;

	assert_true(slice_eq_str(x->body, "secret"));
	http_server_wipe_body(x);
	assert_memory_equal(x->body.p, "\0\0\0\0\0\0", 6);
	assert_null(memmem(in->mem, in->cap, "ret", 3));
	assert_null(memmem(scratch, SCRATCH_SIZE, "secret", 6));
	reply_with(x, slice_str("wiped"));
}

/* Some of them are invalid. */
static void
reply_with_headers(struct http_exchange *x)
{
	reply_start(x, 200);
	reply_header_str(x, "X-Bad", "a\r\nX-Evil: b");
	reply_header_str(x, "X-Bad", "a\nX-Evil: b");
	reply_header(x, "X-Bad", (struct slice){(const uint8_t *)"a\0b", 3});
	reply_header_fmt(x, "X-Bad", "%0300d", 1);
	reply_header_fmt(x, "X-Good", "%d\t%s", 12, "\xc3\xa9");
	reply_empty(x);
}

static void
reply_with_file(struct http_exchange *x, struct slice path)
{
	if (slice_eq_str(path, "/file")) {
		static_file_reply(x, world.file, "public, max-age=300");
		return;
	}
	reply_start(x, slice_eq_str(path, "/page") ? static_file_status(x, world.file) : 404);
	reply_header_str(x, "X-More", "yes");
	static_file_reply_body(x, world.file, "no-store");
}

static void take_piece(struct client *c);

static void
on_piece(void *arg, struct slice piece)
{
	struct client *c = arg;
	struct http_exchange *x = c->kept;

	if (piece.p == NULL) {
		c->kept = NULL;
		reply_json_error(x, 408, "late", "late");
		return;
	}
	must(buf_append(&c->pieces, piece.p, piece.len) == 0 &&
	    buf_append_str(&c->pieces, "|") == 0);
	take_piece(c);
}

/* The next piece, or the reply. */
static void
take_piece(struct client *c)
{
	struct http_exchange *x = c->kept;
	uint64_t left = http_body_left(x);
	size_t most = x->req->content_length > 1000 ? 65536 : 4;

	if (left > 0) {
		http_body_take(x, left < most ? (size_t)left : most, on_piece, c);
		return;
	}
	c->kept = NULL;
	reply_with(x, buf_slice(&c->pieces));
}

static void
take_pieces(struct http_exchange *x)
{
	struct client *c = client_of(x);

	assert_int_equal(x->body.len, 0);
	buf_clear(&c->pieces);
	buf_init(&c->pieces, 4u << 20);
	keep(x);
	take_piece(c);
}

static void
handle(struct http_exchange *x, void *ctx)
{
	struct slice path = x->req->path;

	assert_ptr_equal(ctx, &world);
	expect_client(x);
	world.handled++;
	if (slice_eq_str(path, "/keep")) {
		keep(x);
	} else if (slice_eq_str(path, "/pieces")) {
		take_pieces(x);
	} else if (slice_eq_str(path, "/refuse")) {
		reply_json_error(x, 415, "refused", "refused");
	} else if (slice_eq_str(path, "/ws")) {
		accept_ws(x, WS_ECHO);
	} else if (slice_eq_str(path, "/silent")) {
		accept_ws(x, WS_SILENT);
	} else if (slice_eq_str(path, "/bye")) {
		accept_ws(x, WS_BYE);
	} else if (slice_eq_str(path, "/wipe")) {
		wipe(x);
	} else if (world.file != NULL) {
		reply_with_file(x, path);
	} else if (slice_eq_str(path, "/empty")) {
		reply_start(x, 204);
		reply_empty(x);
	} else if (slice_eq_str(path, "/big")) {
		reply_start(x, 200);
		reply_static(x, "text/plain", world.big);
	} else if (slice_eq_str(path, "/headers")) {
		reply_with_headers(x);
	} else if (slice_eq_str(path, "/abort")) {
		keep(x);
		client_of(x)->kept = NULL;
		reply_abort(x);
	} else {
		reply_with(x,
		    slice_eq_str(path, "/echo")          ? x->body
			: slice_eq_str(path, "/bigcopy") ? world.big
							 : slice_str("hello"));
	}
}

static bool
admit(const struct http_peer *peer, uint64_t *place, void *ctx)
{
	assert_ptr_equal(ctx, &world);
	assert_true(peer->port == 4711 || !peer->loopback);
	if (!world.full)
		*place = ++world.arrived;
	return !world.full;
}

static bool
may_announce(const struct http_peer *peer, void *ctx)
{
	assert_ptr_equal(ctx, &world);
	assert_memory_equal(peer->address.p, "\xc0\x00\x02\x01", 4);
	return !world.untrusted;
}

static void
on_proxy_refused(enum metric_proxy why, void *ctx)
{
	assert_ptr_equal(ctx, &world);
	world.refused[why]++;
}

static void
release(uint64_t place, void *ctx)
{
	assert_ptr_equal(ctx, &world);
	assert_in_range(place, 1, world.arrived);
	world.left++;
}

static const struct http_route *
route(const struct http_request *req, void *ctx)
{
	static const struct http_route echo_route = {.body_max = 100000},
				       pieces_route = {.body_max = 3000000, .streamed = true},
				       other = {.body_max = 10};

	assert_ptr_equal(ctx, &world);
	if (slice_eq_str(req->path, "/pieces") || slice_eq_str(req->path, "/refuse"))
		return &pieces_route;
	return slice_eq_str(req->path, "/echo") ? &echo_route : &other;
}

/* Like the API's CORS headers: depends on the request, even on an unreadable one. */
static int
decorate(struct http_exchange *x, struct buf *out, void *ctx)
{
	struct slice origin = http_header(x->req, "origin");

	assert_ptr_equal(ctx, &world);
	if (buf_append_str(out, "X-Frame-Options: DENY\r\n") == -1)
		return -1;
	if (origin.p != NULL)
		reply_header(x, "Access-Control-Allow-Origin", origin);
	return 0;
}

static void
on_replied(struct http_exchange *x, void *ctx)
{
	(void)x;
	assert_ptr_equal(ctx, &world);
	world.answered++;
}

void
world_start(void)
{
	struct http_server_config config = {.base = world.base,
	    .limits = world.limits,
	    .ctx = &world,
	    .handle = handle,
	    .admit = admit,
	    .release = release,
	    .may_announce = may_announce,
	    .proxy_refused = on_proxy_refused,
	    .route = route,
	    .decorate = decorate,
	    .replied = on_replied};

	if (world.minimal) {
		config.admit = NULL;
		config.release = NULL;
		config.may_announce = NULL;
		config.proxy_refused = NULL;
		config.route = NULL;
		config.decorate = NULL;
		config.replied = NULL;
	}
	world.server = http_server_new(&config);
	http_server_use_tls(world.server, world.tls);
}

void
world_stop(void)
{
	http_server_free(world.server);
	world.server = NULL;
}

void
world_turn(void)
{
	event_base_loop(world.base, EVLOOP_ONCE);
	http_server_turn_end(world.server);
}

void
world_turn_for(uint64_t ms)
{
	for (uint64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;)
		world_turn();
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

static void *
set_up(void)
{
	static const struct timeval every = {.tv_usec = 2000};

	log_open("test", LOG_WARN);
	world = (struct http_world){.values = values_new(), .limits = http_limits_default};
	world.base = event_base_new();
	world.tick = event_new(world.base, -1, EV_PERSIST, on_tick, NULL);
	event_add(world.tick, &every);
	if (http_tls_version != NULL)
		tls_start();
	return &world;
}

static void
tear_down(void *unused)
{
	(void)unused;
	world_stop();
	for (size_t i = 0; i < world.clients_n; i++)
		client_close(world.clients[i]);
	free(world.clients);
	tls_clear();
	files_clear();
	event_free(world.tick);
	event_base_free(world.base);
	values_free(world.values);
}

const char *
step_option(const struct words *step, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < step->n; i++)
		if (strncmp(step->word[i], name, len) == 0 && step->word[i][len] == '=')
			return step->word[i] + len + 1;
	return NULL;
}

static bool
run_step(void *unused, const struct words *step)
{
	(void)unused;
	return number_step(step) || server_step(step) || tls_server_step(step) ||
	    file_step(step) || (step->n > 1 && client_step(step));
}

const struct scenario_subject http_scenarios = {set_up, tear_down, run_step, NULL};
