/*
 * Evaluates If-None-Match, Accept and Accept-Encoding. Pure functions.
 */
#ifndef WORKERD_HTTP_MESSAGE_NEGOTIATE_H
#define WORKERD_HTTP_MESSAGE_NEGOTIATE_H

#include <stdbool.h>

#include "proto/base/buf.h"

/* Content codings; later ones are preferred. */
enum http_coding { CODING_IDENTITY, CODING_GZIP, CODING_BR, CODINGS };

/*
 * The best of the available codings (a set of 1 << enum http_coding; identity is always available)
 * for the value of Accept-Encoding (RFC 9110, section 12.5.3; p NULL: absent). The higher q wins,
 * then br before gzip before identity. Identity if nothing is acceptable: most clients can read it,
 * which is better than a 406.
 */
enum http_coding negotiate_coding(struct slice accept, unsigned available);

/*
 * Whether the value of Accept (RFC 9110, section 12.5.1; p NULL: absent) names this media type,
 * with a higher weight than the usual type if it names that too; both in lower case, without
 * parameters. Ranges with '*' do not count: such clients get the usual type.
 */
bool negotiate_prefers_type(struct slice accept, const char *type, const char *usual);

/* Whether the value of If-None-Match contains this entity tag (with its quotes), by weak
 * comparison, or is "*" (RFC 9110, sections 8.8.3.2 and 13.1.2). In a malformed list, only the part
 * before the error counts. */
bool negotiate_etag_matches(struct slice if_none_match, struct slice etag);

#endif
