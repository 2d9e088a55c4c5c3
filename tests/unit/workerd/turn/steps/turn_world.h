/*
 * What scenarios about replies act on: a stage, and the listeners, requests and servers that have names.
 * The steps are in one file for each actor: listener_steps.c, store_steps.c, model_steps.c, and
 * turn_steps.c for the worker's own. A function `..._step` runs one step; false: there is no such step.
 */
#ifndef TESTS_UNIT_WORKERD_TURN_STEPS_TURN_WORLD_H
#define TESTS_UNIT_WORKERD_TURN_STEPS_TURN_WORLD_H

#include "tests/unit/scenario/message_text.h"
#include "tests/unit/scenario/scenario.h"
#include "tests/unit/workerd/turn/turn_stage.h"

#define LISTENERS_MAX 40
#define REQUESTS_MAX  8

enum recorder_call { AT_NOTHING, AT_START, AT_TOKEN, AT_END };

/* A listener that records its callbacks, and may leave, or make another one leave, during one. */
struct recorder {
	struct turn_listener *listener; /* NULL: ended, or not begun */
	unsigned starts, ends, tokens;
	size_t position;
	struct turn_ids ids;
	struct buf text;    /* the tokens' text */
	struct buf sources; /* the places that cite sources, as "1@5:title:url " */
	bool done;          /* if not, after the end: failure */
	enum turn_failure failure;
	struct turn_reply reply;
	struct buf message; /* the reply's text */
	enum recorder_call drops_at;
	struct recorder *drops; /* the one that leaves at drops_at */
};

struct listener {
	const char *name;
	struct recorder recorder;
};

/* A request that the store has not answered yet. */
struct kept_request {
	const char *name;
	uint64_t number;
};

struct server {
	const char *name;
	int listener;
};

struct world {
	struct stage *s;
	struct values *values;
	struct listener listeners[LISTENERS_MAX];
	struct kept_request kept[REQUESTS_MAX];
	struct server servers[2];
	size_t servers_n;
	size_t listeners_n, kept_n;
};

/* Frees the recording; leaves if it still listens. */
void recorder_clear(struct recorder *e);

bool listener_step(struct world *w, const struct words *step);
bool store_step(struct world *w, const struct words *step);
bool model_step(struct world *w, const struct words *step);

/* The listener of this name. */
struct recorder *listener_named(struct world *w, const char *name);

/* A copy of a word that lives as long as the scenario. */
const char *world_copy(struct world *w, const char *text);

/* The value of "NAME=VALUE" behind an actor and its verb, or NULL. */
const char *step_option(const struct words *step, const char *name);

#endif
