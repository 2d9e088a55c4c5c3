/*
 * Programs of requests against the store, over so few ids, visitors and places that they get into
 * each other's way: whatever comes, every request is answered once and the store stays whole.
 *
 * The first byte chooses the store: 'f' one that is soon full. Then come instructions: a letter of
 * the table below (any other byte stands for one as well, but blanks and line ends for nothing),
 * and its arguments, a byte each. Each argument has 2, 3, 4, 6, 8, 12 or 16 values, so that a digit
 * means itself, and ':' to '?' mean 10 to 15.
 */
#include <string.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_desk.h"

/* What one input may cost, since a fuzzer goes where it is slow: instructions, and among them
 * greatest texts and restarts. What goes beyond does less, or nothing. */
#define INSTRUCTIONS_MAX 250
#define SLOW_MAX         8

static unsigned slow_left;

static bool
may_be_slow(void)
{
	if (slow_left == 0)
		return false;
	slow_left--;
	return true;
}

/* -- arguments --------------------------------------------------------------------------- */

static unsigned
choose(struct slice *in, unsigned values)
{
	return fuzz_byte(in) % values;
}

static unsigned
client_arg(struct slice *in)
{
	return choose(in, DESK_CLIENTS);
}

/* One of eleven ids, whatever they are ids of; or none. */
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

/* Text of some length ('~' is the longest there is), with characters of two bytes every now and
 * then, so that pieces which do not fit together end inside one. */
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

/* A client's name for a message: none, a short one, or the longest. */
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

/* -- instructions ------------------------------------------------------------------------ */

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
	desk_ask(client, MSG_TURN_BEGIN, &m);
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
	desk_ask(client, MSG_TURN_CHECKPOINT, &m);
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
	desk_ask(client, MSG_TURN_FINISH, &m);
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
	desk_ask(client, MSG_TURN_JOIN, &m);
}

static void
turn_leave(struct slice *in)
{
	unsigned client = client_arg(in);

	desk_ask(client, MSG_TURN_LEAVE, &(struct msg_turn_leave){id_arg(in)});
}

static void
turn_stop(struct slice *in)
{
	unsigned client = client_arg(in);

	desk_ask(client, MSG_TURN_STOP, &(struct msg_turn_stop){id_arg(in)});
}

static void
publish(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_live_publish m = {.turn = id_arg(in)};

	m.offset = offset_arg(in);
	m.text = text_arg(in, TEXT_MAX);
	desk_ask(client, MSG_LIVE_PUBLISH, &m);
}

static void
session_history(struct slice *in)
{
	unsigned client = client_arg(in);
	struct visitor v = visitor_arg(in);
	struct msg_session_history m = {.org = v.org, .widget = v.widget, .session = v.session};

	m.from = seq_arg(in);
	m.limit = limit_arg(in, 1000);
	desk_ask(client, MSG_SESSION_HISTORY, &m);
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
		m.cursor = desk_cursor();
		break;
	case 2:
		m.cursor = (struct slice){nowhere, sizeof(nowhere)};
		break;
	default:
		m.cursor = (struct slice){nowhere, 3};
		break;
	}
	m.limit = limit_arg(in, 200);
	desk_ask(client, MSG_CONVERSATION_LIST, &m);
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
	desk_ask(client, MSG_MESSAGE_LIST, &m);
}

static void
conversation_erase(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_conversation_erase m = {.org = org_number(choose(in, 3))};

	m.conversation = id_arg(in);
	desk_ask(client, MSG_CONVERSATION_ERASE, &m);
}

static void
visitor_erase(struct slice *in)
{
	unsigned client = client_arg(in);
	struct visitor v = visitor_arg(in);
	struct msg_visitor_erase m = {.org = v.org, .widget = v.widget, .session = v.session};

	desk_ask(client, MSG_VISITOR_ERASE, &m);
}

static void
login_create(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_login_create m = {.org = org_number(choose(in, 3))};

	m.token = token_arg(in);
	m.expires_at = time_arg(in);
	desk_ask(client, MSG_LOGIN_CREATE, &m);
}

static void
login_check(struct slice *in)
{
	unsigned client = client_arg(in);

	desk_ask(client, MSG_LOGIN_CHECK, &(struct msg_login_check){.token = token_arg(in)});
}

static void
login_delete(struct slice *in)
{
	unsigned client = client_arg(in);

	desk_ask(client, MSG_LOGIN_DELETE, &(struct msg_login_delete){.token = token_arg(in)});
}

/* A record is asked for as its encoded bytes. */
static struct slice
encoded(struct buf *b, enum msg_type type, const void *record)
{
	buf_init(b, RECORD_MAX);
	must(record_encode(b, type, record) == 0);
	return buf_slice(b);
}

static void
import_conversation(struct slice *in)
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
	m.conversation = encoded(&b, MSG_CONVERSATION_RECORD, &r);
	desk_ask(client, MSG_IMPORT_CONVERSATION, &m);
	buf_clear(&b);
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
	m.message = encoded(&b, MSG_MESSAGE_RECORD, &r);
	desk_ask(client, MSG_IMPORT_MESSAGE, &m);
	buf_clear(&b);
}

static void
import_client_id(struct slice *in)
{
	unsigned client = client_arg(in);
	struct msg_import_client_id m = {.conversation = id_arg(in), .seq = seq_arg(in)};

	m.client_id = name_arg(in);
	desk_ask(client, MSG_IMPORT_CLIENT_ID, &m);
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
	m.login = encoded(&b, MSG_LOGIN_RECORD, &r);
	desk_ask(client, MSG_IMPORT_LOGIN, &m);
	buf_clear(&b);
}

static void
status_get(struct slice *in)
{
	desk_ask(client_arg(in), MSG_STATUS_GET, &(struct msg_status_get){});
}

static void
backup_done(struct slice *in)
{
	desk_ask(client_arg(in), MSG_BACKUP_DONE, &(struct msg_backup_done){time_arg(in), 1});
}

static void
ping(struct slice *in)
{
	desk_ask(client_arg(in), MSG_PING, &(struct msg_ping){});
}

static void
lose(struct slice *in)
{
	desk_lose(client_arg(in));
}

/* These take no argument. */
#define ALONE(name)                        \
	static void name(struct slice *in) \
	{                                  \
		(void)in;                  \
		desk_##name();             \
	}
ALONE(commit)
ALONE(interrupt)
ALONE(claim_over)
ALONE(probe)

static void
restart(struct slice *in)
{
	(void)in;
	if (may_be_slow())
		desk_restart();
}

static const struct instruction {
	char letter;
	void (*run)(struct slice *in);
} instructions[] = {
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
    {'s', status_get},          /* client */
    {'k', backup_done},         /* client at */
    {'p', ping},                /* client */
    {'g', lose},                /* client */
    {'x', commit}, {'n', interrupt}, {'w', claim_over}, {'u', probe},
    {'r', restart}, /* the last: slow, and only for its own letter */
};

static const struct instruction *
instruction_of(uint8_t letter)
{
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++)
		if (instructions[i].letter == (char)letter)
			return &instructions[i];
	return &instructions[letter % (ARRAY_LEN(instructions) - 1)];
}

int
fuzz_store_requests(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};
	unsigned n = 0;

	desk_open(fuzz_byte(&in) == 'f');
	slow_left = SLOW_MAX;
	while (in.len > 0 && n < INSTRUCTIONS_MAX) {
		uint8_t letter = fuzz_byte(&in);

		if (letter == ' ' || letter == '\n')
			continue;
		instruction_of(letter)->run(&in);
		n++;
	}
	desk_close();
	return 0;
}
