/*
 * The steps of a visitor, and the durations of its requests.
 */
#include "tests/bench/store_load.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define DURATIONS_MAX ((size_t)1 << 22)

/* Some 100 bytes, with two-byte characters, like real messages. */
#define SENTENCE                                                                              \
	"Grüße! I ordered the small café table last week, and would like to know when it " \
	"leaves. "

static const char question[] = SENTENCE;
static const char reply[] = SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE;

void
load_init(struct load *load, size_t n, unsigned turns)
{
	must(n >= 1 && n <= SLOTS_MAX);
	memset(load, 0, sizeof(*load));
	load->n = n;
	for (size_t i = 0; i < n; i++)
		load->slots[i].turns = turns;
}

enum append
slot_advance(struct slot *slot)
{
	if (slot->messages == 2 * (uint64_t)slot->turns)
		*slot = (struct slot){.turns = slot->turns};
	if (slot->messages++ == 0) {
		slot->conversation = id_new();
		id_format(&slot->conversation, slot->session);
	}
	if (slot->messages % 2 == 0) {
		slot->message = slot->turn;
		return APPEND_REPLY;
	}
	slot->message = id_new();
	slot->turn = id_new();
	return APPEND_QUESTION;
}

struct slice
load_text(enum append kind)
{
	return slice_str(kind == APPEND_QUESTION ? question : reply);
}

uint64_t
load_done(const struct load *load)
{
	uint64_t n = 0;

	for (size_t i = 0; i < load->n; i++)
		n += load->done[i];
	return n;
}

void
durations_add(struct durations *d, uint64_t ns)
{
	if (d->n == DURATIONS_MAX)
		return;
	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 4096 : 2 * d->cap;
		d->ns = realloc(d->ns, d->cap * sizeof(*d->ns));
		must(d->ns != NULL);
	}
	d->ns[d->n++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double
durations_quantile(struct durations *d, double p)
{
	if (d->n == 0)
		return 0;
	qsort(d->ns, d->n, sizeof(*d->ns), compare);
	return d->ns[(size_t)(p * (double)(d->n - 1))];
}

void
durations_clear(struct durations *d)
{
	free(d->ns);
	*d = (struct durations){0};
}
