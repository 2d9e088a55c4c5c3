/*
 * The data of one event from the model, which may be anything: what is taken for text is valid
 * UTF-8, because it is stored and sent on as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/chat/openai_delta.h"

static void
check_delta(struct slice data, const struct openai_delta *d)
{
	must((d->kind == OPENAI_DONE) == slice_eq_str(data, "[DONE]"));
	if (d->kind == OPENAI_TEXT || d->kind == OPENAI_ERROR)
		must(d->text.p != NULL && utf8_valid(d->text));
	else
		must(d->text.len == 0);
	must(d->kind != OPENAI_TEXT || d->text.len > 0);
	must(d->has_usage || (d->prompt_tokens == 0 && d->completion_tokens == 0));
}

/* Bad bytes are replaced before anything else is looked at. */
static void
check_repaired(struct slice data, const struct openai_delta *d)
{
	struct openai_delta again;
	struct buf text;

	buf_init(&text, 3 * data.len + 1);
	fuzz_text(&text, data);
	openai_delta_read(buf_slice(&text), &again);
	must(again.kind == d->kind && slice_eq(again.text, d->text));
	must(again.has_finish == d->has_finish && again.has_usage == d->has_usage);
	openai_delta_clear(&again);
	buf_clear(&text);
}

/* An error answer's message for the log, in memory of exactly the size that it is told. */
static void
check_error_message(struct slice body)
{
	static const size_t sizes[] = {1, 2, 7, 200};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *out = malloc(sizes[i]);

		must(out != NULL);
		openai_error_message(body, out, sizes[i]);
		must(memchr(out, '\0', sizes[i]) != NULL);
		free(out);
	}
}

int
fuzz_openai_delta(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy((struct slice){data, size});
	struct slice in = {copy, size};
	struct openai_delta d;

	openai_delta_read(in, &d);
	check_delta(in, &d);
	check_repaired(in, &d);
	openai_delta_clear(&d);
	check_error_message(in);
	free(copy);
	return 0;
}
