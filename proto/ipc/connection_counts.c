/*
 * A cell is one word: 44 bits of the key (the bits that select the group are implied) and 20 bits
 * of count. Only one process writes a table, so an update is a load and a store; a reader sees the
 * old or the new value.
 */
#include "proto/ipc/connection_counts.h"

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

#define COUNT_BITS 20
#define COUNT_MAX  ((UINT64_C(1) << COUNT_BITS) - 1)

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "cells are shared between processes");
_Static_assert((CONNECTION_COUNTS_GROUPS & (CONNECTION_COUNTS_GROUPS - 1)) == 0,
    "a group is bits of the key");
_Static_assert(CONNECTION_COUNTS_GROUPS <= 1 << COUNT_BITS, "group and name do not overlap");

uint64_t
connection_counts_key(const uint8_t secret[32], struct slice address)
{
	uint64_t key = secret_keyed_hash(secret, address);

	return key == 0 ? 1 : key;
}

/* The part of a key that a cell stores: the upper bits; the count uses the others. */
static uint64_t
connection_counts_tag(uint64_t key)
{
	return key & ~COUNT_MAX;
}

static uint64_t
connection_counts_value(uint64_t cell)
{
	return cell & COUNT_MAX;
}

static size_t
connection_counts_group(uint64_t key)
{
	return key & (CONNECTION_COUNTS_GROUPS - 1);
}

/* The index of a key's cell in its group; CONNECTION_COUNTS_WAYS if it has none. */
static size_t
connection_counts_find(const struct connection_counts *t, uint64_t key)
{
	const _Atomic uint64_t *group = t->cells[connection_counts_group(key)];
	size_t i = 0;

	while (i < CONNECTION_COUNTS_WAYS) {
		uint64_t cell = atomic_load(&group[i]);

		if (connection_counts_value(cell) > 0 &&
		    connection_counts_tag(cell) == connection_counts_tag(key))
			break;
		i++;
	}
	return i;
}

static size_t
connection_counts_find_free(const struct connection_counts *t, uint64_t key)
{
	const _Atomic uint64_t *group = t->cells[connection_counts_group(key)];
	size_t i = 0;

	while (
	    i < CONNECTION_COUNTS_WAYS && connection_counts_value(atomic_load(&group[i])) > 0)
		i++;
	return i;
}

bool
connection_counts_add(struct connection_counts *mine, uint64_t key)
{
	_Atomic uint64_t *group = mine->cells[connection_counts_group(key)];
	size_t i = connection_counts_find(mine, key);

	if (i < CONNECTION_COUNTS_WAYS) {
		uint64_t cell = atomic_load(&group[i]);

		if (connection_counts_value(cell) == COUNT_MAX)
			return false;
		atomic_store(&group[i], cell + 1);
		return true;
	}
	i = connection_counts_find_free(mine, key);
	if (i == CONNECTION_COUNTS_WAYS)
		return false;
	atomic_store(&group[i], connection_counts_tag(key) | 1);
	return true;
}

void
connection_counts_remove(struct connection_counts *mine, uint64_t key)
{
	_Atomic uint64_t *group = mine->cells[connection_counts_group(key)];
	size_t i = connection_counts_find(mine, key);

	must(i < CONNECTION_COUNTS_WAYS);
	atomic_store(&group[i], atomic_load(&group[i]) - 1);
}

uint64_t
connection_counts_sum(const struct connection_counts *tables, size_t n, uint64_t key)
{
	uint64_t sum = 0;

	for (size_t t = 0; t < n; t++) {
		size_t i = connection_counts_find(&tables[t], key);

		if (i < CONNECTION_COUNTS_WAYS)
			sum += connection_counts_value(
			    atomic_load(&tables[t].cells[connection_counts_group(key)][i]));
	}
	return sum;
}

void
connection_counts_clear(struct connection_counts *table)
{
	for (size_t g = 0; g < CONNECTION_COUNTS_GROUPS; g++)
		for (size_t i = 0; i < CONNECTION_COUNTS_WAYS; i++)
			if (atomic_load(&table->cells[g][i]) != 0)
				atomic_store(&table->cells[g][i], 0);
}
