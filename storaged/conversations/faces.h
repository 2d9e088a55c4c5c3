/*
 * What the inbox shows of a conversation besides its record: the names of its contact, and who wrote the last
 * message. It is looked up for the conversations of a page, so that nothing must change in them when a contact
 * changes.
 */
#ifndef STORAGED_CONVERSATIONS_FACES_H
#define STORAGED_CONVERSATIONS_FACES_H

#include "storaged/engine/txn.h"

/* Bytes of an encoded CONVERSATION_FACE at most. */
#define FACE_MAX 1024u

/* Encodes the CONVERSATION_FACE of a conversation into out, which is emptied before. A damaged contact or message
 * counts as not known. */
[[gnu::warn_unused_result]] int face_get(
    struct txn *t, const struct msg_conversation_record *conversation, struct buf *out);

/* Appends it to env->faces, the list of a page. */
[[gnu::warn_unused_result]] int face_list(
    struct txn *t, const struct msg_conversation_record *conversation);

#endif
