/*
 * The body of POST /api/login.
 */
#ifndef WORKERD_API_ACCOUNTS_LOGIN_BODY_H
#define WORKERD_API_ACCOUNTS_LOGIN_BODY_H

#include "proto/base/buf.h"

struct json_t;

struct login_body {
	struct slice email;    /* valid; empty: not given, or null */
	struct slice password; /* not empty */
	struct json_t *json;   /* owns the slices */
};

/* Parses a body. NULL on success, else the API's error message. Clear the body in either case. */
[[gnu::warn_unused_result]] const char *login_body_read(
    struct slice text, struct login_body *body);

void login_body_clear(struct login_body *body);

#endif
