/*
 * Links for people who have forgotten their passwords: each lets the user whose e-mail it was sent to set a new one, once,
 * within RESET_VALID_MS. A user has one at most, the latest. The store has only the hash of its token.
 *
 * Whoever asks learns nothing of whether there is such a user: nobody is told what the store did. A user gets at most
 * RESET_MAILS_MAX mails in RESET_WINDOW_MS, so that nobody can fill another one's mailbox.
 */
#ifndef STORAGED_MAILING_RESETS_H
#define STORAGED_MAILING_RESETS_H

#include "proto/base/clock.h"
#include "storaged/request/call.h"

#define RESET_VALID_MS  CLOCK_HOUR_MS
#define RESET_WINDOW_MS CLOCK_HOUR_MS
#define RESET_MAILS_MAX 3u

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_reset_ask(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_reset_check(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_reset_use(struct txn *t, struct call *c);

#endif
