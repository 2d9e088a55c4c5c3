/*
 * Text is parsed by inet_pton(3), which accepts no ports, zones or abbreviated IPv4 addresses.
 */
#include "proto/base/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto/base/basics.h"

#define IPV6_CUSTOMER 8 /* bytes of a /64 */

/* RFC 4291, section 2.5.5.2. */
static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
network_is_v4_mapped(const uint8_t b[16])
{
	return memcmp(b, v4_mapped, sizeof(v4_mapped)) == 0;
}

struct slice
ip_client_prefix(const struct ip_address *a)
{
	return (struct slice){a->b, a->len == 16 ? IPV6_CUSTOMER : a->len};
}

struct ip_address
ip_from_bytes(struct slice bytes)
{
	struct ip_address a = {0};

	if (bytes.len == 16 && network_is_v4_mapped(bytes.p))
		bytes = (struct slice){bytes.p + 12, 4};
	if ((bytes.len == 4 || bytes.len == 16) && slice_copy(bytes, a.b, sizeof(a.b)))
		a.len = (uint8_t)bytes.len;
	return a;
}

/* Parses without unwrapping: ::ffff:192.0.2.1 is 16 bytes here. Returns the length, or 0 if the
 * text is invalid. */
static size_t
network_parse_bytes(struct slice text, uint8_t out[16])
{
	char copy[IP_TEXT_SIZE];

	if (!slice_copy_text(text, copy, sizeof(copy)))
		return 0;
	if (inet_pton(AF_INET, copy, out) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

int
ip_parse(struct slice text, struct ip_address *out)
{
	uint8_t bytes[16];

	*out = ip_from_bytes((struct slice){bytes, network_parse_bytes(text, bytes)});
	return out->len == 0 ? -1 : 0;
}

struct slice
ip_slice(const struct ip_address *a)
{
	return (struct slice){a->b, a->len};
}

void
ip_format(const struct ip_address *a, char out[IP_TEXT_SIZE])
{
	out[0] = '\0';
	if (a->len != 0)
		must(inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->b, out, IP_TEXT_SIZE) !=
		    NULL);
}

/* Parses a prefix length from 0 to most; -1 if it is invalid. */
static int
network_parse_bits(struct slice text, unsigned most)
{
	unsigned n = 0;

	if (text.len == 0 || text.len > 3 || (text.len > 1 && text.p[0] == '0'))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		n = n * 10 + (unsigned)(text.p[i] - '0');
	}
	return n <= most ? (int)n : -1;
}

/* The mask of byte i for a prefix of this many bits. */
static uint8_t
network_mask_at(unsigned bits, size_t i)
{
	if (bits >= 8 * (i + 1))
		return 0xff;
	return (uint8_t)(bits <= 8 * i ? 0 : 0xff00 >> (bits - 8 * i));
}

enum network_result
network_parse(struct slice text, struct network *out)
{
	const uint8_t *slash = text.len == 0 ? NULL : memchr(text.p, '/', text.len);
	size_t address_len = slash == NULL ? text.len : (size_t)(slash - text.p);
	bool host_bits = false;
	uint8_t bytes[16];
	size_t len = network_parse_bytes((struct slice){text.p, address_len}, bytes);
	int bits = (int)(8 * len);

	*out = (struct network){0};
	if (slash != NULL)
		bits = network_parse_bits(
		    (struct slice){slash + 1, text.len - address_len - 1}, (unsigned)(8 * len));
	if (len == 0 || bits == -1)
		return NETWORK_BAD;
	if (bits == 0)
		return NETWORK_ANY;
	for (size_t i = 0; i < len; i++) {
		uint8_t kept = bytes[i] & network_mask_at((unsigned)bits, i);

		host_bits = host_bits || kept != bytes[i];
		bytes[i] = kept;
	}
	/* Unwraps an IPv4-mapped network: ::ffff:0:0/96 is all of IPv4. */
	if (len == 16 && network_is_v4_mapped(bytes) && (bits -= 96) <= 0)
		return bits == 0 ? NETWORK_ANY : NETWORK_BAD;
	out->address = ip_from_bytes((struct slice){bytes, len});
	out->bits = (unsigned)bits;
	return host_bits ? NETWORK_HOST_BITS : NETWORK_OK;
}

static bool
network_has(const struct network *n, const struct ip_address *a)
{
	if (a->len == 0 || a->len != n->address.len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if ((a->b[i] & network_mask_at(n->bits, i)) != n->address.b[i])
			return false;
	return true;
}

bool
network_list_has(const struct network_list *list, const struct ip_address *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (network_has(&list->at[i], a))
			return true;
	return false;
}

/* Addresses that are not public. Sources: IANA's registries of special-purpose IPv4 and IPv6 addresses. */
static const struct network special[] = {
    {{{0}, 4}, 8},                        /* this network: Linux takes 0.0.0.0 as loopback */
    {{{10}, 4}, 8},                       /* private */
    {{{100, 64}, 4}, 10},                 /* shared (carrier-grade NAT) */
    {{{127}, 4}, 8},                      /* loopback */
    {{{169, 254}, 4}, 16},                /* link-local, with the metadata services of clouds */
    {{{172, 16}, 4}, 12},                 /* private */
    {{{192, 0, 0}, 4}, 24},               /* protocol assignments */
    {{{192, 0, 2}, 4}, 24},               /* documentation */
    {{{192, 88, 99}, 4}, 24},             /* 6to4 relays */
    {{{192, 168}, 4}, 16},                /* private */
    {{{198, 18}, 4}, 15},                 /* benchmarks */
    {{{198, 51, 100}, 4}, 24},            /* documentation */
    {{{203, 0, 113}, 4}, 24},             /* documentation */
    {{{224}, 4}, 4},                      /* multicast */
    {{{240}, 4}, 4},                      /* reserved, broadcast */
    {{{0x20, 0x01}, 16}, 23},             /* protocol assignments, among them Teredo */
    {{{0x20, 0x01, 0x0d, 0xb8}, 16}, 32}, /* documentation */
    {{{0x3f, 0xff}, 16}, 20},             /* documentation */
};

/* The IPv6 addresses that are assigned to networks; all others are special. */
static const struct network unicast = {{{0x20}, 16}, 3};

/* Prefixes that an IPv4 address follows: NAT64 (RFC 6052), 6to4 (RFC 3056). */
static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
static const uint8_t six_to_four[2] = {0x20, 0x02};

struct ip_address
ip_embedded(const struct ip_address *a)
{
	const uint8_t *at = NULL;

	if (a->len == 16 && memcmp(a->b, nat64, sizeof(nat64)) == 0)
		at = a->b + sizeof(nat64);
	else if (a->len == 16 && memcmp(a->b, six_to_four, sizeof(six_to_four)) == 0)
		at = a->b + sizeof(six_to_four);
	return at == NULL ? *a : ip_from_bytes((struct slice){at, 4});
}

bool
ip_is_public(const struct ip_address *a)
{
	struct ip_address inner = ip_embedded(a);

	if (inner.len == 0 || (inner.len == 16 && !network_has(&unicast, &inner)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (network_has(&special[i], &inner))
			return false;
	return true;
}

bool
ip_may_connect(const struct ip_address *a, const struct network_list *allowed)
{
	struct ip_address inner = ip_embedded(a);

	return ip_is_public(a) || network_list_has(allowed, a) ||
	    network_list_has(allowed, &inner);
}
