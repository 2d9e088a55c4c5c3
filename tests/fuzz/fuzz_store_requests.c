/*
 * Sequences of requests against the store, with so few ids, names, visitors and positions that they
 * collide often: every request must be answered once, the store must stay valid, and no client may follow a
 * visitor whose token is invalid.
 *
 * The first byte selects the store: 'f' is one that is soon full. Then follow instructions: a
 * letter of the table below (any other byte selects one, too, except that blanks and line ends are
 * ignored), and its arguments, a byte each. Each argument has 2, 3, 4, 5, 6, 8, 12 or 16 values;
 * except for 5, a digit means itself, and ':' to '?' mean 10 to 15.
 */
#include "proto/base/clock.h"
#include "storaged/visitors/visitors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_instructions.h"

/* Limit of the longest texts in one input, since a fuzzer prefers slow inputs. Others are shorter. */
#define LONGEST_MAX 8

static unsigned longest_left;

#define HALF_DAY_MS ((uint64_t)12 * 3600 * 1000)

/* The time at which each input starts. */
#define START_MS (40000 * HALF_DAY_MS)

/* One of eleven ids, for any kind of object; or none. */
static struct id
take_id(struct slice *in)
{
	unsigned n = choose(in, 12);

	if (n == 0)
		return (struct id){{0}};
	return (struct id){{1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, [15] = (uint8_t)n}};
}

static struct id
id_or(struct id id, const struct id *usual)
{
	return id_is_zero(&id) ? *usual : id;
}

/* One of the same ids, or that of the default organization's initial object. */
static struct id
take_agent(struct slice *in)
{
	return id_or(take_id(in), &id_default_agent);
}

static struct id
take_widget(struct slice *in)
{
	return id_or(take_id(in), &id_default_widget);
}

static struct id
take_widget_or_none(struct slice *in)
{
	return choose(in, 2) == 1 ? take_widget(in) : (struct id){{0}};
}

static struct id
org_number(unsigned n)
{
	struct id org = id_default_org;

	org.b[14] = (uint8_t)n;
	return org;
}

/* The default organization, two more, and one that may be created. */
static struct id
take_org(struct slice *in)
{
	return org_number(choose(in, 4));
}

/* A visitor by its session: three organizations, two widgets, two sessions. */
static void
take_session(struct slice *in, struct request *r)
{
	unsigned n = choose(in, 12);
	struct id widget = id_default_widget;

	widget.b[14] = (uint8_t)(n / 3 % 2);
	request_set_id(r, "org", org_number(n % 3));
	request_set_id(r, "widget", widget);
	request_set_text(r, "session", slice_str(n < 6 ? "s" : "t"));
	request_set_text(r, "network", slice_str(n % 2 == 0 ? "netA" : "netB"));
}

/* The session of a widget's visitor with this id, whether it exists or not. */
static struct slice
take_visitor_session(struct slice *in, size_t max)
{
	static struct visitor_session session;
	struct id visitor = take_id(in);

	(void)max;
	session = visitor_session(&visitor);
	return slice_str(session.s);
}

/* Text of some length ('~' is the maximum), with two-byte characters now and then, so that pieces
 * that do not fit together end inside one. */
static struct slice
take_text(struct slice *in, size_t max)
{
	static const size_t lengths[16] = {
	    0, 1, 2, 3, 5, 8, 100, 499, 500, 501, 1500, 1900, 2100, 4000, 6000, 12000};
	static uint8_t text[TEXT_MAX];
	uint8_t n = fuzz_byte(in);
	size_t len = lengths[n % 16];

	if (n == '~' && longest_left > 0) {
		longest_left--;
		len = TEXT_MAX;
	}
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
take_client_id(struct slice *in, size_t max)
{
	static const uint8_t longest[CLIENT_ID_MAX] = {[0 ... CLIENT_ID_MAX - 1] = 'n'};
	const struct slice ids[] = {{0}, slice_str("n"), slice_str("m"), {longest, max}};

	must(max <= sizeof(longest));
	return ids[choose(in, ARRAY_LEN(ids))];
}

static struct slice
last_cursor(struct slice *in, size_t max)
{
	(void)in;
	(void)max;
	return harness_cursor();
}

/* None, the last page's, one that no conversation has, and one that is too short. */
static struct slice
take_cursor(struct slice *in, size_t max)
{
	static const uint8_t nowhere[ACTIVITY_CURSOR_LEN] = {0x80};
	const struct slice cursors[] = {
	    {0}, harness_cursor(), {nowhere, sizeof(nowhere)}, {nowhere, 3}};

	(void)max;
	return cursors[choose(in, ARRAY_LEN(cursors))];
}

/* No tag, one, or two. */
static struct slice
take_tags(struct slice *in, size_t max)
{
	static char text[2 * ID_TEXT_LEN + 2];
	unsigned n = choose(in, 3);

	(void)max;
	for (unsigned i = 0; i < n; i++) {
		struct id tag = take_id(in);

		id_format(&tag, text + i * (ID_TEXT_LEN + 1));
	}
	if (n == 2)
		text[ID_TEXT_LEN] = ' ';
	return (struct slice){(uint8_t *)text, n == 0 ? 0 : n * (ID_TEXT_LEN + 1) - 1};
}

/* Budgets of an organization, or of a widget, or of none; some are soon spent. */
static void
take_budgets(struct slice *in, struct request *r)
{
	static const uint64_t tokens[] = {0, 1, 3000, 1000000};
	static struct buf list, record;
	struct msg_budget_record budget = {.v = RECORD_VERSION, .org = take_org(in)};
	unsigned n = choose(in, 3);

	buf_clear(&list);
	buf_clear(&record);
	buf_init(&list, 1024);
	buf_init(&record, 256);
	request_set_id(r, "org", budget.org);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			budget.widget = take_widget(in);
		budget.daily_tokens = tokens[choose(in, ARRAY_LEN(tokens))];
		budget.monthly_tokens = tokens[choose(in, ARRAY_LEN(tokens))];
		buf_reset(&record);
		must(record_encode(&record, MSG_BUDGET_RECORD, &budget) == 0);
		must(wire_list_add(&list, buf_slice(&record)) == 0);
	}
	request_set_text(r, "budgets", buf_slice(&list));
}

static struct hash256
take_token(struct slice *in)
{
	return (struct hash256){{(uint8_t)choose(in, 8)}};
}

/* The longest list below. */
#define LIST_BYTES 4096

/* An empty list that stays until the next call. */
static struct buf *
new_list(void)
{
	static struct buf list;

	buf_clear(&list);
	buf_init(&list, LIST_BYTES);
	return &list;
}

/* Up to three chunks of few texts; the hash is of the text alone. */
static struct slice
take_chunks(struct slice *in)
{
	static const char *const texts[] = {"", "a", "bc", "def"};
	struct buf *list = new_list();

	for (unsigned n = choose(in, 4); n > 0; n--) {
		struct msg_chunk_record chunk = {
		    .v = RECORD_VERSION, .text = slice_str(texts[choose(in, 4)])};

		chunk.hash.b[0] = (uint8_t)chunk.text.len;
		must(record_add(list, MSG_CHUNK_RECORD, &chunk) == 0);
	}
	return buf_slice(list);
}

/* The text of a page, or none. */
static void
take_page_text(struct slice *in, struct request *r)
{
	r->msg.source_page_put.text = choose(in, 3) > 0;
	if (r->msg.source_page_put.text)
		r->msg.source_page_put.chunks = take_chunks(in);
}

static void
take_imported_text(struct slice *in, struct request *r)
{
	r->msg.import_source_page.text = take_chunks(in);
}

/* Passages of a page, or an answer. */
static void
take_wanted(struct slice *in, struct request *r)
{
	struct buf *list = new_list();
	struct msg_passage_ref ref = {.source = take_id(in), .id = take_id(in)};

	for (; ref.index < 3; ref.index++) {
		ref.hash.b[0] = (uint8_t)choose(in, 4);
		must(record_add(list, MSG_PASSAGE_REF, &ref) == 0);
	}
	ref.kind = PASSAGE_ANSWER;
	must(record_add(list, MSG_PASSAGE_REF, &ref) == 0);
	r->msg.passages_read.wanted = buf_slice(list);
}

/* Vectors of two pages. */
static void
take_vectors(struct slice *in, struct request *r)
{
	const struct msg_vector_record vector = {.v = RECORD_VERSION, .values = slice_str("v")};
	static uint8_t bytes[64];
	struct buf record, *list = new_list();
	struct msg_vector_item item = {.org = take_org(in), .source = take_id(in)};

	buf_init(&record, sizeof(bytes));
	must(record_encode(&record, MSG_VECTOR_RECORD, &vector) == 0);
	memcpy(bytes, buf_data(&record), buf_len(&record));
	item.vector = (struct slice){bytes, buf_len(&record)};
	buf_clear(&record);
	for (unsigned n = 0; n < 4; n++) {
		if (n % 2 == 0)
			item.page = take_id(in);
		item.hash.b[0] = (uint8_t)choose(in, 4);
		must(record_add(list, MSG_VECTOR_ITEM, &item) == 0);
	}
	r->msg.vectors_put.vectors = buf_slice(list);
}

/* What was found for a reply; or bytes that are no list. */
static struct slice
take_found(struct slice *in, size_t max)
{
	struct msg_sources_record found = {.outcome = (uint8_t)choose(in, 6)};
	struct buf *list = new_list();

	(void)max;
	if (choose(in, 4) == 0)
		found.marks = slice_str("x");
	must(record_encode(list, MSG_SOURCES_RECORD, &found) == 0);
	return buf_slice(list);
}

/* Ids, or bytes that are none. */
static struct slice
take_ids(struct slice *in, size_t max)
{
	struct buf *list = new_list();

	(void)max;
	for (unsigned n = choose(in, 4); n > 0; n--) {
		const struct id id = take_id(in);

		must(buf_append(list, id.b, sizeof(id.b) - (choose(in, 8) == 0)) == 0);
	}
	return buf_slice(list);
}

static const struct value_kind kinds[] = {
    {"id", .id = take_id},
    {"org", .id = take_org},
    {"agent", .id = take_agent},
    {"widget", .id = take_widget},
    {"widget_or_none", .id = take_widget_or_none},
    {"hash", .hash = take_token},
    {"session", .fill = take_session},
    {"visitor_session", .text = take_visitor_session},
    {"text", .text = take_text},
    {"client_id", .text = take_client_id},
    {"cursor", .text = take_cursor},
    {"last_cursor", .text = last_cursor},
    {"offset", .n = 16,
	.numbers = {0, 1, 2, 3, 5, 8, 100, 499, 500, 501, 1500, 2100, 4000, 12000, TEXT_MAX - 1,
	    TEXT_MAX}},
    {"u64", .n = 16,
	.numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1000, (1ull << 53) - 2,
	    (1ull << 53) - 1, UINT64_MAX}},
    {"time", .n = 4, .numbers = {0, 1000, NOW, NOW + 3600000}},
    {"limit", .n = 4, .numbers = {0, 1, 3, UINT32_MAX}},
    {"mostly_true", .n = 4, .numbers = {0, 1, 1, 1}},
    {"tokens", .n = 4, .numbers = {0, 1, 1000, UINT32_MAX}},
    {"tags", .text = take_tags},
    {"budgets", .fill = take_budgets},
    {"page_text", .fill = take_page_text},
    {"imported_text", .fill = take_imported_text},
    {"wanted", .fill = take_wanted},
    {"ids", .text = take_ids},
    {"vectors", .fill = take_vectors},
    {"found", .text = take_found},
    {"url", .texts = {"", "u", "v", "w"}},
    {"piece", .texts = {"", "a", "bc", "def"}},
    {"name", .texts = {"", "name"}},
    {"public_id", .texts = {"", "wid_a", "wid_b", "wid_c"}},
    {"email", .texts = {"", "a@b", "A@B", "c@d", "\u00c4@x", "a\u0308@x", "\u00e4@x", "d@e"}},
    {"phone", .texts = {"", "+1", "(+) 1", "none", "2", "+"}},
    {"password", .texts = {"", "hash", "hash", "hash"}},
};

/* The words of records that are also imported. */
#define USER  "org id email role password picture=u"
#define KEY   "org id key"
#define AGENT "org id:agent name=agent purpose=agent enabled"
#define WIDGET                                                               \
	"org id:widget agent public_id contact_mode collects=2 daily_cap:3 " \
	"enabled:mostly_true"
#define CONTACT    "org id email phone"
#define INVITATION "org id token role email expires_at:time used_at:time user"

#define CONVERSATION                                                                    \
	"client id session created_at:time updated_at:time next_seq messages=next_seq " \
	"last_message"

/* Lists of an organization, and single objects by name or id. All have the arguments org, id, hash,
 * limit. */
static const struct instruction looks[] = {
    {0, MSG_ORG_LIST, .words = "- after - -"},
    {0, MSG_RECORD_LIST, MSG_USER_RECORD, .words = "org cursor:id - limit"},
    {0, MSG_RECORD_LIST, MSG_AGENT_RECORD, .words = "org cursor:id - limit"},
    {0, MSG_RECORD_LIST, MSG_WIDGET_RECORD, .words = "org cursor:id - limit"},
    {0, MSG_RECORD_LIST, MSG_CONTACT_RECORD, .words = "org cursor:id - limit email"},
    {0, MSG_KEY_LIST, .words = "org - - -"},
    {0, MSG_LOGIN_LIST, .words = "org user - -"},
    {0, MSG_KEY_CHECK, .words = "- - key -"},
    {0, MSG_RECORD_GET, MSG_USER_RECORD, .words = "org id - - name:email"},
    {0, MSG_RECORD_GET, MSG_WIDGET_RECORD, .words = "org id - - name:public_id"},
    {0, MSG_RECORD_GET, MSG_CONTACT_RECORD, .words = "org id - -"},
    {0, MSG_RECORD_GET, MSG_AGENT_RECORD, .words = "org id - -"},
    {0, MSG_ROOM_FOLLOW, .words = "org conversation:id - -"},
    {0, MSG_TYPING, .words = "org conversation:id - -"},
};

/* People in conversations, and what they write about them. */
static const struct instruction inbox[] = {
    {0, MSG_TAKEOVER, .words = "org conversation operator name force"},
    {0, MSG_HANDBACK, .words = "org conversation operator force"},
    {0, MSG_OPERATOR_MESSAGE, .words = "org conversation operator message client_id text"},
    {0, MSG_TURN_FINISH, .words = "turn run=turn status text prompt_tokens:tokens hand_over"},
    {0, MSG_CONVERSATION_CHANGE,
	.words = "org conversation what state assigned tags read reader"},
    {0, MSG_LABEL_COUNT_LIST, .words = "org"},
    {0, MSG_NOTE_ADD, MSG_NOTE_RECORD, .words = "org id conversation author text mentions:ids"},
    {0, MSG_FOLLOW_SET, .words = "org conversation reader following"},
    {0, MSG_MENTION_LIST, .words = "org user cursor:id limit"},
    {0, MSG_MENTION_READ, .words = "org user note conversation read"},
    {0, MSG_NOTE_LIST, .words = "org conversation cursor:id limit"},
    {0, MSG_NOTE_DELETE, .words = "org conversation note"},
    {0, MSG_RATING_SET, .words = "session message rating comment:text"},
    {0, MSG_PAGE_SET, MSG_PAGE_RECORD, .words = "session url=http://a/ title:name"},
    {0, MSG_CONTEXT_SET, .words = "session context:text"},
    {0, MSG_READ_ALL, .words = "org reader"},
    {0, MSG_CONTACT_MERGE, .words = "org contact other"},
    {0, MSG_RECORD_PUT, MSG_TAG_RECORD, .words = "fresh org id name color=#123456"},
    {0, MSG_RECORD_PUT, MSG_TEAM_RECORD, .words = "fresh org id name members:ids"},
    {0, MSG_RECORD_DELETE, MSG_TEAM_RECORD, .words = "org id"},
    {0, MSG_RECORD_DELETE, MSG_TAG_RECORD, .words = "org id"},
    {0, MSG_RECORD_PUT, MSG_SNIPPET_RECORD, .words = "fresh org id name text"},
    {0, MSG_RECORD_DELETE, MSG_SNIPPET_RECORD, .words = "org id"},
};

/* Budgets, and what reads the change feed. */
static const struct instruction services[] = {
    {0, MSG_BUDGET_PUT, .words = "budgets"},
    {0, MSG_BUDGET_LIST, .words = "org"},
    {0, MSG_NUMBERS_READ, .words = "org to=1000000"},
    {0, MSG_CHANGES_READ, .words = "after:u64 newest follow kinds=65535 org limit"},
    {0, MSG_RECORD_PUT, MSG_WEBHOOK_RECORD,
	.words = "fresh org id url=https://a/ kinds=65535 enabled"},
    {0, MSG_RECORD_DELETE, MSG_WEBHOOK_RECORD, .words = "org id"},
    {0, MSG_RECORD_PUT, MSG_INVITATION_RECORD, .words = "fresh " INVITATION},
    {0, MSG_RECORD_DELETE, MSG_INVITATION_RECORD, .words = "org id"},
    {0, MSG_INVITATION_CHECK, .words = "token"},
    {0, MSG_RESET_ASK, .words = "mail:id email"},
    {0, MSG_RESET_CHECK, .words = "user token"},
    {0, MSG_RESET_USE, .words = "org user token password"},
    {0, MSG_INVITATION_ACCEPT, MSG_USER_RECORD, .words = "token " USER},
    {0, MSG_WEBHOOK_LEASE, .words = "lease leave"},
    {0, MSG_WEBHOOK_LIST, .words = ""},
    {0, MSG_WEBHOOK_QUEUE, .words = "org webhook"},
    {0, MSG_WEBHOOK_RESULTS, .words = "lease org webhook updated_at:u64 cursor:u64 disable"},
    {0, MSG_DELIVERY_LIST, .words = "org webhook limit"},
    {0, MSG_DELIVERY_RETRY, .words = "org webhook n:u64"},
};

/* The owner's content. */
static const struct instruction content[] = {
    {0, MSG_RECORD_PUT, MSG_SOURCE_RECORD,
	.words = "fresh org id name kind url enabled:mostly_true pages_max:4"},
    {0, MSG_RECORD_DELETE, MSG_SOURCE_RECORD, .words = "org id"},
    {0, MSG_SOURCE_PAGE_PUT, MSG_SOURCE_PAGE_RECORD,
	.words = "org id source url state text:page_text"},
    {0, MSG_SOURCE_PAGE_PUT, MSG_SOURCE_PAGE_RECORD,
	.words = "org id source url state text:page_text upload"},
    {0, MSG_SOURCE_PAGE_DELETE, .words = "org source page"},
    {0, MSG_SOURCE_PAGE_LIST, .words = "org source cursor:id state search:url limit"},
    {0, MSG_SOURCE_UPLOAD, .words = "org source upload page url total:4 offset:4 piece"},
    {0, MSG_UPLOAD_READ, .words = "upload offset:4"},
    {0, MSG_SOURCE_STATE_PUT, MSG_SOURCE_STATE_RECORD, .words = "org source state error:name"},
    {0, MSG_SOURCE_ASK, .words = "org source ask"},
    {0, MSG_SOURCE_STATE_LIST, .words = "org source"},
    {0, MSG_SOURCE_TEXT_READ, .words = "org source page from:3 vectors:2"},
    {0, MSG_CONTENT_LIST, .words = ""},
    {0, MSG_CONTENT_SEE, .words = "kind org id"},
    {0, MSG_CONTENT_READ, .words = "org knowledge bytes_max:tokens"},
    {0, MSG_PASSAGES_READ, .words = "org wanted"},
    {0, MSG_EMBEDDING_LEASE, .words = "lease leave"},
    {0, MSG_EMBEDDING_NEXT, .words = "org limit"},
    {0, MSG_EMBEDDING_FIND, .words = "limit"},
    {0, MSG_VECTORS_PUT, .words = "lease vectors"},
    {0, MSG_CRAWL_READ, .words = "follow"},
    {0, MSG_RECORD_PUT, MSG_ANSWER_RECORD,
	.words = "fresh org id question:name text published"},
    {0, MSG_RECORD_DELETE, MSG_ANSWER_RECORD, .words = "org id"},
    {0, MSG_RECORD_PUT, MSG_GAP_RECORD, .words = "org id state answer"},
    {0, MSG_RECORD_DELETE, MSG_GAP_RECORD, .words = "org id"},
    {0, MSG_TURN_FINISH, .words = "turn run=turn status text sources:found"},
    {0, MSG_IMPORT_SOURCE_PAGE, MSG_SOURCE_PAGE_RECORD,
	.words = "org id source url state text:imported_text"},
    {0, MSG_IMPORT_RECORD, MSG_SOURCE_RECORD, .words = "org id name kind url enabled"},
    {0, MSG_IMPORT_RECORD, MSG_GAP_RECORD, .words = "org id conversation question:name state"},
    {0, .act = harness_collect_content},
};

static const struct instruction imports[] = {
    {0, MSG_IMPORT_RECORD, MSG_ORG_RECORD, .words = "id:org widget"},
    {0, MSG_IMPORT_RECORD, MSG_USER_RECORD, .words = USER},
    {0, MSG_IMPORT_RECORD, MSG_KEY_RECORD, .words = KEY},
    {0, MSG_IMPORT_RECORD, MSG_AGENT_RECORD, .words = AGENT},
    {0, MSG_IMPORT_RECORD, MSG_WIDGET_RECORD, .words = WIDGET},
    {0, MSG_IMPORT_RECORD, MSG_VISITOR_RECORD, .words = "org id widget token contact"},
    {0, MSG_IMPORT_RECORD, MSG_CONTACT_RECORD, .words = CONTACT},
    {0, MSG_IMPORT_RECORD, MSG_INVITATION_RECORD, .words = INVITATION},
    {0, MSG_IMPORT_RECORD, MSG_CAP_RECORD, .words = ""}, /* not imported on its own */
};

static void
pass(uint64_t ms)
{
	clock_freeze_wall(clock_wall_ms() + ms);
}

/* So that conversations have different times. */
static void
commit(void)
{
	harness_commit();
	pass(1);
}

static void
half_a_day_passes(void)
{
	pass(HALF_DAY_MS);
}

static const struct instruction instructions[] = {
    {'b', MSG_TURN_BEGIN,
	.words = "client session turn message conversation text history:limit"},
    {'c', MSG_TURN_CHECKPOINT, .words = "client turn run=turn offset text"},
    {'f', MSG_TURN_FINISH, .words = "client turn run=turn status text"},
    {'B', MSG_TURN_BEGIN,
	.words = "client session turn message conversation text client_id history=3"},
    {'a', MSG_TURN_CHECKPOINT, .words = "client turn run offset text"},
    {'z', MSG_TURN_FINISH, .words = "client turn run status text"},
    {'j', MSG_TURN_JOIN, .words = "client session turn from:offset"},
    {'q', MSG_TURN_LEAVE, .words = "client turn"},
    {'t', MSG_TURN_STOP, .words = "client turn"},
    {'P', MSG_LIVE_PUBLISH, .words = "client turn offset text"},
    {'!', MSG_LIVE_UNSAVED, .words = "client turn full"},
    {'h', MSG_SESSION_HISTORY, .words = "client session from limit"},
    {'l', MSG_CONVERSATION_LIST, .words = "client org cursor limit"},
    {'m', MSG_MESSAGE_LIST, .words = "client org conversation backwards from limit"},
    {'e', MSG_CONVERSATION_ERASE, .words = "client org conversation"},
    {'v', MSG_VISITOR_ERASE, .words = "client session"},
    {'i', MSG_LOGIN_CREATE, .words = "client org token expires_at:time id=token"},
    {'o', MSG_LOGIN_CHECK, .words = "client token"},
    {'d', MSG_LOGIN_DELETE, .words = "client token"},
    {'C', MSG_IMPORT_CONVERSATION, MSG_CONVERSATION_RECORD, .words = CONVERSATION},
    {'M', MSG_IMPORT_MESSAGE, MSG_MESSAGE_RECORD,
	.words = "client conversation seq id role status text"},
    {'~', MSG_IMPORT_NEW_MESSAGE, MSG_MESSAGE_RECORD,
	.words = "client conversation seq id role status text"},
    {'N', MSG_IMPORT_CLIENT_ID, .words = "client conversation seq client_id"},
    {'L', MSG_IMPORT_LOGIN, MSG_LOGIN_RECORD,
	.words = "client org token created_at:time expires_at:time id=token"},
    {'A', MSG_RECORD_PUT, MSG_AGENT_RECORD, .words = "client fresh " AGENT},
    {'D', MSG_RECORD_DELETE, MSG_AGENT_RECORD, .words = "client org id:agent"},
    {'W', MSG_RECORD_PUT, MSG_WIDGET_RECORD, .words = "client fresh " WIDGET},
    {'K', MSG_RECORD_DELETE, MSG_WIDGET_RECORD, .words = "client org id:widget"},
    {'R', MSG_WIDGET_RESET, .words = "client org widget public_id"},
    {'V', MSG_VISITOR_OPEN, .words = "client public_id token fresh_token fresh_id"},
    {'F', MSG_VISITOR_FOLLOW, .words = "client token"},
    {'G', MSG_ROOM_LEAVE, .words = "client room"},
    {'T', MSG_TURN_BEGIN,
	.words = "client org widget session:visitor_session visitor turn conversation=turn "
		 "message=turn text client_id history=3 vouched=1"},
    {'E', MSG_VISITOR_ERASE, .words = "client org session:visitor_session widget"},
    {'S', MSG_CONTACT_SUBMIT, .words = "client token fresh_id name email phone"},
    {'H', MSG_RECORD_PUT, MSG_CONTACT_RECORD, .words = "client " CONTACT},
    {'J', MSG_RECORD_DELETE, MSG_CONTACT_RECORD, .words = "client org id"},
    {'U', MSG_RECORD_PUT, MSG_USER_RECORD, .words = "client fresh=1 " USER},
    {'X', MSG_USER_CHANGE, .words = "client org user what role password=new except"},
    {'Y', MSG_RECORD_DELETE, MSG_USER_RECORD, .words = "client org id"},
    {'Z', MSG_LOGIN_CREATE, .words = "client org user id token expires_at:time"},
    {'O', MSG_LOGIN_REVOKE, .words = "client org user id except"},
    {'Q', MSG_KEY_CREATE, MSG_KEY_RECORD, .words = "client " KEY},
    {'y', MSG_KEY_REVOKE, .words = "client org key"},
    {'?', 0, .words = "client", .one_of = looks, .n = ARRAY_LEN(looks)},
    {'I', 0, .words = "client", .one_of = imports, .n = ARRAY_LEN(imports)},
    {'$', 0, .words = "client", .one_of = inbox, .n = ARRAY_LEN(inbox)},
    {'#', 0, .words = "client", .one_of = services, .n = ARRAY_LEN(services)},
    {'_', 0, .words = "client", .one_of = content, .n = ARRAY_LEN(content)},
    {'@', MSG_IMPORT_CONVERSATION, MSG_CONVERSATION_RECORD,
	.words = CONVERSATION " contact status"},
    {'*', MSG_CONVERSATION_LIST,
	.words = "client org limit widget:widget_or_none contact status cursor:last_cursor"},
    {'s', MSG_STATUS_GET, .words = "client"},
    {'K', MSG_CLOCK_RESET, .words = "client"},
    {'k', MSG_BACKUP_DONE, .words = "client at:time bytes=1"},
    {'p', MSG_PING, .words = "client"},
    {'g', 0, .words = "disconnect"},
    {'+', MSG_ORG_CREATE, .words = "client org name agent:id widget:id public_id"},
    {'&', MSG_ORG_GET, .words = "client org"},
    {'^', MSG_IMPORT_LOGIN, MSG_LOGIN_RECORD,
	.words = "client org user id token expires_at:time"},
    {'<', MSG_IMPORT_RECORD, MSG_VISITOR_RECORD,
	.words = "client id org widget generation:2 token contact used created_at:time"},
    {'%', MSG_RECORD_LIST, MSG_CONTACT_RECORD,
	.words = "client org cursor:id limit email phone"},
    {'=', .act = half_a_day_passes},
    {'x', .act = commit},
    {'n', .act = harness_interrupt},
    {'w', .act = harness_end_claim_time},
    {'u', .act = harness_probe},
    {'r', .act = harness_restart},
};

static const struct language language = {
    kinds, ARRAY_LEN(kinds), instructions, ARRAY_LEN(instructions)};

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
		harness_send(HARNESS_CHOSEN - 1, MSG_ORG_CREATE, &m);
	}
}

FUZZ(store_requests)
{
	clock_freeze_wall(START_MS);
	harness_open(fuzz_byte(&in) == 'f');
	longest_left = LONGEST_MAX;
	make_orgs();
	instructions_run(&language, in);
	harness_close();
	clock_freeze_wall(0);
}
