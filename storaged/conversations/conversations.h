/*
 * Conversations: finding or making the one of a session, adding a message to it with all that
 * hangs on that (record, indexes, totals), and the requests that list.
 *
 * A conversation's state is that of its newest reply: what stands, or is being written, at the place
 * before next_seq. CONVERSATION_ANY where that is no reply and none is open for it.
 */
#ifndef STORAGED_CONVERSATIONS_CONVERSATIONS_H
#define STORAGED_CONVERSATIONS_CONVERSATIONS_H

#include "storaged/request/call.h"

/* Bounds of the lists, as in messages.def. */
#define CONVERSATIONS_MAX 200u
#define MESSAGES_MAX      1000u

/* The greatest place of a message: numbers beyond are not exact in JSON (RFC 8259, section 6). */
#define SEQ_MAX (((uint64_t)1 << 53) - 2)

/* What last_message keeps, in UTF-16 units. */
#define LAST_MESSAGE_UNITS 500

/*
 * The conversation of a session: the stored one, or a fresh one with the id given, which is not
 * stored yet and gets its times from its first message. Changes nothing. The record's slices are
 * as those of txn_get(), or the caller's.
 */
[[gnu::warn_unused_result]] int conversation_of_session(struct txn *t, const struct id *org,
    const struct id *widget, struct slice session, const struct id *fresh_id,
    struct msg_conversation_record *conversation, bool *fresh);

/* What says where a stored conversation stands in the lists. */
struct listed {
	uint64_t updated_at;
	struct id contact;
};

/*
 * Stores a conversation's record with its index entries, and counts so many messages more for its
 * organization. before: as it was until now; NULL: it is fresh. After it the record's slices that lay
 * in the map are gone.
 */
[[gnu::warn_unused_result]] int conversation_put(struct txn *t,
    const struct msg_conversation_record *conversation, const struct listed *before,
    unsigned messages);

/* From now on a conversation is with this contact of its organization; zero: with none.
 * MDB_NOTFOUND: there is no such conversation. */
[[gnu::warn_unused_result]] int conversation_set_contact(
    struct txn *t, const struct id *conversation, const struct id *contact);

/* Notes in a record how the reply at a place stands, if it is the newest. */
void conversation_note(
    struct msg_conversation_record *conversation, uint64_t seq, enum conversation_state state);

/* The same in the store, of a reply that is opened again. RECORD_DAMAGED: there is no such
 * conversation. */
[[gnu::warn_unused_result]] int conversation_reopen(
    struct txn *t, const struct msg_turn_record *place);

/* The state of a conversation whose newest reply has ended like this. */
enum conversation_state conversation_state_of(enum message_status status);

/* A message that comes into a conversation. */
struct arrival {
	struct slice text; /* must not lie in the map */
	uint64_t now;      /* ms since 1970 */
	bool replaces;     /* one is counted already */
	/* The reply that it is, or that answers it: its place, and how it stands now. */
	uint64_t reply;
	enum conversation_state state;
};

/*
 * Stores what a message changes around it: the conversation's record with its activity, counts, state
 * and last message (kept if the text is empty), the indexes, and the totals of its organization.
 * The message itself is the caller's, and so is next_seq. After it the record's slices that lay
 * in the map are gone.
 */
[[gnu::warn_unused_result]] int conversation_add(struct txn *t,
    struct msg_conversation_record *conversation, bool fresh, const struct arrival *arrival);

/* The newest turn of a conversation that is open; a zero id: none is. */
[[gnu::warn_unused_result]] int conversation_newest_open(
    struct txn *t, const struct call *c, const struct id *conversation, struct id *turn);

/* MSG_CONVERSATION_LIST, answered by MSG_CONVERSATION_PAGE. */
[[gnu::warn_unused_result]] int handle_conversation_list(struct txn *t, struct call *c);

/* MSG_MESSAGE_LIST, answered by MSG_MESSAGE_PAGE. */
[[gnu::warn_unused_result]] int handle_message_list(struct txn *t, struct call *c);

/* MSG_SESSION_HISTORY, answered by MSG_MESSAGE_PAGE. */
[[gnu::warn_unused_result]] int handle_session_history(struct txn *t, struct call *c);

#endif
