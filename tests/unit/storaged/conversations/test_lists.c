/*
 * The lists of conversations by widget, contact and status, in pages, compared with a model. Everything
 * else is in the scenarios next to this file.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/conversations/conversations.h"

/* A conversation of this widget with this contact (0: none), whose only reply has this status. In what is
 * wanted of a list, 0 is any. */
struct sample {
	uint8_t widget, contact;
	enum conversation_status status;
};

#define SAMPLES 8

/* Conversations by their activity, and what they must be. */
struct model {
	struct sample sample[SAMPLES];
	struct id id[SAMPLES];
};

static struct id
numbered(uint8_t number)
{
	return (struct id){{[15] = number}};
}

static void
set_contact(struct fixture *f, const struct id *conversation, uint8_t contact)
{
	struct id id = numbered(contact);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(conversation_set_contact(&t, conversation, &id), 0);
	assert_int_equal(txn_commit(&t), 0);
}

static struct id
make_sample(struct fixture *f, const struct sample *sample, size_t n)
{
	struct msg_turn_begin begin;
	struct msg_turn_finish finish;
	char session[16];

	snprintf(session, sizeof(session), "s%zu", n);
	begin = begin_of(session, "q");
	begin.widget = numbered(sample->widget);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	/* Before its end or after it: the index moves with both. */
	if (n % 2 == 0)
		set_contact(f, &begin.conversation, sample->contact);
	finish = finish_of(&begin.turn, "a");
	finish.status = (uint8_t)(sample->status - 1);
	wait_for_next_ms();
	if (sample->status != CONVERSATION_ACTIVE)
		ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	set_contact(f, &begin.conversation, sample->contact);
	wait_for_next_ms();
	return begin.conversation;
}

static bool
matches(const struct sample *sample, const struct sample *wanted)
{
	return (wanted->widget == 0 || sample->widget == wanted->widget) &&
	    (wanted->contact == 0 || sample->contact == wanted->contact) &&
	    (wanted->status == CONVERSATION_ANY || sample->status == wanted->status);
}

/* Expects each matching one once, the newest first, in pages of this many. */
static void
expect_listed(
    struct fixture *f, const struct model *model, const struct sample *wanted, uint32_t limit)
{
	bool any = wanted->widget == 0 && wanted->contact == 0 && wanted->status == 0;
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	struct msg_conversation_list list = {
	    .org = id_default_org, .limit = limit, .status = (uint8_t)wanted->status};
	size_t next = SAMPLES;
	union msg m;

	list.widget = numbered(wanted->widget);
	list.contact = numbered(wanted->contact);
	do {
		size_t found;

		ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
		found = list_len(m.conversation_page.conversations);
		assert_true(found <= limit && (found > 0 || !any));
		for (size_t i = 0; i < found; i++) {
			struct msg_conversation_record record;

			list_item(m.conversation_page.conversations, i, MSG_CONVERSATION_RECORD,
			    &record);
			do
				assert_true(next-- > 0);
			while (!matches(&model->sample[next], wanted));
			assert_true(id_equal(&record.id, &model->id[next]));
		}
		list.cursor = (struct slice){cursor, m.conversation_page.next.len};
		if (list.cursor.len > 0)
			memcpy(cursor, m.conversation_page.next.p, list.cursor.len);
	} while (list.cursor.len > 0);
	while (next-- > 0)
		assert_false(matches(&model->sample[next], wanted));
}

STORE_TEST(conversations_are_listed_by_widget_contact_and_state)
{
	struct model model = {.sample = {
				  {1, 0, CONVERSATION_COMPLETE},
				  {1, 1, CONVERSATION_ACTIVE},
				  {2, 1, CONVERSATION_COMPLETE},
				  {2, 2, CONVERSATION_STOPPED},
				  {1, 1, CONVERSATION_INTERRUPTED},
				  {2, 0, CONVERSATION_ACTIVE},
				  {1, 2, CONVERSATION_COMPLETE},
				  {1, 1, CONVERSATION_COMPLETE},
			      }};
	struct sample wanted;

	for (size_t i = 0; i < SAMPLES; i++)
		model.id[i] = make_sample(f, &model.sample[i], i);
	for (uint32_t limit = 1; limit <= SAMPLES + 1; limit++)
		expect_listed(f, &model, &(struct sample){0}, limit);
	for (uint32_t limit = 1; limit <= 3; limit++)
		for (wanted.widget = 0; wanted.widget <= 3; wanted.widget++)
			for (wanted.contact = 0; wanted.contact <= 3; wanted.contact++)
				for (wanted.status = 0; wanted.status <= CONVERSATION_ACTIVE;
				     wanted.status++)
					expect_listed(f, &model, &wanted, limit);
	/* From one contact to another, and to none. */
	set_contact(f, &model.id[1], model.sample[1].contact = 2);
	set_contact(f, &model.id[4], model.sample[4].contact = 0);
	for (uint8_t contact = 0; contact <= 2; contact++)
		expect_listed(f, &model, &(struct sample){.contact = contact}, 2);
	/* These contacts do not exist. */
	f->damaged = true;
}

STORE_TEST(the_contact_of_an_unknown_conversation_cannot_be_set)
{
	const struct id unknown = id_new(), contact = numbered(1);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(conversation_set_contact(&t, &unknown, &contact), MDB_NOTFOUND);
	txn_abort(&t);
}

TEST_MAIN(NULL, NULL)
