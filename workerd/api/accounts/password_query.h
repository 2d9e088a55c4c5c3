/*
 * Requests that wait for the password hasher.
 */
#ifndef WORKERD_API_ACCOUNTS_PASSWORD_QUERY_H
#define WORKERD_API_ACCOUNTS_PASSWORD_QUERY_H

#include "workerd/api/accounts/password_hasher.h"
#include "workerd/api/request/store_query.h"

/* Whether the password matches the hash text, and the hash of a new password (password_hasher.h). fn
 * gets the query as arg. If the queue is full, now or later, or the hash cannot be computed, answers 503 and ends the
 * query instead. */
void password_query_verify(struct store_query *q, struct slice password, struct slice text,
    struct password_owner owner, password_hasher_done_fn *fn);
void password_query_hash(
    struct store_query *q, struct slice password, password_hasher_done_fn *fn);

#endif
