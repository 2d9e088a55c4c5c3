#include "workerd/api/live/live_author.h"

#include "proto/base/basics.h"
#include "workerd/api/fields/names.h"

struct slice
live_author_picture(struct slice people, const struct id *person)
{
	struct msg_person_picture r;
	struct slice item;

	while (wire_list_next(&people, &item)) {
		must(record_decode(item, MSG_PERSON_PICTURE, &r) == WIRE_OK);
		if (id_equal(&r.user, person))
			return r.picture;
	}
	return (struct slice){0};
}

void
live_author_write_person(struct json_writer *j, const char *key,
    const struct live_person *person, enum live_viewer viewer)
{
	json_write_open(j, key, '{');
	if (viewer == VIEWER_OWNER)
		json_write_id(j, "id", &person->id);
	json_write_str(j, "name", person->name);
	if (person->picture.len > 0)
		json_write_str(j, "picture", person->picture);
	json_write_close(j, '}');
}

void
live_author_write(struct json_writer *j, const struct msg_message_record *r,
    struct slice people, enum live_viewer viewer)
{
	bool by_operator = r->role == MESSAGE_OPERATOR;
	bool is_disguised = by_operator && viewer == VIEWER_PLAIN;
	struct msg_message_details details;

	json_write_str(j, "role",
	    names_word(message_role_words, is_disguised ? MESSAGE_ASSISTANT : r->role));
	if (!by_operator || is_disguised || r->details.len == 0)
		return;
	must(record_decode(r->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK);
	live_author_write_person(j, "author",
	    &(struct live_person){details.author, details.author_name,
		live_author_picture(people, &details.author)},
	    viewer);
}
