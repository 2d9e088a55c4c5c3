/*
 * Group commit: all requests of a loop turn run in one transaction, one full sync makes them
 * durable together, and only then may their answers leave.
 *
 * Between batch_slot() and batch_end(), nothing may change the buffers that the messages were
 * decoded from (they are borrowed), nor flush the clients' answers. A batch that fails to commit
 * withdraws its answers and runs again without the cause: (1) if there is no space, deletions,
 * reads, and requests that need no write run again, and other writes are refused with STORE_FULL;
 * (2) if one request fails after a change, or LMDB invalidates the transaction, only that request
 * is refused, with STORE_INTERNAL, STORE_DAMAGED for a damaged page, or STORE_READ_ONLY for an
 * errno of the disk; (3) in all other cases, and after a second failure, reads and requests that
 * need no write run again, and all writes are refused as call_write_refusal() says.
 *
 * So acknowledged data is never lost, and refused data is never stored.
 */
#ifndef STORAGED_SERVER_BATCH_H
#define STORAGED_SERVER_BATCH_H

#include "storaged/request/call.h"
#include "storaged/request/long_reads.h"

/* Limits of one transaction: requests, bytes of requests, bytes for the commit log, and bytes of files, which the last
 * request may exceed. A request may write more than it has bytes: the end of a reply writes all of its text. */
#define BATCH_REQUESTS    1024u
#define BATCH_BYTES       ((size_t)16 << 20)
#define BATCH_LOG_BYTES   ((size_t)4 << 20)
#define BATCH_PIECE_BYTES ((size_t)256 << 10)

/* What a request does to the store, which decides the transaction that it runs in. */
enum handler_kind {
	HANDLER_TELLS, /* only sends something to other clients: no transaction */
	HANDLER_READS,
	HANDLER_READS_MUCH, /* waits for its turn, if the batch has long_reads */
	HANDLER_MAY_WRITE,  /* reads if the store takes no writes (call_may_write()) */
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
	const struct handler *others; /* of all other types; NULL: there are none */
};

/* The handler of a message type, or NULL. */
const struct handler *handlers_find(const struct handlers *handlers, uint16_t type);

struct batch {
	struct env *env;
	struct live *live; /* with the open turns */
	const struct handlers *handlers;
	const struct peers *peers;     /* for status; NULL in tests */
	struct long_reads *long_reads; /* NULL: requests that read much run at once */
	struct activity activity;
	struct effects effects;
	struct request *requests;
	union msg slot; /* the message of the running request */
	size_t n, bytes;
	uint64_t number;
	enum batch_stage { BATCH_ALL, BATCH_DELETIONS, BATCH_READS } stage;
	enum store_error refusal; /* what excluded writes are refused with */
	bool excused;             /* one request was excluded because it failed */
	bool failed;              /* it must run again, and takes no more requests */
	int hopeless;             /* the LMDB error after which not even reads can run */
	struct txn txn;
};

void batch_init(
    struct batch *b, struct env *env, struct live *live, const struct handlers *handlers);
void batch_clear(struct batch *b);

/* Whether the batch takes another request. */
bool batch_is_open(const struct batch *b);

/* Where to decode the next request. The batch must be open. */
union msg *batch_slot(struct batch *b);

/* Runs the request in the slot, or lets it wait in long_reads. f is its frame, whose payload is decoded again if the batch
 * runs again. */
void batch_add(struct batch *b, struct client *from, const struct frame *f);

/* Runs a request that has waited; its payload must stay until batch_end(). */
void batch_add_long(struct batch *b, const struct long_read *q);

/*
 * Commits. Afterwards every request has its final answer in its client's out, and the batch is
 * empty. 0, or an LMDB error or COMMIT_LOG_LOST, after which this process cannot continue (then nothing
 * uncommitted has an answer).
 */
[[gnu::warn_unused_result]] int batch_end(struct batch *b);

#endif
