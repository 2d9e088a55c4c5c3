/*
 * What all replies of a worker share: the lines to the store and the models, and the lists of the
 * replies that are made here, of those that others make and somebody here follows, and of those that
 * are looked for.
 */
#ifndef WORKERD_TURN_TURNS_H
#define WORKERD_TURN_TURNS_H

#include <event2/event.h>
#include <sys/queue.h>

#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings.h"
#include "workerd/model/model_servers.h"
#include "workerd/store/store_client.h"
#include "workerd/turn/prompt.h"

struct audiences;
struct follow;
struct join;
struct turn;

struct chat {
	/* Set by whoever owns it, before chat_start(). */
	struct event_base *base;
	struct store_client *store;
	struct model_servers servers;    /* at least the settings' own */
	struct scoreboard_worker *board; /* where turns are counted */
	struct agent_defaults defaults;
	unsigned max_history;
	unsigned total_ms; /* for a whole answer of the model, retries included */

	/* The tokens given to listeners since the last chat_turn_end(), and when the first came. */
	uint64_t relayed, relayed_since_ns;
	size_t trials; /* that run */
	LIST_HEAD(turn_list, turn) turns;
	LIST_HEAD(, turn) wanted; /* of them those that other workers follow */
	struct audiences *turns_by_id;
	TAILQ_HEAD(follow_list, follow) follows;
	struct audiences *follows_by_id;
	LIST_HEAD(join_list, join) joins;
	uint64_t follows_left; /* how often the store was told that nobody follows a reply */
};

/* The owner's part is set: begins, and listens to the line to the store from now on. */
void chat_start(struct chat *chat);

/* How many turns run, those without a listener included. */
size_t chat_running(const struct chat *chat);

/* Time is up (a drain's bound): every turn that still runs is finished as interrupted with the
 * text it has, and whoever listens to other workers' replies is told so. */
void chat_cut(struct chat *chat);

/* The store has not answered either, and nobody waits for it any longer: who still listens is told that
 * the reply was cut. What the store was sent, it may yet keep. */
void chat_tell_cut(struct chat *chat);

/* Forgets everything, as a process does that ends: nothing more is stored or told. The store's
 * calls are gone already; the model servers are still there. */
void chat_clear(struct chat *chat);

/* Once per loop turn, after the clients' writes and before the store's: what was given to listeners
 * has left, and who follows our replies elsewhere gets what came. */
void chat_turn_end(struct chat *chat);

#endif
