/*
 * What the calls of a turn may cost, for budgets.
 */
#include "proto/base/basics.h"
#include "proto/text/tokens.h"
#include "workerd/turn/store_failure.h"
#include "workerd/turn/turn_internal.h"

#define PIECE_BYTES 4u

void
turn_cost_begin(struct turn *t, const struct msg_turn_begun *begun)
{
	t->cost.prompt = begun->reserved_prompt;
	t->cost.completion = begun->reserved_completion;
}

bool
turn_is_unaffordable(uint16_t type, const union msg *m, enum turn_failure *why)
{
	const bool budget = store_refused(type, m, STORE_BUDGET);

	*why = budget ? TURN_BUDGET : TURN_SHARE;
	return budget || store_refused(type, m, STORE_SHARE);
}

/* The message is stored, but a budget has not enough for its answer. */
static void
turn_cost_refused(struct turn *t, enum turn_failure why, struct slice text)
{
	turn_set_failure(t, why);
	t->refusal_text = text;
	turn_report_end(t);
	t->refusal_text = (struct slice){0};
	turn_fail(t, why);
}

static void
turn_cost_on_reserved(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	enum turn_failure why;

	t->call = NULL;
	if (type == MSG_OK)
		turn_send_request(t);
	else if (turn_is_unaffordable(type, m, &why))
		turn_cost_refused(t, why, m->error.text);
	else if (turn_is_lost(type, m, &why))
		turn_lost(t, why);
	else
		turn_fail(t, store_failure(type, m));
}

static uint32_t
turn_cost_clamp(uint64_t tokens)
{
	return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}

bool
turn_cost_is_reserved(struct turn *t, size_t request)
{
	struct turn_cost *cost = &t->cost;
	struct msg_turn_reserve reserve = {
	    .turn = t->listeners.ids.message,
	    .run = t->listeners.ids.run,
	    .prompt = turn_cost_clamp(cost->lost_request + request),
	    .network = ip_client_prefix(&t->client),
	};

	cost->most_output = prompt_most_output(t->prompt, &t->turns->defaults, &t->target);
	reserve.completion = turn_cost_clamp(cost->lost_output + cost->most_output);
	if (cost->prompt == 0 ||
	    (uint64_t)reserve.prompt + reserve.completion <=
		(uint64_t)cost->prompt + cost->completion)
		return true;
	cost->prompt = reserve.prompt;
	cost->completion = reserve.completion;
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

static bool
turn_cost_is_known(const struct turn *t)
{
	return t->reply.prompt_tokens > 0 || t->reply.completion_tokens > 0;
}

void
turn_cost_nothing(struct turn *t)
{
	if (!turn_cost_is_known(t))
		t->cost.request = 0;
}

/* The estimate for the last call; 0: the model has reported its usage, or there is none. */
static uint64_t
turn_cost_last(const struct turn *t)
{
	const struct turn_cost *cost = &t->cost;

	if (cost->request == 0 || turn_cost_is_known(t))
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
	cost->lost_output += cost->most_output;
	cost->request = 0;
}

void
turn_cost_next(struct turn *t)
{
	struct turn_cost *cost = &t->cost;
	const bool known = turn_cost_is_known(t);

	cost->estimated += turn_cost_last(t);
	cost->known_prompt += t->reply.prompt_tokens;
	cost->known_completion += t->reply.completion_tokens;
	cost->lost_request += known ? t->reply.prompt_tokens : cost->request;
	cost->lost_output += known ? t->reply.completion_tokens : cost->most_output;
	t->reply.prompt_tokens = t->reply.completion_tokens = 0;
	cost->request = 0;
}

void
turn_cost_end(struct turn *t)
{
	struct turn_cost *cost = &t->cost;

	if (cost->known_prompt + cost->known_completion == 0)
		return;
	cost->estimated += turn_cost_last(t);
	cost->request = 0;
	t->reply.prompt_tokens = turn_cost_clamp(t->reply.prompt_tokens + cost->known_prompt);
	t->reply.completion_tokens =
	    turn_cost_clamp(t->reply.completion_tokens + cost->known_completion);
	cost->known_prompt = cost->known_completion = 0;
}

bool
turn_cost_count(struct turn *t, size_t bytes)
{
	struct turn_cost *cost = &t->cost;

	cost->pieces++;
	cost->text += bytes;
	return cost->pieces <= cost->most_output ||
	    cost->text <= (size_t)cost->most_output * PIECE_BYTES;
}

uint32_t
turn_cost_estimated(const struct turn *t)
{
	return turn_cost_clamp(t->cost.estimated + turn_cost_last(t));
}
