/*
 * A non-blocking connection on this machine, with or without TLS: a visitor's (crowd.c), or one that the model
 * has accepted (model.c).
 */
#ifndef TESTS_BENCH_LINK_H
#define TESTS_BENCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/ssl.h>

struct link {
	int fd;   /* -1: closed */
	SSL *tls; /* NULL: plain */
};

/* Starts to connect; the socket becomes writable when it is connected. receive_buffer: its size in bytes, 0 for
 * the kernel's default. -1: refused. */
[[gnu::warn_unused_result]] int link_connect(
    struct link *l, uint16_t port, bool with_tls, int receive_buffer);

/* Takes over an accepted socket. The first link_recv() does the handshake. */
void link_accept(struct link *l, int fd, SSL_CTX *context);

/* As send(2) and recv(2), and both do the TLS handshake first: EAGAIN until that is complete. Repeat
 * sending with the same bytes. */
[[gnu::warn_unused_result]] ssize_t link_send(struct link *l, const void *p, size_t n);
[[gnu::warn_unused_result]] ssize_t link_recv(struct link *l, void *p, size_t n);

void link_close(struct link *l);

#endif
