/*
 * The parts of header field values (RFC 9110, section 5.6): case-insensitive tokens,
 * comma-separated lists, and optional white space. Pure functions on borrowed bytes.
 */
#ifndef WORKERD_HTTP_MESSAGE_HEADER_FIELDS_H
#define WORKERD_HTTP_MESSAGE_HEADER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buf.h"

/* s without the spaces and tabs at its ends (OWS; RFC 9110, section 5.6.3). */
struct slice header_trim(struct slice s);

/* Whether a equals the lower-case text, ignoring case (ASCII only). */
bool header_equals(struct slice a, const char *lower_case);

/*
 * Removes the next member of a comma-separated list (RFC 9110, section 5.6.1), without white space
 * at its ends; skips empty members. false at the end. Quoted commas are not special: for lists of
 * tokens only.
 */
bool header_list_next(struct slice *list, struct slice *member);

#endif
