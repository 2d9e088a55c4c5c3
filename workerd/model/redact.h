/*
 * What a model says in its errors goes to the log, and some servers repeat the key that they
 * refuse: here it is taken out.
 */
#ifndef WORKERD_MODEL_REDACT_H
#define WORKERD_MODEL_REDACT_H

#include "proto/base/buf.h"

/*
 * Copies text to out (size bytes, NUL-terminated, cut to fit) with "[key]" in place of each of n
 * secrets wherever it stands in it; once for those that overlap. A secret may be NULL.
 */
void redact(struct slice text, const char *const secrets[], size_t n, char *out, size_t size);

#endif
