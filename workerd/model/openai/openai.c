/*
 * Written directly as text, without a JSON tree.
 */
#include "workerd/model/openai/openai.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "workerd/model/openai/hand_over.h"

/* A parameter, because some servers refuse a tool without one. */
static int
openai_add_tool(struct buf *body, bool responses)
{
	static const char function[] =
	    "\"name\":\"" HAND_OVER_TOOL
	    "\",\"description\":\"Hands the conversation over to a person\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{\"reason\":"
	    "{\"type\":\"string\"}}}";

	/* Without strict, the Responses API wants all parameters to be required. */
	return buf_printf(body, "{\"type\":\"function\",%s%s%s}",
	    responses ? "\"strict\":false," : "\"function\":{", function, responses ? "" : "}");
}

static int
openai_add_tools(struct buf *body, const struct openai_settings *s)
{
	if (!s->hand_over && s->tools.len == 0)
		return 0;
	if (buf_append_str(body, ",\"tools\":[") == -1 ||
	    (s->hand_over && openai_add_tool(body, s->responses) == -1) ||
	    (s->hand_over && s->tools.len > 0 && buf_append_str(body, ",") == -1) ||
	    buf_append(body, s->tools.p, s->tools.len) == -1)
		return -1;
	return buf_append_str(body, "]");
}

static int
openai_add_limit(struct buf *body, const struct openai_settings *s)
{
	if (s->max_completion_tokens == 0)
		return 0;
	return buf_printf(body, ",\"%s\":%" PRIu32,
	    s->responses        ? "max_output_tokens"
		: s->max_tokens ? "max_tokens"
				: "max_completion_tokens",
	    s->max_completion_tokens);
}

static int
openai_add_reasoning(struct buf *body, const struct openai_settings *s)
{
	if (s->reasoning_effort.len == 0)
		return 0;
	if (buf_append_str(body,
		s->responses ? ",\"reasoning\":{\"effort\":\"" : ",\"reasoning_effort\":\"") ==
		-1 ||
	    json_escape(body, s->reasoning_effort) == -1)
		return -1;
	return buf_append_str(body, s->responses ? "\"}" : "\"");
}

static int
openai_add_options(struct buf *body, const struct openai_settings *s)
{
	const struct setting_decimal *t = &s->temperature;

	if (s->usage &&
	    buf_append_str(body, ",\"stream_options\":{\"include_usage\":true}") == -1)
		return -1;
	if (openai_add_limit(body, s) == -1 || openai_add_tools(body, s) == -1)
		return -1;
	if (t->given &&
	    buf_printf(body, ",\"temperature\":%" PRIu32 ".%03" PRIu32, t->thousandths / 1000,
		t->thousandths % 1000) == -1)
		return -1;
	if (openai_add_reasoning(body, s) == -1)
		return -1;
	return buf_append(body, s->extra.p, s->extra.len);
}

/* Ends a message that may be continued. */
static int
openai_close_message(struct openai_request *r)
{
	const bool open = r->open;

	r->open = false;
	if (!open)
		return 0;
	return buf_append_str(r->body, !r->parts ? "\"}" : r->in_text ? "\"}]}" : "]}");
}

/* And begins the next item of the list. */
static int
openai_next_item(struct openai_request *r)
{
	if (openai_close_message(r) == -1)
		return -1;
	if (r->any && buf_append_str(r->body, ",") == -1)
		return -1;
	r->any = true;
	return 0;
}

static int
openai_open_text(struct openai_request *r)
{
	r->in_text = true;
	return buf_append_str(r->body,
	    !r->parts          ? "\""
		: r->responses ? "{\"type\":\"input_text\",\"text\":\""
			       : "{\"type\":\"text\",\"text\":\"");
}

/* Any message of the visitor may get pictures later, by one that is joined to it. */
static int
openai_open_message(struct openai_request *r, enum message_role role, const char *name)
{
	if (openai_next_item(r) == -1)
		return -1;
	r->open = true;
	r->role = role;
	r->parts = r->pictures != PICTURES_OFF && strcmp(name, "user") == 0;
	if (buf_printf(r->body, "{\"role\":\"%s\",\"content\":%s", name, r->parts ? "[" : "") ==
	    -1)
		return -1;
	return openai_open_text(r);
}

/* In the first user's message, the instructions are a message that the user's continues. */
static int
openai_add_instructions(struct openai_request *r, const struct openai_settings *s)
{
	static const char *const roles[] = {[OPENAI_SYSTEM] = "system",
	    [OPENAI_DEVELOPER] = "developer",
	    [OPENAI_IN_FIRST] = "user"};

	if (openai_open_message(r, MESSAGE_USER, roles[s->instructions]) == -1)
		return -1;
	r->own = s->instructions != OPENAI_IN_FIRST;
	return json_escape(r->body, s->system_prompt);
}

int
openai_begin(struct openai_request *r, struct buf *body, const struct openai_settings *settings)
{
	*r = (struct openai_request){
	    .body = body, .responses = settings->responses, .pictures = settings->pictures};
	if (buf_append_str(body, "{\"model\":\"") == -1 ||
	    json_escape(body, settings->model) == -1 ||
	    buf_append_str(body, "\",\"stream\":true") == -1 ||
	    (settings->unstored && buf_append_str(body, ",\"store\":false") == -1) ||
	    openai_add_options(body, settings) == -1 ||
	    buf_printf(body, ",\"%s\":[", settings->responses ? "input" : "messages") == -1)
		return -1;
	return openai_add_instructions(r, settings);
}

int
openai_add_message(struct openai_request *r, enum message_role role, struct slice text)
{
	if (role != MESSAGE_USER)
		role = MESSAGE_ASSISTANT;
	if (role == MESSAGE_ASSISTANT && !r->has_user)
		return 0;
	r->has_user = true;
	if (r->own || !r->open || r->role != role) {
		if (openai_open_message(r, role, role == MESSAGE_USER ? "user" : "assistant") ==
		    -1)
			return -1;
	} else if (r->in_text
		? buf_append_str(r->body, "\\n\\n") == -1
		: buf_append_str(r->body, ",") == -1 || openai_open_text(r) == -1) {
		return -1;
	}
	r->own = false;
	return json_escape(r->body, text);
}

static int
openai_add_base64(struct openai_request *r, struct slice bytes)
{
	const size_t n = 4 * ((bytes.len + 2) / 3);
	uint8_t *to;

	/* And its NUL. */
	if (bytes.len > INT_MAX / 2 || (to = buf_reserve(r->body, n + 1)) == NULL)
		return -1;
	must(EVP_EncodeBlock(to, bytes.p, (int)bytes.len) == (int)n);
	buf_commit(r->body, n);
	r->coded += n;
	return 0;
}

int
openai_add_picture(struct openai_request *r, const char *type, struct slice bytes)
{
	static const char *const details[] = {
	    [PICTURES_AUTO] = "auto", [PICTURES_LOW] = "low", [PICTURES_HIGH] = "high"};

	must(r->open && r->parts);
	if (buf_printf(r->body, "%s,{\"type\":\"%s\",\"image_url\":%s\"data:%s;base64,",
		r->in_text ? "\"}" : "", r->responses ? "input_image" : "image_url",
		r->responses ? "" : "{\"url\":", type) == -1)
		return -1;
	r->in_text = false;
	if (openai_add_base64(r, bytes) == -1)
		return -1;
	return buf_printf(
	    r->body, "\",\"detail\":\"%s\"}%s", details[r->pictures], r->responses ? "" : "}");
}

static int
openai_add_chat_call(struct openai_request *r, const struct openai_call *call, bool first)
{
	if (buf_printf(r->body,
		"%s{\"id\":\"call%05u\",\"type\":\"function\",\"function\":{\"name\":\"",
		first ? "" : ",", call->number) == -1 ||
	    json_escape(r->body, call->name) == -1 ||
	    buf_append_str(r->body, "\",\"arguments\":\"") == -1 ||
	    json_escape(r->body, call->arguments) == -1)
		return -1;
	return buf_append_str(r->body, "\"}}");
}

static int
openai_add_chat_result(struct openai_request *r, const struct openai_call *call)
{
	if (openai_next_item(r) == -1 ||
	    buf_printf(r->body,
		"{\"role\":\"tool\",\"tool_call_id\":\"call%05u\",\"content\":\"",
		call->number) == -1 ||
	    json_escape(r->body, call->result) == -1)
		return -1;
	return buf_append_str(r->body, "\"}");
}

/* One message of the model has all calls, and each result is a message. */
static int
openai_add_chat_calls(
    struct openai_request *r, struct slice said, const struct openai_call *calls, size_t n)
{
	int rc;

	if (openai_next_item(r) == -1 ||
	    buf_append_str(r->body, "{\"role\":\"assistant\",\"content\":\"") == -1 ||
	    json_escape(r->body, said) == -1 ||
	    buf_append_str(r->body, "\",\"tool_calls\":[") == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (openai_add_chat_call(r, &calls[i], i == 0) == -1)
			return -1;
	rc = buf_append_str(r->body, "]}");
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = openai_add_chat_result(r, &calls[i]);
	return rc;
}

/* A call and its result are items of their own. */
static int
openai_add_response_call(struct openai_request *r, const struct openai_call *call)
{
	if (openai_next_item(r) == -1 ||
	    buf_printf(r->body,
		"{\"type\":\"function_call\",\"call_id\":\"call%05u\",\"name\":\"",
		call->number) == -1 ||
	    json_escape(r->body, call->name) == -1 ||
	    buf_append_str(r->body, "\",\"arguments\":\"") == -1 ||
	    json_escape(r->body, call->arguments) == -1)
		return -1;
	return buf_append_str(r->body, "\"}");
}

static int
openai_add_response_result(struct openai_request *r, const struct openai_call *call)
{
	if (openai_next_item(r) == -1 ||
	    buf_printf(r->body,
		"{\"type\":\"function_call_output\",\"call_id\":\"call%05u\",\"output\":\"",
		call->number) == -1 ||
	    json_escape(r->body, call->result) == -1)
		return -1;
	return buf_append_str(r->body, "\"}");
}

static int
openai_add_response_calls(
    struct openai_request *r, struct slice said, const struct openai_call *calls, size_t n)
{
	int rc = said.len == 0 ? 0 : openai_add_message(r, MESSAGE_ASSISTANT, said);

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = openai_add_response_call(r, &calls[i]);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = openai_add_response_result(r, &calls[i]);
	return rc;
}

int
openai_add_calls(
    struct openai_request *r, struct slice said, const struct openai_call *calls, size_t n)
{
	return r->responses ? openai_add_response_calls(r, said, calls, n)
			    : openai_add_chat_calls(r, said, calls, n);
}

int
openai_end(struct openai_request *r)
{
	return openai_close_message(r) == -1 ? -1 : buf_append_str(r->body, "]}");
}
