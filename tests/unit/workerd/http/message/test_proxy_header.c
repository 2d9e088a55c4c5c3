/*
 * PROXY headers: the examples of HAProxy's doc/proxy-protocol.txt, and what hostile or broken proxies could send.
 */
#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xcb\x00\x71\x09\xc0\x00\x02\x01\xdc\x04\x01\xbb"
#define V6                                                             \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" \
	"\x07\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x10\x00\x01\xbb"
#define ZEROS_10 "\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_54 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 "\0\0\0\0"
#define UNIX     ZEROS_54 ZEROS_54 ZEROS_54 ZEROS_54

/* A header, which is followed by other bytes; its result is text. */
struct header {
	struct slice bytes;
	const char *client; /* "" for the connection's own address */
};

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const char *
client_of(const struct proxy_header *h)
{
	static char text[IP_TEXT_SIZE + 8];
	char ip[IP_TEXT_SIZE];

	ip_format(&h->address, ip);
	snprintf(text, sizeof(text), "%s %u", ip, h->port);
	return h->address.len == 0 ? "" : text;
}

/* Takes the bytes whole, and in two pieces, split anywhere. */
static enum proxy_header_result
take(struct proxy_header *h, struct slice bytes, size_t *used)
{
	enum proxy_header_result whole, split;
	struct proxy_header other;
	size_t first, second;

	proxy_header_init(h);
	whole = proxy_header_take(h, bytes, used);
	for (size_t cut = 0; cut <= bytes.len; cut++) {
		proxy_header_init(&other);
		second = 0;
		split = proxy_header_take(&other, (struct slice){bytes.p, cut}, &first);
		if (split == PROXY_HEADER_MORE) {
			assert_int_equal(first, cut);
			split = proxy_header_take(
			    &other, (struct slice){bytes.p + cut, bytes.len - cut}, &second);
		}
		assert_int_equal(split, whole);
		assert_int_equal(first + second, *used);
		assert_string_equal(split == PROXY_HEADER_BAD ? other.why : client_of(&other),
		    whole == PROXY_HEADER_BAD ? h->why : client_of(h));
	}
	return whole;
}

TEST(a_valid_header_announces_its_client)
{
	static const struct header cases[] = {
	    /* Of the document's section 2.1: the longest lines of their families. */
	    {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
		"255.255.255.255 65535"},
	    {BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535"},
	    {BYTES("PROXY UNKNOWN\r\n"), ""},
	    {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		""},
	    {BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), "192.168.0.1 56324"},
	    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 0 0\r\n"), "203.0.113.9 0"},
	    {BYTES("PROXY TCP6 ::1 2001:db8::8 1 2\r\n"), "::1 1"},
	    /* One client has one address, in whatever form. */
	    {BYTES("PROXY TCP6 ::ffff:203.0.113.9 ::ffff:192.0.2.1 1 2\r\n"), "203.0.113.9 1"},
	    /* Version 2. */
	    {BYTES(SIGNATURE "\x21\x11\x00\x0c" V4), "203.0.113.9 56324"},
	    {BYTES(SIGNATURE "\x21\x21\x00\x24" V6), "2001:db8::7 4096"},
	    /* LOCAL, with and without what means nothing in it. */
	    {BYTES(SIGNATURE "\x20\x00\x00\x00"), ""},
	    {BYTES(SIGNATURE "\x20\x11\x00\x0c" V4), ""},
	    {BYTES(SIGNATURE "\x20\xff\x00\x02xy"), ""},
	    /* Neither an address nor TLVs. */
	    {BYTES(SIGNATURE "\x21\x00\x00\x00"), ""},
	    {BYTES(SIGNATURE "\x21\x00\x00\x02xy"), ""},
	    /* Unix sockets, and datagrams. */
	    {BYTES(SIGNATURE "\x21\x31\x00\xd8" UNIX), ""},
	    {BYTES(SIGNATURE "\x21\x32\x00\xd8" UNIX), ""},
	    {BYTES(SIGNATURE "\x21\x12\x00\x0c" V4), ""},
	    {BYTES(SIGNATURE "\x21\x22\x00\x24" V6), ""},
	    /* TLVs: a load balancer's with its checksum, an empty one. */
	    {BYTES(SIGNATURE "\x21\x11\x00\x1a" V4 "\x03\x00\x04\1\2\3\4"
			     "\xea\x00\x04\x01vpc"),
		"203.0.113.9 56324"},
	    {BYTES(SIGNATURE "\x21\x21\x00\x27" V6 "\x04\x00\x00"), "2001:db8::7 4096"},
	    {BYTES(SIGNATURE "\x21\x31\x00\xdc" UNIX "\x04\x00\x01x"), ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t bytes[512];
		struct proxy_header h;
		size_t used;

		memcpy(bytes, cases[i].bytes.p, cases[i].bytes.len);
		memcpy(bytes + cases[i].bytes.len, "PROXY", 5);
		assert_int_equal(take(&h, (struct slice){bytes, cases[i].bytes.len + 5}, &used),
		    PROXY_HEADER_DONE);
		assert_int_equal(used, cases[i].bytes.len);
		assert_string_equal(client_of(&h), cases[i].client);
		/* It is incomplete before its last byte. */
		assert_int_equal(
		    take(&h, (struct slice){bytes, used - 1}, &used), PROXY_HEADER_MORE);
		assert_int_equal(used, cases[i].bytes.len - 1);
	}
}

TEST(an_invalid_header_is_refused)
{
	static const struct {
		struct slice bytes;
		const char *why;
	} cases[] = {
	    {BYTES("GET / HTTP/1.1\r\n"), "not a PROXY header"},
	    {BYTES("\x16\x03\x01"), "not a PROXY header"},
	    {BYTES("PROXYTCP4 "), "not a PROXY header"},
	    {BYTES("proxy TCP4"), "not a PROXY header"},
	    {BYTES("POST /"), "not a PROXY header"},
	    {BYTES("\r\n\r\n\0\r\nQUID"), "not a PROXY header"},
	    {BYTES("\r\nPROXY"), "not a PROXY header"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), "LF without CR"},
	    {BYTES("PROXY \n"), "LF without CR"},
	    {BYTES("PROXY \r\n"), "unknown family"},
	    {BYTES("PROXY UNIX\r\n"), "unknown family"},
	    {BYTES("PROXY UNKNOWNX\r\n"), "unknown family"},
	    {BYTES("PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n"), "unknown family"},
	    {BYTES("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), "unknown family"},
	    {BYTES("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "unknown family"},
	    {BYTES("PROXY TCP4\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 1.2.3.4 x 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP6 [::1] ::1 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"), "invalid address"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 4294967297\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"), "invalid port"},
	    {BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n"), "invalid port"},
	    {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655350\r\n"),
		"too long"},
	    {BYTES(SIGNATURE "\x11\x11\x00\x0c" V4), "unknown version"},
	    {BYTES(SIGNATURE "\x31\x11\x00\x0c" V4), "unknown version"},
	    {BYTES(SIGNATURE "\x22\x11\x00\x0c" V4), "unknown command"},
	    {BYTES(SIGNATURE "\x21\x41\x00\x0c" V4), "unknown family"},
	    {BYTES(SIGNATURE "\x21\x13\x00\x0c" V4), "unknown family"},
	    {BYTES(SIGNATURE "\x21\x11\x00\x0b" V4), "too short for its addresses"},
	    {BYTES(SIGNATURE "\x21\x21\x00\x23" V6), "too short for its addresses"},
	    {BYTES(SIGNATURE "\x21\x11\x00\x00"), "too short for its addresses"},
	    {BYTES(SIGNATURE "\x21\x31\x00\xd7" UNIX), "too short for its addresses"},
	    {BYTES(SIGNATURE "\x21\x11\x10\x01" V4), "too long"},
	    {BYTES(SIGNATURE "\x20\x00\xff\xff"), "too long"},
	    {BYTES(SIGNATURE "\x21\x11\x00\x0e" V4 "\x03\x00"), "incomplete TLV"},
	    {BYTES(SIGNATURE "\x21\x11\x00\x10" V4 "\x03\x00\x02x"),
		"a TLV is longer than the header"},
	    {BYTES(SIGNATURE "\x21\x11\x00\x0f" V4 "\x03\xff\xff"),
		"a TLV is longer than the header"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proxy_header h;
		size_t used;

		if (take(&h, cases[i].bytes, &used) != PROXY_HEADER_BAD)
			fail_msg("case %zu: %s", i, cases[i].why);
		assert_string_equal(h.why, cases[i].why);
		assert_int_equal(h.address.len, 0);
	}
}

TEST(the_longest_block_is_taken)
{
	static uint8_t bytes[16 + PROXY_HEADER_BLOCK_MAX + 1] = SIGNATURE "\x20\x00\x10\x00";
	struct proxy_header h;
	size_t used;

	proxy_header_init(&h);
	assert_int_equal(proxy_header_take(&h, (struct slice){bytes, sizeof(bytes)}, &used),
	    PROXY_HEADER_DONE);
	assert_int_equal(used, sizeof(bytes) - 1);
}

TEST_MAIN(NULL, NULL)
