/*
 * A stage for turns: a real store client and a real model client on real sockets, with a store and
 * a model that the test plays at the other ends. One loop, run by the test until a condition
 * holds.
 */
#ifndef TESTS_UNIT_WORKERD_TURN_TURN_STAGE_H
#define TESTS_UNIT_WORKERD_TURN_TURN_STAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "proto/ipc/channel.h"
#include "tests/unit/unit.h"
#include "workerd/turn/turn.h"
#include "workerd/turn/turn_service.h"

#define STAGE_LIMIT_MS 60000 /* timeout of each wait */

struct stage {
	struct event_base *base;
	struct scoreboard_worker board;
	struct turns turns;
	char dir[64], path[96];
	int store_listener, model_listener;
	struct channel store; /* the store's end */
	uint64_t instance;    /* of the store; a new connection is one to another process */
	unsigned connections; /* to the store that the worker has used */
	bool answers_pings;   /* those that a quiet connection sends */
	int model;            /* the model's end of the newest request; -1: none */
};

static inline int
listen_on(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, address, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static inline void
stage_listen(struct stage *s, char *url, size_t url_size)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	snprintf(s->dir, sizeof(s->dir), "/tmp/banter-stage-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", s->path);
	s->store_listener = listen_on((const struct sockaddr *)&un, sizeof(un));
	s->model_listener = listen_on((const struct sockaddr *)&in, sizeof(in));
	assert_int_equal(getsockname(s->model_listener, (struct sockaddr *)&in, &len), 0);
	snprintf(url, url_size, "http://127.0.0.1:%u/v1", ntohs(in.sin_port));
}

static inline void
stage_on_connected(void *arg)
{
	struct stage *s = arg;

	s->connections++;
}

static inline int
stage_setup(void **state)
{
	struct stage *s = aligned_alloc(_Alignof(struct stage), sizeof(*s));
	static const struct store_events stage_events = {.connected = stage_on_connected};
	char url[64];
	struct upstream_config config = {.board = &s->board,
	    .url = url,
	    .connect_ms = 10000,
	    .first_byte_ms = 60000,
	    .idle_ms = 60000,
	    .rest_ms = 60000};

	assert_non_null(s);
	memset(s, 0, sizeof(*s));
	s->model = s->store.fd = -1;
	log_open("test", LOG_ERROR);
	stage_listen(s, url, sizeof(url));
	s->base = config.base = event_base_new();
	assert_non_null(s->base);
	s->turns = (struct turns){
	    .base = s->base,
	    .store = store_client_new(s->base, s->path, &s->board),
	    .board = &s->board,
	    .defaults = {.model = "m", .system_prompt = "p"},
	    .max_history = 30,
	    .total_ms = 60000,
	    .refused_ms = 1,
	};
	s->turns.finding = (struct finding_service){.base = s->base,
	    .store = s->turns.store,
	    .board = &s->board,
	    .search = search_client_new(s->base, "/nowhere")};
	model_servers_add(&s->turns.servers, &config, MODEL_API_AUTO);
	store_client_listen(s->turns.store, &stage_events, s);
	turn_service_start(&s->turns);
	*state = s;
	return 0;
}

static inline int
stage_teardown(void **state)
{
	struct stage *s = *state;

	store_client_free(s->turns.store);
	search_client_free(s->turns.finding.search);
	turn_service_clear(&s->turns);
	model_servers_clear(&s->turns.servers);
	event_base_free(s->base);
	channel_close(&s->store);
	closefd(&s->model);
	closefd(&s->store_listener);
	closefd(&s->model_listener);
	unlink(s->path);
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

#define STAGE_TEST(f) TEST_WITH(f, stage_setup, stage_teardown)

/* One round of the worker's loop. */
static inline void
stage_turn_now(struct stage *s)
{
	assert_int_not_equal(event_base_loop(s->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	turn_service_flush(&s->turns);
	store_client_turn_end(s->turns.store);
}

/* The same, with time for the kernel and for timers. */
static inline void
stage_turn(struct stage *s)
{
	stage_turn_now(s);
	usleep(200);
}

/* Goes on until the condition holds; fails the test when it never does. */
#define STAGE_UNTIL(s, condition)                                          \
	do {                                                               \
		uint64_t end_ = clock_mono_ms() + STAGE_LIMIT_MS;          \
		while (!(condition)) {                                     \
			if (clock_mono_ms() > end_)                        \
				fail_msg("never came to: %s", #condition); \
			stage_turn(s);                                     \
		}                                                          \
	} while (0)

static inline int
stage_accept(struct stage *s, int listener)
{
	int fd = -1;

	STAGE_UNTIL(
	    s, (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1);
	return fd;
}

/* Accepts the worker's connection, the first one or a new one; it has no answer to its PING yet. */
static inline void
store_greet(struct stage *s)
{
	struct msg_hello hello = {
	    .version = WIRE_VERSION, .role = ROLE_STORE, .instance = s->instance};

	s->answers_pings = false;
	channel_close(&s->store);
	channel_open(&s->store, stage_accept(s, s->store_listener), ROLE_STORE, ROLE_WORKER,
	    WIRE_FRAME_MAX);
	buf_reset(&s->store.out);
	assert_int_equal(channel_send(&s->store, MSG_HELLO, 0, &hello), 0);
	assert_int_equal(channel_flush(&s->store), CHANNEL_DONE);
}

static inline void
store_answer(struct stage *s, uint64_t request, enum msg_type type, const void *answer)
{
	assert_int_equal(channel_send(&s->store, type, request, answer), 0);
	assert_int_equal(channel_flush(&s->store), CHANNEL_DONE);
}

/* The connection's own PINGs have the request id 1. */
static inline bool
store_has_request(struct stage *s, struct frame *f, union msg *m)
{
	enum wire_result r;

	assert_int_equal(channel_read(&s->store), CHANNEL_DONE);
	r = channel_next(&s->store, f, m);
	assert_true(r == WIRE_OK || r == WIRE_MORE);
	if (r == WIRE_OK && f->request == 1 && s->answers_pings) {
		store_answer(s, 1, MSG_PONG, &(struct msg_pong){});
		return false;
	}
	return r == WIRE_OK;
}

/* Waits for a request, which must be of this type. Returns its number. *m is valid until the next
 * call. */
static inline uint64_t
store_expect(struct stage *s, enum msg_type type, union msg *m)
{
	union msg unused;
	struct frame f;

	if (m == NULL)
		m = &unused;
	STAGE_UNTIL(s, store_has_request(s, &f, m));
	assert_string_equal(msg_name(f.type), msg_name((uint16_t)type));
	return f.request;
}

/* Accepts the worker's connection, the first one or a new one, to another process. */
static inline void
store_accept(struct stage *s)
{
	const unsigned before = s->connections;

	s->instance++;
	store_greet(s);
	store_answer(s, store_expect(s, MSG_PING, NULL), MSG_PONG, &(struct msg_pong){});
	s->answers_pings = true;
	STAGE_UNTIL(s, s->connections > before);
}

static inline void
store_refuse(struct stage *s, uint64_t request, enum store_error code)
{
	store_answer(s, request, MSG_ERROR,
	    &(struct msg_error){.code = (uint16_t)code, .detail = slice_str("no")});
}

/* Sends a message that answers no request. */
static inline void
store_notify(struct stage *s, enum msg_type type, const void *message)
{
	store_answer(s, 0, type, message);
}

/* Runs the loop for a while and checks that the worker sends no request. */
static inline void
store_expect_nothing(struct stage *s)
{
	struct frame f;
	union msg m;

	for (int i = 0; i < 20; i++) {
		stage_turn(s);
		assert_false(store_has_request(s, &f, &m));
	}
}

static inline void
model_send(struct stage *s, const char *text)
{
	assert_int_equal(send(s->model, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Begins to answer. */
static inline void
model_answer(struct stage *s)
{
	model_send(s, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
}

/* Whether the worker has closed the connection. */
static inline bool
model_is_left(struct stage *s)
{
	char rest[4096];

	return recv(s->model, rest, sizeof(rest), 0) == 0;
}

#endif
