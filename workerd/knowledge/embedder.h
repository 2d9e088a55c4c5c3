/*
 * Asks the embedding server for the vectors of texts. It is one of the model servers, at {base}/embeddings, with
 * connections and a circuit breaker of its own, so that it never holds up chats.
 */
#ifndef WORKERD_KNOWLEDGE_EMBEDDER_H
#define WORKERD_KNOWLEDGE_EMBEDDER_H

#include "proto/settings/settings.h"
#include "workerd/knowledge/embedding_format.h"
#include "workerd/model/upstream.h"

struct embedder;
struct embedding; /* a request */

/* Called once. e NULL: there is no valid answer; refused: the server does not take these texts; retry_after_ms: when it
 * wants to be asked again, 0 if it does not say. */
typedef void embedding_fn(
    void *arg, const struct embedded *e, bool refused, unsigned retry_after_ms);

/* config: what all model servers share. NULL: without EMBEDDING_MODEL, or if EMBEDDING_SERVER is unknown. */
struct embedder *embedder_new(const struct upstream_config *config, const struct settings *s);
void embedder_free(struct embedder *e); /* all requests have ended; NULL is legal */

/* EMBEDDING_MODEL. */
struct slice embedder_model(const struct embedder *e);

/* How long a question's vector may take. */
unsigned embedder_question_ms(const struct embedder *e);

/* Asks for the vectors of 1 to EMBEDDING_BATCH_MAX texts. NULL: its breaker is open, and fn is not called. */
[[gnu::warn_unused_result]] struct embedding *embedder_ask(struct embedder *e,
    const struct slice *texts, size_t n, unsigned ms, embedding_fn *fn, void *arg);

/* fn is not called. NULL is legal. */
void embedder_cancel(struct embedding *r);

#endif
