/*
 * Mails to visitors who have left: what the team wrote, and the visitor has not seen, goes to the address that the visitor
 * gave. MAIL_UNSEEN_MS after each message of a person, a row of the table due asks whether that is needed: not while the
 * visitor has the chat open, nor if it has written since. So one mail has all that was unseen until then.
 *
 * An address that nobody has proved to read gets a mail an hour at most: anybody may enter anybody's address. Only the
 * team's words are in the mail, never the visitor's.
 */
#ifndef STORAGED_MAILING_UNSEEN_H
#define STORAGED_MAILING_UNSEEN_H

#include "storaged/request/call.h"

/* A person has written in this conversation at that time (ms since 1970). */
[[gnu::warn_unused_result]] int unseen_plan(
    struct txn *t, const struct msg_conversation_record *conversation, uint64_t now);

/* The row of a conversation is due, and removed already (due_fn). about: of its organization, and its id. */
[[gnu::warn_unused_result]] int unseen_due(struct txn *t, struct call *c,
    const struct id *conversation, const struct key *about, uint64_t now);

/* A server has refused the mail for ever: its address gets none for a week, and the conversation a note. error must not lie in the
 * map. */
[[gnu::warn_unused_result]] int unseen_failed(struct txn *t, const struct id *org,
    const struct id *conversation, const struct hash256 *address, struct slice error);

/* MSG_MAIL_STOP. */
[[gnu::warn_unused_result]] int handle_mail_stop(struct txn *t, struct call *c);

#endif
