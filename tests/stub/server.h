/*
 * The server: the listening socket on the loopback address, the event loop, the connections, and
 * the signals that stop it. One per process, created by main().
 */
#ifndef TESTS_STUB_SERVER_H
#define TESTS_STUB_SERVER_H

#include "tests/stub/serve.h"

/* Listens on the port (0: any free one), prints "openai-stub listening on http://127.0.0.1:PORT/v1"
 * on stdout, and serves until SIGTERM or SIGINT. Exits with a message if it cannot start. */
void server_run(struct service *service, uint16_t port);

#endif
