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

enum visitor_token_state {
	VISITOR_TOKEN_INVALID, /* it was not made with this secret for this place */
	VISITOR_TOKEN_YOUNG,   /* the worker vouches for its visitor now (visitor_is_young()) */
	VISITOR_TOKEN_OLD, /* if its visitor is not stored, visitor_token_next() takes its place */
};

/* What a token is now (ms since 1970). Unless it is invalid, *id gets its visitor's. */
enum visitor_token_state visitor_token_check(const struct hash256 *secret,
    const struct visitor_token_place *place, uint64_t now, struct slice token, struct id *id);

/* Makes the token that an old one stands for now, and returns the id of its visitor. It is the same one for each
 * connection of a visitor who never wrote, and for each of the old tokens of that visitor, so that all its tabs stay in
 * one session. */
struct id visitor_token_next(const struct hash256 *secret,
    const struct visitor_token_place *place, uint64_t now, struct slice old,
    char out[VISITOR_TOKEN_TEXT + 1]);

#endif
