#include "storaged/files/file_messages.h"

#include <string.h>

#include "proto/base/basics.h"

/* Takes the first id; false: none is left. */
static bool
file_message_next(struct slice *ids, struct id *file)
{
	if (ids->len < sizeof(file->b))
		return false;
	memcpy(file->b, ids->p, sizeof(file->b));
	*ids = (struct slice){ids->p + sizeof(file->b), ids->len - sizeof(file->b)};
	return true;
}

/* Whether an id comes twice. */
static bool
file_message_repeats(struct slice ids)
{
	struct id file, other;

	while (file_message_next(&ids, &file))
		for (struct slice rest = ids; file_message_next(&rest, &other);)
			if (id_equal(&file, &other))
				return true;
	return false;
}

/* Whose files a message may have. */
struct file_message {
	const struct id *org, *owner, *conversation;
	unsigned fresh; /* how many are in no message yet */
};

static bool
file_message_may_have(const struct file_message *m, const struct msg_file_record *r)
{
	if (!id_equal(&r->org, m->org) || !file_is_complete(r))
		return false;
	return id_is_zero(&r->message) ? id_equal(&r->owner, m->owner)
				       : id_equal(&r->owner, m->conversation);
}

static int
file_message_check_one(struct txn *t, struct call *c, const struct id *file,
    struct file_message *m, struct buf *out)
{
	struct msg_file_record r;
	int rc = file_find(t, file, &r);

	if (rc == MDB_NOTFOUND || (rc == 0 && !file_message_may_have(m, &r)))
		return call_refuse(
		    c, STORE_NOT_FOUND, "no such file is complete and of this sender");
	if (rc != 0)
		return rc;
	m->fresh += id_is_zero(&r.message);
	must(record_add(out, MSG_FILE_ITEM,
		 &(struct msg_file_item){.id = r.id,
		     .name = r.name,
		     .type = r.type,
		     .bytes = r.total,
		     .description = r.description}) == 0);
	return 0;
}

int
file_message_check(struct txn *t, struct call *c, struct slice ids, const struct id *org,
    const struct id *owner, const struct id *conversation, struct buf *out)
{
	struct file_message m = {org, owner, conversation, 0};
	struct id file;
	unsigned there = 0;
	int rc = 0;

	buf_reset(out);
	if (ids.len == 0)
		return 0;
	if (ids.len % sizeof(file.b) != 0 || file_message_repeats(ids))
		return call_refuse(c, STORE_INVALID, "the ids of files are invalid");
	if (!id_is_zero(conversation))
		rc = file_count(t, conversation, FILES_OF_CONVERSATION_MAX, &there);
	while (rc == 0 && file_message_next(&ids, &file))
		rc = file_message_check_one(t, c, &file, &m, out);
	if (rc == 0 && there + m.fresh > FILES_OF_CONVERSATION_MAX)
		return call_refuse(c, STORE_LIMIT, "the conversation has too many files");
	return rc;
}

int
file_message_take(
    struct txn *t, struct slice ids, const struct id *conversation, const struct id *message)
{
	struct msg_file_record before, r;
	struct id file;
	int rc = 0;

	while (rc == 0 && file_message_next(&ids, &file)) {
		rc = file_find(t, &file, &before);
		if (rc != 0)
			return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
		if (!id_is_zero(&before.message))
			continue;
		r = before;
		r.owner = *conversation;
		r.message = *message;
		r.due_at = 0;
		rc = file_put(t, &before, &r);
	}
	return rc;
}

bool
file_message_has(struct slice files, struct slice ids)
{
	struct msg_file_item item;
	struct slice record;
	struct id file;

	while (file_message_next(&ids, &file)) {
		if (!wire_list_next(&files, &record) ||
		    record_decode(record, MSG_FILE_ITEM, &item) != WIRE_OK ||
		    !id_equal(&item.id, &file))
			return false;
	}
	return files.len == 0;
}

struct slice
file_message_title(struct slice text, struct slice files)
{
	struct msg_file_item item;
	struct slice record;

	if (text.len > 0 || !wire_list_next(&files, &record) ||
	    record_decode(record, MSG_FILE_ITEM, &item) != WIRE_OK)
		return text;
	return item.name;
}
