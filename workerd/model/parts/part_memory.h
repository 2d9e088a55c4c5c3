/*
 * What each model server does not take from which model, so that it is left out of the next requests at once.
 *
 * A worker remembers what its own requests have shown, in its part of the scoreboard, so that the API of another
 * worker can show it. At most PART_MEMORY_MAX pairs of server and model; the oldest is forgotten first, each after a day, and all
 * with the worker (so also when the service reloads).
 */
#ifndef WORKERD_MODEL_PARTS_PART_MEMORY_H
#define WORKERD_MODEL_PARTS_PART_MEMORY_H

#include "workerd/model/parts/refused_parts.h"

/* Identifies a server (an empty name: the default one) and a model; never 0. */
uint64_t part_memory_key(struct slice server, struct slice model);

/* Adds to *out what the server does not take. now_ms: clock_mono_ms(). */
void part_memory_find(
    const struct part_memory *m, uint64_t key, uint64_t now_ms, struct refused_parts *out);

/* Remembers it, in the worker's own memory. */
void part_memory_add(
    struct part_memory *m, uint64_t key, uint64_t now_ms, const struct refused_parts *refused);

#endif
