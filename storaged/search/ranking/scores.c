/*
 * At most half of the slots are taken.
 */
#include "storaged/search/ranking/scores.h"

#include <stdlib.h>

#include "proto/base/basics.h"

void
scores_clear(struct scores *scores)
{
	free(scores->slots);
	*scores = (struct scores){0};
}

static size_t
scores_slot(const struct scores *scores, int64_t row)
{
	size_t i = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (scores->size - 1);

	while (scores->slots[i].row != 0 && scores->slots[i].row != row)
		i = (i + 1) & (scores->size - 1);
	return i;
}

static void
scores_grow(struct scores *scores)
{
	struct scores larger = {
	    .n = scores->n, .size = scores->size == 0 ? 4096 : 2 * scores->size};

	larger.slots = xcalloc(larger.size, sizeof(*larger.slots));
	for (size_t i = 0; i < scores->size; i++)
		if (scores->slots[i].row != 0)
			larger.slots[scores_slot(&larger, scores->slots[i].row)] =
			    scores->slots[i];
	free(scores->slots);
	*scores = larger;
}

struct ranked *
scores_of(struct scores *scores, int64_t row)
{
	struct ranked *slot;

	if (2 * scores->n >= scores->size)
		scores_grow(scores);
	slot = &scores->slots[scores_slot(scores, row)];
	if (slot->row == 0) {
		slot->row = row;
		scores->n++;
	}
	return slot;
}
