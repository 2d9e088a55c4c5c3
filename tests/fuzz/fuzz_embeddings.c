/*
 * The response of a server of embeddings. The first byte is the number of texts ('a' 1, 'b' 2, …). Each vector of an accepted
 * one has the length 1 or is zero, also as the store keeps it, and is the same when it is written and read again.
 */
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/knowledge/embedding_format.h"

#define TEXTS_MAX 8

static double
length(const float *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	return sqrt(sum);
}

static void
check_vector(const float *v, size_t n)
{
	int8_t *values = xcalloc(n, 1);
	double len = length(v, n), error = 0;
	float scale = embedding_format_shrink(v, n, values);

	must(len == 0 || fabs(len - 1) < 1e-4);
	must((scale > 0) == (len > 0) && scale <= 1);
	for (size_t i = 0; i < n; i++)
		error = fmax(error, fabs((double)v[i] - (double)values[i] * (double)scale));
	must(error <= (double)scale * 0.51);
	free(values);
}

static void
write_again(struct buf *out, const struct embedded *e)
{
	const char *comma = "";

	must(buf_append_str(out, "{\"data\":[") == 0);
	for (size_t i = 0; i < e->n * e->dimensions; i++) {
		if (i % e->dimensions == 0)
			must(buf_printf(out, "%s{\"embedding\":[", comma) == 0);
		must(buf_printf(out, "%s%.9e", i % e->dimensions == 0 ? "" : ",",
			 (double)e->values[i]) == 0);
		comma = ",";
		if ((i + 1) % e->dimensions == 0)
			must(buf_append_str(out, "]}") == 0);
	}
	must(buf_append_str(out, "]}") == 0);
}

static void
check_same(const struct embedded *a, const struct embedded *b)
{
	must(a->n == b->n && a->dimensions == b->dimensions);
	for (size_t i = 0; i < a->n * a->dimensions; i++)
		must(fabsf(a->values[i] - b->values[i]) < 1e-4f);
}

FUZZ(embeddings)
{
	size_t n = ((size_t)fuzz_byte(&in) + TEXTS_MAX - 1) % TEXTS_MAX + 1;
	struct embedded e, again;
	struct buf text;

	if (!embedding_format_read(in, n, &e)) {
		must(e.values == NULL);
		return;
	}
	must(e.n == n && e.dimensions > 0 && e.dimensions <= EMBEDDING_DIMENSIONS_MAX);
	for (size_t i = 0; i < n; i++)
		check_vector(e.values + i * e.dimensions, e.dimensions);
	buf_init(&text, n * (e.dimensions * 24 + 64) + 64);
	write_again(&text, &e);
	must(embedding_format_read(buf_slice(&text), n, &again));
	check_same(&e, &again);
	embedding_format_clear(&again);
	embedding_format_clear(&e);
	buf_clear(&text);
}
