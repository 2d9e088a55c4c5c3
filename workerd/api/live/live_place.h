/*
 * How far a client of a widget's feed (feed.h) has got, as one whole number: it is the id of an event, and `next` of a
 * poll. It is all that is kept between two requests, and the client keeps it; so any worker serves the next one.
 *
 * The number has at most 53 bits, so that JavaScript reads it exactly.
 */
#ifndef WORKERD_API_LIVE_LIVE_PLACE_H
#define WORKERD_API_LIVE_LIVE_PLACE_H

#include "proto/ipc/messages.h"

struct live_place {
	uint64_t
	    next; /* position of the first message that the client does not have completely; 0: it has nothing */
	bool
	    told; /* it is a reply that broke off, which the client knows, and may be written again */
	uint32_t
	    run; /* then: live_place_run() of its record; 0: the client has only the error */
	uint16_t
	    broken; /* a bit for each of the LIVE_PLACE_BROKEN positions before next, the nearest lowest: a reply that
		     * broke off, as the client knows it, and may be written again */
	uint64_t
	    far; /* the position of one before those, which is written again; 0: none. A number then lacks broken */
	bool typing; /* typing_start was sent for the reply at next, */
	bool again;  /* or for one of broken or far, */
	uint32_t
	    units; /* and so many UTF-16 units of its text; 0 in a number with broken or far */
	bool operator_typing;  /* typing_start was sent for an operator */
	uint16_t conversation; /* live_place_mark() of its id; 0: none yet */
	uint8_t
	    state; /* as the client knows it: STATE_OPEN, also if resolved, _WAITING or _PERSON */
	bool operator_bit; /* tells most operators apart */
	bool identified;   /* the client knows that the visitor has contact details */
};

/* Positions before next whose replies may be noted as broken off. */
#define LIVE_PLACE_BROKEN 9u

/* The position from which the client may lack something. */
uint64_t live_place_first(const struct live_place *place);

/* Whether a number has no room for the length of a text. */
static inline bool
live_place_is_behind(const struct live_place *place)
{
	return place->broken != 0 || place->far != 0;
}

/* Whether the reply at this position before next is noted as one that broke off, or is written again. */
bool live_place_is_broken(const struct live_place *place, uint64_t position);

/* The client has all before this position, but those of broken. */
void live_place_move(struct live_place *place, uint64_t position);

/* Notes a reply before next as one that broke off, or that is complete. False: broken cannot say so. */
bool live_place_note(struct live_place *place, uint64_t position, bool broken);

/* The reply at this position, of which the client has an earlier attempt, is written again. The client then has all
 * others before next; if the number cannot say so, it gets those behind the reply again. */
void live_place_go_back(struct live_place *place, uint64_t position);

/* Tells a conversation from those that the visitor had before, but one in 4,095; never 0. */
uint16_t live_place_mark(const struct id *conversation);

/* Tells the attempts to write a reply apart, by its record; never 0. */
uint32_t live_place_run(struct slice record);

uint64_t live_place_number(const struct live_place *place);

/* Reads a number in decimal. False: it is not one of ours. */
[[gnu::warn_unused_result]] bool live_place_parse(struct slice text, struct live_place *place);

#endif
