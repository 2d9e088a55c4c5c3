/*
 * Agents: made, changed, listed in pages, and there as long as a widget names them.
 */
#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/agents.h"
#include "storaged/request/listing.h"
#include "tests/unit/unit.h"

static void
put_error(
    struct fixture *f, const struct msg_agent_record *r, bool fresh, enum store_error code)
{
	const struct msg_record_put m = {
	    .kind = MSG_AGENT_RECORD, .fresh = fresh, .record = encoded(MSG_AGENT_RECORD, r)};

	ask_error(f, MSG_RECORD_PUT, &m, code);
}

static struct msg_agent_record
stored(struct fixture *f, const struct id *org, const struct id *agent)
{
	const struct msg_record_get get = {.kind = MSG_AGENT_RECORD, *org, *agent};
	struct msg_agent_record r;
	union msg m;

	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_AGENT_RECORD, &r), WIRE_OK);
	return r;
}

STORE_TEST(a_fresh_stores_agent_follows_the_settings)
{
	struct msg_agent_record r = stored(*state, &id_default_org, &id_default_agent);

	assert_text(r.name, "Assistant");
	assert_text(r.purpose, "");
	assert_text(r.model, "");
	assert_text(r.key_name, "");
	assert_int_equal(r.temperature, 0);
	assert_int_equal(r.max_output_tokens, 0);
	assert_int_equal(r.enabled, 1);
	assert_true(r.created_at > 0 && r.created_at == r.updated_at);
}

STORE_TEST(an_agent_is_made_and_changed)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna"), back;
	uint64_t created_at;

	/* The store sets the times. */
	r.created_at = r.updated_at = 1;
	put_agent(f, &r, true);
	created_at = r.created_at;
	assert_true(created_at > 1 && r.updated_at == created_at);
	next_ms();
	r.name = slice_str("Berta");
	r.purpose = r.model = slice_str("");
	r.created_at = 2;
	put_agent(f, &r, false);
	back = stored(f, &r.org, &r.id);
	assert_text(back.name, "Berta");
	assert_text(back.purpose, "");
	assert_int_equal(back.created_at, created_at);
	assert_true(back.updated_at > created_at);
	assert_int_equal(table_count(f, TABLE_AGENTS), 2);
}

STORE_TEST(a_repeat_changes_nothing)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna"), again = r;
	uint64_t updated_at;

	put_agent(f, &r, true);
	updated_at = r.updated_at;
	next_ms();
	put_agent(f, &again, true);
	assert_int_equal(again.updated_at, updated_at);
	put_agent(f, &again, false);
	assert_int_equal(again.updated_at, updated_at);
}

STORE_TEST(a_change_of_what_was_changed_meanwhile_is_refused)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna"), other;

	put_agent(f, &r, true);
	/* Not even when the clock stands still. */
	clock_freeze_wall(r.updated_at);
	other = r;
	r.name = slice_str("Berta");
	other.model = slice_str("m");
	put_agent(f, &other, false);
	put_error(f, &r, false, STORE_STALE);
	r = stored(f, &r.org, &r.id);
	assert_text(r.name, "Anna");
	assert_text(r.model, "m");
	r.name = slice_str("Berta");
	put_agent(f, &r, false);
	/* A repeated request is recognized by its content. */
	r.updated_at = 1;
	put_agent(f, &r, false);
	clock_freeze_wall(0);
}

STORE_TEST(an_agent_that_contradicts_is_refused)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna"), bad = r;
	const struct msg_record_put nothing = {.kind = MSG_AGENT_RECORD, .fresh = true};

	ask_error(f, MSG_RECORD_PUT, &nothing, STORE_INVALID);
	put_error(f, &r, false, STORE_NOT_FOUND);
	put_agent(f, &bad, true);
	r.name = slice_str("Berta");
	put_error(f, &r, true, STORE_EXISTS);
	bad = r;
	bad.id = (struct id){0};
	put_error(f, &bad, true, STORE_INVALID);
	bad = r;
	bad.org = (struct id){0};
	put_error(f, &bad, true, STORE_INVALID);
	bad = r;
	bad.v = 0;
	put_error(f, &bad, false, STORE_INVALID);
	bad = r;
	bad.org = id_new();
	put_error(f, &bad, true, STORE_NOT_FOUND);
	assert_text(stored(f, &r.org, &r.id).name, "Anna");
}

STORE_TEST(an_agent_that_a_widget_names_stays)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna");
	const struct msg_record_delete gone = {.kind = MSG_AGENT_RECORD, r.org, r.id};
	const struct msg_record_delete plain = {
	    .kind = MSG_AGENT_RECORD, id_default_org, id_default_agent};
	struct msg_widget_record w = widget_of(&r.org, &r.id, "wid_1"), back = w;

	put_agent(f, &r, true);
	put_widget(f, &back, true);
	ask_error(f, MSG_RECORD_DELETE, &gone, STORE_IN_USE);
	ask_error(f, MSG_RECORD_DELETE, &plain, STORE_IN_USE);
	w.updated_at = back.updated_at;
	w.agent = id_default_agent;
	put_widget(f, &w, false);
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	ask_error(f, MSG_RECORD_DELETE, &gone, STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_AGENTS), 1);
}

/* Reads all pages; returns how many agents they had, which must be in order, and how many pages. */
static size_t
read_pages(struct fixture *f, const struct id *org, uint32_t limit, size_t *pages)
{
	struct msg_record_list list = {.kind = MSG_AGENT_RECORD, .org = *org, .limit = limit};
	struct msg_agent_record r;
	struct id last = {0};
	size_t n = 0;
	union msg m;

	*pages = 0;
	do {
		size_t len;

		ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
		++*pages;
		len = list_len(m.record_page.records);
		assert_true(len > 0 && (limit == 0 || len <= limit));
		for (size_t i = 0; i < len; i++) {
			list_item(m.record_page.records, i, MSG_AGENT_RECORD, &r);
			assert_true(id_equal(&r.org, org));
			assert_true(memcmp(r.id.b, last.b, sizeof(last.b)) > 0);
			last = r.id;
		}
		n += len;
		list.cursor = m.record_page.next;
		assert_true(id_is_zero(&list.cursor) || id_equal(&list.cursor, &last));
	} while (!id_is_zero(&list.cursor));
	return n;
}

STORE_TEST(agents_come_in_pages_by_number)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	size_t pages;

	for (int i = 0; i < 249; i++) {
		struct msg_agent_record r = agent_of(&id_default_org, "one of many");

		put_agent(f, &r, true);
	}
	assert_int_equal(read_pages(f, &id_default_org, 100, &pages), 250);
	assert_int_equal(pages, 3);
	assert_int_equal(read_pages(f, &id_default_org, 125, &pages), 250);
	assert_int_equal(pages, 2);
	assert_int_equal(read_pages(f, &id_default_org, 0, &pages), 250);
	assert_int_equal(pages, 2);
	assert_int_equal(read_pages(f, &other.org, 100, &pages), 1);
	assert_int_equal(pages, 1);
}

STORE_TEST(agents_come_in_pages_by_size)
{
	struct fixture *f = *state;
	char *text = xcalloc(1, 24001);
	size_t pages;

	memset(text, 'x', 24000);
	for (int i = 0; i < 39; i++) {
		struct msg_agent_record r = agent_of(&id_default_org, "long");

		r.purpose = r.custom_instructions = slice_str(text);
		put_agent(f, &r, true);
	}
	/* 48 KiB each, 700 KiB a page. */
	assert_int_equal(read_pages(f, &id_default_org, 200, &pages), 40);
	assert_int_equal(pages, 3);
	free(text);
}

STORE_TEST(a_cursor_whose_agent_has_gone_still_leads_on)
{
	struct fixture *f = *state;
	struct msg_agent_record first = agent_of(&id_default_org, "1"), second;
	struct msg_record_list list = {
	    .kind = MSG_AGENT_RECORD, .org = id_default_org, .cursor = first.id};
	const struct msg_record_delete gone = {.kind = MSG_AGENT_RECORD, first.org, first.id};
	struct msg_agent_record r;
	union msg m;

	put_agent(f, &first, true);
	second = agent_of(&id_default_org, "2");
	put_agent(f, &second, true);
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 1);
	list_item(m.record_page.records, 0, MSG_AGENT_RECORD, &r);
	assert_text(r.name, "2");
}

/* The decoders of RECORD and RECORD_PAGE do not check the bytes: a damaged record must not get that far. It
 * can be deleted. */
STORE_TEST(a_damaged_agent_is_not_answered)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna");
	const struct msg_record_get get = {.kind = MSG_AGENT_RECORD, r.org, r.id};
	const struct msg_record_list list = {.kind = MSG_AGENT_RECORD, .org = r.org};
	const struct msg_record_delete gone = {.kind = MSG_AGENT_RECORD, r.org, r.id};
	struct key key = key_of_org(&r.org, &r.id);
	struct txn t;
	union msg m;

	put_agent(f, &r, true);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_AGENTS, &key, slice_str("damaged")), 0);
	assert_int_equal(txn_commit(&t), 0);
	ask_error(f, MSG_RECORD_GET, &get, STORE_INTERNAL);
	ask_error(f, MSG_RECORD_LIST, &list, STORE_INTERNAL);
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 1);
}

STORE_TEST(an_organization_has_so_many_agents_at_most)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "one too many"), another = r;
	const struct msg_record_delete gone = {.kind = MSG_AGENT_RECORD, id_default_org, r.id};
	uint64_t first;

	put_agent(f, &another, true);
	r.updated_at = another.updated_at;
	first = f->requests + 1;
	for (unsigned i = 2; i < AGENTS_MAX; i++) {
		struct msg_record_put m = {.kind = MSG_AGENT_RECORD, .fresh = true};

		another = agent_of(&id_default_org, "one of many");
		m.record = encoded(MSG_AGENT_RECORD, &another);
		send_request(f, &f->a, MSG_RECORD_PUT, &m);
	}
	commit(f);
	for (uint64_t request = first; request <= f->requests; request++)
		expect_answer(f, &f->a, request, MSG_RECORD, NULL);
	another = agent_of(&id_default_org, "one too many");
	put_error(f, &another, true, STORE_LIMIT);
	/* Existing agents can change, and deleting one makes room. */
	r.name = slice_str("changed");
	put_agent(f, &r, false);
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	put_agent(f, &another, true);
}

TEST_MAIN(NULL, NULL)
