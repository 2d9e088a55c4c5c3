/*
 * The compared servers, each with its own stub model behind it. All of them relay the model's
 * streams; banter also stores what it relays.
 *
 * A server is started again for each figure, on a new port and, banter, with an empty store: no
 * memory and no closing connections are left of the previous run.
 */
#ifndef TESTS_BENCH_RELAY_SERVER_H
#define TESTS_BENCH_RELAY_SERVER_H

#include <netinet/in.h>

#include "tests/bench/place.h"

enum server_kind {
	SERVER_NGINX,   /* a plain reverse proxy, one worker, unbuffered */
	SERVER_HAPROXY, /* the same: a second comparison for memory */
	SERVER_BANTER,  /* one worker */
	SERVER_KINDS,
};

struct programs {
	const char *nginx, *haproxy;
};

struct server {
	enum server_kind kind;
	uint16_t port, stub_port;
	pid_t stub;
	pid_t roots[2];
	size_t n_roots;
	struct group group; /* all its processes, without the stub */
};

const char *server_name(enum server_kind kind);

/* A port of 127.0.0.1. */
struct sockaddr_in server_loopback(uint16_t port);

/* Whether the program is installed. */
bool server_exists(enum server_kind kind, const struct programs *programs);

/* Starts stub and server in a new directory of the place, and returns when the server responds. */
void server_start(struct server *s, enum server_kind kind, const struct programs *programs,
    const struct place *place);
void server_stop(struct server *s);

/* The bytes of a request: a question that the stub answers by this script (its directives), in the
 * session with this number. Returns their length, at most REQUEST_SIZE. */
#define REQUEST_SIZE 512u
size_t server_question(const struct server *s, const char *script, unsigned session, char *out);

/* A GET of this path, with keep-alive. */
size_t server_get(const struct server *s, const char *path, char *out);

/* The text before a token in a line of the response's body. */
const char *server_token_mark(enum server_kind kind);

#endif
