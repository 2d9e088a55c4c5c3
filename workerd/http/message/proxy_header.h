/*
 * The header of the PROXY protocol, versions 1 and 2, that a proxy sends before the first byte of a connection
 * to announce its client. Source: HAProxy's doc/proxy-protocol.txt, sections 2.1 and 2.2.
 *
 * Without I/O and without allocation: bytes go in as they come, split anywhere. Strict: what the document calls
 * invalid is refused. TLVs are checked for their lengths and ignored.
 */
#ifndef WORKERD_HTTP_MESSAGE_PROXY_HEADER_H
#define WORKERD_HTTP_MESSAGE_PROXY_HEADER_H

#include "proto/base/network.h"

#define PROXY_HEADER_LINE_MAX  107  /* bytes of version 1, with CRLF */
#define PROXY_HEADER_BLOCK_MAX 4096 /* bytes of version 2 behind its first 16 */

enum proxy_header_result { PROXY_HEADER_MORE, PROXY_HEADER_DONE, PROXY_HEADER_BAD };

struct proxy_header {
	/* After PROXY_HEADER_DONE: the client. Its address has no length if the connection's own address counts:
	 * LOCAL, UNKNOWN, Unix sockets and datagrams. */
	struct ip_address address;
	uint16_t port;
	const char *why; /* after PROXY_HEADER_BAD: a reason for the log; static */

	/* private */
	bool block; /* the first 16 bytes of version 2 are complete */
	uint8_t n;  /* bytes kept */
	uint8_t
	    wanted; /* bytes to keep: the line, or the head of version 2 with its addresses */
	uint8_t tlv_n; /* bytes of a TLV's head that have come */
	uint16_t left; /* bytes of the block that have not come */
	uint16_t skip; /* of those, bytes to ignore before the next TLV */
	uint8_t tlv[3];
	uint8_t kept[PROXY_HEADER_LINE_MAX];
};

/* No byte has come. */
void proxy_header_init(struct proxy_header *h);

/* Takes bytes up to the header's end; *used: their number, all of them after PROXY_HEADER_MORE. Not to be called
 * again after another result. */
[[gnu::warn_unused_result]] enum proxy_header_result proxy_header_take(
    struct proxy_header *h, struct slice in, size_t *used);

#endif
