/*
 * What the values of header fields are made of (RFC 9110, section 5.6): words without case, lists
 * with commas, and white space that does not count. Pure functions on borrowed bytes.
 */
#ifndef WORKERD_HTTP_MESSAGE_HEADER_FIELDS_H
#define WORKERD_HTTP_MESSAGE_HEADER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buf.h"

/* s without the spaces and tabs at its ends (OWS; RFC 9110, section 5.6.3). */
struct slice header_trim(struct slice s);

/* Whether a has the letters of the lower-case text, in either case (ASCII only). */
bool header_equals(struct slice a, const char *lower_case);

/* Whether a and b differ in nothing but the case of their letters (ASCII only). */
bool header_equals_nocase(struct slice a, struct slice b);

/*
 * Takes the next member off a comma-separated list (RFC 9110, section 5.6.1), without white space
 * at its ends; empty members are passed over. false at the end. Commas in quotes are not special:
 * for lists of tokens only.
 */
bool header_list_next(struct slice *list, struct slice *member);

#endif
