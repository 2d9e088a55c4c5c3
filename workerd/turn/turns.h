/*
 * The state that all replies of a worker share: the connections to storaged and to the model servers,
 * and the lists of the replies that this worker writes, follows or looks up.
 *
 * Only data: turn_service.h starts and stops it all, turn.h begins and joins replies.
 */
#ifndef WORKERD_TURN_TURNS_H
#define WORKERD_TURN_TURNS_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings.h"
#include "workerd/knowledge/finding.h"
#include "workerd/model/model_servers.h"
#include "workerd/model/parts/model_memory.h"
#include "workerd/net/fair_slots.h"
#include "workerd/store/store_client.h"
#include "workerd/tools/tool_http.h"
#include "workerd/turn/prompt/prompt.h"

struct reply_listeners_index;
struct msg_turn_state;
struct remote_reply;
struct reply_ref;
struct turn;
struct turn_listener;
struct turn_lookup;

#define TURN_SOURCES    1024
#define TURN_ORGS       256
#define TURN_REFUSED_MS 1000

/* The running replies of an organization. */
struct turn_org {
	LIST_ENTRY(turn_org) link;
	struct id id;
	size_t replies; /* not 0 */
	size_t held;    /* bytes of their texts and histories */
};

/* Limits of running replies; 0: none. Organizations share them (turn_limits.c). */
struct turn_limits {
	size_t replies;          /* of this worker */
	size_t of_address;       /* of this worker, for one client address */
	uint8_t of_conversation; /* of all workers */
	size_t bytes;            /* of the texts and histories of all */
	size_t text;             /* bytes of one reply's text, at most TURN_REPLY_MAX */
	unsigned
	    abandoned_ms; /* how long a reply continues without a listener; 0: to its end */
};

struct turns {
	/* Set by the owner before turn_service_start(). */
	struct event_base *base;
	struct store_client *store;
	struct finding_service finding;
	struct tool_http *tools;         /* asks the servers of tools */
	struct model_servers servers;    /* at least the default server */
	struct scoreboard_worker *board; /* for the metrics */
	struct prompt_defaults defaults;
	unsigned max_history;        /* messages of a conversation that the model receives */
	unsigned max_history_tokens; /* ... and tokens of these; 0: no limit */
	unsigned total_ms;           /* limit for the model's response, retries included */
	unsigned
	    first_token_ms; /* after which another server is asked, if the agent names one; 0: never */
	unsigned refused_ms; /* TURN_REFUSED_MS; tests need not wait so long */
	struct turn_limits limits;

	/*
	 * Set by turn_service_start(): what a turn or a remote reply does with listeners that must look up
	 * their reply again (turn_resume.h).
	 */
	void (*resume_repeated)(struct turns *, struct turn_listener *, struct reply_ref *,
	    const struct msg_turn_state *);
	void (*resume_stop)(void *turns, struct turn_listener *);

	/* Tokens sent to listeners since the last turn_service_flush(), and the time of the first. */
	uint64_t relayed, relayed_since_ns;
	struct fair_slots trials; /* running trials */
	size_t running_n;         /* turns in running */
	size_t held;              /* bytes of their texts and histories */
	struct event excess, abandoned;
	LIST_HEAD(, turn) running;
	LIST_HEAD(, turn) by_source[TURN_SOURCES]; /* those whose address has a limit, hashed */
	LIST_HEAD(, turn_org) orgs[TURN_ORGS];     /* those with running replies, hashed */
	LIST_HEAD(, turn) followed;                /* running turns that other workers follow */
	struct reply_listeners_index *running_by_id;
	TAILQ_HEAD(, remote_reply) remote;
	struct reply_listeners_index *remote_by_id;
	LIST_HEAD(, turn_lookup) lookups;
	struct model_memory models;
	uint64_t remote_left; /* how often storaged was told that nobody here follows a reply */
};

#endif
