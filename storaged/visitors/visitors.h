/*
 * Visitors of widgets and their requests. A visitor is known by the hash of its token. The token is valid
 * while the widget exists, is enabled, and has the public id that it had when the visitor came.
 */
#ifndef STORAGED_VISITORS_VISITORS_H
#define STORAGED_VISITORS_VISITORS_H

#include "proto/base/clock.h"
#include "storaged/identities/visitor_records.h"
#include "storaged/request/call.h"

/* Detail of GONE. */
extern const char visitor_gone[];

/* A visitor that has neither written nor given a contact is removed so many milliseconds after it came, or
 * came back, but not while a worker follows it (rooms.h). */
#define VISITOR_UNUSED_MS CLOCK_DAY_MS

/* Whether a visitor's token is valid at its widget now. */
bool visitor_is_welcome(
    const struct msg_visitor_record *visitor, const struct msg_widget_record *widget);

/* Finds the visitor with a valid token, and its widget, whose slices are as those of txn_get().
 * MDB_NOTFOUND: the token is invalid or expired. */
[[gnu::warn_unused_result]] int visitor_find(struct txn *t, const struct hash256 *token,
    struct msg_visitor_record *visitor, struct msg_widget_record *widget);

/* Marks a visitor whose conversation was erased as unused, unless it has a contact. */
[[gnu::warn_unused_result]] int visitor_release(
    struct txn *t, struct msg_visitor_record *visitor);

/* Finds a visitor's conversation. MDB_NOTFOUND: it has not written yet. */
[[gnu::warn_unused_result]] int visitor_conversation(
    struct txn *t, const struct msg_visitor_record *visitor, struct id *conversation);

/* Handles MSG_IMPORT_RECORD of a visitor. */
[[gnu::warn_unused_result]] int visitor_import(
    struct txn *t, struct call *c, const struct msg_visitor_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_visitor_open(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_visitor_follow(struct txn *t, struct call *c);

#endif
