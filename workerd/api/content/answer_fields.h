/*
 * The members of an answer in the API.
 */
#ifndef WORKERD_API_CONTENT_ANSWER_FIELDS_H
#define WORKERD_API_CONTENT_ANSWER_FIELDS_H

#include "proto/ipc/messages.h"
#include "workerd/api/fields/fields.h"

/* UTF-16 code units; their bytes fit into ANSWER_RECORD. */
#define ANSWER_QUESTION_MAX 1000
#define ANSWER_TEXT_MAX     2000

/* An answer in memory. */
struct answer_object {
	struct msg_answer_record record;
	struct slice gaps; /* ids of the questions that it is for; not stored */
	bool is_stored;
	struct id stored_conversation, stored_message;
};

extern const struct field answer_fields[];

/* Notes what a stored answer cannot change. */
void answer_fields_show(struct answer_object *answer);

/* Refuses a new answer without question or text that is not made of a reply, and another reply for a stored one. */
void answer_fields_check(struct fields *in, const struct answer_object *answer);

#endif
