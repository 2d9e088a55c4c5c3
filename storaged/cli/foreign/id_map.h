/*
 * A map from ids to ids.
 */
#ifndef STORAGED_CLI_FOREIGN_ID_MAP_H
#define STORAGED_CLI_FOREIGN_ID_MAP_H

#include "proto/base/ids.h"

struct id_map {
	struct id_pair {
		struct id key, value;
	} * of;
	size_t n, capacity;
};

void id_map_clear(struct id_map *map);

/* The value of a key that is not zero; NULL: there is none. The caller may change it; valid until the next change of the map. */
struct id *id_map_get(const struct id_map *map, const struct id *key);

/* Sets a value that a key does not have yet. */
void id_map_set(struct id_map *map, const struct id *key, const struct id *value);

#endif
