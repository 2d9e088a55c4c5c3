/*
 * The request to the model, and retries: when the server refuses it, or the response ends before its
 * first token. Whether and when to retry: workerd/model/retry_policy.h.
 */
#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/model/openai/openai.h"
#include "workerd/model/openai/openai_error.h"
#include "workerd/model/parts/part_memory.h"
#include "workerd/model/parts/refusal.h"
#include "workerd/model/retry_policy.h"
#include "workerd/turn/turn_internal.h"

#define DETAIL_MAX 256 /* bytes of a model's error message in the log */
/* Tokens: a reply's maximum is not made smaller because a server refuses it; or only if no history is left. */
#define OUTPUT_MIN    128
#define OUTPUT_GOOD   1024
#define OUTPUT_SPARED 512

/* The longest wait that an error's body may ask for. It may quote the visitor. */
#define RETRY_SPOKEN_MS_MAX 3600000u

enum turn_failure
turn_request_failure(enum upstream_end how, int status)
{
	if (how == UPSTREAM_TIMEOUT || status == 504)
		return TURN_MODEL_SLOW;
	return status == 429 || status == 503 || status == 529 ? TURN_MODEL_BUSY
							       : TURN_MODEL_DOWN;
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
turn_log_model_error(struct turn *t, struct slice message)
{
	char detail[DETAIL_MAX];

	model_servers_redact(&t->turns->servers, message, detail, sizeof(detail));
	log_event(LOG_ERROR, "model_error", L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", detail));
	turn_note_cause(t, detail);
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

static void
turn_request_retry(struct turn *t, unsigned wait_ms)
{
	buf_clear(&t->error_body);
	turn_cost_lose(t);
	turn_enter(t, TURN_BACKOFF);
	turn_set_timer(t, wait_ms);
}

/* Leaves out, or writes in another form, what the error names. A part that an error still names when it was not sent was perhaps only
 * quoted. */
static bool
turn_request_drop_parts(struct turn *t, const struct refused_parts *named)
{
	if (!refused_parts_lacks(&t->dropped, named))
		return false;
	t->doubtful |=
	    refusal_names(buf_slice(&t->error_body), t->dropped.parts & ~PARTS_RENAMED);
	refused_parts_add(&t->dropped, named);
	refused_parts_add(&t->target.refused, named);
	return true;
}

/* What looked like a hint at the Responses API was a quote: the server does not have it. */
static bool
turn_request_return_to_chat(struct turn *t)
{
	if ((t->dropped.parts & PART(CHAT)) == 0 ||
	    (t->http_status != 404 && t->http_status != 405))
		return false;
	t->dropped.parts &= ~PART(CHAT);
	t->target.refused.parts &= ~PART(CHAT);
	t->target.api = MODEL_API_CHAT;
	return true;
}

/* Half of the maximum that the last request had, which is more than the model takes, or than its context has room for. */
static uint32_t
turn_request_half_output(const struct turn *t)
{
	return prompt_max_output(t->prompt, &t->turns->defaults, &t->target) / 2;
}

/* The maximum of the reply is what the server refuses: makes room for at least OUTPUT_GOOD tokens by a shorter history,
 * if there is one. */
static bool
turn_request_shorten_reply(struct turn *t)
{
	const uint32_t half = turn_request_half_output(t);

	if (half < OUTPUT_GOOD && history_halve(&t->history))
		return true;
	t->target.max_output = half;
	t->learns_output = false;
	return true;
}

/* The message alone is too long. Perhaps the server counts the maximum of the reply: tries a small one, once. */
static bool
turn_request_spare_reply(struct turn *t)
{
	if ((t->sent & PARTS_MAXIMUM) == 0 ||
	    prompt_max_output(t->prompt, &t->turns->defaults, &t->target) <= OUTPUT_SPARED)
		return false;
	t->target.max_output = OUTPUT_SPARED;
	t->learns_output = false;
	return true;
}

/* Whether another request avoids what the server refused: an optional part, the length of the history, or the maximum
 * of the reply. Each part is dropped once, and the others are halved, so this ends. */
static bool
turn_request_repair(struct turn *t)
{
	json_t *extra = prompt_extra(t->prompt, &t->target.refused);
	const struct refusal_request request = {
	    .sent = t->sent,
	    .extra = extra,
	    .may_halve = turn_request_half_output(t) >= OUTPUT_MIN,
	};
	struct refused_parts named;
	bool repaired = false;

	switch (refusal_read(t->http_status, buf_slice(&t->error_body), &request, &named)) {
	case REFUSAL_NONE:
		repaired = turn_request_return_to_chat(t);
		break;
	case REFUSAL_PARTS:
		repaired = turn_request_drop_parts(t, &named);
		break;
	case REFUSAL_OUTPUT:
		repaired = turn_request_shorten_reply(t);
		break;
	case REFUSAL_MAXIMUM:
		t->target.max_output = turn_request_half_output(t);
		repaired = t->learns_output = true;
		break;
	case REFUSAL_CONTEXT:
		repaired = history_halve(&t->history) || turn_request_spare_reply(t);
		t->too_long = !repaired;
		break;
	}
	json_decref(extra);
	return repaired;
}

static void
turn_request_log_refusal(const struct turn *t, const char *event)
{
	log_event(LOG_NOTICE, event, L_TURN(t), L_STR("server", t->server->name),
	    L_SLICE("model", t->target.model),
	    L_STR("detail", "the model server accepts the request without it"));
}

/* Remembers for the next requests what the server does not take. */
static void
turn_request_remember(struct turn *t, struct refused_parts *news)
{
	struct part_memory *memory = &t->turns->board->refused;
	const uint64_t now = clock_mono_ms();
	struct refused_parts known = {0};

	part_memory_find(memory, t->target_key, now, &known);
	if (!refused_parts_lacks(&known, news))
		return;
	for (unsigned part = 0; part < MODEL_PARTS; part++)
		if ((news->parts & ~known.parts & 1u << part) != 0)
			turn_request_log_refusal(t, model_part_event(part));
	if (news->members_n > 0)
		turn_request_log_refusal(t, model_part_event(MODEL_PART_EXTRA));
	part_memory_add(memory, t->target_key, now, news);
}

/* If the request without a part succeeds, that was the reason: an error message alone proves nothing, because it may
 * quote the visitor. */
void
turn_request_accepted(struct turn *t)
{
	struct refused_parts news = t->dropped;

	news.parts &= ~t->doubtful;
	if (news.parts != 0 || news.members_n > 0)
		turn_request_remember(t, &news);
	if (t->learns_output)
		model_memory_add(&t->turns->models, t->target_key)->max_output =
		    t->target.max_output;
}

/* The owner's account has no money or quota left: only the owner can mend that. */
static void
turn_request_tell_owner(struct turn *t, const char *why)
{
	struct scoreboard_worker *board = t->turns->board;

	metric_set(&board->model_unpaid_at, clock_wall_ms());
	log_event(LOG_ERROR, "model_unpaid", L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", why),
	    L_STR("help", "the account of this model server has no credit or quota left"));
}

/* Whether the server's error is about the prompt itself, which its content filter refuses. */
static bool
turn_request_is_filtered(const struct turn *t, const struct openai_error *error)
{
	return error->kind == OPENAI_ERROR_FILTERED && t->http_status >= 400 &&
	    t->http_status < 500;
}

/*
 * An agent may name further model servers, which are asked in order while the reply has not begun: after a failed
 * connection, 429, 5xx, an open circuit breaker, or no first token in time. A server that refuses the request as such
 * is not left: the next one would be asked the same.
 */
void
turn_fallback_start(struct turn *t)
{
	const struct slice list = prompt_fallbacks(t->prompt);

	if (list.len > 0)
		t->fallbacks = json_loadb((const char *)list.p, list.len, JSON_ALLOW_NUL, NULL);
}

void
turn_fallback_clear(struct turn *t)
{
	json_decref(t->fallbacks);
	t->fallbacks = NULL;
}

bool
turn_fallback_remains(const struct turn *t)
{
	return t->fallbacks_used < json_array_size(t->fallbacks);
}

void
turn_fallback_expect_token(struct turn *t)
{
	const unsigned ms = t->turns->first_token_ms;

	t->first_token_due_ms = 0;
	if (ms == 0 || !turn_fallback_remains(t))
		return;
	t->first_token_due_ms = clock_mono_ms() + ms;
	turn_set_timer(t, ms);
}

bool
turn_fallback_is_due(struct turn *t)
{
	const uint64_t now = clock_mono_ms();

	if (t->first_token_due_ms == 0)
		return false;
	if (now >= t->first_token_due_ms)
		return true;
	turn_set_timer(t, (unsigned)(t->first_token_due_ms - now));
	return false;
}

static struct slice
turn_fallback_text(const json_t *entry, const char *name)
{
	const json_t *text = json_object_get(entry, name);

	return (struct slice){
	    (const uint8_t *)json_string_value(text), json_string_length(text)};
}

bool
turn_fall_back(struct turn *t, const char *why)
{
	while (turn_fallback_remains(t)) {
		const json_t *entry = json_array_get(t->fallbacks, t->fallbacks_used++);
		const struct slice name = turn_fallback_text(entry, "key_name");
		const struct slice model = turn_fallback_text(entry, "model");
		struct model_server *server = model_servers_find(&t->turns->servers, name);

		if (server == NULL) {
			turn_log_unknown_server(t, name);
			continue;
		}
		log_event(LOG_WARN, "model_fallback", L_TURN(t),
		    L_STR("server", t->server == NULL ? NULL : t->server->name),
		    L_SLICE("model", t->target.model), L_STR("detail", why),
		    L_STR("next_server", server->name), L_SLICE("next_model", model));
		metric_add(&t->turns->board->model_fallbacks, 1);
		t->server = server;
		turn_request_set_target(
		    t, model.len > 0 ? model : slice_str(t->turns->defaults.model));
		return true;
	}
	return false;
}

/* Whether another server may do better: this one is away, busy or broken, and has not judged the request. A connection
 * that was only closed while it was idle is made again. */
static bool
turn_request_may_fall_back(const struct turn *t, enum upstream_end how, bool billing)
{
	if (how == UPSTREAM_STALE || turn_time_left(t) == 0)
		return false;
	return billing || how != UPSTREAM_DONE || upstream_status_failed(t->http_status);
}

/* How long the server wants to be left alone; some say it in the error's body alone. */
static unsigned
turn_request_wait_ms(struct turn *t, enum upstream_end how)
{
	uint64_t ms;

	if (t->retry_after_ms > 0 || how != UPSTREAM_DONE ||
	    turn_request_failure(how, t->http_status) != TURN_MODEL_BUSY)
		return t->retry_after_ms;
	ms = openai_error_retry_ms(buf_slice(&t->error_body));
	t->retry_after_ms = ms < RETRY_SPOKEN_MS_MAX ? (unsigned)ms : RETRY_SPOKEN_MS_MAX;
	return t->retry_after_ms;
}

static enum turn_failure
turn_request_failure_of(const struct turn *t, enum upstream_end how, bool billing)
{
	if (t->too_long)
		return TURN_MESSAGE_LONG;
	return billing ? TURN_MODEL_DOWN : turn_request_failure(how, t->http_status);
}

void
turn_request_failed(struct turn *t, enum upstream_end how, const char *detail)
{
	const struct openai_error error =
	    openai_error_read(buf_slice(&t->error_body), t->http_status);
	const bool billing = how == UPSTREAM_DONE && error.kind == OPENAI_ERROR_BILLING;
	const bool filtered = turn_request_is_filtered(t, &error);
	const struct retry_failure failure = {
	    .attempts = t->attempts - t->repairs,
	    .how = how,
	    .status = t->http_status,
	    .retry_after_ms = turn_request_wait_ms(t, how),
	    .time_left_ms = turn_time_left(t),
	};
	char why[DETAIL_MAX];
	unsigned wait_ms;
	bool retry, falls_back;

	if (how == UPSTREAM_CONNECT || how == UPSTREAM_STALE ||
	    (how == UPSTREAM_DONE && t->http_status != 200 && !t->accepted))
		turn_cost_nothing(t);
	if (how == UPSTREAM_DONE && !billing && !filtered && turn_request_repair(t)) {
		t->repairs++;
		turn_request_retry(t, 0);
		return;
	}
	turn_request_detail(t, how, detail, why, sizeof(why));
	if (filtered) {
		log_event(LOG_NOTICE, "model_filtered", L_TURN(t),
		    L_STR("server", t->server->name), L_INT("status", t->http_status),
		    L_STR("detail", why));
		turn_response_filtered(t);
		return;
	}
	falls_back = turn_request_may_fall_back(t, how, billing) && turn_fallback_remains(t);
	retry =
	    !falls_back && !billing && !t->hopeless && retry_policy_allows(&failure, &wait_ms);
	if (billing)
		metric_add(&t->turns->board->model_errors[METRIC_MODEL_ERROR_BILLING], 1);
	else
		turn_count_model_error(t, how);
	turn_note_cause(t, why);
	log_event(retry ? LOG_WARN : LOG_ERROR, "model_refused", L_TURN(t),
	    L_STR("server", t->server->name), L_INT("status", t->http_status),
	    L_STR("detail", why), L_UINT("attempt", t->attempts),
	    L_STR("next",
		falls_back  ? "fall back"
		    : retry ? "retry"
			    : "give up"));
	if (retry) {
		turn_request_retry(t, wait_ms);
		return;
	}
	if (billing)
		turn_request_tell_owner(t, why);
	if (falls_back && turn_fall_back(t, why)) {
		turn_request_retry(t, 0);
		return;
	}
	buf_clear(&t->error_body);
	turn_fail(t, turn_request_failure_of(t, how, billing));
}

static int
turn_request_write(const struct turn *t, struct buf *body)
{
	struct openai_request request;
	struct buf found;
	int rc;

	if (prompt_write(t->prompt, &t->turns->defaults, &t->target, &request, body) == -1)
		return -1;
	buf_init(&found, PASSAGES_PROMPT_MAX);
	found_passages_write(&t->passages, t->not_found, &found);
	rc = history_write(&t->history, buf_slice(&found), &request);
	buf_clear(&found);
	if (rc == 0)
		rc = turn_tools_write(t, &request);
	return rc == -1 ? -1 : openai_end(&request);
}

static void
turn_request_post(struct turn *t, struct buf *body)
{
	uint64_t left = turn_time_left(t);

	t->attempts++;
	turn_cost_sent(t, buf_len(body));
	metric_add(&t->turns->board->model_requests, 1);
	t->http_status = 0;
	t->retry_after_ms = 0;
	turn_response_reset(t);
	turn_enter(t, TURN_REQUESTING);
	turn_fallback_expect_token(t);
	/* The response before this one, whose calls are answered, may not have ended. */
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	t->transfer = upstream_post(t->server->upstream,
	    (t->target.refused.parts & PART(CHAT)) == 0 ? NULL : t->server->responses_path,
	    body, left > 0 ? (unsigned)left : 1, &turn_response_events, t);
}

void
turn_log_unknown_server(const struct turn *t, struct slice name)
{
	log_event(LOG_ERROR, "model_server_unknown", L_TURN(t), L_SLICE("server", name),
	    L_STR("detail",
		"an agent names a model server that is neither in MODEL_SERVERS nor in "
		"MODEL_SERVERS_FILE"));
}

/* Whether the agent's model server is known and its circuit breaker closed. */
static bool
turn_request_admitted(struct turn *t)
{
	if (t->server == NULL) {
		turn_log_unknown_server(t, prompt_server_name(t->prompt));
		return false;
	}
	if (upstream_admits(t->server->upstream, &t->retry_after_ms))
		return true;
	metric_add(&t->turns->board->breaker_refusals, 1);
	return false;
}

void
turn_request_set_target(struct turn *t, struct slice model)
{
	const char *server = t->server->name;
	const struct model_habits *habits;

	t->target = (struct prompt_target){.model = model, .budget = t->cost.prompt > 0};
	t->dropped = (struct refused_parts){0};
	t->doubtful = 0;
	t->learns_output = t->too_long = false;
	t->repairs = t->attempts;
	t->target_key =
	    part_memory_key(slice_str(server == NULL ? "" : server), t->target.model);
	part_memory_find(
	    &t->turns->board->refused, t->target_key, clock_mono_ms(), &t->target.refused);
	habits = model_memory_find(&t->turns->models, t->target_key);
	if (habits != NULL) {
		t->target.thinks = habits->thinks;
		t->target.max_output = habits->max_output;
	}
	prompt_target_use_api(&t->target, t->server->api);
	turn_tools_offer(t, &t->target);
}

void
turn_send_request(struct turn *t)
{
	struct buf body;

	if (t->target_key == 0 && t->server != NULL)
		turn_request_set_target(t, prompt_model(t->prompt, t->turns->defaults.model));
	while (!turn_request_admitted(t))
		if (!turn_fall_back(t, "the circuit breaker is open, or the server unknown")) {
			turn_fail(t, TURN_MODEL_UNAVAILABLE);
			return;
		}
	t->sent = prompt_parts(t->prompt, &t->turns->defaults, &t->target);
	buf_init(&body, OPENAI_BODY_MAX);
	if (turn_request_write(t, &body) == -1) {
		log_event(LOG_ERROR, "question_too_long", L_TURN(t));
		buf_clear(&body);
		turn_fail(t, TURN_MODEL_DOWN);
		return;
	}
	if (turn_cost_is_reserved(t, buf_len(&body)))
		turn_request_post(t, &body);
	else
		buf_clear(&body);
}

void
turn_request_is_late(struct turn *t)
{
	if (t->transfer != NULL) {
		upstream_judge(t->transfer, 504);
		upstream_cancel(t->transfer);
	}
	t->transfer = NULL;
	t->http_status = 0;
	turn_request_failed(t, UPSTREAM_TIMEOUT, "no first token within OPENAI_FIRST_TOKEN_MS");
}
