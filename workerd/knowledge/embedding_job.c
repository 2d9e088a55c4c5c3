/*
 * A job asks storaged for its next chunks, the embedding server for their vectors, and storaged to store them. Then it
 * leaves its place to the job that waited longest.
 */
#include "workerd/knowledge/embedding_job.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define BATCH_MS  60000  /* how long a request may take */
#define AGAIN_MAX 600000 /* ms, after a failure that says when */

void
embedding_job_set_cursor(struct embedding_cursor *c, struct slice bytes)
{
	must(slice_copy(bytes, c->b, sizeof(c->b)));
	c->len = bytes.len;
}

struct slice
embedding_job_cursor(const struct embedding_cursor *c)
{
	return (struct slice){c->b, c->len};
}

static void
embedding_job_on_again(evutil_socket_t fd, short what, void *arg)
{
	struct embedding_job *j = arg;

	(void)fd;
	(void)what;
	j->all->left(j->all->arg);
}

void
embedding_job_new(struct embedding_jobs *e, struct slice org)
{
	struct embedding_job *j = xcalloc(1, sizeof(*j));

	j->all = e;
	must(org.len == sizeof(j->org) && slice_copy(org, j->org.b, sizeof(j->org)));
	buf_init(&j->chunks, WIRE_FRAME_MAX);
	j->again = evtimer_new(e->base, embedding_job_on_again, j);
	must(j->again != NULL);
	TAILQ_INSERT_TAIL(&e->list, j, order);
	e->n++;
}

void
embedding_job_free(struct embedding_job *j)
{
	struct embedding_jobs *e = j->all;

	TAILQ_REMOVE(&e->list, j, order);
	e->n--;
	e->running -= j->running;
	if (j->call != NULL)
		store_call_forget(j->call);
	embedder_cancel(j->asked);
	event_free(j->again);
	buf_clear(&j->chunks);
	free(j);
}

/* Gives its place to the job that waited longest. The job itself may be gone then. */
static void
embedding_job_leave(struct embedding_job *j)
{
	struct embedding_jobs *e = j->all;

	e->running--;
	j->running = false;
	TAILQ_REMOVE(&e->list, j, order);
	TAILQ_INSERT_TAIL(&e->list, j, order);
	/* At its end. It begins again if there are new chunks. */
	if (j->cursor.len == 0 && !j->news)
		embedding_job_free(j);
	e->left(e->arg);
}

/* What it has asked for is asked for again, later. */
static void
embedding_job_leave_until(struct embedding_job *j, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	j->cursor = j->before;
	j->news = j->news || j->cursor.len == 0;
	must(evtimer_add(j->again, &in) == 0);
	embedding_job_leave(j);
}

/* The store has not answered, or the server takes nothing from anybody. */
static void
embedding_job_leave_paused(struct embedding_job *j, unsigned ms)
{
	j->all->pause(j->all->arg, ms);
	embedding_job_leave_until(j, 0);
}

static void
embedding_job_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct embedding_job *j = arg;
	struct embedding_jobs *e = j->all;

	j->call = NULL;
	if (type == MSG_OK) {
		embedding_job_leave(j);
	} else if (store_refused(type, m, STORE_TAKEN)) {
		e->lost(e->arg);
	} else {
		embedding_job_leave_paused(j, EMBEDDING_AGAIN_MS);
	}
}

static void
embedding_job_add_vector(const struct embedding_jobs *e,
    const struct msg_embedding_chunk *chunk, const float *vector, size_t dimensions,
    struct buf *list)
{
	int8_t values[EMBEDDING_DIMENSIONS_MAX];
	const float scale = embedding_format_shrink(vector, dimensions, values);
	struct msg_vector_record record = {
	    .v = RECORD_VERSION,
	    .model = embedder_model(e->embedder),
	    /* Without a vector it is not asked for again. */
	    .values = {(const uint8_t *)values, scale > 0 ? dimensions : 0},
	};
	struct msg_vector_item item = {.org = chunk->org,
	    .source = chunk->source,
	    .page = chunk->page,
	    .hash = chunk->hash};
	struct buf encoded;

	memcpy(&record.scale, &scale, sizeof(record.scale));
	buf_init(&encoded, WIRE_FRAME_MAX);
	must(record_encode(&encoded, MSG_VECTOR_RECORD, &record) == 0);
	item.vector = buf_slice(&encoded);
	must(wire_list_encode(list, msg_desc(MSG_VECTOR_ITEM)->fields, &item) == 0);
	buf_clear(&encoded);
}

static void
embedding_job_store(struct embedding_job *j, const struct embedded *vectors)
{
	const struct embedding_jobs *e = j->all;
	struct msg_vectors_put put = {.lease = e->lease, .model = embedder_model(e->embedder)};
	struct slice chunks = buf_slice(&j->chunks), item;
	struct msg_embedding_chunk chunk;
	struct buf list;

	buf_init(&list, WIRE_FRAME_MAX);
	for (size_t i = 0; i < vectors->n && wire_list_next(&chunks, &item); i++) {
		must(record_decode(item, MSG_EMBEDDING_CHUNK, &chunk) == WIRE_OK);
		embedding_job_add_vector(e, &chunk, vectors->values + i * vectors->dimensions,
		    vectors->dimensions, &list);
	}
	put.vectors = buf_slice(&list);
	j->call = store_call(
	    e->store, MSG_VECTORS_PUT, &put, STORE_TIMEOUT_MS, embedding_job_on_stored, j);
	buf_clear(&list);
	if (j->call == NULL)
		embedding_job_leave_paused(j, EMBEDDING_AGAIN_MS);
}

static size_t
embedding_job_count(const struct embedding_job *j)
{
	struct slice chunks = buf_slice(&j->chunks), item;
	size_t n = 0;

	while (wire_list_next(&chunks, &item))
		n++;
	return n;
}

/* A text that the server refuses alone is skipped until there is news. */
static void
embedding_job_on_refused(struct embedding_job *j)
{
	if (embedding_batch_refused(&j->batch, &j->all->server, embedding_job_count(j))) {
		j->cursor = j->before;
		j->news = j->news || j->cursor.len == 0;
	}
	embedding_job_leave(j);
}

static void
embedding_job_on_vectors(
    void *arg, const struct embedded *vectors, bool refused, unsigned retry_after_ms)
{
	struct embedding_job *j = arg;

	j->asked = NULL;
	if (vectors != NULL) {
		embedding_batch_accepted(&j->batch, &j->all->server, vectors->n);
		embedding_job_store(j, vectors);
	} else if (refused) {
		embedding_job_on_refused(j);
	} else if (retry_after_ms > 0) {
		embedding_job_leave_paused(
		    j, retry_after_ms < AGAIN_MAX ? retry_after_ms : AGAIN_MAX);
	} else {
		/* Perhaps it takes too long for these texts: the jobs of others go on. */
		embedding_job_leave_until(j, EMBEDDING_AGAIN_MS);
	}
}

/* A chunk as the server gets it: its title and headings tell what it is about. */
static void
embedding_job_write_text(const struct msg_embedding_chunk *chunk, struct buf *text)
{
	const struct slice parts[] = {chunk->title, chunk->heading, chunk->text};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].len == 0)
			continue;
		must(buf_append(text, parts[i].p, parts[i].len) == 0 &&
		    buf_append_str(text, i + 1 < ARRAY_LEN(parts) ? "\n" : "") == 0);
	}
}

static void
embedding_job_ask_server(struct embedding_job *j)
{
	struct slice chunks = buf_slice(&j->chunks), item, texts[EMBEDDING_BATCH];
	struct msg_embedding_chunk chunk;
	struct buf written[EMBEDDING_BATCH];
	size_t n = 0;

	while (n < EMBEDDING_BATCH && wire_list_next(&chunks, &item)) {
		must(record_decode(item, MSG_EMBEDDING_CHUNK, &chunk) == WIRE_OK);
		buf_init(&written[n], WIRE_FRAME_MAX);
		embedding_job_write_text(&chunk, &written[n]);
		texts[n] = buf_slice(&written[n]);
		n++;
	}
	j->asked =
	    embedder_ask(j->all->embedder, texts, n, BATCH_MS, embedding_job_on_vectors, j);
	for (size_t i = 0; i < n; i++)
		buf_clear(&written[i]);
	if (j->asked == NULL)
		embedding_job_leave_paused(j, EMBEDDING_AGAIN_MS);
}

static void
embedding_job_on_work(void *arg, uint16_t type, const union msg *m)
{
	struct embedding_job *j = arg;
	const struct msg_embedding_work *work =
	    type == MSG_EMBEDDING_WORK ? &m->embedding_work : NULL;

	j->call = NULL;
	if (work == NULL) {
		embedding_job_leave_paused(j, EMBEDDING_AGAIN_MS);
		return;
	}
	embedding_job_set_cursor(&j->cursor, work->next);
	buf_reset(&j->chunks);
	must(buf_append(&j->chunks, work->chunks.p, work->chunks.len) == 0);
	if (work->chunks.len > 0)
		embedding_job_ask_server(j);
	else
		embedding_job_leave(j);
}

struct embedding_job *
embedding_job_next(const struct embedding_jobs *e)
{
	struct embedding_job *j;

	TAILQ_FOREACH (j, &e->list, order)
		if (!j->running && !evtimer_pending(j->again, NULL))
			return j;
	return NULL;
}

bool
embedding_job_begin(struct embedding_job *j)
{
	struct embedding_jobs *e = j->all;
	const struct msg_embedding_next next = {
	    .org = j->org,
	    .model = embedder_model(e->embedder),
	    .cursor = embedding_job_cursor(&j->cursor),
	    .limit = (uint32_t)embedding_batch_limit(&j->batch, &e->server),
	};

	j->call = store_call(
	    e->store, MSG_EMBEDDING_NEXT, &next, STORE_TIMEOUT_MS, embedding_job_on_work, j);
	if (j->call == NULL)
		return false;
	j->before = j->cursor;
	if (j->cursor.len == 0)
		j->news = false;
	j->running = true;
	e->running++;
	return true;
}
