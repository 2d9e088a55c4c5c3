/*
 * The line to a running storaged: requests and answers, one after the other or many in flight, by
 * a caller that waits. Nothing waits longer than STORE_CONN_TIMEOUT_MS for storaged to go on.
 */
#ifndef STORAGED_CLI_STORE_STORE_CONN_H
#define STORAGED_CLI_STORE_STORE_CONN_H

#include "proto/ipc/channel.h"

#define STORE_CONN_TIMEOUT_MS 10000u

/* Bytes of requests that wait to be sent, at most. */
#define STORE_CONN_UNSENT_MAX ((size_t)8 << 20)

struct store_conn {
	const char *path; /* borrowed */
	struct channel channel;
};

/* Connects. 0, or the exit status, with the reason said: EX_UNAVAILABLE when storaged does not run
 * (said only by store_conn_not_running()), EX_NOPERM when we are not of its user. To be closed in any
 * case. */
[[gnu::warn_unused_result]] int store_conn_open(struct store_conn *conn, const char *path);

void store_conn_close(struct store_conn *conn);

/* Says that storaged does not run, and how to start it. Returns EX_UNAVAILABLE. */
int store_conn_not_running(const char *path);

/* The same for what can do nothing without it: connects, or says also that it does not run. */
[[gnu::warn_unused_result]] int store_conn_open_running(
    struct store_conn *conn, const char *path);

/* Queues a request. 0, or -1 when too much waits already: take an answer first. */
[[gnu::warn_unused_result]] int store_conn_send(
    struct store_conn *conn, enum msg_type type, uint64_t request, const void *msg);

/* Sends all that is queued, without waiting for answers. To be called before a wait for anything
 * else: storaged drops a peer that owes it the rest of a message. 0, or the exit status with the
 * reason said. */
[[gnu::warn_unused_result]] int store_conn_flush(struct store_conn *conn);

/* Sends what is queued and waits for the next answer. 0, or the exit status with the reason said.
 * The answer is valid until the next call. */
[[gnu::warn_unused_result]] int store_conn_receive(
    struct store_conn *conn, struct frame *f, union msg *answer);

/* One request and its answer, which has to be of this type. 0, or the exit status with the reason
 * said; so also when storaged refuses. */
[[gnu::warn_unused_result]] int store_conn_request(struct store_conn *conn, enum msg_type type,
    const void *msg, enum msg_type expected, union msg *answer);

/* Says why storaged refused. Returns the exit status. */
int store_conn_fail_refused(const struct msg_error *error);

#endif
