/*
 * A visitor gives its name, e-mail or phone, and becomes a contact.
 */
#ifndef STORAGED_VISITORS_CONTACT_SUBMIT_H
#define STORAGED_VISITORS_CONTACT_SUBMIT_H

#include "storaged/request/call.h"

/* MSG_CONTACT_SUBMIT. */
[[gnu::warn_unused_result]] int handle_contact_submit(struct txn *t, struct call *c);

#endif
