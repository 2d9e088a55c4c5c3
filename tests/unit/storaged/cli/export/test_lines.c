/*
 * Lines of an export: round trips, and error messages for invalid members.
 */
#include <sys/mman.h>

#include "storaged/cli/export/import_check.h"
#include "storaged/cli/export/line.h"
#include "storaged/cli/export/line_reader.h"
#include "tests/unit/unit.h"

#define ID    "01a20257-1bd4-7000-bebb-6c4f273a864c"
#define OTHER "01a20257-1bd4-7000-bebb-6c4f273a864d"
#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

#define HEAD "{\"kind\":\"banter\",\"format\":2}\n"

/* Lines of each kind, with ' in place of ". */
#define OLD_CONVERSATION                                                                       \
	"{'kind':'conversation','id':'" ID "','org':'" OTHER "','widget':'" ID                 \
	"','session':'s\xc3\xbc\\'','created_at':1,'updated_at':1795335592926,"                \
	"'next_seq':5,'messages':4,'last_message':'\\u2028a\\nb\\\\\\u0000','contact':'" OTHER \
	"','state':'interrupted'"
#define CONVERSATION                                                                  \
	OLD_CONVERSATION ",'inbox_state':'person','operator':'" ID                    \
			 "','operator_name':'Ann','operator_at':7,'assigned':'" OTHER \
			 "','tags':'" ID " " OTHER "','context':'c','asked_at':6,"    \
			 "'snoozed_until':8}"
#define MESSAGE                                                                         \
	"{'kind':'message','conversation':'" ID "','seq':9007199254740991,'id':'" OTHER \
	"','role':'assistant','status':'interrupted','created_at':0,"                   \
	"'prompt_tokens':4294967295,'completion_tokens':1,'text':''"
#define LOGIN                                                                \
	"{'kind':'login','token':'" TOKEN "','org':'" ID "','created_at':7," \
	"'expires_at':8,'id':'" OTHER "','user':'" ID                        \
	"','address':'192.0.2.7','program':'Firefox'}"

/* A key as an older banter exported it. */
#define OLD_KEY                                                       \
	"{'kind':'key','id':'" ID "','org':'" OTHER "','key':'" TOKEN \
	"','opens':'admin','name':'K','hint':'abcd','created_at':1"

#define OLD_USER                                                                          \
	"{'kind':'user','id':'" ID "','org':'" OTHER "','email':'a@b','name':'U','role':" \
	"'member','password':'$x','created_at':1,'updated_at':2,'read_until':3"

#define OLD_INVITATION                                                                  \
	"{'kind':'invitation','id':'" ID "','org':'" OTHER "','token':'" TOKEN          \
	"','role':'member','email':'i@b','created_at':1,'updated_at':2,'expires_at':3," \
	"'used_at':4,'user':'" ID "'"

#define OLD_WEBHOOK                                                                         \
	"{'kind':'webhook','id':'" ID "','org':'" OTHER "','url':'https://a.b/','kinds':7," \
	"'format':'json','enabled':true,'secret':'s','notice':'','created_at':1,"           \
	"'updated_at':2,'cursor':3,'requeued':0"

static const char *const lines[] = {
    CONVERSATION,
    MESSAGE ",'files':[],'structure':[],'lead':0,'answer':[]}",
    MESSAGE
    ",'files':[{'id':'" ID
    "','name':'a','type':'image/png','bytes':7,'description':'A'},{'id':'" OTHER
    "','name':'','type':'','bytes':0,'description':''}],'structure':[],'lead':0,'answer':"
    "[]}",
    MESSAGE ",'author':'" ID "','author_name':'Ann','model':'m','first_token_ms':1,"
	    "'total_ms':2,'attempts':3,'rating':'down','comment':'no','estimated':5,'files':[],"
	    "'structure':[],'lead':0,'answer':[]}",
    MESSAGE ",'outcome':'no_answer','passages':[{'n':1,'kind':'chunk','source':'" ID
	    "','id':'" OTHER
	    "','index':3,'score':900,'title':'T','url':'https://a.example/x#y'},"
	    "{'n':0,'kind':'answer','source':'" ID "','id':'" OTHER
	    "','index':0,'score':1,'title':'','url':''}],'marks':[{'at':7,'n':1}],'files':[],'"
	    "structure':[],'lead':0,'answer':[]}",
    MESSAGE ",'author':'" ID "','author_name':'','model':'m','first_token_ms':1,'total_ms':2,"
	    "'attempts':3,'rating':'none','comment':'','estimated':0,'outcome':'whole',"
	    "'passages':[],'marks':[],'files':[],'structure':[],'lead':0,'answer':[]}",
    "{'kind':'client_id','conversation':'" ID "','seq':1,'client_id':'m:1\\'\xc3\xbc'}",
    LOGIN,
    "{'kind':'agent','id':'" ID "','org':'" OTHER "','name':'A','purpose':'P',"
    "'custom_instructions':'C','escalation_instructions':'E','restricted_topics':'R',"
    "'model':'M','temperature':2001,'max_output_tokens':1,'key_name':'K','enabled':true,"
    "'created_at':1,'updated_at':2,'handover_text':'H','waiting_text':'W',"
    "'no_return':true,'knowledge':'some','sources':'" ID " " OTHER
    "','not_found':'fixed','not_found_text':'N','reasoning_effort':'low','extra':'{}',"
    "'keep_thoughts':true,'fallbacks':'[]','closed_text':'X','tools':'" ID "'}",
    "{'kind':'source','id':'" ID "','org':'" OTHER "','name':'S','source_kind':'pushed',"
    "'url':'u','include':'i','exclude':'e','pages_max':7,'language':'de',"
    "'interval_minutes':9,'enabled':true,'created_at':1,'updated_at':2}",
    "{'kind':'source_page','id':'" ID "','org':'" OTHER "','source':'" ID
    "','url':'u','title':'T','state':'unread','reason':'scripts','detail':'d','language':'de',"
    "'type':'text/html','etag':'e','last_modified':'l','lastmod':3,'hash':'" TOKEN
    "','fetched_at':4,'changed_at':5,'next_at':6,'interval_s':7,'missing_since':8,'upload':'" ID
    "','chunks':2,'bytes':3,'created_at':1,'updated_at':2,"
    "'text':[{'heading':'H','anchor':'a','language':'de','text':'x','hash':'" TOKEN
    "'},{'heading':'','anchor':'','language':'','text':'yz','hash':'" TOKEN "'}]}",
    "{'kind':'answer','id':'" ID "','org':'" OTHER "','question':'Q','text':'A',"
    "'language':'de','published':true,'conversation':'" ID "','message':'" OTHER
    "','created_at':1,'updated_at':2}",
    "{'kind':'gap','id':'" ID "','org':'" OTHER "','agent':'" ID "','widget':'" OTHER
    "','conversation':'" ID "','question':'Q','state':'dismissed','answer':'" OTHER
    "','created_at':1,'updated_at':2}",
    "{'kind':'widget','id':'" ID "','org':'" OTHER "','agent':'" ID
    "','public_id':'wid_x','generation':3,'name':'W','greeting':'Hi',"
    "'primary_color':'#fff','text_color':'#000','position':'bottom_left',"
    "'contact_mode':'required','collects':7,'origins':'https://x','daily_cap':9,"
    "'enabled':false,'created_at':1,'updated_at':2,'retention_days':3,"
    "'budget_text':'B','settings':'{}','identity_secret':'" TOKEN "','hours':'{}'}",
    "{'kind':'org','id':'" ID "','name':'O','widget':'" OTHER
    "','created_at':1,'prices':'{}','read_until':7,'member_rights':2,'hours':'{}'}",
    OLD_USER ",'picture':'https://a.b/c','availability':'off','active_at':4,'away_at':5}",
    OLD_KEY ",'used_at':2}",
    OLD_WEBHOOK ",'old_secret':'o','old_until':9,'widget':'" ID "'}",
    "{'kind':'contact','id':'" ID "','org':'" OTHER "','name':'Z','email':'z@b',"
    "'phone':'+1','created_at':1,'updated_at':2,'user_id':'u','merging':'" ID "','merged':''}",
    OLD_INVITATION ",'mail':2,"
		   "'mail_error':'e'}",
    "{'kind':'file','id':'" ID "','org':'" OTHER "','owner':'" ID "','message':'" OTHER
    "','total':7,'received':7,'created_at':1,'due_at':0,'digest':'" TOKEN "','expected':'" TOKEN
    "','name':'a.txt','type':'text/plain','description':'A "
    "text','check':'ready','reason':'r','checking_at':3,'shown':'" ID "','small':'" OTHER
    "','width':4,'height':5}",
    "{'kind':'file_piece','file':'" ID "','offset':65536,'piece':'00ff'}",
    "{'kind':'responses','org':'" ID "','widget':'" OTHER "','times':'0102'}",
    "{'kind':'return','token':'" TOKEN "','use':'link','org':'" ID "','visitor':'" OTHER
    "','address':'" TOKEN "','created_at':1}",
    "{'kind':'address','org':'" ID "','address':'" TOKEN
    "','proved_at':1,'stopped_at':2,'failed_at':3,'mailed_at':4,'error':'e'}",
    "{'kind':'visitor','id':'" ID "','org':'" OTHER "','widget':'" ID
    "','generation':1,'token':'" TOKEN "','contact':'" OTHER "','used':true,'created_at':1,"
    "'proved':'" OTHER "'}",
    "{'kind':'tool','id':'" ID "','org':'" OTHER
    "','name':'t','description':'D','enabled':true,"
    "'method':'post','needs_identity':true,'url':'u','arguments':'{}','headers':'{}',"
    "'body':'b','secret':'s','result':'[]','timeout_ms':5,'created_at':1,'updated_at':2,"
    "'class':'confirm','idempotent':true,'confirmation':'C','approve_above':'{}',"
    "'mcp_tool':'m','mcp_pin':'" TOKEN "','mcp_version':'2025-11-25','mcp_changed':true,"
    "'mcp_token_url':'u','mcp_client':'c','mcp_scope':'s'}",
    "{'kind':'step','id':'" ID "','org':'" OTHER "','conversation':'" ID "','turn':'" ID
    "','tool':'" OTHER "','name':'t','state':'failed','round':1,'arguments':'a','result':'r',"
    "'status':404,'ms':7,'created_at':1,'class':'approve','text':'T','shown':'" TOKEN
    "','user_id':'u','expires_at':0,'decider':'operator','decided_by':'" ID
    "','decided_at':3,'due_at':0,'run':'" ID "','tries':1,'again':true,'answer':'" OTHER
    "','asked':2}",
};

static struct line line;
static struct message_json_error error;
static struct buf text, out;

FIXTURE(set_up)
{
	line_init(&line);
	buf_init(&text, LINE_MAX_BYTES);
	buf_init(&out, LINE_MAX_BYTES);
}

FIXTURE(tear_down)
{
	buf_clear(&text);
	buf_clear(&out);
	line_clear(&line);
}

/* JSON with " in place of '. */
static struct slice
json(const char *quoted)
{
	buf_reset(&text);
	for (; *quoted != '\0'; quoted++)
		assert_int_equal(buf_append(&text, *quoted == '\'' ? "\"" : quoted, 1), 0);
	return buf_slice(&text);
}

/* A line is parsed, and written again with the same bytes. */
FIXTURE_TEST(every_kind_survives_a_round_trip)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct slice in = json(lines[i]);

		if (line_read(&line, in, &error) == -1)
			fail_msg("%s: %s", lines[i], error.text);
		assert_int_equal(line.kind, LINE_RECORD);
		buf_reset(&out);
		assert_int_equal(line_write(&out, line.type, &line.request), 0);
		assert_int_equal(buf_append(&text, "\n", 1), 0);
		if (!slice_eq(buf_slice(&out), buf_slice(&text)))
			fail_msg("%s: %.*s", lines[i], (int)buf_len(&out),
			    (const char *)buf_data(&out));
	}
}

FIXTURE_TEST(a_record_says_what_its_line_says)
{
	struct msg_message_record record;
	char id[ID_TEXT_LEN + 1];

	assert_int_equal(line_read(&line, json(MESSAGE "}"), &error), 0);
	assert_int_equal(line.type, MSG_IMPORT_MESSAGE);
	assert_int_equal(line.request.import_message.seq, 9007199254740991);
	assert_int_equal(
	    record_decode(line.request.import_message.message, MSG_MESSAGE_RECORD, &record),
	    WIRE_OK);
	assert_int_equal(record.v, RECORD_VERSION);
	id_format(&record.id, id);
	assert_string_equal(id, OTHER);
	assert_int_equal(record.role, MESSAGE_ASSISTANT);
	assert_int_equal(record.status, MESSAGE_INTERRUPTED);
	assert_int_equal(record.prompt_tokens, UINT32_MAX);
}

/* Exports of an older banter do not have the fields that were added since. */
FIXTURE_TEST(added_fields_may_be_missing)
{
	struct msg_conversation_record record;
	struct msg_key_record key;
	struct msg_user_record user;
	struct msg_webhook_record webhook;

	assert_int_equal(line_read(&line, json(OLD_CONVERSATION "}"), &error), 0);
	assert_int_equal(record_decode(line.request.import_conversation.conversation,
			     MSG_CONVERSATION_RECORD, &record),
	    WIRE_OK);
	assert_int_equal(record.status, CONVERSATION_INTERRUPTED);
	assert_int_equal(record.state, STATE_OPEN);
	assert_int_equal(record.operator_name.len, 0);
	assert_int_equal(
	    line_read(&line,
		json(MESSAGE ",'files':[{'id':'" ID "','name':'a','type':'t','bytes':7}]}"),
		&error),
	    0);
	assert_int_equal(line_read(&line, json(OLD_KEY "}"), &error), 0);
	assert_int_equal(
	    record_decode(line.request.import_record.record, MSG_KEY_RECORD, &key), WIRE_OK);
	assert_int_equal(key.used_at, 0);
	assert_int_equal(line_read(&line, json(OLD_USER "}"), &error), 0);
	assert_int_equal(
	    record_decode(line.request.import_record.record, MSG_USER_RECORD, &user), WIRE_OK);
	assert_int_equal(user.read_until, 3);
	assert_int_equal(user.picture.len, 0);
	assert_int_equal(line_read(&line, json(OLD_WEBHOOK "}"), &error), 0);
	assert_int_equal(
	    record_decode(line.request.import_record.record, MSG_WEBHOOK_RECORD, &webhook),
	    WIRE_OK);
	assert_int_equal(webhook.old_secret.len, 0);
	assert_int_equal(line_read(&line, json(OLD_INVITATION "}"), &error), 0);
}

/* Writes the line of a message; returns line_write()'s result. */
static int
write_message(const struct msg_message_record *record)
{
	struct msg_import_message request = {.seq = 1};

	buf_reset(&text);
	assert_int_equal(record_encode(&text, MSG_MESSAGE_RECORD, record), 0);
	request.message = buf_slice(&text);
	return line_write(&out, MSG_IMPORT_MESSAGE, &request);
}

/* The longest text, in which each byte is escaped to six. */
FIXTURE_TEST(the_longest_message_fits)
{
	static uint8_t bytes[524288];
	struct msg_message_record record = {
	    .v = RECORD_VERSION, .text = {bytes, sizeof(bytes)}};
	struct msg_message_record back;

	memset(bytes, 1, sizeof(bytes));
	assert_int_equal(write_message(&record), 0);
	assert_int_equal(line_read(&line, buf_slice(&out), &error), 0);
	assert_int_equal(
	    record_decode(line.request.import_message.message, MSG_MESSAGE_RECORD, &back),
	    WIRE_OK);
	assert_true(slice_eq(back.text, record.text));
}

FIXTURE_TEST(unknown_enum_values_and_too_large_numbers_are_not_written)
{
	struct msg_message_record record = {.v = RECORD_VERSION, .status = MESSAGE_WAITING + 1};
	const struct msg_import_message invalid = {.seq = 1, .message = slice_str("no record")};

	assert_int_equal(write_message(&record), -1);
	record.status = MESSAGE_COMPLETE;
	record.created_at = UINT64_C(1) << 53;
	assert_int_equal(write_message(&record), -1);
	assert_int_equal(line_write(&out, MSG_IMPORT_MESSAGE, &invalid), -1);
}

FIXTURE_TEST(first_and_last_lines_are_read)
{
	assert_int_equal(line_write_head(&out), 0);
	assert_int_equal(line_read(&line, buf_slice(&out), &error), 0);
	assert_int_equal(line.kind, LINE_HEAD);
	buf_reset(&out);
	assert_int_equal(line_write_end(&out, 123456789012, "0123456789abcdef"), 0);
	assert_int_equal(line_read(&line, buf_slice(&out), &error), 0);
	assert_int_equal(line.kind, LINE_END);
	assert_int_equal(line.lines, 123456789012);
	assert_true(slice_eq_str(line.sum, "0123456789abcdef"));
	assert_int_equal(line_read(&line, json("{'kind':'banter','format':1}"), &error), 0);
	assert_int_equal(line_read(&line, json("{'kind':'end','lines':3}"), &error), 0);
	assert_int_equal(line.sum.len, 0);
}

/* A valid line with one part replaced, and the expected error. */
static const struct {
	const char *line, *from, *to, *why;
} broken[] = {
    {LOGIN, LOGIN, "", "invalid JSON"},
    {LOGIN, LOGIN, "nonsense", "invalid JSON"},
    {LOGIN, LOGIN, "[1]", "kind"},
    {LOGIN, LOGIN, "{}", "kind"},
    {LOGIN, "'login'", "5", "kind"},
    {LOGIN, "'login'", "'logout'", "unknown kind logout"},
    {LOGIN, "'login'", "'login\\u0000'", "unknown kind"},
    {LOGIN, "}", "}}", "invalid JSON"},
    {LOGIN, "'expires_at':8", "'created_at':8", "invalid JSON: duplicate"},
    {LOGIN, "'expires_at':8", "'when':8", "expires_at is missing"},
    {LOGIN, "'expires_at':8", "'expires_at':8,'more':1", "more is not a member"},
    {LOGIN, "'expires_at':8", "'expires_at':8,'v':1", "v is not a member"},
    {LOGIN, "'expires_at':8", "'expires_at':8,'login':{}", "login is not a member"},
    {LOGIN, "'expires_at':8", "'expires_at':-1", "expires_at must be a whole number"},
    {LOGIN, "'expires_at':8", "'expires_at':8.0", "expires_at must be a whole number"},
    {LOGIN, "'expires_at':8", "'expires_at':'8'", "expires_at must be a whole number"},
    {LOGIN, "'expires_at':8", "'expires_at':null", "expires_at must be a whole number"},
    {LOGIN, "'expires_at':8", "'expires_at':9007199254740992", "from 0 to"},
    {LOGIN, "'expires_at':8", "'expires_at':99999999999999999999", "invalid JSON"},
    {LOGIN, TOKEN, "0011", "token must be 64 digits"},
    {LOGIN, "00112233", "0011223G", "token must be 64 digits"},
    {LOGIN, "aabb", "AABB", "token must be 64 digits"},
    {LOGIN, ID, "01a20257", "org must be an id"},
    {LOGIN, "'" ID "'", "1", "org must be a string"},
    {MESSAGE "}", "assistant", "system", "role is not one of its allowed words"},
    {MESSAGE "}", "'assistant'", "1", "role is not one of its allowed words"},
    {MESSAGE "}", "assistant'", "assistant\\u0000'", "role is not one of its allowed words"},
    {MESSAGE "}", "interrupted", "running", "status is not one of its allowed words"},
    {MESSAGE "}", "4294967295", "4294967296", "prompt_tokens must be a whole number"},
    {MESSAGE "}", "'text':''", "'text':'\xff'", "invalid JSON"},
    {MESSAGE "}", "'text':''", "'text':'\\ud800'", "invalid JSON"},
    {MESSAGE "}", "'text':''", "'text':5", "text must be a string"},
    {CONVERSATION, "s\xc3\xbc\\'",
	"129 bytes, one too many: ......................................................."
	".................................................",
	"session must have at most 128 bytes"},
    /* The first and the last line. */
    {"{'kind':'banter','format':1}", "1", "3", "reads formats up to 2"},
    {"{'kind':'banter','format':1}", "1", "0", ""},
    {"{'kind':'banter','format':1}", "1", "'1'", ""},
    {"{'kind':'banter','format':1}", "1", "1,'x':1", ""},
    {"{'kind':'banter','format':1}", ",'format':1", "", ""},
    {"{'kind':'end','lines':1,'xxh3':'0'}", ",'lines':1", "", ""},
    {"{'kind':'end','lines':1,'xxh3':'0'}", "1", "-1", ""},
    {"{'kind':'end','lines':1,'xxh3':'0'}", ",'xxh3':'0'", "", "checksum"},
};

FIXTURE_TEST(an_invalid_line_gets_an_error_message)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		const char *valid = broken[i].line, *at = strstr(valid, broken[i].from);
		char changed[1024];

		assert_non_null(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - valid), valid,
		    broken[i].to, at + strlen(broken[i].from));
		if (line_read(&line, json(changed), &error) != -1)
			fail_msg("%s was accepted", changed);
		if (strstr(error.text, broken[i].why) == NULL)
			fail_msg("\"%s\" does not say: %s", error.text, broken[i].why);
	}
}

/* A file with these bytes, which the caller closes. */
static int
export_file(struct slice bytes)
{
	int fd = memfd_create("export", MFD_CLOEXEC);

	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Lines of up to 8 bytes. */
TEST(lines_come_one_by_one_up_to_the_end_or_an_error)
{
	static const struct {
		const char *text; /* NULL: reading fails */
		const char *lines[5];
		enum line_result end;
	} cases[] = {
	    {"one\n\nthree\nno break", {"one", "", "three", "no break"}, LINE_NONE},
	    {"12345678\n123456789\nafter\n", {"12345678"}, LINE_TOO_LONG},
	    {"123456789", {0}, LINE_TOO_LONG},
	    {NULL, {0}, LINE_FAILED},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = cases[i].text == NULL ? -1 : export_file(slice_str(cases[i].text));
		struct line_reader r;
		struct slice got;
		size_t n = 0;

		line_reader_init(&r, fd, 8);
		for (; cases[i].lines[n] != NULL; n++) {
			assert_int_equal(line_reader_next(&r, &got), LINE_READ);
			assert_true(slice_eq_str(got, cases[i].lines[n]));
		}
		assert_int_equal(r.number, n);
		assert_int_equal(line_reader_next(&r, &got), cases[i].end);
		if (cases[i].end == LINE_NONE)
			assert_int_equal(r.bytes, strlen(cases[i].text));
		line_reader_clear(&r);
		closefd(&fd);
	}
}

static bool
is_changed(struct slice bytes)
{
	int fd = export_file(bytes);
	bool changed = import_check_is_changed(fd);

	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	closefd(&fd);
	return changed;
}

/* Whether an import would report this last line, or miss it. */
static bool
is_rejected(struct slice last)
{
	return line_read(&line, last, &error) == -1 || line.kind != LINE_END || line.lines != 2;
}

/* Damage of the first line, the last line or its beginning may instead make them invalid. */
FIXTURE_TEST(every_changed_bit_of_an_export_is_found)
{
	struct file_sum sum;
	size_t last;

	assert_int_equal(line_write_head(&out), 0);
	assert_int_equal(buf_append_str(&out, LOGIN "\n"), 0);
	last = buf_len(&out);
	file_sum_init(&sum);
	file_sum_add(&sum, buf_data(&out), last);
	assert_int_equal(line_write_end(&out, 2, file_sum_text(&sum).s), 0);
	file_sum_clear(&sum);
	assert_false(is_changed(buf_slice(&out)));
	for (size_t bit = 0; bit < 8 * (buf_len(&out) - 1); bit++) {
		uint8_t bytes[4096];
		struct slice changed = {bytes, buf_len(&out)};

		memcpy(bytes, buf_data(&out), changed.len);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!is_changed(changed) && bit / 8 >= last &&
		    !is_rejected((struct slice){bytes + last, changed.len - last - 1}))
			fail_msg("bit %zu is not covered", bit);
		if (!is_changed(changed) && bit / 8 >= sizeof(HEAD) - 1 && bit / 8 < last - 1)
			fail_msg("bit %zu of a record is not covered", bit);
	}
}

TEST_MAIN(NULL, NULL)
