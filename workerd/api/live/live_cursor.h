/*
 * The id of an event: what the client has, so that Last-Event-ID resumes a stream without gap or duplicate.
 *
 *	CONVERSATION.SETTLED[.MESSAGE[!]][.REPLY:UNITS]…[~STATE.OPERATOR]
 *
 * SETTLED as in live_thread.h; then the messages from there on that the client has ("!": a reply that broke
 * off), and the replies that are being written, with the length of the text that it has in UTF-16 units. A poll also
 * remembers the conversation's state, which a stream begins with.
 */
#ifndef WORKERD_API_LIVE_LIVE_CURSOR_H
#define WORKERD_API_LIVE_LIVE_CURSOR_H

#include "proto/base/ids.h"

#define LIVE_CURSOR_ITEMS 32
/* With the NUL. */
#define LIVE_CURSOR_TEXT (ID_TEXT_LEN + 40 + LIVE_CURSOR_ITEMS * (ID_TEXT_LEN + 12))

struct live_cursor_item {
	struct id message;
	bool interrupted;
	bool writing; /* a reply that is being written */
	uint32_t units;
};

struct live_cursor {
	struct id conversation; /* zero: none yet */
	uint64_t settled;
	bool has_state;    /* the next two are set */
	uint8_t state;     /* enum conversation_state */
	uint32_t operator; /* live_cursor_operator() */
	size_t n;
	struct live_cursor_item items[LIVE_CURSOR_ITEMS];
};

/* Tells operators apart; 0: none. */
uint32_t live_cursor_operator(const struct id *operator);

/* Writes the text with a NUL, and returns it. */
struct slice live_cursor_format(const struct live_cursor *cursor, char text[LIVE_CURSOR_TEXT]);

/* False: it is not the id of an event. */
[[gnu::warn_unused_result]] bool live_cursor_parse(
    struct slice text, struct live_cursor *cursor);

#endif
