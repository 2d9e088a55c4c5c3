/*
 * What a model says in its errors goes to the log, and some servers repeat the key that they
 * refuse: here it is taken out.
 */
#ifndef WORKERD_CHAT_REDACT_H
#define WORKERD_CHAT_REDACT_H

#include "proto/buf.h"

/*
 * Copies text to out (size bytes, NUL-terminated, cut to fit) with "[key]" in place of the secret
 * wherever it stands in it. secret may be NULL.
 */
void redact(struct slice text, const char *secret, char *out, size_t size);

#endif
