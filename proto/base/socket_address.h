/*
 * An IP address and port, in the form that workers get: IPv4 always as 4 bytes, also where the
 * kernel gives it as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), so that one client has one
 * address whichever socket it came in by.
 */
#ifndef PROTO_BASE_SOCKET_ADDRESS_H
#define PROTO_BASE_SOCKET_ADDRESS_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	uint8_t bytes[16]; /* network order */
	size_t len;        /* 4 or 16 */
	uint16_t port;
};

/* Room for "[v6-address]:port" and its NUL. */
#define ADDRESS_TEXT (INET6_ADDRSTRLEN + sizeof("[]:65535"))

/* Of a sockaddr_in or sockaddr_in6. */
struct address address_of(const struct sockaddr_storage *ss);

/* Where a TCP socket of ours is bound. */
struct address address_bound(int fd);

/* Whether only this machine can reach it: 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *a);

/* Writes `a.b.c.d:port` or `[v6-address]:port`. */
void address_format(const struct address *a, char out[ADDRESS_TEXT]);

#endif
