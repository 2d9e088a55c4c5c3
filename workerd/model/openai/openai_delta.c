/*
 * Events and error responses, parsed with jansson, and repaired first if their strings are not
 * valid JSON.
 */
#include "workerd/model/openai/openai_delta.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/model/openai/json_repair.h"
#include "workerd/model/openai/openai_fast.h"

/* jansson limits the depth (2048); the SSE reader limits an event's size. */
#define LOAD_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

struct openai_json {
	json_t *root;  /* NULL: not JSON */
	bool repaired; /* decode its strings with json_repair_undo() */
};

static json_t *
openai_delta_load_with(struct slice data, size_t flags)
{
	return json_loadb((const char *)data.p, data.len, LOAD_FLAGS | flags, NULL);
}

/* Parses data, repaired if jansson refuses it. The second attempt also accepts integers beyond
 * 64 bits. */
static struct openai_json
openai_delta_load(struct slice data)
{
	struct openai_json l = {.root = openai_delta_load_with(data, 0)};
	struct buf repaired;

	if (l.root != NULL)
		return l;
	l.repaired = true;
	buf_init(&repaired, 3 * data.len);
	if (json_repair(&repaired, data) == 0)
		l.root = openai_delta_load_with(buf_slice(&repaired), JSON_DECODE_INT_AS_REAL);
	buf_clear(&repaired);
	return l;
}

static struct slice
openai_delta_string_slice(const json_t *string)
{
	if (!json_is_string(string))
		return slice_str("");
	return (struct slice){
	    (const uint8_t *)json_string_value(string), json_string_length(string)};
}

/* Appends a string's text to out, joined to the incomplete character before it. */
static int
openai_delta_decode(
    struct utf8_reassembly *reassembly, struct buf *out, struct slice string, bool repaired)
{
	struct buf bytes;
	int result;

	if (!repaired)
		return utf8_reassembly_add(reassembly, out, string);
	buf_init(&bytes, string.len);
	result = json_repair_undo(&bytes, string);
	if (result == 0)
		result = utf8_reassembly_add(reassembly, out, buf_slice(&bytes));
	buf_clear(&bytes);
	return result;
}

static bool
openai_delta_is_empty_error(const json_t *error)
{
	return error == NULL || json_is_null(error) || json_is_false(error) ||
	    (json_is_number(error) && json_number_value(error) == 0) ||
	    (json_is_string(error) && json_string_length(error) == 0);
}

/* An error's message in any of its known forms; empty if there is none. */
static struct slice
openai_delta_error_text(const json_t *error)
{
	static const char *const members[] = {"message", "detail", "code", "type"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct slice text =
		    openai_delta_string_slice(json_object_get(error, members[i]));

		if (text.len > 0)
			return text;
	}
	return openai_delta_string_slice(error);
}

/* Writes an error's message to out, which it initializes. The text is independent of the
 * reply's. */
static int
openai_delta_error_message(struct buf *out, const json_t *error, bool repaired)
{
	struct slice text = openai_delta_error_text(error), rest;
	struct utf8_reassembly own = {.len = 0};

	buf_init(out, UTF8_REASSEMBLY_ROOM(text.len) + UTF8_REASSEMBLY_PENDING_MAX);
	if (openai_delta_decode(&own, out, text, repaired) == -1)
		return -1;
	rest = utf8_reassembly_end(&own);
	return buf_append(out, rest.p, rest.len);
}

/* An event's error, or NULL: at the top, in a choice (OpenRouter), or the event itself (vLLM).
 * Google's servers wrap it in an array. */
static const json_t *
openai_delta_event_error(const json_t *root)
{
	const json_t *error;

	if (json_is_array(root))
		root = json_array_get(root, 0);
	error = json_object_get(root, "error");
	if (!openai_delta_is_empty_error(error))
		return error;
	error = json_object_get(json_array_get(json_object_get(root, "choices"), 0), "error");
	if (!openai_delta_is_empty_error(error))
		return error;
	return slice_eq_str(openai_delta_string_slice(json_object_get(root, "object")), "error")
	    ? root
	    : NULL;
}

/* A number of any JSON type and size. */
static uint32_t
openai_delta_number(const json_t *object, const char *key)
{
	double n = json_number_value(json_object_get(object, key));

	return !(n > 0) ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void
openai_delta_read_usage(const json_t *root, struct openai_delta *d)
{
	const json_t *usage = json_object_get(root, "usage");

	if (!json_is_object(usage))
		return;
	d->has_usage = true;
	d->prompt_tokens = openai_delta_number(usage, "prompt_tokens");
	d->completion_tokens = openai_delta_number(usage, "completion_tokens");
}

/* One string, the usual case, is not copied; several are concatenated. */
static int
openai_delta_add_string(struct openai_delta *d, const json_t *string)
{
	struct slice text = openai_delta_string_slice(string);

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

	for (size_t i = 0; i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);
		struct slice type = openai_delta_string_slice(json_object_get(part, "type"));

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

/* The name of the first tool that an event calls. The names have ASCII characters only, so they need no
 * repair. */
static void
openai_delta_read_tool(const json_t *delta, struct openai_delta *d)
{
	const json_t *calls = json_object_get(delta, "tool_calls");

	for (size_t i = 0; i < json_array_size(calls) && d->tool.len == 0; i++) {
		const json_t *call = json_array_get(calls, i);

		d->tool = openai_delta_string_slice(
		    json_object_get(json_object_get(call, "function"), "name"));
		d->tool_call = openai_delta_number(call, "index");
	}
}

static int
openai_delta_read_choice(const json_t *choice, struct openai_delta *d)
{
	const json_t *delta = json_object_get(choice, "delta");
	const json_t *content = json_object_get(delta, "content");

	openai_delta_read_tool(delta, d);
	d->has_finish =
	    openai_delta_string_slice(json_object_get(choice, "finish_reason")).len > 0;
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
		if (openai_delta_decode(reassembly, &out, d->text, repaired) == -1) {
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
	if (openai_delta_error_message(&d->built, error, repaired) == -1)
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
	d->has_finish = usual.has_finish;
	return openai_delta_finish_text(reassembly, d, false) == 0;
}

static int
openai_delta_read_json(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d)
{
	struct openai_json l = openai_delta_load(data);
	const json_t *error = openai_delta_event_error(l.root);
	const json_t *choice;

	d->json = l.root;
	if (error != NULL)
		return openai_delta_finish_error(error, d, l.repaired);
	if (!json_is_object(l.root))
		return -1;
	openai_delta_read_usage(l.root, d);
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

/* Without the surrounding white space. An empty result is a keep-alive. */
static struct slice
openai_delta_trim(struct slice data)
{
	while (data.len > 0 && openai_delta_is_space(*data.p))
		data = (struct slice){data.p + 1, data.len - 1};
	while (data.len > 0 && openai_delta_is_space(data.p[data.len - 1]))
		data.len--;
	return data;
}

void
openai_delta_read(struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d)
{
	*d = (struct openai_delta){.kind = OPENAI_NOTHING};
	data = openai_delta_trim(data);
	buf_init(&d->built, data.len * 3);
	if (data.len == 0)
		return;
	if (slice_eq_str(data, "[DONE]")) {
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

/* The longest prefix that fits size bytes and ends between characters. */
static struct slice
openai_delta_cut(struct slice text, size_t size)
{
	if (text.len <= size)
		return text;
	text.len = size;
	text.len -= utf8_incomplete_tail(text);
	return text;
}

void
openai_error_message(struct slice body, char *out, size_t size)
{
	struct openai_json l = openai_delta_load(body);
	const json_t *error = openai_delta_event_error(l.root);
	struct slice text = slice_str("");
	struct buf message;

	/* Proxies in front of the model server use other forms: {"message"}, {"detail"}. */
	if (error == NULL)
		error = l.root;
	if (openai_delta_error_message(&message, error, l.repaired) == 0)
		text = openai_delta_cut(buf_slice(&message), size - 1);
	must(slice_copy(text, out, size - 1));
	out[text.len] = '\0';
	buf_clear(&message);
	json_decref(l.root);
}
