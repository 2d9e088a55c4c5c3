/*
 * Bodies that are read by a table (fields.h), and the answers to those that are not right.
 */
#ifndef WORKERD_API_FIELDS_FIELDS_BODY_H
#define WORKERD_API_FIELDS_FIELDS_BODY_H

#include "workerd/api/fields/fields.h"
#include "workerd/api/request/store_query.h"

/* Reads the request's body. False: it is no object, and 400 was answered. */
[[gnu::warn_unused_result]] bool fields_body(const struct api_call *c, struct fields *in);

/* Answers 422 with a sentence for each wrong member. */
void fields_reply_wrong(struct api *api, struct http_exchange *x, const struct fields *in);

/* The same to a query, which ends by it; in is a part of that. */
void fields_refuse_query(struct store_query *q, struct fields *in);

#endif
