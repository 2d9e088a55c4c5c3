/*
 * Sequences of requests about visitors and contacts, with so few widgets, tokens, e-mails and
 * phones that they collide often: every request must be answered once, the store must stay valid,
 * and no client may follow a visitor whose token is invalid.
 *
 * The first byte selects the store: 'f' is one that is soon full. Then follow instructions: a
 * letter of the table below (any other byte selects one, too, except that blanks and line ends are
 * ignored), and its arguments, a byte each. Each has 2, 3, 4, 6 or 8 values, so that a digit means
 * itself.
 *
 * There are two organizations: the first with the widgets wid_0 and wid_1, the other with wid_2.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/visitors/visitors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_instructions.h"

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* The time at which each input starts: 1728000000000. */
#define START_MS (20000 * DAY_MS)

static uint64_t now;

/* An id of one kind of object: several that exist, and one that does not. */
static struct id
numbered(uint8_t kind, unsigned n)
{
	struct id id = id_default_org;

	id.b[14] = kind;
	id.b[15] = (uint8_t)n;
	return id;
}

enum { ORG_KIND, VISITOR_KIND, CONVERSATION_KIND, TURN_KIND, CONTACT_KIND, WIDGET_KIND };

static struct id
take_visitor(struct slice *in)
{
	return numbered(VISITOR_KIND, choose(in, 4));
}

static struct id
take_conversation(struct slice *in)
{
	return numbered(CONVERSATION_KIND, choose(in, 4));
}

static struct id
take_turn(struct slice *in)
{
	return numbered(TURN_KIND, choose(in, 4));
}

static struct id
take_contact(struct slice *in)
{
	return numbered(CONTACT_KIND, choose(in, 4));
}

/* The default organization has number 1. */
static struct id
org_number(unsigned n)
{
	return numbered(ORG_KIND, n == 0 ? 1 : 16 + n);
}

static struct id
take_org(struct slice *in)
{
	return org_number(choose(in, 2));
}

static const struct {
	unsigned org;
	const char *public_id;
} widgets[] = {{0, "wid_0"}, {0, "wid_1"}, {1, "wid_2"}};

/* An organization's first widget gets its id from the store. */
static struct id
widget_number(unsigned n)
{
	return n == 0 ? id_default_widget : numbered(WIDGET_KIND, n);
}

static struct id
take_widget_alone(struct slice *in)
{
	return widget_number(choose(in, ARRAY_LEN(widgets)));
}

/* A widget and its organization. */
static void
take_widget(struct slice *in, struct request *r)
{
	unsigned n = choose(in, ARRAY_LEN(widgets));

	request_set_id(r, "widget", widget_number(n));
	request_set_id(r, "org", org_number(widgets[n].org));
}

/* The same for the widget's own record. */
static void
take_widget_itself(struct slice *in, struct request *r)
{
	unsigned n = choose(in, ARRAY_LEN(widgets));

	request_set_id(r, "id", widget_number(n));
	request_set_id(r, "org", org_number(widgets[n].org));
	request_set_id(r, "agent", id_default_agent);
	request_set_text(r, "public_id", slice_str(widgets[n].public_id));
}

static struct slice
take_session(struct slice *in, size_t max)
{
	static struct visitor_session session;
	struct id visitor = take_visitor(in);

	(void)max;
	session = visitor_session(&visitor);
	return slice_str(session.s);
}

static struct hash256
take_token(struct slice *in)
{
	return (struct hash256){{(uint8_t)choose(in, 6)}};
}

static const struct value_kind kinds[] = {
    {"hash", .hash = take_token},
    {"visitor", .id = take_visitor},
    {"conversation", .id = take_conversation},
    {"turn", .id = take_turn},
    {"contact", .id = take_contact},
    {"org", .id = take_org},
    {"widget", .fill = take_widget},
    {"widget_alone", .id = take_widget_alone},
    {"widget_itself", .fill = take_widget_itself},
    {"session", .text = take_session},
    {"text", .texts = {"", "name"}},
    {"public_id", .texts = {"wid_0", "wid_1", "wid_2", "wid_3"}},
    {"email", .texts = {"", "a@x", "A@x", "b@x", "\u00c4@x", "a\u0308@x"}},
    {"phone", .texts = {"", "+1", "(+1)", "2", "none", "+"}},
};

static void
half_a_day_passes(void)
{
	now += DAY_MS / 2;
	clock_freeze_wall(now);
}

static const struct instruction instructions[] = {
    {'y', 0, .words = "client"},
    {'V', MSG_VISITOR_OPEN, .words = "public_id token fresh_token fresh_id:visitor"},
    {'F', MSG_VISITOR_FOLLOW, .words = "token"},
    {'l', MSG_VISITOR_LEAVE, .words = "visitor"},
    {'b', MSG_TURN_BEGIN,
	.words = "session widget visitor:hash turn message=turn conversation text client_id "
		 "history=2"},
    {'f', MSG_TURN_FINISH, .words = "turn run=turn status:3 text"},
    {'E', MSG_VISITOR_ERASE, .words = "org session widget:widget_alone"},
    {'e', MSG_CONVERSATION_ERASE, .words = "org conversation"},
    {'I', MSG_IMPORT_RECORD, MSG_VISITOR_RECORD,
	.words = "id:visitor widget generation:2 token contact used created_at=1728000000000"},
    {'S', MSG_CONTACT_SUBMIT, .words = "token fresh_id:contact name email phone"},
    {'L', MSG_RECORD_LIST, MSG_CONTACT_RECORD,
	.words = "org cursor:contact limit:3 email phone"},
    {'g', MSG_RECORD_GET, MSG_CONTACT_RECORD, .words = "org id:contact"},
    {'P', MSG_RECORD_PUT, MSG_CONTACT_RECORD, .words = "id:contact org name email phone"},
    {'J', MSG_IMPORT_RECORD, MSG_CONTACT_RECORD, .words = "id:contact org name email phone"},
    {'D', MSG_RECORD_DELETE, MSG_CONTACT_RECORD, .words = "org id:contact"},
    {'W', MSG_RECORD_PUT, MSG_WIDGET_RECORD,
	.words = "id:widget_itself fresh contact_mode collects=2 daily_cap:3 enabled"},
    {'s', MSG_WIDGET_RESET, .words = "widget public_id"},
    {'d', MSG_RECORD_DELETE, MSG_WIDGET_RECORD, .words = "id:widget_itself"},
    {'t', .act = half_a_day_passes},
    {'x', .act = harness_commit},
    {'n', .act = harness_interrupt},
    {'u', .act = harness_probe},
    {'k', 0, .words = "disconnect"},
    {'r', .act = harness_restart},
};

static const struct language language = {
    kinds, ARRAY_LEN(kinds), instructions, ARRAY_LEN(instructions)};

/* Creates the second organization, gives the first widget its public id, and adds wid_1. */
static void
make_widgets(void)
{
	const struct msg_org_create other = {
	    .org = org_number(widgets[2].org),
	    .name = slice_str("other"),
	    .agent = id_default_agent,
	    .widget = widget_number(2),
	    .public_id = slice_str(widgets[2].public_id),
	};

	harness_send(HARNESS_CLIENTS - 1, MSG_ORG_CREATE, &other);
	instructions_run(&language, slice_str("s00 W11001"));
}

int
fuzz_store_visitors(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};

	now = START_MS;
	clock_freeze_wall(now);
	harness_open(fuzz_byte(&in) == 'f');
	make_widgets();
	instructions_run(&language, in);
	harness_close();
	clock_freeze_wall(0);
	return 0;
}
