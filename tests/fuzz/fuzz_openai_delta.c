/*
 * The data of one event from the model, which may be anything: extracted text is valid UTF-8,
 * because it is stored and forwarded unchanged, and the fast path gives the same result as jansson.
 */
#include <jansson.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/model/openai/openai_error.h"
#include "workerd/model/openai/openai_fast.h"

static void
check_delta(struct slice data, const struct openai_delta *d)
{
	must(d->kind != OPENAI_DONE || memmem(data.p, data.len, "[DONE]", 6) != NULL);
	must(!slice_eq_str(data, "[DONE]") || d->kind == OPENAI_DONE);
	if (d->kind == OPENAI_TEXT || d->kind == OPENAI_ERROR)
		must(d->text.p != NULL && utf8_valid(d->text));
	else
		must(d->text.len == 0);
	must(d->kind != OPENAI_TEXT || d->text.len > 0);
	must(d->has_usage || (d->prompt_tokens == 0 && d->completion_tokens == 0));
}

/* The incomplete end starts a character, and becomes one when the stream ends. */
static void
check_halves(struct utf8_reassembly *reassembly)
{
	struct slice rest;

	must(reassembly->len <= UTF8_REASSEMBLY_PENDING_MAX);
	rest = utf8_reassembly_end(reassembly);
	must(utf8_valid(rest) && reassembly->len == 0);
}

/* An incomplete character of the previous event changes only the text's start. */
static void
check_after_a_half(struct slice data, const struct openai_delta *d)
{
	struct utf8_reassembly reassembly = {.pending = {0xf0, 0x9f, 0x8c}, .len = 3};
	struct openai_delta after;

	openai_delta_read(&reassembly, data, &after);
	check_delta(data, &after);
	must(after.finish == d->finish && after.has_usage == d->has_usage);
	must((after.kind == OPENAI_BAD) == (d->kind == OPENAI_BAD));
	must(after.kind == d->kind || d->kind == OPENAI_NOTHING || d->kind == OPENAI_TEXT);
	if (after.kind == OPENAI_ERROR)
		must(slice_eq(after.text, d->text) && reassembly.len == 3);
	openai_delta_clear(&after);
}

/* What the fast path accepts is JSON for jansson, too, with the same result. */
static void
check_both_ways(struct slice data, const struct openai_delta *d)
{
	struct utf8_reassembly reassembly = {.len = 0};
	struct openai_fast usual;
	struct openai_delta tree;
	struct buf unescaped;
	json_t *root;

	buf_init(&unescaped, data.len);
	if (openai_fast_read(data, &unescaped, &usual)) {
		root = json_loadb((const char *)data.p, data.len,
		    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		must(root != NULL);
		json_decref(root);
		openai_delta_read_tree(&reassembly, data, &tree);
		must(tree.kind == d->kind && slice_eq(tree.text, d->text));
		must(tree.item == d->item && tree.ends == d->ends);
		must(tree.finish == d->finish && !tree.has_usage && !d->has_usage);
		must(reassembly.len == 0 && slice_eq(usual.content, d->text));
		openai_delta_clear(&tree);
	}
	buf_clear(&unescaped);
}

/* An error response's message for the log, in memory of exactly the given size. */
static void
check_error_message(struct slice body)
{
	static const size_t sizes[] = {1, 2, 7, 200};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *out = malloc(sizes[i]);

		must(out != NULL);
		openai_error_message(body, out, sizes[i]);
		must(memchr(out, '\0', sizes[i]) != NULL && utf8_valid(slice_str(out)));
		free(out);
	}
}

FUZZ(openai_delta)
{
	struct utf8_reassembly reassembly = {.len = 0};
	struct openai_delta d;

	openai_delta_read(&reassembly, in, &d);
	check_delta(in, &d);
	check_halves(&reassembly);
	check_after_a_half(in, &d);
	check_both_ways(in, &d);
	openai_delta_clear(&d);
	check_error_message(in);
}
