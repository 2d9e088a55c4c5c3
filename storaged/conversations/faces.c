/*
 * The lookups of CONVERSATION_FACE.
 */
#include "storaged/conversations/faces.h"

#include "proto/base/basics.h"
#include "storaged/engine/message_page.h"

/* Messages without a text that are skipped to find the last one. */
#define SKIP_MAX 16u

static int
face_find_contact(struct txn *t, const struct msg_conversation_record *conversation,
    struct msg_conversation_face *face)
{
	struct key key = key_of_org(&conversation->org, &conversation->contact);
	struct msg_contact_record r;
	int rc;

	if (id_is_zero(&conversation->contact))
		return 0;
	rc = txn_get_record(t, TABLE_CONTACTS, &key, &r);
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	face->name = r.name;
	face->email = r.email;
	face->phone = r.phone;
	return 0;
}

/* Finds the message that last_message of the record is from. */
static int
face_find_role(struct txn *t, const struct msg_conversation_record *conversation,
    struct msg_conversation_face *face)
{
	struct key front = key_id(&conversation->id);
	struct key end = key_message(&conversation->id, conversation->next_seq);
	unsigned skipped = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	if (rc == 0)
		rc = walk_before(&w, &end);
	for (; rc == 0 && skipped < SKIP_MAX; rc = walk_previous(&w), skipped++)
		if (!w.damaged && message_has_text(w.value)) {
			face->last_role = (uint8_t)(message_role_of(w.value) + 1);
			break;
		}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
face_get(struct txn *t, const struct msg_conversation_record *conversation, struct buf *out)
{
	struct msg_conversation_face face = {0};
	int rc = face_find_contact(t, conversation, &face);

	if (rc == 0)
		rc = face_find_role(t, conversation, &face);
	if (rc != 0)
		return rc;
	buf_reset(out);
	must(record_encode(out, MSG_CONVERSATION_FACE, &face) == 0);
	return 0;
}

int
face_list(struct txn *t, const struct msg_conversation_record *conversation)
{
	struct buf face;
	int rc;

	buf_init(&face, FACE_MAX);
	rc = face_get(t, conversation, &face);
	if (rc == 0)
		must(wire_list_add(&t->env->faces, buf_slice(&face)) == 0);
	buf_clear(&face);
	return rc;
}
