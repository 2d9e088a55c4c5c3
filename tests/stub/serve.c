#include "tests/stub/serve.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/stub/embed.h"
#include "workerd/api/fields/parameters.h"

struct request {
	struct service *service;
	const struct http_request *http;
	struct slice body;
	struct answer_about about;
	struct buf *out;
	struct chat *chat; /* a chat that a handler started, sent step by step */
};

typedef void handler(struct request *);

static void
serve_refuse(struct request *q, const struct api_error *error)
{
	answer_error(q->out, error, &q->about);
}

/* Checks "Bearer key" (RFC 6750, 2.1): 0, or -1 with a 401 in error. */
static int
serve_check_key(const struct request *q, struct api_error *error)
{
	struct slice value = http_header(q->http, "authorization");
	const char *key = q->service->key;

	if (value.len <= 7 || !header_equals((struct slice){value.p, 7}, "bearer "))
		return api_error(error, 401, NULL,
		    "You didn't provide an API key: send 'Authorization: Bearer KEY'.");
	if (key == NULL || slice_eq_str((struct slice){value.p + 7, value.len - 7}, key))
		return 0;
	api_error(
	    error, 401, NULL, "Incorrect API key provided (%zu characters).", value.len - 7);
	error->code = "invalid_api_key";
	return -1;
}

/* Stores the call for /stub/last. Its body is null until it was parsed. */
static void
serve_keep_last(struct request *q, json_t *body)
{
	const struct http_request *r = q->http;
	struct slice accept = http_header(r, "accept"), type = http_header(r, "content-type");
	json_t **last = &q->service->stats.last;

	json_decref(*last);
	*last = json_pack("{s:s%,s:{s:I,s:s%,s:s%},s:O?}", "path", r->path.p, r->path.len,
	    "headers", "authorization", (json_int_t)http_header(r, "authorization").len,
	    "accept", accept.len == 0 ? (const uint8_t *)"" : accept.p, accept.len,
	    "content-type", type.len == 0 ? (const uint8_t *)"" : type.p, type.len, "body",
	    body);
}

/* The script of this call: the defaults, changed by the directives of its newest message. bare: what to reply to. */
static int
serve_read_script(const struct service *s, const struct call *call, struct script *script,
    struct buf *bare, struct api_error *error)
{
	char why[128] = "", *words;

	script_copy(script, &s->defaults);
	words = script_find(call->newest, bare);
	if (words == NULL) {
		buf_reset(bare);
		put_slice(bare, call->message);
	} else if (script_parse(script, words, why, sizeof(why)) == -1) {
		api_error(error, 400, NULL, "%s.", why);
		error->code = "bad_directive";
	}
	free(words);
	return why[0] == '\0' ? 0 : -1;
}

/* Like servers that refuse unknown arguments. */
static bool
serve_refuses_arguments(
    const struct call *call, const struct script *script, struct api_error *error)
{
	if (script->no_stream_options != SCRIPT_UNSET && call->include_usage)
		api_error(error, (int)script->no_stream_options, "stream_options",
		    "Unrecognized request argument supplied: stream_options");
	else if (script->no_tools != SCRIPT_UNSET && call->has_tools)
		api_error(error, (int)script->no_tools, NULL, "%s does not support tools",
		    call->model);
	else if (script->only_responses != SCRIPT_UNSET && !call->responses)
		api_error(error, (int)script->only_responses, "model",
		    "This model is only supported in v1/responses and not in "
		    "v1/chat/completions.");
	else
		return false;
	return true;
}

/* Handles a call with a valid body. NULL with a status of 0: it was answered. */
static struct chat *
serve_start_chat(struct request *q, struct call *call, struct api_error *error)
{
	struct stats *stats = &q->service->stats;
	struct buf bare = put_start();
	struct script script;
	struct chat *chat = NULL;

	stats_add_text(&stats->messages, call->newest);
	if (dialect_refuses(q->service->dialect, call, q->out, &q->about)) {
		buf_clear(&bare);
		error->status = 0;
		return NULL;
	}
	if (serve_read_script(q->service, call, &script, &bare, error) == 0 &&
	    !serve_refuses_arguments(call, &script, error)) {
		if (script.fail_times != SCRIPT_UNSET && !stats_fails(stats, script.fail_times))
			script.fail = 0;
		chat = chat_new(stats, q->service->dialect, call, &script, buf_slice(&bare),
		    http_header(q->http, "authorization"), &q->about);
	}
	script_clear(&script);
	buf_clear(&bare);
	return chat;
}

static void
serve_call(struct request *q, bool responses)
{
	struct stats *st = &q->service->stats;
	struct api_error error;
	struct call call = {0};

	q->about.id = ++q->service->last_id;
	if (serve_check_key(q, &error) == 0 &&
	    call_read(&call, q->body, responses, &error) == 0) {
		serve_keep_last(q, call.body);
		q->chat = serve_start_chat(q, &call, &error);
	} else {
		serve_keep_last(q, NULL);
	}
	call_clear(&call);
	if (q->chat != NULL)
		return;
	st->calls++;
	if (error.status != 0)
		serve_refuse(q, &error);
}

static void
serve_chat_completions(struct request *q)
{
	serve_call(q, false);
}

static void
serve_responses(struct request *q)
{
	serve_call(q, true);
}

static void
serve_embeddings(struct request *q)
{
	struct stats *stats = &q->service->stats;
	struct api_error error;
	json_t *answer;
	size_t texts;

	stats->embedding_calls++;
	if (serve_check_key(q, &error) == -1) {
		serve_refuse(q, &error);
		return;
	}
	answer = embed_answer(q->body, &texts, &error);
	stats->embedded_texts += texts;
	if (answer == NULL)
		serve_refuse(q, &error);
	else
		answer_json(q->out, 200, answer, &q->about);
}

static void
serve_models(struct request *q)
{
	struct api_error error;

	if (serve_check_key(q, &error) == -1)
		serve_refuse(q, &error);
	else if (!dialect_models(q->service->dialect, q->out, &q->about))
		answer_json(q->out, 200,
		    json_pack("{s:s,s:[{s:s,s:s,s:i,s:s}]}", "object", "list", "data", "id",
			"banter-demo", "object", "model", "created", 1700000000, "owned_by",
			"banter"),
		    &q->about);
}

static void
serve_stub_stats(struct request *q)
{
	answer_json(q->out, 200, stats_json(&q->service->stats), &q->about);
}

static void
serve_stub_last(struct request *q)
{
	json_t *last = q->service->stats.last;

	answer_json(q->out, 200, last == NULL ? json_null() : json_incref(last), &q->about);
}

/* Reads ?contains=TEXT, which selects messages; empty after an error response. Every message
 * contains the empty text: releasing it would release all future ones. */
static struct slice
serve_read_part(struct request *q, uint8_t text[PARAMETER_MAX])
{
	struct slice part = parameter_read(q->http->query, "contains", text);
	struct api_error error;

	if (part.len == 0) {
		api_error(&error, 400, NULL, "Select messages with ?contains=TEXT");
		serve_refuse(q, &error);
	}
	return part;
}

static void
serve_stub_calls(struct request *q)
{
	uint8_t text[PARAMETER_MAX];
	struct slice part = serve_read_part(q, text);
	uint64_t n;

	if (part.len == 0)
		return;
	n = stats_count_messages(&q->service->stats, part);
	answer_json(q->out, 200, json_pack("{s:I}", "count", (json_int_t)n), &q->about);
}

static void
serve_stub_release(struct request *q)
{
	uint8_t text[PARAMETER_MAX];
	struct slice part = serve_read_part(q, text);

	if (part.len == 0)
		return;
	stats_add_text(&q->service->stats.released, part);
	answer_json(q->out, 200, json_pack("{s:b}", "ok", 1), &q->about);
}

static const struct route {
	const char *method;
	const char *path;
	handler *handler;
} routes[] = {
    {"POST", "/v1/chat/completions", serve_chat_completions},
    {"POST", "/v1/responses", serve_responses},
    {"POST", "/v1/embeddings", serve_embeddings},
    {"GET", "/v1/models", serve_models},
    {"GET", "/stub/stats", serve_stub_stats},
    {"GET", "/stub/last", serve_stub_last},
    {"GET", "/stub/calls", serve_stub_calls},
    {"POST", "/stub/release", serve_stub_release},
};

struct chat *
serve_request(
    struct service *s, const struct http_request *r, struct slice body, struct buf *out)
{
	struct request q = {.service = s, .http = r, .body = body, .out = out};
	struct api_error error;

	q.about = (struct answer_about){.retry_after = UINT32_MAX, .close = !r->keep_alive};
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!slice_eq_str(r->path, routes[i].path))
			continue;
		if (slice_eq_str(r->method_text, routes[i].method)) {
			routes[i].handler(&q);
			return q.chat;
		}
		q.about.allow = routes[i].method;
	}
	api_error(&error, q.about.allow != NULL ? 405 : 404, NULL, "No route for %.*s %.*s.",
	    (int)r->method_text.len, (const char *)r->method_text.p, (int)r->path.len,
	    (const char *)r->path.p);
	serve_refuse(&q, &error);
	return NULL;
}

void
serve_bad(int status, struct buf *out)
{
	const struct answer_about about = {.retry_after = UINT32_MAX, .close = true};
	struct api_error error;

	api_error(&error, status, NULL, "Malformed request.");
	answer_error(out, &error, &about);
}
