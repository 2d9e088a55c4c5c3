/*
 * Open addressing. The keys are hashes already, which nobody but the owner of the export chooses.
 */
#include "storaged/cli/foreign/id_map.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define FIRST_CAPACITY 1024

void
id_map_clear(struct id_map *map)
{
	free(map->of);
	*map = (struct id_map){0};
}

static struct id_pair *
id_map_find(const struct id_map *map, const struct id *key)
{
	uint64_t at;

	memcpy(&at, key->b + sizeof(key->b) - sizeof(at), sizeof(at));
	for (at %= map->capacity; !id_is_zero(&map->of[at].key); at = (at + 1) % map->capacity)
		if (id_equal(&map->of[at].key, key))
			break;
	return &map->of[at];
}

struct id *
id_map_get(const struct id_map *map, const struct id *key)
{
	struct id_pair *pair;

	if (map->n == 0)
		return NULL;
	pair = id_map_find(map, key);
	return id_is_zero(&pair->key) ? NULL : &pair->value;
}

static void
id_map_grow(struct id_map *map)
{
	struct id_map larger = {
	    .capacity = map->capacity == 0 ? FIRST_CAPACITY : 2 * map->capacity};

	larger.of = xcalloc(larger.capacity, sizeof(*larger.of));
	for (size_t i = 0; i < map->capacity; i++)
		if (!id_is_zero(&map->of[i].key))
			*id_map_find(&larger, &map->of[i].key) = map->of[i];
	larger.n = map->n;
	free(map->of);
	*map = larger;
}

void
id_map_set(struct id_map *map, const struct id *key, const struct id *value)
{
	struct id_pair *pair;

	if (2 * map->n >= map->capacity)
		id_map_grow(map);
	pair = id_map_find(map, key);
	if (id_is_zero(&pair->key)) {
		*pair = (struct id_pair){*key, *value};
		map->n++;
	}
}
