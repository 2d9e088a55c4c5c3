/*
 * The whole stand-in at work: the listening socket, the event loop, the connections, and the
 * signals that end it. One per process, made by main().
 */
#ifndef TESTS_STUB_SERVER_H
#define TESTS_STUB_SERVER_H

#include <stdint.h>

#include "tests/stub/serve.h"

struct server_options {
	const char *address; /* numeric, IPv4 or IPv6 */
	const char *port;    /* decimal; "0" for any free one */
	int ready_fd;        /* gets the ready line and is closed; -1 for none */
};

/*
 * Listens, prints "openai-stub listening on http://ADDRESS:PORT/v1" on stdout (and ready_fd), and
 * serves until SIGTERM or SIGINT. Exits with a message if it cannot start.
 */
void server_run(struct service *service, const struct server_options *options);

#endif
