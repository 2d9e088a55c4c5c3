/*
 * What the tests of the HTTP server share: a real server on a real event loop, and clients that
 * speak to it over loopback TCP in the same thread. A test waits for a condition (bytes, the end,
 * a state) by turning the loop, for WAIT_MS at most.
 *
 * The handler answers by the path: /echo, /empty, /big, /bigcopy, /abort; /keep is kept for the test
 * to answer; all others get "hello", and their query in X-Query.
 */
#ifndef TESTS_UNIT_WORKERD_HTTP_HTTP_RIG_H
#define TESTS_UNIT_WORKERD_HTTP_HTTP_RIG_H

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/unit/unit.h"
#include "workerd/http/conn.h"
#include "workerd/http/http_server.h"
#include "workerd/http/reply.h"

#define WAIT_MS 60000

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET10(path) "GET " path " HTTP/1.0\r\n\r\n"
#define POST(path, length) \
	"POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " length "\r\n\r\n"
#define POST_CHUNKED(path) \
	"POST " path " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define HELLO  GET("/hello")
#define ANSWER "\r\n\r\nhello" /* the end of its response */

#define KEPT_MAX 8

struct rig {
	struct http_server *server;
	struct http_limits limits; /* of the next rig_start(); at first the default ones */
	bool minimal;              /* rig_start() sets none of the optional callbacks */
	/* What the handler has received. */
	struct http_exchange *kept[KEPT_MAX];
	size_t n_kept;
	size_t handled, closed, answered;
	char last_body[256];
	void (*handle)(struct http_exchange *x); /* if set, answers all except /keep */
	struct slice big;                        /* the body of /big and /bigcopy */
	/* Connections that were admitted, and those of them that have ended. */
	size_t arrived, left;
	bool full;
};
extern struct rig rig;

/* A cmocka test with its own rig; the test starts the server. */
#define RIG_TEST(name) TEST_WITH(name, rig_set_up, rig_tear_down)
/* The same, with the server started and its first client open. */
#define CLIENT_TEST(name) TEST_WITH(name, rig_set_up_open, rig_tear_down)
int rig_set_up(void **state);
int rig_set_up_open(void **state);
int rig_tear_down(void **state);

void rig_start(void);
void rig_stop(void);

/* One turn of the loop, as in the worker; a timer ends it if nothing else does. */
void rig_turn(void);

/* Runs the loop until the condition holds. */
#define WAIT_FOR(cond)                                       \
	do {                                                 \
		uint64_t until_ = clock_mono_ms() + WAIT_MS; \
		while (!(cond) && clock_mono_ms() < until_)  \
			rig_turn();                          \
		assert_true(cond);                           \
	} while (0)
#define WAIT_FOR_CONNECTIONS(n) WAIT_FOR(http_server_connections(rig.server) == (n))
#define WAIT_FOR_END(c)         WAIT_FOR(client_at_end(c))

/* The server's only connection. */
struct http_conn *rig_conn(void);

/* Hides log lines that a test causes on purpose, until rig_loud(). */
void rig_quiet(void);
void rig_loud(void);

/* So many times this character, until the end of the test. */
struct slice rig_text(char c, size_t len);

/* The client's end of a connection. The rig closes it after the test. */
struct client {
	int fd;
	struct buf in;
	bool eof;
	bool reset;
};

/* The first client of a test. */
extern struct client *cl;

/* Starts the server and opens cl. */
void rig_open(void);

struct client *client_open(void);
/* With socket buffers of about this many bytes. */
struct client *client_open_with(int buffer);
void client_close(struct client *c);
/* Closes with a reset. */
void client_reset(struct client *c);

void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, const char *p, size_t len);

/* Waits for the next request that the handler keeps. */
struct http_exchange *rig_kept(void);
/* Sends a request that the handler keeps, and waits for it. */
struct http_exchange *client_keep(struct client *c);
/* The same; then begins a stream of this type (or NULL) as its reply. */
struct http_exchange *client_stream(struct client *c, const char *type);

/* Replies of status 200. */
void answer(struct http_exchange *x, const char *text);
void stream_begin(struct http_exchange *x, const char *type);
/* Writes a piece, which must be accepted. */
void stream_write(struct http_exchange *x, const char *piece);

/* Reads what has come; so do all functions below before they check. */
void client_read(struct client *c);
bool client_has(struct client *c, const char *text);
size_t client_count(struct client *c, const char *text);
bool client_begins_with(struct client *c, const char *text);
bool client_ends_with(struct client *c, const char *text);
size_t client_received(struct client *c);
bool client_at_end(struct client *c);
bool client_was_reset(struct client *c);

/* Data may take time from one end of a connection to the other. These wait without a turn of the
 * loop: until the input ends with this text, and until the server's end has received everything or
 * is closed. */
bool client_gets(struct client *c, const char *text);
void client_arrives(const struct client *c);

#endif
