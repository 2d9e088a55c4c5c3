/*
 * Visitors of widgets and their requests. A visitor is known by the hash of its token. The token is valid
 * while the widget exists, is enabled, and has the public id that it had when the visitor came.
 *
 * A visitor is stored when it writes or says who it is: most never do. Until then its worker vouches for the token
 * (workerd/api/widget/visitor_token.h).
 */
#ifndef STORAGED_VISITORS_VISITORS_H
#define STORAGED_VISITORS_VISITORS_H

#include "proto/base/clock.h"
#include "storaged/identities/visitor_records.h"
#include "storaged/request/call.h"

/* Detail of GONE. */
extern const char visitor_gone[];

/* A stored visitor without a message and a contact, such as one whose conversation was erased, is removed so many
 * milliseconds after that, or after it came back, but not while a worker follows it (rooms.h). */
#define VISITOR_UNUSED_MS CLOCK_DAY_MS

/* A visitor as a request names it; the fields are those of VISITOR_FOLLOW. */
struct visitor_claim {
	struct hash256 token;
	struct id visitor, org, widget;
	uint32_t vouched;
};

/* Whether a visitor's token is valid at its widget now. */
bool visitor_is_welcome(
    const struct msg_visitor_record *visitor, const struct msg_widget_record *widget);

/* Finds the visitor with this token, whether the token is valid or not. One that is not stored, but vouched for, has a
 * created_at of 0. MDB_NOTFOUND: neither. */
[[gnu::warn_unused_result]] int visitor_find_claimed(
    struct txn *t, const struct visitor_claim *claim, struct msg_visitor_record *visitor);

/* The same, but only with a valid token, with its widget, whose slices are as those of txn_get().
 * MDB_NOTFOUND: the token is invalid or expired. */
[[gnu::warn_unused_result]] int visitor_find(struct txn *t, const struct visitor_claim *claim,
    struct msg_visitor_record *visitor, struct msg_widget_record *widget);

/* Stores a visitor that has written or said who it is. If it was not stored before, some stale ones are removed. */
[[gnu::warn_unused_result]] int visitor_put_used(
    struct txn *t, struct call *c, const struct msg_visitor_record *visitor);

/* Removes what is stored of a visitor of a widget, if it exists, apart from its id and the hash of its token: a worker may
 * still vouch for them. The purge removes them after VISITOR_UNUSED_MS. */
[[gnu::warn_unused_result]] int visitor_erase(struct txn *t, const struct id *id);

/* Marks a visitor whose conversation was erased as unused, unless it has a contact. */
[[gnu::warn_unused_result]] int visitor_release(
    struct txn *t, struct msg_visitor_record *visitor);

/* Finds a visitor's conversation. MDB_NOTFOUND: it has not written yet. */
[[gnu::warn_unused_result]] int visitor_conversation(
    struct txn *t, const struct msg_visitor_record *visitor, struct id *conversation);

/* Handles MSG_IMPORT_RECORD of a visitor. */
[[gnu::warn_unused_result]] int visitor_import(
    struct txn *t, struct call *c, const struct msg_visitor_record *record);

/* The same of a further token (identities/returns.h): one whose visitor is not there is left out. */
[[gnu::warn_unused_result]] int visitor_import_return(
    struct txn *t, struct call *c, const struct msg_return_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_visitor_open(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_visitor_follow(struct txn *t, struct call *c);

#endif
