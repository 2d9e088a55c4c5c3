/*
 * Messages and operators.
 */
#include "workerd/api/fields/admin_json.h"

#include "proto/base/basics.h"
#include "workerd/api/attached/files_json.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/sources_json.h"

void
admin_json_write_operator(
    struct json_writer *j, const char *key, const struct id *id, struct slice name)
{
	if (id_is_zero(id)) {
		json_write_null(j, key);
		return;
	}
	json_write_open(j, key, '{');
	json_write_id(j, "id", id);
	if (name.len == 0)
		json_write_null(j, "name");
	else
		json_write_str(j, "name", name);
	json_write_close(j, '}');
}

/* How the model answered; null for an older reply, of which that is not known. */
static void
admin_json_write_model(struct json_writer *j, const struct msg_message_record *r,
    const struct msg_message_details *details)
{
	if (details->attempts == 0) {
		json_write_null(j, "model");
		return;
	}
	json_write_open(j, "model", '{');
	json_write_str(j, "name", details->model);
	json_write_uint(j, "promptTokens", r->prompt_tokens);
	json_write_uint(j, "completionTokens", r->completion_tokens);
	if (details->first_token_ms == 0)
		json_write_null(j, "firstTokenMs");
	else
		json_write_uint(j, "firstTokenMs", details->first_token_ms);
	json_write_uint(j, "totalMs", details->total_ms);
	json_write_uint(j, "attempts", details->attempts);
	json_write_close(j, '}');
}

static void
admin_json_write_rating(struct json_writer *j, const struct msg_message_details *details)
{
	if (details->rating == RATING_NONE) {
		json_write_null(j, "rating");
		return;
	}
	json_write_open(j, "rating", '{');
	json_write_str(j, "rating", slice_str(details->rating == RATING_UP ? "up" : "down"));
	if (details->comment.len == 0)
		json_write_null(j, "comment");
	else
		json_write_str(j, "comment", details->comment);
	json_write_close(j, '}');
}

void
admin_json_write_receipt(struct json_writer *j, const struct msg_message_receipt *receipt)
{
	json_write_str(j, "state", names_word(receipt_state_words, receipt->state));
	json_write_uint(j, "at", receipt->at);
	if (receipt->reason.len == 0)
		json_write_null(j, "reason");
	else
		json_write_str(j, "reason", receipt->reason);
}

/* Of a message to a person of a channel, if there is one. */
static void
admin_json_write_receipt_of(struct json_writer *j, const struct msg_message_record *r)
{
	struct msg_message_receipt receipt;

	if (r->receipt.len == 0)
		return;
	must(record_decode(r->receipt, MSG_MESSAGE_RECEIPT, &receipt) == WIRE_OK);
	json_write_open(j, "receipt", '{');
	admin_json_write_receipt(j, &receipt);
	json_write_close(j, '}');
}

/* What only a reply, or only an operator's message has. */
static void
admin_json_write_details(struct json_writer *j, const struct msg_message_record *r)
{
	struct msg_message_details details = {0};

	if (r->role == MESSAGE_USER)
		return;
	if (r->details.len > 0)
		must(record_decode(r->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK);
	if (r->role == MESSAGE_OPERATOR) {
		admin_json_write_operator(j, "author", &details.author, details.author_name);
		return;
	}
	admin_json_write_model(j, r, &details);
	admin_json_write_rating(j, &details);
	sources_json_write_found(j, r->sources, r->text);
}

void
admin_json_write_message(struct json_writer *j, const struct msg_message_record *r)
{
	json_write_open(j, NULL, '{');
	json_write_id(j, "_id", &r->id);
	json_write_uint(j, "_creationTime", r->created_at);
	json_write_str(j, "role", names_word(message_role_words, r->role));
	json_write_str(j, "content", r->text);
	files_json_write(j, r->files);
	structure_json_write(j, r);
	json_write_uint(j, "createdAt", r->created_at);
	json_write_str(j, "status", names_message_status(r->status));
	admin_json_write_receipt_of(j, r);
	admin_json_write_details(j, r);
	json_write_close(j, '}');
}
