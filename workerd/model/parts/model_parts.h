/*
 * The optional parts of a request to a model, which a server may refuse: then the request is repeated without the
 * part, or with another form of it.
 *
 * Sets of parts are masks of PART(...).
 */
#ifndef WORKERD_MODEL_PARTS_MODEL_PARTS_H
#define WORKERD_MODEL_PARTS_MODEL_PARTS_H

#include <stdint.h>

#include "proto/base/buf.h"

enum model_part {
#define MODEL_PART(NAME, name, without, names, phrases) MODEL_PART_##NAME,
#include "workerd/model/parts/model_parts.def"
	MODEL_PARTS
};

#define PART(NAME) (1u << MODEL_PART_##NAME)

/* The maximum of a reply, by either name. */
#define PARTS_MAXIMUM (PART(MAX_COMPLETION_TOKENS) | PART(MAX_TOKENS))

/* The parts whose refusal leads to another form of the same thing, in which a server may name it again. */
#define PARTS_RENAMED (PARTS_MAXIMUM | PART(SYSTEM) | PART(DEVELOPER) | PART(CHAT))

/* How the log and the API name a part: the member of the request. */
const char *model_part_name(enum model_part part);

/* The log's event when a server turns out not to take it: "model_without_…". */
const char *model_part_event(enum model_part part);

/* A member of "extra"; never 0. */
uint64_t model_part_member(struct slice name);

#endif
