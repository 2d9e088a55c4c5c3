/*
 * An IP address and port, read from the kernel's sockaddr structs.
 */
#ifndef PROTO_BASE_SOCKET_ADDRESS_H
#define PROTO_BASE_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/base/network.h"

struct socket_address {
	struct ip_address ip;
	uint16_t port;
};

/* Room for "[v6-address]:port" and its NUL. */
#define SOCKET_ADDRESS_TEXT_SIZE (IP_TEXT_SIZE + sizeof("[]:65535"))

/* From a sockaddr_in or sockaddr_in6. */
struct socket_address socket_address_from(const struct sockaddr_storage *ss);

/* The local address of a bound TCP socket. */
struct socket_address socket_address_bound(int fd);

/* Whether only this machine can reach it: 127.0.0.0/8 or ::1. */
bool socket_address_is_loopback(const struct socket_address *a);

/* Writes `a.b.c.d:port` or `[v6-address]:port`. */
void socket_address_format(const struct socket_address *a, char out[SOCKET_ADDRESS_TEXT_SIZE]);

#endif
