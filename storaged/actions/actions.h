/*
 * Actions: steps that change something elsewhere, and so wait for a decision first.
 *
 *	waiting → proposed → running → done, failed
 *	   │          │         └────→ unknown → (an operator decides) done, failed, proposed
 *	   └──────────┴────→ refused, expired
 *
 * Each state is on disk before what it allows is done: a running step may have reached its server, a proposed one has not. So
 * nothing is done twice, and what may be lost is unknown. A step whose state needs something has a row in the table due, until
 * nothing more is to be done about it: it expires, or a worker is asked (MSG_LIVE_STEP) to send its request, or to begin the
 * reply that sees its result. A worker that runs a step and does not say in time what came of it is taken for dead: the step is
 * unknown, and the conversation waits for a person; or, if its server does nothing twice, it is proposed again. Nothing of this
 * is in memory.
 */
#ifndef STORAGED_ACTIONS_ACTIONS_H
#define STORAGED_ACTIONS_ACTIONS_H

#include "storaged/request/call.h"

/* The state of a step that waits for nobody and is not running: what came of it is known, or never will be. */
bool action_has_ended(const struct msg_step_record *r);

/* The key of a step. action_find() reads the step into *r, as txn_get_record() does, and returns the same. */
struct key action_key(const struct id *conversation, const struct id *step);
[[gnu::warn_unused_result]] int action_find(struct txn *t, const struct id *conversation,
    const struct id *step, struct msg_step_record *r);

/* Stores a step with its rows, and tells who follows its conversation, and the change feed. before: NULL for a new one. The
 * slices of both may lie in the map. */
[[gnu::warn_unused_result]] int action_put(struct txn *t, struct call *c,
    const struct msg_step_record *before, const struct msg_step_record *after);

/* Stores a new one that waits. Refuses (CONFLICT) if the same action of its conversation is under way, or unknown; one that
 * waits is replaced. */
[[gnu::warn_unused_result]] int action_add(
    struct txn *t, struct call *c, const struct msg_step_record *new);

/* Ends a step in *r, which the caller stores: from now on, a reply is begun that sees the result. text: what the model
 * reads, a static JSON; NULL: r->result has it. */
void action_end(struct call *c, struct msg_step_record *r, enum step_state state,
    const char *text, uint64_t now);

/* The same for one that is to be sent. */
void action_propose(struct call *c, struct msg_step_record *r, uint64_t now);

/* Proposes a step in *r again, after some time, if its server does nothing twice and it was not tried too often. False: nothing
 * is changed. */
bool action_try_again(struct msg_step_record *r, uint64_t now);

/* Nobody knows whether it was done: a person gets the conversation. */
[[gnu::warn_unused_result]] int action_lose(struct txn *t, struct call *c,
    const struct msg_step_record *before, const struct msg_step_record *after);

/* A person takes over the conversation: what has not begun is refused. */
[[gnu::warn_unused_result]] int actions_stop(
    struct txn *t, struct call *c, const struct id *conversation);

/* A reply was stopped: what it proposed is refused. */
[[gnu::warn_unused_result]] int actions_stop_turn(
    struct txn *t, struct call *c, const struct id *conversation, const struct id *turn);

/* Finds the action that a reply proposed and that waits for a decision. The slices of *r are valid until the next change. */
[[gnu::warn_unused_result]] int action_find_waiting(struct txn *t,
    const struct id *conversation, const struct id *turn, struct msg_step_record *r);

/* The conversation is being erased: removes its steps that have rows; garbage.h removes the others. */
[[gnu::warn_unused_result]] int actions_erase(struct txn *t, const struct id *conversation);

/* due.h */
[[gnu::warn_unused_result]] int action_due(struct txn *t, struct call *c, const struct id *step,
    const struct key *about, uint64_t now);

#endif
