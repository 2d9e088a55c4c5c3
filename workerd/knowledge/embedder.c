#include "workerd/knowledge/embedder.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* The vectors of a batch, with up to 24 bytes a number. */
#define RESPONSE_MAX ((size_t)EMBEDDING_BATCH_MAX * EMBEDDING_DIMENSIONS_MAX * 24)
#define REQUEST_MAX  (8u * 1024 * 1024)

struct embedder {
	struct upstream *upstream;
	struct scoreboard_worker *board;
	const char *model;
	unsigned question_ms;
};

struct embedding {
	struct embedder *embedder;
	struct upstream_transfer *transfer;
	struct buf response;
	size_t n;
	int status;
	unsigned retry_after_ms; /* of its response; 0: none */
	embedding_fn *fn;
	void *arg;
};

struct embedder *
embedder_new(const struct upstream_config *shared, const struct settings *s)
{
	struct upstream_config config = *shared;
	struct embedder *e;
	struct server_setting server;
	char *url;

	if (s->embedding_model == NULL)
		return NULL;
	if (!settings_servers_find(s,
		slice_str(s->embedding_server == NULL ? "" : s->embedding_server), &server)) {
		log_event(LOG_ERROR, "embedding_server_unknown",
		    L_STR("server", s->embedding_server),
		    L_STR("help",
			"EMBEDDING_SERVER must be a name in MODEL_SERVERS or "
			"MODEL_SERVERS_FILE"));
		return NULL;
	}
	e = xcalloc(1, sizeof(*e));
	url = setting_url_join(server.url, "/embeddings");
	config.name = "embeddings";
	config.url = url;
	config.key = server.key;
	config.headers = server.headers;
	config.headers_n = server.headers_n;
	*e = (struct embedder){.upstream = upstream_new(&config),
	    .board = shared->board,
	    .model = s->embedding_model,
	    .question_ms = s->embedding_timeout_ms};
	free(url);
	return e;
}

void
embedder_free(struct embedder *e)
{
	if (e == NULL)
		return;
	upstream_free(e->upstream);
	free(e);
}

struct slice
embedder_model(const struct embedder *e)
{
	return slice_str(e->model);
}

unsigned
embedder_question_ms(const struct embedder *e)
{
	return e->question_ms;
}

static void
embedder_free_request(struct embedding *r)
{
	buf_clear(&r->response);
	free(r);
}

void
embedder_cancel(struct embedding *r)
{
	if (r == NULL)
		return;
	if (r->transfer != NULL)
		upstream_cancel(r->transfer);
	embedder_free_request(r);
}

static void
embedder_on_headers(void *arg, const struct upstream_head *head, unsigned retry_after_ms)
{
	struct embedding *r = arg;

	r->retry_after_ms = retry_after_ms;
	r->status = head->status;
}

/* A response that is too long is not valid JSON then. */
static void
embedder_on_data(void *arg, struct slice piece)
{
	struct embedding *r = arg;

	(void)!buf_append(&r->response, piece.p, piece.len);
}

/* 4xx for other reasons than a limit of requests or a key; also 500, with which llama.cpp and Ollama refuse a text that is
 * too long for their model. */
static bool
embedder_is_refused(int status)
{
	return status == 500 ||
	    (status >= 400 && status < 500 && status != 408 && status != 429 && status != 401 &&
		status != 403);
}

static void
embedder_on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct embedding *r = arg;
	struct embedded e;
	bool good = how == UPSTREAM_DONE && r->status == 200 &&
	    embedding_format_read(buf_slice(&r->response), r->n, &e);

	r->transfer = NULL;
	if (!good) {
		metric_add(&r->embedder->board->embedding_errors, 1);
		log_event(LOG_WARN, "embedding_failed", L_INT("status", r->status),
		    L_STR("detail", how == UPSTREAM_DONE ? "no valid answer" : detail));
		r->fn(r->arg, NULL, how == UPSTREAM_DONE && embedder_is_refused(r->status),
		    r->retry_after_ms);
	} else {
		metric_add(&r->embedder->board->embedded_tokens, e.tokens);
		r->fn(r->arg, &e, false, 0);
		embedding_format_clear(&e);
	}
	embedder_free_request(r);
}

struct embedding *
embedder_ask(struct embedder *e, const struct slice *texts, size_t n, unsigned ms,
    embedding_fn *fn, void *arg)
{
	static const struct upstream_events events = {
	    embedder_on_headers, embedder_on_data, embedder_on_end};
	struct embedding *r;
	unsigned wait_ms;
	struct buf body;

	if (!upstream_admits(e->upstream, &wait_ms))
		return NULL;
	r = xcalloc(1, sizeof(*r));
	*r = (struct embedding){.embedder = e, .n = n, .fn = fn, .arg = arg};
	buf_init(&r->response, RESPONSE_MAX);
	buf_init(&body, REQUEST_MAX);
	embedding_format_write(&body, e->model, texts, n);
	r->transfer = upstream_post(e->upstream, NULL, &body, ms, &events, r);
	return r;
}
