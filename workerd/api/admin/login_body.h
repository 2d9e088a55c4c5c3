/*
 * The body of a request to sign in.
 */
#ifndef WORKERD_API_ADMIN_LOGIN_BODY_H
#define WORKERD_API_ADMIN_LOGIN_BODY_H

#include "proto/base/buf.h"

struct json_t;

struct login_body {
	struct slice email;    /* has the form of one; empty: none was given, or null */
	struct slice password; /* not empty */
	struct json_t *json;   /* whose the slices are */
};

/* Reads a body. NULL on success, else what is wrong with it, as the API says it. To be cleared in any
 * case. */
[[gnu::warn_unused_result]] const char *login_body_read(
    struct slice text, struct login_body *body);

void login_body_clear(struct login_body *body);

#endif
