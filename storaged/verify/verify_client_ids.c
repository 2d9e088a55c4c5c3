/*
 * Client ids: each names a visitor's message, and a turn whose reply is at the next position of
 * the same conversation; or an operator's message, without a turn.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* Why the conversation of a client id is wrong; NULL: it is right. */
static const char *
verify_client_id_conversation_fault(struct checker *c, const struct id *conversation, int *rc)
{
	struct key key = key_id(conversation);

	if (verify_has(c, TABLE_CONVERSATIONS, &key, rc) || *rc != 0)
		return NULL;
	return "is of a conversation that does not exist";
}

/* The same for its message. verify_threads.c reports one that does not decode. */
static const char *
verify_client_id_message_fault(struct checker *c, const struct id *conversation,
    const struct msg_client_id_record *name, int *rc)
{
	struct key key = key_message(conversation, name->seq);
	uint8_t role = id_is_zero(&name->turn) ? MESSAGE_OPERATOR : MESSAGE_USER;
	struct msg_message_record message;
	struct slice value;

	*rc = txn_get(c->txn, TABLE_MESSAGES, &key, &value);
	if (*rc == MDB_NOTFOUND) {
		*rc = 0;
		return "names a message that does not exist";
	}
	if (*rc != 0 || record_decode(value, MSG_MESSAGE_RECORD, &message) != WIRE_OK)
		return NULL;
	return message.role == role ? NULL : "names another kind of message";
}

/* The same for its turn. verify_turns.c reports one that does not decode. */
static const char *
verify_client_id_turn_fault(struct checker *c, const struct id *conversation,
    const struct msg_client_id_record *name, int *rc)
{
	struct key key = key_id(&name->turn);
	struct msg_turn_record turn;
	struct slice value;

	*rc = txn_get(c->txn, TABLE_TURNS, &key, &value);
	if (*rc == MDB_NOTFOUND) {
		*rc = 0;
		return "leads to a turn that does not exist";
	}
	if (*rc != 0 || record_decode(value, MSG_TURN_RECORD, &turn) != WIRE_OK)
		return NULL;
	if (!id_equal(&turn.conversation, conversation) || turn.seq != name->seq + 1)
		return "leads to a turn that does not answer its message";
	return NULL;
}

static int
verify_client_id_record(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id conversation = key_front(key);
	struct msg_client_id_record record;
	const char *fault;
	char name[128];
	int rc;

	(void)arg;
	(void)snprintf(name, sizeof(name), "the client's id \"%s\" of conversation %s",
	    verify_name_text(client_id_name(key)).s, verify_id_text(&conversation).s);
	if (!verify_record(c, TABLE_CLIENT_IDS, name, value, &record))
		return 0;
	fault = verify_client_id_conversation_fault(c, &conversation, &rc);
	if (rc == 0 && fault == NULL)
		fault = verify_client_id_message_fault(c, &conversation, &record, &rc);
	if (rc == 0 && fault == NULL && !id_is_zero(&record.turn))
		fault = verify_client_id_turn_fault(c, &conversation, &record, &rc);
	if (rc == 0 && fault == NULL && !utf8_valid(client_id_name(key)))
		fault = "is no text";
	if (fault != NULL && rc == 0 && !verify_was_erased(c, &conversation, &rc) && rc == 0)
		verify_found(c, TABLE_CLIENT_IDS, "%s %s", name, fault);
	return rc;
}

int
verify_client_ids(struct checker *c)
{
	return verify_table(c, TABLE_CLIENT_IDS, verify_client_id_record, NULL);
}
