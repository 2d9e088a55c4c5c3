/*
 * A set of parts that a server and model do not take; of the owner's own object ("extra") also single members, by a hash of
 * their names.
 */
#ifndef WORKERD_MODEL_PARTS_REFUSED_PARTS_H
#define WORKERD_MODEL_PARTS_REFUSED_PARTS_H

#include <stdbool.h>

#include "proto/ipc/scoreboard.h"
#include "workerd/model/parts/model_parts.h"

struct refused_parts {
	uint32_t parts;
	uint32_t members_n;
	uint64_t members[PART_MEMORY_MEMBERS]; /* model_part_member() of their names */
};

bool refused_parts_has_member(const struct refused_parts *r, struct slice name);

/* Adds one set to another. With too many members, all of "extra" counts as refused. */
void refused_parts_add(struct refused_parts *to, const struct refused_parts *from);
void refused_parts_add_member(struct refused_parts *to, struct slice name);

/* Whether some of b is not in a. */
bool refused_parts_lacks(const struct refused_parts *a, const struct refused_parts *b);

#endif
