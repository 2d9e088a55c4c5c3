/*
 * Visitors whose site proves who they are: the hash of a user id by a secret of the widget, which only the site's
 * server knows.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_IDENTITY_H
#define WORKERD_API_WIDGET_WIDGET_IDENTITY_H

#include "proto/ipc/messages.h"

/* The error for a frame whose hash proves nothing. */
#define WIDGET_IDENTITY_INVALID "invalid_identity"
#define WIDGET_IDENTITY_UNPROVED \
	"hash must be the HMAC-SHA256 of userId with the widget's identity secret"

/* Whether hash is the HMAC-SHA-256 of the user id in lower-case hexadecimal digits, with the characters of the secret
 * that was shown as the key. A widget without a secret verifies none. Takes the same time for each wrong hash. */
bool widget_identity_is_proved(
    const struct msg_widget_record *widget, struct slice user_id, struct slice hash);

#endif
