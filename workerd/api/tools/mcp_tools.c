/*
 * POST /v1/admin/mcp-tools: the tools of an MCP server, for an owner who chooses some of them, or looks at one that the server
 * has changed. Nothing is stored: each one that is wanted becomes a tool by POST /v1/admin/tools.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/tools/tool_fields.h"
#include "workerd/api/tools/tool_handlers.h"
#include "workerd/tools/mcp.h"
#include "workerd/tools/mcp_tool.h"
#include "workerd/tools/tool.h"
#include "workerd/turn/turns.h"

#define ANSWER_MAX (2u * 1024 * 1024)

/* Which server, and how. */
struct mcp_asked {
	struct id tool; /* the server of this one; zero: that of the url */
	struct slice url, headers, secret, token_url, client, scope;
};

#define AT(member) offsetof(struct mcp_asked, member)

static const struct field asked_fields[] = {
    {"toolId", &field_id, AT(tool), FIELD_OPTIONAL, 0, 0, NULL},
    {"url", &field_url, AT(url), FIELD_OPTIONAL, 1, 2048, NULL},
    {"requestHeaders", &tool_fields_object, AT(headers), FIELD_OPTIONAL, 0, 4096, NULL},
    {"secret", &tool_fields_secret, AT(secret), FIELD_NULLABLE, 1, 1024, NULL},
    {"mcpTokenUrl", &field_url, AT(token_url), FIELD_NULLABLE, 1, 1024, NULL},
    {"mcpClient", &field_ascii, AT(client), FIELD_NULLABLE, 1, 128, NULL},
    {"mcpScope", &field_ascii, AT(scope), FIELD_NULLABLE, 1, 256, NULL},
    {.name = NULL},
};

struct mcp_query {
	struct store_query q;
	struct fields in;
	struct mcp_asked asked;
};

static void
mcp_tools_on_end(struct store_query *q)
{
	fields_clear(&((struct mcp_query *)q)->in);
}

static void
mcp_tools_cancel(void *pending)
{
	mcp_call_cancel(pending);
}

static void
mcp_tools_refuse(struct mcp_query *q, const char *member, const char *why)
{
	const char *choices[] = {why, NULL};

	fields_refuse_for(&q->in, member,
	    &(struct field_refusal){.reason = REASON_TOOL_SERVER, .choices = choices});
	fields_refuse_query(&q->q, &q->in);
}

static void
mcp_tools_write(struct json_writer *j, const struct mcp_outcome *outcome)
{
	const json_t *tool;
	size_t i;

	json_write_open(j, NULL, '{');
	json_write_str(j, "mcpVersion", slice_str(mcp_version_words[outcome->version]));
	json_write_open(j, "tools", '[');
	json_array_foreach (outcome->tools, i, tool) {
		json_t *offer = mcp_tool_offer(tool);
		char *text = json_dumps(offer, JSON_COMPACT | JSON_REAL_PRECISION(15));

		must(text != NULL);
		json_write_json(j, NULL, slice_str(text));
		free(text);
		json_decref(offer);
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
}

/* mcp_outcome_fn */
static void
mcp_tools_on_outcome(void *arg, const struct mcp_outcome *outcome)
{
	struct mcp_query *q = arg;

	q->q.pending = NULL;
	if (outcome->error[0] != '\0') {
		mcp_tools_refuse(
		    q, id_is_zero(&q->asked.tool) ? "url" : "toolId", outcome->error);
		return;
	}
	mcp_tools_write(&q->q.json, outcome);
	store_query_reply(&q->q);
}

/* The headers that can be written without a visitor. */
static json_t *
mcp_tools_headers(struct slice headers, struct slice secret)
{
	const struct tool_values values = {.secret = secret};
	json_t *templates = json_loadb((const char *)headers.p, headers.len, 0, NULL), *value;
	json_t *written = json_object();
	char why[TOOL_WHY_MAX];
	const char *name;

	json_object_foreach (templates, name, value) {
		struct buf out;

		buf_init(&out, 8192);
		if (tool_template_write(slice_str(json_string_value(value)), TOOL_IN_HEADER,
			&values, &out, why))
			must(json_object_set_new(written, name,
				 json_stringn((const char *)buf_data(&out), buf_len(&out))) ==
			    0);
		buf_wipe(&out);
	}
	json_decref(templates);
	return written;
}

static void
mcp_tools_ask(struct mcp_query *q, const struct mcp_asked *asked)
{
	char *url = slice_strdup(asked->url);
	char *token_url = slice_strdup(asked->token_url), *id = slice_strdup(asked->client);
	char *secret = slice_strdup(asked->secret), *scope = slice_strdup(asked->scope);
	json_t *headers = mcp_tools_headers(asked->headers, asked->secret);

	store_query_wait(&q->q,
	    mcp_call_start(q->q.api->turns->tools,
		&(struct mcp_request){.url = url,
		    .headers = headers,
		    .client = &(struct mcp_client){token_url, id, secret, scope, NULL},
		    .timeout_ms = TOOL_TIMEOUT_MS},
		mcp_tools_on_outcome, q),
	    mcp_tools_cancel);
	free(token_url);
	free(id);
	free(secret);
	free(scope);
	free(url);
	json_decref(headers);
}

static void
mcp_tools_on_record(void *arg, uint16_t type, const union msg *m)
{
	struct mcp_query *q = arg;
	struct msg_tool_record r;

	if (!msg_read_record(type, m, MSG_TOOL_RECORD, &r))
		store_query_fail(&q->q, type, m);
	else if (r.mcp_tool.len == 0)
		mcp_tools_refuse(q, "toolId", "it is not one of an MCP server");
	else
		mcp_tools_ask(q,
		    &(struct mcp_asked){.url = r.url,
			.headers = r.headers,
			.secret = r.secret,
			.token_url = r.mcp_token_url,
			.client = r.mcp_client,
			.scope = r.mcp_scope});
}

static void
mcp_tools_need_client(struct mcp_query *q)
{
	const char *choices[] = {"it needs a client's id, and its secret", NULL};

	fields_refuse_for(&q->in, "mcpTokenUrl",
	    &(struct field_refusal){.reason = REASON_TOOL, .choices = choices});
}

/* Whether the members are valid together. */
static bool
mcp_tools_check(struct mcp_query *q)
{
	json_t *headers =
	    json_loadb((const char *)q->asked.headers.p, q->asked.headers.len, 0, NULL);
	json_t *none = json_object();
	char why[TOOL_WHY_MAX];
	const char *choices[] = {why, NULL};
	const struct field_refusal url = fields_refusal_of(&asked_fields[1]);

	if (headers != NULL && !tool_template_check_headers(headers, none, why))
		fields_refuse_for(&q->in, "requestHeaders",
		    &(struct field_refusal){.reason = REASON_TOOL, .choices = choices});
	json_decref(headers);
	json_decref(none);
	if (q->asked.token_url.len > 0 &&
	    (q->asked.client.len == 0 || q->asked.secret.len == 0))
		mcp_tools_need_client(q);
	if (id_is_zero(&q->asked.tool) && q->asked.url.len == 0)
		fields_refuse_for(&q->in, "url", &url);
	return q->in.n_wrong == 0;
}

void
handle_mcp_tools(const struct api_call *c)
{
	struct mcp_query *q;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	q = store_query_new(c, sizeof(*q), ANSWER_MAX, "Tool not found");
	q->in = in;
	q->q.on_end = mcp_tools_on_end;
	fields_read(&q->in, asked_fields, true, &q->asked);
	if (!mcp_tools_check(q))
		fields_refuse_query(&q->q, &q->in);
	else if (id_is_zero(&q->asked.tool))
		mcp_tools_ask(q, &q->asked);
	else
		store_query_ask(&q->q, MSG_RECORD_GET,
		    &(struct msg_record_get){
			.kind = MSG_TOOL_RECORD, .org = c->org, .id = q->asked.tool},
		    mcp_tools_on_record);
}
