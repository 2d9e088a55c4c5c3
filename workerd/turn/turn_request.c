/*
 * The request to the model, and retries: when the server refuses it, or the response ends before its
 * first token. Whether and when to retry: workerd/model/retry_policy.h.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/model/openai/openai.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/model/retry_policy.h"
#include "workerd/turn/turn_internal.h"

#define DETAIL_MAX 256 /* bytes of a model's error message in the log */

static enum turn_failure
turn_request_failure(enum upstream_end how, int status)
{
	if (how == UPSTREAM_TIMEOUT || status == 504)
		return TURN_MODEL_SLOW;
	return status == 429 || status == 503 ? TURN_MODEL_BUSY : TURN_MODEL_DOWN;
}

static enum metric_model_error
turn_request_metric(enum upstream_end how, int status)
{
	if (how == UPSTREAM_TIMEOUT)
		return METRIC_MODEL_ERROR_TIMEOUT;
	if (how == UPSTREAM_CONNECT)
		return METRIC_MODEL_ERROR_CONNECT;
	if (how == UPSTREAM_STALE)
		return METRIC_MODEL_ERROR_STALE;
	if (how == UPSTREAM_BROKEN)
		return METRIC_MODEL_ERROR_BROKEN;
	if (status == 200)
		return METRIC_MODEL_ERROR_BAD_EVENT;
	if (status == 429)
		return METRIC_MODEL_ERROR_BUSY;
	return status >= 500 ? METRIC_MODEL_ERROR_FAILED : METRIC_MODEL_ERROR_REFUSED;
}

void
turn_count_model_error(const struct turn *t, enum upstream_end how)
{
	metric_add(&t->turns->board->model_errors[turn_request_metric(how, t->http_status)], 1);
}

void
turn_log_model_error(const struct turn *t, struct slice message)
{
	char detail[DETAIL_MAX];

	model_servers_redact(&t->turns->servers, message, detail, sizeof(detail));
	log_event(LOG_ERROR, "model_error", L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", detail));
}

/* The cause for the log: the server's error message if it sent one. */
static void
turn_request_detail(
    const struct turn *t, enum upstream_end how, const char *detail, char *out, size_t size)
{
	/* Repairing invalid UTF-8 triples its length. */
	char message[3 * ERROR_BODY_MAX];

	openai_error_message(buf_slice(&t->error_body), message, sizeof(message));
	if (*message != '\0')
		detail = message;
	else if (how == UPSTREAM_DONE)
		detail = t->http_status == 200 ? "the stream ended early"
					       : "an error without a message";
	model_servers_redact(&t->turns->servers, slice_str(detail), out, size);
}

/* Milliseconds until the total timeout. */
static uint64_t
turn_time_left(const struct turn *t)
{
	uint64_t spent = clock_mono_ms() - t->began_ms;

	return spent < t->turns->total_ms ? t->turns->total_ms - spent : 0;
}

static bool
turn_request_error_names(const struct turn *t, const char *name)
{
	return memmem(buf_data(&t->error_body), buf_len(&t->error_body), name, strlen(name)) !=
	    NULL;
}

/* Some servers do not know stream_options and refuse a request with it. */
static bool
turn_request_refused_usage(const struct turn *t)
{
	return t->requested.usage && (t->http_status == 400 || t->http_status == 422) &&
	    turn_request_error_names(t, "stream_options");
}

/* Models without tools: Ollama and vLLM answer with 400, OpenRouter with 404, llama.cpp with 500. */
static bool
turn_request_refused_tools(const struct turn *t)
{
	static const int statuses[] = {400, 404, 422, 500, 501};

	if (!t->requested.tools || !turn_request_error_names(t, "tool"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (t->http_status == statuses[i])
			return true;
	return false;
}

/* Whether the server refused an optional part of the request, which is then left out. */
static bool
turn_request_drop_refused(struct turn *t)
{
	if (turn_request_refused_usage(t))
		t->refused.usage = true;
	else if (turn_request_refused_tools(t))
		t->refused.tools = true;
	else
		return false;
	return true;
}

static void
turn_request_retry(struct turn *t, unsigned wait_ms)
{
	buf_clear(&t->error_body);
	turn_enter(t, TURN_BACKOFF);
	turn_set_timer(t, wait_ms);
}

/* Notes for the next requests what a server does not know. */
static void
turn_request_note_refusal(
    const struct turn *t, bool *known, const char *event, const char *detail)
{
	if (*known)
		return;
	*known = true;
	log_event(LOG_NOTICE, event, L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", detail));
}

/* If the request without stream_options, or without tools, succeeds, they were the reason: an error message
 * alone proves nothing, because it may quote the visitor. */
void
turn_request_accepted(struct turn *t)
{
	if (t->refused.usage)
		turn_request_note_refusal(t, &t->server->no_usage, "model_without_usage",
		    "the server does not know stream_options");
	if (t->refused.tools)
		turn_request_note_refusal(t, &t->server->no_tools, "model_without_tools",
		    "the model asks for a person by a marker in its text");
}

void
turn_request_failed(struct turn *t, enum upstream_end how, const char *detail)
{
	const struct retry_failure failure = {
	    .attempts = t->attempts,
	    .how = how,
	    .status = t->http_status,
	    .retry_after_ms = t->retry_after_ms,
	    .time_left_ms = turn_time_left(t),
	};
	char why[DETAIL_MAX];
	unsigned wait_ms;
	bool retry;

	if (turn_request_drop_refused(t)) {
		turn_request_retry(t, 0);
		return;
	}
	retry = retry_policy_allows(&failure, &wait_ms);
	turn_count_model_error(t, how);
	turn_request_detail(t, how, detail, why, sizeof(why));
	log_event(retry ? LOG_WARN : LOG_ERROR, "model_refused", L_TURN(t),
	    L_STR("server", t->server->name), L_INT("status", t->http_status),
	    L_STR("detail", why), L_UINT("attempt", t->attempts),
	    L_STR("next", retry ? "retry" : "give up"));
	if (retry) {
		turn_request_retry(t, wait_ms);
		return;
	}
	buf_clear(&t->error_body);
	turn_fail(t, turn_request_failure(how, t->http_status));
}

static int
turn_request_write(const struct turn *t, struct buf *body)
{
	struct buf found;
	int rc;

	if (prompt_write(t->prompt, &t->turns->defaults, t->requested, body) == -1)
		return -1;
	buf_init(&found, PASSAGES_PROMPT_MAX);
	found_passages_write(&t->passages, t->not_found, &found);
	rc = history_write(&t->history, buf_slice(&found), body);
	buf_clear(&found);
	return rc == -1 ? -1 : openai_end(body);
}

static void
turn_request_post(struct turn *t, struct buf *body)
{
	uint64_t left = turn_time_left(t);

	t->attempts++;
	metric_add(&t->turns->board->model_requests, 1);
	t->http_status = 0;
	t->retry_after_ms = 0;
	sse_clear(&t->reader);
	sse_init(&t->reader);
	t->reassembly = (struct utf8_reassembly){0};
	t->hand_over = (struct hand_over){0};
	turn_marks_reset(t);
	turn_enter(t, TURN_REQUESTING);
	t->transfer = upstream_post(
	    t->server->upstream, body, left > 0 ? (unsigned)left : 1, &turn_response_events, t);
}

/* Whether the agent's model server is known and its circuit breaker closed. */
static bool
turn_request_admitted(struct turn *t)
{
	if (t->server == NULL) {
		log_event(LOG_ERROR, "model_server_unknown", L_TURN(t),
		    L_SLICE("server", prompt_server_name(t->prompt)),
		    L_STR("detail",
			"an agent names a model server that is not in MODEL_SERVERS"));
		return false;
	}
	if (upstream_admits(t->server->upstream, &t->retry_after_ms))
		return true;
	metric_add(&t->turns->board->breaker_refusals, 1);
	return false;
}

void
turn_send_request(struct turn *t)
{
	struct buf body;

	if (!turn_request_admitted(t)) {
		turn_fail(t, TURN_MODEL_UNAVAILABLE);
		return;
	}
	t->requested = (struct prompt_options){
	    .usage = !t->server->no_usage && !t->refused.usage,
	    .tools = t->waiting_text != NULL && !t->server->no_tools && !t->refused.tools,
	};
	buf_init(&body, OPENAI_BODY_MAX);
	if (turn_request_write(t, &body) == -1) {
		log_event(LOG_ERROR, "question_too_long", L_TURN(t));
		buf_clear(&body);
		turn_fail(t, TURN_MODEL_DOWN);
		return;
	}
	turn_request_post(t, &body);
}
