/*
 * A model's events and error answers, read by jansson.
 */
#include "workerd/chat/openai_delta.h"

#include <jansson.h>
#include <string.h>

#include "proto/utf8.h"

/* Depth is jansson's own limit (2048); an event's size is bounded by the reader. */
#define LOAD_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

static uint32_t
token_count(const json_t *usage, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(usage, key));

	return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void
read_usage(const json_t *root, struct openai_delta *d)
{
	const json_t *usage = json_object_get(root, "usage");

	if (!json_is_object(usage))
		return;
	d->has_usage = true;
	d->prompt_tokens = token_count(usage, "prompt_tokens");
	d->completion_tokens = token_count(usage, "completion_tokens");
}

/* An error object's message; some servers send the error as plain text. */
static struct slice
error_text(const json_t *error)
{
	const json_t *message =
	    json_is_object(error) ? json_object_get(error, "message") : error;

	if (!json_is_string(message))
		return slice_str("no message");
	return (struct slice){
	    (const uint8_t *)json_string_value(message), json_string_length(message)};
}

static void
read_choice(const json_t *choice, struct openai_delta *d)
{
	const json_t *delta = json_object_get(choice, "delta");
	const json_t *content = json_object_get(delta, "content");

	d->has_finish = json_is_string(json_object_get(choice, "finish_reason"));
	if (!json_is_string(content) || json_string_length(content) == 0)
		return;
	d->kind = OPENAI_TEXT;
	d->text = (struct slice){
	    (const uint8_t *)json_string_value(content), json_string_length(content)};
}

/* Parses data as it is or, when that is no UTF-8, with the bad bytes replaced. */
static json_t *
load(struct slice data)
{
	struct buf repaired;
	json_t *root = NULL;

	if (utf8_valid(data))
		return json_loadb((const char *)data.p, data.len, LOAD_FLAGS, NULL);
	buf_init(&repaired, 3 * data.len);
	if (utf8_repair(&repaired, data) == 0)
		root = json_loadb(
		    (const char *)buf_data(&repaired), buf_len(&repaired), LOAD_FLAGS, NULL);
	buf_clear(&repaired);
	return root;
}

void
openai_delta_read(struct slice data, struct openai_delta *d)
{
	const json_t *error, *choices;

	*d = (struct openai_delta){.kind = OPENAI_NOTHING};
	if (slice_eq_str(data, "[DONE]")) {
		d->kind = OPENAI_DONE;
		return;
	}
	d->json = load(data);
	if (!json_is_object(d->json)) {
		d->kind = OPENAI_BAD;
		return;
	}
	error = json_object_get(d->json, "error");
	if (error != NULL && !json_is_null(error)) {
		d->kind = OPENAI_ERROR;
		d->text = error_text(error);
		return;
	}
	read_usage(d->json, d);
	choices = json_object_get(d->json, "choices");
	if (json_array_size(choices) > 0)
		read_choice(json_array_get(choices, 0), d);
}

void
openai_delta_clear(struct openai_delta *d)
{
	json_decref(d->json);
	d->json = NULL;
}

void
openai_error_message(struct slice body, char *out, size_t size)
{
	json_t *root = load(body);
	const json_t *error = json_object_get(root, "error");

	*out = '\0';
	if (error != NULL) {
		struct slice text = error_text(error);
		struct slice cut = {text.p, text.len < size - 1 ? text.len : size - 1};

		memcpy(out, cut.p, cut.len);
		out[cut.len] = '\0';
	}
	json_decref(root);
}
