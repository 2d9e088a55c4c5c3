/*
 * Reads a stream of server-sent events (WHATWG HTML, section 9.2.6) in whatever pieces it comes:
 * lines end in CR, LF or CRLF, comments are passed over, several data lines are one event, a byte
 * order mark at the start is ignored. Of the fields only data matters to a model's answer.
 *
 * No I/O, no event loop.
 */
#ifndef WORKERD_MODEL_SSE_H
#define WORKERD_MODEL_SSE_H

#include "proto/base/buf.h"

#define SSE_EVENT_MAX (1024u * 1024) /* bytes of one line or one event's data */

struct sse_reader {
	struct buf line; /* a line that has not ended yet */
	struct buf data; /* the data of the event under way */
	bool has_data;
	bool after_cr; /* the last line ended in CR: a LF now belongs to it */
	bool started;  /* the byte order mark's place is past */
};

/* Called for each event that has data; the slice is valid during the call. Return -1 to stop. */
typedef int sse_event_fn(void *arg, struct slice data);

void sse_init(struct sse_reader *r);
void sse_clear(struct sse_reader *r);

/*
 * Takes the next piece. 0; -1 when the callback stopped it or, with errno ENOBUFS, when a line or
 * event is over SSE_EVENT_MAX. An event counts only when the blank line after it has come.
 */
[[gnu::warn_unused_result]] int sse_feed(
    struct sse_reader *r, struct slice piece, sse_event_fn *fn, void *arg);

#endif
