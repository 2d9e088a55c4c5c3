/*
 * Places in sorted arrays.
 */
#ifndef PROTO_BASE_SORTED_H
#define PROTO_BASE_SORTED_H

#include <stddef.h>

/* As of bsearch(3): below, equal to or above 0 if the key belongs before, at or behind the element. */
typedef int sorted_compare_fn(const void *key, const void *element);

/* The index of the first of n elements, of this size in bytes, that the key does not belong behind: where it is, or
 * where to insert it. */
static inline size_t
sorted_place(
    const void *key, const void *array, size_t n, size_t size, sorted_compare_fn *compare)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(key, (const char *)array + middle * size) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
