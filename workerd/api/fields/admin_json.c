/*
 * Messages and operators.
 */
#include "workerd/api/fields/admin_json.h"

#include "proto/base/basics.h"
#include "workerd/api/fields/names.h"

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

/* The author of an operator's message. */
static void
admin_json_write_author(struct json_writer *j, const struct msg_message_record *r)
{
	struct msg_message_details details;

	if (r->role != MESSAGE_OPERATOR || r->details.len == 0)
		return;
	must(record_decode(r->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK);
	admin_json_write_operator(j, "author", &details.author, details.author_name);
}

void
admin_json_write_message(struct json_writer *j, const struct msg_message_record *r)
{
	json_write_open(j, NULL, '{');
	json_write_id(j, "_id", &r->id);
	json_write_uint(j, "_creationTime", r->created_at);
	json_write_str(j, "role", names_message_role(r->role));
	json_write_str(j, "content", r->text);
	json_write_uint(j, "createdAt", r->created_at);
	json_write_str(j, "status", names_message_status(r->status));
	admin_json_write_author(j, r);
	json_write_close(j, '}');
}
