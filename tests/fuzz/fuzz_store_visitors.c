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
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/visitors/visitors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_harness.h"

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* The time at which each input starts. */
#define START_MS (20000 * DAY_MS)

static unsigned client; /* the next client */
static uint64_t now;

static unsigned
choose(struct slice *in, unsigned values)
{
	return fuzz_byte(in) % values;
}

/* An id of one kind of object: several that exist, and one that does not. */
static struct id
numbered(uint8_t kind, unsigned n)
{
	struct id id = id_default_org;

	id.b[14] = kind;
	id.b[15] = (uint8_t)n;
	return id;
}

static struct id
id_arg(struct slice *in, uint8_t kind)
{
	return numbered(kind, choose(in, 4));
}

enum { ORG_KIND, VISITOR_KIND = 1, CONVERSATION_KIND, TURN_KIND, CONTACT_KIND, WIDGET_KIND };

/* The default organization has number 1. */
static struct id
org_number(unsigned n)
{
	return numbered(ORG_KIND, n == 0 ? 1 : 16 + n);
}

static struct id
org_arg(struct slice *in)
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

static struct hash256
token_number(unsigned n)
{
	return (struct hash256){{(uint8_t)n}};
}

static struct hash256
token_arg(struct slice *in)
{
	return token_number(choose(in, 6));
}

static struct slice
public_arg(struct slice *in)
{
	static const char *const ids[] = {"wid_0", "wid_1", "wid_2", "wid_3"};

	return slice_str(ids[choose(in, ARRAY_LEN(ids))]);
}

static struct slice
name_arg(struct slice *in)
{
	return slice_str(choose(in, 2) == 0 ? "" : "name");
}

static struct slice
email_arg(struct slice *in)
{
	static const char *const emails[] = {"", "a@x", "A@x", "b@x", "\u00c4@x", "a\u0308@x"};

	return slice_str(emails[choose(in, ARRAY_LEN(emails))]);
}

static struct slice
phone_arg(struct slice *in)
{
	static const char *const phones[] = {"", "+1", "(+1)", "2", "none", "+"};

	return slice_str(phones[choose(in, ARRAY_LEN(phones))]);
}

static void
other_client(struct slice *in)
{
	client = choose(in, HARNESS_CLIENTS);
}

static void
open_visitor(struct slice *in)
{
	struct msg_visitor_open m = {.public_id = public_arg(in)};

	m.token = token_arg(in);
	m.fresh_token = token_arg(in);
	m.fresh_id = id_arg(in, VISITOR_KIND);
	harness_send(client, MSG_VISITOR_OPEN, &m);
}

static void
follow_visitor(struct slice *in)
{
	harness_send(
	    client, MSG_VISITOR_FOLLOW, &(struct msg_visitor_follow){.token = token_arg(in)});
}

static void
leave_visitor(struct slice *in)
{
	harness_send(client, MSG_VISITOR_LEAVE,
	    &(struct msg_visitor_leave){.visitor = id_arg(in, VISITOR_KIND)});
}

/* A visitor's message, mostly in its own session. */
static void
turn_begin(struct slice *in)
{
	struct id visitor = id_arg(in, VISITOR_KIND);
	const struct visitor_session session = visitor_session(&visitor);
	unsigned widget = choose(in, ARRAY_LEN(widgets));
	struct msg_turn_begin m = {
	    .org = org_number(widgets[widget].org),
	    .widget = widget_number(widget),
	    .session = slice_str(session.s),
	    .history = 2,
	};

	m.visitor = token_arg(in);
	m.turn = id_arg(in, TURN_KIND);
	m.message = m.turn;
	m.conversation = id_arg(in, CONVERSATION_KIND);
	m.text = name_arg(in);
	m.client_id = name_arg(in);
	harness_send(client, MSG_TURN_BEGIN, &m);
}

static void
turn_finish(struct slice *in)
{
	struct msg_turn_finish m = {.turn = id_arg(in, TURN_KIND)};

	m.run = m.turn;
	m.status = (uint8_t)choose(in, 3);
	m.text = name_arg(in);
	harness_send(client, MSG_TURN_FINISH, &m);
}

static void
visitor_erase(struct slice *in)
{
	struct msg_visitor_erase m = {.org = org_arg(in)};
	struct id visitor = id_arg(in, VISITOR_KIND);
	const struct visitor_session session = visitor_session(&visitor);

	m.widget = widget_number(choose(in, ARRAY_LEN(widgets)));
	m.session = slice_str(session.s);
	harness_send(client, MSG_VISITOR_ERASE, &m);
}

static void
conversation_erase(struct slice *in)
{
	struct msg_conversation_erase m = {.org = org_arg(in)};

	m.conversation = id_arg(in, CONVERSATION_KIND);
	harness_send(client, MSG_CONVERSATION_ERASE, &m);
}

static void
import_record(enum msg_type type, const void *record)
{
	struct msg_import_record m = {.type = (uint16_t)type};
	struct buf b;

	m.record = harness_record(&b, type, record);
	harness_send(client, MSG_IMPORT_RECORD, &m);
	buf_clear(&b);
}

static void
import_visitor(struct slice *in)
{
	struct msg_visitor_record r = {.v = RECORD_VERSION, .id = id_arg(in, VISITOR_KIND)};
	unsigned widget = choose(in, ARRAY_LEN(widgets));

	r.org = org_number(widgets[widget].org);
	r.widget = widget_number(widget);
	r.generation = choose(in, 2);
	r.token = token_arg(in);
	r.contact = id_arg(in, CONTACT_KIND);
	r.used = (uint8_t)choose(in, 2);
	r.created_at = START_MS;
	import_record(MSG_VISITOR_RECORD, &r);
}

static void
contact_submit(struct slice *in)
{
	struct msg_contact_submit m = {.token = token_arg(in)};

	m.fresh_id = id_arg(in, CONTACT_KIND);
	m.name = name_arg(in);
	m.email = email_arg(in);
	m.phone = phone_arg(in);
	harness_send(client, MSG_CONTACT_SUBMIT, &m);
}

static void
contact_list(struct slice *in)
{
	struct msg_record_list m = {
	    .kind = MSG_CONTACT_RECORD, .org = org_arg(in), .cursor = id_arg(in, CONTACT_KIND)};

	m.limit = choose(in, 3);
	m.email = email_arg(in);
	m.phone = phone_arg(in);
	harness_send(client, MSG_RECORD_LIST, &m);
}

static void
contact_get(struct slice *in)
{
	struct msg_record_get m = {
	    .kind = MSG_CONTACT_RECORD, .org = org_arg(in), .id = id_arg(in, CONTACT_KIND)};

	harness_send(client, MSG_RECORD_GET, &m);
}

static struct msg_contact_record
contact_args(struct slice *in)
{
	struct msg_contact_record r = {
	    .v = RECORD_VERSION, .org = org_arg(in), .id = id_arg(in, CONTACT_KIND)};

	r.name = name_arg(in);
	r.email = email_arg(in);
	r.phone = phone_arg(in);
	return r;
}

static void
contact_put(struct slice *in)
{
	struct msg_contact_record r = contact_args(in);
	struct msg_record_put m = {.kind = MSG_CONTACT_RECORD};
	struct buf b;

	m.record = harness_record(&b, MSG_CONTACT_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
	buf_clear(&b);
}

static void
import_contact(struct slice *in)
{
	struct msg_contact_record r = contact_args(in);

	import_record(MSG_CONTACT_RECORD, &r);
}

static void
contact_delete(struct slice *in)
{
	struct msg_record_delete m = {
	    .kind = MSG_CONTACT_RECORD, .org = org_arg(in), .id = id_arg(in, CONTACT_KIND)};

	harness_send(client, MSG_RECORD_DELETE, &m);
}

static void
put_widget(unsigned n, bool fresh, unsigned mode, unsigned cap, bool enabled)
{
	struct msg_widget_record r = {
	    .v = RECORD_VERSION,
	    .id = widget_number(n),
	    .org = org_number(widgets[n].org),
	    .agent = id_default_agent,
	    .public_id = slice_str(widgets[n].public_id),
	    .contact_mode = (uint8_t)mode,
	    .collects = CONTACT_EMAIL,
	    .daily_cap = cap,
	    .enabled = enabled,
	};
	struct msg_record_put m = {.kind = MSG_WIDGET_RECORD, .fresh = fresh};
	struct buf b;

	m.record = harness_record(&b, MSG_WIDGET_RECORD, &r);
	harness_send(client, MSG_RECORD_PUT, &m);
	buf_clear(&b);
}

static void
widget_put(struct slice *in)
{
	unsigned n = choose(in, ARRAY_LEN(widgets)), fresh = choose(in, 2);
	unsigned mode = choose(in, 3), cap = choose(in, 3);

	put_widget(n, fresh, mode, cap, choose(in, 2));
}

static void
reset_widget(unsigned n, struct slice public_id)
{
	struct msg_widget_reset m = {.org = org_number(widgets[n].org),
	    .widget = widget_number(n),
	    .public_id = public_id};

	harness_send(client, MSG_WIDGET_RESET, &m);
}

static void
widget_reset(struct slice *in)
{
	unsigned n = choose(in, ARRAY_LEN(widgets));

	reset_widget(n, public_arg(in));
}

static void
widget_delete(struct slice *in)
{
	unsigned n = choose(in, ARRAY_LEN(widgets));
	struct msg_record_delete m = {.kind = MSG_WIDGET_RECORD,
	    .org = org_number(widgets[n].org),
	    .id = widget_number(n)};

	harness_send(client, MSG_RECORD_DELETE, &m);
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
ALONE(probe)

static void
half_a_day_passes(struct slice *in)
{
	(void)in;
	now += DAY_MS / 2;
	clock_freeze_wall(now);
}

static void
lose(struct slice *in)
{
	harness_disconnect(choose(in, HARNESS_CLIENTS));
}

static const struct harness_instruction instructions[] = {
    {'y', other_client},       /* client */
    {'V', open_visitor},       /* public token fresh-token id */
    {'F', follow_visitor},     /* token */
    {'l', leave_visitor},      /* visitor */
    {'b', turn_begin},         /* visitor widget token turn conversation text name */
    {'f', turn_finish},        /* turn status text */
    {'E', visitor_erase},      /* org visitor widget */
    {'e', conversation_erase}, /* org conversation */
    {'I', import_visitor},     /* visitor widget generation token contact used */
    {'S', contact_submit},     /* token contact name email phone */
    {'L', contact_list},       /* org before limit email phone */
    {'g', contact_get},        /* org contact */
    {'P', contact_put},        /* org contact name email phone */
    {'J', import_contact},     /* org contact name email phone */
    {'D', contact_delete},     /* org contact */
    {'W', widget_put},         /* widget fresh mode cap enabled */
    {'s', widget_reset},       /* widget public */
    {'d', widget_delete},      /* widget */
    {'t', half_a_day_passes}, {'x', commit}, {'n', interrupt}, {'u', probe},
    {'k', lose},                 /* client */
    {'r', harness_restart_some}, /* the last: slow, and only for its own letter */
};

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
	reset_widget(0, slice_str(widgets[0].public_id));
	put_widget(1, true, CONTACT_NONE, 0, true);
}

int
fuzz_store_visitors(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};

	now = START_MS;
	clock_freeze_wall(now);
	harness_open(fuzz_byte(&in) == 'f');
	client = 0;
	make_widgets();
	harness_run(in, instructions, ARRAY_LEN(instructions));
	harness_close();
	clock_freeze_wall(0);
	return 0;
}
