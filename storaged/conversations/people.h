/*
 * The pictures of the operators of a page of messages. They are looked up when a page is read, once for each operator,
 * so that a new picture is beside old messages, too. Unlike a picture, a name is stored with each message: it says who
 * the visitor talked to, also after the user was renamed or deleted.
 */
#ifndef STORAGED_CONVERSATIONS_PEOPLE_H
#define STORAGED_CONVERSATIONS_PEOPLE_H

#include "storaged/engine/txn.h"

/* Bytes of the list (messages.def). */
#define PEOPLE_BYTES 65536u

/* The address of a user's picture, of which the slice is valid as of txn_get(). Empty: there is none, or the record is
 * gone or damaged. */
[[gnu::warn_unused_result]] int people_find_picture(
    struct txn *t, const struct id *org, const struct id *user, struct slice *picture);

/* Appends a PERSON_PICTURE to out for the operator who has the conversation and for those who wrote the messages (a list
 * of MESSAGE_RECORD), if they are users with a picture. Of very many, some are left out. */
[[gnu::warn_unused_result]] int people_list(struct txn *t,
    const struct msg_conversation_record *conversation, struct slice messages, struct buf *out);

#endif
