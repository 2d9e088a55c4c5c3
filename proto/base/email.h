/*
 * E-mail addresses, as far as their form tells (RFC 5321, section 4.1.2, without what nobody has:
 * quotes, comments, literal addresses; and with RFC 6531's letters of all languages). Whether one
 * exists is only known when mail to it arrives.
 */
#ifndef PROTO_BASE_EMAIL_H
#define PROTO_BASE_EMAIL_H

#include "proto/base/buf.h"

#define EMAIL_TEXT_MAX  254 /* bytes (RFC 3696, erratum 1690) */
#define EMAIL_LOCAL_MAX 64  /* bytes before the @ */

/* Whether it has the form of one: UTF-8, local@domain, nothing around it. */
bool email_valid(struct slice text);

/* Whether two are the same but for the case of ASCII letters. */
bool email_same(struct slice a, struct slice b);

/* Writes one of at most EMAIL_TEXT_MAX bytes with its ASCII letters small: for keys that are the same
 * whenever email_same() says so. Returns it. */
struct slice email_lower(struct slice text, uint8_t out[EMAIL_TEXT_MAX]);

#endif
