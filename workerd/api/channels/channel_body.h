/*
 * The body of a message that comes by a channel.
 */
#ifndef WORKERD_API_CHANNELS_CHANNEL_BODY_H
#define WORKERD_API_CHANNELS_CHANNEL_BODY_H

#include "workerd/api/attached/files_json.h"
#include "workerd/api/identity/identity.h"

#define CHANNEL_MESSAGE_ID_MAX 128
#define CHANNEL_FILES_MAX      10

struct json_t;

struct channel_body {
	struct json_t *json; /* owns the slices */
	struct slice id;     /* the channel's own of the message */
	struct slice peer;   /* who writes (channel_session.h) */
	struct identity contact;
	bool asks_person;
	struct buf
	    text; /* at most 4000 UTF-16 units, with a line for each file that has an address; empty only with files or an answer */
	struct buf answer;           /* ANSWER_PARTs, in place of text and files; empty: none */
	struct files_json_ids files; /* that were uploaded */
	struct buf context;          /* chat_context.h; empty: not given */
};

/* Whether it can be a channel's own id of a message or a file, and what it must be. */
bool channel_body_is_id(struct slice id);
extern const char channel_body_id_rule[];

/*
 * Reads {"id","from":{"id","name"?,"email"?,"phone"?,"userId"?},"text"?,"files"?:[id or {"url","name"?}],"answer"?,"person"?,"context"?};
 * there must be a text or a file, or else an answer (structure_read_answer()). Other members are ignored. NULL on success: clear the
 * body when done. Else a static sentence that says what would be valid, and nothing to clear.
 */
[[gnu::warn_unused_result]] const char *channel_body_read(
    struct slice json, struct channel_body *body);

void channel_body_clear(struct channel_body *body);

#endif
