/*
 * Takes documents apart in processes of their own: crawl-extract, one for each document, at most EXTRACTION_RUNNING at
 * a time. Others wait in a queue.
 *
 * A small process, the spawner, starts and supervises them. It is forked from crawld before crawld restricts its own
 * system calls, which a child would inherit: so crawld itself can start no program. crawld passes the spawner a job's
 * descriptors and never waits for it.
 *
 * All functions belong to the event loop's thread.
 */
#ifndef WORKERD_CRAWL_EXTRACTION_H
#define WORKERD_CRAWL_EXTRACTION_H

#include <event2/event.h>

#include "proto/ipc/messages.h"
#include "workerd/crawl/document/document.h"

#define EXTRACTION_RUNNING 2
/* Then a child is killed. Its limit is SANDBOX_CPU_SECONDS of processor time, for which it may wait: crawld has the
 * lowest priority. */
#define EXTRACTION_SECONDS   60
#define EXTRACTION_BYTES_MAX (20u * 1024 * 1024)

/* While the documents that were taken apart have so many bytes (document_bytes_held()), no other one begins; those that are
 * running may add DOCUMENT_MAX each. */
#define EXTRACTION_HELD_MAX ((size_t)64 << 20)

struct extraction_pool;
struct extraction;

/* Forks the spawner, which runs this program ("…/crawl-extract"). Returns its socket, or -1 with errno. Call it
 * as the final user and before threads, the event loop and call_filter_start() exist. */
[[gnu::warn_unused_result]] int extraction_spawner_start(const char *program);

/* spawner: from extraction_spawner_start(), closed by extraction_pool_free(); then the spawner kills its children
 * and exits. If the spawner disappears, crawld aborts, to be started again. */
struct extraction_pool *extraction_pool_new(struct event_base *base, int spawner);

/* Drops jobs that are not finished without a call. NULL is allowed. */
void extraction_pool_free(struct extraction_pool *pool);

struct extraction_job {
	struct slice bytes;   /* at most EXTRACTION_BYTES_MAX; copied */
	struct slice type;    /* media type without parameters, such as "text/html" */
	struct slice charset; /* of the Content-Type; empty: none */
	struct slice
	    url; /* of the document; empty: it has none, and relative links are dropped */
};

/* Whether this media type can be read: HTML, XHTML, plain text, Markdown, PDF, DOCX. */
bool extraction_reads(struct slice type);

/* Receives the document and frees it by document_free(). A child that crashes, hangs or exceeds its limits gives
 * REASON_DAMAGED; a type that cannot be read gives REASON_TYPE. Noindex and nofollow are for the caller to obey. */
typedef void extraction_done(void *arg, struct document *doc);

/* done is called later, once, from the event loop. */
struct extraction *extraction_start(struct extraction_pool *pool,
    const struct extraction_job *job, extraction_done *done, void *arg);

/* Call it when documents were freed: others may begin. */
void extraction_pool_run(struct extraction_pool *pool);

/* done will not be called. */
void extraction_cancel(struct extraction *x);

/* Jobs that are running or waiting; and those that are running. */
size_t extraction_pending(const struct extraction_pool *pool);
size_t extraction_running(const struct extraction_pool *pool);

#endif
