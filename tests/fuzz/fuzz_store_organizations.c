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
#include "proto/base/basics.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_instructions.h"

/* One of eleven ids, for any kind of object, including the default organization's; or none. */
static struct id
take_id(struct slice *in)
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
take_org(struct slice *in)
{
	struct id org = id_default_org;

	org.b[14] = (uint8_t)choose(in, 4);
	return org;
}

static struct hash256
take_hash(struct slice *in)
{
	return (struct hash256){{(uint8_t)choose(in, 6)}};
}

static const struct value_kind kinds[] = {
    {"id", .id = take_id},
    {"org", .id = take_org},
    {"hash", .hash = take_hash},
    {"expires_at", .numbers = {NOW, NOW + 3600000}, .n = 2},
    {"imported_expiry", .numbers = {0, NOW + 1800000000000}, .n = 2},
    {"text", .texts = {"", "a", "b", "\xc3\xa4"}},
    {"email",
	.texts = {"", "a@example.com", "A@example.com", "b@example.com", "\xc3\x84@x",
	    "\xc3\xa4@x"}},
    {"public_id", .texts = {"", "wid_1", "wid_2", "wid_3"}},
};

static const struct instruction instructions[] = {
    {'y', 0, .words = "client"},
    {'O', MSG_ORG_CREATE, .words = "org name agent widget public_id"},
    {'o', MSG_ORG_LIST, .words = "after:org"},
    {'n', MSG_ORG_GET, .words = "org"},
    {'U', MSG_RECORD_PUT, MSG_USER_RECORD, .words = "fresh=1 id org email role password"},
    {'u', MSG_RECORD_LIST, MSG_USER_RECORD, .words = "org cursor limit:4"},
    {'v', MSG_RECORD_GET, MSG_USER_RECORD, .words = "org id name:email"},
    {'C', MSG_USER_CHANGE, .words = "org user what name role password except"},
    {'D', MSG_RECORD_DELETE, MSG_USER_RECORD, .words = "org id"},
    {'L', MSG_LOGIN_CREATE, .words = "org user id token expires_at"},
    {'l', MSG_LOGIN_CHECK, .words = "token"},
    {'d', MSG_LOGIN_DELETE, .words = "token"},
    {'m', MSG_LOGIN_LIST, .words = "org user"},
    {'r', MSG_LOGIN_REVOKE, .words = "org user id except"},
    {'I', MSG_IMPORT_LOGIN, MSG_LOGIN_RECORD,
	.words = "org user id expires_at:imported_expiry token"},
    {'K', MSG_KEY_CREATE, MSG_KEY_RECORD, .words = "id org key"},
    {'k', MSG_KEY_LIST, .words = "org"},
    {'q', MSG_KEY_REVOKE, .words = "org key"},
    {'c', MSG_KEY_CHECK, .words = "key"},
    {'A', MSG_RECORD_PUT, MSG_AGENT_RECORD, .words = "fresh id org name"},
    {'a', MSG_RECORD_GET, MSG_AGENT_RECORD, .words = "org id"},
    {'b', MSG_RECORD_LIST, MSG_AGENT_RECORD, .words = "org cursor limit:4"},
    {'e', MSG_RECORD_DELETE, MSG_AGENT_RECORD, .words = "org id"},
    {'W', MSG_RECORD_PUT, MSG_WIDGET_RECORD, .words = "fresh id org agent public_id enabled"},
    {'w', MSG_RECORD_GET, MSG_WIDGET_RECORD, .words = "org id name:public_id"},
    {'i', MSG_RECORD_LIST, MSG_WIDGET_RECORD, .words = "org cursor limit:4"},
    {'g', MSG_RECORD_DELETE, MSG_WIDGET_RECORD, .words = "org id"},
    {'s', MSG_WIDGET_RESET, .words = "org widget public_id"},
    {'x', .act = harness_commit},
    {'p', .act = harness_probe},
    {'R', .act = harness_restart},
};

static const struct language language = {
    kinds, ARRAY_LEN(kinds), instructions, ARRAY_LEN(instructions)};

int
fuzz_store_organizations(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};

	harness_open(fuzz_byte(&in) == 'f');
	instructions_run(&language, in);
	harness_close();
	return 0;
}
