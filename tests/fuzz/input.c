/*
 * Parsing of the targets' inputs.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"

#define STEP_MAX 32

const struct fuzz_cuts fuzz_bytewise = {{1, 1, 1, 1}, 0};
const struct fuzz_cuts fuzz_whole = {{0, 0, 0, 0}, 0};

uint8_t
fuzz_byte(struct slice *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

uint8_t *
fuzz_copy(struct slice s)
{
	uint8_t *copy = malloc(s.len);

	must(copy != NULL);
	memcpy(copy, s.p, s.len);
	return copy;
}

void
fuzz_text(struct buf *out, struct slice s)
{
	must(utf8_repair(out, s) == 0);
}

struct fuzz_cuts
fuzz_cuts(struct slice *in)
{
	struct fuzz_cuts cuts = {.next = 0};

	for (size_t i = 0; i < ARRAY_LEN(cuts.step); i++)
		cuts.step[i] = (uint8_t)((fuzz_byte(in) + STEP_MAX - 1) % STEP_MAX + 1);
	return cuts;
}

bool
fuzz_piece(struct fuzz_cuts *cuts, struct slice *rest, struct slice *piece)
{
	size_t step = cuts->step[cuts->next++ % ARRAY_LEN(cuts->step)];

	if (rest->len == 0)
		return false;
	if (step == 0 || step > rest->len)
		step = rest->len;
	*piece = (struct slice){rest->p, step};
	rest->p += step;
	rest->len -= step;
	return true;
}
