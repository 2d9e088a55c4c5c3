/*
 * What a client's conditional, Accept and Accept-Encoding headers ask for. Pure functions.
 */
#ifndef WORKERD_HTTP_MESSAGE_NEGOTIATE_H
#define WORKERD_HTTP_MESSAGE_NEGOTIATE_H

#include <stdbool.h>

#include "proto/base/buf.h"

/* Content codings, the better later. */
enum http_coding { CODING_IDENTITY, CODING_GZIP, CODING_BR, CODINGS };

/*
 * The best of the available codings (a set of 1 << enum http_coding; identity is always taken to
 * be in it) for the value of Accept-Encoding (RFC 9110, section 12.5.3; p NULL: none was sent).
 * The greater q wins, then br before gzip before identity. Identity when nothing is acceptable:
 * an answer that the client can most likely read is better than a 406.
 */
enum http_coding negotiate_coding(struct slice accept, unsigned available);

/*
 * Whether the value of Accept (RFC 9110, section 12.5.1; p NULL: none was sent) names this media
 * type, and with a greater weight than the usual one if it names that too; both in lower case,
 * without parameters. A range with a '*' names neither: who takes anything gets the usual.
 */
bool negotiate_prefers_type(struct slice accept, const char *type, const char *usual);

/* Whether the value of If-None-Match has this entity tag (with its quotes), by weak comparison, or
 * is "*" (RFC 9110, sections 8.8.3.2 and 13.1.2). A malformed list matches what stands before the
 * fault. */
bool negotiate_etag_matches(struct slice if_none_match, struct slice etag);

#endif
