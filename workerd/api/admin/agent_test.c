/*
 * POST /v1/admin/agents/{id}/test: asks an agent a question, with changes that are not saved yet. The reply
 * is streamed as to a visitor, as NDJSON or server-sent events; nothing is stored.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/agent_test_body.h"
#include "workerd/api/admin/agents.h"
#include "workerd/api/chat/chat_stream.h"
#include "workerd/api/request/request_context.h"

/* Starts the reply; the exchange listens to it. */
static void
agent_test_try_agent(struct api *api, struct http_exchange *x, const struct agent_shown *agent,
    struct slice messages)
{
	const struct api_call call = {.api = api, .x = x};
	const struct turn_trial trial = {.agent = &agent->record,
	    .messages = messages,
	    .name = request_context_of(x)->request_id};
	struct chat_listener *l = chat_stream_new(&call, false);

	l->sources = agent->record.knowledge != KNOWLEDGE_NONE;
	chat_listener_start(
	    l, turn_try(api->turns, &trial, &chat_stream_sink, l), TURN_STORE_DOWN);
}

/* The agent's slices are borrowed from the store's answer and from the query's body. */
static void
agent_test_try_stored(struct resource_query *q, struct agent_shown *agent)
{
	struct api *api = q->q.api;
	struct fields in;
	struct buf messages;

	buf_init(&messages, TRIAL_LIST_MAX);
	agent_test_body_read(&q->in, api->settings, agent, &messages);
	if (q->in.n_wrong > 0) {
		resource_refuse(q);
	} else {
		/* Keeps the body, which the agent's slices point to. */
		in = q->in;
		q->in = (struct fields){0};
		agent_test_try_agent(api, store_query_done(&q->q), agent, buf_slice(&messages));
		fields_clear(&in);
	}
	buf_clear(&messages);
}

static void
agent_test_on_agent(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct agent_shown agent;

	if (resource_read(&agents, q->q.api->settings, type, m, &agent))
		agent_test_try_stored(q, &agent);
	else
		store_query_fail(&q->q, type, m);
}

void
handle_agents_test(const struct api_call *c)
{
	resource_ask_with_body(c, &agents, agent_test_on_agent);
}
