/*
 * Closing open questions, one after the other. Those that do not exist any more, or are not open, are left as they are.
 */
#ifndef WORKERD_API_CONTENT_GAP_CLOSING_H
#define WORKERD_API_CONTENT_GAP_CLOSING_H

#include "workerd/store/store_client.h"

struct gap_closing;

struct gap_closing_request {
	struct id org;
	struct slice gaps; /* their ids, one behind the other */
	enum gap_state state;
	struct id answer; /* that closes them; zero: none */
};

/* Called once, from the event loop; closed: how many were open until then. type 0: the store did not answer; else, and
 * unless it is MSG_OK, m is its refusal. */
typedef void gap_closing_fn(void *arg, uint32_t closed, uint16_t type, const union msg *m);

/* The ids are copied. NULL: too many requests wait for the store, and fn is not called. */
[[gnu::warn_unused_result]] struct gap_closing *gap_closing_start(struct store_client *store,
    const struct gap_closing_request *request, gap_closing_fn *fn, void *arg);

/* Frees it without the call. */
void gap_closing_cancel(struct gap_closing *g);

#endif
