/*
 * A turn's reply in the store: open with its pieces while a worker writes it, then one message in
 * the conversation at the place that was kept for it when the turn began.
 *
 * A reply whose worker vanished becomes a message with the status interrupted; if the worker turns
 * up again after all, or another one begins it anew, the turn is opened again from that message and
 * the end overwrites it.
 */
#ifndef STORAGED_CONVERSATIONS_REPLIES_H
#define STORAGED_CONVERSATIONS_REPLIES_H

#include "storaged/engine/txn.h"

enum reply_state {
	REPLY_OPEN,        /* the turn is open */
	REPLY_INTERRUPTED, /* closed, with a message that may yet be put right */
	REPLY_COMPLETE,    /* closed for good: complete, or stopped by the visitor */
	REPLY_MISSING,     /* closed without a message: only a damaged store has this */
};

/* How a reply ended. */
struct ending {
	enum message_status status;
	struct slice text; /* must not lie in the map */
	uint32_t prompt_tokens, completion_tokens;
};

struct reply {
	enum reply_state state;
	struct id run; /* who may write it, while it is open (messages.def) */
	bool has_message;
	struct msg_message_record message; /* if it has one; its text lies in the map */
};

/* Where the reply of a turn belongs. MDB_NOTFOUND: the turn never began, or was erased. */
[[gnu::warn_unused_result]] int reply_place(
    struct txn *t, const struct id *turn, struct msg_turn_record *place);

/* How it stands with a turn. */
[[gnu::warn_unused_result]] int reply_look(struct txn *t, const struct id *turn,
    const struct msg_turn_record *place, struct reply *reply);

/* Opens a turn of a conversation, that has no message yet, for a run. */
[[gnu::warn_unused_result]] int reply_open(
    struct txn *t, const struct id *turn, const struct id *run, const struct id *conversation);

/* Puts all that there is of a reply's text in t->env->text, whatever its state. */
[[gnu::warn_unused_result]] int reply_gather(
    struct txn *t, const struct id *turn, const struct reply *reply);

/* Opens an interrupted turn again, or one that is missing its message: what there is of the text is
 * its first piece. */
[[gnu::warn_unused_result]] int reply_reopen(struct txn *t, const struct id *turn,
    const struct id *run, const struct msg_turn_record *place, const struct reply *reply);

/* Gives a turn that is not closed for good to another run. All that there is of the text becomes one
 * piece, so that the new run's first one, at 0, takes its place. */
[[gnu::warn_unused_result]] int reply_begin_anew(struct txn *t, const struct id *turn,
    const struct id *run, const struct msg_turn_record *place, const struct reply *reply);

/* Keeps a piece that starts at offset. offset + text.len is at most TEXT_MAX. */
[[gnu::warn_unused_result]] int reply_keep(
    struct txn *t, const struct id *turn, uint32_t offset, struct slice text);

/* Puts the pieces of an open turn together in t->env->text. */
[[gnu::warn_unused_result]] int reply_pieces(struct txn *t, const struct id *turn);

/* Writes the reply's message, over an interrupted one if replaces, and closes the turn. */
[[gnu::warn_unused_result]] int reply_end(struct txn *t, const struct id *turn,
    const struct msg_turn_record *place, bool replaces, const struct ending *ending);

/* Closes a turn: it is open no more, and its pieces are gone. */
[[gnu::warn_unused_result]] int reply_close(struct txn *t, const struct id *turn);

/* What reply_interrupt() found. */
struct interrupted {
	bool was_open;
	struct id conversation;
	size_t bytes; /* of text that was kept */
};

/* Ends an open turn as interrupted, with the text of its pieces, even when that is empty. One
 * that is not open is left alone. */
[[gnu::warn_unused_result]] int reply_interrupt(
    struct txn *t, const struct id *turn, struct interrupted *out);

#endif
