/*
 * TLS, the second transport (io.h), by OpenSSL; and what all TLS connections of a worker share:
 * certificate, private key, and the keys of session tickets.
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only; no renegotiation, no
 * compression, no early data (it can be replayed). Sessions are resumed by tickets only (RFC 5077,
 * RFC 8446 section 4.6.1): no state is kept for clients that left, and every worker accepts a
 * ticket, because masterd gives all the same keys.
 *
 * The process must ignore SIGPIPE: OpenSSL writes with write(2).
 */
#ifndef WORKERD_HTTP_TLS_H
#define WORKERD_HTTP_TLS_H

#include <stdint.h>

#include "proto/base/buf.h"
#include "workerd/http/io.h"

/* The shared state. Must outlive its connections. */
struct tls;

/* Creates the shared state, without a certificate. */
struct tls *tls_new(void);
void tls_free(struct tls *tls); /* NULL is legal */

/*
 * Sets the certificate (PEM; the server's first, then its chain) and the private key (PEM) for new
 * connections; open ones keep theirs. Both are copied. 0, or -1 with the reason in *why (static)
 * and nothing changed.
 */
[[gnu::warn_unused_result]] int tls_set_identity(
    struct tls *tls, struct slice chain, struct slice key, const char **why);

/*
 * Sets the session ticket keys, TICKET_KEY_SIZE bytes each: current seals new tickets, tickets of
 * previous (may be empty) are still accepted. Without keys there are no tickets.
 */
void tls_set_ticket_keys(struct tls *tls, struct slice current, struct slice previous);

/* Takes over fd, a connected non-blocking stream socket on which the client will start a handshake.
 * tls must have a certificate. */
void io_init_tls(struct io *io, int fd, struct tls *tls);

#endif
