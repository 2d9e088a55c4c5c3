/*
 * The syntax of e-mail addresses (RFC 5321, section 4.1.2, without quoted strings, comments and
 * address literals, which are not used in practice; with internationalized addresses of RFC 6531).
 * Whether an address exists only shows when mail is delivered.
 */
#ifndef PROTO_BASE_EMAIL_H
#define PROTO_BASE_EMAIL_H

#include "proto/base/buf.h"

#define EMAIL_TEXT_MAX  254 /* bytes (RFC 3696, erratum 1690) */
#define EMAIL_LOCAL_MAX 64  /* bytes before the @ */

/* Whether text is a valid address: UTF-8, local@domain, no surrounding space. */
bool email_valid(struct slice text);

/* Whether two addresses are equal except for the case of ASCII letters. */
bool email_same(struct slice a, struct slice b);

/* Writes an address of at most EMAIL_TEXT_MAX bytes with its ASCII letters in lower case, for
 * lookup keys: equal whenever email_same() is true. Returns a slice of out. */
struct slice email_lower(struct slice text, uint8_t out[EMAIL_TEXT_MAX]);

#endif
