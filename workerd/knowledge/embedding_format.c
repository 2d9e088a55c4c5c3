#include "workerd/knowledge/embedding_format.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"

void
embedding_format_write(struct buf *body, const char *model, const struct slice *texts, size_t n)
{
	must(buf_append_str(body, "{\"model\":\"") == 0 &&
	    json_escape(body, slice_str(model)) == 0 &&
	    buf_append_str(body, "\",\"encoding_format\":\"float\",\"input\":[") == 0);
	for (size_t i = 0; i < n; i++)
		must(buf_append_str(body, i == 0 ? "\"" : ",\"") == 0 &&
		    json_escape(body, texts[i]) == 0 && buf_append_str(body, "\"") == 0);
	must(buf_append_str(body, "]}") == 0);
}

/* Gives a vector the length 1; one that has no direction becomes zero. */
static void
embedding_normalize(float *vector, size_t dimensions)
{
	double sum = 0;

	for (size_t i = 0; i < dimensions; i++)
		sum += (double)vector[i] * (double)vector[i];
	for (size_t i = 0; i < dimensions; i++)
		vector[i] =
		    isfinite(sum) && sum > 0 ? (float)((double)vector[i] / sqrt(sum)) : 0;
}

/* Leaves the vector zero if the array is not one of numbers, so many. Servers write a number that is not finite as
 * null. */
static void
embedding_read_vector(const json_t *array, float *vector, size_t dimensions)
{
	if (json_array_size(array) != dimensions)
		return;
	for (size_t i = 0; i < dimensions; i++) {
		const json_t *value = json_array_get(array, i);

		vector[i] = json_is_number(value) ? (float)json_number_value(value) : NAN;
	}
	embedding_normalize(vector, dimensions);
}

/* Where the vector of an item belongs; servers that leave the index out keep the order. */
static size_t
embedding_index(const json_t *item, size_t i)
{
	const json_t *index = json_object_get(item, "index");

	return json_is_integer(index) ? (size_t)json_integer_value(index) : i;
}

static bool
embedding_read_all(const json_t *data, struct embedded *e)
{
	bool seen[EMBEDDING_BATCH_MAX] = {false};

	for (size_t i = 0; i < e->n; i++) {
		const json_t *item = json_array_get(data, i);
		const size_t at = embedding_index(item, i);

		if (at >= e->n || seen[at])
			return false;
		embedding_read_vector(json_object_get(item, "embedding"),
		    e->values + at * e->dimensions, e->dimensions);
		seen[at] = true;
	}
	return true;
}

static uint64_t
embedding_read_tokens(const json_t *root)
{
	const json_int_t tokens = json_integer_value(
	    json_object_get(json_object_get(root, "usage"), "prompt_tokens"));

	return tokens > 0 ? (uint64_t)tokens : 0;
}

static size_t
embedding_size(const json_t *data, size_t i)
{
	return json_array_size(json_object_get(json_array_get(data, i), "embedding"));
}

/* The numbers that most of the vectors have; 0: none has a number that is possible. */
static size_t
embedding_dimensions(const json_t *data, size_t n)
{
	size_t best = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		size_t size = embedding_size(data, i), same = 0;

		for (size_t k = 0; k < n; k++)
			same += embedding_size(data, k) == size;
		if (size > 0 && size <= EMBEDDING_DIMENSIONS_MAX && same > most) {
			best = size;
			most = same;
		}
	}
	return best;
}

static bool
embedding_read_root(const json_t *root, struct embedded *e)
{
	const json_t *data = json_object_get(root, "data");

	if (json_array_size(data) != e->n)
		return false;
	e->dimensions = embedding_dimensions(data, e->n);
	if (e->dimensions == 0)
		return false;
	e->values = xcalloc(e->n * e->dimensions, sizeof(*e->values));
	e->tokens = embedding_read_tokens(root);
	return embedding_read_all(data, e);
}

bool
embedding_format_read(struct slice response, size_t n, struct embedded *e)
{
	json_t *root;
	bool good;

	must(n > 0 && n <= EMBEDDING_BATCH_MAX);
	*e = (struct embedded){.n = n};
	root = json_loadb((const char *)response.p, response.len, 0, NULL);
	good = embedding_read_root(root, e);
	json_decref(root);
	if (!good)
		embedding_format_clear(e);
	return good;
}

void
embedding_format_clear(struct embedded *e)
{
	free(e->values);
	*e = (struct embedded){0};
}

float
embedding_format_shrink(const float *vector, size_t dimensions, int8_t *values)
{
	float most = 0, scale;

	for (size_t i = 0; i < dimensions; i++)
		most = fmaxf(most, fabsf(vector[i]));
	scale = most / INT8_MAX;
	for (size_t i = 0; i < dimensions; i++)
		values[i] = (int8_t)(scale > 0 ? lrintf(vector[i] / scale) : 0);
	return scale;
}
