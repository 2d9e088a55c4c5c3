/*
 * How a model asks for a person: it calls the tool hand_over (platform.openai.com, "Function calling") or,
 * if it cannot call tools, writes HAND_OVER_MARKER, which is cut from its text. Both may be split over
 * events. The format only, no I/O.
 */
#ifndef WORKERD_MODEL_OPENAI_HAND_OVER_H
#define WORKERD_MODEL_OPENAI_HAND_OVER_H

#include "workerd/model/openai/openai_delta.h"

#define HAND_OVER_TOOL   "hand_over"
#define HAND_OVER_MARKER "[hand_over]"

/* One for each reply; all zero at its beginning. */
struct hand_over {
	bool found;
	/* bytes of the marker at the end of the text so far, which wait for the next event */
	uint8_t held;
	/* bytes of the tool's name so far, and which of the calls they belong to */
	uint8_t named;
	uint32_t call;
};

/* Takes the part of a tool's name that an event has. */
void hand_over_read_tool(struct hand_over *h, const struct openai_delta *d);

/* The text without markers. It is the given text if that has no bracket; otherwise it is written to out,
 * which is empty and takes HAND_OVER_ROOM(text.len) bytes. */
#define HAND_OVER_ROOM(len) ((len) + sizeof(HAND_OVER_MARKER))
struct slice hand_over_cut(struct hand_over *h, struct slice text, struct buf *out);

/* The text that still waits at the end of the reply; static. */
struct slice hand_over_end(struct hand_over *h);

#endif
