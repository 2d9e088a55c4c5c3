/*
 * Those who come to a widget, known by the hash of their token. A token is good as long as its widget
 * is there, enabled, and has the public id that it had when the visitor came.
 *
 * A contact that was deleted may still be named by visitors who never wrote: there is no list of them.
 * So whoever asks here for a visitor gets it without one that is not there.
 */
#ifndef STORAGED_VISITORS_VISITORS_H
#define STORAGED_VISITORS_VISITORS_H

#include "storaged/request/call.h"

/* What is refused with STORE_GONE. */
extern const char visitor_gone[];

/* Visitors who have neither written nor said who they are go so many milliseconds after they came, or
 * came back; but not while anybody follows them (rooms.h). */
#define VISITOR_UNUSED_MS ((uint64_t)24 * 3600 * 1000)

/* A visitor's session, as text. */
struct visitor_session {
	char s[sizeof(VISITOR_SESSION) + ID_TEXT_LEN];
};

struct visitor_session visitor_session(const struct id *visitor);

/* Whose session this is (VISITOR_SESSION); false: a client's own. */
bool visitor_of_session(struct slice session, struct id *visitor);

/* A visitor by its token, or by its id, whether its token is good for anything or not. MDB_NOTFOUND:
 * there is none. */
[[gnu::warn_unused_result]] int visitor_by_token(
    struct txn *t, const struct hash256 *token, struct msg_visitor_record *visitor);
[[gnu::warn_unused_result]] int visitor_by_id(
    struct txn *t, const struct id *id, struct msg_visitor_record *visitor);

/* Whether a visitor's token is good at its widget now. */
bool visitor_is_welcome(
    const struct msg_visitor_record *visitor, const struct msg_widget_record *widget);

/* A visitor that may write now, with its widget. MDB_NOTFOUND: its token is good for nothing (any
 * more). The widget's slices are as those of txn_get(). */
[[gnu::warn_unused_result]] int visitor_find(struct txn *t, const struct hash256 *token,
    struct msg_visitor_record *visitor, struct msg_widget_record *widget);

/* Stores a visitor with its index entry. */
[[gnu::warn_unused_result]] int visitor_put(
    struct txn *t, const struct msg_visitor_record *visitor);

/* Removes a visitor, by its id; one that is not there is no error. */
[[gnu::warn_unused_result]] int visitor_drop(struct txn *t, const struct id *visitor);

/* The conversation of a visitor was erased: unless it has said who it is, it has nothing any more, as one
 * that has just come. */
[[gnu::warn_unused_result]] int visitor_release(
    struct txn *t, struct msg_visitor_record *visitor);

/* The conversation of a visitor. MDB_NOTFOUND: it has not written yet. */
[[gnu::warn_unused_result]] int visitor_conversation(
    struct txn *t, const struct msg_visitor_record *visitor, struct id *conversation);

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int visitor_import(
    struct txn *t, struct call *c, const struct msg_visitor_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int visitor_open(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int visitor_follow(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int visitor_leave(struct txn *t, struct call *c);

#endif
