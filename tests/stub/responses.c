#include "tests/stub/responses.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/basics.h"

#define MESSAGE_PLACE 1 /* in the output, behind the reasoning */
#define CALL_PLACE    2

static void
responses_start(struct chat *c, struct buf *out, const char *type)
{
	putf(out, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%" PRIu32, type, type,
	    c->sequence++);
}

[[gnu::format(printf, 4, 5)]] static void
responses_event(struct chat *c, struct buf *out, const char *type, const char *members, ...)
{
	va_list args;
	char *text;

	va_start(args, members);
	must(vasprintf(&text, members, args) != -1);
	va_end(args);
	responses_start(c, out, type);
	putf(out, ",%s}\n\n", text);
	free(text);
}

/* The response as it is now: its output is a JSON array. */
static void
responses_add_response(
    struct chat *c, struct buf *out, const char *status, const char *reason, const char *output)
{
	putf(out,
	    ",\"response\":{\"id\":\"resp_stub%016" PRIx64
	    "\",\"object\":\"response\",\"created_at\":%lld,\"status\":\"%s\",\"background\":"
	    "false,\"error\":null,\"incomplete_details\":",
	    c->id, (long long)time(NULL), status);
	if (reason == NULL)
		put_str(out, "null");
	else
		putf(out, "{\"reason\":\"%s\"}", reason);
	put_str(out,
	    ",\"instructions\":null,\"metadata\":{},\"parallel_tool_calls\":true,"
	    "\"temperature\":1.0,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":1.0,"
	    "\"store\":false,\"model\":\"");
	put_json(out, slice_str(c->call.model), false);
	putf(out, "\",\"output\":%s,\"usage\":", output);
	if (strcmp(status, "in_progress") == 0 || c->script.no_usage)
		put_str(out, "null");
	else
		putf(out,
		    "{\"input_tokens\":%" PRIu64
		    ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":%" PRIu32
		    ",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":"
		    "%" PRIu64 "}",
		    c->call.prompt_tokens, c->reply.next,
		    c->call.prompt_tokens + c->reply.next);
	put_str(out, "}}\n\n");
}

static char *
responses_reasoning(const struct chat *c)
{
	char *item;

	must(asprintf(&item,
		 "{\"id\":\"rs_stub%016" PRIx64
		 "\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":null}",
		 c->id) != -1);
	return item;
}

/* text: as in JSON; NULL: it is still empty. */
static char *
responses_message(const struct chat *c, const char *text)
{
	char *item;

	must(asprintf(&item,
		 "{\"id\":\"msg_stub%016" PRIx64 "\",\"type\":\"message\",\"status\":\"%s\","
		 "\"role\":\"assistant\",\"content\":[%s"
		 "%s%s]}",
		 c->id, text == NULL ? "in_progress" : "completed",
		 text == NULL ? ""
			      : "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],"
				"\"text\":\"",
		 text == NULL ? "" : text, text == NULL ? "" : "\"}") != -1);
	return item;
}

static void
responses_add_item(
    struct chat *c, struct buf *out, const char *type, unsigned place, const char *item)
{
	responses_event(c, out, type, "\"output_index\":%u,\"item\":%s", place, item);
}

void
responses_begin(struct chat *c, struct buf *out)
{
	char *reasoning = responses_reasoning(c), *message = responses_message(c, NULL);

	responses_start(c, out, "response.created");
	responses_add_response(c, out, "in_progress", NULL, "[]");
	responses_start(c, out, "response.in_progress");
	responses_add_response(c, out, "in_progress", NULL, "[]");
	responses_add_item(c, out, "response.output_item.added", 0, reasoning);
	responses_add_item(c, out, "response.output_item.done", 0, reasoning);
	responses_add_item(c, out, "response.output_item.added", MESSAGE_PLACE, message);
	responses_event(c, out, "response.content_part.added",
	    "\"item_id\":\"msg_stub%016" PRIx64
	    "\",\"output_index\":%d,\"content_index\":0,\"part\":{\"type\":\"output_text\","
	    "\"annotations\":[],\"logprobs\":[],\"text\":\"\"}",
	    c->id, MESSAGE_PLACE);
	free(reasoning);
	free(message);
}

void
responses_before_token(struct chat *c, struct buf *out)
{
	responses_start(c, out, "response.output_text.delta");
	putf(out,
	    ",\"item_id\":\"msg_stub%016" PRIx64
	    "\",\"output_index\":%d,\"content_index\":0,\"delta\":\"",
	    c->id, MESSAGE_PLACE);
	c->token_at = buf_len(out);
}

void
responses_after_token(struct chat *c, struct buf *out)
{
	put(&c->text, buf_data(out) + c->token_at, buf_len(out) - c->token_at);
	put_str(out, "\",\"logprobs\":[],\"obfuscation\":\"0fuscat10n\"}\n\n");
}

/* The call; empty: there is none. */
static char *
responses_add_call(struct chat *c, struct buf *out)
{
	char *item;

	if (!c->script.hand_over || !c->call.has_tools)
		return xstrdup("");
	must(
	    asprintf(&item,
		"{\"id\":\"fc_stub%016" PRIx64
		"\",\"type\":\"function_call\",\"status\":\"completed\",\"name\":\"hand_over\","
		"\"call_id\":\"call_stub\",\"arguments\":\"{}\"}",
		c->id) != -1);
	responses_add_item(c, out, "response.output_item.added", CALL_PLACE, item);
	responses_event(c, out, "response.function_call_arguments.done",
	    "\"item_id\":\"fc_stub%016" PRIx64
	    "\",\"output_index\":%d,\"name\":\"hand_over\",\"arguments\":\"{}\"",
	    c->id, CALL_PLACE);
	responses_add_item(c, out, "response.output_item.done", CALL_PLACE, item);
	return item;
}

void
responses_end(struct chat *c, struct buf *out)
{
	static const char *const reasons[][2] = {
	    {"length", "max_output_tokens"}, {"content_filter", "content_filter"}};
	char *reasoning = responses_reasoning(c), *message, *call, *output;
	const char *reason = NULL;

	put(&c->text, "", 1);
	message = responses_message(c, (const char *)buf_data(&c->text));
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(c->script.finish, reasons[i][0]) == 0)
			reason = reasons[i][1];
	responses_event(c, out, "response.output_text.done",
	    "\"item_id\":\"msg_stub%016" PRIx64
	    "\",\"output_index\":%d,\"content_index\":0,\"logprobs\":[],\"text\":\"%s\"",
	    c->id, MESSAGE_PLACE, (const char *)buf_data(&c->text));
	responses_add_item(c, out, "response.output_item.done", MESSAGE_PLACE, message);
	call = responses_add_call(c, out);
	must(asprintf(&output, "[%s,%s%s%s]", reasoning, message, *call == '\0' ? "" : ",",
		 call) != -1);
	responses_start(c, out, reason == NULL ? "response.completed" : "response.incomplete");
	responses_add_response(
	    c, out, reason == NULL ? "completed" : "incomplete", reason, output);
	free(output);
	free(call);
	free(message);
	free(reasoning);
}

void
responses_error(struct chat *c, const struct api_error *error, struct buf *out)
{
	responses_start(c, out, "error");
	putf(out, ",\"code\":\"%s\",\"message\":\"", error->type);
	put_json(out, slice_str(error->message), false);
	put_str(out, "\",\"param\":null}\n\n");
}
