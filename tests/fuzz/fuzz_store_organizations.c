/*
 * Sequences of requests about organizations, users, keys, logins, agents and widgets, with so few
 * ids, e-mails and public ids that they collide often: every request must be answered once, and the
 * store must stay valid.
 *
 * The first byte selects the store: 'f' is one that is soon full. Then follow instructions: a
 * letter of the table below (any other byte selects one, too, except that blanks and line ends are
 * ignored), and its arguments, a byte each. Each has 2, 3, 4, 6, 8 or 12 values, so that a digit
 * means itself.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_harness.h"

static unsigned
choose(struct slice *in, unsigned values)
{
	return fuzz_byte(in) % values;
}

/* One of eleven ids, for any kind of object, including the default organization's; or none. */
static struct id
id_arg(struct slice *in)
{
	unsigned n = choose(in, 12);
	struct id id = id_default_org;

	if (n == 0)
		return (struct id){{0}};
	id.b[15] = (uint8_t)n;
	return id;
}

/* The default organization, two that may be created, and one that does not exist. */
static struct id
org_arg(struct slice *in)
{
	struct id org = id_default_org;

	org.b[14] = (uint8_t)choose(in, 4);
	return org;
}

static struct hash256
hash_arg(struct slice *in)
{
	return (struct hash256){{(uint8_t)choose(in, 6)}};
}

static struct slice
text_arg(struct slice *in)
{
	static const char *const texts[] = {"", "a", "b", "\xc3\xa4"};

	return slice_str(texts[choose(in, ARRAY_LEN(texts))]);
}

static struct slice
email_arg(struct slice *in)
{
	static const char *const emails[] = {
	    "", "a@example.com", "A@example.com", "b@example.com", "\xc3\x84@x", "\xc3\xa4@x"};

	return slice_str(emails[choose(in, ARRAY_LEN(emails))]);
}

static struct slice
public_arg(struct slice *in)
{
	static const char *const ids[] = {"", "wid_1", "wid_2", "wid_3"};

	return slice_str(ids[choose(in, ARRAY_LEN(ids))]);
}

static unsigned client; /* the next client */

static void
other_client(struct slice *in)
{
	client = choose(in, HARNESS_CLIENTS);
}

static void
org_create(struct slice *in)
{
	struct msg_org_create m = {.org = org_arg(in), .name = text_arg(in)};

	m.agent = id_arg(in);
	m.widget = id_arg(in);
	m.public_id = public_arg(in);
	harness_send(client, MSG_ORG_CREATE, &m);
}

static void
org_list(struct slice *in)
{
	harness_send(client, MSG_ORG_LIST, &(struct msg_org_list){.after = org_arg(in)});
}

static void
org_get(struct slice *in)
{
	harness_send(client, MSG_ORG_GET, &(struct msg_org_get){.org = org_arg(in)});
}

static void
user_create(struct slice *in)
{
	struct msg_user_record r = {.v = RECORD_VERSION, .org = org_arg(in), .id = id_arg(in)};
	struct msg_record_put m = {.kind = MSG_USER_RECORD, .fresh = true};
	struct buf b;

	r.email = email_arg(in);
	r.role = (uint8_t)choose(in, 2);
	r.password = text_arg(in);
	m.record = harness_record(&b, MSG_USER_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
	buf_clear(&b);
}

static void
user_list(struct slice *in)
{
	struct msg_record_list m = {
	    .kind = MSG_USER_RECORD, .org = org_arg(in), .cursor = id_arg(in)};

	m.limit = choose(in, 4);
	harness_send(client, MSG_RECORD_LIST, &m);
}

static void
user_get(struct slice *in)
{
	struct msg_record_get m = {
	    .kind = MSG_USER_RECORD, .org = org_arg(in), .id = id_arg(in)};

	m.name = email_arg(in);
	harness_send(client, MSG_RECORD_GET, &m);
}

static void
user_change(struct slice *in)
{
	struct msg_user_change m = {.org = org_arg(in), .user = id_arg(in)};

	m.what = (uint8_t)choose(in, 8);
	m.name = text_arg(in);
	m.role = (uint8_t)choose(in, 2);
	m.password = text_arg(in);
	m.except = hash_arg(in);
	harness_send(client, MSG_USER_CHANGE, &m);
}

static void
user_delete(struct slice *in)
{
	struct msg_record_delete m = {
	    .kind = MSG_USER_RECORD, .org = org_arg(in), .id = id_arg(in)};

	harness_send(client, MSG_RECORD_DELETE, &m);
}

static void
login_create(struct slice *in)
{
	struct msg_login_create m = {.org = org_arg(in), .user = id_arg(in)};

	m.id = id_arg(in);
	m.token = hash_arg(in);
	m.expires_at = clock_wall_ms() + choose(in, 2) * 3600000ull;
	harness_send(client, MSG_LOGIN_CREATE, &m);
}

static void
login_check(struct slice *in)
{
	harness_send(client, MSG_LOGIN_CHECK, &(struct msg_login_check){.token = hash_arg(in)});
}

static void
login_delete(struct slice *in)
{
	harness_send(
	    client, MSG_LOGIN_DELETE, &(struct msg_login_delete){.token = hash_arg(in)});
}

static void
login_list(struct slice *in)
{
	struct msg_login_list m = {.org = org_arg(in), .user = id_arg(in)};

	harness_send(client, MSG_LOGIN_LIST, &m);
}

static void
login_revoke(struct slice *in)
{
	struct msg_login_revoke m = {.org = org_arg(in), .user = id_arg(in)};

	m.id = id_arg(in);
	m.except = hash_arg(in);
	harness_send(client, MSG_LOGIN_REVOKE, &m);
}

static void
import_login(struct slice *in)
{
	struct msg_login_record r = {
	    .v = RECORD_VERSION, .org = org_arg(in), .user = id_arg(in)};
	struct msg_import_login m;
	struct buf b;

	r.id = id_arg(in);
	r.expires_at = choose(in, 2) * clock_wall_ms() * 2;
	m.token = hash_arg(in);
	m.login = harness_record(&b, MSG_LOGIN_RECORD, &r);
	harness_send(client, MSG_IMPORT_LOGIN, &m);
	buf_clear(&b);
}

static void
key_create(struct slice *in)
{
	struct msg_key_record r = {.v = RECORD_VERSION, .org = org_arg(in), .id = id_arg(in)};
	struct msg_key_create m;
	struct buf b;

	r.key = hash_arg(in);
	m.key = harness_record(&b, MSG_KEY_RECORD, &r);
	harness_send(client, MSG_KEY_CREATE, &m);
	buf_clear(&b);
}

static void
key_list(struct slice *in)
{
	harness_send(client, MSG_KEY_LIST, &(struct msg_key_list){.org = org_arg(in)});
}

static void
key_revoke(struct slice *in)
{
	struct msg_key_revoke m = {.org = org_arg(in), .key = id_arg(in)};

	harness_send(client, MSG_KEY_REVOKE, &m);
}

static void
key_check(struct slice *in)
{
	harness_send(client, MSG_KEY_CHECK, &(struct msg_key_check){.key = hash_arg(in)});
}

static struct msg_agent_record
agent_args(struct slice *in)
{
	struct msg_agent_record r = {.v = RECORD_VERSION, .org = org_arg(in), .id = id_arg(in)};

	r.name = text_arg(in);
	return r;
}

static void
agent_put(struct slice *in)
{
	struct msg_record_put m = {.kind = MSG_AGENT_RECORD, .fresh = (uint8_t)choose(in, 2)};
	struct msg_agent_record r = agent_args(in);
	struct buf b;

	m.record = harness_record(&b, MSG_AGENT_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
	buf_clear(&b);
}

static void
agent_get(struct slice *in)
{
	struct msg_record_get m = {
	    .kind = MSG_AGENT_RECORD, .org = org_arg(in), .id = id_arg(in)};

	harness_send(client, MSG_RECORD_GET, &m);
}

static void
agent_list(struct slice *in)
{
	struct msg_record_list m = {
	    .kind = MSG_AGENT_RECORD, .org = org_arg(in), .cursor = id_arg(in)};

	m.limit = choose(in, 4);
	harness_send(client, MSG_RECORD_LIST, &m);
}

static void
agent_delete(struct slice *in)
{
	struct msg_record_delete m = {
	    .kind = MSG_AGENT_RECORD, .org = org_arg(in), .id = id_arg(in)};

	harness_send(client, MSG_RECORD_DELETE, &m);
}

static struct msg_widget_record
widget_args(struct slice *in)
{
	struct msg_widget_record r = {
	    .v = RECORD_VERSION, .org = org_arg(in), .id = id_arg(in)};

	r.agent = id_arg(in);
	r.public_id = public_arg(in);
	r.enabled = (uint8_t)choose(in, 2);
	return r;
}

static void
widget_put(struct slice *in)
{
	struct msg_record_put m = {.kind = MSG_WIDGET_RECORD, .fresh = (uint8_t)choose(in, 2)};
	struct msg_widget_record r = widget_args(in);
	struct buf b;

	m.record = harness_record(&b, MSG_WIDGET_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
	buf_clear(&b);
}

static void
widget_get(struct slice *in)
{
	struct msg_record_get m = {
	    .kind = MSG_WIDGET_RECORD, .org = org_arg(in), .id = id_arg(in)};

	m.name = public_arg(in);
	harness_send(client, MSG_RECORD_GET, &m);
}

static void
widget_list(struct slice *in)
{
	struct msg_record_list m = {
	    .kind = MSG_WIDGET_RECORD, .org = org_arg(in), .cursor = id_arg(in)};

	m.limit = choose(in, 4);
	harness_send(client, MSG_RECORD_LIST, &m);
}

static void
widget_delete(struct slice *in)
{
	struct msg_record_delete m = {
	    .kind = MSG_WIDGET_RECORD, .org = org_arg(in), .id = id_arg(in)};

	harness_send(client, MSG_RECORD_DELETE, &m);
}

static void
widget_reset(struct slice *in)
{
	struct msg_widget_reset m = {.org = org_arg(in), .widget = id_arg(in)};

	m.public_id = public_arg(in);
	harness_send(client, MSG_WIDGET_RESET, &m);
}

static void
commit(struct slice *in)
{
	(void)in;
	harness_commit();
}

static void
probe(struct slice *in)
{
	(void)in;
	harness_probe();
}

static const struct harness_instruction instructions[] = {
    {'y', other_client},  /* client */
    {'O', org_create},    /* org name agent widget public */
    {'o', org_list},      /* after */
    {'n', org_get},       /* org */
    {'U', user_create},   /* org user email role password */
    {'u', user_list},     /* org after limit */
    {'v', user_get},      /* org user email */
    {'C', user_change},   /* org user what name role password except */
    {'D', user_delete},   /* org user */
    {'L', login_create},  /* org user id token lasts */
    {'l', login_check},   /* token */
    {'d', login_delete},  /* token */
    {'m', login_list},    /* org user */
    {'r', login_revoke},  /* org user id except */
    {'I', import_login},  /* org user id lasts token */
    {'K', key_create},    /* org id hash */
    {'k', key_list},      /* org */
    {'q', key_revoke},    /* org id */
    {'c', key_check},     /* hash */
    {'A', agent_put},     /* fresh org id name */
    {'a', agent_get},     /* org id */
    {'b', agent_list},    /* org after limit */
    {'e', agent_delete},  /* org id */
    {'W', widget_put},    /* fresh org id agent public enabled */
    {'w', widget_get},    /* org id public */
    {'i', widget_list},   /* org after limit */
    {'g', widget_delete}, /* org id */
    {'s', widget_reset},  /* org id public */
    {'x', commit}, {'p', probe},
    {'R', harness_restart_some}, /* the last: slow, and only for its own letter */
};

int
fuzz_store_organizations(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};

	harness_open(fuzz_byte(&in) == 'f');
	client = 0;
	harness_run(in, instructions, ARRAY_LEN(instructions));
	harness_close();
	return 0;
}
