/*
 * Who has a conversation, as answers show it.
 */
#ifndef WORKERD_API_INBOX_HOLDER_H
#define WORKERD_API_INBOX_HOLDER_H

#include "workerd/api/request/store_query.h"

/* Bytes of an answer, with each byte of the name escaped. */
#define HOLDER_MAX (512u + 6 * 300)

/* Ends the query with the state and the operator: 200 if the request was granted, else 409. */
void holder_reply(struct store_query *q, const struct msg_holder *holder);

#endif
