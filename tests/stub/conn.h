/*
 * One accepted connection: its socket, its requests one after the other, its responses, and its
 * end. Bytes are sent immediately; only what the kernel does not accept is kept.
 *
 * A connection frees itself, and only in the two callbacks of the event loop (its socket, its
 * deadline): functions called by them must not free it.
 */
#ifndef TESTS_STUB_CONN_H
#define TESTS_STUB_CONN_H

#include <sys/queue.h>

#include <stdbool.h>

#include <event2/event_struct.h>

#include "tests/stub/pace.h"
#include "tests/stub/serve.h"

struct conn {
	struct event ev;
	LIST_ENTRY(conn) link;
	struct conn_host *host;
	int fd;
	bool closing; /* closes when out is empty */
	bool hanging; /* the chat sends nothing more */
	bool reset;   /* closes by RST */
	bool ending;  /* the chat ends when out is empty */
	struct pace_entry pace;
	struct buf in;
	size_t request;    /* bytes of the request in `in`, once its head is complete */
	struct buf out;    /* bytes that the kernel has not accepted yet */
	struct chat *chat; /* the response in progress, or NULL */
};

/* Shared by all connections; owned by the server. */
struct conn_host {
	struct event_base *base;
	struct pace pace;
	struct service *service;
	struct buf scratch; /* buffer for the bytes of a response before send() */
	LIST_HEAD(conn_list, conn) conns;
};

/* Starts to serve fd (non-blocking) and takes ownership of it. */
void conn_open(struct conn_host *host, int fd);

/* Callback of struct pace for a connection's entry. */
void conn_due(struct pace_entry *e);

/* Closes it immediately; for the server's exit. */
void conn_free(struct conn *c);

#endif
