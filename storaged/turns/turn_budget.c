/*
 * The estimate: the history that the model gets, the prompts, and the longest reply.
 */
#include "storaged/turns/turn_budget.h"

#include "storaged/engine/message_page.h"
#include "storaged/records/agents.h"
#include "storaged/records/widgets.h"

/* Tokens of a reply, where the agent does not limit them. */
#define COMPLETION_TOKENS 1024u

/* Bytes of the agent's prompts. */
static int
turn_budget_agent(
    struct txn *t, const struct reply_writer *writer, size_t *bytes, uint32_t *most)
{
	struct msg_agent_record agent;
	int rc = agent_find(t, &writer->org, &writer->agent, &agent);

	*bytes = 0;
	*most = COMPLETION_TOKENS;
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	*bytes = agent.purpose.len + agent.custom_instructions.len +
	    agent.escalation_instructions.len + agent.restricted_topics.len;
	if (agent.max_output_tokens > 0)
		*most = agent.max_output_tokens;
	return 0;
}

/* Bytes of the messages that the model gets beside the new one. */
static int
turn_budget_history(struct txn *t, const struct call *c,
    const struct msg_conversation_record *conversation, size_t *bytes)
{
	const struct message_page_bounds most = {
	    call_limit(c->m->turn_begin.history, MESSAGE_PAGE_MAX), PAGE_BYTES, 0};
	struct message_page page;
	int rc = message_page_backwards(
	    t, &conversation->id, conversation->next_seq, most, true, &page);

	*bytes = buf_len(&t->env->list);
	return rc;
}

static int
turn_budget_estimate(struct txn *t, const struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, struct reply_writer *writer)
{
	size_t prompts, history = 0;
	int rc = turn_budget_agent(t, writer, &prompts, &writer->reserved.completion);

	if (rc == 0 && !fresh)
		rc = turn_budget_history(t, c, conversation, &history);
	writer->reserved.prompt =
	    budget_estimate(prompts + history + c->m->turn_begin.text.len);
	return rc;
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

int
turn_budget_check(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, uint64_t now,
    struct reply_writer *writer)
{
	struct budgets budgets;
	bool allowed = true;
	int rc = budgets_find(t, &writer->org, &writer->widget, &budgets);

	if (rc != 0 || budgets.n == 0)
		return rc;
	rc = turn_budget_estimate(t, c, conversation, fresh, writer);
	if (rc == 0)
		rc = budgets_allow(t, &budgets, now, &writer->reserved, &allowed);
	return rc != 0 || allowed ? rc : turn_budget_refuse(t, c, writer);
}

int
turn_budget_reserve_again(struct txn *t, const struct turn_view *v, struct reply_writer *writer)
{
	struct key key = key_id(&v->place.conversation);
	struct msg_conversation_record conversation;
	struct budgets budgets;
	size_t prompts;
	int rc = txn_get_record(
	    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &conversation);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	writer->org = conversation.org;
	writer->widget = conversation.widget;
	rc = budgets_find(t, &writer->org, &writer->widget, &budgets);
	if (rc != 0 || budgets.n == 0)
		return rc;
	rc = turn_budget_agent(t, writer, &prompts, &writer->reserved.completion);
	/* Not as a prompt, which would be that of another call (reply_tokens_paid()). */
	if (rc == 0 && v->estimated == 0)
		writer->reserved.completion += budget_estimate(prompts);
	return rc;
}
