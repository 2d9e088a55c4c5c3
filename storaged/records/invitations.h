/*
 * Invitations: each lets one person become a user of an organization, with a role that an owner has chosen. The
 * link has a token, of which the store has the hash. A used or expired invitation is kept for a time, so that its
 * link can say why it does not work.
 */
#ifndef STORAGED_RECORDS_INVITATIONS_H
#define STORAGED_RECORDS_INVITATIONS_H

#include "storaged/records/records.h"

#define INVITATIONS_MAX     200u                         /* of an organization */
#define INVITATIONS_KEPT_MS (7ull * 24 * 60 * 60 * 1000) /* after they have expired */

extern const struct record_kind invitation_kind;

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_invitation_check(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_invitation_accept(struct txn *t, struct call *c);

/* Its mail was sent, or has failed because of error; the slice must not lie in the map. */
[[gnu::warn_unused_result]] int invitation_mailed(struct txn *t, const struct id *org,
    const struct id *invitation, enum mail_state state, struct slice error);

#endif
