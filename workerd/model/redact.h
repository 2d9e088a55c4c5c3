/*
 * Removes keys from text for the log: some servers repeat the key that they refuse in their error
 * message.
 */
#ifndef WORKERD_MODEL_REDACT_H
#define WORKERD_MODEL_REDACT_H

#include "proto/base/buf.h"

/*
 * Copies text to out (size bytes, NUL-terminated, truncated) and replaces each occurrence of the n
 * secrets with "[key]", overlapping ones once. A secret may be NULL.
 */
void redact(struct slice text, const char *const secrets[], size_t n, char *out, size_t size);

#endif
