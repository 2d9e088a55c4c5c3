/*
 * Sequences of requests against the store, with so few ids, visitors and positions that they
 * collide often: every request must be answered once, and the store must stay valid.
 *
 * The first byte selects the store: 'f' is one that is soon full. Then follow instructions: a
 * letter of the table below (any other byte selects one, too, except that blanks and line ends are
 * ignored), and its arguments, a byte each. Each argument has 2, 3, 4, 5, 6, 8, 12 or 16 values;
 * except for 5, a digit means itself, and ':' to '?' mean 10 to 15.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/visitors/visitors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_harness.h"

/* Limits for one input, since a fuzzer prefers slow inputs: instructions, and among them longest
 * texts and restarts. Beyond the limits they do less, or nothing. */
#define SLOW_MAX 8

static unsigned slow_left;

static bool
may_be_slow(void)
{
	if (slow_left == 0)
		return false;
	slow_left--;
	return true;
}

static unsigned
choose(struct slice *in, unsigned values)
{
	return fuzz_byte(in) % values;
}

static unsigned
client_arg(struct slice *in)
{
	return choose(in, HARNESS_CLIENTS);
}

/* One of eleven ids, for any kind of object; or none. */
static struct id
id_arg(struct slice *in)
{
	unsigned n = choose(in, 12);

	if (n == 0)
		return (struct id){{0}};
	return (struct id){{1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, [15] = (uint8_t)n}};
}

static struct id
org_number(unsigned n)
{
	struct id org = id_default_org;

	org.b[14] = (uint8_t)n;
	return org;
}

struct visitor {
	struct id org, widget;
	struct slice session;
};

/* Three organizations, two widgets, two sessions. */
static struct visitor
visitor_arg(struct slice *in)
{
	unsigned n = choose(in, 12);
	struct visitor v = {org_number(n % 3), id_default_widget, slice_str(n < 6 ? "s" : "t")};

	v.widget.b[14] = (uint8_t)(n / 3 % 2);
	return v;
}

/* Text of some length ('~' is the maximum), with two-byte characters now and then, so that pieces
 * that do not fit together end inside one. */
static struct slice
text_arg(struct slice *in, size_t max)
{
	static const size_t lengths[16] = {
	    0, 1, 2, 3, 5, 8, 100, 499, 500, 501, 1500, 1900, 2100, 4000, 6000, 12000};
	static uint8_t text[TEXT_MAX];
	uint8_t n = fuzz_byte(in);
	size_t len = n == '~' && may_be_slow() ? TEXT_MAX : lengths[n % 16];

	if (text[0] == 0)
		for (size_t i = 0; i + 1 < sizeof(text); i += 2)
			memcpy(text + i, i % 6 == 4 ? "\xc3\xa4" : "xy", 2);
	if (len > max)
		len = max;
	if (len > 0 && len < sizeof(text) && (text[len] & 0xc0) == 0x80)
		len--;
	return (struct slice){text, len};
}

/* A client id for a message: none, a short one, or the longest. */
static struct slice
name_arg(struct slice *in)
{
	static const uint8_t longest[CLIENT_ID_MAX] = {[0 ... CLIENT_ID_MAX - 1] = 'n'};

	switch (choose(in, 4)) {
	case 0:
		return (struct slice){0};
	case 1:
		return slice_str("n");
	case 2:
		return slice_str("m");
	default:
		return (struct slice){longest, sizeof(longest)};
	}
}

static uint32_t
offset_arg(struct slice *in)
{
	static const uint32_t offsets[16] = {0, 1, 2, 3, 5, 8, 100, 499, 500, 501, 1500, 2100,
	    4000, 12000, TEXT_MAX - 1, TEXT_MAX};

	return offsets[choose(in, 16)];
}

static uint64_t
seq_arg(struct slice *in)
{
	static const uint64_t far[] = {1000, (1ull << 53) - 2, (1ull << 53) - 1, UINT64_MAX};
	unsigned n = choose(in, 16);

	return n < 12 ? n : far[n - 12];
}

static uint64_t
time_arg(struct slice *in)
{
	switch (choose(in, 4)) {
	case 0:
		return 0;
	case 1:
		return 1000;
	case 2:
		return clock_wall_ms();
	default:
		return clock_wall_ms() + 3600 * 1000;
	}
}

static struct hash256
token_arg(struct slice *in)
{
	return (struct hash256){{(uint8_t)choose(in, 8)}};
}

static uint32_t
limit_arg(struct slice *in, uint32_t most)
{
	const uint32_t limits[4] = {0, 1, 3, most};

	return limits[choose(in, 4)];
}

static void
begin(struct slice *in, bool named)
{
	unsigned client = client_arg(in);
	struct visitor v = visitor_arg(in);
	struct msg_turn_begin m = {.org = v.org, .widget = v.widget, .session = v.session};

	m.turn = id_arg(in);
	m.message = id_arg(in);
	m.conversation = id_arg(in);
	m.text = text_arg(in, 12000);
	if (named)
		m.client_id = name_arg(in);
	m.history = named ? 3 : limit_arg(in, 1000);
	harness_send(client, MSG_TURN_BEGIN, &m);
}

static void
turn_begin(struct slice *in)
{
	begin(in, false);
}

static void
named_turn_begin(struct slice *in)
{
	begin(in, true);
}

static void
checkpoint(struct slice *in, bool of_run)
{
	unsigned client = client_arg(in);
	struct msg_turn_checkpoint m = {.turn = id_arg(in)};

	m.run = of_run ? id_arg(in) : m.turn;
	m.offset = offset_arg(in);
	m.text = text_arg(in, TEXT_MAX);
	harness_send(client, MSG_TURN_CHECKPOINT, &m);
}

static void
turn_checkpoint(struct slice *in)
{
	checkpoint(in, false);
}

static void
run_checkpoint(struct slice *in)
{
	checkpoint(in, true);
}

static void
finish(struct slice *in, bool of_run)
{
	unsigned client = client_arg(in);
	struct msg_turn_finish m = {.turn = id_arg(in)};

	m.run = of_run ? id_arg(in) : m.turn;
	m.status = (uint8_t)choose(in, 4);
	m.text = text_arg(in, TEXT_MAX);
	harness_send(client, MSG_TURN_FINISH, &m);
}

static void
turn_finish(struct slice *in)
{
	finish(in, false);
}

static void
run_finish(struct slice *in)
{
	finish(in, true);
}

static void
turn_join(struct slice *in)
{
	unsigned client = client_arg(in);
	struct visitor v = visitor_arg(in);
	struct msg_turn_join m = {.org = v.org, .widget = v.widget, .session = v.session};

	m.turn = id_arg(in);
	m.from = offset_arg(in);
	harness_send(client, MSG_TURN_JOIN, &m);
}

static void
turn_leave(struct slice *in)
{
	unsigned client = client_arg(in);

	harness_send(client, MSG_TURN_LEAVE, &(struct msg_turn_leave){id_arg(in)});
}

static void
turn_stop(struct slice *in)
{
	unsigned client = client_arg(in);

	harness_send(client, MSG_TURN_STOP, &(struct msg_turn_stop){id_arg(in)});
}

static void
publish(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_live_publish m = {.turn = id_arg(in)};

	m.offset = offset_arg(in);
	m.text = text_arg(in, TEXT_MAX);
	harness_send(client, MSG_LIVE_PUBLISH, &m);
}

static void
tell_unsaved(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_live_unsaved m = {.turn = id_arg(in)};

	m.full = (uint8_t)choose(in, 2);
	harness_send(client, MSG_LIVE_UNSAVED, &m);
}

static void
session_history(struct slice *in)
{
	unsigned client = client_arg(in);
	struct visitor v = visitor_arg(in);
	struct msg_session_history m = {.org = v.org, .widget = v.widget, .session = v.session};

	m.from = seq_arg(in);
	m.limit = limit_arg(in, 1000);
	harness_send(client, MSG_SESSION_HISTORY, &m);
}

static void
conversation_list(struct slice *in)
{
	static const uint8_t nowhere[ACTIVITY_CURSOR_LEN] = {0x80};
	unsigned client = client_arg(in);
	struct msg_conversation_list m = {.org = org_number(choose(in, 3))};

	switch (choose(in, 4)) {
	case 0:
		break;
	case 1:
		m.cursor = harness_cursor();
		break;
	case 2:
		m.cursor = (struct slice){nowhere, sizeof(nowhere)};
		break;
	default:
		m.cursor = (struct slice){nowhere, 3};
		break;
	}
	m.limit = limit_arg(in, 200);
	harness_send(client, MSG_CONVERSATION_LIST, &m);
}

static void
message_list(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_message_list m = {.org = org_number(choose(in, 3))};

	m.conversation = id_arg(in);
	m.backwards = (uint8_t)choose(in, 2);
	m.from = seq_arg(in);
	m.limit = limit_arg(in, 1000);
	harness_send(client, MSG_MESSAGE_LIST, &m);
}

static void
conversation_erase(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_conversation_erase m = {.org = org_number(choose(in, 3))};

	m.conversation = id_arg(in);
	harness_send(client, MSG_CONVERSATION_ERASE, &m);
}

static void
visitor_erase(struct slice *in)
{
	unsigned client = client_arg(in);
	struct visitor v = visitor_arg(in);
	struct msg_visitor_erase m = {.org = v.org, .widget = v.widget, .session = v.session};

	harness_send(client, MSG_VISITOR_ERASE, &m);
}

static void
login_create(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_login_create m = {.org = org_number(choose(in, 3))};

	m.token = token_arg(in);
	m.expires_at = time_arg(in);
	memcpy(m.id.b, m.token.b, sizeof(m.id.b));
	harness_send(client, MSG_LOGIN_CREATE, &m);
}

static void
login_check(struct slice *in)
{
	unsigned client = client_arg(in);

	harness_send(
	    client, MSG_LOGIN_CHECK, &(struct msg_login_check){.token = token_arg(in)});
}

static void
login_delete(struct slice *in)
{
	unsigned client = client_arg(in);

	harness_send(
	    client, MSG_LOGIN_DELETE, &(struct msg_login_delete){.token = token_arg(in)});
}

static void
conversation_record(struct slice *in, bool whole)
{
	unsigned client = client_arg(in);
	struct msg_conversation_record r = {.v = RECORD_VERSION, .id = id_arg(in)};
	struct visitor v = visitor_arg(in);
	struct msg_import_conversation m;
	struct buf b;

	r.org = v.org;
	r.widget = v.widget;
	r.session = v.session;
	r.created_at = time_arg(in);
	r.updated_at = time_arg(in);
	r.next_seq = seq_arg(in);
	r.messages = r.next_seq;
	r.last_message = text_arg(in, 1500);
	if (whole) {
		r.contact = id_arg(in);
		r.state = (uint8_t)choose(in, 5);
	}
	m.conversation = harness_record(&b, MSG_CONVERSATION_RECORD, &r);
	harness_send(client, MSG_IMPORT_CONVERSATION, &m);
	buf_clear(&b);
}

static void
import_conversation(struct slice *in)
{
	conversation_record(in, false);
}

static void
import_with_contact(struct slice *in)
{
	conversation_record(in, true);
}

static void
import_message(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_import_message m = {.conversation = id_arg(in), .seq = seq_arg(in)};
	struct msg_message_record r = {.v = RECORD_VERSION, .id = id_arg(in)};
	struct buf b;

	r.role = (uint8_t)choose(in, 2);
	r.status = (uint8_t)choose(in, 4);
	r.text = text_arg(in, TEXT_MAX);
	m.message = harness_record(&b, MSG_MESSAGE_RECORD, &r);
	harness_send(client, MSG_IMPORT_MESSAGE, &m);
	buf_clear(&b);
}

static void
import_client_id(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_import_client_id m = {.conversation = id_arg(in), .seq = seq_arg(in)};

	m.client_id = name_arg(in);
	harness_send(client, MSG_IMPORT_CLIENT_ID, &m);
}

static void
import_login(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_login_record r = {.v = RECORD_VERSION, .org = org_number(choose(in, 3))};
	struct msg_import_login m = {.token = token_arg(in)};
	struct buf b;

	r.created_at = time_arg(in);
	r.expires_at = time_arg(in);
	memcpy(r.id.b, m.token.b, sizeof(r.id.b));
	m.login = harness_record(&b, MSG_LOGIN_RECORD, &r);
	harness_send(client, MSG_IMPORT_LOGIN, &m);
	buf_clear(&b);
}

/* Records as their encoded bytes, valid until the next one. */
static struct slice
encoded_once(enum msg_type type, const void *record)
{
	static struct buf b;

	buf_clear(&b);
	return harness_record(&b, type, record);
}

/* One of eleven ids, or that of the default organization's initial object. */
static struct id
id_or(struct slice *in, const struct id *usual)
{
	struct id id = id_arg(in);

	return id_is_zero(&id) ? *usual : id;
}

static struct slice
public_arg(struct slice *in)
{
	static const char *const ids[] = {"", "wid_a", "wid_b", "wid_c"};

	return slice_str(ids[choose(in, 4)]);
}

static struct slice
email_arg(struct slice *in)
{
	static const char *const emails[] = {"", "a@b", "A@B", "c@d"};

	return slice_str(emails[choose(in, 4)]);
}

static struct slice
phone_arg(struct slice *in)
{
	static const char *const phones[] = {"", "+1", "(+) 1", "none"};

	return slice_str(phones[choose(in, 4)]);
}

/* Two organizations beside the default one, each with an agent and a widget. */
static void
make_orgs(void)
{
	for (unsigned n = 1; n < 3; n++) {
		struct msg_org_create m = {.org = org_number(n), .name = slice_str("org")};

		m.agent = m.widget = m.org;
		m.agent.b[15] = 3;
		m.widget.b[15] = 2;
		m.public_id = slice_str(n == 1 ? "wid_1" : "wid_2");
		harness_send(HARNESS_CLIENTS - 1, MSG_ORG_CREATE, &m);
	}
}

static struct msg_agent_record
agent_arg(struct slice *in)
{
	struct msg_agent_record r = {.v = RECORD_VERSION, .org = org_number(choose(in, 3))};

	r.id = id_or(in, &id_default_agent);
	r.name = r.purpose = slice_str("agent");
	r.enabled = (uint8_t)choose(in, 2);
	return r;
}

static void
agent_put(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_record_put m = {.kind = MSG_AGENT_RECORD, .fresh = (uint8_t)choose(in, 2)};
	struct msg_agent_record r = agent_arg(in);

	m.record = encoded_once(MSG_AGENT_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
}

static void
agent_delete(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_record_delete m = {
	    .kind = MSG_AGENT_RECORD, .org = org_number(choose(in, 3))};

	m.id = id_or(in, &id_default_agent);
	harness_send(client, MSG_RECORD_DELETE, &m);
}

static struct msg_widget_record
widget_arg(struct slice *in)
{
	struct msg_widget_record r = {.v = RECORD_VERSION, .org = org_number(choose(in, 3))};

	r.id = id_or(in, &id_default_widget);
	r.agent = id_or(in, &id_default_agent);
	r.public_id = public_arg(in);
	r.contact_mode = (uint8_t)choose(in, 3);
	r.daily_cap = choose(in, 3);
	r.enabled = choose(in, 4) > 0;
	return r;
}

static void
widget_put(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_record_put m = {.kind = MSG_WIDGET_RECORD, .fresh = (uint8_t)choose(in, 2)};
	struct msg_widget_record r = widget_arg(in);

	m.record = encoded_once(MSG_WIDGET_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
}

static void
widget_delete(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_record_delete m = {
	    .kind = MSG_WIDGET_RECORD, .org = org_number(choose(in, 3))};

	m.id = id_or(in, &id_default_widget);
	harness_send(client, MSG_RECORD_DELETE, &m);
}

static void
widget_reset(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_widget_reset m = {.org = org_number(choose(in, 3))};

	m.widget = id_or(in, &id_default_widget);
	m.public_id = public_arg(in);
	harness_send(client, MSG_WIDGET_RESET, &m);
}

static void
guest_open(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_visitor_open m = {.public_id = public_arg(in)};

	m.token = token_arg(in);
	m.fresh_token = token_arg(in);
	m.fresh_id = id_arg(in);
	harness_send(client, MSG_VISITOR_OPEN, &m);
}

static void
guest_follow(struct slice *in)
{
	unsigned client = client_arg(in);

	harness_send(client, MSG_VISITOR_FOLLOW, &(struct msg_visitor_follow){token_arg(in)});
}

static void
guest_leave(struct slice *in)
{
	unsigned client = client_arg(in);

	harness_send(client, MSG_VISITOR_LEAVE, &(struct msg_visitor_leave){id_arg(in)});
}

/* A message of a widget's visitor with this id, whether it exists or not. */
static void
guest_turn(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_turn_begin m = {.org = org_number(choose(in, 3)), .history = 3};
	struct id visitor;
	struct visitor_session session;

	m.widget = id_or(in, &id_default_widget);
	visitor = id_arg(in);
	session = visitor_session(&visitor);
	m.session = slice_str(session.s);
	m.visitor = token_arg(in);
	m.turn = m.conversation = m.message = id_arg(in);
	m.text = text_arg(in, 12000);
	m.client_id = name_arg(in);
	harness_send(client, MSG_TURN_BEGIN, &m);
}

static void
guest_erase(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_visitor_erase m = {.org = org_number(choose(in, 3))};
	struct id visitor = id_arg(in);
	struct visitor_session session = visitor_session(&visitor);

	m.widget = id_or(in, &id_default_widget);
	m.session = slice_str(session.s);
	harness_send(client, MSG_VISITOR_ERASE, &m);
}

static void
contact_submit(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_contact_submit m = {.token = token_arg(in)};

	m.fresh_id = id_arg(in);
	m.name = slice_str(choose(in, 2) == 0 ? "" : "name");
	m.email = email_arg(in);
	m.phone = phone_arg(in);
	harness_send(client, MSG_CONTACT_SUBMIT, &m);
}

static struct msg_contact_record
contact_arg(struct slice *in)
{
	struct msg_contact_record r = {.v = RECORD_VERSION, .org = org_number(choose(in, 3))};

	r.id = id_arg(in);
	r.email = email_arg(in);
	r.phone = phone_arg(in);
	return r;
}

static void
contact_put(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_contact_record r = contact_arg(in);
	struct msg_record_put m = {
	    .kind = MSG_CONTACT_RECORD, .record = encoded_once(MSG_CONTACT_RECORD, &r)};

	harness_send(client, MSG_RECORD_PUT, &m);
}

static void
contact_delete(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_record_delete m = {
	    .kind = MSG_CONTACT_RECORD, .org = org_number(choose(in, 3))};

	m.id = id_arg(in);
	harness_send(client, MSG_RECORD_DELETE, &m);
}

static struct msg_user_record
user_arg(struct slice *in)
{
	struct msg_user_record r = {.v = RECORD_VERSION, .org = org_number(choose(in, 3))};

	r.id = id_arg(in);
	r.email = email_arg(in);
	r.role = (uint8_t)choose(in, 2);
	r.password = slice_str(choose(in, 4) == 0 ? "" : "hash");
	return r;
}

static void
user_create(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_user_record r = user_arg(in);
	struct msg_record_put m = {.kind = MSG_USER_RECORD,
	    .fresh = true,
	    .record = encoded_once(MSG_USER_RECORD, &r)};

	harness_send(client, MSG_RECORD_PUT, &m);
}

static void
user_change(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_user_change m = {.org = org_number(choose(in, 3))};

	m.user = id_arg(in);
	m.what = (uint8_t)choose(in, 8);
	m.role = (uint8_t)choose(in, 2);
	m.password = slice_str("new");
	m.except = token_arg(in);
	harness_send(client, MSG_USER_CHANGE, &m);
}

static void
user_delete(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_record_delete m = {
	    .kind = MSG_USER_RECORD, .org = org_number(choose(in, 3))};

	m.id = id_arg(in);
	harness_send(client, MSG_RECORD_DELETE, &m);
}

/* A login with its own id and user. */
static void
user_login(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_login_create m = {.org = org_number(choose(in, 3))};

	m.user = id_arg(in);
	m.id = id_arg(in);
	m.token = token_arg(in);
	m.expires_at = time_arg(in);
	harness_send(client, MSG_LOGIN_CREATE, &m);
}

static void
login_revoke(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_login_revoke m = {.org = org_number(choose(in, 3))};

	m.user = id_arg(in);
	m.id = id_arg(in);
	m.except = token_arg(in);
	harness_send(client, MSG_LOGIN_REVOKE, &m);
}

static struct msg_key_record
key_arg(struct slice *in)
{
	struct msg_key_record r = {.v = RECORD_VERSION, .org = org_number(choose(in, 3))};

	r.id = id_arg(in);
	r.key = token_arg(in);
	return r;
}

static void
key_create(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_key_record r = key_arg(in);
	struct msg_key_create m = {encoded_once(MSG_KEY_RECORD, &r)};

	harness_send(client, MSG_KEY_CREATE, &m);
}

static void
key_revoke(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_key_revoke m = {.org = org_number(choose(in, 3))};

	m.key = id_arg(in);
	harness_send(client, MSG_KEY_REVOKE, &m);
}

/* Lists of an organization, and single objects by name or id. */
static void
look(struct slice *in)
{
	unsigned client = client_arg(in), what = choose(in, 12);
	struct id org = org_number(choose(in, 3)), id = id_arg(in);
	struct hash256 hash = token_arg(in);
	uint32_t limit = limit_arg(in, 200);

	switch (what) {
	case 0:
		harness_send(client, MSG_ORG_LIST, &(struct msg_org_list){id});
		break;
	case 1:
		harness_send(client, MSG_RECORD_LIST,
		    &(struct msg_record_list){.kind = MSG_USER_RECORD, org, id, limit});
		break;
	case 2:
		harness_send(client, MSG_RECORD_LIST,
		    &(struct msg_record_list){.kind = MSG_AGENT_RECORD, org, id, limit});
		break;
	case 3:
		harness_send(client, MSG_RECORD_LIST,
		    &(struct msg_record_list){.kind = MSG_WIDGET_RECORD, org, id, limit});
		break;
	case 4:
		harness_send(client, MSG_RECORD_LIST,
		    &(struct msg_record_list){.kind = MSG_CONTACT_RECORD,
			.org = org,
			.cursor = id,
			.limit = limit,
			.email = email_arg(in)});
		break;
	case 5:
		harness_send(client, MSG_KEY_LIST, &(struct msg_key_list){org});
		break;
	case 6:
		harness_send(client, MSG_LOGIN_LIST, &(struct msg_login_list){org, id});
		break;
	case 7:
		harness_send(client, MSG_KEY_CHECK, &(struct msg_key_check){hash});
		break;
	case 8:
		harness_send(client, MSG_RECORD_GET,
		    &(struct msg_record_get){
			.kind = MSG_USER_RECORD, .org = org, .id = id, .name = email_arg(in)});
		break;
	case 9:
		harness_send(client, MSG_RECORD_GET,
		    &(struct msg_record_get){.kind = MSG_WIDGET_RECORD,
			.org = org,
			.id = id,
			.name = public_arg(in)});
		break;
	case 10:
		harness_send(client, MSG_RECORD_GET,
		    &(struct msg_record_get){.kind = MSG_CONTACT_RECORD, org, id});
		break;
	default:
		harness_send(client, MSG_RECORD_GET,
		    &(struct msg_record_get){.kind = MSG_AGENT_RECORD, org, id});
		break;
	}
}

/* A record of one of the types that are imported on their own. */
static void
import_record(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_import_record m;
	union msg r = {0};

	m.type = (uint16_t)(MSG_ORG_RECORD + choose(in, 8));
	switch (m.type) {
	case MSG_ORG_RECORD:
		r.org_record = (struct msg_org_record){
		    .v = RECORD_VERSION, .id = org_number(choose(in, 3))};
		r.org_record.widget = id_or(in, &id_default_widget);
		break;
	case MSG_USER_RECORD:
		r.user_record = user_arg(in);
		break;
	case MSG_KEY_RECORD:
		r.key_record = key_arg(in);
		break;
	case MSG_AGENT_RECORD:
		r.agent_record = agent_arg(in);
		break;
	case MSG_WIDGET_RECORD:
		r.widget_record = widget_arg(in);
		break;
	case MSG_VISITOR_RECORD:
		r.visitor_record = (struct msg_visitor_record){
		    .v = RECORD_VERSION, .org = org_number(choose(in, 3))};
		r.visitor_record.id = id_arg(in);
		r.visitor_record.widget = id_or(in, &id_default_widget);
		r.visitor_record.token = token_arg(in);
		r.visitor_record.contact = id_arg(in);
		break;
	case MSG_CONTACT_RECORD:
		r.contact_record = contact_arg(in);
		break;
	default:
		r.cap_record.v = RECORD_VERSION;
		break;
	}
	m.record = encoded_once((enum msg_type)m.type, &r);
	harness_send(client, MSG_IMPORT_RECORD, &m);
}

/* The list for a widget, a contact, a state. */
static void
part_list(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_conversation_list m = {.org = org_number(choose(in, 3))};

	m.limit = limit_arg(in, 200);
	if (choose(in, 2) == 1)
		m.widget = id_or(in, &id_default_widget);
	m.contact = id_arg(in);
	m.state = (uint8_t)choose(in, 5);
	m.cursor = harness_cursor();
	harness_send(client, MSG_CONVERSATION_LIST, &m);
}

static void
status_get(struct slice *in)
{
	harness_send(client_arg(in), MSG_STATUS_GET, &(struct msg_status_get){});
}

static void
backup_done(struct slice *in)
{
	harness_send(
	    client_arg(in), MSG_BACKUP_DONE, &(struct msg_backup_done){time_arg(in), 1});
}

static void
ping(struct slice *in)
{
	harness_send(client_arg(in), MSG_PING, &(struct msg_ping){});
}

static void
lose(struct slice *in)
{
	harness_disconnect(client_arg(in));
}

/* Instructions without arguments. */
#define ALONE(name)                        \
	static void name(struct slice *in) \
	{                                  \
		(void)in;                  \
		harness_##name();          \
	}
ALONE(commit)
ALONE(interrupt)
ALONE(end_claim_time)
ALONE(probe)

static void
restart(struct slice *in)
{
	(void)in;
	if (may_be_slow())
		harness_restart();
}

static const struct harness_instruction instructions[] = {
    {'b', turn_begin},          /* client visitor turn message conversation text history */
    {'c', turn_checkpoint},     /* client turn offset text */
    {'f', turn_finish},         /* client turn status text */
    {'B', named_turn_begin},    /* client visitor turn message conversation text name */
    {'a', run_checkpoint},      /* client turn run offset text */
    {'z', run_finish},          /* client turn run status text */
    {'j', turn_join},           /* client visitor turn from */
    {'q', turn_leave},          /* client turn */
    {'t', turn_stop},           /* client turn */
    {'P', publish},             /* client turn offset text */
    {'!', tell_unsaved},        /* client turn full */
    {'h', session_history},     /* client visitor from limit */
    {'l', conversation_list},   /* client org cursor limit */
    {'m', message_list},        /* client org conversation backwards from limit */
    {'e', conversation_erase},  /* client org conversation */
    {'v', visitor_erase},       /* client visitor */
    {'i', login_create},        /* client org token expires */
    {'o', login_check},         /* client token */
    {'d', login_delete},        /* client token */
    {'C', import_conversation}, /* client id visitor created updated next text */
    {'M', import_message},      /* client conversation seq id role status text */
    {'N', import_client_id},    /* client conversation seq name */
    {'L', import_login},        /* client org token created expires */
    {'A', agent_put},           /* client fresh org id enabled */
    {'D', agent_delete},        /* client org id */
    {'W', widget_put},          /* client fresh org id agent public mode cap enabled */
    {'K', widget_delete},       /* client org id */
    {'R', widget_reset},        /* client org id public */
    {'V', guest_open},          /* client public token fresh-token id */
    {'F', guest_follow},        /* client token */
    {'G', guest_leave},         /* client id */
    {'T', guest_turn},          /* client org widget visitor token turn text name */
    {'E', guest_erase},         /* client org visitor widget */
    {'S', contact_submit},      /* client token id name email phone */
    {'H', contact_put},         /* client org id email phone */
    {'J', contact_delete},      /* client org id */
    {'U', user_create},         /* client org id email role password */
    {'X', user_change},         /* client org id what role except */
    {'Y', user_delete},         /* client org id */
    {'Z', user_login},          /* client org user id token expires */
    {'O', login_revoke},        /* client org user id except */
    {'Q', key_create},          /* client org id key */
    {'y', key_revoke},          /* client org id */
    {'?', look},                /* client what org id token limit name */
    {'I', import_record},       /* client type, and the type's arguments */
    {'@', import_with_contact}, /* like 'C', contact state */
    {'*', part_list},           /* client org limit by-widget [widget] contact state */
    {'s', status_get},          /* client */
    {'k', backup_done},         /* client at */
    {'p', ping},                /* client */
    {'g', lose},                /* client */
    {'x', commit}, {'n', interrupt}, {'w', end_claim_time}, {'u', probe},
    {'r', restart}, /* the last: slow, and only for its own letter */
};

int
fuzz_store_requests(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};

	harness_open(fuzz_byte(&in) == 'f');
	slow_left = SLOW_MAX;
	make_orgs();
	harness_run(in, instructions, ARRAY_LEN(instructions));
	harness_close();
	return 0;
}
