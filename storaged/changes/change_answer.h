/*
 * The acknowledgement of an erasure.
 */
#ifndef STORAGED_CHANGES_CHANGE_ANSWER_H
#define STORAGED_CHANGES_CHANGE_ANSWER_H

#include "storaged/request/call.h"

/* Queues a small answer that is sent when the erased text has left the search index too, with all rows so far
 * (storaged/live/index_wait.h). To be called behind the request's last row. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int change_answer(
    struct txn *t, struct call *c, enum msg_type type, const void *answer);

#endif
