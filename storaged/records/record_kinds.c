/*
 * Kinds without code of their own. The worker validates the texts of snippets; the draft of an answer may have a
 * question alone.
 */
#include "storaged/records/record_kinds.h"

#include <stddef.h>

const struct record_kind snippet_kind = {
    .table = TABLE_SNIPPETS,
    .change = CHANGE_SNIPPET,
    .created_at = offsetof(struct msg_snippet_record, created_at),
    .updated_at = offsetof(struct msg_snippet_record, updated_at),
    .missing = "no such snippet",
    .max = 1000,
    .too_many = "the organization has too many snippets",
};

#define ANSWERS_OF_ORG_MAX 10000 /* in an organization */

static int
record_check_answer(
    struct txn *t, struct call *c, const union record *r, enum store_error clash)
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
    .change = CHANGE_ANSWER,
    .created_at = offsetof(struct msg_answer_record, created_at),
    .updated_at = offsetof(struct msg_answer_record, updated_at),
    .missing = "no such answer",
    .max = ANSWERS_OF_ORG_MAX,
    .too_many = "the organization has too many answers",
    .newest_first = true,
    .check = record_check_answer,
};
