/*
 * A conversation as plain text, for people: a head with who and when, then the messages.
 */
#ifndef WORKERD_API_EXPORT_EXPORT_TEXT_H
#define WORKERD_API_EXPORT_EXPORT_TEXT_H

#include "proto/ipc/messages.h"

/* Appends the head of a conversation, from the first page of its messages. 0, or -1: out is full. */
[[gnu::warn_unused_result]] int export_text_head(
    struct buf *out, const struct msg_message_page *page);

/* Appends a message. */
[[gnu::warn_unused_result]] int export_text_message(
    struct buf *out, const struct msg_message_record *message);

#endif
