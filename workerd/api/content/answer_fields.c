/*
 * Question and text may be missing in a new answer that names a reply, of which they are made.
 */
#include "workerd/api/content/answer_fields.h"

#include "proto/base/basics.h"

#define AT(member) offsetof(struct answer_object, member)

static bool
answer_fields_read_gaps(
    const struct field *f, struct json_t *value, struct fields *in, void *at)
{
	return field_ids.read(f, value, in, at);
}

/* Like field_ids, but not a member of what is shown. */
static const struct field_kind gaps_kind = {
    sizeof(struct slice), answer_fields_read_gaps, REASON_IDS, NULL, NULL};

const struct field answer_fields[] = {
    {"id", &field_id, AT(record.id), FIELD_FIXED, 0, 0, NULL},
    {"question", &field_text, AT(record.question), FIELD_OPTIONAL, 1, ANSWER_QUESTION_MAX,
	NULL},
    {"text", &field_text, AT(record.text), FIELD_OPTIONAL, 1, ANSWER_TEXT_MAX, NULL},
    {"language", &field_language, AT(record.language), FIELD_NULLABLE, 1, 16, NULL},
    {"published", &field_flag, AT(record.published), FIELD_OPTIONAL, 0, 1, NULL},
    {"conversation", &field_id, AT(record.conversation), FIELD_NULLABLE, 0, 0, NULL},
    {"message", &field_id, AT(record.message), FIELD_NULLABLE, 0, 0, NULL},
    {"gaps", &gaps_kind, AT(gaps), FIELD_OPTIONAL, 0, 500, NULL},
    {"createdAt", &field_time, AT(record.created_at), FIELD_FIXED, 0, 0, NULL},
    {"updatedAt", &field_time, AT(record.updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

void
answer_fields_show(struct answer_object *answer)
{
	answer->is_stored = true;
	answer->stored_conversation = answer->record.conversation;
	answer->stored_message = answer->record.message;
}

static void
answer_fields_refuse_missing(struct fields *in, const char *name, uint32_t max)
{
	fields_refuse_for(
	    in, name, &(struct field_refusal){.reason = REASON_TEXT, .min = 1, .max = max});
}

static void
answer_fields_check_new(struct fields *in, const struct msg_answer_record *r)
{
	bool of_reply = !id_is_zero(&r->message);

	if (of_reply && id_is_zero(&r->conversation))
		fields_refuse(in, "conversation", REASON_REPLY_CONVERSATION);
	if (!of_reply && !id_is_zero(&r->conversation))
		fields_refuse(in, "message", REASON_REPLY);
	if (!of_reply && r->question.len == 0)
		answer_fields_refuse_missing(in, "question", ANSWER_QUESTION_MAX);
	if (!of_reply && r->text.len == 0)
		answer_fields_refuse_missing(in, "text", ANSWER_TEXT_MAX);
}

void
answer_fields_check(struct fields *in, const struct answer_object *answer)
{
	const struct msg_answer_record *r = &answer->record;

	if (!answer->is_stored) {
		answer_fields_check_new(in, r);
		return;
	}
	if (!id_equal(&r->conversation, &answer->stored_conversation))
		fields_refuse(in, "conversation", REASON_FIXED);
	if (!id_equal(&r->message, &answer->stored_message))
		fields_refuse(in, "message", REASON_FIXED);
}
