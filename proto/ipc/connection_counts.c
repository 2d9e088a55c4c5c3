/*
 * Cells of one word: 44 bits of the key that its group does not tell already, and 20 bits of count.
 * Only one process writes a table, so a count is a load and a store; a reader sees the one before
 * or the one after.
 */
#include "proto/ipc/connection_counts.h"

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

#define COUNT_BITS 20
#define COUNT_MAX  ((UINT64_C(1) << COUNT_BITS) - 1)

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "cells are shared between processes");
_Static_assert((PRESENCE_GROUPS & (PRESENCE_GROUPS - 1)) == 0, "a group is bits of the key");
_Static_assert(PRESENCE_GROUPS <= 1 << COUNT_BITS, "group and name do not overlap");

uint64_t
presence_key(const uint8_t secret[32], struct slice address)
{
	uint64_t key = secret_keyed_hash(secret, address);

	return key == 0 ? 1 : key;
}

/* The part of a key that a cell holds: the upper bits, where the count has its zeros. */
static uint64_t
name_of(uint64_t key)
{
	return key & ~COUNT_MAX;
}

static uint64_t
count_of(uint64_t cell)
{
	return cell & COUNT_MAX;
}

static size_t
group_of(uint64_t key)
{
	return key & (PRESENCE_GROUPS - 1);
}

/* Where a key's connections are counted; the number of ways when nowhere. */
static size_t
find(const struct presence_table *t, uint64_t key)
{
	const _Atomic uint64_t *group = t->cells[group_of(key)];
	size_t i = 0;

	while (i < PRESENCE_WAYS) {
		uint64_t cell = atomic_load(&group[i]);

		if (count_of(cell) > 0 && name_of(cell) == name_of(key))
			break;
		i++;
	}
	return i;
}

static size_t
find_free(const struct presence_table *t, uint64_t key)
{
	const _Atomic uint64_t *group = t->cells[group_of(key)];
	size_t i = 0;

	while (i < PRESENCE_WAYS && count_of(atomic_load(&group[i])) > 0)
		i++;
	return i;
}

bool
presence_enter(struct presence_table *mine, uint64_t key)
{
	_Atomic uint64_t *group = mine->cells[group_of(key)];
	size_t i = find(mine, key);

	if (i < PRESENCE_WAYS) {
		uint64_t cell = atomic_load(&group[i]);

		if (count_of(cell) == COUNT_MAX)
			return false;
		atomic_store(&group[i], cell + 1);
		return true;
	}
	i = find_free(mine, key);
	if (i == PRESENCE_WAYS)
		return false;
	atomic_store(&group[i], name_of(key) | 1);
	return true;
}

void
presence_leave(struct presence_table *mine, uint64_t key)
{
	_Atomic uint64_t *group = mine->cells[group_of(key)];
	size_t i = find(mine, key);

	must(i < PRESENCE_WAYS);
	atomic_store(&group[i], atomic_load(&group[i]) - 1);
}

uint64_t
presence_count(const struct presence_table *tables, size_t n, uint64_t key)
{
	uint64_t sum = 0;

	for (size_t t = 0; t < n; t++) {
		size_t i = find(&tables[t], key);

		if (i < PRESENCE_WAYS)
			sum += count_of(atomic_load(&tables[t].cells[group_of(key)][i]));
	}
	return sum;
}

void
presence_clear(struct presence_table *table)
{
	for (size_t g = 0; g < PRESENCE_GROUPS; g++)
		for (size_t i = 0; i < PRESENCE_WAYS; i++)
			if (atomic_load(&table->cells[g][i]) != 0)
				atomic_store(&table->cells[g][i], 0);
}
