/*
 * A visitor gives its name, e-mail or phone, and becomes a contact.
 */
#ifndef STORAGED_VISITORS_CONTACT_SUBMIT_H
#define STORAGED_VISITORS_CONTACT_SUBMIT_H

#include "storaged/request/call.h"

/* MSG_CONTACT_SUBMIT. */
[[gnu::warn_unused_result]] int handle_contact_submit(struct txn *t, struct call *c);

/* The same for a request that the store has accepted: blocks are not looked at, and nothing is answered. What it refuses stays
 * unchanged. */
[[gnu::warn_unused_result]] int contact_submit_accepted(
    struct txn *t, struct call *c, const struct msg_contact_submit *m);

#endif
