/*
 * What a visitor says over the WebSocket of a widget, read and checked (API.md, section 7).
 */
#ifndef WORKERD_API_WIDGET_WIDGET_FRAME_H
#define WORKERD_API_WIDGET_WIDGET_FRAME_H

#include "proto/base/buf.h"

struct json_t;

enum widget_frame_kind {
	WIDGET_MESSAGE, /* {"type":"message","content","id"?} */
	WIDGET_CONTACT, /* {"type":"contact_info","name"?,"email"?,"phone"?} */
	WIDGET_STOP,    /* {"type":"stop"} */
};

struct widget_frame {
	enum widget_frame_kind kind;
	struct slice content; /* of a message: 1 to 4000 UTF-16 units */
	struct slice id;      /* of a message, the client's name for it; empty: none */
	struct slice name, email,
	    phone;           /* of a contact, as they were written; empty: not given */
	struct json_t *json; /* holds all of it */
};

/*
 * Reads a frame; other members than those above are passed over, and so is one that is null. NULL on
 * success, else a sentence that tells what would be right (static); then only id may be set, so that
 * the client is told which of its messages it was. Clear the frame in either case.
 */
[[gnu::warn_unused_result]] const char *widget_frame_read(
    struct slice text, struct widget_frame *frame);

void widget_frame_clear(struct widget_frame *frame);

#endif
