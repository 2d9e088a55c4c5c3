/*
 * The server: the listening socket, the event loop, the connections, and the signals that stop it.
 * One per process, created by main().
 */
#ifndef TESTS_STUB_SERVER_H
#define TESTS_STUB_SERVER_H

#include <stdint.h>

#include "tests/stub/serve.h"

struct server_options {
	const char *address; /* numeric, IPv4 or IPv6 */
	const char *port;    /* decimal; "0" for any free port */
	int ready_fd; /* the ready line is also written to it, then it is closed; -1: none */
};

/*
 * Listens, prints "openai-stub listening on http://ADDRESS:PORT/v1" on stdout (and ready_fd), and
 * serves until SIGTERM or SIGINT. Exits with a message if it cannot start.
 */
void server_run(struct service *service, const struct server_options *options);

#endif
