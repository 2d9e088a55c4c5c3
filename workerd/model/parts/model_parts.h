/*
 * The optional parts of a request to a model, which a server may refuse: then the request is repeated without the
 * part, or with another form of it.
 *
 * Sets of parts are masks of PART(...). A set of refused parts also says which members of the owner's own
 * object ("extra") a server does not take, by a hash of their names.
 */
#ifndef WORKERD_MODEL_PARTS_MODEL_PARTS_H
#define WORKERD_MODEL_PARTS_MODEL_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/ipc/scoreboard.h"

enum model_part {
#define MODEL_PART(NAME, name, without, names, phrases) MODEL_PART_##NAME,
#include "workerd/model/parts/model_parts.def"
	MODEL_PARTS
};

#define PART(NAME) (1u << MODEL_PART_##NAME)

/* The parts whose refusal leads to another form of the same thing, in which a server may name it again. */
#define PARTS_RENAMED \
	(PART(MAX_COMPLETION_TOKENS) | PART(MAX_TOKENS) | PART(SYSTEM) | PART(DEVELOPER))

/* What a server and model do not take. */
struct refused_parts {
	uint32_t parts;
	uint32_t members_n;
	uint64_t members[PART_MEMORY_MEMBERS]; /* model_part_member() of their names */
};

/* How the log and the API name a part: the member of the request. */
const char *model_part_name(enum model_part part);

/* The log's event when a server turns out not to take it: "model_without_…". */
const char *model_part_event(enum model_part part);

/* A member of "extra"; never 0. */
uint64_t model_part_member(struct slice name);

bool refused_parts_has_member(const struct refused_parts *r, struct slice name);

/* Adds one set to another. With too many members, all of "extra" counts as refused. */
void refused_parts_add(struct refused_parts *to, const struct refused_parts *from);
void refused_parts_add_member(struct refused_parts *to, struct slice name);

/* Whether some of b is not in a. */
bool refused_parts_lacks(const struct refused_parts *a, const struct refused_parts *b);

#endif
