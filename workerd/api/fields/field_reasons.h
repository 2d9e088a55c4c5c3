/*
 * Why members of bodies are refused: a stable code for programs and a sentence for people, both from
 * field_reasons.def.
 */
#ifndef WORKERD_API_FIELDS_FIELD_REASONS_H
#define WORKERD_API_FIELDS_FIELD_REASONS_H

#include "workerd/api/request/client_id.h"
#include "workerd/api/request/json_writer.h"

#define FIELD_SENTENCE_MAX 2048 /* bytes of a sentence with its values */

enum field_reason {
#define REASON(NAME, code, sentence) REASON_##NAME,
#include "workerd/api/fields/field_reasons.def"
};

/* A reason, and what the member allows, as far as the sentence has it. */
struct field_refusal {
	enum field_reason reason;
	double min, max;
	const char *const *choices; /* a NULL ends the list */
};

/* Appends the sentence, with the values of its placeholders. */
void field_reason_write_sentence(const struct field_refusal *refusal, struct buf *out);

/* Writes the code and the values of the placeholders as members of a JSON object. */
void field_reason_write_members(const struct field_refusal *refusal, struct json_writer *j);

#endif
