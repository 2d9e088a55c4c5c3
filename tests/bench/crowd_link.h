/*
 * A visitor's connection to a port of this machine, with or without TLS. Non-blocking. It belongs to the
 * visitor that opened it.
 */
#ifndef TESTS_BENCH_CROWD_LINK_H
#define TESTS_BENCH_CROWD_LINK_H

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
[[gnu::warn_unused_result]] int link_open(
    struct link *l, uint16_t port, bool with_tls, int receive_buffer);

/* As send(2) and recv(2). Sending does the TLS handshake first: EAGAIN until that is complete. Then repeat it,
 * with the same bytes, when there is something to read. */
[[gnu::warn_unused_result]] ssize_t link_send(struct link *l, const void *p, size_t n);
[[gnu::warn_unused_result]] ssize_t link_recv(struct link *l, void *p, size_t n);

void link_close(struct link *l);

#endif
