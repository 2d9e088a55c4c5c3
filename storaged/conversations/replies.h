/*
 * A turn's reply in the store: pieces while a worker writes it, then one message in the conversation, at
 * the place that was reserved when the turn began.
 *
 * A reply whose worker disappeared becomes a message with the status interrupted. If that worker comes
 * back, or another run restarts the reply, the turn is opened again with that message's text, and its end
 * overwrites the message.
 */
#ifndef STORAGED_CONVERSATIONS_REPLIES_H
#define STORAGED_CONVERSATIONS_REPLIES_H

#include "storaged/budgets/budgets.h"
#include "storaged/conversations/turn_view.h"

/* How a reply ended. */
struct reply_ending {
	enum message_status status;
	struct slice text; /* must not lie in the map, nor must sources */
	struct slice
	    sources; /* SOURCES_RECORD, what was found for it; empty: nothing was looked up */
	uint32_t prompt_tokens, completion_tokens;
	uint32_t estimated; /* tokens that budgets pay besides */
	bool unknown;       /* nobody knows what the model has used: budgets pay an estimate */
	bool hand_over;     /* the model asks for a person: the conversation waits for one */
	struct slice network; /* of the visitor, if its worker knows it */
	/* The model's part of MESSAGE_DETAILS, as in TURN_FINISH. */
	struct slice model;
	uint32_t first_token_ms, total_ms;
	uint8_t attempts;
};

/* Who writes a reply, and for which widget; and the tokens that are reserved for it (budgets.h). */
struct reply_writer {
	struct id agent, org, widget;
	struct budget_tokens reserved;
	struct spenders by;
};

/* Opens a turn that has no message yet for a run. */
[[gnu::warn_unused_result]] int reply_open(struct txn *t, const struct id *turn,
    const struct id *run, const struct id *conversation, const struct reply_writer *writer);

/* Collects a reply's text so far in t->env->text, whatever the turn's state. */
[[gnu::warn_unused_result]] int reply_collect(struct txn *t, const struct turn_view *v);

/* Collects the pieces of an open turn in t->env->text. */
[[gnu::warn_unused_result]] int reply_collect_pieces(struct txn *t, const struct id *turn);

/* Opens an interrupted or damaged turn again: the text so far becomes its first piece. */
[[gnu::warn_unused_result]] int reply_reopen(struct txn *t, const struct turn_view *v,
    const struct id *run, const struct reply_writer *writer);

/* Gives a turn that is not complete to another run and writer. The text so far becomes one piece at 0,
 * which the new run's first piece replaces. */
[[gnu::warn_unused_result]] int reply_restart(struct txn *t, const struct turn_view *v,
    const struct id *run, const struct reply_writer *writer);

/* Stores a piece that starts at offset. offset + text.len is at most TEXT_MAX. */
[[gnu::warn_unused_result]] int reply_add_piece(
    struct txn *t, const struct id *turn, uint32_t offset, struct slice text);

/* Stores what the reply is based on so far: a SOURCES_RECORD. */
[[gnu::warn_unused_result]] int reply_put_sources(
    struct txn *t, const struct id *turn, struct slice sources);

/* Stores the reply's message, over an interrupted one if there is one, and closes the turn. */
[[gnu::warn_unused_result]] int reply_end(
    struct txn *t, const struct turn_view *v, const struct reply_ending *ending);

/* Ends a turn as stopped, with the text so far: a person has taken over. */
[[gnu::warn_unused_result]] int reply_stop(struct txn *t, const struct turn_view *v);

/* The tokens that the same call of the model has paid when it was interrupted. A turn that was started again
 * has reserved tokens for another call. */
uint64_t reply_tokens_paid(const struct turn_view *v);

/* Closes a turn: settles what it used, and removes its pieces. */
[[gnu::warn_unused_result]] int reply_close(struct txn *t, const struct budget_use *use);

/* What reply_interrupt() found. */
struct reply_interruption {
	bool was_open;
	struct id conversation;
	struct id room; /* of its session */
	size_t bytes;   /* of text that was kept */
};

/* How a reply ends that broke off. */
struct reply_interrupted {
	enum message_status status; /* interrupted, or waiting */
	struct slice blank;         /* its text, if it has none; may lie in the map */
};

/* Ends an open turn with the text of its pieces; as stopped, if a person has taken over the conversation. Leaves a closed turn alone. known: what its worker knows of the end except its
 * status and text; NULL: it is lost. */
[[gnu::warn_unused_result]] int reply_interrupt(struct txn *t, const struct id *turn,
    const struct reply_interrupted *how, const struct reply_ending *known,
    struct reply_interruption *out);

#endif
