/*
 * IP addresses as bytes, and networks of them: "10.0.0.0/8", "fd00::/8", "::1".
 *
 * An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is treated as the IPv4 address everywhere, so that
 * a client has one address whichever form the kernel or a proxy uses.
 */
#ifndef PROTO_BASE_NETWORK_H
#define PROTO_BASE_NETWORK_H

#include "proto/base/buf.h"

#define IP_TEXT_SIZE 46 /* the longest text with its NUL (INET6_ADDRSTRLEN) */

struct ip_address {
	uint8_t b[16];
	uint8_t len; /* 4 or 16; 0: no address */
};

struct network {
	struct ip_address address; /* zero after the prefix */
	unsigned bits;
};

#define NETWORKS_MAX 64

struct network_list {
	size_t n;
	struct network at[NETWORKS_MAX];
};

enum network_result {
	NETWORK_OK,
	NETWORK_BAD,       /* not an address, or invalid prefix length */
	NETWORK_HOST_BITS, /* bits after the prefix are set; *out has the network without them */
	NETWORK_ANY,       /* /0: would match every address */
};

/* Parses "192.0.2.1" or "2001:db8::1", with no other characters around it; 0, or -1. */
[[gnu::warn_unused_result]] int ip_parse(struct slice text, struct ip_address *out);

/* The 4 or 16 bytes of the address; empty for no address. */
struct slice ip_slice(const struct ip_address *a);

/* The address with these 4 or 16 bytes; no address for any other length. */
struct ip_address ip_from_bytes(struct slice bytes);

/* Writes the address as text; "" for no address. */
void ip_format(const struct ip_address *a, char out[IP_TEXT_SIZE]);

/* The bytes that identify one client: an IPv4 address, or the /64 of an IPv6 address, which is the
 * usual allocation of one customer. */
struct slice ip_client_prefix(const struct ip_address *a);

/* Parses an address, optionally followed by "/bits". */
[[gnu::warn_unused_result]] enum network_result network_parse(
    struct slice text, struct network *out);

bool network_list_has(const struct network_list *list, const struct ip_address *a);

/*
 * Which addresses a daemon may connect to when a user chose the URL: the public ones. A connection to any other
 * address could reach what only this machine or its network should reach (server-side request forgery), so check
 * the address of each connection, after the name was resolved.
 */

/* Whether it is an address of the public internet: not loopback, private, link-local, shared, multicast,
 * reserved or for documentation. An IPv6 address that contains an IPv4 address (::ffff:0:0/96, 64:ff9b::/96,
 * 2002::/16) is public if that one is. */
bool ip_is_public(const struct ip_address *a);

/* The IPv4 address that an IPv6 address contains (NAT64, 6to4), which a connection may end at; else the address itself. */
struct ip_address ip_embedded(const struct ip_address *a);

/* Whether it is public, or one of these networks contains it or the IPv4 address in it. */
bool ip_may_connect(const struct ip_address *a, const struct network_list *allowed);

#endif
