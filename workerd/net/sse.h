/*
 * Parser for server-sent events (WHATWG HTML, section 9.2.6), fed with pieces of any size: lines
 * end in CR, LF or CRLF, comments are skipped, several data lines form one event, a byte order
 * mark at the start is skipped. Of the fields other than data, only the event's name error is known.
 *
 * No I/O, no event loop.
 */
#ifndef WORKERD_NET_SSE_H
#define WORKERD_NET_SSE_H

#include "proto/base/buf.h"

#define SSE_EVENT_MAX (1024u * 1024) /* bytes of a line or of an event's data */

/* What the name of an event says about it. Most servers name none, or each by its type. */
enum sse_kind {
	SSE_DATA,
	SSE_ERROR, /* error */
	SSE_PING,  /* ping and the like: the data has no meaning */
	SSE_DONE,  /* done: the last event */
};

struct sse_reader {
	struct buf line; /* an incomplete line */
	struct buf data; /* data of the incomplete event */
	bool has_data;
	bool after_cr;      /* the last line ended in CR: skip a LF */
	enum sse_kind kind; /* what the event's name says; for the callback */
	bool started;       /* past the place of a byte order mark */
};

/* Called for each event with data, which is valid during the call. Return -1 to stop. */
typedef int sse_event_fn(void *arg, struct slice data);

void sse_init(struct sse_reader *r);
void sse_clear(struct sse_reader *r);

/*
 * Parses the next piece. 0; -1 if the callback stopped it or, with errno ENOBUFS, if a line or
 * event is longer than SSE_EVENT_MAX.
 */
[[gnu::warn_unused_result]] int sse_feed(
    struct sse_reader *r, struct slice piece, sse_event_fn *fn, void *arg);

/* The stream has ended as a whole: a last event without its empty line counts, too, because some servers leave it out.
 * As sse_feed(). */
[[gnu::warn_unused_result]] int sse_end(struct sse_reader *r, sse_event_fn *fn, void *arg);

#endif
