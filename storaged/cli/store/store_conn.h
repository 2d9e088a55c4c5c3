/*
 * A blocking connection to a running storaged: requests and replies, one at a time or pipelined. No
 * call waits for storaged longer than STORE_CONN_TIMEOUT_MS without progress.
 */
#ifndef STORAGED_CLI_STORE_STORE_CONN_H
#define STORAGED_CLI_STORE_STORE_CONN_H

#include "proto/ipc/channel.h"

#define STORE_CONN_TIMEOUT_MS 10000u

/* Bytes of queued requests, at most. */
#define STORE_CONN_UNSENT_MAX ((size_t)8 << 20)

struct store_conn {
	const char *path; /* borrowed */
	struct channel channel;
	bool may_close; /* storaged may close it: that is EX_UNAVAILABLE, without a message */
};

/* Connects. 0, or the exit status: EX_UNAVAILABLE without a message if storaged is not running
 * (store_conn_not_running() prints it); others after an error message, EX_NOPERM if we run as
 * another user. Close it in any case. */
[[gnu::warn_unused_result]] int store_conn_open(struct store_conn *conn, const char *path);

void store_conn_close(struct store_conn *conn);

/* Reports that storaged is not running, and how to start it. Returns EX_UNAVAILABLE. */
int store_conn_not_running(const char *path);

/* Like store_conn_open(), but also reports that storaged is not running. */
[[gnu::warn_unused_result]] int store_conn_open_running(
    struct store_conn *conn, const char *path);

/* Queues a request. 0, or -1 when too much is queued: receive a reply first. */
[[gnu::warn_unused_result]] int store_conn_send(
    struct store_conn *conn, enum msg_type type, uint64_t request, const void *msg);

/* Sends all queued requests without waiting for replies. Call it before waiting for anything else:
 * storaged drops a peer that does not finish a message. 0, or the exit status after an error
 * message. */
[[gnu::warn_unused_result]] int store_conn_flush(struct store_conn *conn);

/* Sends queued requests and waits for the next reply, which is valid until the next call. 0, or the
 * exit status after an error message. */
[[gnu::warn_unused_result]] int store_conn_receive(
    struct store_conn *conn, struct frame *f, union msg *answer);

/* Sends a request, again while storaged has done only a part of it, and waits for its reply. 0, or the exit status after
 * an error message. *refused: storaged refuses, and answer->error says why; any other reply is of the type expected. */
[[gnu::warn_unused_result]] int store_conn_ask(struct store_conn *conn, enum msg_type type,
    const void *msg, enum msg_type expected, union msg *answer, bool *refused);

/* Sends a request, again while storaged has done only a part of it, and waits for its reply, which must
 * be of the type expected. 0, or the exit status after an error message, also if storaged refuses. */
[[gnu::warn_unused_result]] int store_conn_request(struct store_conn *conn, enum msg_type type,
    const void *msg, enum msg_type expected, union msg *answer);

/* Reports why storaged refused a request. Returns the exit status. */
int store_conn_fail_refused(const struct msg_error *error);

#endif
