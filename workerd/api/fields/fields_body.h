/*
 * Request bodies by a table of fields (fields.h), and the answers to invalid ones.
 */
#ifndef WORKERD_API_FIELDS_FIELDS_BODY_H
#define WORKERD_API_FIELDS_FIELDS_BODY_H

#include "workerd/api/fields/fields.h"
#include "workerd/api/request/store_query.h"

/* Parses the request's body and wipes it, as it may contain a password. False: it is not an object, and
 * 400 was sent. */
[[gnu::warn_unused_result]] bool fields_body(const struct api_call *c, struct fields *in);

/* Answers 422 with a sentence and a reason for each invalid member. */
void fields_reply_wrong(struct api *api, struct http_exchange *x, const struct fields *in);

/* The same for a query, which it ends; in belongs to the query. */
void fields_refuse_query(struct store_query *q, struct fields *in);

#endif
