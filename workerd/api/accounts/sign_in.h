/*
 * The last step of a login, and of an accepted invitation: the store gets a session, and the browser its cookies.
 */
#ifndef WORKERD_API_ACCOUNTS_SIGN_IN_H
#define WORKERD_API_ACCOUNTS_SIGN_IN_H

#include "workerd/api/guard/login_limit.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/store_query.h"

/* A request that may sign somebody in. It is the first member of its owner's struct. */
struct sign_in {
	struct store_query q;
	struct id org, user;    /* who signs in; zero until known */
	struct hash256 checked; /* hash of the password that was checked; zero: none was */
	struct login_attempt attempt;
	struct hash256 secret; /* the store's login secret, from the first call of next on */
	bool failed;           /* the attempt stays charged */
	/* Answers when the user was deleted, or has another password, before the session was stored. */
	void (*refuse)(struct sign_in *s);
	void (*next)(struct sign_in *s);
	struct id login;
	char token[SESSION_TOKEN_SIZE];
};

/* A query of size bytes whose answer has at most out_max, as store_query_new() makes it. An owner that sets q.on_end must call sign_in_on_end()
 * from it. */
void *sign_in_new(const struct api_call *c, size_t size, size_t out_max);

/* Calls next when the limits of attempts can be asked: they need the store's login secret. */
void sign_in_begin(struct sign_in *s, void (*next)(struct sign_in *s));

/* Takes the charge for the attempt back, unless it failed or the client left: its password may have been checked. */
void sign_in_on_end(struct store_query *q);

/* Stores a session of s->user in s->org (zero: by DASHBOARD_PASSWORD), and answers with its cookies. The browser is
 * known for s->attempt.account from now on. */
void sign_in_create(struct sign_in *s);

/* Begins an answer that sets the session's cookie for so many seconds (0: deletes it), and ends it. */
void sign_in_reply_start(struct http_exchange *x, bool secure, const char *token, int seconds);
void sign_in_reply_end(struct http_exchange *x);

#endif
