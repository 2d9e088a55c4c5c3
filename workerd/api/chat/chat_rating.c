/*
 * POST /v1/chat/{messageId}/rating: the visitor rates a reply.
 */
#include <jansson.h>

#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_rating.h"
#include "workerd/api/chat/chat_reply_ref.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define COMMENT_MAX 1000 /* UTF-16 code units */

struct slice
chat_rating_name(enum message_rating rating)
{
	return slice_str(message_rating_words[rating]);
}

const char *
chat_rating_read(const struct json_t *object, struct msg_rating_set *rating)
{
	const json_t *comment = json_object_get(object, "comment");
	struct slice word = json_read_member(object, "rating");

	for (enum message_rating i = RATING_NONE; i <= RATING_DOWN; i++)
		if (word.p != NULL && slice_eq_str(word, message_rating_words[i])) {
			rating->rating = (uint8_t)i;
			rating->comment = json_read_string(comment);
			if (comment == NULL || json_is_null(comment))
				return NULL;
			if (rating->comment.p != NULL &&
			    utf8_utf16_len(rating->comment) <= COMMENT_MAX)
				return NULL;
			return "comment must be a string of at most 1000 characters";
		}
	return "rating must be up, down or none";
}

void
handle_chat_rating(const struct api_call *c)
{
	static const struct store_refusal refusals[] = {
	    {STORE_BUSY, 409, "not_complete", "The reply is not complete"},
	    {.status = 0},
	};
	struct msg_rating_set rating = {.org = c->org, .widget = c->widget};
	struct reply_ref reference;
	struct store_query *q;
	struct chat_body body;
	const char *wrong;

	if (!chat_reply_ref_read(c, &reference))
		return;
	wrong = chat_body_read_session(c->x->body, &body);
	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
		return;
	}
	rating.session = body.session;
	rating.message = reference.message;
	wrong = chat_rating_read(body.json, &rating);
	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
	} else {
		q = store_query_new(c, sizeof(*q), 0, "Message not found");
		q->refusals = refusals;
		store_query_ask(q, MSG_RATING_SET, &rating, store_query_on_ok);
	}
	chat_body_clear(&body);
}
