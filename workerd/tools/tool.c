#include "workerd/tools/tool.h"

#include <event2/event_struct.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "workerd/tools/mcp.h"
#include "workerd/tools/tool_arguments.h"

#define URL_MAX_BYTES  8192
#define BODY_MAX_BYTES 65536

/* For a tool without arguments. */
#define NO_ARGUMENTS "{\"type\":\"object\",\"properties\":{}}"

/* The name of the built-in tool (workerd/model/openai/hand_over.h). */
#define RESERVED_NAME "hand_over"

static struct slice
tool_schema_text(const struct msg_tool_record *r)
{
	return r->arguments.len > 0 ? r->arguments : slice_str(NO_ARGUMENTS);
}

static json_t *
tool_load(struct slice json)
{
	return json_loadb((const char *)json.p, json.len, JSON_REJECT_DUPLICATES, NULL);
}

static bool
tool_name_is_valid(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		const uint8_t c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return name.len > 0 && name.len <= 64 && !slice_eq_str(name, RESERVED_NAME);
}

static bool
tool_check_json(struct slice text, bool (*check)(json_t *json, const json_t *schema, char *why),
    const json_t *schema, char *why)
{
	json_t *json = tool_load(text);
	bool valid = json != NULL;

	if (!valid)
		(void)snprintf(why, TOOL_WHY_MAX, "it must be valid JSON");
	else
		valid = check(json, schema, why);
	json_decref(json);
	return valid;
}

static bool
tool_check_schema(json_t *json, const json_t *schema, char *why)
{
	(void)schema;
	return tool_schema_check(json, why);
}

static bool
tool_check_headers(json_t *json, const json_t *schema, char *why)
{
	return tool_template_check_headers(json, schema, why);
}

static bool
tool_check_result(json_t *json, const json_t *schema, char *why)
{
	(void)schema;
	return tool_result_check(json, why);
}

/* An object of numbers, each of an argument that is one. */
static bool
tool_check_limits(json_t *json, const json_t *schema, char *why)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *name;
	json_t *limit;

	json_object_foreach (json, name, limit) {
		const char *type = json_string_value(
		    json_object_get(json_object_get(properties, name), "type"));

		if (json_is_number(limit) && type != NULL &&
		    (strcmp(type, "number") == 0 || strcmp(type, "integer") == 0))
			continue;
		(void)snprintf(why, TOOL_WHY_MAX,
		    "it must have numbers, by the names of arguments that are numbers");
		return false;
	}
	return true;
}

/* An object of no limits is none. */
static bool
tool_has_limits(const struct msg_tool_record *r)
{
	json_t *limits = tool_load(r->approve_above);
	const bool any = json_object_size(limits) > 0;

	json_decref(limits);
	return any;
}

/* What an action needs. */
static const char *
tool_fault_of_action(const struct msg_tool_record *r, const json_t *schema, char *why)
{
	if (r->approve_above.len > 0 &&
	    !tool_check_json(r->approve_above, tool_check_limits, schema, why))
		return "approveAbove";
	if (r->confirmation.len > 0 &&
	    !tool_template_check(r->confirmation, TOOL_IN_TEXT, schema, why))
		return "confirmation";
	/* Below the limits, nobody would be asked about it, and it might be done twice. */
	if (r->class == TOOL_READ && tool_has_limits(r)) {
		(void)snprintf(why, TOOL_WHY_MAX,
		    "a tool with approveAbove changes something: it must be confirm or "
		    "approve");
		return "class";
	}
	if (r->class == TOOL_READ)
		return NULL;
	if (r->confirmation.len == 0) {
		(void)snprintf(why, TOOL_WHY_MAX,
		    "a tool that changes something needs a text that says what it will do");
		return "confirmation";
	}
	if (r->method != TOOL_POST) {
		(void)snprintf(why, TOOL_WHY_MAX, "a tool that changes something needs post");
		return "method";
	}
	return NULL;
}

/* What a tool of an MCP server has of its own. */
static const char *
tool_fault_of_mcp(const struct msg_tool_record *r, char *why)
{
	if (r->method != TOOL_POST) {
		(void)snprintf(why, TOOL_WHY_MAX, "an MCP server needs post");
		return "method";
	}
	if (r->body.len > 0) {
		(void)snprintf(why, TOOL_WHY_MAX, "the body is what MCP says");
		return "body";
	}
	if (memchr(r->url.p, '{', r->url.len) != NULL) {
		(void)snprintf(why, TOOL_WHY_MAX, "the URL of an MCP server has no names");
		return "url";
	}
	if (r->mcp_token_url.len > 0 && (r->mcp_client.len == 0 || r->secret.len == 0)) {
		(void)snprintf(why, TOOL_WHY_MAX, "it needs a client's id, and its secret");
		return "mcpTokenUrl";
	}
	if (hash_is_zero(&r->mcp_pin)) {
		(void)snprintf(why, TOOL_WHY_MAX, "a tool of an MCP server needs it");
		return "mcpPin";
	}
	return NULL;
}

/* With a schema that is valid. */
static const char *
tool_fault_of_request(const struct msg_tool_record *r, const json_t *schema, char *why)
{
	if (!tool_template_check_url(r->url, schema, why))
		return "url";
	if (r->headers.len > 0 && !tool_check_json(r->headers, tool_check_headers, schema, why))
		return "requestHeaders";
	if (r->body.len > 0 && r->method != TOOL_POST) {
		(void)snprintf(why, TOOL_WHY_MAX, "only a POST has a body");
		return "body";
	}
	if (r->body.len > 0 && !tool_template_check_body(r->body, schema, why))
		return "body";
	if (r->result.len > 0 && !tool_check_json(r->result, tool_check_result, NULL, why))
		return "result";
	return NULL;
}

const char *
tool_fault(const struct msg_tool_record *record, char why[TOOL_WHY_MAX])
{
	const char *fault;
	json_t *schema;

	if (!tool_name_is_valid(record->name)) {
		(void)snprintf(why, TOOL_WHY_MAX,
		    "it must have 1 to 64 of the characters A-Z, a-z, 0-9, _ and -, and not be "
		    "hand_over");
		return "name";
	}
	if (!tool_check_json(tool_schema_text(record), tool_check_schema, NULL, why))
		return "arguments";
	schema = tool_load(tool_schema_text(record));
	fault = tool_fault_of_request(record, schema, why);
	if (fault == NULL && record->mcp_tool.len > 0)
		fault = tool_fault_of_mcp(record, why);
	if (fault == NULL)
		fault = tool_fault_of_action(record, schema, why);
	json_decref(schema);
	return fault;
}

bool
tool_init(struct tool *t, struct slice record)
{
	char why[TOOL_WHY_MAX];

	*t = (struct tool){.bytes = xcalloc(1, record.len + 1)};
	must(slice_copy(record, t->bytes, record.len));
	if (record_decode((struct slice){t->bytes, record.len}, MSG_TOOL_RECORD, &t->record) ==
		WIRE_OK &&
	    tool_fault(&t->record, why) == NULL) {
		t->schema = tool_load(tool_schema_text(&t->record));
		return true;
	}
	tool_clear(t);
	return false;
}

void
tool_clear(struct tool *t)
{
	json_decref(t->schema);
	free(t->bytes);
	*t = (struct tool){0};
}

int
tool_write(const struct tool *t, bool responses, struct buf *out)
{
	const struct slice schema = tool_schema_text(&t->record);

	/* Without strict, the Responses API wants all parameters to be required. */
	if (buf_printf(out, "{\"type\":\"function\",%s\"name\":\"%.*s\",\"description\":\"",
		responses ? "\"strict\":false," : "\"function\":{", (int)t->record.name.len,
		(const char *)t->record.name.p) == -1 ||
	    json_escape(out, t->record.description) == -1 ||
	    buf_append_str(out, "\",\"parameters\":") == -1 ||
	    buf_append(out, schema.p, schema.len) == -1)
		return -1;
	return buf_append_str(out, responses ? "}" : "}}");
}

/* What a call sends. */
struct prepared {
	struct buf url, body;
	json_t *headers;
	json_t *arguments;
};

static void
tool_prepared_clear(struct prepared *p)
{
	buf_clear(&p->url);
	buf_wipe(&p->body);
	json_decref(p->headers);
	json_decref(p->arguments);
}

static bool
tool_prepare_arguments(
    const struct tool *t, struct slice arguments, struct prepared *p, char *why)
{
	if (arguments.len > TOOL_ARGUMENTS_MAX) {
		(void)snprintf(why, TOOL_WHY_MAX, "the arguments are too long");
		return false;
	}
	p->arguments = tool_arguments_read(arguments);
	if (p->arguments == NULL) {
		(void)snprintf(why, TOOL_WHY_MAX, "the arguments are not a JSON object");
		return false;
	}
	return tool_schema_fits(t->schema, p->arguments, why);
}

static bool
tool_prepare_headers(
    const struct tool *t, const struct tool_values *values, struct prepared *p, char *why)
{
	json_t *templates = tool_load(t->record.headers), *value;
	const char *name;
	bool written = true;

	p->headers = json_object();
	json_object_foreach (templates, name, value) {
		struct buf out;

		buf_init(&out, URL_MAX_BYTES);
		written = tool_template_write(
		    slice_str(json_string_value(value)), TOOL_IN_HEADER, values, &out, why);
		if (written)
			must(json_object_set_new(p->headers, name,
				 json_stringn((const char *)buf_data(&out), buf_len(&out))) ==
			    0);
		buf_wipe(&out);
		if (!written)
			break;
	}
	json_decref(templates);
	return written;
}

/* What all versions of MCP have of the request. */
static bool
tool_prepare_mcp(const struct tool *t, struct prepared *p)
{
	json_t *request = json_pack("{s:s, s:{s:s%, s:O}}", "method", "tools/call", "params",
	    "name", (const char *)t->record.mcp_tool.p, t->record.mcp_tool.len, "arguments",
	    p->arguments);
	char *json;

	must(request != NULL);
	json = json_dumps(request, JSON_COMPACT | JSON_REAL_PRECISION(15));
	must(json != NULL && buf_append_str(&p->body, json) == 0);
	free(json);
	json_decref(request);
	return true;
}

/* Without a template, the arguments are the body. */
static bool
tool_prepare_body(
    const struct tool *t, const struct tool_values *values, struct prepared *p, char *why)
{
	char *json;

	if (t->record.method != TOOL_POST)
		return true;
	if (t->record.mcp_tool.len > 0)
		return tool_prepare_mcp(t, p);
	if (t->record.body.len > 0)
		return tool_template_write(t->record.body, TOOL_IN_BODY, values, &p->body, why);
	json = json_dumps(p->arguments, JSON_COMPACT);
	must(json != NULL && buf_append_str(&p->body, json) == 0);
	free(json);
	return true;
}

/* False: why says what is missing. Clear p in any case. */
static bool
tool_prepare(const struct tool *t, struct slice arguments, const struct tool_values *values,
    struct prepared *p, char why[TOOL_WHY_MAX])
{
	struct tool_values all = *values;

	*p = (struct prepared){0};
	buf_init(&p->url, URL_MAX_BYTES);
	buf_init(&p->body, BODY_MAX_BYTES);
	if (t->record.mcp_changed) {
		(void)snprintf(why, TOOL_WHY_MAX,
		    "the tool's server has changed it: an owner must look at it first");
		return false;
	}
	if (t->record.needs_identity && values->user_id.len == 0) {
		(void)snprintf(why, TOOL_WHY_MAX,
		    "the visitor has not signed in on the website, which this needs");
		return false;
	}
	if (!tool_prepare_arguments(t, arguments, p, why))
		return false;
	all.arguments = p->arguments;
	return tool_template_write(t->record.url, TOOL_IN_URL, &all, &p->url, why) &&
	    tool_prepare_headers(t, &all, p, why) && tool_prepare_body(t, &all, p, why);
}

bool
tool_show(const struct tool *t, struct slice arguments, const struct tool_values *values,
    struct buf *url, struct buf *body, char why[TOOL_WHY_MAX])
{
	struct tool_values hidden = *values;
	struct prepared p;
	bool shown;

	if (t->record.secret.len > 0)
		hidden.secret = slice_str("***");
	shown = tool_prepare(t, arguments, &hidden, &p, why);
	if (shown) {
		must(buf_append(url, buf_data(&p.url), buf_len(&p.url)) == 0);
		must(buf_append(body, buf_data(&p.body), buf_len(&p.body)) == 0);
	}
	tool_prepared_clear(&p);
	return shown;
}

/* Whether an operator has to approve it because of a number. */
static bool
tool_is_above(const struct tool *t, const json_t *arguments)
{
	json_t *limits = tool_load(t->record.approve_above), *limit;
	const char *name;
	bool above = false;

	json_object_foreach (limits, name, limit) {
		const json_t *value = json_object_get(arguments, name);

		above |= json_is_number(value) &&
		    json_number_value(value) > json_number_value(limit);
	}
	json_decref(limits);
	return above;
}

static struct hash256
tool_hash(const struct tool *t, const struct prepared *p, const char *text)
{
	char *headers = json_dumps(p->headers, JSON_COMPACT | JSON_SORT_KEYS);
	struct hash256 hash;
	struct buf all;

	must(headers != NULL);
	buf_init(&all, 4 * BODY_MAX_BYTES);
	must(buf_append(&all, text, strlen(text) + 1) == 0 &&
	    buf_append(&all, buf_data(&p->url), buf_len(&p->url)) == 0 &&
	    buf_append(&all, "", 1) == 0 &&
	    buf_append(&all, headers, strlen(headers) + 1) == 0 &&
	    buf_append(&all, buf_data(&p->body), buf_len(&p->body)) == 0);
	/* What its owner has accepted meanwhile may do something else. */
	if (t->record.mcp_tool.len > 0)
		must(buf_append(&all, t->record.mcp_pin.b, sizeof(t->record.mcp_pin.b)) == 0);
	hash = secret_hash(buf_slice(&all));
	buf_clear(&all);
	free(headers);
	return hash;
}

/* The text that says what a prepared call does. */
static bool
tool_describe(const struct tool *t, const struct tool_values *values, const struct prepared *p,
    struct tool_proposal *proposal, char why[TOOL_WHY_MAX])
{
	struct tool_values all = *values;
	struct buf text;
	bool written;

	all.arguments = p->arguments;
	buf_init(&text, TOOL_TEXT_MAX);
	written = tool_template_write(t->record.confirmation, TOOL_IN_TEXT, &all, &text, why) &&
	    slice_copy_text(buf_slice(&text), proposal->text, sizeof(proposal->text));
	buf_clear(&text);
	return written;
}

bool
tool_propose(const struct tool *t, struct slice arguments, const struct tool_values *values,
    struct tool_proposal *proposal, char why[TOOL_WHY_MAX])
{
	struct tool_values hidden = *values;
	struct prepared p;
	bool valid;

	*proposal = (struct tool_proposal){.class = (enum tool_class)t->record.class};
	if (t->record.secret.len > 0)
		hidden.secret = slice_str("***");
	valid = tool_prepare(t, arguments, &hidden, &p, why);
	if (valid && tool_is_above(t, p.arguments))
		proposal->class = TOOL_APPROVE;
	if (valid && proposal->class != TOOL_READ)
		valid = tool_describe(t, values, &p, proposal, why);
	if (valid)
		proposal->shown = tool_hash(t, &p, proposal->text);
	tool_prepared_clear(&p);
	return valid;
}

struct tool_call {
	bool acts; /* it is no read, also if an owner tests it */
	tool_outcome_fn *fn;
	void *arg;
	char *pointers;         /* the tool's */
	struct tool_post *post; /* NULL: nothing was sent */
	struct mcp_call *mcp;   /* the same, of an MCP server */
	struct tool_http *http;
	struct buf
	    changed; /* of an MCP server's tool: its record, if it turns out to be another one */
	struct event timer; /* ends a call that sends nothing */
	char why[TOOL_WHY_MAX];
};

static void
tool_call_free(struct tool_call *call)
{
	event_del(&call->timer);
	buf_wipe(&call->changed);
	free(call->pointers);
	free(call);
}

static void
tool_call_end(struct tool_call *call, struct tool_outcome *outcome, struct buf *result)
{
	outcome->result = buf_slice(result);
	call->fn(call->arg, outcome);
	buf_clear(result);
	tool_call_free(call);
}

static void
tool_call_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tool_call *call = arg;
	struct tool_outcome outcome = {.state = STEP_FAILED};
	struct buf result;

	(void)fd;
	(void)what;
	buf_init(&result, TOOL_RESULT_MAX);
	tool_result_fail(slice_str(call->why), &result);
	tool_call_end(call, &outcome, &result);
}

/* Whether an error's body says more than its status, such as which order does not exist. */
static bool
tool_call_explains_itself(int status)
{
	return status == 400 || status == 404 || status == 409 || status == 410 ||
	    status == 422;
}

/* What an answer other than 2xx, or none, says of an action. Only a refusal of the server, and a request that was not sent, say
 * that nothing was done. */
static enum step_state
tool_call_state(const struct tool_call *call, const struct tool_answer *answer)
{
	const bool refused = answer->status >= 400 && answer->status < 500;

	return !call->acts || refused || !answer->sent ? STEP_FAILED : STEP_UNKNOWN;
}

static void
tool_call_on_answer(void *arg, const struct tool_answer *answer)
{
	struct tool_call *call = arg;
	struct tool_outcome outcome = {
	    .state = STEP_DONE, .status = answer->status, .ms = answer->ms};
	struct slice why = slice_str(answer->error);
	struct buf result;

	call->post = NULL;
	buf_init(&result, TOOL_RESULT_MAX);
	if (answer->error[0] != '\0')
		outcome.state = tool_call_state(call, answer);
	else if (answer->body.len == 0 && (answer->status == 204 || call->acts))
		must(buf_append_str(&result, "{}") == 0);
	else if (!tool_result_write(answer->body, slice_str(call->pointers), &result)) {
		outcome.state = call->acts ? STEP_DONE : STEP_FAILED;
		why = slice_str("the tool's server did not answer with JSON");
	}
	if (buf_len(&result) == 0 &&
	    (!tool_call_explains_itself(answer->status) ||
		!tool_result_write(answer->body, (struct slice){0}, &result)))
		tool_result_fail(why, &result);
	tool_call_end(call, &outcome, &result);
}

/* mcp_outcome_fn */
static void
tool_call_on_mcp(void *arg, const struct mcp_outcome *said)
{
	struct tool_call *call = arg;
	struct tool_outcome outcome = {
	    .state = said->state, .status = said->status, .ms = said->ms};
	struct buf result;
	char *json;

	call->mcp = NULL;
	buf_init(&result, TOOL_RESULT_MAX);
	if (said->changed)
		tool_http_note_change(call->http, buf_slice(&call->changed));
	if (said->content == NULL) {
		tool_result_fail(slice_str(said->error), &result);
	} else {
		json = json_dumps(said->content, JSON_COMPACT | JSON_ENCODE_ANY);
		must(json != NULL);
		must(tool_result_write(slice_str(json),
		    said->state == STEP_DONE ? slice_str(call->pointers) : (struct slice){0},
		    &result));
		free(json);
	}
	tool_call_end(call, &outcome, &result);
}

static void
tool_call_start_mcp(
    struct tool_call *call, const struct tool *t, const struct prepared *p, unsigned timeout_ms)
{
	struct msg_tool_record changed = t->record;
	char *url = slice_strdup(t->record.mcp_token_url);
	char *id = slice_strdup(t->record.mcp_client);
	char *secret = slice_strdup(t->record.secret);
	char *scope = slice_strdup(t->record.mcp_scope);

	changed.mcp_changed = 1;
	must(record_encode(&call->changed, MSG_TOOL_RECORD, &changed) == 0);
	call->mcp = mcp_call_start(call->http,
	    &(struct mcp_request){
		.url = (const char *)buf_data(&p->url),
		.headers = p->headers,
		.client = &(struct mcp_client){url, id, secret, scope, NULL},
		.version = (enum mcp_version)t->record.mcp_version,
		.timeout_ms = timeout_ms,
		.tool = t->record.mcp_tool,
		.arguments = p->arguments,
		.pin = t->record.mcp_pin,
		.acts = call->acts,
	    },
	    tool_call_on_mcp, call);
	free(url);
	free(id);
	free(secret);
	free(scope);
}

/* In place of one that the owner has set. */
static void
tool_set_key(json_t *headers, const char *key)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(headers, next, name,
	    value) if (strcasecmp(name, "idempotency-key") == 0) json_object_del(headers, name);
	must(json_object_set_new(headers, "Idempotency-Key", json_string(key)) == 0);
}

struct tool_call *
tool_call_start(struct tool_http *http, const struct tool *t, struct slice arguments,
    const struct tool_values *values, const char *key, tool_outcome_fn *fn, void *arg)
{
	static const struct timeval now = {0};
	struct tool_call *call = xcalloc(1, sizeof(*call));
	struct tool_values all = *values;
	struct prepared p;
	const unsigned timeout_ms =
	    t->record.timeout_ms > 0 ? t->record.timeout_ms : TOOL_TIMEOUT_MS;

	call->http = http;
	buf_init(&call->changed, WIRE_FRAME_MAX);
	call->acts = t->record.class != TOOL_READ || key != NULL;
	call->fn = fn;
	call->arg = arg;
	call->pointers = slice_strdup(t->record.result);
	all.secret = t->record.secret;
	tool_http_assign(http, &call->timer, tool_call_on_timer, call);
	if (tool_prepare(t, arguments, &all, &p, call->why)) {
		must(buf_append(&p.url, "", 1) == 0);
		if (key != NULL)
			tool_set_key(p.headers, key);
		if (t->record.mcp_tool.len > 0)
			tool_call_start_mcp(call, t, &p, timeout_ms);
		else
			call->post = tool_http_start(http,
			    &(struct tool_request){
				.url = (const char *)buf_data(&p.url),
				.post = t->record.method == TOOL_POST,
				.body = buf_slice(&p.body),
				.headers = p.headers,
				.timeout_ms = timeout_ms,
				.once = call->acts,
			    },
			    tool_call_on_answer, call);
	} else {
		evtimer_add(&call->timer, &now);
	}
	tool_prepared_clear(&p);
	return call;
}

void
tool_call_cancel(struct tool_call *call)
{
	if (call->post != NULL)
		tool_http_cancel(call->post);
	if (call->mcp != NULL)
		mcp_call_cancel(call->mcp);
	tool_call_free(call);
}
