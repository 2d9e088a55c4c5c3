/*
 * A visitor who comes to a widget, with the token of an earlier visit or without one.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_VISIT_H
#define WORKERD_API_WIDGET_WIDGET_VISIT_H

#include "workerd/api/request/api_call.h"

/* Characters of a visitor token: 131 bits. */
#define WIDGET_TOKEN_TEXT 22

/* Characters of a visitor's session id, for turns. */
#define WIDGET_SESSION_TEXT (sizeof(VISITOR_SESSION) - 1 + ID_TEXT_LEN)

struct widget_visit {
	char fresh[WIDGET_TOKEN_TEXT + 1], given[WIDGET_TOKEN_TEXT + 1]; /* tokens */
	/* After widget_visit_opened(): */
	bool resumed;    /* the token was valid */
	bool identified; /* the visitor has contact details */
	struct id org, widget, visitor;
	struct hash256 token;
	char session[WIDGET_SESSION_TEXT + 1];
};

/* Reads the token of the query, and makes a new one. The caller sends the request to the store. */
struct msg_visitor_open widget_visit_begin(const struct api_call *c, struct widget_visit *v);

/* The same, but without a valid token the store refuses the visitor (GONE). */
struct msg_visitor_open widget_visit_return(const struct api_call *c, struct widget_visit *v);

/* Takes the answer. False: the store refused, or did not answer. */
[[gnu::warn_unused_result]] bool widget_visit_opened(
    struct widget_visit *v, uint16_t type, const union msg *m);

/* The token to send the visitor. */
const char *widget_visit_token(const struct widget_visit *v);

/* Writes a visitor's session id for turns. */
void widget_visit_session(const struct id *visitor, char text[WIDGET_SESSION_TEXT + 1]);

#endif
