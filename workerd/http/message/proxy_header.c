/*
 * One byte after the other: a header is short, and a connection has only one.
 */
#include "workerd/http/message/proxy_header.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto/base/basics.h"

/* Of version 2: signature, version and command, family and transport, length. */
#define HEAD_SIZE 16

#define PORT_DIGITS 5

enum { FAMILY_UNSPEC, FAMILY_V4, FAMILY_V6, FAMILY_UNIX, FAMILIES };
enum { TRANSPORT_UNSPEC, TRANSPORT_STREAM, TRANSPORT_DATAGRAM, TRANSPORTS };

static const uint8_t signature[12] = {
    '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
static const uint8_t line_front[6] = {'P', 'R', 'O', 'X', 'Y', ' '};

/* Bytes of both addresses, with ports, in a block. */
static const uint8_t family_size[FAMILIES] = {0, 12, 36, 216};

void
proxy_header_init(struct proxy_header *h)
{
	*h = (struct proxy_header){.wanted = HEAD_SIZE};
}

static enum proxy_header_result
proxy_header_refuse(struct proxy_header *h, const char *why)
{
	h->why = why;
	return PROXY_HEADER_BAD;
}

/* The next word of a line: up to one space, or the line's end. */
static struct slice
proxy_header_word(struct slice *line)
{
	const uint8_t *space = line->len == 0 ? NULL : memchr(line->p, ' ', line->len);
	struct slice word = {line->p, space == NULL ? line->len : (size_t)(space - line->p)};
	size_t taken = word.len + (space != NULL);

	*line = (struct slice){line->p + taken, line->len - taken};
	return word;
}

/* An address of this family, as text. */
static bool
proxy_header_parse_address(struct slice word, int family, struct ip_address *out)
{
	char text[IP_TEXT_SIZE];
	uint8_t bytes[16];

	if (!slice_copy_text(word, text, sizeof(text)) || inet_pton(family, text, bytes) != 1)
		return false;
	*out = ip_from_bytes((struct slice){bytes, family == AF_INET ? 4 : 16});
	return true;
}

/* A number up to 65535 without leading zeros. */
static bool
proxy_header_parse_port(struct slice word, uint16_t *out)
{
	unsigned n = 0;

	if (word.len == 0 || word.len > PORT_DIGITS || (word.p[0] == '0' && word.len > 1))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		n = n * 10 + (word.p[i] - '0');
	}
	*out = (uint16_t)n;
	return n <= UINT16_MAX;
}

/* The line without "PROXY " and CRLF: a family, both addresses, both ports. Behind UNKNOWN anything may follow. */
static enum proxy_header_result
proxy_header_parse_line(struct proxy_header *h)
{
	struct slice line = {h->kept + sizeof(line_front), h->n - sizeof(line_front) - 2u};
	/* A missing word is empty, and a superfluous one becomes a part of the last port: both are invalid. */
	struct slice name = proxy_header_word(&line);
	int family = slice_eq_str(name, "TCP4") ? AF_INET
	    : slice_eq_str(name, "TCP6")        ? AF_INET6
						: AF_UNSPEC;
	struct ip_address own;
	uint16_t own_port;

	if (slice_eq_str(name, "UNKNOWN"))
		return PROXY_HEADER_DONE;
	if (family == AF_UNSPEC)
		return proxy_header_refuse(h, "unknown family");
	if (!proxy_header_parse_address(proxy_header_word(&line), family, &h->address) ||
	    !proxy_header_parse_address(proxy_header_word(&line), family, &own))
		return proxy_header_refuse(h, "invalid address");
	if (!proxy_header_parse_port(proxy_header_word(&line), &h->port) ||
	    !proxy_header_parse_port(line, &own_port))
		return proxy_header_refuse(h, "invalid port");
	return PROXY_HEADER_DONE;
}

static enum proxy_header_result
proxy_header_take_line(struct proxy_header *h, uint8_t byte)
{
	if (h->n <= sizeof(line_front))
		return byte == line_front[h->n - 1]
		    ? PROXY_HEADER_MORE
		    : proxy_header_refuse(h, "not a PROXY header");
	if (byte == '\n')
		return h->kept[h->n - 2] == '\r' ? proxy_header_parse_line(h)
						 : proxy_header_refuse(h, "LF without CR");
	return h->n < PROXY_HEADER_LINE_MAX ? PROXY_HEADER_MORE
					    : proxy_header_refuse(h, "too long");
}

/* Addresses, as far as they are of use, or the end of the block. */
static enum proxy_header_result
proxy_header_end_block(struct proxy_header *h)
{
	const uint8_t *at = h->kept + HEAD_SIZE;
	const size_t size = h->wanted - HEAD_SIZE, ip = size == family_size[FAMILY_V4] ? 4 : 16;

	if (h->tlv_n > 0)
		return proxy_header_refuse(h, "incomplete TLV");
	if (size > 0) {
		h->address = ip_from_bytes((struct slice){at, ip});
		h->port = (uint16_t)(at[2 * ip] << 8 | at[2 * ip + 1]);
	}
	return PROXY_HEADER_DONE;
}

/* The command, the family and the length of version 2 have come. */
static enum proxy_header_result
proxy_header_begin_block(struct proxy_header *h)
{
	const uint8_t *k = h->kept;
	const unsigned command = k[12] & 15, family = k[13] >> 4, transport = k[13] & 15;

	h->block = true;
	h->left = (uint16_t)(k[14] << 8 | k[15]);
	if (k[12] >> 4 != 2)
		return proxy_header_refuse(h, "unknown version");
	if (command > 1)
		return proxy_header_refuse(h, "unknown command");
	/* LOCAL: its family means nothing. */
	if (command == 1 && (family >= FAMILIES || transport >= TRANSPORTS))
		return proxy_header_refuse(h, "unknown family");
	if (h->left > PROXY_HEADER_BLOCK_MAX)
		return proxy_header_refuse(h, "too long");
	if (command == 0 || family == FAMILY_UNSPEC)
		h->skip = h->left;
	else if (h->left < family_size[family])
		return proxy_header_refuse(h, "too short for its addresses");
	else if (family == FAMILY_UNIX || transport != TRANSPORT_STREAM)
		h->skip = family_size[family];
	else
		h->wanted = HEAD_SIZE + family_size[family];
	return h->left > 0 ? PROXY_HEADER_MORE : proxy_header_end_block(h);
}

static enum proxy_header_result
proxy_header_take_head(struct proxy_header *h, uint8_t byte)
{
	if (h->n <= sizeof(signature) && byte != signature[h->n - 1])
		return proxy_header_refuse(h, "not a PROXY header");
	return h->n < HEAD_SIZE ? PROXY_HEADER_MORE : proxy_header_begin_block(h);
}

/* A byte of the block that is not kept. */
static enum proxy_header_result
proxy_header_take_tlv(struct proxy_header *h, uint8_t byte)
{
	if (h->skip > 0) {
		h->skip--;
		return PROXY_HEADER_MORE;
	}
	h->tlv[h->tlv_n++] = byte;
	if (h->tlv_n < sizeof(h->tlv))
		return PROXY_HEADER_MORE;
	h->tlv_n = 0;
	h->skip = (uint16_t)(h->tlv[1] << 8 | h->tlv[2]);
	return h->skip <= h->left ? PROXY_HEADER_MORE
				  : proxy_header_refuse(h, "a TLV is longer than the header");
}

static enum proxy_header_result
proxy_header_take_block(struct proxy_header *h, uint8_t byte)
{
	enum proxy_header_result r = PROXY_HEADER_MORE;

	h->left--;
	if (h->n < h->wanted)
		h->kept[h->n++] = byte;
	else
		r = proxy_header_take_tlv(h, byte);
	return r == PROXY_HEADER_MORE && h->left == 0 ? proxy_header_end_block(h) : r;
}

static enum proxy_header_result
proxy_header_take_byte(struct proxy_header *h, uint8_t byte)
{
	if (h->block)
		return proxy_header_take_block(h, byte);
	h->kept[h->n++] = byte;
	return h->kept[0] == line_front[0] ? proxy_header_take_line(h, byte)
					   : proxy_header_take_head(h, byte);
}

enum proxy_header_result
proxy_header_take(struct proxy_header *h, struct slice in, size_t *used)
{
	enum proxy_header_result r = PROXY_HEADER_MORE;

	for (*used = 0; *used < in.len && r == PROXY_HEADER_MORE; (*used)++)
		r = proxy_header_take_byte(h, in.p[*used]);
	if (r == PROXY_HEADER_BAD)
		h->address = (struct ip_address){0};
	return r;
}
