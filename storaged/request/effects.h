/*
 * What the requests of a batch change in memory, once it is committed: noted while they run, in
 * their order, and made true together. If the batch is undone, they are forgotten.
 */
#ifndef STORAGED_REQUEST_EFFECTS_H
#define STORAGED_REQUEST_EFFECTS_H

#include "storaged/live/live.h"

enum effect_kind {
	EFFECT_CLAIM,      /* the client runs the turn */
	EFFECT_BEGIN_ANEW, /* the same, with another run */
	EFFECT_RELEASE,    /* the turn is open no more */
	EFFECT_ERASE,      /* the same, and whoever runs it does not know */
	EFFECT_FOLLOW,     /* the client follows the turn from a byte on */
	EFFECT_LEAVE,      /* and no more */
	EFFECT_STOP,       /* whoever runs the turn is to stop it */
	EFFECT_PUBLISH,    /* a piece for those who follow the turn */
	EFFECT_UNSAVED,    /* and that its end is not stored */
	/* Of rooms (rooms.h). */
	EFFECT_VISITOR_FOLLOW,  /* the client follows the visitor */
	EFFECT_VISITOR_LEAVE,   /* and no more */
	EFFECT_VISITOR_TURN,    /* the visitor has sent a message */
	EFFECT_VISITOR_CONTACT, /* it has said who it is */
	EFFECT_VISITOR_END, /* its token is good for nothing any more, or its conversation gone */
	EFFECT_WIDGET_END, /* nor are those of the widget's visitors */
};

struct effect {
	enum effect_kind kind;
	union {
		uint32_t offset; /* of what is followed from it, or published */
		uint8_t full;    /* of EFFECT_UNSAVED */
	};
	struct client *by; /* NULL where it does not matter who asked */
	union {
		struct id turn;
		struct id visitor; /* of EFFECT_VISITOR_… but a message */
	};
	union {
		struct id conversation; /* of a turn that is claimed */
		struct id widget;  /* of a visitor that is followed, or of EFFECT_WIDGET_END */
		struct slice text; /* that is published; borrowed from the request's frame */
	};
};

struct effects {
	struct effect *of;
	size_t n, cap;
	/* The messages of EFFECT_VISITOR_TURN in their order, beside the others, which are smaller. */
	struct msg_live_turn *said;
	size_t n_said, cap_said;
};

void effects_add(struct effects *effects, const struct effect *effect);

/* A visitor has sent a message, whose texts are borrowed from the request's frame. */
void effects_add_turn(struct effects *effects, const struct msg_live_turn *turn);

/* Forgets all but the first n. */
void effects_cut(struct effects *effects, size_t n);

/* Frees all of it. */
void effects_clear(struct effects *effects);

/* Makes all of it true. What they are about must be on disk, the frames of the batch still there. */
void effects_apply(const struct effects *effects, struct live *live);

#endif
