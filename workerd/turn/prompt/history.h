/*
 * The messages of a conversation that the model receives: pages of stored messages, loaded from the
 * newest backwards and written oldest first.
 */
#ifndef WORKERD_TURN_PROMPT_HISTORY_H
#define WORKERD_TURN_PROMPT_HISTORY_H

#include <sys/queue.h>

#include "proto/ipc/messages.h"
#include "workerd/model/openai/openai.h"

struct history_page;

struct history {
	size_t max;        /* messages wanted */
	size_t max_tokens; /* of the messages sent, by tokens_estimate_text(); 0: no limit */
	size_t n;          /* messages held */
	size_t tokens;     /* of these */
	size_t bytes;
	uint64_t older; /* where the next older page starts (MESSAGE_LIST's from); 0: no more */
	SLIST_HEAD(, history_page) pages; /* oldest first */
};

void history_init(struct history *h, size_t max, size_t max_tokens);
void history_clear(struct history *h);

/* Adds a page older than all added before: a list of MESSAGE_RECORD, oldest first (copied), and where
 * the next page starts. */
void history_add(struct history *h, struct slice messages, uint64_t older);

/* Number of messages still to load; 0 when there are enough, no more, or too many bytes or tokens. */
size_t history_missing(const struct history *h);

/* Finds the visitor's newest message, and the one before it. Either may be empty. */
void history_questions(const struct history *h, struct slice *last, struct slice *before);

/* Appends the newest messages that have text to a request, at most max and max_tokens, but always the last one; found, if it is not empty, directly before the visitor's
 * newest message. 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result]] int history_write(
    const struct history *h, struct slice found, struct openai_request *request);

/* The older half of what history_write() appends is left out from now on. false: that is a single message. */
[[gnu::warn_unused_result]] bool history_halve(struct history *h);

#endif
