/*
 * Lines of an export: round trips, and error messages for invalid members.
 */
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/export/line.h"
#include "storaged/cli/export/line_reader.h"
#include "tests/unit/unit.h"

#define ID    "01a20257-1bd4-7000-bebb-6c4f273a864c"
#define OTHER "01a20257-1bd4-7000-bebb-6c4f273a864d"
#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

#define CONVERSATION                                                                          \
	"{\"kind\":\"conversation\",\"id\":\"" ID "\",\"org\":\"" OTHER "\",\"widget\":\"" ID \
	"\",\"session\":\"s\xc3\xbc\\\"\",\"created_at\":1,\"updated_at\":1795335592926,"     \
	"\"next_seq\":5,\"messages\":4,\"last_message\":\"\\u2028a\\nb\\\\\\u0000\","         \
	"\"contact\":\"" OTHER "\",\"state\":\"interrupted\"}"
#define MESSAGE                                                                           \
	"{\"kind\":\"message\",\"conversation\":\"" ID "\",\"seq\":9007199254740991,"     \
	"\"id\":\"" OTHER "\",\"role\":\"assistant\",\"status\":\"interrupted\","         \
	"\"created_at\":0,\"prompt_tokens\":4294967295,\"completion_tokens\":1,\"text\":" \
	"\"\"}"
#define CLIENT_ID                                                                      \
	"{\"kind\":\"client_id\",\"conversation\":\"" ID "\",\"seq\":1,\"client_id\":" \
	"\"m:1\\\"\xc3\xbc\"}"
#define LOGIN                                                                      \
	"{\"kind\":\"login\",\"token\":\"" TOKEN "\",\"org\":\"" ID                \
	"\",\"created_at\":7,\"expires_at\":8,\"id\":\"" OTHER "\",\"user\":\"" ID \
	"\",\"address\":\"192.0.2.7\",\"program\":\"Firefox\"}"
#define AGENT                                                                              \
	"{\"kind\":\"agent\",\"id\":\"" ID "\",\"org\":\"" OTHER                           \
	"\",\"name\":\"A\",\"purpose\":\"P\","                                             \
	"\"custom_instructions\":\"C\",\"escalation_instructions\":\"E\",\"restricted_"    \
	"topics\":\"R\","                                                                  \
	"\"model\":\"M\",\"temperature\":2001,\"max_output_tokens\":1,\"key_name\":\"K\"," \
	"\"enabled\":1,"                                                                   \
	"\"created_at\":1,\"updated_at\":2}"
#define WIDGET_LINE                                                                       \
	"{\"kind\":\"widget\",\"id\":\"" ID "\",\"org\":\"" OTHER "\",\"agent\":\"" ID    \
	"\",\"public_id\":\"wid_x\","                                                     \
	"\"generation\":3,\"name\":\"W\",\"greeting\":\"Hi\",\"primary_color\":\"#fff\"," \
	"\"text_color\":\"#000\","                                                        \
	"\"position\":\"bottom_left\",\"contact_mode\":\"required\",\"collects\":7,"      \
	"\"origins\":\"https://x\","                                                      \
	"\"daily_cap\":9,\"enabled\":0,\"created_at\":1,\"updated_at\":2}"
#define ORG_LINE                                                                 \
	"{\"kind\":\"org\",\"id\":\"" ID "\",\"name\":\"O\",\"widget\":\"" OTHER \
	"\",\"created_at\":1}"
#define USER_LINE                                               \
	"{\"kind\":\"user\",\"id\":\"" ID "\",\"org\":\"" OTHER \
	"\",\"email\":\"a@b\",\"name\":\"U\","                  \
	"\"role\":\"member\",\"password\":\"$x\",\"created_at\":1,\"updated_at\":2}"
#define KEY_LINE                                                                     \
	"{\"kind\":\"key\",\"id\":\"" ID "\",\"org\":\"" OTHER "\",\"key\":\"" TOKEN \
	"\",\"opens\":\"admin\","                                                    \
	"\"name\":\"K\",\"hint\":\"abcd\",\"created_at\":1}"
#define CONTACT_LINE                                               \
	"{\"kind\":\"contact\",\"id\":\"" ID "\",\"org\":\"" OTHER \
	"\",\"name\":\"Z\",\"email\":\"z@b\","                     \
	"\"phone\":\"+1\",\"created_at\":1,\"updated_at\":2}"
#define VISITOR_LINE                                                                     \
	"{\"kind\":\"visitor\",\"id\":\"" ID "\",\"org\":\"" OTHER "\",\"widget\":\"" ID \
	"\",\"generation\":1,"                                                           \
	"\"token\":\"" TOKEN "\",\"contact\":\"" OTHER "\",\"used\":1,\"created_at\":1}"
static struct id
id_of(const char *text)
{
	struct id id;

	assert_int_equal(id_parse(slice_str(text), &id), 0);
	return id;
}

/* A line is parsed, and written again with the same bytes. */
static void
expect_same(const char *text)
{
	struct message_json_error wrong = {""};
	struct line line;
	struct buf out;

	line_init(&line);
	buf_init(&out, LINE_MAX_BYTES);
	if (line_read(&line, slice_str(text), &wrong) == -1)
		fail_msg("%s: %s", text, wrong.text);
	assert_int_equal(line.kind, LINE_RECORD);
	assert_int_equal(line_write(&out, line.type, &line.request), 0);
	assert_int_equal(buf_len(&out), strlen(text) + 1);
	assert_memory_equal(buf_data(&out), text, strlen(text));
	assert_int_equal(buf_data(&out)[strlen(text)], '\n');
	buf_clear(&out);
	line_clear(&line);
}

TEST(every_kind_survives_a_round_trip)
{
	expect_same(CONVERSATION);
	expect_same(MESSAGE);
	expect_same(CLIENT_ID);
	expect_same(LOGIN);
	expect_same(AGENT);
	expect_same(WIDGET_LINE);
	expect_same(ORG_LINE);
	expect_same(USER_LINE);
	expect_same(KEY_LINE);
	expect_same(CONTACT_LINE);
	expect_same(VISITOR_LINE);
}

TEST(a_record_says_what_its_line_says)
{
	struct msg_message_record record;
	struct message_json_error wrong;
	struct line line;
	struct id id = id_of(OTHER);

	line_init(&line);
	assert_int_equal(line_read(&line, slice_str(MESSAGE), &wrong), 0);
	assert_int_equal(line.type, MSG_IMPORT_MESSAGE);
	assert_int_equal(line.request.import_message.seq, 9007199254740991);
	assert_int_equal(
	    record_decode(line.request.import_message.message, MSG_MESSAGE_RECORD, &record),
	    WIRE_OK);
	assert_int_equal(record.v, RECORD_VERSION);
	assert_true(id_equal(&record.id, &id));
	assert_int_equal(record.role, MESSAGE_ASSISTANT);
	assert_int_equal(record.status, MESSAGE_INTERRUPTED);
	assert_int_equal(record.prompt_tokens, UINT32_MAX);
	line_clear(&line);
}

/* The longest text, in which each byte is escaped to six. */
TEST(the_longest_message_fits)
{
	static uint8_t text[524288];
	struct msg_message_record record = {.v = RECORD_VERSION, .text = {text, sizeof(text)}};
	struct msg_import_message request = {.seq = 1};
	struct msg_message_record back;
	struct message_json_error wrong;
	struct line line;
	struct buf bytes, out;

	memset(text, 1, sizeof(text));
	buf_init(&bytes, WIRE_FRAME_MAX);
	buf_init(&out, LINE_MAX_BYTES);
	line_init(&line);
	assert_int_equal(record_encode(&bytes, MSG_MESSAGE_RECORD, &record), 0);
	request.message = buf_slice(&bytes);
	assert_int_equal(line_write(&out, MSG_IMPORT_MESSAGE, &request), 0);
	assert_int_equal(line_read(&line, buf_slice(&out), &wrong), 0);
	assert_int_equal(
	    record_decode(line.request.import_message.message, MSG_MESSAGE_RECORD, &back),
	    WIRE_OK);
	assert_true(slice_eq(back.text, record.text));
	line_clear(&line);
	buf_clear(&out);
	buf_clear(&bytes);
}

TEST(unknown_enum_values_and_too_large_numbers_are_not_written)
{
	struct msg_message_record record = {.v = RECORD_VERSION, .status = 3};
	struct msg_import_message request = {.seq = 1};
	struct buf bytes, out;

	buf_init(&bytes, 4096);
	buf_init(&out, 4096);
	assert_int_equal(record_encode(&bytes, MSG_MESSAGE_RECORD, &record), 0);
	request.message = buf_slice(&bytes);
	assert_int_equal(line_write(&out, MSG_IMPORT_MESSAGE, &request), -1);

	record.status = MESSAGE_COMPLETE;
	record.created_at = UINT64_C(1) << 53;
	buf_reset(&bytes);
	assert_int_equal(record_encode(&bytes, MSG_MESSAGE_RECORD, &record), 0);
	request.message = buf_slice(&bytes);
	assert_int_equal(line_write(&out, MSG_IMPORT_MESSAGE, &request), -1);

	request.message = slice_str("no record");
	assert_int_equal(line_write(&out, MSG_IMPORT_MESSAGE, &request), -1);
	buf_clear(&bytes);
	buf_clear(&out);
}

TEST(first_and_last_lines_are_read)
{
	struct message_json_error wrong;
	struct line line;
	struct buf out;

	line_init(&line);
	buf_init(&out, 4096);
	assert_int_equal(line_write_head(&out), 0);
	assert_int_equal(line_read(&line, buf_slice(&out), &wrong), 0);
	assert_int_equal(line.kind, LINE_HEAD);
	buf_reset(&out);
	assert_int_equal(line_write_end(&out, 123456789012), 0);
	assert_int_equal(line_read(&line, buf_slice(&out), &wrong), 0);
	assert_int_equal(line.kind, LINE_END);
	assert_int_equal(line.lines, 123456789012);
	buf_clear(&out);
	line_clear(&line);
}

/* A valid line with one part replaced, and the expected error. */
static const struct {
	const char *line, *from, *to, *why;
} broken[] = {
    {LOGIN, LOGIN, "", "invalid JSON"},
    {LOGIN, LOGIN, "nonsense", "invalid JSON"},
    {LOGIN, LOGIN, "[1]", "kind"},
    {LOGIN, LOGIN, "{}", "kind"},
    {LOGIN, "\"login\"", "5", "kind"},
    {LOGIN, "\"login\"", "\"logout\"", "unknown kind logout"},
    {LOGIN, "\"login\"", "\"login\\u0000\"", "unknown kind"},
    {LOGIN, "}", "}}", "invalid JSON"},
    {LOGIN, "\"expires_at\":8", "\"created_at\":8", "invalid JSON: duplicate"},
    {LOGIN, "\"expires_at\":8", "\"when\":8", "expires_at is missing"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":8,\"more\":1", "more is not a member"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":8,\"v\":1", "v is not a member"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":8,\"login\":{}", "login is not a member"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":-1", "expires_at must be a whole number"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":8.0", "expires_at must be a whole number"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":\"8\"", "expires_at must be a whole number"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":null", "expires_at must be a whole number"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":9007199254740992", "from 0 to"},
    {LOGIN, "\"expires_at\":8", "\"expires_at\":99999999999999999999", "invalid JSON"},
    {LOGIN, TOKEN, "0011", "token must be 64 digits"},
    {LOGIN, "00112233", "0011223G", "token must be 64 digits"},
    {LOGIN, "aabb", "AABB", "token must be 64 digits"},
    {LOGIN, ID, "01a20257", "org must be an id"},
    {LOGIN, "\"" ID "\"", "1", "org must be a string"},
    {MESSAGE, "assistant", "system", "role is not one of its allowed words"},
    {MESSAGE, "\"assistant\"", "1", "role is not one of its allowed words"},
    {MESSAGE, "assistant\"", "assistant\\u0000\"", "role is not one of its allowed words"},
    {MESSAGE, "interrupted", "running", "status is not one of its allowed words"},
    {MESSAGE, "4294967295", "4294967296", "prompt_tokens must be a whole number"},
    {MESSAGE, "\"text\":\"\"", "\"text\":\"\xff\"", "invalid JSON"},
    {MESSAGE, "\"text\":\"\"", "\"text\":\"\\ud800\"", "invalid JSON"},
    {MESSAGE, "\"text\":\"\"", "\"text\":5", "text must be a string"},
};

/* line with its first `from` replaced by `to`. */
static void
replace(struct buf *out, const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from);

	assert_non_null(at);
	buf_reset(out);
	assert_int_equal(buf_append(out, line, (size_t)(at - line)), 0);
	assert_int_equal(buf_append_str(out, to), 0);
	assert_int_equal(buf_append_str(out, at + strlen(from)), 0);
}

TEST(an_invalid_line_gets_an_error_message)
{
	struct line line;
	struct buf text;

	line_init(&line);
	buf_init(&text, LINE_MAX_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct message_json_error wrong = {""};

		replace(&text, broken[i].line, broken[i].from, broken[i].to);
		if (line_read(&line, buf_slice(&text), &wrong) != -1)
			fail_msg("%.*s was taken", (int)buf_len(&text), buf_data(&text));
		if (strstr(wrong.text, broken[i].why) == NULL)
			fail_msg("\"%s\" does not say: %s", wrong.text, broken[i].why);
	}
	/* A session of 129 bytes, one too many. */
	replace(&text, CONVERSATION, "s\xc3\xbc\\\"",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	{
		struct message_json_error wrong = {""};

		assert_int_equal(line_read(&line, buf_slice(&text), &wrong), -1);
		assert_non_null(strstr(wrong.text, "session must have at most 128 bytes"));
	}
	buf_clear(&text);
	line_clear(&line);
}

TEST(another_format_is_refused)
{
	static const char *const heads[] = {"{\"kind\":\"banter\",\"format\":2}",
	    "{\"kind\":\"banter\",\"format\":0}", "{\"kind\":\"banter\"}",
	    "{\"kind\":\"banter\",\"format\":\"1\"}",
	    "{\"kind\":\"banter\",\"format\":1,\"x\":1}", "{\"kind\":\"end\"}",
	    "{\"kind\":\"end\",\"lines\":-1}"};
	struct message_json_error wrong;
	struct line line;

	line_init(&line);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		assert_int_equal(line_read(&line, slice_str(heads[i]), &wrong), -1);
	line_clear(&line);
}

/* A reader of a pipe with this text and EOF after it. */
static int
pipe_with(const char *text)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	closefd(&ends[1]);
	return ends[0];
}

static void
expect_line(struct line_reader *r, const char *text)
{
	struct slice line;

	assert_int_equal(line_reader_next(r, &line), LINE_READ);
	assert_int_equal(line.len, strlen(text));
	assert_memory_equal(line.p, text, line.len);
}

TEST(lines_come_one_by_one)
{
	struct line_reader r;
	struct slice line;
	int fd = pipe_with("one\n\nthree\nno break");

	line_reader_init(&r, fd, 8);
	expect_line(&r, "one");
	expect_line(&r, "");
	expect_line(&r, "three");
	expect_line(&r, "no break");
	assert_int_equal(r.number, 4);
	assert_int_equal(r.bytes, 19);
	assert_int_equal(line_reader_next(&r, &line), LINE_NONE);
	line_reader_clear(&r);
	closefd(&fd);
}

TEST(a_line_over_the_limit_ends_the_reading)
{
	struct line_reader r;
	struct slice line;
	int fd = pipe_with("12345678\n123456789\nafter\n");

	line_reader_init(&r, fd, 8);
	expect_line(&r, "12345678");
	assert_int_equal(line_reader_next(&r, &line), LINE_TOO_LONG);
	line_reader_clear(&r);
	closefd(&fd);

	fd = pipe_with("123456789");
	line_reader_init(&r, fd, 8);
	assert_int_equal(line_reader_next(&r, &line), LINE_TOO_LONG);
	line_reader_clear(&r);
	closefd(&fd);
}

TEST(a_read_error_differs_from_the_end)
{
	struct line_reader r;
	struct slice line;

	line_reader_init(&r, -1, 8);
	assert_int_equal(line_reader_next(&r, &line), LINE_FAILED);
	line_reader_clear(&r);
}

TEST_MAIN(NULL, NULL)
