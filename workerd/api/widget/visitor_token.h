/*
 * The token of a widget's visitor: an id, random characters, and a MAC that makes the worker vouch for it while the
 * visitor is not stored. So a visitor who never writes costs the store nothing.
 */
#ifndef WORKERD_API_WIDGET_VISITOR_TOKEN_H
#define WORKERD_API_WIDGET_VISITOR_TOKEN_H

#include "proto/base/secrets.h"
#include "proto/ipc/messages.h"

/* Characters of 0-9, A-Z and a-z: the id in hexadecimal digits, 131 random bits, 96 bits of the MAC in such digits. */
#define VISITOR_TOKEN_ID     32
#define VISITOR_TOKEN_RANDOM 22
#define VISITOR_TOKEN_MAC    24
#define VISITOR_TOKEN_TEXT   (VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM + VISITOR_TOKEN_MAC)

/* What a token is made for. */
struct visitor_token_place {
	struct id widget;
	uint32_t generation; /* of the widget: a new public id ends its tokens */
};

/* Makes a token for a new visitor, whose id it returns. secret: the store's (LOGIN_SECRET). */
struct id visitor_token_new(const struct hash256 *secret,
    const struct visitor_token_place *place, char out[VISITOR_TOKEN_TEXT + 1]);

/* Whether the token was made with this secret for this place, for a visitor who is young now (visitor_is_young()). *id
 * gets the visitor's. */
[[nodiscard]] bool visitor_token_is_valid(const struct hash256 *secret,
    const struct visitor_token_place *place, uint64_t now, struct slice token, struct id *id);

#endif
