#include "workerd/api/live/live_author.h"

#include "proto/base/basics.h"
#include "workerd/api/fields/names.h"

void
live_author_write_person(struct json_writer *j, const char *key, const struct id *id,
    struct slice name, enum live_viewer viewer)
{
	json_write_open(j, key, '{');
	if (viewer == VIEWER_OWNER)
		json_write_id(j, "id", id);
	json_write_str(j, "name", name);
	json_write_close(j, '}');
}

void
live_author_write(
    struct json_writer *j, const struct msg_message_record *r, enum live_viewer viewer)
{
	bool by_operator = r->role == MESSAGE_OPERATOR;
	bool is_disguised = by_operator && viewer == VIEWER_PLAIN;
	struct msg_message_details details;

	json_write_str(
	    j, "role", names_message_role(is_disguised ? MESSAGE_ASSISTANT : r->role));
	if (!by_operator || is_disguised || r->details.len == 0)
		return;
	must(record_decode(r->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK);
	live_author_write_person(j, "author", &details.author, details.author_name, viewer);
}
