/*
 * Addresses of pages in one normal form, so that one page has one address.
 *
 * Normal form: http or https, lower-case scheme and host, no user, no default port, no fragment, no dot segments,
 * no parameters that only count visits (utm_source, gclid …), no empty query; unreserved characters are not
 * escaped, others that need it are, with upper-case digits (RFC 3986, section 6.2).
 */
#ifndef WORKERD_CRAWL_RULES_URL_H
#define WORKERD_CRAWL_RULES_URL_H

#include "proto/base/buf.h"

#define URL_MAX 2048 /* bytes of an address, as in SOURCE_PAGE_RECORD */

/* The parts of an address in normal form, borrowed from it. */
struct url {
	bool secure;         /* https */
	struct slice origin; /* "https://example.org:8080" */
	struct slice host;   /* an IPv6 address in brackets */
	uint16_t port;       /* also the default one */
	struct slice path;   /* with the query; begins with "/" */
};

/* Writes the normal form of a reference, which is relative to base (an address in normal form; NULL: it must be
 * absolute), with its NUL. 0, or -1: it is no http or https address, has a user or password, or is too long. */
[[gnu::warn_unused_result]] int url_normalize(
    struct slice reference, const char *base, char out[URL_MAX + 1]);

/* Splits an address in normal form. */
struct url url_split(const char *normal);

/* Appends a path in the normal form of its characters, without resolving dots; at most max bytes. 0, or -1 if it is
 * longer. */
[[gnu::warn_unused_result]] int url_add_escaped(struct buf *out, struct slice path);

#endif
