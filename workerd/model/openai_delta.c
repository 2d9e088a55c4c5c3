/*
 * A model's events and error answers, read by jansson; mended for it where their strings are not
 * what JSON allows.
 */
#include "workerd/model/openai_delta.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/utf8.h"
#include "workerd/model/json_repair.h"
#include "workerd/model/openai_fast.h"

/* Depth is jansson's own limit (2048); an event's size is bounded by the reader. */
#define LOAD_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

/* -- JSON that may need mending ------------------------------------------------------------ */

struct loaded {
	json_t *root; /* NULL: no JSON */
	bool mended;  /* its strings are to be read by json_repair_undo() */
};

static json_t *
load_with(struct slice data, size_t flags)
{
	return json_loadb((const char *)data.p, data.len, LOAD_FLAGS | flags, NULL);
}

/* Parses data as it is or, when jansson will not have that, mended; then an integer beyond 64 bits
 * is no fault either. */
static struct loaded
load(struct slice data)
{
	struct loaded l = {.root = load_with(data, 0)};
	struct buf mended;

	if (l.root != NULL)
		return l;
	l.mended = true;
	buf_init(&mended, 3 * data.len);
	if (json_repair(&mended, data) == 0)
		l.root = load_with(buf_slice(&mended), JSON_DECODE_INT_AS_REAL);
	buf_clear(&mended);
	return l;
}

static struct slice
string_slice(const json_t *string)
{
	if (!json_is_string(string))
		return slice_str("");
	return (struct slice){
	    (const uint8_t *)json_string_value(string), json_string_length(string)};
}

/* Makes text of a loaded string: what it really held, joined to what waits. */
static int
settle(struct utf8_reassembly *halves, struct buf *out, struct slice string, bool mended)
{
	struct buf bytes;
	int result;

	if (!mended)
		return utf8_reassembly_add(halves, out, string);
	buf_init(&bytes, string.len);
	result = json_repair_undo(&bytes, string);
	if (result == 0)
		result = utf8_reassembly_add(halves, out, buf_slice(&bytes));
	buf_clear(&bytes);
	return result;
}

/* -- errors -------------------------------------------------------------------------------- */

static bool
says_nothing(const json_t *error)
{
	return error == NULL || json_is_null(error) || json_is_false(error) ||
	    (json_is_number(error) && json_number_value(error) == 0) ||
	    (json_is_string(error) && json_string_length(error) == 0);
}

/* What stands for an error's message in one of its forms; empty when there is none. */
static struct slice
error_text(const json_t *error)
{
	static const char *const members[] = {"message", "detail", "code", "type"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct slice text = string_slice(json_object_get(error, members[i]));

		if (text.len > 0)
			return text;
	}
	return string_slice(error);
}

/* Makes an error's message the text of out, which takes on its size. It stands for itself: the
 * answer's halves are none of its own. */
static int
settle_message(struct buf *out, const json_t *error, bool mended)
{
	struct slice text = error_text(error), rest;
	struct utf8_reassembly own = {.len = 0};

	buf_init(out, UTF8_REASSEMBLY_ROOM(text.len) + UTF8_REASSEMBLY_PENDING_MAX);
	if (settle(&own, out, text, mended) == -1)
		return -1;
	rest = utf8_reassembly_end(&own);
	return buf_append(out, rest.p, rest.len);
}

/* The error of an event, NULL when it has none: at the top, within a choice (OpenRouter), or the
 * event itself (vLLM). Google's servers put a list around it. */
static const json_t *
event_error(const json_t *root)
{
	const json_t *error;

	if (json_is_array(root))
		root = json_array_get(root, 0);
	error = json_object_get(root, "error");
	if (!says_nothing(error))
		return error;
	error = json_object_get(json_array_get(json_object_get(root, "choices"), 0), "error");
	if (!says_nothing(error))
		return error;
	return slice_eq_str(string_slice(json_object_get(root, "object")), "error") ? root
										    : NULL;
}

/* -- events -------------------------------------------------------------------------------- */

/* A count that may be of any type and size. */
static uint32_t
token_count(const json_t *usage, const char *key)
{
	double n = json_number_value(json_object_get(usage, key));

	return !(n > 0) ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
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

/* A single string, as nearly always, stays where it is; more are put together. */
static int
add_string(struct openai_delta *d, const json_t *string)
{
	struct slice text = string_slice(string);

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

/* A list of parts, as content may be: those of text, and not those of thinking. */
static int
add_parts(struct openai_delta *d, const json_t *parts)
{
	static const char *const kinds[] = {"text", "output_text", "refusal"};

	for (size_t i = 0; i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);
		struct slice type = string_slice(json_object_get(part, "type"));

		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			const char *member = k < 2 ? "text" : kinds[k];

			if (slice_eq_str(type, kinds[k]) &&
			    add_string(d, json_object_get(part, member)) == -1)
				return -1;
		}
	}
	return 0;
}

/* Several answers may be asked for (n); ours is the first. Where none is numbered there is one. */
static const json_t *
our_choice(const json_t *root)
{
	const json_t *choices = json_object_get(root, "choices");

	for (size_t i = 0; i < json_array_size(choices); i++) {
		const json_t *choice = json_array_get(choices, i);

		if (json_number_value(json_object_get(choice, "index")) == 0)
			return choice;
	}
	return NULL;
}

static int
read_choice(const json_t *choice, struct openai_delta *d)
{
	const json_t *delta = json_object_get(choice, "delta");
	const json_t *content = json_object_get(delta, "content");

	d->has_finish = string_slice(json_object_get(choice, "finish_reason")).len > 0;
	if (add_string(d, content) == -1 || add_parts(d, content) == -1)
		return -1;
	return add_string(d, json_object_get(delta, "refusal"));
}

/* Joins the event's text to the half that may wait, or takes it as it is. */
static int
finish_text(struct utf8_reassembly *halves, struct openai_delta *d, bool mended)
{
	struct buf out;

	if (d->text.len == 0)
		return 0;
	if (mended || halves->len > 0) {
		buf_init(&out, UTF8_REASSEMBLY_ROOM(d->text.len));
		if (settle(halves, &out, d->text, mended) == -1) {
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
finish_error(const json_t *error, struct openai_delta *d, bool mended)
{
	d->kind = OPENAI_ERROR;
	if (settle_message(&d->built, error, mended) == -1)
		return -1;
	d->text = buf_len(&d->built) > 0 ? buf_slice(&d->built) : slice_str("no message");
	return 0;
}

/* The short way, for nearly all events; false: not for this one. */
static bool
read_usual(struct utf8_reassembly *halves, struct slice data, struct openai_delta *d)
{
	struct openai_fast usual;

	if (!openai_fast_read(data, &d->built, &usual))
		return false;
	d->text = usual.content;
	d->has_finish = usual.has_finish;
	return finish_text(halves, d, false) == 0;
}

static int
read_tree(struct utf8_reassembly *halves, struct slice data, struct openai_delta *d)
{
	struct loaded l = load(data);
	const json_t *error = event_error(l.root);
	const json_t *choice;

	d->json = l.root;
	if (error != NULL)
		return finish_error(error, d, l.mended);
	if (!json_is_object(l.root))
		return -1;
	read_usage(l.root, d);
	choice = our_choice(l.root);
	if (choice != NULL && read_choice(choice, d) == -1)
		return -1;
	return finish_text(halves, d, l.mended);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without JSON's white space around it, which may be all that there is: a sign of life. */
static struct slice
bare(struct slice data)
{
	while (data.len > 0 && is_space(*data.p))
		data = (struct slice){data.p + 1, data.len - 1};
	while (data.len > 0 && is_space(data.p[data.len - 1]))
		data.len--;
	return data;
}

void
openai_delta_read(struct utf8_reassembly *halves, struct slice data, struct openai_delta *d)
{
	*d = (struct openai_delta){.kind = OPENAI_NOTHING};
	data = bare(data);
	buf_init(&d->built, data.len * 3);
	if (data.len == 0)
		return;
	if (slice_eq_str(data, "[DONE]")) {
		d->kind = OPENAI_DONE;
		return;
	}
	if (read_usual(halves, data, d))
		return;
	openai_delta_clear(d);
	openai_delta_read_tree(halves, data, d);
}

void
openai_delta_read_tree(
    struct utf8_reassembly *halves, struct slice data, struct openai_delta *d)
{
	*d = (struct openai_delta){.kind = OPENAI_NOTHING};
	buf_init(&d->built, data.len * 3);
	if (read_tree(halves, data, d) == -1) {
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

/* -- error answers ------------------------------------------------------------------------- */

/* The longest start of text that fits size bytes and ends between characters. */
static struct slice
cut(struct slice text, size_t size)
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
	struct loaded l = load(body);
	const json_t *error = event_error(l.root);
	struct slice text = slice_str("");
	struct buf message;

	/* What stands before the model server has forms of its own: {"message"}, {"detail"}. */
	if (error == NULL)
		error = l.root;
	if (settle_message(&message, error, l.mended) == 0)
		text = cut(buf_slice(&message), size - 1);
	memcpy(out, text.p, text.len);
	out[text.len] = '\0';
	buf_clear(&message);
	json_decref(l.root);
}
