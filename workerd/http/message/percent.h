/*
 * Percent-encoding, as paths and queries have it (RFC 3986, section 2.1). Pure functions on borrowed
 * bytes.
 */
#ifndef WORKERD_HTTP_MESSAGE_PERCENT_H
#define WORKERD_HTTP_MESSAGE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buf.h"

/*
 * Writes what s means to out, which has room for size bytes, and its length to *len. false when
 * that is too long or no text: a '%' without two hexadecimal digits behind it, a control character,
 * invalid UTF-8. A '+' is a '+': nothing that we read has a space to stand for.
 */
[[gnu::warn_unused_result]] bool percent_decode(
    struct slice s, uint8_t *out, size_t size, size_t *len);

#endif
