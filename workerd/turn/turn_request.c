/*
 * The question to the model, and asking it again: when the model refused, or broke off before its
 * first token.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/model/openai.h"
#include "workerd/model/openai_delta.h"
#include "workerd/turn/turn_internal.h"

#define ATTEMPTS_MAX    3
#define BACKOFF_MS      500  /* doubles with each attempt; the wait is a random part of it */
#define RETRY_AFTER_MAX 5000 /* a longer wait is the visitor's to decide */
#define DETAIL_MAX      256  /* of a model's own words in the log */

/* -- what went wrong --------------------------------------------------------------------- */

static enum turn_failure
failure_of(enum upstream_end how, int status)
{
	if (how == UPSTREAM_TIMEOUT || status == 504)
		return TURN_MODEL_SLOW;
	return status == 429 || status == 503 ? TURN_MODEL_BUSY : TURN_MODEL_DOWN;
}

static enum metric_model_error
error_of(enum upstream_end how, int status)
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
turn_count_error(const struct turn *t, enum upstream_end how)
{
	metric_add(&t->chat->board->model_errors[error_of(how, t->http_status)], 1);
}

void
turn_log_words(const struct turn *t, struct slice words)
{
	char detail[DETAIL_MAX];

	model_servers_redact(&t->chat->servers, words, detail, sizeof(detail));
	log_event(LOG_ERROR, "model_error", L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", detail));
}

/* Why, for the log: the server's own words if it has any. */
static void
explain(const struct turn *t, enum upstream_end how, const char *detail, char *out, size_t size)
{
	/* Bytes that are no UTF-8 grow threefold when they are repaired. */
	char words[3 * ERROR_BODY_MAX];

	openai_error_message(buf_slice(&t->error_body), words, sizeof(words));
	if (*words != '\0')
		detail = words;
	else if (how == UPSTREAM_DONE)
		detail = t->http_status == 200 ? "the stream ended early"
					       : "an error without a message";
	model_servers_redact(&t->chat->servers, slice_str(detail), out, size);
}

/* -- asking again ------------------------------------------------------------------------ */

/* Whether asking again may help. */
static bool
worth_a_retry(const struct turn *t, enum upstream_end how)
{
	if (t->attempts >= ATTEMPTS_MAX || t->retry_after_ms > RETRY_AFTER_MAX)
		return false;
	if (how != UPSTREAM_DONE || t->http_status == 200)
		return how != UPSTREAM_TIMEOUT;
	return t->http_status == 429 || t->http_status == 408 || t->http_status >= 500;
}

/* What the server asked for, and a random part of the backoff ("full jitter"), or all who were
 * refused together would come back together. A dead connection says nothing of the server. */
static unsigned
retry_wait_ms(const struct turn *t, enum upstream_end how)
{
	uint32_t random;

	if (how == UPSTREAM_STALE)
		return 0;
	secret_random(&random, sizeof(random));
	return t->retry_after_ms + random % ((uint32_t)BACKOFF_MS << (t->attempts - 1));
}

static bool
within_limit(const struct turn *t, unsigned wait_ms)
{
	return clock_mono_ms() + wait_ms < t->began_ms + t->chat->total_ms;
}

/* Some servers don't know stream_options and refuse the question because of it. */
static bool
refused_usage(const struct turn *t)
{
	static const char name[] = "stream_options";

	return t->asked_usage && (t->http_status == 400 || t->http_status == 422) &&
	    memmem(buf_data(&t->error_body), buf_len(&t->error_body), name, strlen(name)) !=
	    NULL;
}

/* Whether that was the reason shows when it answers then: an error may also repeat a visitor's words. */
static void
ask_without_usage(struct turn *t)
{
	t->spares_usage = true;
	buf_clear(&t->error_body);
	turn_enter(t, TURN_WAITING);
	turn_timer(t, 0);
}

void
turn_admitted(struct turn *t)
{
	if (!t->spares_usage || t->server->no_usage)
		return;
	t->server->no_usage = true;
	log_event(LOG_NOTICE, "model_without_usage", L_TURN(t),
	    L_STR("server", t->server->name),
	    L_STR("detail", "the server does not know stream_options"));
}

void
turn_refused(struct turn *t, enum upstream_end how, const char *detail)
{
	char why[DETAIL_MAX];
	unsigned wait_ms = retry_wait_ms(t, how);
	bool again = worth_a_retry(t, how) && within_limit(t, wait_ms);

	if (refused_usage(t)) {
		ask_without_usage(t);
		return;
	}
	turn_count_error(t, how);
	explain(t, how, detail, why, sizeof(why));
	log_event(again ? LOG_WARN : LOG_ERROR, "model_refused", L_TURN(t),
	    L_STR("server", t->server->name), L_INT("status", t->http_status),
	    L_STR("detail", why), L_UINT("attempt", t->attempts),
	    L_STR("next", again ? "retry" : "give up"));
	buf_clear(&t->error_body);
	if (!again) {
		turn_fail(t, failure_of(how, t->http_status));
		return;
	}
	turn_enter(t, TURN_WAITING);
	turn_timer(t, wait_ms);
}

/* -- asking ------------------------------------------------------------------------------ */

static int
write_question(const struct turn *t, struct buf *body)
{
	if (agent_write(t->agent, &t->chat->defaults, t->asked_usage, body) == -1 ||
	    history_write(&t->history, body) == -1)
		return -1;
	return openai_end(body);
}

static void
turn_post(struct turn *t, struct buf *body)
{
	struct chat *chat = t->chat;
	uint64_t spent = clock_mono_ms() - t->began_ms;

	t->attempts++;
	metric_add(&chat->board->model_requests, 1);
	t->http_status = 0;
	t->retry_after_ms = 0;
	sse_clear(&t->reader);
	sse_init(&t->reader);
	t->halves = (struct joiner){0};
	turn_enter(t, TURN_ASKING);
	t->transfer = upstream_post(t->server->upstream, body,
	    spent + 1 < chat->total_ms ? (unsigned)(chat->total_ms - spent) : 1,
	    &turn_answer_events, t);
}

/* Whether the agent's model server may be asked now. */
static bool
server_admits(struct turn *t)
{
	if (t->server == NULL) {
		log_event(LOG_ERROR, "model_server_unknown", L_TURN(t),
		    L_SLICE("server", agent_server_name(t->agent)),
		    L_STR("detail", "an agent asks it, and MODEL_SERVERS does not name it"));
		return false;
	}
	if (upstream_admits(t->server->upstream, &t->retry_after_ms))
		return true;
	metric_add(&t->chat->board->breaker_refusals, 1);
	return false;
}

void
turn_ask(struct turn *t)
{
	struct buf body;

	if (!server_admits(t)) {
		turn_fail(t, TURN_MODEL_AWAY);
		return;
	}
	t->asked_usage = !t->server->no_usage && !t->spares_usage;
	buf_init(&body, OPENAI_BODY_MAX);
	if (write_question(t, &body) == -1) {
		log_event(LOG_ERROR, "question_too_long", L_TURN(t));
		buf_clear(&body);
		turn_fail(t, TURN_MODEL_DOWN);
		return;
	}
	turn_post(t, &body);
}
