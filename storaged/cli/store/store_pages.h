/*
 * A list that storaged returns in pages, read as a whole.
 */
#ifndef STORAGED_CLI_STORE_STORE_PAGES_H
#define STORAGED_CLI_STORE_STORE_PAGES_H

#include "storaged/cli/store/store_conn.h"

/* Valid during the call. */
typedef void store_pages_fn(void *arg, struct slice item);

/* Calls fn(arg, item) for each item of all pages. request is a message of this type whose cursor is *after;
 * reply pages have the type answer. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int store_pages_walk(struct store_conn *conn, enum msg_type type,
    const void *request, struct id *after, enum msg_type answer, store_pages_fn *fn, void *arg);

#endif
