/*
 * Records with at most one file descriptor each, over a SOCK_SEQPACKET pair: masterd sends
 * connections to workers this way (unix(7), cmsg(3)).
 */
#ifndef PROTO_IPC_FDPASS_H
#define PROTO_IPC_FDPASS_H

#include <sys/types.h>

#include "proto/base/buf.h"

/* Sends one record, with a copy of fd unless it is -1. The caller keeps its fd and closes it after
 * success. Never blocks. 0, or -1 with errno: EAGAIN (the receiver's queue is full), EPIPE (it has
 * exited), EINVAL (empty record), ETOOMANYREFS (too many descriptors are in flight). */
[[gnu::warn_unused_result]] int fdpass_send(int sock, struct slice record, int fd);

/* Receives one record into buf; *fd gets the descriptor that came with it (close-on-exec), or -1.
 * Never blocks. Returns the record's length, 0 when the peer has closed, or -1 with errno: EAGAIN
 * (no record), EMSGSIZE (a record over cap bytes or with more than one descriptor; all of them are
 * closed), EMFILE (this process has no free descriptor; the record and its descriptor are lost). */
[[gnu::warn_unused_result]] ssize_t fdpass_recv(int sock, uint8_t *buf, size_t cap, int *fd);

#endif
