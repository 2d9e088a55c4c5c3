/*
 * Gives the chunks of all organizations their vectors. One worker at a time does it, the one that has storaged's lease:
 * it walks the chunks that have no vector of the model, asks the embedding server, and stores what comes, also that the
 * server has no vector for a text. Organizations take turns, each with one request at a time. Chats come first:
 * requests wait while this worker writes replies, but only shortly, because the replies may be another organization's.
 */
#ifndef WORKERD_KNOWLEDGE_EMBEDDINGS_H
#define WORKERD_KNOWLEDGE_EMBEDDINGS_H

#include "workerd/knowledge/embedder.h"
#include "workerd/store/store_client.h"

struct embeddings;

struct embeddings_config {
	struct event_base *base;
	struct store_client *store;
	struct embedder *embedder;
	struct scoreboard_worker *board; /* turns_running: whether replies are written */
};

struct embeddings *embeddings_new(const struct embeddings_config *config);
void embeddings_free(struct embeddings *e); /* NULL is legal */

/* Gives the lease to another worker, when this one drains. */
void embeddings_stop(struct embeddings *e);

#endif
