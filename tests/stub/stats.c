#include "tests/stub/stats.h"

#include <string.h>

static void
stats_clear_texts(struct stats_texts *texts)
{
	for (size_t i = 0; i < STATS_TEXTS; i++)
		buf_clear(&texts->text[i]);
}

void
stats_clear(struct stats *st)
{
	json_decref(st->last);
	stats_clear_texts(&st->messages);
	stats_clear_texts(&st->released);
}

void
stats_add_text(struct stats_texts *texts, struct slice text)
{
	struct buf *to = &texts->text[texts->n++ % STATS_TEXTS];

	buf_clear(to);
	*to = put_start();
	put_slice(to, text);
}

static size_t
stats_number_of(const struct stats_texts *texts)
{
	return texts->n < STATS_TEXTS ? texts->n : STATS_TEXTS;
}

static bool
stats_contains(struct slice s, struct slice part)
{
	return memmem(s.p, s.len, part.p, part.len) != NULL;
}

uint64_t
stats_count_messages(const struct stats *st, struct slice part)
{
	uint64_t n = 0;

	for (size_t i = 0; i < stats_number_of(&st->messages); i++)
		n += stats_contains(buf_slice(&st->messages.text[i]), part);
	return n;
}

bool
stats_fails(const struct stats *st, uint32_t times)
{
	struct slice newest = buf_slice(&st->messages.text[(st->messages.n - 1) % STATS_TEXTS]);
	uint32_t same = 0;

	for (size_t i = 0; i < stats_number_of(&st->messages); i++)
		same += slice_eq(buf_slice(&st->messages.text[i]), newest);
	return same <= times;
}

bool
stats_is_released(const struct stats *st, struct slice message)
{
	for (size_t i = 0; i < stats_number_of(&st->released); i++)
		if (stats_contains(message, buf_slice(&st->released.text[i])))
			return true;
	return false;
}

json_t *
stats_json(const struct stats *st)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "calls", (json_int_t)st->calls,
	    "active", (json_int_t)st->active, "client_disconnects",
	    (json_int_t)st->disconnected, "tokens", (json_int_t)st->tokens, "accepted",
	    (json_int_t)st->accepted, "embedding_calls", (json_int_t)st->embedding_calls,
	    "embedded_texts", (json_int_t)st->embedded_texts);
}
