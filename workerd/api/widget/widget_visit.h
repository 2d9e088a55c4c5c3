/*
 * A visitor who comes: to a widget, with the token of an earlier visit or without one; or with a key and a session id,
 * which the page chose.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_VISIT_H
#define WORKERD_API_WIDGET_WIDGET_VISIT_H

#include "proto/base/secrets.h"
#include "proto/ipc/public_id.h"
#include "workerd/api/live/live_room.h"
#include "workerd/api/request/api_call.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/visitor_token.h"

struct widget_visit {
	char given[VISITOR_TOKEN_TEXT + 1]; /* the token of the request; empty: none */
	struct hash256 back; /* of the link in a mail that the visitor has opened; zero: none */
	char next[VISITOR_TOKEN_TEXT + 1];  /* that takes its place if it is old */
	char fresh[VISITOR_TOKEN_TEXT + 1]; /* of a new visitor */
	char public_id[PUBLIC_ID_MAX + 1];  /* of the widget */
	uint32_t generation;                /* of the widget */
	bool may_begin; /* a visitor without a valid token becomes a new one */
	bool by_key;    /* a session of a key. Then the next five are set from the begin */
	struct id org, widget;
	struct hash256 token; /* zero: a session of a key has none */
	uint32_t vouched;     /* as in VISITOR_FOLLOW */
	char session[CLIENT_ID_MAX + 1];
	/* After widget_visit_opened(): */
	bool resumed;      /* the client may have a part of the conversation already */
	bool is_given;     /* the visitor has the token of the request */
	bool is_fresh;     /* the visitor is a new one */
	bool is_new;       /* nothing was said yet: there is no history to send */
	bool identified;   /* the visitor has contact details */
	struct id visitor; /* zero: a session of a key */
};

/* Reads the token or the session id of the query. False: the session id is invalid, and 400 was sent. */
[[gnu::warn_unused_result]] bool widget_visit_begin(
    const struct api_call *c, struct widget_visit *v);

/* Asks the store for the visitor, or makes a new one; fn gets q. */
void widget_visit_open(struct store_query *q, struct widget_visit *v, store_answer_fn *fn);

/* The same, but without a valid token the store refuses the visitor (GONE). Not for a session of a key, of which
 * nothing needs to be known. */
void widget_visit_return(struct store_query *q, struct widget_visit *v, store_answer_fn *fn);

/* Takes the answer of one of these. True: one more request is needed, and was sent; fn gets its answer. */
[[gnu::warn_unused_result]] bool widget_visit_goes_on(struct store_query *q,
    struct widget_visit *v, uint16_t type, const union msg *m, store_answer_fn *fn);

/* Takes the last answer. False: the store refused, or did not answer. */
[[gnu::warn_unused_result]] bool widget_visit_opened(
    struct widget_visit *v, uint16_t type, const union msg *m);

/* The token to send the visitor, or the session id. */
const char *widget_visit_token(const struct widget_visit *v);

/* The room of the visitor's connections. It borrows the session id. */
struct live_room_topic widget_visit_topic(const struct widget_visit *v);

#endif
