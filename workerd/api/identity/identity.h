/*
 * Visitors whose site proves who they are: the hash of a user id by a secret of the widget, which only the site's
 * server knows. The sessions of a key belong to the organization's first widget.
 */
#ifndef WORKERD_API_IDENTITY_IDENTITY_H
#define WORKERD_API_IDENTITY_IDENTITY_H

#include "proto/ipc/messages.h"

#define IDENTITY_USER_ID_MAX 128u /* bytes */

/* The error for a hash that proves nothing. */
#define IDENTITY_INVALID "invalid_identity"
#define IDENTITY_UNPROVED \
	"hash must be the HMAC-SHA256 of userId with the widget's identity secret"

/* The same for a session of a key. */
#define IDENTITY_UNPROVED_BY_KEY                                                            \
	"hash must be the HMAC-SHA256 of userId, in hexadecimal digits, with the identity " \
	"secret "                                                                           \
	"of the organization's first widget"

/* The error of a member "identity" that identity_read_proved() refuses. */
extern const char identity_wrong[];

struct json_t;

/* Who a visitor is, as a client says; the slices are borrowed from its JSON. Empty: not given. */
struct identity {
	struct slice name, email, phone; /* unchecked: contact_details.h */
	struct slice user_id, hash;      /* empty: the site proves nothing */
};

/* Reads name, email and phone from an object. NULL, or a static sentence that says what would be valid. */
[[gnu::warn_unused_result]] const char *identity_read_details(
    const struct json_t *object, struct identity *identity);

/* The same, and userId and hash. Without a hash, the site proves nothing: the user id is ignored. */
[[gnu::warn_unused_result]] const char *identity_read(
    const struct json_t *object, struct identity *identity);

/* Reads a member "identity", which must have userId and hash. value NULL or null: there is none. */
[[gnu::warn_unused_result]] const char *identity_read_proved(
    const struct json_t *value, struct identity *identity);

/* Whether the site says that it proves the identity. */
bool identity_has_proof(const struct identity *identity);

/* Whether its hash is the HMAC-SHA-256 of the user id in lower-case hexadecimal digits, with the characters of the
 * secret that was shown as the key. A widget without a secret verifies none. Takes the same time for each wrong hash. */
bool identity_is_proved(
    const struct msg_widget_record *widget, const struct identity *identity);

/* A secret, or a hash, as text. */
#define IDENTITY_TEXT_SIZE (2 * sizeof(struct hash256) + 1)
void identity_text(const struct hash256 *hash, char text[IDENTITY_TEXT_SIZE]);

#endif
