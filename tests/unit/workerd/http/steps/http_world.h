/*
 * What scenarios about the HTTP server act on: a real server on a real event loop, whose handler is part of
 * the test, and clients that speak to it over loopback TCP in the same thread. A step waits for a condition
 * by turning the loop, for WAIT_MS at most. Files: http_world.c (server and handler), clients.c (the clients'
 * ends), words.c (what is sent and expected), numbers.c (what the server counts); and the steps.
 *
 * The handler replies by the path: /echo, /empty, /big, /bigcopy, /abort, /wipe; /ws accepts a WebSocket
 * that echoes messages, /silent one that only counts them, /bye one that it closes at the first message;
 * /pieces takes its body in pieces, of 4 bytes if it is short, and replies with them and a bar after each; /refuse
 * replies 415 and takes nothing; /keep is kept for the scenario to reply; all others get "hello", and their query in X-Query, or the static
 * file of the scenario.
 */
#ifndef TESTS_UNIT_WORKERD_HTTP_STEPS_HTTP_WORLD_H
#define TESTS_UNIT_WORKERD_HTTP_STEPS_HTTP_WORLD_H

#include <openssl/ssl.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/unit/scenario/scenario.h"
#include "tests/unit/scenario/values.h"
#include "tests/unit/test_cert.h"
#include "tests/unit/unit.h"
#include "workerd/http/body.h"
#include "workerd/http/conn.h"
#include "workerd/http/http_server.h"
#include "workerd/http/reply.h"
#include "workerd/http/static_files.h"
#include "workerd/http/tls.h"
#include "workerd/http/ws/ws.h"

extern const struct scenario_subject http_scenarios;

/* If set, such as to TLSv1.3, the server has TLS, and this is the version of its clients. */
extern const char *http_tls_version;

#define WAIT_MS 60000

/* What a WebSocket does with a message besides counting it. */
enum ws_action { WS_SILENT, WS_ECHO, WS_BYE };

/* A client's end of a connection. */
struct client {
	const char *name;
	int fd; /* -1: closed */
	uint64_t number;
	struct buf in;   /* received and decrypted; steps take from its front */
	size_t received; /* bytes */
	bool eof, reset;
	bool proxied;               /* it begins with a PROXY header */
	char head[2048];            /* of its last reply */
	struct http_exchange *kept; /* its request at /keep */
	struct buf pieces;          /* of the body at /pieces */
	struct ws *ws;              /* the server's end of its WebSocket */
	enum ws_action action;
	struct client *other;    /* whose stream ends when this client leaves, */
	struct slice other_text; /* after this text */
	/* With TLS: */
	SSL_CTX *ctx;
	SSL *ssl;           /* NULL: plain */
	BIO *from, *to;     /* received bytes; bytes to send */
	size_t piece;       /* so many at a time; 0: all */
	size_t records;     /* of application data received; in TLS 1.3 also those of tickets */
	const char *failed; /* OpenSSL's reason, such as an alert of the server */
};

struct http_world {
	struct values *values;
	struct event_base *base;
	struct event *tick;
	struct http_server *server; /* started by the first client */
	struct http_limits limits;
	bool minimal;             /* the server has no optional callbacks */
	bool full;                /* admits no connection */
	bool untrusted;           /* nobody may send a PROXY header */
	struct slice big;         /* the body of /big and /bigcopy */
	struct static_file *file; /* at /file, /page and /missing */
	char dir[32];             /* of files; "": there is none */
	struct tls *tls,
	    *old_tls; /* of new connections (NULL: they are plain), and of earlier ones */
	struct test_cert cert;
	SSL_SESSION *session; /* that a client has kept */
	int log;              /* the usual standard error; 0: there is no other */
	struct client **clients;
	size_t clients_n;
	uint64_t number; /* of the last connection */
	uint64_t refused[METRIC_PROXY_N];
	uint64_t handled, closed, answered, arrived, left, messages, flooded;
};
extern struct http_world world;

void world_start(void);
void world_stop(void);

/* One turn of the loop, as in the worker; a timer ends it if nothing else does. */
void world_turn(void);
/* Runs the loop for this time, for what must not happen meanwhile. */
void world_turn_for(uint64_t ms);

/* Accepts a WebSocket that the client asked for at /keep. */
void world_upgrade(struct client *c);

/* Runs the loop until the condition holds. */
#define UNTIL(condition)                                                \
	do {                                                            \
		uint64_t until_ = clock_mono_ms() + WAIT_MS;            \
		while (!(condition)) {                                  \
			if (clock_mono_ms() > until_)                   \
				scenario_fail("never: %s", #condition); \
			world_turn();                                   \
		}                                                       \
	} while (0)

/* The client of this name; a new one connects. */
struct client *client_named(const char *name);
struct client *client_of(const struct http_exchange *x);
/* Connects, again if it was closed; with socket buffers of about so many bytes (0: the default), and the
 * options of a step (or NULL) for TLS. */
struct client *client_connect(const char *name, int buffer, const struct words *step);
void client_close(struct client *c);
/* Sends everything, turning the loop when the socket takes no more; with TLS after the handshake. */
void client_send(struct client *c, struct slice bytes);
/* Without TLS in any case. */
void client_send_raw(struct client *c, struct slice bytes);
/* Reads what has come. */
void client_read(struct client *c);

/* For TLS (tls_clients.c). The options are those of `connects`. */
void client_begin_tls(struct client *c, const struct words *step);
void client_end_tls(struct client *c);
/* Encrypted bytes have come; decrypts them, and sends what is to send. */
void client_decrypt(struct client *c, const uint8_t *bytes, size_t n);
void client_encrypt(struct client *c, struct slice bytes);
/* Sends up to n encrypted bytes. */
void client_send_encrypted(struct client *c, size_t n);
/* Until the server's kernel has everything that was sent. Without a turn of the loop. */
void client_arrives(const struct client *c);
/* Its connection, or NULL. */
struct http_conn *client_conn(const struct client *c);

/* The bytes for which the words of a step stand, from this one on; with the frames of a client (masked) or of
 * the server. words.c describes them. Valid until the next call. */
struct slice words_together(const struct words *step, size_t from, bool masked);

/* A text with the values of the $names in it. Valid until the next call. */
const char *text_with_names(const char *word);

/* The value of "NAME=VALUE" in a step, or NULL. */
const char *step_option(const struct words *step, const char *name);

bool client_step(const struct words *step);
bool wait_step(struct client *c, const struct words *step);
bool server_step(const struct words *step);
bool number_step(const struct words *step);
bool tls_server_step(const struct words *step);
bool tls_client_step(struct client *c, const struct words *step);
bool file_step(const struct words *step);

/* The server gets TLS, with a certificate and ticket keys. */
void tls_start(void);
/* Free what these steps have made. */
void tls_clear(void);
void files_clear(void);

#endif
