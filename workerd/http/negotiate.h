/*
 * What a client's conditional and Accept-Encoding headers ask for. Pure functions.
 */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#include <stdbool.h>

#include "proto/buf.h"

/* Content codings, the better later. */
enum http_coding { CODING_IDENTITY, CODING_GZIP, CODING_BR, CODINGS };

/*
 * The best of the available codings (a set of 1 << enum http_coding; identity is always taken to
 * be in it) for the value of Accept-Encoding (RFC 9110, section 12.5.3; p NULL: none was sent).
 * The greater q wins, then br before gzip before identity. Identity when nothing is acceptable:
 * an answer that the client can most likely read is better than a 406.
 */
enum http_coding http_choose_coding(struct slice accept, unsigned available);

/* Whether the value of If-None-Match has this entity tag (with its quotes), by weak comparison, or
 * is "*" (RFC 9110, sections 8.8.3.2 and 13.1.2). A malformed list matches what stands before the
 * fault. */
bool http_etag_matches(struct slice if_none_match, struct slice etag);

#endif
