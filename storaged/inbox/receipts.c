/*
 * MSG_RECEIPT_SET, and what imports and checks need to know of receipts.
 */
#include "storaged/inbox/receipts.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/message_find.h"
#include "storaged/inbox/inbox.h"

static const char message_missing[] = "no such message to a person of the channel";

int
receipt_of(const struct msg_message_record *message, struct msg_message_receipt *receipt)
{
	*receipt = (struct msg_message_receipt){.state = RECEIPT_NONE};
	return message->receipt.len == 0 ||
		record_decode(message->receipt, MSG_MESSAGE_RECEIPT, receipt) == WIRE_OK
	    ? 0
	    : RECORD_DAMAGED;
}

const char *
receipt_fault(const struct msg_message_record *message)
{
	struct msg_message_receipt receipt;

	if (message->receipt.len == 0)
		return NULL;
	if (message->role == MESSAGE_USER)
		return "is a person's and has a receipt";
	if (receipt_of(message, &receipt) != 0 || receipt.state == RECEIPT_NONE)
		return "has an invalid receipt";
	return receipt.reason.len > 0 && receipt.state != RECEIPT_FAILED
	    ? "has a reason for a failure that it does not have"
	    : NULL;
}

bool
receipt_is_ahead(
    const struct msg_message_record *later, const struct msg_message_record *earlier)
{
	struct msg_message_receipt a, b;

	return receipt_of(later, &a) == 0 && receipt_of(earlier, &b) == 0 && a.state > b.state;
}

/* A message to a person of the channel, and its place. */
static int
receipt_find(struct txn *t, struct call *c, uint64_t *seq, struct msg_message_record *message)
{
	const struct msg_receipt_set *m = &c->m->receipt_set;
	struct msg_conversation_record conversation;
	struct key key;
	int rc = inbox_find(t, c, &m->org, &m->conversation, &conversation);

	if (rc != 0)
		return rc;
	if (m->sessions.len == 0 || conversation.session.len <= m->sessions.len ||
	    !slice_eq((struct slice){conversation.session.p, m->sessions.len}, m->sessions))
		return call_refuse(c, STORE_NOT_FOUND, message_missing);
	rc = message_find(t, &conversation, &m->message, seq);
	key = key_message(&m->conversation, *seq);
	if (rc == 0)
		rc = txn_get_record(t, TABLE_MESSAGES, &key, message);
	if (rc == MDB_NOTFOUND || (rc == 0 && message->role == MESSAGE_USER))
		return call_refuse(c, STORE_NOT_FOUND, message_missing);
	return rc;
}

static enum change_what
receipt_change(uint8_t state)
{
	return state == RECEIPT_SENT      ? CHANGE_SENT
	    : state == RECEIPT_FAILED     ? CHANGE_FAILED
	    : state == RECEIPT_DELIVERED ? CHANGE_DELIVERED
					  : CHANGE_READ;
}

static int
receipt_store(struct txn *t, const struct msg_receipt_set *m, uint64_t seq,
    const struct msg_message_record *before, const struct msg_message_receipt *receipt)
{
	const struct key key = key_message(&m->conversation, seq);
	struct msg_message_record message = *before;
	struct buf *encoded = &t->env->text;
	int rc;

	buf_reset(encoded);
	must(record_encode(encoded, MSG_MESSAGE_RECEIPT, receipt) == 0);
	message.receipt = buf_slice(encoded);
	rc = txn_put_record(t, TABLE_MESSAGES, &key, &message);
	return rc != 0 ? rc
		       : change_add_message(t, &m->org, CHANGE_RECEIPT, &m->message,
			     &m->conversation, seq, receipt_change(receipt->state));
}

static int
receipt_answer(struct txn *t, struct call *c, const struct msg_message_receipt *receipt)
{
	struct buf *encoded = &t->env->details;

	buf_reset(encoded);
	must(record_encode(encoded, MSG_MESSAGE_RECEIPT, receipt) == 0);
	call_answer(c, MSG_RECORD, &(struct msg_record){.record = buf_slice(encoded)});
	return 0;
}

int
handle_receipt_set(struct txn *t, struct call *c)
{
	const struct msg_receipt_set *m = &c->m->receipt_set;
	const struct msg_message_receipt news = {
	    .state = m->state, .at = clock_wall_ms(), .reason = m->reason};
	struct msg_message_record message;
	struct msg_message_receipt stored;
	uint64_t seq = 0;
	int rc;

	if (m->state == RECEIPT_NONE || (m->reason.len > 0 && m->state != RECEIPT_FAILED))
		return call_refuse(
		    c, STORE_INVALID, "a receipt needs a state, and only a failure has a reason");
	rc = receipt_find(t, c, &seq, &message);
	if (rc == 0)
		rc = receipt_of(&message, &stored);
	if (rc == 0 && news.state > stored.state)
		rc = receipt_store(t, m, seq, &message, &news);
	if (rc != 0)
		return rc;
	return receipt_answer(t, c, news.state > stored.state ? &news : &stored);
}
