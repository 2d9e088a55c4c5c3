/*
 * Assembles the requests of corpus.def.
 */
#include "tests/http/corpus.h"

#include <stdlib.h>

#include "proto/base/basics.h"

#define REQUEST_MAX (1024u * 1024)

/* A case has all three pieces; AROUND has two and no name. */
struct corpus_row {
	const char *outcomes, *name;
	struct {
		const char *p;
		size_t len;
		unsigned times;
	} pieces[3];
};

#define PIECE(bytes, times)                         \
	{                                           \
		(bytes), sizeof(bytes) - 1, (times) \
	}
#define CASE(outcomes, name, bytes) \
	{outcomes, name, {PIECE("", 1), PIECE(bytes, 1), PIECE("", 1)}},
#define REPEAT(outcomes, name, before, times, bytes, after) \
	{outcomes, name, {PIECE(before, 1), PIECE(bytes, times), PIECE(after, 1)}},
#define AROUND(before, after) {NULL, NULL, {PIECE(before, 1), PIECE(after, 1)}},

static const struct corpus_row rows[] = {
#include "tests/http/corpus.def"
};

static void
put_piece(struct buf *out, const struct corpus_row *row, size_t i)
{
	for (unsigned n = 0; n < row->pieces[i].times; n++)
		must(buf_append(out, row->pieces[i].p, row->pieces[i].len) == 0);
}

void
corpus_load(struct corpus *c)
{
	static const struct corpus_row nothing;
	const struct corpus_row *around = &nothing;

	*c = (struct corpus){.cases = xcalloc(ARRAY_LEN(rows), sizeof(*c->cases))};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct corpus_case *new = &c->cases[c->n];

		if (rows[i].name == NULL) {
			around = &rows[i];
			continue;
		}
		c->n++;
		new->outcomes = rows[i].outcomes;
		new->name = rows[i].name;
		buf_init(&new->bytes, REQUEST_MAX);
		put_piece(&new->bytes, around, 0);
		for (size_t k = 0; k < ARRAY_LEN(rows[i].pieces); k++)
			put_piece(&new->bytes, &rows[i], k);
		put_piece(&new->bytes, around, 1);
	}
}

void
corpus_clear(struct corpus *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_clear(&c->cases[i].bytes);
	free(c->cases);
	*c = (struct corpus){0};
}
