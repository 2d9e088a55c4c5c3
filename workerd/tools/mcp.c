#include "workerd/tools/mcp.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/tools/mcp_message.h"
#include "workerd/tools/mcp_tool.h"

#define SESSION_MAX 512 /* bytes of a session's id */
#define LEAST_MS    50  /* less time is not worth a request */

enum phase {
	MCP_TOKEN, /* of the authorization server */
	MCP_INITIALIZE,
	MCP_INITIALIZED, /* the notification */
	MCP_LIST,
	MCP_CALL,
};

static const char *const methods[] = {[MCP_INITIALIZE] = "initialize",
    [MCP_INITIALIZED] = "notifications/initialized",
    [MCP_LIST] = "tools/list",
    [MCP_CALL] = "tools/call"};

struct mcp_call {
	struct tool_http *http;
	mcp_outcome_fn *fn;
	void *arg;
	char *url, *tool;
	json_t *headers, *arguments;
	struct hash256 pin;
	bool acts, lists;
	unsigned timeout_ms;
	uint64_t began_ms;

	enum mcp_version version;
	bool shook; /* the server was asked to begin by a handshake */
	enum phase phase;
	unsigned id; /* of the last request */
	char session[SESSION_MAX + 1];
	char *token_url, *client_id, *client_secret, *scope; /* of OAuth; NULL: none */
	struct hash256 client;
	bool renewed; /* a token was refused */
	struct tool_post *post;
	json_t *tools; /* that were read */
	json_t *cursor;
	unsigned pages;
};

static void mcp_call_send(struct mcp_call *c, enum phase phase);

static void
mcp_call_free(struct mcp_call *c)
{
	if (c->post != NULL)
		tool_http_cancel(c->post);
	json_decref(c->headers);
	json_decref(c->arguments);
	json_decref(c->tools);
	json_decref(c->cursor);
	if (c->client_secret != NULL)
		explicit_bzero(c->client_secret, strlen(c->client_secret));
	free(c->token_url);
	free(c->client_id);
	free(c->client_secret);
	free(c->scope);
	free(c->url);
	free(c->tool);
	free(c);
}

/* In place of one that the owner has set. */
static void
mcp_set_header(json_t *headers, const char *header, struct slice text)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(headers, next, name, value) if (strcasecmp(name, header) == 0)
	    json_object_del(headers, name);
	must(json_object_set_new(
		 headers, header, json_stringn((const char *)text.p, text.len)) == 0);
}

/* What the token depends on. */
static struct mcp_client
mcp_call_client(const struct mcp_call *c)
{
	return (struct mcp_client){.url = c->token_url,
	    .id = c->client_id,
	    .secret = c->client_secret,
	    .scope = c->scope,
	    .resource = c->url};
}

static void mcp_call_on_answer(void *arg, const struct tool_answer *answer);
static unsigned mcp_call_left(const struct mcp_call *c);

static void
mcp_call_ask_token(struct mcp_call *c)
{
	const struct mcp_client client = mcp_call_client(c);
	json_t *headers = json_object();
	struct buf form, header;

	c->phase = MCP_TOKEN;
	buf_init(&form, 16384);
	buf_init(&header, 16384);
	must(buf_reserve(&header, 8192) != NULL);
	mcp_client_write(&client, &form, &header);
	mcp_set_header(headers, "Authorization", buf_slice(&header));
	c->post = tool_http_start(c->http,
	    &(struct tool_request){.url = c->token_url,
		.post = true,
		.form = true,
		.body = buf_slice(&form),
		.headers = headers,
		.timeout_ms = mcp_call_left(c)},
	    mcp_call_on_answer, c);
	buf_clear(&form);
	buf_wipe(&header);
	json_decref(headers);
}

static void
mcp_call_set_token(struct mcp_call *c, const char *token)
{
	struct buf header;

	buf_init(&header, MCP_TOKEN_MAX + 16);
	must(buf_printf(&header, "Bearer %s", token) == 0);
	mcp_set_header(c->headers, "Authorization", buf_slice(&header));
	buf_wipe(&header);
}

static json_t *
mcp_call_headers(const struct mcp_call *c, enum phase phase)
{
	json_t *headers = json_copy(c->headers);
	struct buf name;

	must(headers != NULL);
	if (phase != MCP_INITIALIZE)
		mcp_set_header(
		    headers, "MCP-Protocol-Version", slice_str(mcp_version_words[c->version]));
	if (c->session[0] != '\0')
		mcp_set_header(headers, "Mcp-Session-Id", slice_str(c->session));
	if (c->version != MCP_2026_07_28)
		return headers;
	mcp_set_header(headers, "Mcp-Method", slice_str(methods[phase]));
	if (phase != MCP_CALL)
		return headers;
	buf_init(&name, 4 * MCP_NAME_MAX);
	mcp_header_write(slice_str(c->tool), &name);
	mcp_set_header(headers, "Mcp-Name", buf_slice(&name));
	buf_clear(&name);
	return headers;
}

/* The server may forget the session. */
static void
mcp_call_leave(struct mcp_call *c)
{
	json_t *headers;

	if (c->session[0] == '\0')
		return;
	headers = mcp_call_headers(c, MCP_LIST);
	tool_http_tell(c->http,
	    &(struct tool_request){
		.url = c->url, .delete = true, .headers = headers, .timeout_ms = 5000});
	json_decref(headers);
}

static void
mcp_call_end(struct mcp_call *c, struct mcp_outcome *outcome)
{
	outcome->ms = (unsigned)(clock_mono_ms() - c->began_ms);
	outcome->version = c->version;
	mcp_call_leave(c);
	c->fn(c->arg, outcome);
	mcp_call_free(c);
}

[[gnu::format(printf, 4, 5)]] static void
mcp_call_fail(struct mcp_call *c, const struct tool_answer *answer, enum step_state state,
    const char *format, ...)
{
	struct mcp_outcome outcome = {.state = state, .status = answer->status};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(outcome.error, sizeof(outcome.error), format, args);
	va_end(args);
	/* It may have been cut within a character of the server's text. */
	outcome.error[strlen(outcome.error) - utf8_incomplete_tail(slice_str(outcome.error))] =
	    '\0';
	mcp_call_end(c, &outcome);
}

/* The list is known: begins the call, or ends with the list. */
static void
mcp_call_on_list(struct mcp_call *c, const struct tool_answer *answer)
{
	struct mcp_outcome outcome = {
	    .state = STEP_DONE, .status = answer->status, .tools = c->tools};
	const json_t *tool = NULL;
	struct hash256 pin;

	if (c->lists) {
		mcp_call_end(c, &outcome);
		return;
	}
	for (size_t i = 0; i < json_array_size(c->tools) && tool == NULL; i++)
		if (slice_eq_str(mcp_tool_name(json_array_get(c->tools, i)), c->tool))
			tool = json_array_get(c->tools, i);
	if (tool != NULL) {
		pin = mcp_tool_pin(tool);
		if (hash_equal(&pin, &c->pin)) {
			mcp_call_send(c, MCP_CALL);
			return;
		}
	}
	outcome = (struct mcp_outcome){
	    .state = STEP_FAILED, .status = answer->status, .changed = true};
	(void)snprintf(outcome.error, sizeof(outcome.error),
	    "the tool's server has %s it: an owner must look at it first",
	    tool == NULL ? "removed" : "changed");
	mcp_call_end(c, &outcome);
}

static void
mcp_call_on_page(
    struct mcp_call *c, const struct tool_answer *answer, const struct mcp_response *r)
{
	json_t *page = json_object_get(r->result, "tools"), *tool;
	json_t *cursor = json_object_get(r->result, "nextCursor");
	size_t i;

	json_array_foreach (page, i, tool)
		if (json_array_size(c->tools) < MCP_TOOLS_MAX && mcp_tool_name(tool).len > 0)
			must(json_array_append(c->tools, tool) == 0);
	json_decref(c->cursor);
	c->cursor = json_is_string(cursor) ? json_incref(cursor) : NULL;
	if (c->cursor != NULL && ++c->pages < MCP_PAGES_MAX &&
	    json_array_size(c->tools) < MCP_TOOLS_MAX)
		mcp_call_send(c, MCP_LIST);
	else
		mcp_call_on_list(c, answer);
}

static void
mcp_call_on_initialize(
    struct mcp_call *c, const struct tool_answer *answer, const struct mcp_response *r)
{
	const char *version = json_string_value(json_object_get(r->result, "protocolVersion"));

	for (c->version = MCP_2025_11_25; mcp_version_words[c->version] != NULL; c->version++)
		if (version != NULL && strcmp(version, mcp_version_words[c->version]) == 0)
			break;
	if (mcp_version_words[c->version] == NULL) {
		c->version = MCP_2025_11_25;
		mcp_call_fail(c, answer, STEP_FAILED,
		    "the MCP server speaks a version that is not known: %.20s",
		    version == NULL ? "none" : version);
		return;
	}
	if (!slice_copy_text(answer->session, c->session, sizeof(c->session))) {
		mcp_call_fail(
		    c, answer, STEP_FAILED, "the MCP server's session has an invalid id");
		return;
	}
	mcp_call_send(c, MCP_INITIALIZED);
}

static void
mcp_call_on_result(
    struct mcp_call *c, const struct tool_answer *answer, const struct mcp_response *r)
{
	struct mcp_outcome outcome = {.state = STEP_DONE, .status = answer->status};
	json_t *content;

	if (mcp_result_wants_input(r->result)) {
		mcp_call_fail(c, answer, STEP_FAILED,
		    "the tool's server asks for something that cannot be given here");
		return;
	}
	content = mcp_result_content(r->result);
	outcome.content = content;
	if (json_is_true(json_object_get(r->result, "isError")))
		outcome.state = STEP_FAILED;
	mcp_call_end(c, &outcome);
	json_decref(content);
}

/* Whether what the server has answered to the first request may mean that it wants a handshake. */
static bool
mcp_call_wants_handshake(const struct mcp_call *c, const struct tool_answer *answer,
    const struct mcp_response *r, bool responded)
{
	const int status = answer->status;

	if (c->version != MCP_2026_07_28 || c->phase != MCP_LIST || c->shook || status == 0 ||
	    status == 401 || status == 403 || status == 429 || status >= 500)
		return false;
	if (!responded)
		return true;
	if (r->result == NULL)
		return r->code != MCP_HEADER_MISMATCH && r->code != MCP_MISSING_CAPABILITY;
	/* An older server may take the request for one of its own. */
	return json_object_get(r->result, "resultType") == NULL;
}

/* The first request to the server, with a token if it needs one. */
static void
mcp_call_begin(struct mcp_call *c)
{
	const char *token;

	if (c->token_url != NULL) {
		token = mcp_tokens_find(tool_http_tokens(c->http), &c->client, clock_mono_ms());
		if (token == NULL) {
			mcp_call_ask_token(c);
			return;
		}
		mcp_call_set_token(c, token);
	}
	mcp_call_send(c, c->shook ? MCP_INITIALIZE : MCP_LIST);
}

static void
mcp_call_on_token(struct mcp_call *c, const struct tool_answer *answer)
{
	const char *why = answer->error, *token = NULL;

	if (answer->error[0] == '\0')
		token = mcp_tokens_keep(
		    tool_http_tokens(c->http), &c->client, answer->body, clock_mono_ms(), &why);
	if (token == NULL) {
		mcp_call_fail(c, answer, STEP_FAILED,
		    answer->error[0] == '\0' ? "%s" : "no token by OAuth: %s", why);
		return;
	}
	mcp_call_set_token(c, token);
	mcp_call_send(c, c->shook ? MCP_INITIALIZE : MCP_LIST);
}

/* Whether a token that was kept is not valid any more, and another one is asked for. The call itself is not sent again. */
static bool
mcp_call_renews(struct mcp_call *c, const struct tool_answer *answer)
{
	if (answer->status != 401 || c->token_url == NULL || c->phase == MCP_TOKEN)
		return false;
	mcp_tokens_forget(tool_http_tokens(c->http), &c->client);
	if (c->renewed || c->phase == MCP_CALL)
		return false;
	c->renewed = true;
	return true;
}

/* What an answer that is no result says of the call. */
static enum step_state
mcp_call_state(const struct mcp_call *c, const struct tool_answer *answer,
    const struct mcp_response *r, bool responded)
{
	const bool refused = (answer->status >= 400 && answer->status < 500) || !answer->sent ||
	    (responded && mcp_error_is_refusal(r->code));

	return c->phase == MCP_CALL && c->acts && !refused ? STEP_UNKNOWN : STEP_FAILED;
}

static void
mcp_call_on_failure(struct mcp_call *c, const struct tool_answer *answer,
    const struct mcp_response *r, bool responded)
{
	const enum step_state state = mcp_call_state(c, answer, r, responded);

	if (responded)
		mcp_call_fail(
		    c, answer, state, "the tool's server refuses it: %.80s", r->message);
	else if (c->session[0] != '\0' && answer->status == 404)
		mcp_call_fail(c, answer, state, "the MCP server has ended the session");
	else if (answer->error[0] != '\0')
		mcp_call_fail(c, answer, state, "%s", answer->error);
	else
		mcp_call_fail(c, answer, state, "the tool's server did not answer as MCP says");
}

static void
mcp_call_on_answer(void *arg, const struct tool_answer *answer)
{
	struct mcp_call *c = arg;
	struct mcp_response r = {0};
	bool responded;

	c->post = NULL;
	if (c->phase == MCP_TOKEN) {
		mcp_call_on_token(c, answer);
		return;
	}
	if (mcp_call_renews(c, answer)) {
		mcp_call_begin(c);
		return;
	}
	responded = c->phase != MCP_INITIALIZED && answer->body.len > 0 &&
	    mcp_response_read(answer->body, answer->events, c->id, &r);
	if (mcp_call_wants_handshake(c, answer, &r, responded)) {
		c->shook = true;
		c->version = MCP_2025_11_25;
		mcp_call_send(c, MCP_INITIALIZE);
	} else if (c->phase == MCP_INITIALIZED && answer->error[0] == '\0') {
		mcp_call_send(c, MCP_LIST);
	} else if (!responded || r.result == NULL) {
		mcp_call_on_failure(c, answer, &r, responded);
	} else if (c->phase == MCP_INITIALIZE) {
		mcp_call_on_initialize(c, answer, &r);
	} else if (c->phase == MCP_LIST) {
		mcp_call_on_page(c, answer, &r);
	} else {
		mcp_call_on_result(c, answer, &r);
	}
	mcp_response_clear(&r);
}

/* tool_request.enough: some servers leave the stream open behind the response. */
static bool
mcp_call_has_response(void *arg, struct slice body)
{
	const struct mcp_call *c = arg;
	struct mcp_response r;

	if (body.len < 2 || (body.p[body.len - 2] != '\n' && body.p[body.len - 2] != '\r') ||
	    !mcp_response_read(body, true, c->id, &r))
		return false;
	mcp_response_clear(&r);
	return true;
}

static json_t *
mcp_call_params(const struct mcp_call *c, enum phase phase)
{
	json_t *params;

	if (phase == MCP_INITIALIZE)
		params = json_pack("{s:s, s:{}, s:{s:s, s:s}}", "protocolVersion",
		    mcp_version_words[c->version], "capabilities", "clientInfo", "name",
		    "banter", "version", BANTER_VERSION);
	else if (phase == MCP_CALL)
		params = json_pack("{s:s, s:O}", "name", c->tool, "arguments", c->arguments);
	else if (phase == MCP_LIST && c->cursor != NULL)
		params = json_pack("{s:O}", "cursor", c->cursor);
	else
		params = json_object();
	must(params != NULL);
	return params;
}

/* What is left of the time; a request always has a little, and ends by that. */
static unsigned
mcp_call_left(const struct mcp_call *c)
{
	const uint64_t gone = clock_mono_ms() - c->began_ms;

	return gone + LEAST_MS > c->timeout_ms ? LEAST_MS : c->timeout_ms - (unsigned)gone;
}

static void
mcp_call_send(struct mcp_call *c, enum phase phase)
{
	json_t *headers = mcp_call_headers(c, phase);
	char *body;

	c->phase = phase;
	c->id++;
	body = mcp_request_write(c->version, phase == MCP_INITIALIZED ? 0 : c->id,
	    methods[phase], mcp_call_params(c, phase));
	c->post = tool_http_start(c->http,
	    &(struct tool_request){
		.url = c->url,
		.post = true,
		.body = slice_str(body),
		.headers = headers,
		.timeout_ms = mcp_call_left(c),
		.once = true,
		.events = true,
		.answer_max = phase == MCP_LIST ? MCP_LIST_MAX : 0,
		.enough = mcp_call_has_response,
	    },
	    mcp_call_on_answer, c);
	free(body);
	json_decref(headers);
}

struct mcp_call *
mcp_call_start(
    struct tool_http *http, const struct mcp_request *request, mcp_outcome_fn *fn, void *arg)
{
	struct mcp_call *c = xcalloc(1, sizeof(*c));

	*c = (struct mcp_call){
	    .http = http,
	    .fn = fn,
	    .arg = arg,
	    .url = slice_strdup(slice_str(request->url)),
	    .tool = slice_strdup(request->tool),
	    .lists = request->tool.len == 0,
	    .headers =
		request->headers == NULL ? json_object() : json_deep_copy(request->headers),
	    .arguments =
		request->arguments == NULL ? json_object() : json_incref(request->arguments),
	    .pin = request->pin,
	    .acts = request->acts,
	    .timeout_ms = request->timeout_ms,
	    .began_ms = clock_mono_ms(),
	    .version = request->version,
	    .shook = request->version != MCP_2026_07_28,
	    .tools = json_array(),
	};
	must(c->headers != NULL && c->tools != NULL);
	if (request->client != NULL && request->client->url[0] != '\0') {
		c->token_url = slice_strdup(slice_str(request->client->url));
		c->client_id = slice_strdup(slice_str(request->client->id));
		c->client_secret = slice_strdup(slice_str(request->client->secret));
		c->scope = slice_strdup(slice_str(request->client->scope));
		c->client = mcp_client_hash(&(struct mcp_client){
		    c->token_url, c->client_id, c->client_secret, c->scope, c->url});
	}
	mcp_call_begin(c);
	return c;
}

void
mcp_call_cancel(struct mcp_call *call)
{
	mcp_call_leave(call);
	mcp_call_free(call);
}
