/*
 * Keeps the index of passages equal to the store: reads all content when the index is missing, then the rows of the
 * change feed. Owns the index, and a connection to storaged of its own.
 *
 * Questions are answered while it reads and while there is no connection: texts are read from the store, so that
 * nothing is quoted that was deleted. Once a day the index is compared with the store.
 *
 * No acknowledgement waits for this index: the inbox's index alone is reported (follower.h).
 */
#ifndef STORAGED_SEARCH_PASSAGES_CONTENT_FOLLOWER_H
#define STORAGED_SEARCH_PASSAGES_CONTENT_FOLLOWER_H

#include <event2/event.h>

#include "storaged/search/passages/vector_sets.h"

struct content_follower;

/* Starts to connect and to open the index. The paths are borrowed. compare_ms: between two comparisons with the
 * store; 0: none is made. vectors_max: bytes of vectors in memory. */
struct content_follower *content_follower_new(struct event_base *base, const char *store_socket,
    const char *dir, uint64_t compare_ms, uint64_t vectors_max);
void content_follower_free(struct content_follower *f);

/* The index that answers a question. NULL if it is not available now; then reason says why. */
struct passages *content_follower_index(struct content_follower *f, const char **reason);

/* The vectors of an organization for a question with a vector of this model, while the index is open. NULL: they are
 * being read, or there is no room for them. */
const struct vectors *content_follower_vectors(
    struct content_follower *f, const struct id *org, struct slice model);

/* A question failed: closes the index, and builds it again if it is damaged. */
void content_follower_index_failed(struct content_follower *f);

/* Adds its numbers. */
void content_follower_status(struct content_follower *f, struct msg_search_status *status);

#endif
