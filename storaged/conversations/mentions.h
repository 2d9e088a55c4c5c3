/*
 * The table mentions: notes that mention a user, so that each user can find them, and whether the user has read
 * that. A note has the ids of the users; each has a row as long as user and note exist, except the author, who knows. Of
 * one user, the latest MENTIONS_MAX stay.
 */
#ifndef STORAGED_CONVERSATIONS_MENTIONS_H
#define STORAGED_CONVERSATIONS_MENTIONS_H

#include "storaged/request/call.h"

#define MENTIONS_MAX 1000u /* of a user */

/* Takes the next user off the front of a note's mentions. False: there is none. */
[[gnu::warn_unused_result]] bool mention_next(struct slice *mentions, struct id *user);

/* Adds the rows of a note that are not there, for users who exist. Its slices may lie in the map. */
[[gnu::warn_unused_result]] int mentions_add(
    struct txn *t, const struct msg_note_record *note, enum change_what what);

/* Removes the rows of a note. Its slices may lie in the map. */
[[gnu::warn_unused_result]] int mentions_remove(
    struct txn *t, const struct msg_note_record *note);

/* Removes the rows of a conversation's notes, which are still there. */
[[gnu::warn_unused_result]] int mentions_erase_conversation(
    struct txn *t, const struct id *conversation);

/* Removes the rows of a user. */
[[gnu::warn_unused_result]] int mentions_erase_user(
    struct txn *t, const struct id *org, const struct id *user);

/* Counts what the user has not read. */
[[gnu::warn_unused_result]] int mentions_count_unread(
    struct txn *t, const struct id *org, const struct id *user, uint32_t *n);

/* MSG_IMPORT_RECORD of a mention. One whose note or user does not exist here is left out. */
[[gnu::warn_unused_result]] int mention_import(
    struct txn *t, struct call *c, const struct msg_mention_record *r);

#endif
