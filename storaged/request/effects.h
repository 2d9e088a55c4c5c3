/*
 * What the requests of a batch change in memory once it is committed. Requests note effects while they
 * run; they are applied together, in their order, after the commit. If the batch is undone, they are
 * dropped.
 */
#ifndef STORAGED_REQUEST_EFFECTS_H
#define STORAGED_REQUEST_EFFECTS_H

#include "storaged/live/live.h"

enum effect_kind {
	EFFECT_CLAIM, /* the client runs the turn */
	EFFECT_RESTART, /* the same, for another run: those who follow the old one are told its end */
	EFFECT_RELEASE,  /* the turn is closed */
	EFFECT_ERASE,    /* the turn was erased; notify its owner */
	EFFECT_FOLLOW,   /* the client follows the turn from a byte of its text on */
	EFFECT_UNFOLLOW, /* the client stops following the turn */
	EFFECT_STOP,     /* the turn's owner is asked to stop it */
	EFFECT_PUBLISH,  /* a piece of text for those who follow the turn */
	EFFECT_UNSAVED,  /* tells them that the turn's end could not be stored */
	EFFECT_CHANGES,  /* the client waits for later rows of the change feed */
	/* Rooms (rooms.h). */
	EFFECT_ROOM_FOLLOW,    /* the client follows the room */
	EFFECT_ROOM_LEAVE,     /* the client stops following the room */
	EFFECT_ROOM_TURN,      /* a visitor has sent a message: tells both rooms */
	EFFECT_ROOM_CHANGED,   /* a conversation has other changes */
	EFFECT_ROOM_CONTACT,   /* the visitor has a contact now */
	EFFECT_ROOM_TYPING,    /* somebody writes a message */
	EFFECT_ROOM_PRESENCE,  /* an operator is in a conversation */
	EFFECT_ROOM_END,       /* the visitor's token or the conversation is gone */
	EFFECT_WIDGET_END,     /* the tokens of all visitors of the widget are gone */
	EFFECT_WIDGET_SEEN,    /* a widget was loaded by a page */
	EFFECT_INDEXED,        /* the client reports the position of its index */
	EFFECT_HOLD,           /* an answer that waits for the index */
	EFFECT_WEBHOOKS,       /* an endpoint has changed, or a worker delivers no more */
	EFFECT_EMBEDDING,      /* there is new text, or a worker embeds no more */
	EFFECT_SOURCES,        /* a source has changed, or an upload is complete */
	EFFECT_SOURCES_FOLLOW, /* the client waits for that */
	EFFECT_VISIT,          /* crawld has visited a page */
	EFFECT_MAIL,           /* a mail waits */
	EFFECT_MEDIA,          /* a picture waits */
	EFFECT_STEP, /* a worker is asked to do something about a step: turn is its id */
};

struct effect {
	enum effect_kind kind;
	union {
		uint32_t offset; /* of the text that is followed or published */
		uint8_t full;    /* of EFFECT_UNSAVED, as in messages.def */
		uint8_t result;  /* of EFFECT_VISIT: enum page_visit */
		uint64_t seen;   /* of EFFECT_WIDGET_SEEN: ms since the epoch */
	};
	struct client *client; /* the sender; NULL where it does not matter */
	union {
		struct id turn;
		struct id
		    room; /* of EFFECT_ROOM_… except EFFECT_ROOM_TURN; the widget of EFFECT_WIDGET_SEEN */
	};
	union {
		struct id
		    conversation; /* of a turn that is claimed, or of EFFECT_ROOM_CHANGED */
		struct id widget; /* of EFFECT_ROOM_FOLLOW and EFFECT_WIDGET_END */
		/* Of EFFECT_CHANGES: the last row that the client has read; of EFFECT_INDEXED:
		 * that its index contains. */
		uint64_t change;
		/* Of EFFECT_PUBLISH; of EFFECT_ROOM_PRESENCE its record; of EFFECT_WIDGET_SEEN the
		 * origin. Borrowed from the request's frame. */
		struct slice text;
	};
	struct slice sources; /* of EFFECT_PUBLISH, likewise */
};

/* A visitor's message of a session; its texts are borrowed from the request's frame. */
struct turn_news {
	struct msg_live_turn turn; /* without its room */
	struct id org, widget;
	struct slice session;
};

struct effects {
	struct effect *list;
	size_t n, capacity;
	/* Of EFFECT_ROOM_TURN, in their order: they are much larger than an effect. */
	struct turn_news *turns;
	size_t turns_n, turns_capacity;
	/* Of EFFECT_HOLD, likewise. */
	struct held *held;
	size_t held_n, held_capacity;
};

void effects_add(struct effects *effects, const struct effect *effect);

void effects_add_turn(struct effects *effects, const struct turn_news *news);

void effects_add_held(struct effects *effects, const struct held *answer);

bool effects_has(const struct effects *effects, enum effect_kind kind);

/* Drops all but the first n. */
void effects_cut(struct effects *effects, size_t n);

/* Frees all of them. */
void effects_clear(struct effects *effects);

/* Applies all of them. The batch must be committed, and its frames still there. */
void effects_apply(const struct effects *effects, struct live *live);

#endif
