/*
 * TLS: the second transport (io.h), by OpenSSL, and what all of a worker's TLS connections share:
 * certificate, private key, and the keys that seal session tickets.
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only; no renegotiation, no
 * compression, no early data (it can be replayed). Sessions are resumed by tickets alone (RFC 5077,
 * RFC 8446 section 4.6.1): nothing is kept here for a client that has gone, and a ticket is good at
 * every worker, since all have the same keys from masterd.
 *
 * The process must ignore SIGPIPE: OpenSSL writes with write(2).
 */
#ifndef WORKERD_HTTP_TLS_H
#define WORKERD_HTTP_TLS_H

#include <stdint.h>

#include "proto/base/buf.h"
#include "workerd/http/io.h"

/* What is shared. Must outlive its connections. */
struct tls;

/* One without a certificate yet. */
struct tls *tls_new(void);
void tls_free(struct tls *tls); /* NULL is legal */

/*
 * Certificate (PEM; the server's own first, then those that lead to its authority) and private key
 * (PEM) of connections that begin from now on; those that are open keep theirs. Both are copied.
 * 0, or -1 with the reason in *why (lives for ever): then what was before stays.
 */
[[gnu::warn_unused_result]] int tls_set_identity(
    struct tls *tls, struct slice chain, struct slice key, const char **why);

/*
 * The keys of session tickets, TICKET_KEY_SIZE bytes each: new tickets are sealed by current, those
 * sealed by previous (which may be empty) are still taken. Without keys there are no tickets.
 */
void tls_set_ticket_keys(struct tls *tls, struct slice current, struct slice previous);

/* Takes over fd, a connected non-blocking stream socket on which the client's handshake is to
 * come. There must be an identity. */
void io_init_tls(struct io *io, int fd, struct tls *tls);

#endif
