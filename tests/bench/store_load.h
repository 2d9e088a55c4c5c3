/*
 * The stored data: many visitors who ask, get a reply, and ask again. One append is one message: a
 * question (TURN_BEGIN) or a reply (TURN_FINISH), so a turn is two appends.
 *
 * A slot is one such visitor, with at most one request in flight. Both sides of the comparison have
 * their own slots and take the same steps, so that both stores grow alike; the ids differ.
 */
#ifndef TESTS_BENCH_STORE_LOAD_H
#define TESTS_BENCH_STORE_LOAD_H

#include "proto/ipc/messages.h"

/* storaged's limit of requests in a transaction (storaged/server/batch.h). */
#define SLOTS_MAX 1024u

enum append { APPEND_QUESTION, APPEND_REPLY };

struct slot {
	unsigned
	    turns; /* turns of a conversation, after which the visitor starts another one */
	struct id conversation, turn;
	struct id message; /* the message of this append; for a reply also the turn's id */
	uint64_t
	    messages; /* messages of this conversation so far; also the number of the newest one */
	char session[ID_TEXT_LEN + 1];
	uint64_t created_at, updated_at; /* for the raw side, which keeps the records itself */
};

struct load {
	size_t n;
	struct slot slots[SLOTS_MAX];
	uint32_t done[SLOTS_MAX]; /* appends of each slot in this slice */
};

/* How many appends each slot has to do. */
struct quota {
	uint32_t of[SLOTS_MAX];
};

/* n slots, 1 to SLOTS_MAX, without any appends, with this many turns per conversation. */
void load_init(struct load *load, size_t n, unsigned turns);

/* Advances the slot to its next append and returns its kind. */
enum append slot_advance(struct slot *slot);

/* The texts: one sentence for a question, a paragraph for a reply. Constant. */
struct slice load_text(enum append kind);

/* Appends done by all slots in this slice. */
uint64_t load_done(const struct load *load);

/* Durations of requests in nanoseconds (at most 4 s each). Bounded; further durations are
 * dropped. */
struct durations {
	uint32_t *ns;
	size_t n, cap;
};

void durations_add(struct durations *d, uint64_t ns);

/* The p-th quantile, p from 0 to 1, in nanoseconds; 0 if there are none. Sorts. */
double durations_quantile(struct durations *d, double p);

void durations_clear(struct durations *d);

#endif
