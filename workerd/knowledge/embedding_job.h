/*
 * The work of one organization for embeddings.h: its chunks without vectors, with a cursor of its own and at most one
 * request at a time.
 */
#ifndef WORKERD_KNOWLEDGE_EMBEDDING_JOB_H
#define WORKERD_KNOWLEDGE_EMBEDDING_JOB_H

#include <sys/queue.h>

#include "workerd/knowledge/embedder.h"
#include "workerd/knowledge/embedding_batch.h"
#include "workerd/store/store_client.h"

#define EMBEDDING_AGAIN_MS   30000 /* after a failure */
#define EMBEDDING_CURSOR_MAX 64

struct embedding_cursor {
	uint8_t b[EMBEDDING_CURSOR_MAX];
	size_t len; /* 0: the start, or the end */
};

struct embedding_job {
	struct embedding_jobs *all;
	TAILQ_ENTRY(embedding_job) order; /* of embedding_jobs.list */
	struct id org;
	bool running; /* has a place: call or asked is not NULL */
	struct store_call *call;
	struct embedding *asked;
	struct event *again;                    /* pending: it waits after a failure */
	bool news;                              /* there may be new chunks before the cursor */
	struct embedding_cursor cursor, before; /* before: that chunks were asked for with */
	struct embedding_batch batch;
	struct buf chunks; /* EMBEDDING_WORK's list that is worked on */
};

/* The jobs of a worker, and what they share. */
struct embedding_jobs {
	/* Set by the owner. */
	struct event_base *base;
	struct store_client *store;
	struct embedder *embedder;
	struct id lease;
	void (*left)(void *arg);               /* a place is free, or a job waits no more */
	void (*pause)(void *arg, unsigned ms); /* no job may begin a request for so long */
	void (*lost)(void *arg); /* another worker has the lease: the owner drops all jobs */
	void *arg;

	struct embedding_server server;
	TAILQ_HEAD(, embedding_job) list; /* who waited longest is first */
	size_t n, running;
};

void embedding_job_set_cursor(struct embedding_cursor *c, struct slice bytes);
struct slice embedding_job_cursor(const struct embedding_cursor *c);

/* Adds a job behind the others. org: the bytes of an id. */
void embedding_job_new(struct embedding_jobs *e, struct slice org);
void embedding_job_free(struct embedding_job *j);

/* The first job that does not run or wait after a failure; NULL: none. */
struct embedding_job *embedding_job_next(const struct embedding_jobs *e);

/* Takes a place for one request. False: the store's queue is full. */
[[gnu::warn_unused_result]] bool embedding_job_begin(struct embedding_job *j);

#endif
