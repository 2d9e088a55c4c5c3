/*
 * The load on a store: many visitors who ask, get a reply, and ask again. One append is one
 * message: a question (TURN_BEGIN) or a reply (TURN_FINISH), so a turn is two appends.
 *
 * A connection to storaged is like a worker's. All failures end the process (err(3)): a store that
 * does not answer, or refuses a request, has no figures.
 */
#ifndef TESTS_BENCH_STORE_CLIENT_H
#define TESTS_BENCH_STORE_CLIENT_H

#include "proto/ipc/channel.h"
#include "tests/bench/bench.h"

/* storaged's limit of requests in a transaction (storaged/server/batch.h). */
#define SLOTS_MAX 1024u

enum append { APPEND_QUESTION, APPEND_REPLY };

/* One visitor, with at most one request in flight. Both sides of the comparison with raw LMDB have
 * their own slots and take the same steps, so that both stores grow alike; the ids differ. */
struct slot {
	unsigned turns; /* of a conversation, after which the visitor starts another one */
	struct id conversation, turn;
	struct id message; /* the message of this append; for a reply also the turn's id */
	uint64_t messages; /* of this conversation so far; also the number of the newest one */
	uint64_t created_at; /* for the raw side, which keeps the records itself */
	uint64_t updated_at;
	char session[ID_TEXT_LEN + 1];
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

/* Connects, and waits until storaged answers. */
void line_open(struct channel *line, const char *socket, enum role role);

/* Sends one request alone on its connection, waits for the reply, which must be of this type, and
 * returns the nanoseconds between. The reply is valid until the next request. */
uint64_t line_ask(struct channel *line, enum msg_type type, const void *request,
    enum msg_type answer_type, union msg *answer);

struct ready_request;

/* Sends requests for all slots over one connection. Each slot's next request is encoded while its
 * last one is in flight, so that the benchmark's own cost is not on the path from a reply to the
 * next request. */
struct sender {
	struct channel line;
	uint32_t history; /* messages that a question requests back */
	struct slice (*text)(
	    enum append kind); /* the next text; load_text() unless it is replaced */
	struct load load;
	struct ready_request *ready; /* of each slot: the next request to send */
	size_t in_flight;
	/* In the current slice. */
	const struct quota *quota;
	uint64_t until;
	struct durations *durations;
	uint32_t queued[SLOTS_MAX]; /* slots whose request was queued since the last flush */
	size_t n_queued;
};

void sender_open(struct sender *s, const char *socket, uint32_t history);
void sender_close(struct sender *s);

/* Starts with this many slots and turns per conversation; no slot may have an open turn. */
void sender_load(struct sender *s, size_t slots, unsigned turns);

/* Lets every slot send one request after the other until its quota is used up (NULL: no quota) or
 * the time (of clock_mono_ns()) has come, and waits for all replies. load.done counts the appends;
 * durations, unless NULL, gets each request's. Returns the nanoseconds from the first request to
 * the last reply. */
uint64_t sender_run(
    struct sender *s, const struct quota *quota, uint64_t until, struct durations *durations);

/* One reply for each slot with an open turn. */
void sender_quota_of_open_turns(const struct sender *s, struct quota *quota);

#endif
