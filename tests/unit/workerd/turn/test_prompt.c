/*
 * The request to the model for an agent, and the server that it is sent to.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

#include "proto/base/json_escape.h"
#include "workerd/turn/prompt.h"

#define QUESTION_MAX (512 * 1024)

static const struct prompt_defaults settings = {
    .model = "usual", .system_prompt = " Be of help.\n", .max_completion_tokens = 90};

/* The start of the request for an agent's record (NULL: none); NUL-terminated, freed by the
 * caller. */
static struct buf
question(const struct msg_agent_record *record, const struct prompt_defaults *defaults)
{
	struct prompt *a = record == NULL ? prompt_new((struct slice){}) : prompt_copy(record);
	struct buf body;

	buf_init(&body, QUESTION_MAX);
	assert_int_equal(prompt_write(a, defaults, false, &body), 0);
	assert_int_equal(buf_append(&body, "", 1), 0);
	free(a);
	return body;
}

static void
assert_has(const struct buf *body, const char *part)
{
	if (strstr((const char *)buf_data(body), part) == NULL)
		fail_msg("%s is not in %s", part, (const char *)buf_data(body));
}

/* The system prompt, which is the last that the beginning has, is exactly this. */
static void
assert_prompt(const struct msg_agent_record *record, const char *want)
{
	struct buf body = question(record, &settings), end;
	size_t len;

	buf_init(&end, QUESTION_MAX);
	assert_int_equal(buf_append_str(&end, "{\"role\":\"system\",\"content\":\""), 0);
	assert_int_equal(json_escape(&end, slice_str(want)), 0);
	assert_int_equal(buf_append_str(&end, "\"}"), 0);
	assert_int_equal(buf_append(&end, "", 1), 0);
	len = buf_len(&end);
	if (buf_len(&body) < len ||
	    memcmp(buf_data(&body) + buf_len(&body) - len, buf_data(&end), len) != 0)
		fail_msg("%s\ndoes not end with\n%s", (const char *)buf_data(&body),
		    (const char *)buf_data(&end));
	buf_clear(&end);
	buf_clear(&body);
}

TEST(the_prompt_has_what_is_not_empty)
{
	static const struct {
		const char *purpose, *custom, *escalation, *topics, *want;
	} cases[] = {
	    {"", "", "", "", " Be of help.\n"},
	    {" \n", " ", "\t", "\n", " Be of help.\n"},
	    {" Be of help.\n", "", "", "", " Be of help.\n"},
	    {"Sell tea. ", "", "", "", "Sell tea. "},
	    {"Sell tea.", "Be brief.", "Give 555 1234.", "Coffee.",
		"Sell tea.\n\n## Instructions\n\nBe brief.\n\n## When to hand over to a "
		"person\n\nGive 555 1234.\n\n## Topics to stay away from\n\nCoffee."},
	    {"Sell tea.", " \n", "Give 555 1234.", "",
		"Sell tea.\n\n## When to hand over to a person\n\nGive 555 1234."},
	    {"", "", "", "\n- Coffee\n- \"Milk\"\n",
		" Be of help.\n\n\n## Topics to stay away from\n\n- Coffee\n- \"Milk\""},
	    {"Tee \xf0\x9f\x8d\xb5", "\xc3\xbc\\", "", "",
		"Tee \xf0\x9f\x8d\xb5\n\n## Instructions\n\n\xc3\xbc\\"},
	};

	assert_prompt(NULL, " Be of help.\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct msg_agent_record record = {
		    .v = RECORD_VERSION,
		    .purpose = slice_str(cases[i].purpose),
		    .custom_instructions = slice_str(cases[i].custom),
		    .escalation_instructions = slice_str(cases[i].escalation),
		    .restricted_topics = slice_str(cases[i].topics),
		};

		assert_prompt(&record, cases[i].want);
	}
}

TEST(what_an_agent_does_not_say_the_settings_do)
{
	static const struct prompt_defaults warm = {
	    .model = "usual", .system_prompt = "p", .temperature = {true, 700}};
	struct msg_agent_record record = {.v = RECORD_VERSION};
	struct buf body;

	body = question(&record, &settings);
	assert_has(&body, "{\"model\":\"usual\",");
	assert_has(&body, "\"max_completion_tokens\":90,");
	assert_null(strstr((const char *)buf_data(&body), "temperature"));
	buf_clear(&body);
	body = question(&record, &warm);
	assert_has(&body, "\"temperature\":0.700,");
	assert_null(strstr((const char *)buf_data(&body), "max_completion_tokens"));
	buf_clear(&body);
	record.model = slice_str("big");
	record.temperature = 1;
	record.max_output_tokens = 7;
	body = question(&record, &warm);
	assert_has(&body, "{\"model\":\"big\",");
	assert_has(&body, "\"max_completion_tokens\":7,");
	assert_has(&body, "\"temperature\":0.000,");
	buf_clear(&body);
}

/* The longest texts that messages.def takes, behind the longest SYSTEM_PROMPT. */
TEST(the_longest_agent_is_asked)
{
	static char prompt[65536 + 1], text[24000];
	struct prompt_defaults defaults = settings;
	struct slice all = {(const uint8_t *)text, sizeof(text)}, half = {all.p, 12000};
	const struct msg_agent_record record = {
	    .v = RECORD_VERSION,
	    .custom_instructions = all,
	    .escalation_instructions = half,
	    .restricted_topics = half,
	};
	struct buf body;

	memset(prompt, 'p', sizeof(prompt) - 1);
	memset(text, 't', sizeof(text));
	defaults.system_prompt = prompt;
	body = question(&record, &defaults);
	assert_true(buf_len(&body) > sizeof(prompt) + 48000);
	buf_clear(&body);
}

/* Adds a model server that does not answer; returns its listening socket. A host in digits is
 * asked without libcurl. */
static int
add_server(
    struct stage *s, const char *name, const char *host, const char *key, unsigned failures)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = listen_on((const struct sockaddr *)&in, sizeof(in));
	socklen_t len = sizeof(in);
	char url[64];
	struct upstream_config config = {.base = s->base,
	    .board = &s->board,
	    .name = name,
	    .url = url,
	    .key = key,
	    .connect_ms = 10000,
	    .first_byte_ms = 60000,
	    .idle_ms = 60000,
	    .rest_ms = 60000,
	    .breaker_failures = failures,
	    .breaker_open_ms = 60000};

	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	snprintf(
	    url, sizeof(url), "http://%s:%u/v1/chat/completions", host, ntohs(in.sin_port));
	model_servers_add(&s->turns.servers, &config);
	return fd;
}

/* Begins a turn of e whose agent names this server; returns its ids. */
static struct turn_ids
begin_with(struct stage *s, struct recorder *e, const char *server)
{
	const struct msg_agent_record record = {
	    .v = RECORD_VERSION, .model = slice_str("big"), .key_name = slice_str(server)};
	struct msg_turn_begun begun;
	uint64_t request;
	struct buf agent;
	union msg m;

	recorder_begin(s, e, NULL);
	if (s->store.fd == -1)
		store_accept(s);
	request = store_expect(s, MSG_TURN_BEGIN, &m);
	buf_init(&agent, WIRE_FRAME_MAX);
	assert_int_equal(record_encode(&agent, MSG_AGENT_RECORD, &record), 0);
	begun = (struct msg_turn_begun){.conversation = m.turn_begin.conversation,
	    .turn = m.turn_begin.turn,
	    .agent = buf_slice(&agent)};
	store_answer(s, request, MSG_TURN_BEGUN, &begun);
	buf_clear(&agent);
	return (struct turn_ids){.conversation = begun.conversation, .message = begun.turn};
}

/* Waits for the question at a server; head (4096 bytes) gets its start. */
static void
expect_question_at(struct stage *s, int listener, char *head)
{
	ssize_t n = 0;

	closefd(&s->model);
	s->model = stage_accept(s, listener);
	STAGE_UNTIL(s, (n = recv(s->model, head, 4095, 0)) > 0);
	head[n] = '\0';
}

STAGE_TEST(an_agent_is_asked_on_its_server_with_its_key)
{
	struct stage *s = *state;
	int big = add_server(s, "big", "127.0.0.1", "sk-of-big", 0);
	struct recorder e;
	char head[4096];

	begin_with(s, &e, "big");
	expect_question_at(s, big, head);
	assert_non_null(strstr(head, "POST /v1/chat/completions"));
	assert_non_null(strstr(head, "Authorization: Bearer sk-of-big\r\n"));
	model_answer(s);
	model_say(s, "hi");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "hi");
	expect_done(s, &e, MESSAGE_COMPLETE, "hi");
	recorder_clear(&e);
	/* Without a name it is the settings' own, to which no key was given. */
	begin_with(s, &e, "");
	expect_question_at(s, s->model_listener, head);
	assert_null(strstr(head, "Authorization"));
	model_answer(s);
	model_say(s, "ho");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "ho");
	expect_done(s, &e, MESSAGE_COMPLETE, "ho");
	recorder_clear(&e);
	closefd(&big);
}

STAGE_TEST(a_server_that_is_gone_from_the_settings_is_unavailable)
{
	struct stage *s = *state;
	struct recorder e;

	begin_with(s, &e, "gone");
	store_take_finish(s, MESSAGE_INTERRUPTED, "");
	expect_failure(s, &e, TURN_MODEL_UNAVAILABLE);
	assert_int_equal(s->board.model_requests, 0);
	recorder_clear(&e);
}

STAGE_TEST(a_server_that_fails_is_left_alone_and_no_other)
{
	struct stage *s = *state;
	int big = add_server(s, "big", "127.0.0.1", NULL, 1);
	struct recorder e;
	char head[4096];

	begin_with(s, &e, "big");
	expect_question_at(s, big, head);
	model_send(
	    s, "HTTP/1.1 504 Gateway Timeout\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
	store_take_finish(s, MESSAGE_INTERRUPTED, "");
	expect_failure(s, &e, TURN_MODEL_SLOW);
	recorder_clear(&e);
	assert_int_equal(s->board.breaker_open, 1);
	begin_with(s, &e, "big");
	store_take_finish(s, MESSAGE_INTERRUPTED, "");
	expect_failure(s, &e, TURN_MODEL_UNAVAILABLE);
	recorder_clear(&e);
	begin_with(s, &e, "");
	model_expect(s);
	model_answer(s);
	model_say(s, "here");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "here");
	expect_done(s, &e, MESSAGE_COMPLETE, "here");
	recorder_clear(&e);
	assert_int_equal(s->board.breaker_open, 1);
	assert_int_equal(s->board.breaker_refusals, 1);
	closefd(&big);
}

/* All of them open and close connections, two through libcurl: descriptor numbers are reused. */
STAGE_TEST(servers_have_descriptors_in_turn)
{
	static const char *const names[] = {"", "one", "two"};
	struct stage *s = *state;
	int listeners[] = {s->model_listener, add_server(s, "one", "localhost", NULL, 0),
	    add_server(s, "two", "localhost", NULL, 0)};

	for (size_t i = 0; i < 30; i++) {
		struct recorder e;
		char head[4096];

		begin_with(s, &e, names[i % 3]);
		expect_question_at(s, listeners[i % 3], head);
		model_answer(s);
		model_say(s, "x");
		model_end(s);
		closefd(&s->model);
		store_take_finish(s, MESSAGE_COMPLETE, "x");
		expect_done(s, &e, MESSAGE_COMPLETE, "x");
		recorder_clear(&e);
	}
	closefd(&listeners[1]);
	closefd(&listeners[2]);
}

STAGE_TEST(each_refusal_of_a_visitor_is_told)
{
	static const struct {
		enum store_error code;
		enum turn_failure failure;
		enum metric_turn metric;
	} cases[] = {
	    {STORE_GONE, TURN_VISITOR_GONE, METRIC_TURN_GONE},
	    {STORE_CONTACT_REQUIRED, TURN_CONTACT_REQUIRED, METRIC_TURN_CONTACT_REQUIRED},
	    {STORE_CAPPED, TURN_CAPPED, METRIC_TURN_CAPPED},
	    {STORE_DISABLED, TURN_AGENT_DISABLED, METRIC_TURN_AGENT_DISABLED},
	};
	struct stage *s = *state;
	struct hash256 visitor;
	struct turn_request request = {
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("~visitor"),
	    .text = slice_str("hello"),
	    .visitor = &visitor,
	};

	memset(&visitor, 7, sizeof(visitor));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct recorder e = recorder_new();
		uint64_t asked;
		union msg m;

		e.listener = turn_begin(&s->turns, &request, &recorder_sink, &e);
		assert_non_null(e.listener);
		if (s->store.fd == -1)
			store_accept(s);
		asked = store_expect(s, MSG_TURN_BEGIN, &m);
		assert_memory_equal(&m.turn_begin.visitor, &visitor, sizeof(visitor));
		store_refuse(s, asked, cases[i].code);
		expect_failure(s, &e, cases[i].failure);
		assert_int_equal(s->board.turns[cases[i].metric], 1);
		recorder_clear(&e);
	}
	assert_int_equal(s->board.model_requests, 0);
}

TEST_MAIN(NULL, NULL)
