/*
 * Answers as records. A draft may have a question alone.
 */
#include "storaged/records/answers.h"

#include <stddef.h>

#define ANSWERS_OF_ORG_MAX 10000 /* in an organization */

static int
answer_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	(void)t;
	(void)clash;
	if (r->answer.question.len == 0)
		return call_refuse(c, STORE_INVALID, "an answer needs a question");
	if (r->answer.published && r->answer.text.len == 0)
		return call_refuse(c, STORE_INVALID, "a published answer needs a text");
	return 0;
}

const struct record_kind answer_kind = {
    .table = TABLE_ANSWERS,
    .type = MSG_ANSWER_RECORD,
    .change = CHANGE_ANSWER,
    .created_at = offsetof(struct msg_answer_record, created_at),
    .updated_at = offsetof(struct msg_answer_record, updated_at),
    .missing = "no such answer",
    .max = ANSWERS_OF_ORG_MAX,
    .too_many = "the organization has too many answers",
    .newest_first = true,
    .check = answer_check,
};
