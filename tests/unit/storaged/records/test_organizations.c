/*
 * Organizations: each with its agent and its widget, and none sees what another one has.
 */
#include "tests/unit/storaged/store_organization.h"

#include "tests/unit/storaged/store_contents.h"

#include "storaged/records/organization_create.h"
#include "storaged/records/organizations.h"
#include "tests/unit/unit.h"

STORE_TEST(a_fresh_store_has_one_organization)
{
	struct fixture *f = *state;
	const struct msg_org_get get = {.org = id_default_org};
	struct msg_org_record r;
	struct contents before;
	struct txn t;
	union msg m;

	ask(f, MSG_ORG_GET, &get, MSG_ORG, &m);
	assert_int_equal(record_decode(m.org.org, MSG_ORG_RECORD, &r), WIRE_OK);
	assert_text(r.name, "Default");
	assert_true(id_equal(&r.widget, &id_default_widget));
	assert_true(r.created_at > 0);

	/* A repeated call changes nothing. */
	contents_take(f, &before);
	store_restart(f, STORE_BYTES);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(organization_make_default(&t), 0);
	assert_int_equal(txn_commit(&t), 0);
	contents_expect(f, &before);
	contents_clear(&before);
}

STORE_TEST(an_organization_comes_with_an_agent_and_a_widget)
{
	struct fixture *f = *state;
	struct msg_org_create org = org_of("Caf\xc3\xa9", "wid_cafe");
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .name = slice_str("wid_cafe")};
	struct msg_widget_record widget;
	struct msg_record_get agent;
	struct contents before;
	union msg m;

	ask_as_tool(f, MSG_ORG_CREATE, &org, MSG_OK, NULL);
	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_WIDGET_RECORD, &widget), WIRE_OK);
	assert_true(id_equal(&widget.org, &org.org) && id_equal(&widget.id, &org.widget));
	agent = (struct msg_record_get){.kind = MSG_AGENT_RECORD, widget.org, widget.agent};
	ask(f, MSG_RECORD_GET, &agent, MSG_RECORD, NULL);

	contents_take(f, &before);
	ask_as_tool(f, MSG_ORG_CREATE, &org, MSG_OK, NULL);
	contents_expect(f, &before);
	contents_clear(&before);
}

STORE_TEST(an_organization_that_contradicts_is_refused)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	const struct msg_org_create good = org_of("Third", "wid_third");
	struct msg_org_create bad = good;

	bad.public_id = slice_str("wid_other");
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_EXISTS);
	bad = good;
	bad.org = other.org;
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_EXISTS);
	bad.org = (struct id){0};
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_INVALID);
	bad = good;
	bad.agent = (struct id){0};
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_INVALID);
	bad = good;
	bad.widget = (struct id){0};
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_INVALID);
	bad = good;
	bad.name = (struct slice){0};
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_INVALID);
	bad = good;
	bad.public_id = (struct slice){0};
	tool_ask_error(f, MSG_ORG_CREATE, &bad, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_ORGS), 2);
	assert_int_equal(table_count(f, TABLE_WIDGETS), 2);
}

STORE_TEST(organizations_are_listed_in_pages)
{
	struct fixture *f = *state;
	struct msg_org_list list = {0};
	struct msg_org_record r;
	char public_id[16];
	size_t n = 0, pages = 0;
	union msg m;

	for (int i = 0; i < 250; i++) {
		struct msg_org_create org;

		snprintf(public_id, sizeof(public_id), "wid_%d", i);
		org = org_of("One of many", public_id);
		ask_as_tool(f, MSG_ORG_CREATE, &org, MSG_OK, NULL);
	}
	do {
		ask_as_tool(f, MSG_ORG_LIST, &list, MSG_ORG_PAGE, &m);
		n += list_len(m.org_page.orgs);
		pages++;
		list_item(m.org_page.orgs, 0, MSG_ORG_RECORD, &r);
		assert_int_equal(pages == 1, id_equal(&r.id, &id_default_org));
		list.after = m.org_page.next;
	} while (!id_is_zero(&list.after));
	assert_int_equal(n, 251);
	assert_int_equal(pages, 2);
}

/* The objects of one organization, and another organization that asks for them. */
struct walk_of {
	struct msg_org_create owner, stranger;
	struct msg_user_record user;
	struct msg_key_record key;
	struct msg_login_create login;
	struct msg_widget_record widget; /* not its first */
};

static void
furnish(struct fixture *f, struct walk_of *w)
{
	struct msg_widget_record widget;
	struct msg_key_create key;

	w->owner = org_of("Owner", "wid_owner");
	w->stranger = org_of("Stranger", "wid_stranger");
	ask_as_tool(f, MSG_ORG_CREATE, &w->owner, MSG_OK, NULL);
	ask_as_tool(f, MSG_ORG_CREATE, &w->stranger, MSG_OK, NULL);
	w->user = user_of(&w->owner.org, "owner@example.com");
	make_user(f, &w->user);
	w->key = (struct msg_key_record){.v = RECORD_VERSION,
	    .id = id_new(),
	    .org = w->owner.org,
	    .key = secret_hash(slice_str("key"))};
	key.key = encoded(MSG_KEY_RECORD, &w->key);
	ask(f, MSG_KEY_CREATE, &key, MSG_OK, NULL);
	w->login = (struct msg_login_create){.org = w->owner.org,
	    .id = id_new(),
	    .user = w->user.id,
	    .token = secret_hash(slice_str("token")),
	    .expires_at = clock_wall_ms() + 60000};
	ask(f, MSG_LOGIN_CREATE, &w->login, MSG_OK, NULL);
	widget = w->widget = widget_of(&w->owner.org, &w->owner.agent, "wid_second");
	put_widget(f, &widget, true);
}

/* The stranger's request finds nothing. */
static void
refused(struct fixture *f, enum msg_type type, const void *msg)
{
	ask_error(f, type, msg, STORE_NOT_FOUND);
}

/* The answer contains nothing of the owner. */
static void
shows_nothing(struct fixture *f, const struct walk_of *w, enum msg_type type, const void *msg,
    enum msg_type answer)
{
	const struct id *owner = &w->owner.org;

	ask(f, type, msg, answer, NULL);
	assert_null(memmem(buf_data(&f->kept), buf_len(&f->kept), owner->b, sizeof(owner->b)));
}

#define WALK(type) static void walk_##type(struct fixture *f, const struct walk_of *w)

/* Only its own users learn that an organization exists. */
WALK(ORG_GET)
{
	const struct msg_org_get m = {.org = w->stranger.org}, none = {.org = id_new()};

	shows_nothing(f, w, MSG_ORG_GET, &m, MSG_ORG);
	refused(f, MSG_ORG_GET, &none);
}

WALK(USER_CREATE)
{
	struct msg_user_record r = user_of(&w->stranger.org, "OWNER@example.com");
	struct msg_record_put m = {
	    .kind = MSG_USER_RECORD, .fresh = true, .record = encoded(MSG_USER_RECORD, &r)};

	ask_error(f, MSG_RECORD_PUT, &m, STORE_EXISTS);
	r = user_of(&w->user.id, "new@example.com");
	m.record = encoded(MSG_USER_RECORD, &r);
	refused(f, MSG_RECORD_PUT, &m);
}

WALK(USER_LIST)
{
	const struct msg_record_list m = {.kind = MSG_USER_RECORD, .org = w->stranger.org};
	const struct msg_record_list behind = {
	    .kind = MSG_USER_RECORD, .org = w->stranger.org, .cursor = w->user.id, .limit = 1};

	shows_nothing(f, w, MSG_RECORD_LIST, &m, MSG_RECORD_PAGE);
	shows_nothing(f, w, MSG_RECORD_LIST, &behind, MSG_RECORD_PAGE);
}

WALK(USER_GET)
{
	const struct msg_record_get m = {
	    .kind = MSG_USER_RECORD, .org = w->stranger.org, .id = w->user.id};

	refused(f, MSG_RECORD_GET, &m);
}

WALK(USER_CHANGE)
{
	const struct msg_user_change m = {.org = w->stranger.org,
	    .user = w->user.id,
	    .what = USER_NAME | USER_ROLE | USER_PASSWORD,
	    .password = slice_str("$scrypt$two")};

	refused(f, MSG_USER_CHANGE, &m);
}

WALK(USER_DELETE)
{
	const struct msg_record_delete m = {
	    .kind = MSG_USER_RECORD, w->stranger.org, w->user.id};

	refused(f, MSG_RECORD_DELETE, &m);
}

WALK(KEY_CREATE)
{
	struct msg_key_record r = w->key;
	struct msg_key_create m;

	r.org = w->stranger.org;
	m.key = encoded(MSG_KEY_RECORD, &r);
	ask_error(f, MSG_KEY_CREATE, &m, STORE_EXISTS);
	r.org = w->user.id;
	r.key = secret_hash(slice_str("new"));
	m.key = encoded(MSG_KEY_RECORD, &r);
	refused(f, MSG_KEY_CREATE, &m);
}

WALK(KEY_LIST)
{
	const struct msg_key_list m = {w->stranger.org};

	shows_nothing(f, w, MSG_KEY_LIST, &m, MSG_KEY_PAGE);
}

WALK(KEY_REVOKE)
{
	const struct msg_key_revoke m = {w->stranger.org, w->key.id};

	refused(f, MSG_KEY_REVOKE, &m);
}

/* A key identifies its organization; an id does not. */
WALK(KEY_CHECK)
{
	struct msg_key_check m = {0};

	memcpy(m.key.b, w->key.id.b, sizeof(w->key.id.b));
	refused(f, MSG_KEY_CHECK, &m);
}

WALK(AGENT_PUT)
{
	struct msg_agent_record r = agent_of(&w->stranger.org, "stolen");
	struct msg_record_put m = {.kind = MSG_AGENT_RECORD};

	r.id = w->owner.agent;
	m.record = encoded(MSG_AGENT_RECORD, &r);
	refused(f, MSG_RECORD_PUT, &m);
	m.fresh = true;
	r.org = w->user.id;
	m.record = encoded(MSG_AGENT_RECORD, &r);
	refused(f, MSG_RECORD_PUT, &m);
}

WALK(AGENT_GET)
{
	const struct msg_record_get m = {
	    .kind = MSG_AGENT_RECORD, w->stranger.org, w->owner.agent};

	refused(f, MSG_RECORD_GET, &m);
}

WALK(AGENT_LIST)
{
	const struct msg_record_list m = {.kind = MSG_AGENT_RECORD, .org = w->stranger.org};
	const struct msg_record_list behind = {.kind = MSG_AGENT_RECORD,
	    .org = w->stranger.org,
	    .cursor = w->owner.agent,
	    .limit = 1};

	shows_nothing(f, w, MSG_RECORD_LIST, &m, MSG_RECORD_PAGE);
	shows_nothing(f, w, MSG_RECORD_LIST, &behind, MSG_RECORD_PAGE);
}

WALK(AGENT_DELETE)
{
	const struct msg_record_delete m = {
	    .kind = MSG_AGENT_RECORD, w->stranger.org, w->owner.agent};

	refused(f, MSG_RECORD_DELETE, &m);
}

WALK(WIDGET_PUT)
{
	struct msg_widget_record r = widget_of(&w->stranger.org, &w->stranger.agent, "wid_new");
	struct msg_record_put m = {.kind = MSG_WIDGET_RECORD};

	r.id = w->widget.id;
	m.record = encoded(MSG_WIDGET_RECORD, &r);
	refused(f, MSG_RECORD_PUT, &m);
	m.fresh = true;
	r.org = w->user.id;
	m.record = encoded(MSG_WIDGET_RECORD, &r);
	refused(f, MSG_RECORD_PUT, &m);
	/* A widget of the stranger cannot use the owner's agent. */
	r = widget_of(&w->stranger.org, &w->owner.agent, "wid_new");
	m.record = encoded(MSG_WIDGET_RECORD, &r);
	ask_error(f, MSG_RECORD_PUT, &m, STORE_INVALID);
	r = widget_of(&w->stranger.org, &w->stranger.agent, "wid_owner");
	m.record = encoded(MSG_WIDGET_RECORD, &r);
	ask_error(f, MSG_RECORD_PUT, &m, STORE_EXISTS);
}

WALK(WIDGET_GET)
{
	const struct msg_record_get m = {
	    .kind = MSG_WIDGET_RECORD, .org = w->stranger.org, .id = w->widget.id};

	refused(f, MSG_RECORD_GET, &m);
}

WALK(WIDGET_LIST)
{
	const struct msg_record_list m = {.kind = MSG_WIDGET_RECORD, .org = w->stranger.org};
	const struct msg_record_list behind = {.kind = MSG_WIDGET_RECORD,
	    .org = w->stranger.org,
	    .cursor = w->widget.id,
	    .limit = 1};

	shows_nothing(f, w, MSG_RECORD_LIST, &m, MSG_RECORD_PAGE);
	shows_nothing(f, w, MSG_RECORD_LIST, &behind, MSG_RECORD_PAGE);
}

WALK(WIDGET_DELETE)
{
	const struct msg_record_delete m = {
	    .kind = MSG_WIDGET_RECORD, w->stranger.org, w->widget.id};
	const struct msg_record_delete first = {
	    .kind = MSG_WIDGET_RECORD, w->stranger.org, w->owner.widget};

	refused(f, MSG_RECORD_DELETE, &m);
	refused(f, MSG_RECORD_DELETE, &first);
}

WALK(WIDGET_RESET)
{
	const struct msg_widget_reset m = {w->stranger.org, w->widget.id, slice_str("wid_new")};
	const struct msg_widget_reset same = {
	    w->stranger.org, w->widget.id, slice_str("wid_second")};

	refused(f, MSG_WIDGET_RESET, &m);
	refused(f, MSG_WIDGET_RESET, &same);
}

WALK(LOGIN_CREATE)
{
	struct msg_login_create m = w->login;

	m.org = w->stranger.org;
	m.id = id_new();
	m.token = secret_hash(slice_str("new"));
	refused(f, MSG_LOGIN_CREATE, &m);
}

WALK(LOGIN_LIST)
{
	const struct msg_login_list m = {w->stranger.org, w->user.id};

	shows_nothing(f, w, MSG_LOGIN_LIST, &m, MSG_LOGIN_PAGE);
}

WALK(LOGIN_REVOKE)
{
	const struct msg_login_revoke one = {
	    .org = w->stranger.org, .user = w->user.id, .id = w->login.id};
	const struct msg_login_revoke all = {.org = w->stranger.org, .user = w->user.id};

	refused(f, MSG_LOGIN_REVOKE, &one);
	ask(f, MSG_LOGIN_REVOKE, &all, MSG_OK, NULL);
}

/* Each request of a worker in these number ranges that names an organization or an object of
 * one. */
static const struct {
	enum msg_type type;
	void (*run)(struct fixture *f, const struct walk_of *w);
} walks[] = {
#define LINE(type, name)                \
	{                               \
		MSG_##type, walk_##name \
	}
    LINE(LOGIN_CREATE, LOGIN_CREATE),
    LINE(LOGIN_LIST, LOGIN_LIST),
    LINE(LOGIN_REVOKE, LOGIN_REVOKE),
    LINE(ORG_GET, ORG_GET),
    LINE(RECORD_PUT, USER_CREATE),
    LINE(RECORD_LIST, USER_LIST),
    LINE(RECORD_GET, USER_GET),
    LINE(USER_CHANGE, USER_CHANGE),
    LINE(RECORD_DELETE, USER_DELETE),
    LINE(KEY_CREATE, KEY_CREATE),
    LINE(KEY_LIST, KEY_LIST),
    LINE(KEY_REVOKE, KEY_REVOKE),
    LINE(KEY_CHECK, KEY_CHECK),
    LINE(RECORD_PUT, AGENT_PUT),
    LINE(RECORD_GET, AGENT_GET),
    LINE(RECORD_LIST, AGENT_LIST),
    LINE(RECORD_DELETE, AGENT_DELETE),
    LINE(RECORD_PUT, WIDGET_PUT),
    LINE(RECORD_GET, WIDGET_GET),
    LINE(RECORD_LIST, WIDGET_LIST),
    LINE(RECORD_DELETE, WIDGET_DELETE),
    LINE(WIDGET_RESET, WIDGET_RESET),
};

static bool
is_walked(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(walks); i++)
		if (walks[i].type == type)
			return true;
	return false;
}

/* A login that is named by its token belongs to the holder of the token. */
static bool
is_to_be_walked(const struct msg_desc *d)
{
	if (d->type == MSG_LOGIN_CHECK || d->type == MSG_LOGIN_DELETE)
		return false;
	return (d->from & ROLE_WORKER) != 0 && (d->to & ROLE_STORE) != 0 &&
	    ((d->type >> 8) == 4 || (d->type >> 8) == 7 || (d->type >> 8) == 8);
}

TEST(each_request_is_walked)
{
	const struct msg_desc *table;
	size_t n, wanted = 0;

	table = msg_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (!is_to_be_walked(&table[i]))
			continue;
		wanted++;
		if (!is_walked(table[i].type))
			fail_msg("%s has no line here", table[i].name);
	}
	assert_true(wanted >= 13);
	for (size_t i = 0; i < ARRAY_LEN(walks); i++)
		assert_true(is_to_be_walked(msg_desc((uint16_t)walks[i].type)));
}

STORE_TEST(another_organizations_things_are_not_there)
{
	struct fixture *f = *state;
	struct contents before;
	struct walk_of w;

	furnish(f, &w);
	contents_take(f, &before);
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		walks[i].run(f, &w);
		contents_expect(f, &before);
	}
	contents_clear(&before);
}

TEST_MAIN(NULL, NULL)
