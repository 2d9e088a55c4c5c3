/*
 * What the benchmark stores: many visitors who each ask, get a reply, and ask again. One append is
 * one message: a question (TURN_BEGIN) or a reply (TURN_FINISH), so a turn is two.
 *
 * A slot is one such visitor, with at most one request under way. Both sides of the comparison have
 * slots of their own and take the same steps, so that both stores grow alike; the ids differ.
 */
#ifndef TESTS_BENCH_STORE_LOAD_H
#define TESTS_BENCH_STORE_LOAD_H

#include "proto/ipc/messages.h"

/* storaged takes as many requests into one transaction (storaged/server/batch.h). */
#define SLOTS_MAX 1024u

enum append { APPEND_QUESTION, APPEND_REPLY };

struct slot {
	unsigned turns; /* of a conversation, after which the visitor starts another one */
	struct id conversation, turn;
	struct id message; /* the message of this append; of a reply it is the turn's id */
	uint64_t messages; /* of this conversation so far; also the number of the newest one */
	char session[ID_TEXT_LEN + 1];
	uint64_t created_at, updated_at; /* for the raw side, which keeps the records itself */
};

struct load {
	size_t n;
	struct slot slots[SLOTS_MAX];
	uint32_t done[SLOTS_MAX]; /* appends of each slot in this slice */
};

/* How many appends each slot is to do. */
struct quota {
	uint32_t of[SLOTS_MAX];
};

/* n slots, 1 to SLOTS_MAX, that have done nothing yet, with so many turns to a conversation. */
void load_init(struct load *load, size_t n, unsigned turns);

/* Moves the slot on to its next append, and says what that is. */
enum append slot_advance(struct slot *slot);

/* The texts: one sentence for a question, a paragraph for a reply. Constant. */
struct slice load_text(enum append kind);

/* Appends done by all slots in this slice. */
uint64_t load_done(const struct load *load);

/* Durations of requests, in nanoseconds (at most 4 s each); bounded, what is beyond the bound is
 * left out. */
struct durations {
	uint32_t *ns;
	size_t n, cap;
};

void durations_add(struct durations *d, uint64_t ns);

/* The p-th quantile, 0 to 1, in nanoseconds; 0 if there is none. Sorts. */
double durations_quantile(struct durations *d, double p);

void durations_clear(struct durations *d);

#endif
