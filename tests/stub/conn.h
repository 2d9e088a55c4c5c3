/*
 * One accepted connection: its socket, its requests one after the other, its answers, and the end
 * of both. Bytes go out by send() at once; only what the kernel does not take is kept.
 *
 * A connection frees itself, and only in the two callbacks that the event loop calls (its socket,
 * its deadline): nothing below them may free it.
 */
#ifndef TESTS_STUB_CONN_H
#define TESTS_STUB_CONN_H

#include <sys/queue.h>

#include <stdbool.h>

#include <event2/event_struct.h>

#include "tests/stub/bytes.h"
#include "tests/stub/http.h"
#include "tests/stub/pace.h"
#include "tests/stub/serve.h"

struct conn {
	struct event ev;
	LIST_ENTRY(conn) link;
	struct conn_host *host;
	int fd;
	bool closing;   /* ends once out is empty */
	bool hanging;   /* the chat gives nothing more */
	bool reset;     /* ends by RST */
	bool ending;    /* the chat is over once out is empty */
	uint32_t split; /* bytes of each write, 0 for no limit */
	struct pace_entry pace;
	struct http_reader in;
	struct bytes out; /* what the kernel did not take yet, from sent on */
	size_t sent;
	struct chat *chat; /* the answer being given, or NULL */
};

/* What all connections share; owned by the server. */
struct conn_host {
	struct event_base *base;
	struct pace pace;
	struct service *service;
	struct bytes scratch; /* an answer's bytes on their way into send() */
	LIST_HEAD(conn_list, conn) conns;
};

/* Starts to serve fd (non-blocking), which the connection then owns. */
void conn_open(struct conn_host *host, int fd);

/* The pace's callback for a connection's entry. */
void conn_due(struct pace_entry *e);

/* Ends it at once. For the server's exit. */
void conn_free(struct conn *c);

#endif
