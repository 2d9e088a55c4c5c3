/*
 * The effective state of a turn, as one request of a batch sees it. This file alone combines the three
 * sources of that state:
 *	the store    through the batch's transaction, which shows what earlier requests of the batch wrote
 *	memory       who ran and followed which turn before the batch (live.h, open_turns.h)
 *	the batch    what its earlier requests noted for memory, which is applied after the commit (effects.h)
 */
#ifndef STORAGED_CONVERSATIONS_TURN_VIEW_H
#define STORAGED_CONVERSATIONS_TURN_VIEW_H

#include "storaged/budgets/budget.h"
#include "storaged/request/call.h"

enum turn_state {
	TURN_OPEN,        /* a run writes the reply, or may come back to do so */
	TURN_INTERRUPTED, /* closed; its message may be completed by opening the turn again */
	TURN_COMPLETE,    /* closed for good: complete, or stopped by the visitor */
	TURN_DAMAGED,     /* closed without a message: only a damaged store has this */
	TURN_HANDED,      /* without a reply: a person answers the question (MESSAGE_HANDED) */
};

struct turn_view {
	struct id id;
	struct msg_turn_record place; /* where the reply belongs */
	enum turn_state state;
	struct id run;   /* that may write the reply, while it is open (messages.def) */
	struct id agent; /* that writes it, or wrote it; zero: unknown */
	uint32_t reserved_prompt, reserved_completion; /* of the open turn, as the next two */
	uint64_t started_at;
	struct spenders by;
	uint32_t estimated; /* of the message: tokens that it has paid */
	bool has_message;
	struct msg_message_record message; /* if there is one; its text lies in the map */
};

/* Who writes a turn that is open in the store. */
enum turn_writer {
	TURN_WRITER_SELF,    /* the sender of the request */
	TURN_WRITER_OTHER,   /* another client */
	TURN_WRITER_AWAITED, /* storaged restarted; its worker has some time to claim it */
	TURN_WRITER_LOST,    /* nobody: it is about to be interrupted */
	TURN_WRITER_NONE, /* nobody, and it could not be interrupted: its records are damaged */
};

/* Reads a turn. MDB_NOTFOUND: it never began, or was erased. */
[[gnu::warn_unused_result]] int turn_view_load(
    struct txn *t, const struct id *turn, struct turn_view *v);

/* Reads a turn that another record names. RECORD_DAMAGED if it does not exist. */
[[gnu::warn_unused_result]] int turn_view_load_named(
    struct txn *t, const struct id *turn, struct turn_view *v);

/* Where the reply of a turn belongs; errors as turn_view_load(). */
[[gnu::warn_unused_result]] int turn_view_place(
    struct txn *t, const struct id *turn, struct msg_turn_record *place);

/* Who writes an open turn. Looks through all effects of the batch: for requests that are rare. */
enum turn_writer turn_view_writer(const struct call *c, const struct id *turn);

/* Whether the sender of the request follows a turn. Looks through all effects of the batch. */
bool turn_view_is_followed(const struct call *c, const struct id *turn);

/* Whether the sender may follow a turn: it does already, or the tables have room (live.h). */
bool turn_view_may_follow(const struct call *c, const struct id *turn);

/* Whether one more turn may be open (OPEN_TURNS_MAX). */
bool turn_view_may_open(const struct call *c);

/* Calls each for the open turns of a conversation, until it does not return 0, and returns its result.
 * each may change the store and note effects. */
typedef int turn_view_fn(void *arg, const struct id *turn);
[[gnu::warn_unused_result]] int turn_view_each_open(struct txn *t, const struct call *c,
    const struct id *conversation, turn_view_fn *each, void *arg);

#endif
