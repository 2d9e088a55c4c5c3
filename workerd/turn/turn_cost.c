#include "workerd/turn/turn_cost.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/text/tokens.h"
#include "workerd/turn/store_failure.h"
#include "workerd/turn/turn_internal.h"

#define PIECE_BYTES 4u

static struct slice
turn_cost_model(const struct prompt_defaults *defaults, const struct msg_agent_record *agent)
{
	return agent->model.len > 0 ? agent->model : slice_str(defaults->model);
}

uint32_t
turn_cost_most_output(
    const struct prompt_defaults *defaults, const struct msg_agent_record *agent)
{
	return tokens_output_max(turn_cost_model(defaults, agent), agent->reasoning_effort,
	    agent->max_output_tokens > 0 ? agent->max_output_tokens
					 : defaults->max_completion_tokens,
	    false);
}

static json_int_t
turn_cost_extra_number(const json_t *extra, const char *name)
{
	const json_int_t n = json_integer_value(json_object_get(extra, name));

	return n < 0 ? 0 : n;
}

/* What the agent says itself in "extra" (prompt.c) may let the model write more, or several replies. */
static void
turn_cost_read_extra(struct turn_cost *cost, struct slice text)
{
	json_t *extra = text.len == 0
	    ? NULL
	    : json_loadb((const char *)text.p, text.len, JSON_ALLOW_NUL, NULL);
	json_int_t most = turn_cost_extra_number(extra, "max_completion_tokens");
	const json_int_t replies = turn_cost_extra_number(extra, "n");

	if (most == 0)
		most = turn_cost_extra_number(extra, "max_tokens");
	if (most == 0)
		most = cost->most_output;
	if (replies > 1)
		most = replies > UINT32_MAX / most ? UINT32_MAX : most * replies;
	cost->most_output = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
	json_decref(extra);
}

void
turn_cost_begin(struct turn *t, const struct msg_turn_begun *begun)
{
	struct msg_agent_record agent = {0};

	if (begun->agent.len > 0)
		must(record_decode(begun->agent, MSG_AGENT_RECORD, &agent) == WIRE_OK);
	t->cost.prompt = begun->reserved_prompt;
	t->cost.completion = t->cost.most_output = begun->reserved_completion;
	if (t->cost.most_output == 0)
		t->cost.most_output = turn_cost_most_output(&t->turns->defaults, &agent);
	turn_cost_read_extra(&t->cost, agent.extra);
}

void
turn_cost_begin_trial(struct turn *t, const struct msg_agent_record *agent)
{
	t->cost.most_output = turn_cost_most_output(&t->turns->defaults, agent);
}

/* The message is stored, but a budget has not enough for its answer. */
static void
turn_cost_refused(struct turn *t, struct slice text)
{
	turn_set_failure(t, TURN_BUDGET);
	t->refusal_text = text;
	turn_report_end(t);
	t->refusal_text = (struct slice){0};
	turn_fail(t, TURN_BUDGET);
}

static void
turn_cost_on_reserved(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (type == MSG_OK)
		turn_send_request(t);
	else if (store_refused(type, m, STORE_BUDGET))
		turn_cost_refused(t, m->error.text);
	else if (store_refused(type, m, STORE_TAKEN))
		turn_lost(t, TURN_INTERRUPTED);
	else if (store_refused(type, m, STORE_NOT_FOUND))
		turn_lost(t, TURN_ERASED);
	else
		turn_fail(t, store_failure(type, m));
}

bool
turn_cost_is_reserved(struct turn *t, size_t request)
{
	struct turn_cost *cost = &t->cost;
	const uint64_t prompt = cost->lost_request + request;
	const uint64_t completion = (uint64_t)cost->most_output * (cost->lost + 1);
	struct msg_turn_reserve reserve = {
	    .turn = t->listeners.ids.message,
	    .run = t->listeners.ids.run,
	    .prompt = (uint32_t)prompt,
	    .completion = (uint32_t)completion,
	};

	if (cost->prompt == 0 || prompt + completion <= cost->prompt + cost->completion)
		return true;
	cost->prompt = prompt;
	cost->completion = completion;
	turn_enter(t, TURN_RESERVING);
	t->call = store_call(t->turns->store, MSG_TURN_RESERVE, &reserve, STORE_TIMEOUT_MS,
	    turn_cost_on_reserved, t);
	if (t->call == NULL)
		turn_fail(t, TURN_STORE_DOWN);
	return false;
}

void
turn_cost_sent(struct turn *t, size_t request)
{
	t->cost.request = request;
	t->cost.pieces = t->cost.text = 0;
}

void
turn_cost_nothing(struct turn *t)
{
	t->cost.request = 0;
}

/* Of the last call. */
static uint64_t
turn_cost_last(const struct turn *t)
{
	const struct turn_cost *cost = &t->cost;

	if (cost->request == 0 || t->reply.prompt_tokens > 0 || t->reply.completion_tokens > 0)
		return 0;
	return tokens_estimate_call(cost->request, cost->text, cost->most_output);
}

void
turn_cost_lose(struct turn *t)
{
	struct turn_cost *cost = &t->cost;

	if (cost->request == 0)
		return;
	cost->estimated += turn_cost_last(t) + t->reply.prompt_tokens;
	cost->estimated += t->reply.completion_tokens;
	t->reply.prompt_tokens = t->reply.completion_tokens = 0;
	cost->lost_request += cost->request;
	cost->lost++;
	cost->request = 0;
}

bool
turn_cost_count(struct turn *t, size_t bytes)
{
	struct turn_cost *cost = &t->cost;

	cost->pieces++;
	cost->text += bytes;
	return cost->most_output == 0 || cost->pieces <= cost->most_output ||
	    cost->text <= (size_t)cost->most_output * PIECE_BYTES;
}

uint32_t
turn_cost_estimated(const struct turn *t)
{
	const uint64_t tokens = t->cost.estimated + turn_cost_last(t);

	return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}
