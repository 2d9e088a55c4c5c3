/*
 * What all turns of a worker share: the lines to the store and the model, and the list of the
 * turns that run.
 */
#ifndef WORKERD_CHAT_CHAT_H
#define WORKERD_CHAT_CHAT_H

#include <event2/event.h>
#include <sys/queue.h>

#include "proto/scoreboard.h"
#include "proto/settings.h"
#include "workerd/chat/upstream.h"
#include "workerd/store_client.h"

struct turn;

struct chat {
	struct event_base *base;
	struct store_client *store;
	struct upstream *upstream;
	struct scoreboard_worker *board; /* where turns are counted */
	const char *model;
	const char *system_prompt;
	const char *key;                    /* NULL: none; what never may be told */
	uint32_t max_completion_tokens;     /* 0: the server's own limit */
	struct setting_decimal temperature; /* or the server's own */
	bool no_usage; /* the server does not know how to be asked for usage */
	unsigned max_history;
	unsigned total_ms; /* for a whole answer of the model, retries included */
	/* The tokens given to listeners since the last chat_turn_end(), and when the first came. */
	uint64_t relayed, relayed_since_ns;
	LIST_HEAD(turn_list, turn) turns;
};

/* How many turns run, those without a listener included. */
size_t chat_running(const struct chat *chat);

/* Time is up (a drain's bound): every turn that still runs is finished as interrupted with the
 * text it has. */
void chat_cut(struct chat *chat);

/* Forgets every turn, as a process does that ends: nothing more is stored or told. The store's
 * calls are gone already; the upstream is still there. */
void chat_clear(struct chat *chat);

/* Once per loop turn, after the clients' writes: what was given to listeners has left. */
void chat_turn_end(struct chat *chat);

/* The line to the store is new: claims the running turns again, so that storaged does not take
 * them for orphans. */
void chat_claim(struct chat *chat);

#endif
