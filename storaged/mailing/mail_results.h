/*
 * What became of a mail that maild tried to send: when it is tried again, and what it was about learns of its end.
 */
#ifndef STORAGED_MAILING_MAIL_RESULTS_H
#define STORAGED_MAILING_MAIL_RESULTS_H

#include "storaged/request/call.h"

/* MSG_MAIL_RESULT. */
[[gnu::warn_unused_result]] int handle_mail_result(struct txn *t, struct call *c);

#endif
