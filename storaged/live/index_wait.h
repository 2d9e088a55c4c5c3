/*
 * Acknowledgements of erasures that wait until the search index has lost the text.
 *
 * searchd reports the row of the change feed up to which its index is clean. An answer waits for its row, but
 * only while a searchd is connected that has reported: any other answers no searches until it has caught up.
 * One that removes much text reports its position again and again. A searchd that is not heard of for
 * INDEX_WAIT_MS is disconnected.
 */
#ifndef STORAGED_LIVE_INDEX_WAIT_H
#define STORAGED_LIVE_INDEX_WAIT_H

#include "storaged/live/client.h"

/* Workers wait for an answer for STORE_TIMEOUT_MS (workerd/store/store_client.h), which is longer. */
#define INDEX_WAIT_MS 4000

/* Bytes of an answer with its frame. */
#define HELD_MAX 64

/* An answer that may wait for a row. */
struct held {
	TAILQ_ENTRY(held) link;
	struct client *client;
	uint64_t seq, since_ms;
	size_t len;
	uint8_t frame[HELD_MAX];
};

struct index_wait {
	TAILQ_HEAD(, held) held; /* by their rows */
	struct client *searcher; /* NULL: none has reported */
	uint64_t position;       /* that it has reported */
	uint64_t heard_ms;       /* when it has */
};

void index_wait_init(struct index_wait *w);
void index_wait_clear(struct index_wait *w);

/* Sends the answer to its client, now or when the index is ready. Copies it. */
void index_wait_answer(struct index_wait *w, const struct held *answer);

/* The client's index contains all rows up to this one, and nothing that they erased. */
void index_wait_report(struct index_wait *w, struct client *client, uint64_t position);

/* The client is gone. */
void index_wait_forget(struct index_wait *w, const struct client *client);

/* Marks the searcher for disconnection if an answer has waited too long. */
void index_wait_expire(struct index_wait *w);

#endif
