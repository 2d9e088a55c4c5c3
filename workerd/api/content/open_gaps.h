/*
 * Reads the open questions of an organization: the newest OPEN_GAPS_MAX, oldest first.
 */
#ifndef WORKERD_API_CONTENT_OPEN_GAPS_H
#define WORKERD_API_CONTENT_OPEN_GAPS_H

#include "workerd/store/store_client.h"

#define OPEN_GAPS_MAX 2000u

struct open_gap {
	struct id id, agent, widget, conversation;
	uint64_t created_at;
	struct slice question;
};

struct open_gaps;

/* Called once, from the event loop. type is MSG_OK, and there are n gaps, borrowed; or the store refused, as
 * store_answer_fn says. */
typedef void open_gaps_fn(
    void *arg, const struct open_gaps *gaps, uint16_t type, const union msg *m);

size_t open_gaps_n(const struct open_gaps *g);
const struct open_gap *open_gaps_at(const struct open_gaps *g, size_t i);

/* Whether there are older ones, which were left out. */
bool open_gaps_are_cut(const struct open_gaps *g);

/* NULL: too many requests wait for the store, and fn is not called. */
[[gnu::warn_unused_result]] struct open_gaps *open_gaps_read(
    struct store_client *store, const struct id *org, open_gaps_fn *fn, void *arg);

/* Frees it without the call. */
void open_gaps_cancel(struct open_gaps *g);

#endif
