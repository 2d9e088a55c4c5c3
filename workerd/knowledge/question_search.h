/*
 * Asks searchd which passages fit a question: by its words, and with an embedding model also by its vector. Without a
 * vector in EMBEDDING_TIMEOUT_MS, by words alone.
 */
#ifndef WORKERD_KNOWLEDGE_QUESTION_SEARCH_H
#define WORKERD_KNOWLEDGE_QUESTION_SEARCH_H

#include "workerd/knowledge/finding_service.h"

struct question_search;

/* The texts of find, which has no vector yet, must stay valid until fn is called, once, from the event loop. type 0:
 * searchd has not answered within ms (0: within the search client's time), or too many searches wait. NULL: likewise too
 * many; fn is not called. */
[[gnu::warn_unused_result]] struct question_search *question_search_start(
    struct finding_service *service, const struct msg_find *find, unsigned ms,
    search_answer_fn *fn, void *arg);

/* fn is not called. NULL is legal. */
void question_search_cancel(struct question_search *s);

#endif
