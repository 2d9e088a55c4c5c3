/*
 * The link by which a user who has forgotten the password sets a new one (mailing/resets.h): it ends with the user, and with
 * each new password.
 */
#ifndef STORAGED_MAIL_RESET_LINKS_H
#define STORAGED_MAIL_RESET_LINKS_H

#include "storaged/engine/txn.h"

/* Removes the link of a user, and its mail in whatever state. */
[[gnu::warn_unused_result]] int reset_link_remove(struct txn *t, const struct id *user);

#endif
