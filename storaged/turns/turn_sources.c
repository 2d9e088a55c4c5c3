/*
 * Gaps of turns.
 */
#include "storaged/turns/turn_sources.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "storaged/content/gaps.h"

/* The visitor's message that a reply answers is the one before it. MDB_NOTFOUND: there is none to answer. */
static int
turn_find_question(struct txn *t, const struct turn_view *v, struct slice *text)
{
	struct key key = key_message(&v->place.conversation, v->place.seq - 1);
	struct msg_message_record question;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, &question);

	if (rc == 0 && (question.role != MESSAGE_USER || question.text.len == 0))
		return MDB_NOTFOUND;
	*text = rc == 0 ? question.text : (struct slice){0};
	return rc;
}

static int
turn_add_gap(struct txn *t, const struct turn_view *v)
{
	struct key key = key_id(&v->place.conversation);
	struct msg_conversation_record conversation;
	struct msg_gap_record gap = {
	    .v = RECORD_VERSION,
	    .id = v->id,
	    .org = v->place.org,
	    .agent = v->agent,
	    .conversation = v->place.conversation,
	    .created_at = clock_wall_ms(),
	};
	struct slice question;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	gap.widget = conversation.widget;
	gap.updated_at = gap.created_at;
	rc = turn_find_question(t, v, &question);
	/* The reply is stored also if its question is damaged. */
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	gap.question = utf8_prefix(question, GAP_QUESTION_UNITS);
	return gap_add(t, &gap);
}

int
turn_note_gap(struct txn *t, const struct turn_view *v, struct slice sources)
{
	struct msg_sources_record r;

	if (sources.len == 0)
		return 0;
	must(record_decode(sources, MSG_SOURCES_RECORD, &r) == WIRE_OK);
	switch (r.outcome) {
	case FOUND_NO_ANSWER:
	case FOUND_GENERAL:
		return turn_add_gap(t, v);
	case FOUND_ANSWER:
	case FOUND_WHOLE:
		return gap_drop_open(t, &v->place.org, &v->id);
	default:
		return 0;
	}
}
