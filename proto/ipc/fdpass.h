/*
 * Records with at most one file descriptor each, over a SOCK_SEQPACKET pair: how masterd hands a
 * connection to a worker (unix(7), cmsg(3)).
 */
#ifndef PROTO_IPC_FDPASS_H
#define PROTO_IPC_FDPASS_H

#include <sys/types.h>

#include "proto/base/buf.h"

/*
 * Sends one record, with a copy of fd if it is not -1. The caller keeps its fd and closes it
 * after success. Never waits. 0, or -1 with errno (EAGAIN: the receiver is behind; EPIPE: it is
 * gone; EINVAL: a record of no bytes; ETOOMANYREFS: too many descriptors are on their way).
 */
[[gnu::warn_unused_result]] int fdpass_send(int sock, struct slice record, int fd);

/*
 * Receives one record into buf; *fd gets the descriptor that came with it (close-on-exec), or -1.
 * Returns the record's length, 0 when the peer has closed, -1 with errno: EAGAIN for none there,
 * EMSGSIZE for a record over cap bytes or with more than one descriptor (all of them closed),
 * EMFILE when this process had no number free for the descriptor (the record and it are lost).
 * Never waits.
 */
[[gnu::warn_unused_result]] ssize_t fdpass_recv(int sock, uint8_t *buf, size_t cap, int *fd);

#endif
