/*
 * What a model server's error says about the request: which of its parts the server does not take, that it has
 * more text than the model's context, or a reply's maximum that is too large.
 *
 * Servers agree on little: the part is the error's param, is on the path of a validation error's loc, or is named
 * in a sentence. The text may also quote the visitor, so it proves nothing: only a request that succeeds without the part does
 * (workerd/turn/turn_request.c). No I/O.
 */
#ifndef WORKERD_MODEL_PARTS_REFUSAL_H
#define WORKERD_MODEL_PARTS_REFUSAL_H

#include "workerd/model/parts/refused_parts.h"

struct json_t;

/* A request that failed. */
struct refusal_request {
	uint32_t sent;        /* its parts */
	struct json_t *extra; /* with PART(EXTRA): an object whose members it has; NULL: none */
	bool may_halve;       /* its maximum of the reply */
};

enum refusal {
	REFUSAL_NONE,    /* nothing that another request could avoid */
	REFUSAL_PARTS,   /* of some of its parts */
	REFUSAL_CONTEXT, /* the messages are too long */
	REFUSAL_OUTPUT,  /* the maximum of the reply is; only if it may be halved */
	REFUSAL_MAXIMUM, /* the same, whatever the messages are: the model never writes more */
};

/*
 * Reads an error response with this status: any bytes, which may be cut. REFUSAL_PARTS: *named has parts that were sent: all that
 * the error names by param or loc, else the one that its text names first.
 */
enum refusal refusal_read(int status, struct slice body, const struct refusal_request *request,
    struct refused_parts *named);

/* Which of these parts the error names in any way. */
uint32_t refusal_names(struct slice body, uint32_t parts);

#endif
