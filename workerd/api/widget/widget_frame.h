/*
 * Frames that a visitor sends over a widget's WebSocket, parsed and validated (API.md, section 7).
 */
#ifndef WORKERD_API_WIDGET_WIDGET_FRAME_H
#define WORKERD_API_WIDGET_WIDGET_FRAME_H

#include "workerd/api/attached/files_json.h"
#include "workerd/api/identity/identity.h"

struct json_t;

enum widget_frame_kind {
	/* {"type":"message","content","id"?}; or {"type":"person","content"?,"id"?}; or {"type":"answer","message","button" or
	 * "values","id"?} (workerd/structure) */
	WIDGET_MESSAGE,
	WIDGET_CONTACT, /* {"type":"contact_info","name"?,"email"?,"phone"?}; with "userId" and "hash": "identify" */
	WIDGET_STOP,   /* {"type":"stop"} */
	WIDGET_TYPING, /* {"type":"typing"} */
	WIDGET_PAGE,   /* {"type":"page","url"?,"title"?,"referrer"?,"language"?,"timezone"?} */
	WIDGET_CONTEXT, /* {"type":"context","context":{…}} */
	WIDGET_RATING,  /* {"type":"rating","id","rating","comment"?} */
	WIDGET_PING,    /* {"type":"ping"} */
	WIDGET_STEPS,   /* {"type":"steps"} */
	WIDGET_DECIDE,  /* {"type":"decide","id","hash","decision"} */
	WIDGET_HISTORY, /* {"type":"history","before"} */
};

struct widget_frame {
	enum widget_frame_kind kind;
	struct slice content;        /* of a message: 1 to 4000 UTF-16 units */
	struct files_json_ids files; /* of a message */
	struct buf answer; /* of a message: ANSWER_PARTs, in place of content; empty: none */
	struct slice id;   /* of a message: the client's id for it; empty: none */
	bool asks_person;  /* of a message: a person shall answer, not the model */
	struct msg_rating_set rating;  /* of a rating: message, rating and comment */
	struct msg_step_decide decide; /* of a decision: step, shown and decision */
	struct id before;    /* of a request for history: the message after the page */
	struct identity who; /* of a contact; the site proves it if it has a hash */
	const struct json_t
	    *context;        /* of a context: an object that chat_context.h can encode */
	struct json_t *json; /* owns the slices */
};

/*
 * Parses a frame; unknown and null members are ignored. NULL on success, else a sentence that says what
 * would be valid (static); then only id may be set, for the error frame. Clear the frame in either case.
 */
[[gnu::warn_unused_result]] const char *widget_frame_read(
    struct slice text, struct widget_frame *frame);

void widget_frame_clear(struct widget_frame *frame);

#endif
