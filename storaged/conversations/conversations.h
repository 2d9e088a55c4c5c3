/*
 * Conversations: the one of a session, found or created; a new message with everything that
 * depends on it (record, indexes, totals); and the requests for lists.
 *
 * A conversation's status is that of its newest reply, which is stored or being written at the
 * place before next_seq. It is CONVERSATION_ANY if there is no reply.
 */
#ifndef STORAGED_CONVERSATIONS_CONVERSATIONS_H
#define STORAGED_CONVERSATIONS_CONVERSATIONS_H

#include "storaged/conversations/labels.h"
#include "storaged/request/call.h"

/* Limits of the lists, as in messages.def. */
#define CONVERSATIONS_MAX 200u
#define MESSAGES_MAX      1000u

/* The largest sequence number of a message: JSON numbers are exact up to here (RFC 8259, section
 * 6). */
#define SEQ_MAX (((uint64_t)1 << 53) - 2)

/* The length of last_message, in UTF-16 units. */
#define LAST_MESSAGE_UNITS 500

/*
 * The conversation of a session: the stored one, or a fresh one with fresh_id, which is not stored
 * yet and gets its times from its first message. Changes nothing. The record's slices are those of
 * txn_get(), or the caller's.
 */
[[gnu::warn_unused_result]] int conversation_of_session(struct txn *t, const struct id *org,
    const struct id *widget, struct slice session, const struct id *fresh_id,
    struct msg_conversation_record *conversation, bool *fresh);

/* What determines the position of a stored conversation in the lists. */
struct conversation_position {
	uint64_t updated_at, snoozed_until;
	struct id contact;
	struct labels labels;
};

void conversation_position_of(
    const struct msg_conversation_record *conversation, struct conversation_position *position);

/*
 * Stores a conversation's record with its index entries, and adds so many messages to its
 * organization's totals. before: its previous position; NULL: it is fresh. The record's slices
 * that lay in the map are invalid afterwards.
 */
[[gnu::warn_unused_result]] int conversation_put(struct txn *t,
    const struct msg_conversation_record *conversation,
    const struct conversation_position *before, unsigned messages);

/*
 * Moves the row of the table due that wakes a snoozed conversation (duty/wake.h), from one time to another; 0: there is
 * none. conversation_put() does this, also for a conversation that only waits for its visitor: its time does not come. The
 * ids must not lie in the map.
 */
[[gnu::warn_unused_result]] int conversation_move_wake(struct txn *t, const struct id *org,
    const struct id *conversation, uint64_t from, uint64_t to);

/* Replaces the context of a conversation, and adds its change. */
[[gnu::warn_unused_result]] int conversation_set_context(
    struct txn *t, struct msg_conversation_record *conversation, struct slice context);

/* Assigns a conversation to a contact of its organization; zero: to none. MDB_NOTFOUND: there is
 * no such conversation. */
[[gnu::warn_unused_result]] int conversation_set_contact(
    struct txn *t, const struct id *conversation, const struct id *contact);

/* Sets the status of a conversation to that of the reply at seq, if it is the newest. */
void conversation_note_reply(struct msg_conversation_record *conversation, uint64_t seq,
    enum conversation_status status);

/* Stores that the conversation of a reply that is opened again is active. RECORD_DAMAGED: there
 * is no such conversation. */
[[gnu::warn_unused_result]] int conversation_reopen(
    struct txn *t, const struct msg_turn_record *place);

/* Ends a takeover: the model answers again. The caller stores the record. */
void conversation_end_takeover(struct msg_conversation_record *conversation);

/* The status of a conversation whose newest reply has ended with this status. */
enum conversation_status conversation_status_of(enum message_status status);

/* A message that is added to a conversation. */
struct new_message {
	struct slice text; /* must not lie in the map */
	uint64_t now;      /* ms since 1970 */
	bool question;     /* of the visitor: it opens a resolved conversation again */
	bool returns;      /* the model answers again: a takeover ends */
	bool hand_over;    /* the model asks for a person: the conversation waits for one */
	bool replaces;     /* it takes the place of one that is counted already */
	/* The place of the reply that it is, or that will answer it, and the conversation's
	 * status then. */
	uint64_t reply;
	enum conversation_status status;
};

/*
 * Stores what a new message changes around it: the conversation's record with its activity,
 * counts, status and last message (unchanged if the text is empty), the indexes, and the
 * organization's totals. The caller stores the message itself, and advances next_seq. The record's
 * slices that lay in the map are invalid afterwards.
 */
[[gnu::warn_unused_result]] int conversation_add(struct txn *t,
    struct msg_conversation_record *conversation, bool fresh,
    const struct new_message *arrival);

/* The newest open turn of a conversation; zero: none. */
[[gnu::warn_unused_result]] int conversation_newest_open(
    struct txn *t, const struct call *c, const struct id *conversation, struct id *turn);

/* Answers with one conversation, as a list of one (MSG_CONVERSATION_PAGE). */
[[gnu::warn_unused_result]] int conversation_answer_one(
    struct txn *t, struct call *c, const struct id *id, const struct id *reader);

/* Answered by MSG_CONVERSATION_PAGE; in conversation_list.c. */
[[gnu::warn_unused_result]] int handle_conversation_list(struct txn *t, struct call *c);

/* Answered by MSG_CONVERSATION_PAGE; in conversation_lookup.c. */
[[gnu::warn_unused_result]] int handle_conversation_lookup(struct txn *t, struct call *c);

/* Answered by MSG_MESSAGE_PAGE. */
[[gnu::warn_unused_result]] int handle_message_list(struct txn *t, struct call *c);

/* Answered by MSG_MESSAGE_PAGE. */
[[gnu::warn_unused_result]] int handle_session_history(struct txn *t, struct call *c);

#endif
