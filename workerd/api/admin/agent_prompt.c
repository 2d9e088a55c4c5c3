/*
 * POST /v1/admin/agents/{id}/prompt: what a model gets from this agent before the messages of a conversation, with
 * changes that are not saved yet. It is made by the code that asks models (workerd/turn/prompt/prompt.h), so that it
 * cannot differ.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/agent_fields.h"
#include "workerd/api/admin/agents.h"
#include "workerd/api/chat/chat_context.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/model/openai/openai.h"
#include "workerd/model/parts/part_memory.h"
#include "workerd/turn/prompt/prompt.h"
#include "workerd/turn/turns.h"

#define AGENT_MAX 98304 /* bytes of an AGENT_RECORD, as in TURN_BEGUN */

struct agent_preview {
	json_t *agent, *context;
};

static const struct field preview_fields[] = {
    {"agent", &field_object, offsetof(struct agent_preview, agent), FIELD_NULLABLE, 0, 0, NULL},
    {"context", &field_object, offsetof(struct agent_preview, context), FIELD_NULLABLE, 0, 0,
	NULL},
    {.name = NULL},
};

/* Applies the body to the stored agent. context: empty, with CHAT_CONTEXT_MAX bytes. */
static void
agent_prompt_read_body(struct fields *in, const struct settings *settings,
    struct agent_shown *agent, struct buf *context)
{
	struct agent_preview preview = {0};

	fields_read(in, preview_fields, true, &preview);
	if (preview.context != NULL && !chat_context_encode(preview.context, context))
		fields_refuse(in, "context", REASON_CONTEXT);
	if (preview.agent != NULL) {
		fields_enter(in, preview.agent, "agent.");
		fields_read(in, agent_fields, false, agent);
		agent_check(in, agent, settings);
		fields_enter(in, in->json, "");
	}
}

/* Adds what any worker knows that the agent's server does not take from this model. */
static void
agent_prompt_find_refused(const struct api *api, const struct msg_agent_record *agent,
    struct slice model, struct refused_parts *refused)
{
	const uint64_t key = part_memory_key(agent->key_name, model);
	const uint64_t slots = metric_get(&api->board->master.slots_used);

	for (uint64_t i = 0; i < slots && i < SCOREBOARD_WORKERS_MAX; i++)
		part_memory_find(
		    &api->board->workers[i].refused, key, clock_mono_ms(), refused);
}

static void
agent_prompt_write_left_out(struct json_writer *j, const struct msg_agent_record *agent,
    const struct refused_parts *refused)
{
	json_t *extra = json_loadb((const char *)agent->extra.p, agent->extra.len, 0, NULL),
	       *value;
	const char *name;
	char path[128];

	json_write_open(j, "leftOut", '[');
	for (unsigned part = 0; part < MODEL_PARTS; part++)
		if ((refused->parts & 1u << part) != 0)
			json_write_str(j, NULL, slice_str(model_part_name(part)));
	json_object_foreach (extra, name, value) {
		if (!refused_parts_has_member(refused, slice_str(name)))
			continue;
		snprintf(path, sizeof(path), "extra.%.100s", name);
		json_write_str(j, NULL, slice_str(path));
	}
	json_write_close(j, ']');
	json_decref(extra);
}

/* Writes the request to the agent's model server, without messages, and notes what is left out of it. */
static void
agent_prompt_write_request(const struct api *api, const struct agent_shown *agent,
    struct slice context, struct refused_parts *refused, struct buf *body)
{
	struct turns *turns = api->turns;
	struct prompt_target to = {0};
	struct openai_request request;
	struct model_server *server;
	struct buf record;
	struct prompt *prompt;

	buf_init(&record, AGENT_MAX);
	must(record_encode(&record, MSG_AGENT_RECORD, &agent->record) == 0);
	prompt = prompt_new(buf_slice(&record), context);
	to.model = prompt_model(prompt, turns->defaults.model);
	agent_prompt_find_refused(api, &agent->record, to.model, &to.refused);
	*refused = to.refused;
	server = model_servers_find(&turns->servers, prompt_server_name(prompt));
	if (server != NULL)
		prompt_target_use_api(&to, server->api);
	must(prompt_write(prompt, &turns->defaults, &to, &request, body) == 0);
	must(openai_end(&request) == 0);
	free(prompt);
	buf_clear(&record);
}

static void
agent_prompt_answer(struct resource_query *q, const struct agent_shown *agent,
    const struct refused_parts *refused, struct slice body)
{
	json_t *request = json_read_object(body);
	json_t *chat = json_object_get(request, "messages");
	json_t *system =
	    json_array_get(chat != NULL ? chat : json_object_get(request, "input"), 0);
	struct slice text = json_read_string(json_object_get(system, "content"));

	must(text.p != NULL);
	json_write_open(&q->q.json, NULL, '{');
	json_write_str(&q->q.json, "prompt", text);
	json_write_json(&q->q.json, "request", body);
	agent_prompt_write_left_out(&q->q.json, &agent->record, refused);
	json_write_close(&q->q.json, '}');
	json_decref(request);
	store_query_reply(&q->q);
}

/* The agent's slices are borrowed from the store's answer and from the query's body. */
static void
agent_prompt_show(struct resource_query *q, struct agent_shown *agent)
{
	struct refused_parts refused;
	struct buf context, body;

	buf_init(&context, CHAT_CONTEXT_MAX);
	agent_prompt_read_body(&q->in, q->q.api->settings, agent, &context);
	if (q->in.n_wrong > 0) {
		resource_refuse(q);
	} else {
		buf_init(&body, OPENAI_BODY_MAX);
		agent_prompt_write_request(
		    q->q.api, agent, buf_slice(&context), &refused, &body);
		agent_prompt_answer(q, agent, &refused, buf_slice(&body));
		buf_clear(&body);
	}
	buf_clear(&context);
}

static void
agent_prompt_on_agent(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct agent_shown agent;

	if (resource_read(&agents, q->q.api->settings, type, m, &agent))
		agent_prompt_show(q, &agent);
	else
		store_query_fail(&q->q, type, m);
}

void
handle_agents_prompt(const struct api_call *c)
{
	resource_ask_with_body(c, &agents, agent_prompt_on_agent);
}
