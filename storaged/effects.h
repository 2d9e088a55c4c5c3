/*
 * What the requests of a batch change in memory, once it is committed: noted while they run, in
 * their order, and made true together. If the batch is undone, they are forgotten.
 */
#ifndef STORAGED_EFFECTS_H
#define STORAGED_EFFECTS_H

#include "storaged/live.h"

enum effect_kind {
	EFFECT_CLAIM,      /* the client runs the turn */
	EFFECT_BEGIN_ANEW, /* the same, with another run */
	EFFECT_RELEASE,    /* the turn is open no more */
	EFFECT_FOLLOW,     /* the client follows the turn from a byte on */
	EFFECT_LEAVE,      /* and no more */
	EFFECT_STOP,       /* whoever runs the turn is to stop it */
	EFFECT_PUBLISH,    /* a piece for those who follow the turn */
};

struct effect {
	enum effect_kind kind;
	uint32_t offset;   /* of what is followed from it, or published */
	struct client *by; /* NULL for a release or a stop */
	struct id turn;
	union {
		struct id conversation; /* of a turn that is claimed */
		struct slice text; /* that is published; borrowed from the request's frame */
	};
};

struct effects {
	struct effect *of;
	size_t n, cap;
};

void effects_add(struct effects *effects, const struct effect *effect);

/* Makes all of it true. What they are about must be on disk, the frames of the batch still there. */
void effects_apply(const struct effects *effects, struct live *live);

#endif
