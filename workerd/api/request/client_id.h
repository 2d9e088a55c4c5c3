/*
 * Ids that clients choose: sessionId, clientMessageId, Idempotency-Key, X-Request-Id.
 */
#ifndef WORKERD_API_REQUEST_CLIENT_ID_H
#define WORKERD_API_REQUEST_CLIENT_ID_H

#include <stdbool.h>

#include "proto/base/buf.h"

#define CLIENT_ID_MAX 128 /* characters */

/* What each of these ids must be, for error messages. */
#define CLIENT_ID_RULE "1 to 128 of the characters A-Z a-z 0-9 . _ : -"

/* Whether s follows that rule: such an id can stand in headers, logs and keys as it is. */
bool client_id_is_valid(struct slice s);

#endif
