/*
 * Keeps the index equal to the store: builds it when it is missing or damaged, then applies the rows of the
 * change feed. Owns the index and the connection to storaged.
 *
 * The position that it reports to storaged is that of an index whose erased words have left the file. storaged
 * acknowledges an erasure only then.
 *
 * The index can be searched only while the connection stands and the index has caught up with the feed: else it
 * might still contain what was erased meanwhile.
 */
#ifndef STORAGED_SEARCH_FOLLOWER_H
#define STORAGED_SEARCH_FOLLOWER_H

#include <event2/event.h>

#include "storaged/search/index.h"

struct follower;

/* Starts to connect and to open the index. The paths are borrowed. compare_ms: between two comparisons with the
 * store; 0: none is made. */
struct follower *follower_new(struct event_base *base, const char *store_socket,
    const char *index_dir, uint64_t compare_ms);
void follower_free(struct follower *f);

/* The index for a search; NULL with the reason: it cannot be searched now. */
struct index *follower_index(struct follower *f, const char **reason);

/* A search failed: closes the index, and builds it again if it is damaged. */
void follower_index_failed(struct follower *f);

/* Whether it can be searched, why not ("" if it can), and its numbers. The text is valid until the next call. */
void follower_status(struct follower *f, struct msg_search_status *status);

#endif
