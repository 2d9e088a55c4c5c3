/*
 * Events and error responses, parsed with jansson, and repaired first if their strings are not
 * valid JSON.
 */
#include "workerd/model/openai/openai_delta.h"

#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "workerd/model/openai/openai_error.h"
#include "workerd/model/openai/openai_fast.h"
#include "workerd/model/openai/openai_finish.h"

static void
openai_delta_read_usage(const json_t *root, struct openai_delta *d)
{
	const json_t *usage = json_object_get(root, "usage");

	if (!json_is_object(usage))
		return;
	d->has_usage = true;
	d->prompt_tokens = openai_json_number(json_object_get(usage, "prompt_tokens"));
	d->completion_tokens = openai_json_number(json_object_get(usage, "completion_tokens"));
}

/* One string, the usual case, is not copied; several are concatenated. */
static int
openai_delta_add_string(struct openai_delta *d, const json_t *string)
{
	struct slice text = openai_json_string(string);

	if (text.len == 0)
		return 0;
	if (d->text.len == 0) {
		d->text = text;
		return 0;
	}
	if (buf_len(&d->built) == 0 && buf_append(&d->built, d->text.p, d->text.len) == -1)
		return -1;
	if (buf_append(&d->built, text.p, text.len) == -1)
		return -1;
	d->text = buf_slice(&d->built);
	return 0;
}

/* Content as an array of parts: text and refusals, without reasoning. */
static int
openai_delta_add_parts(struct openai_delta *d, const json_t *parts)
{
	static const char *const kinds[] = {"text", "output_text", "refusal"};

	/* One part without an array around it. */
	const size_t n = json_is_object(parts) ? 1 : json_array_size(parts);

	for (size_t i = 0; i < n; i++) {
		const json_t *part = json_is_object(parts) ? parts : json_array_get(parts, i);
		struct slice type = openai_json_string(json_object_get(part, "type"));

		if (openai_delta_add_string(d, part) == -1)
			return -1;
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			const char *member = k < 2 ? "text" : kinds[k];

			if (slice_eq_str(type, kinds[k]) &&
			    openai_delta_add_string(d, json_object_get(part, member)) == -1)
				return -1;
		}
	}
	return 0;
}

/* The first of several choices (n). Without an index there is only one. */
static const json_t *
openai_delta_first_choice(const json_t *root)
{
	const json_t *choices = json_object_get(root, "choices");

	for (size_t i = 0; i < json_array_size(choices); i++) {
		const json_t *choice = json_array_get(choices, i);

		if (json_number_value(json_object_get(choice, "index")) == 0)
			return choice;
	}
	return NULL;
}

/* The name in a call, without the namespace of gpt-oss. */
static struct slice
openai_delta_tool_name(const json_t *call)
{
	static const char namespace[] = "functions.";
	const json_t *function = json_object_get(call, "function");
	struct slice name =
	    openai_json_string(json_object_get(function == NULL ? call : function, "name"));
	const size_t n = strlen(namespace);

	if (name.len >= n && memcmp(name.p, namespace, n) == 0)
		name = (struct slice){name.p + n, name.len - n};
	return name;
}

/* The name of the first tool that an event calls. The names have ASCII characters only, so they need no
 * repair. */
static void
openai_delta_read_tool(const json_t *delta, struct openai_delta *d)
{
	const json_t *calls = json_object_get(delta, "tool_calls");
	const size_t n = json_is_object(calls) ? 1 : json_array_size(calls);

	for (size_t i = 0; i < n && d->tool.len == 0; i++) {
		const json_t *call = json_is_object(calls) ? calls : json_array_get(calls, i);

		d->tool = openai_delta_tool_name(call);
		d->tool_call = openai_json_number(json_object_get(call, "index"));
	}
	/* The form before tools. */
	if (d->tool.len == 0)
		d->tool = openai_delta_tool_name(json_object_get(delta, "function_call"));
}

/* The content of a choice without a delta: its message, or the text of a completion. */
static const json_t *
openai_delta_whole(const json_t *choice, struct openai_delta *d)
{
	const json_t *message = json_object_get(choice, "message");

	if (!json_is_object(message))
		message = json_object_get(choice, "text");
	d->whole = json_is_object(message) || json_is_string(message);
	return message;
}

static int
openai_delta_read_choice(const json_t *choice, struct openai_delta *d)
{
	static const char *const thoughts[] = {"reasoning_content", "reasoning", "thinking"};
	const json_t *delta = json_object_get(choice, "delta"), *content;

	d->finish =
	    openai_finish_of(openai_json_string(json_object_get(choice, "finish_reason")));
	if (!json_is_object(delta) && !json_is_string(delta))
		delta = openai_delta_whole(choice, d);
	content = json_is_string(delta) ? delta : json_object_get(delta, "content");
	openai_delta_read_tool(delta, d);
	for (size_t i = 0; i < ARRAY_LEN(thoughts); i++)
		d->thinks |= json_string_length(json_object_get(delta, thoughts[i])) > 0;
	if (openai_delta_add_string(d, content) == -1 ||
	    openai_delta_add_parts(d, content) == -1)
		return -1;
	return openai_delta_add_string(d, json_object_get(delta, "refusal"));
}

/* Joins the text to an incomplete character of the event before, if there is one. */
static int
openai_delta_finish_text(
    struct utf8_reassembly *reassembly, struct openai_delta *d, bool repaired)
{
	struct buf out;

	if (d->text.len == 0)
		return 0;
	if (repaired || reassembly->len > 0) {
		buf_init(&out, UTF8_REASSEMBLY_ROOM(d->text.len));
		if (openai_json_decode(reassembly, &out, d->text, repaired) == -1) {
			buf_clear(&out);
			return -1;
		}
		buf_clear(&d->built);
		d->built = out;
		d->text = buf_slice(&d->built);
	}
	if (d->text.len > 0)
		d->kind = OPENAI_TEXT;
	return 0;
}

static int
openai_delta_finish_error(const json_t *error, struct openai_delta *d, bool repaired)
{
	d->kind = OPENAI_ERROR;
	buf_clear(&d->built);
	if (openai_error_text(&d->built, error, repaired) == -1)
		return -1;
	d->text = buf_len(&d->built) > 0 ? buf_slice(&d->built) : slice_str("no message");
	return 0;
}

/* The fast path for nearly all events. false: not applicable. */
static bool
openai_delta_read_fast(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d)
{
	struct openai_fast usual;

	if (!openai_fast_read(data, &d->built, &usual))
		return false;
	d->text = usual.content;
	d->finish = openai_finish_of(usual.finish_reason);
	d->thinks = usual.thinks;
	d->item = usual.item;
	return openai_delta_finish_text(reassembly, d, false) == 0;
}

static const char responses_prefix[] = "response.";

static struct slice
openai_responses_type(const json_t *object)
{
	return openai_json_string(json_object_get(object, "type"));
}

static bool
openai_responses_begins(struct slice type, const char *with)
{
	return type.len >= strlen(with) && memcmp(type.p, with, strlen(with)) == 0;
}

/* Whether the JSON is an event of the Responses API (platform.openai.com, API reference, "Responses", "Streaming events"),
 * which says so in its type, or a response of it in one piece. */
static bool
openai_responses_is(const json_t *root)
{
	return openai_responses_begins(openai_responses_type(root), responses_prefix) ||
	    json_is_array(json_object_get(root, "output"));
}

static void
openai_responses_read_item(const json_t *item, uint32_t place, struct openai_delta *d)
{
	struct slice type = openai_responses_type(item);

	if (slice_eq_str(type, "reasoning"))
		d->thinks = true;
	if (!slice_eq_str(type, "function_call"))
		return;
	d->tool = openai_json_string(json_object_get(item, "name"));
	d->tool_call = place;
}

/* The items of a response that has ended. The reply is the first message among them: others repeat it, or continue it
 * for other readers. */
static int
openai_responses_read_output(const json_t *output, struct openai_delta *d)
{
	d->whole = true;
	for (size_t i = 0; i < json_array_size(output); i++) {
		const json_t *item = json_array_get(output, i);

		openai_responses_read_item(item, (uint32_t)i, d);
		if (d->text.len == 0 && slice_eq_str(openai_responses_type(item), "message") &&
		    openai_delta_add_parts(d, json_object_get(item, "content")) == -1)
			return -1;
	}
	return 0;
}

static void
openai_responses_read_usage(const json_t *usage, struct openai_delta *d)
{
	if (!json_is_object(usage))
		return;
	d->has_usage = true;
	d->prompt_tokens = openai_json_number(json_object_get(usage, "input_tokens"));
	d->completion_tokens = openai_json_number(json_object_get(usage, "output_tokens"));
}

/* How a response with this status has ended. One that is incomplete without a known reason has met a limit. */
static enum openai_finish
openai_responses_finish(const json_t *response, struct slice status)
{
	const json_t *why = json_object_get(response, "incomplete_details");
	enum openai_finish finish;

	if (slice_eq_str(status, "completed"))
		return OPENAI_STOPPED;
	if (slice_eq_str(status, "failed") || slice_eq_str(status, "cancelled"))
		return OPENAI_FAILED;
	if (!slice_eq_str(status, "incomplete"))
		return OPENAI_GOES_ON;
	finish = openai_finish_of(openai_json_string(json_object_get(why, "reason")));
	return finish == OPENAI_GOES_ON ? OPENAI_LENGTH : finish;
}

static int
openai_responses_read(const json_t *root, struct openai_delta *d)
{
	const json_t *response = json_object_get(root, "response");
	struct slice type = openai_responses_type(root);

	/* One in one piece has its status in place of a type. */
	if (openai_responses_begins(type, responses_prefix)) {
		type = (struct slice){
		    type.p + strlen(responses_prefix), type.len - strlen(responses_prefix)};
		if (slice_eq_str(type, "done"))
			type = openai_json_string(json_object_get(response, "status"));
	} else {
		response = root;
		type = openai_json_string(json_object_get(root, "status"));
	}
	d->finish = openai_responses_finish(response, type);
	if (d->finish != OPENAI_GOES_ON) {
		d->ends = true;
		openai_responses_read_usage(json_object_get(response, "usage"), d);
		return openai_responses_read_output(json_object_get(response, "output"), d);
	}
	d->item = openai_json_number(json_object_get(root, "output_index"));
	openai_responses_read_item(json_object_get(root, "item"), d->item, d);
	d->thinks |= openai_responses_begins(type, "reasoning");
	if (slice_eq_str(type, "output_text.delta") || slice_eq_str(type, "refusal.delta"))
		return openai_delta_add_string(d, json_object_get(root, "delta"));
	return 0;
}

static int
openai_delta_read_json(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d)
{
	struct openai_json l = openai_json_load(data);
	const json_t *error = openai_error_find(l.root);
	const json_t *choice;

	d->json = l.root;
	if (error != NULL) {
		openai_delta_read_usage(l.root, d);
		openai_responses_read_usage(
		    json_object_get(json_object_get(l.root, "response"), "usage"), d);
	}
	if (error != NULL)
		return openai_delta_finish_error(error, d, l.repaired);
	if (json_is_null(l.root))
		return 0;
	if (!json_is_object(l.root))
		return -1;
	if (openai_responses_is(l.root))
		return openai_responses_read(l.root, d) == -1
		    ? -1
		    : openai_delta_finish_text(reassembly, d, l.repaired);
	openai_delta_read_usage(l.root, d);
	if (json_is_true(json_object_get(l.root, "done")) &&
	    json_object_get(l.root, "choices") == NULL)
		d->ends = true;
	choice = openai_delta_first_choice(l.root);
	if (choice != NULL && openai_delta_read_choice(choice, d) == -1)
		return -1;
	return openai_delta_finish_text(reassembly, d, l.repaired);
}

static bool
openai_delta_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without the surrounding white space, and a byte order mark. An empty result is a keep-alive. */
static struct slice
openai_delta_trim(struct slice data)
{
	if (data.len >= 3 && memcmp(data.p, "\xef\xbb\xbf", 3) == 0)
		data = (struct slice){data.p + 3, data.len - 3};
	while (data.len > 0 && openai_delta_is_space(*data.p))
		data = (struct slice){data.p + 1, data.len - 1};
	while (data.len > 0 && openai_delta_is_space(data.p[data.len - 1]))
		data.len--;
	return data;
}

/* [DONE] in any case, perhaps as a JSON string. */
static bool
openai_delta_is_done(struct slice data)
{
	static const char done[] = "[done]";

	if (data.len == strlen(done) + 2 && *data.p == '"' && data.p[data.len - 1] == '"')
		data = (struct slice){data.p + 1, data.len - 2};
	return data.len == strlen(done) &&
	    strncasecmp((const char *)data.p, done, strlen(done)) == 0;
}

void
openai_delta_read(struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d)
{
	*d = (struct openai_delta){.kind = OPENAI_NOTHING};
	data = openai_delta_trim(data);
	buf_init(&d->built, data.len * 3);
	if (data.len == 0)
		return;
	if (openai_delta_is_done(data)) {
		d->kind = OPENAI_DONE;
		return;
	}
	if (openai_delta_read_fast(reassembly, data, d))
		return;
	openai_delta_clear(d);
	openai_delta_read_tree(reassembly, data, d);
}

void
openai_delta_read_tree(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d)
{
	*d = (struct openai_delta){.kind = OPENAI_NOTHING};
	buf_init(&d->built, data.len * 3);
	if (openai_delta_read_json(reassembly, data, d) == -1) {
		openai_delta_clear(d);
		*d = (struct openai_delta){.kind = OPENAI_BAD};
	}
}

void
openai_delta_clear(struct openai_delta *d)
{
	json_decref(d->json);
	d->json = NULL;
	buf_clear(&d->built);
}
