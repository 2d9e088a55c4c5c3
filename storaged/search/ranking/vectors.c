/*
 * One array for each property, so that a scan reads memory in its order. 100,000 vectors of 768 numbers take some
 * 5 ms (make bench-search).
 */
#include "storaged/search/ranking/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/ranking/dot.h"
#include "storaged/search/ranking/row.h"
#include "storaged/search/ranking/top.h"

void
vectors_clear(struct vectors *v)
{
	free(v->values);
	free(v->rows);
	free(v->lengths);
	*v = (struct vectors){0};
}

/* A half more: doubling would leave half of much memory unused. */
static void
vectors_grow(struct vectors *v)
{
	v->cap = v->cap == 0 ? 64 : v->cap + v->cap / 2;
	v->values = xreallocarray(v->values, v->cap, v->stride);
	v->rows = xreallocarray(v->rows, v->cap, sizeof(*v->rows));
	v->lengths = xreallocarray(v->lengths, v->cap, sizeof(*v->lengths));
}

static float
vectors_length(const int8_t *values, size_t n)
{
	float sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (float)(values[i] * values[i]);
	return sum > 0 ? 1 / sqrtf(sum) : 0;
}

void
vectors_add(struct vectors *v, int64_t row, struct slice values)
{
	int8_t *place;

	if (v->numbers == 0) {
		v->numbers = values.len;
		v->stride = (values.len + DOT_STEP - 1) / DOT_STEP * DOT_STEP;
	}
	if (values.len != v->numbers || values.len == 0)
		return;
	if (v->n == v->cap)
		vectors_grow(v);
	place = v->values + v->n * v->stride;
	memset(place, 0, v->stride);
	must(slice_copy(values, place, v->stride));
	v->rows[v->n] = row;
	v->lengths[v->n] = vectors_length(place, v->numbers);
	v->n++;
}

/* The last one takes the place. */
static void
vectors_remove_at(struct vectors *v, size_t i)
{
	v->n--;
	v->rows[i] = v->rows[v->n];
	v->lengths[i] = v->lengths[v->n];
	memcpy(
	    v->values + i * v->stride, v->values + v->n * v->stride, i == v->n ? 0 : v->stride);
}

static int
vectors_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
vectors_remove(struct vectors *v, const int64_t *rows, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = v->n; i > 0; i--) {
		int64_t row = v->rows[i - 1];

		if (row >= rows[0] && row <= rows[n - 1] &&
		    bsearch(&row, rows, n, sizeof(row), vectors_compare) != NULL)
			vectors_remove_at(v, i - 1);
	}
}

void
vectors_remove_source(struct vectors *v, int64_t source)
{
	for (size_t i = v->n; i > 0; i--)
		if (row_source(v->rows[i - 1]) == source)
			vectors_remove_at(v, i - 1);
}

size_t
vectors_bytes(const struct vectors *v)
{
	return v->cap * (v->stride + sizeof(*v->rows) + sizeof(*v->lengths));
}

/* Brings the numbers of a question into 16 bits. Returns one through their length; 0: the vector is zero or not
 * finite. */
static float
vectors_quantize(const float *question, size_t n, int16_t *out)
{
	float most = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(question[i]));
	if (!isfinite(most) || most == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		float number = question[i] / most * DOT_MOST;

		out[i] = isfinite(number) ? (int16_t)lrintf(number) : 0;
		sum += (float)out[i] * (float)out[i];
	}
	return 1 / sqrtf(sum);
}

size_t
vectors_find(const struct vectors *v, const struct scope *scope, const float *question,
    size_t numbers, struct ranked *best, size_t max)
{
	static int16_t quantized[VECTOR_MAX + DOT_STEP];
	struct top top = {.best = best, .max = max};
	dot_fn *dot = dot_best();
	float length;

	if (numbers != v->numbers || numbers > VECTOR_MAX || max == 0)
		return 0;
	memset(quantized, 0, sizeof(quantized));
	length = vectors_quantize(question, numbers, quantized);
	for (size_t i = 0; i < v->n && length > 0; i++) {
		int32_t product = dot(v->values + i * v->stride, quantized, v->stride);
		struct ranked ranked = {
		    .row = v->rows[i], .score = (float)product * v->lengths[i] * length};

		if (top_takes(&top, &ranked) && scope_has_row(scope, ranked.row))
			top_add(&top, &ranked);
	}
	return top.n;
}
