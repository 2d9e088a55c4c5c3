/*
 * Group commit: all requests of a loop turn run in one transaction, one full sync makes them
 * durable together, and only then may their answers leave.
 *
 * Between batch_slot() and batch_end() nothing may touch the buffers that the messages were
 * decoded from (they are borrowed) nor flush the clients' answers: a batch that fails to commit
 * takes its answers back and runs again without what made it fail:
 *  - no room: deletions, reads and what turns out to need no write run again, the other writes are
 *    refused with STORE_FULL;
 *  - one request fails in mid-write, or so that LMDB gives the transaction up: it alone is refused
 *    with STORE_INTERNAL;
 *  - anything else, or again: reads, and what needs no write, run again, all writes are refused.
 * So nothing that was acknowledged is ever lost, and nothing refused is ever there.
 */
#ifndef STORAGED_SERVER_BATCH_H
#define STORAGED_SERVER_BATCH_H

#include "storaged/request/call.h"

/* Requests, and bytes of requests, that one transaction takes. */
#define BATCH_REQUESTS 1024u
#define BATCH_BYTES    ((size_t)16 << 20)

/* What a request does to the store, which decides the transaction that it runs in. */
enum handler_kind {
	HANDLER_TELLS, /* only sends something to other clients: no transaction */
	HANDLER_READS,
	HANDLER_MAY_WRITE, /* reads if the store takes no writes (call_may_write()) */
	HANDLER_WRITES,
	HANDLER_DELETES, /* frees space: runs even if the store is full */
};

struct handler {
	enum msg_type type;
	enum handler_kind kind;
	int (*run)(struct txn *, struct call *);
};

struct handlers {
	const struct handler *of;
	size_t n;
};

/* The handler of a message type, or NULL. */
const struct handler *handlers_find(const struct handlers *handlers, uint16_t type);

struct batch {
	struct env *env;
	struct live *live; /* with the open turns */
	const struct handlers *handlers;
	const struct peers *peers; /* for status; NULL where there are none */
	struct activity activity;
	struct effects effects;
	struct request *requests;
	union msg slot; /* the message of the request that runs */
	size_t n, bytes;
	uint64_t number;
	enum batch_stage { BATCH_ALL, BATCH_DELETIONS, BATCH_READS } stage;
	enum store_error refusal; /* what the writes get that the stage leaves out */
	bool excused;             /* one request was taken out for failing */
	bool failed;              /* to be run again: no more requests come in */
	int hopeless;             /* the LMDB error after which not even reads run */
	struct txn txn;
};

void batch_init(
    struct batch *b, struct env *env, struct live *live, const struct handlers *handlers);
void batch_clear(struct batch *b);

/* Whether the batch takes another request. */
bool batch_is_open(const struct batch *b);

/* Where the next request is to be decoded. The batch must be open. */
union msg *batch_slot(struct batch *b);

/* Runs the request that lies in the slot; f is its frame, whose payload is decoded once more if the
 * batch has to run again. */
void batch_add(struct batch *b, struct client *from, const struct frame *f);

/*
 * Commits. After it every request has its answer in its client's out, all of them true, and the
 * batch is empty. 0, or an LMDB error after which this process can't go on (nothing that was not
 * committed has an answer).
 */
[[gnu::warn_unused_result]] int batch_end(struct batch *b);

#endif
