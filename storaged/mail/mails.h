/*
 * The mails that the store wants sent. A mail is stored in the transaction that causes it (mails_add()); maild, which has the
 * lease, asks for those that are due and reports what became of them (mailing/mail_results.h). So a mail is lost only with
 * its cause, and is sent twice only if a server's answer to it was lost.
 *
 * Once a mail was sent or has failed, its text and the secret of its link are removed, and MAILS_KEPT_MS later the rest. With
 * what it is about, it is removed at once.
 */
#ifndef STORAGED_MAIL_MAILS_H
#define STORAGED_MAIL_MAILS_H

#include "proto/base/clock.h"
#include "storaged/request/call.h"

#define MAILS_KEPT_MS (30 * CLOCK_DAY_MS)

/* Why the sender's mail cannot be stored; NULL: it can, and *r is the record. */
const char *mails_fault(struct slice bytes, struct msg_mail_record *r);

/* Stores a new mail of an organization, which is due at r->next_at (0: now), and tells maild. */
[[gnu::warn_unused_result]] int mails_add(
    struct txn *t, struct call *c, const struct msg_mail_record *r);

/* Looks a mail up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *r has. */
[[gnu::warn_unused_result]] int mails_find(
    struct txn *t, const struct id *org, const struct id *mail, struct msg_mail_record *r);

/* Stores a waiting mail after a try. If it is done, its secrets are removed. */
[[gnu::warn_unused_result]] int mails_put(
    struct txn *t, const struct msg_mail_record *before, const struct msg_mail_record *after);

/* Removes all mails about something, in whatever state. */
[[gnu::warn_unused_result]] int mails_remove_about(struct txn *t, const struct id *about);

/* MSG_MAIL_LEASE. */
[[gnu::warn_unused_result]] int handle_mail_lease(struct txn *t, struct call *c);

/* A mail that is done was kept for long enough; its row is removed already (due_fn). about: its key. */
[[gnu::warn_unused_result]] int mail_due(
    struct txn *t, struct call *c, const struct id *id, const struct key *about, uint64_t now);

/* How many mails wait, and since when the first of them is due (ms since 1970; 0: none waits). */
[[gnu::warn_unused_result]] int mails_extent(struct txn *t, uint64_t *waiting, uint64_t *due);

#endif
