/*
 * Percent-encoding of paths and queries (RFC 3986, section 2.1). Pure functions on borrowed bytes.
 */
#ifndef WORKERD_HTTP_MESSAGE_PERCENT_H
#define WORKERD_HTTP_MESSAGE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buf.h"

/*
 * Decodes s into out, which has room for size bytes; *len gets the length. false if the result is
 * too long or not text: a '%' without two hexadecimal digits, a control character, invalid UTF-8. A
 * '+' stays a '+': no value that we read contains spaces.
 */
[[gnu::warn_unused_result]] bool percent_decode(
    struct slice s, uint8_t *out, size_t size, size_t *len);

/*
 * Encodes s into out, which has room for size bytes, as the value of a query's parameter: all bytes but the
 * unreserved characters (RFC 3986, section 2.3). Ends it with NUL. false if the result is too long.
 */
[[gnu::warn_unused_result]] bool percent_encode(struct slice s, char *out, size_t size);

#endif
