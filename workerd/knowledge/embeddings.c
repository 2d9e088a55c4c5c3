/*
 * When the connection to storaged is lost, all is dropped: another worker may have the lease by then.
 */
#include "workerd/knowledge/embeddings.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* Chunks of a request. Parsing the vectors of more would hold up tokens for too long. */
#define BATCH 16

/* After so many, twice as many chunks are tried: what was refused may have been too long together, or the server busy. */
#define GROW 64

#define BATCH_MS   60000  /* how long a request may take */
#define BUSY_MS    10000  /* how long a batch waits for replies */
#define LOOK_MS    250    /* how often it looks whether they have ended */
#define AGAIN_MS   30000  /* after a failure */
#define AGAIN_MAX  600000 /* ms, after one that says when */
#define CURSOR_MAX 64

struct embeddings {
	struct embeddings_config config;
	struct id lease;
	bool granted, stopping;
	bool news; /* there may be new chunks before the cursor */
	bool
	    again; /* storaged notifies each time that it was asked for the lease: ask after this step */
	struct store_call *call;
	struct embedding *asked;
	struct event *timer;
	uint64_t busy_since_ms; /* 0: not waiting for replies */
	uint8_t cursor[CURSOR_MAX];
	size_t cursor_len;
	uint8_t before[CURSOR_MAX]; /* the cursor that the chunks were asked for with */
	size_t before_len;
	size_t most; /* chunks of a request, as far as the server is known to accept so many */
	unsigned good; /* requests with so many that it has accepted, up to GROW */
	/* After a refusal: smaller requests find out whether it was for their number or for a text. */
	size_t limit;      /* chunks of the next request; 0: most */
	size_t refused;    /* chunks of the refused request that were not sent again yet */
	size_t accepted;   /* of the requests since then, the largest that was accepted */
	bool bad_text;     /* one of the chunks was refused alone */
	struct buf chunks; /* EMBEDDING_WORK's list that is worked on */
};

static void embeddings_ask_work(struct embeddings *e);
static void embeddings_ask_lease(struct embeddings *e);

static void
embeddings_set_timer(struct embeddings *e, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	must(evtimer_add(e->timer, &in) == 0);
}

static void
embeddings_drop(struct embeddings *e)
{
	if (e->call != NULL)
		store_call_forget(e->call);
	e->call = NULL;
	embedder_cancel(e->asked);
	e->asked = NULL;
	(void)evtimer_del(e->timer);
	e->granted = false;
	e->cursor_len = 0;
	e->limit = e->refused = 0;
}

/* The next chunks, if there are more; else those that came meanwhile. */
static void
embeddings_go_on(struct embeddings *e)
{
	if (e->again) {
		embeddings_ask_lease(e);
		return;
	}
	if (e->stopping || !e->granted)
		return;
	if (e->cursor_len == 0 && !e->news)
		return;
	if (e->cursor_len == 0)
		e->news = false;
	embeddings_ask_work(e);
}

static void
embeddings_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;

	e->call = NULL;
	if (store_refused(type, m, STORE_TAKEN)) {
		e->granted = false;
		embeddings_set_timer(e, AGAIN_MS);
	} else if (type == MSG_OK)
		embeddings_go_on(e);
	else
		embeddings_set_timer(e, AGAIN_MS);
}

static void
embeddings_add_vector(const struct embeddings *e, const struct msg_embedding_chunk *chunk,
    const float *vector, size_t dimensions, struct buf *list)
{
	int8_t values[EMBEDDING_DIMENSIONS_MAX];
	const float scale = embedding_format_shrink(vector, dimensions, values);
	struct msg_vector_record record = {
	    .v = RECORD_VERSION,
	    .model = embedder_model(e->config.embedder),
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
embeddings_store(struct embeddings *e, const struct embedded *vectors)
{
	struct msg_vectors_put put = {
	    .lease = e->lease, .model = embedder_model(e->config.embedder)};
	struct slice chunks = buf_slice(&e->chunks), item;
	struct msg_embedding_chunk chunk;
	struct buf list;

	buf_init(&list, WIRE_FRAME_MAX);
	for (size_t i = 0; i < vectors->n && wire_list_next(&chunks, &item); i++) {
		must(record_decode(item, MSG_EMBEDDING_CHUNK, &chunk) == WIRE_OK);
		embeddings_add_vector(e, &chunk, vectors->values + i * vectors->dimensions,
		    vectors->dimensions, &list);
	}
	put.vectors = buf_slice(&list);
	e->call = store_call(
	    e->config.store, MSG_VECTORS_PUT, &put, STORE_TIMEOUT_MS, embeddings_on_stored, e);
	buf_clear(&list);
	if (e->call == NULL)
		embeddings_set_timer(e, AGAIN_MS);
}

/* So many chunks of the refused request are dealt with. If all are accepted now, it had too many. */
static void
embeddings_settle(struct embeddings *e, size_t n)
{
	if (e->refused == 0)
		return;
	e->refused -= n < e->refused ? n : e->refused;
	if (e->refused > 0)
		return;
	e->limit = 0;
	if (e->bad_text)
		return;
	e->most = e->accepted;
	e->good = 0;
	log_event(LOG_INFO, "embedding_batch", L_UINT("most", e->most));
}

/* Asks for the refused chunks again, half as many at a time: a text that is too long must not keep the others from
 * their vectors. Alone, such a text is skipped. */
static void
embeddings_split(struct embeddings *e, size_t n)
{
	if (n == 1) {
		e->bad_text = true;
		embeddings_settle(e, 1);
		return;
	}
	if (e->refused == 0) {
		e->refused = n;
		e->accepted = 0;
		e->bad_text = false;
	}
	e->limit = n / 2;
	memcpy(e->cursor, e->before, e->before_len);
	e->cursor_len = e->before_len;
	e->news = e->news || e->cursor_len == 0;
}

static void
embeddings_accepted(struct embeddings *e, size_t n)
{
	if (n > e->accepted)
		e->accepted = n;
	/* The text that was refused is found: the others may be sent together again. */
	if (e->bad_text && e->limit > 0 && 2 * e->limit <= e->most)
		e->limit *= 2;
	embeddings_settle(e, n);
	if (n < e->most || e->most == BATCH || ++e->good < GROW)
		return;
	e->most = 2 * e->most < BATCH ? 2 * e->most : BATCH;
	e->good = 0;
}

static size_t
embeddings_count(const struct embeddings *e)
{
	struct slice chunks = buf_slice(&e->chunks), item;
	size_t n = 0;

	while (wire_list_next(&chunks, &item))
		n++;
	return n;
}

/* A text that the server refuses is skipped until there is news. */
static void
embeddings_on_vectors(
    void *arg, const struct embedded *vectors, bool refused, unsigned retry_after_ms)
{
	struct embeddings *e = arg;

	e->asked = NULL;
	if (vectors != NULL) {
		embeddings_accepted(e, vectors->n);
		embeddings_store(e, vectors);
	} else if (refused) {
		embeddings_split(e, embeddings_count(e));
		embeddings_go_on(e);
	} else {
		e->cursor_len = 0;
		e->news = true;
		embeddings_set_timer(e,
		    retry_after_ms == 0              ? AGAIN_MS
			: retry_after_ms < AGAIN_MAX ? retry_after_ms
						     : AGAIN_MAX);
	}
}

/* A chunk as the server gets it: its title and headings tell what it is about. */
static void
embeddings_write_text(const struct msg_embedding_chunk *chunk, struct buf *text)
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
embeddings_ask_server(struct embeddings *e)
{
	struct slice chunks = buf_slice(&e->chunks), item, texts[BATCH];
	struct msg_embedding_chunk chunk;
	struct buf written[BATCH];
	size_t n = 0;

	while (n < BATCH && wire_list_next(&chunks, &item)) {
		must(record_decode(item, MSG_EMBEDDING_CHUNK, &chunk) == WIRE_OK);
		buf_init(&written[n], WIRE_FRAME_MAX);
		embeddings_write_text(&chunk, &written[n]);
		texts[n] = buf_slice(&written[n]);
		n++;
	}
	e->asked =
	    embedder_ask(e->config.embedder, texts, n, BATCH_MS, embeddings_on_vectors, e);
	for (size_t i = 0; i < n; i++)
		buf_clear(&written[i]);
	if (e->asked == NULL) {
		e->cursor_len = 0;
		e->news = true;
		embeddings_set_timer(e, AGAIN_MS);
	}
}

static bool
embeddings_must_wait(struct embeddings *e)
{
	const uint64_t now = clock_mono_ms();

	if (metric_get(&e->config.board->turns_running) == 0) {
		e->busy_since_ms = 0;
		return false;
	}
	if (e->busy_since_ms == 0)
		e->busy_since_ms = now;
	if (now - e->busy_since_ms < BUSY_MS)
		return true;
	e->busy_since_ms = 0;
	return false;
}

static void
embeddings_on_work(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;
	const struct msg_embedding_work *work =
	    type == MSG_EMBEDDING_WORK ? &m->embedding_work : NULL;

	e->call = NULL;
	if (work == NULL || work->next.len > sizeof(e->cursor)) {
		embeddings_set_timer(e, AGAIN_MS);
		return;
	}
	memcpy(e->before, e->cursor, e->cursor_len);
	e->before_len = e->cursor_len;
	e->cursor_len = work->next.len;
	must(slice_copy(work->next, e->cursor, sizeof(e->cursor)));
	buf_reset(&e->chunks);
	must(buf_append(&e->chunks, work->chunks.p, work->chunks.len) == 0);
	if (work->chunks.len > 0)
		embeddings_ask_server(e);
	else
		embeddings_go_on(e);
}

static void
embeddings_ask_work(struct embeddings *e)
{
	const struct msg_embedding_next next = {
	    .model = embedder_model(e->config.embedder),
	    .cursor = {e->cursor, e->cursor_len},
	    .limit = (uint32_t)(e->limit > 0 ? e->limit : e->most),
	};

	if (e->call != NULL || e->asked != NULL)
		return;
	if (embeddings_must_wait(e)) {
		e->news = e->news || e->cursor_len == 0;
		embeddings_set_timer(e, LOOK_MS);
		return;
	}
	e->call = store_call(e->config.store, MSG_EMBEDDING_NEXT, &next, STORE_TIMEOUT_MS,
	    embeddings_on_work, e);
	if (e->call == NULL)
		embeddings_set_timer(e, AGAIN_MS);
}

static void
embeddings_on_leased(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;

	e->call = NULL;
	if (type != MSG_EMBEDDING_LEASED) {
		embeddings_set_timer(e, AGAIN_MS);
		return;
	}
	if (e->again) {
		embeddings_ask_lease(e);
		return;
	}
	if (!m->embedding_leased.granted) {
		e->granted = false;
		return;
	}
	if (!e->granted)
		log_event(LOG_INFO, "embeddings_begin");
	e->granted = true;
	embeddings_go_on(e);
}

static void
embeddings_ask_lease(struct embeddings *e)
{
	const struct msg_embedding_lease ask = {.lease = e->lease};

	e->again = true;
	if (e->stopping || e->call != NULL || e->asked != NULL)
		return;
	e->again = false;
	e->call = store_call(e->config.store, MSG_EMBEDDING_LEASE, &ask, STORE_TIMEOUT_MS,
	    embeddings_on_leased, e);
	if (e->call == NULL)
		embeddings_set_timer(e, AGAIN_MS);
}

/* The lease comes first: it may be another worker's by now. */
static void
embeddings_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct embeddings *e = arg;

	(void)fd;
	(void)what;
	if (e->granted && e->busy_since_ms != 0)
		embeddings_go_on(e);
	else
		embeddings_ask_lease(e);
}

static void
embeddings_on_connected(void *arg)
{
	struct embeddings *e = arg;

	e->lease = id_new();
	e->news = true;
	e->again = false;
	embeddings_ask_lease(e);
}

static void
embeddings_on_lost(void *arg)
{
	embeddings_drop(arg);
}

static void
embeddings_on_notification(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;

	(void)m;
	if (type != MSG_LIVE_EMBEDDING)
		return;
	e->news = true;
	if (!evtimer_pending(e->timer, NULL))
		embeddings_ask_lease(e);
}

struct embeddings *
embeddings_new(const struct embeddings_config *config)
{
	static const struct store_events events = {
	    .connected = embeddings_on_connected,
	    .lost = embeddings_on_lost,
	    .notification = embeddings_on_notification,
	};
	struct embeddings *e = xcalloc(1, sizeof(*e));

	e->config = *config;
	e->lease = id_new();
	e->news = true;
	e->most = BATCH;
	buf_init(&e->chunks, WIRE_FRAME_MAX);
	e->timer = evtimer_new(config->base, embeddings_on_timer, e);
	must(e->timer != NULL);
	store_client_listen(config->store, &events, e);
	return e;
}

void
embeddings_free(struct embeddings *e)
{
	if (e == NULL)
		return;
	embedder_cancel(e->asked);
	event_free(e->timer);
	buf_clear(&e->chunks);
	free(e);
}

void
embeddings_stop(struct embeddings *e)
{
	const struct msg_embedding_lease leave = {.lease = e->lease, .leave = 1};

	e->stopping = true;
	embeddings_drop(e);
	(void)!store_call(
	    e->config.store, MSG_EMBEDDING_LEASE, &leave, STORE_TIMEOUT_MS, NULL, NULL);
}
