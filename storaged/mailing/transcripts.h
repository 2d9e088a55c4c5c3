/*
 * A conversation by mail: an operator sends all its messages to the visitor, in the order in which they were written. If they are
 * too long for a mail, it has the newest ones.
 */
#ifndef STORAGED_MAILING_TRANSCRIPTS_H
#define STORAGED_MAILING_TRANSCRIPTS_H

#include "storaged/request/call.h"

/* MSG_TRANSCRIPT_SEND. */
[[gnu::warn_unused_result]] int handle_transcript_send(struct txn *t, struct call *c);

#endif
