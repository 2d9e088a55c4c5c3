/*
 * The parameters of a query string (RFC 3986, section 3.4): name=value, with '&' between them.
 */
#ifndef WORKERD_API_FIELDS_PARAMETERS_H
#define WORKERD_API_FIELDS_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"

#define PARAMETER_MAX 256 /* bytes of a value */

/*
 * The value of a parameter, percent-decoded into text; p is NULL without the parameter. The value is
 * empty, which no parameter may be, if it was given twice, is too long, or is not valid text
 * (percent.h).
 */
struct slice parameter_read(struct slice query, const char *name, uint8_t text[PARAMETER_MAX]);

/* The same for a value of at most max bytes. */
struct slice parameter_read_long(
    struct slice query, const char *name, uint8_t *text, size_t max);

/* The same for a value in which a plus sign is a space, as forms encode it (WHATWG URL, section 5.1). */
struct slice parameter_read_form(
    struct slice query, const char *name, uint8_t *text, size_t max);

/* Whether a parameter is given with this value. */
bool parameter_is(struct slice query, const char *name, const char *value);

/* Reads a whole number of at most so many digits (19 or fewer), and nothing else. */
[[gnu::warn_unused_result]] bool parameter_digits(
    struct slice value, size_t most, uint64_t *number);

/* Reads a whole number from 0 to max, of at most nine digits and nothing else. */
[[gnu::warn_unused_result]] bool parameter_number(
    struct slice value, uint32_t max, uint32_t *number);

#endif
