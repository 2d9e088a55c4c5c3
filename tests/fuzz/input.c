/*
 * Parsing of the targets' inputs.
 */
#include "tests/fuzz/fuzz.h"

#define STEP_MAX 32

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
fuzz_put(struct buf *out, struct slice s)
{
	must(buf_append(out, s.p, s.len) == 0);
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

void
fuzz_feed(struct slice in, struct fuzz_cuts cuts, bool (*take)(void *arg, struct slice piece),
    void *arg)
{
	struct slice piece;
	bool more = true;

	while (more && fuzz_piece(&cuts, &in, &piece)) {
		uint8_t *copy = fuzz_copy(piece);

		more = take(arg, (struct slice){copy, piece.len});
		free(copy);
	}
}

void
fuzz_read_all_ways(struct buf *out, struct slice in, struct fuzz_cuts cuts, fuzz_read_fn *read,
    const void *arg)
{
	const struct fuzz_cuts ways[] = {cuts, {{1, 1, 1, 1}, 0}};

	read(out, in, fuzz_whole, arg);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct buf again;

		read(&again, in, ways[i], arg);
		must(slice_eq(buf_slice(&again), buf_slice(out)));
		buf_clear(&again);
	}
}
