/*
 * What the owner of the store (server.h) and a standby (standby_server.h) do alike: accept peers, take their
 * requests into a batch, and send the answers.
 *
 * libevent's callbacks only read bytes and set flags. The callbacks may run while the batch is open, so none of
 * them uses the store.
 */
#ifndef STORAGED_SERVER_SERVING_H
#define STORAGED_SERVER_SERVING_H

#include "storaged/server/peers.h"
#include "storaged/server/service.h"

struct serving {
	struct env *env;
	struct service *service;
	struct event *acceptable;
	struct open_turns open;
	struct live live;
	struct batch batch;
	struct peers peers;
	struct long_reads long_reads;
	bool accept_paused; /* there was no room */
};

/* Begins to accept. */
void serving_start(struct serving *s, struct env *env, struct service *service,
    const struct handlers *handlers);

/* Closes all peers. */
void serving_end(struct serving *s);

/* Runs the requests that have arrived, and commits. 0, or an LMDB error as batch_end(). */
[[gnu::warn_unused_result]] int serving_run_requests(struct serving *s);

/* Runs some of the requests that read much, when those that do not have their answers: for about a millisecond, then it is
 * their turn again. *more: others wait. 0, or an LMDB error as batch_end(). */
[[gnu::warn_unused_result]] int serving_run_long(struct serving *s, bool *more);

/* Sends the answers. True: a peer can be served again at once. */
[[gnu::warn_unused_result]] bool serving_settle(struct serving *s);

/* Accepts again after a pause, if there is room. */
void serving_accept_again(struct serving *s);

#endif
