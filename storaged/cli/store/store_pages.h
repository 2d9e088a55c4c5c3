/*
 * What storaged lists in pages, as one list.
 */
#ifndef STORAGED_CLI_STORE_STORE_PAGES_H
#define STORAGED_CLI_STORE_STORE_PAGES_H

#include "storaged/cli/store/store_conn.h"

/* Valid during the call. */
typedef void store_pages_fn(struct slice item);

/* Calls fn for each item, page after page, from the one that the request asks for: a message of this
 * type, whose cursor is *after. answer: the messages that the pages come in. 0, or the exit status with
 * the reason said. */
[[gnu::warn_unused_result]] int store_pages_walk(struct store_conn *conn, enum msg_type type,
    const void *request, struct id *after, enum msg_type answer, store_pages_fn *fn);

#endif
