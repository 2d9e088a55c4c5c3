/*
 * Internet addresses as bytes, and networks of them: "10.0.0.0/8", "fd00::/8", "::1".
 *
 * An IPv6 address that only wraps an IPv4 one (::ffff:192.0.2.1) is that IPv4 address everywhere,
 * so that one client has one address however the kernel or a proxy spells it.
 */
#ifndef PROTO_BASE_NETWORK_H
#define PROTO_BASE_NETWORK_H

#include "proto/base/buf.h"

#define IP_TEXT_SIZE 46 /* the longest text with its NUL (INET6_ADDRSTRLEN) */

struct ip_address {
	uint8_t b[16];
	uint8_t len; /* 4 or 16; 0: none */
};

struct network {
	struct ip_address address; /* zero beyond its bits */
	unsigned bits;
};

#define NETWORKS_MAX 64

struct network_list {
	size_t n;
	struct network at[NETWORKS_MAX];
};

enum network_result {
	NETWORK_OK,
	NETWORK_BAD,       /* no address, or no such prefix */
	NETWORK_HOST_BITS, /* a bit beyond the prefix is set; *out has the network that was meant */
	NETWORK_ANY,       /* /0 */
};

/* Reads "192.0.2.1" or "2001:db8::1", with nothing before or behind it; 0, or -1. */
[[gnu::warn_unused_result]] int ip_parse(struct slice text, struct ip_address *out);

/* Its 4 or 16 bytes; none: empty. */
struct slice ip_slice(const struct ip_address *a);

/* The address of 4 or 16 bytes, as ip_slice() gives them; of others: none. */
struct ip_address ip_from_bytes(struct slice bytes);

/* Writes it as text; none: "". */
void ip_format(const struct ip_address *a, char out[IP_TEXT_SIZE]);

/* The bytes that name one customer: an IPv4 address, or the /64 of an IPv6 address, which is what one
 * customer has. */
struct slice ip_client_prefix(const struct ip_address *a);

/* Reads an address, or an address and "/bits". */
[[gnu::warn_unused_result]] enum network_result network_parse(
    struct slice text, struct network *out);

bool network_list_has(const struct network_list *list, const struct ip_address *a);

#endif
