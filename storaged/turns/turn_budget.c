/*
 * What is reserved: the history that the model gets and the prompts, by their bytes, and the longest reply.
 */
#include "storaged/turns/turn_budget.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/text/tokens.h"
#include "storaged/budgets/spenders.h"
#include "storaged/engine/message_page.h"
#include "storaged/records/agents.h"
#include "storaged/records/widgets.h"

/* Bytes of a request besides its texts; about: the worker, which knows it, reserves what is missing (TURN_RESERVE). */
#define REQUEST_BYTES    256u
#define MESSAGE_BYTES    40u
#define ESCALATION_BYTES 640u
#define KNOWLEDGE_BYTES  (11u * 1024) /* with the passages that are found for most messages */
#define ESCAPED_OF       16u          /* bytes of a text of which one is written as two */

static size_t
turn_budget_text(struct slice text)
{
	return text.len + text.len / ESCAPED_OF;
}

/* The texts of the agent, and how long its replies may be. */
static int
turn_budget_agent(struct txn *t, const struct msg_turn_begin *m,
    const struct reply_writer *writer, size_t *bytes, uint32_t *most)
{
	struct msg_agent_record agent = {0};
	int rc = agent_find(t, &writer->org, &writer->agent, &agent);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	*bytes = turn_budget_text(agent.purpose) + turn_budget_text(agent.custom_instructions) +
	    turn_budget_text(agent.restricted_topics);
	if (agent.escalation_instructions.len > 0)
		*bytes += ESCALATION_BYTES + turn_budget_text(agent.escalation_instructions);
	if (agent.knowledge != KNOWLEDGE_NONE)
		*bytes += KNOWLEDGE_BYTES + turn_budget_text(agent.not_found_text);
	*most = tokens_output_max(agent.model.len > 0 ? agent.model : m->model,
	    agent.reasoning_effort,
	    agent.max_output_tokens > 0 ? agent.max_output_tokens : m->max_output, true);
	return 0;
}

/* The messages that the model gets before the new one, at most so many tokens. */
static int
turn_budget_history(struct txn *t, const struct msg_turn_begin *m,
    const struct msg_conversation_record *conversation, size_t *bytes)
{
	const struct message_page_bounds most = {
	    call_limit(m->history, MESSAGE_PAGE_MAX), PAGE_BYTES, 0};
	size_t tokens = tokens_estimate_text(m->text);
	struct message_page page;
	struct msg_message_record message;
	struct slice list, item;
	int rc = message_page_backwards(
	    t, &conversation->id, conversation->next_seq, most, true, &page);

	if (rc != 0)
		return rc;
	list = buf_slice(&t->env->list);
	while (wire_list_next(&list, &item))
		if (record_decode(item, MSG_MESSAGE_RECORD, &message) == WIRE_OK)
			tokens += tokens_estimate_text(message.text);
	list = buf_slice(&t->env->list);
	while (wire_list_next(&list, &item)) {
		if (record_decode(item, MSG_MESSAGE_RECORD, &message) != WIRE_OK)
			continue;
		/* The worker leaves out the oldest ones, too. */
		if (m->history_tokens > 0 && tokens > m->history_tokens)
			tokens -= tokens_estimate_text(message.text);
		else
			*bytes += MESSAGE_BYTES + turn_budget_text(message.text);
	}
	return 0;
}

static int
turn_budget_estimate(struct txn *t, const struct msg_turn_begin *m,
    const struct msg_conversation_record *conversation, bool fresh, struct reply_writer *writer)
{
	size_t bytes = 0;
	int rc = turn_budget_agent(t, m, writer, &bytes, &writer->reserved.completion);

	bytes += REQUEST_BYTES + m->prompt_bytes + MESSAGE_BYTES + turn_budget_text(m->text) +
	    turn_budget_text(m->context.len > 0 ? m->context : conversation->context);
	if (rc == 0 && !fresh)
		rc = turn_budget_history(t, m, conversation, &bytes);
	writer->reserved.prompt = bytes < UINT32_MAX / 2 ? (uint32_t)bytes : UINT32_MAX / 2;
	return rc;
}

static uint64_t
turn_budget_sum(const struct budget_tokens *tokens)
{
	return (uint64_t)tokens->prompt + tokens->completion;
}

/* Refuses the message with the widget's text, if it has one. */
static int
turn_budget_refuse(struct txn *t, struct call *c, const struct reply_writer *writer)
{
	struct msg_widget_record widget;
	int rc = widget_find(t, &writer->org, &writer->widget, &widget);

	if (rc != 0 && !txn_survives(rc))
		return rc;
	if (rc == 0)
		c->text = widget.budget_text;
	return call_refuse(c, STORE_BUDGET, "the budget of tokens is spent");
}

/* Refusals by a share are logged once in this time. */
#define SHARE_LOG_MS 60000u

static int
turn_budget_refuse_share(struct txn *t, struct call *c, const struct reply_writer *writer)
{
	const uint64_t now = clock_mono_ms(), logged = t->env->share_refusals.logged_ms;

	t->env->share_refusals.n++;
	if (logged == 0 || now - logged >= SHARE_LOG_MS) {
		log_event(LOG_NOTICE, "budget_share_refused", L_ID("org", &writer->org),
		    L_ID("widget", &writer->widget),
		    L_UINT("refusals", t->env->share_refusals.n));
		t->env->share_refusals.n = 0;
		t->env->share_refusals.logged_ms = now;
	}
	return call_refuse(c, STORE_SHARE, "the visitor's share of the budget is used");
}

/* Refuses a turn if a budget, or the share of its writer's spenders, has not so many tokens left. waits: what its own
 * running replies have reserved is a reason to try again. */
static int
turn_budget_allow(struct txn *t, struct call *c, const struct budgets *budgets,
    const struct budget_wish *wish, bool waits, const struct reply_writer *writer)
{
	enum spender_answer answer;
	bool allowed = true;
	int rc = budgets_allow(t, budgets, wish, &allowed);

	if (rc == 0 && !allowed)
		return turn_budget_refuse(t, c, writer);
	if (rc == 0)
		rc = spenders_allow(t, budgets, &writer->by, wish, &answer);
	if (rc != 0 || answer == SPENDER_MAY)
		return rc;
	if (answer == SPENDER_WAITS && waits)
		return call_refuse(c, STORE_SHARE_WAITS,
		    "replies that run have reserved the rest of the share");
	return turn_budget_refuse_share(t, c, writer);
}

bool
turn_budget_refuses(const struct call *c)
{
	return c->refused == STORE_BUDGET || c->refused == STORE_SHARE;
}

/* Who spends what the conversation's replies use. */
static int
turn_budget_name(struct txn *t, const struct msg_conversation_record *conversation,
    struct slice network, uint64_t when, struct reply_writer *writer)
{
	const struct spender_names names = {
	    writer->org, writer->widget, conversation->session, network};

	return spenders_find(t, &names, when, &writer->by);
}

/* What a turn has reserved or paid so far. */
static uint64_t
turn_budget_had(const struct turn_view *v)
{
	return (uint64_t)v->reserved_prompt + v->reserved_completion + v->estimated;
}

/* The call of an open reply that is started again; its text so far is in pieces. */
static int
turn_budget_replace(struct txn *t, const struct turn_view *v, struct budget_replaced *old)
{
	const struct budget_tokens reserved = {v->reserved_prompt, v->reserved_completion};
	uint64_t pays;
	int rc;

	*old = (struct budget_replaced){0};
	if (v->started_at == 0)
		return 0;
	rc = reply_collect_pieces(t, &v->id);
	pays = budget_estimate(reserved.prompt, reserved.completion, buf_len(&t->env->text));
	*old = (struct budget_replaced){
	    .when = v->started_at,
	    .reserved = turn_budget_sum(&reserved),
	    .pays = budget_sum(pays, -(int64_t)reply_tokens_paid(v)),
	    .by = v->by,
	};
	return rc;
}

int
turn_budget_check(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, const struct turn_view *v,
    struct reply_writer *writer)
{
	struct budget_wish wish = {.when = clock_wall_ms(), .had = turn_budget_had(v)};
	struct budgets budgets;
	int rc = budgets_find(t, &writer->org, &writer->widget, &budgets);

	if (rc != 0 || budgets.n == 0)
		return rc;
	rc = turn_budget_estimate(t, &c->m->turn_begin, conversation, fresh, writer);
	if (rc == 0)
		rc = turn_budget_name(
		    t, conversation, c->m->turn_begin.network, wish.when, writer);
	if (rc == 0)
		rc = turn_budget_replace(t, v, &wish.replaced);
	wish.tokens = turn_budget_sum(&writer->reserved);
	return rc != 0 ? rc : turn_budget_allow(t, c, &budgets, &wish, true, writer);
}

/* What a turn that goes on after its interruption reserves, which has paid for a part. All for the reply: a reservation for
 * the prompt would be that of another call (reply_tokens_paid()). */
static uint32_t
turn_budget_unpaid(const struct budget_tokens *tokens, uint32_t paid)
{
	const uint64_t sum = turn_budget_sum(tokens), rest = sum > paid ? sum - paid : 0;

	return rest < UINT32_MAX ? (uint32_t)rest : UINT32_MAX;
}

/* The conversation of a turn's reply, and the budgets that it draws on. */
static int
turn_budget_find(struct txn *t, const struct turn_view *v, struct reply_writer *writer,
    struct msg_conversation_record *conversation, struct budgets *budgets)
{
	struct key key = key_id(&v->place.conversation);
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, conversation);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	writer->org = conversation->org;
	writer->widget = conversation->widget;
	return budgets_find(t, &writer->org, &writer->widget, budgets);
}

int
turn_budget_reserve_again(struct txn *t, struct call *c, const struct turn_view *v,
    const struct turn_budget_ask *ask, struct reply_writer *writer)
{
	struct budget_wish wish = {.when = clock_wall_ms(), .had = turn_budget_had(v)};
	struct msg_conversation_record conversation;
	struct budgets budgets;
	int rc = turn_budget_find(t, v, writer, &conversation, &budgets);

	if (rc != 0 || budgets.n == 0)
		return rc;
	rc = turn_budget_name(t, &conversation, ask->network, wish.when, writer);
	writer->reserved.completion = turn_budget_unpaid(&ask->tokens, v->estimated);
	wish.tokens = writer->reserved.completion;
	return rc != 0 ? rc : turn_budget_allow(t, c, &budgets, &wish, false, writer);
}

int
turn_budget_reserve_more(struct txn *t, struct call *c, const struct turn_view *v,
    const struct budget_tokens *tokens)
{
	const struct budget_tokens had = {v->reserved_prompt, v->reserved_completion};
	struct budget_wish wish = {.had = turn_budget_had(v)};
	struct budget_tokens all = *tokens;
	struct key key = key_id(&v->id);
	struct reply_writer writer = {.agent = v->agent};
	struct msg_conversation_record conversation;
	struct msg_open_turn_record open;
	struct budgets budgets;
	int rc;

	if (v->reserved_prompt == 0)
		all = (struct budget_tokens){0, turn_budget_unpaid(tokens, v->estimated)};
	if (turn_budget_sum(&all) <= turn_budget_sum(&had))
		return 0;
	wish.tokens = turn_budget_sum(&all) - turn_budget_sum(&had);
	rc = turn_budget_find(t, v, &writer, &conversation, &budgets);
	if (rc == 0)
		rc = txn_get_record(t, TABLE_OPEN_TURNS, &key, &open);
	if (rc != 0)
		return rc;
	wish.when = open.started_at;
	writer.by = budget_opened_by(&open);
	rc = turn_budget_allow(t, c, &budgets, &wish, false, &writer);
	if (rc != 0)
		return rc;
	open.reserved_prompt = all.prompt;
	open.reserved_completion = all.completion;
	rc = budgets_reserve_more(t, &budgets, &writer.by, open.started_at, wish.tokens);
	return rc != 0 ? rc : txn_put_record(t, TABLE_OPEN_TURNS, &key, &open);
}
