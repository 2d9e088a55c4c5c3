/*
 * Trying an agent: a turn like any other for the model, unknown to storaged.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

#define TRIALS_MAX 32 /* of turn_trial.c */

static void
talk_add(struct buf *talk, enum message_role role, const char *text)
{
	const struct msg_message_record message = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .role = (uint8_t)role,
	    .text = slice_str(text)};
	struct buf record;

	buf_init(&record, WIRE_FRAME_MAX);
	assert_int_equal(record_encode(&record, MSG_MESSAGE_RECORD, &message), 0);
	assert_int_equal(wire_list_add(talk, buf_slice(&record)), 0);
	buf_clear(&record);
}

/* What is given is forgotten before the model is asked. */
static void
recorder_try(struct stage *s, struct recorder *e, const char *server)
{
	char purpose[] = "Sell tea.";
	struct msg_agent_record agent = {
	    .v = RECORD_VERSION, .purpose = slice_str(purpose), .key_name = slice_str(server)};
	struct turn_trial trial = {.agent = &agent, .name = slice_str("admin-1")};
	struct buf talk;

	buf_init(&talk, WIRE_FRAME_MAX);
	talk_add(&talk, MESSAGE_USER, "first");
	talk_add(&talk, MESSAGE_ASSISTANT, "second");
	talk_add(&talk, MESSAGE_USER, "third");
	trial.messages = buf_slice(&talk);
	*e = recorder_new();
	e->listener = turn_try(&s->turns, &trial, &recorder_sink, e);
	buf_wipe(&talk);
	memset(purpose, 0, sizeof(purpose));
}

/* A trial whose answer has begun to come. */
static void
stage_try(struct stage *s, struct recorder *e)
{
	if (s->store.fd == -1)
		store_accept(s);
	recorder_try(s, e, "");
	assert_non_null(e->listener);
	model_expect(s);
	model_answer(s);
	STAGE_UNTIL(s, e->starts == 1);
}

/* The model has closed its side as well: it is gone, counted as one trial, and the store has not heard
 * of it. */
static void
expect_over(struct stage *s)
{
	closefd(&s->model);
	STAGE_UNTIL(s, s->board.turns_running == 0);
	assert_int_equal(s->board.turns[METRIC_TURN_TRIAL], 1);
	for (size_t i = 0; i < METRIC_TURN_N; i++)
		assert_true(i == METRIC_TURN_TRIAL || s->board.turns[i] == 0);
	assert_int_equal(s->turns.trials, 0);
	assert_int_equal(turn_service_running(&s->turns), 0);
	store_expect_nothing(s);
}

STAGE_TEST(the_answer_is_streamed_and_not_stored)
{
	struct stage *s = *state;
	struct recorder e;

	stage_try(s, &e);
	model_say(s, " one");
	STAGE_UNTIL(s, e.tokens == 1);
	model_say(s, " two ");
	model_send(s,
	    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
	    "\"completion_tokens\":2}}\n\n");
	model_end(s);
	expect_done(s, &e, MESSAGE_COMPLETE, "one two");
	expect_text(&e.text, "one two ");
	assert_int_equal(e.reply.prompt_tokens, 5);
	assert_int_equal(s->board.tokens[METRIC_TOKENS_COMPLETION], 2);
	expect_over(s);
	recorder_clear(&e);
}

/* The agent as it was given, and the whole talk, oldest first. */
STAGE_TEST(the_model_is_asked_what_was_given)
{
	struct stage *s = *state;
	struct recorder e;
	char question[8192];
	size_t len = 0;

	recorder_try(s, &e, "");
	s->model = stage_accept(s, s->model_listener);
	do {
		ssize_t n = 0;

		STAGE_UNTIL(
		    s, (n = recv(s->model, question + len, sizeof(question) - 1 - len, 0)) > 0);
		len += (size_t)n;
		question[len] = '\0';
	} while (strstr(question, "]}") == NULL);
	assert_non_null(strstr(question,
	    "\"messages\":[{\"role\":\"system\",\"content\":\"Sell tea.\"},"
	    "{\"role\":\"user\",\"content\":\"first\"},"
	    "{\"role\":\"assistant\",\"content\":\"second\"},"
	    "{\"role\":\"user\",\"content\":\"third\"}]}"));
	recorder_clear(&e);
	STAGE_UNTIL(s, s->board.turns_running == 0);
}

STAGE_TEST(a_long_answer_is_not_kept_on_its_way)
{
	struct stage *s = *state;
	char words[1001];
	struct recorder e;

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	stage_try(s, &e);
	for (int i = 0; i < 20; i++)
		model_say(s, words);
	STAGE_UNTIL(s, buf_len(&e.text) == 20000);
	/* Nor claimed on a new line to the store. */
	store_accept(s);
	store_expect_nothing(s);
	model_end(s);
	STAGE_UNTIL(s, e.ends == 1);
	assert_true(e.done);
	expect_over(s);
	recorder_clear(&e);
}

STAGE_TEST(a_refusal_is_asked_again_and_then_told)
{
	struct stage *s = *state;
	struct recorder e;

	store_accept(s);
	recorder_try(s, &e, "");
	for (int attempt = 0; attempt < 3; attempt++) {
		model_expect(s);
		model_send(s, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
	}
	expect_failure(s, &e, TURN_MODEL_DOWN);
	assert_int_equal(s->board.model_requests, 3);
	expect_over(s);
	recorder_clear(&e);
}

STAGE_TEST(an_answer_that_breaks_off_or_is_none_fails)
{
	static const char *const last_words[] = {
	    "", "data: nonsense\n\n", "data: {\"error\":{\"message\":\"no\"}}\n\n"};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(last_words); i++) {
		struct recorder e;

		s->board.turns[METRIC_TURN_TRIAL] = 0;
		stage_try(s, &e);
		model_say(s, "half");
		STAGE_UNTIL(s, e.tokens == 1);
		model_send(s, last_words[i]);
		closefd(&s->model);
		expect_failure(s, &e, TURN_MODEL_DOWN);
		expect_over(s);
		recorder_clear(&e);
	}
}

STAGE_TEST(an_answer_without_end_is_too_long)
{
	struct stage *s = *state;
	struct recorder e;
	char *words = malloc(65536);

	assert_non_null(words);
	memset(words, 'w', 65535);
	words[65535] = '\0';
	stage_try(s, &e);
	for (int i = 0; i < 9 && e.ends == 0; i++) {
		size_t sent = 0;

		model_send(s, "data: {\"choices\":[{\"delta\":{\"content\":\"");
		while (sent < 65535 && e.ends == 0) {
			ssize_t n = send(s->model, words + sent, 65535 - sent, MSG_NOSIGNAL);

			if (n > 0)
				sent += (size_t)n;
			stage_turn(s);
		}
		(void)!send(s->model, "\"}}]}\n\n", 7, MSG_NOSIGNAL);
		stage_turn(s);
	}
	free(words);
	expect_failure(s, &e, TURN_TOO_LONG);
	expect_over(s);
	recorder_clear(&e);
}

STAGE_TEST(a_server_that_is_not_there_is_unavailable)
{
	struct stage *s = *state;
	struct recorder e;

	store_accept(s);
	recorder_try(s, &e, "gone");
	/* Not from within turn_try(). */
	assert_int_equal(e.ends, 0);
	expect_failure(s, &e, TURN_MODEL_UNAVAILABLE);
	expect_over(s);
	recorder_clear(&e);
}

STAGE_TEST(whoever_leaves_ends_it)
{
	struct stage *s = *state;
	struct recorder e;

	stage_try(s, &e);
	model_say(s, "half");
	STAGE_UNTIL(s, e.tokens == 1);
	recorder_leave(&e);
	STAGE_UNTIL(s, model_is_left(s));
	expect_over(s);
	recorder_clear(&e);
}

STAGE_TEST(whoever_leaves_before_it_is_asked_saves_the_question)
{
	struct stage *s = *state;
	struct recorder e;

	store_accept(s);
	recorder_try(s, &e, "");
	recorder_leave(&e);
	expect_over(s);
	assert_int_equal(s->board.model_requests, 0);
	recorder_clear(&e);
}

/* Its sink leaves from within a call, as when the client's connection has broken. */
STAGE_TEST(whoever_leaves_while_being_told_ends_it)
{
	static const enum recorder_call calls[] = {AT_START, AT_TOKEN};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct recorder e;

		s->board.turns[METRIC_TURN_TRIAL] = 0;
		if (s->store.fd == -1)
			store_accept(s);
		recorder_try(s, &e, "");
		e.drops = &e;
		e.drops_at = calls[i];
		model_expect(s);
		model_answer(s);
		model_say(s, "one");
		model_say(s, "two");
		STAGE_UNTIL(s, model_is_left(s));
		assert_true(e.tokens <= 1 && e.ends == 0);
		expect_over(s);
		recorder_clear(&e);
	}
}

STAGE_TEST(there_are_only_so_many_at_a_time)
{
	struct stage *s = *state;
	struct recorder ears[TRIALS_MAX], more;

	for (size_t i = 0; i < TRIALS_MAX; i++) {
		recorder_try(s, &ears[i], "");
		assert_non_null(ears[i].listener);
	}
	recorder_try(s, &more, "");
	assert_null(more.listener);
	recorder_clear(&ears[0]);
	STAGE_UNTIL(s, s->turns.trials == TRIALS_MAX - 1);
	recorder_clear(&more);
	recorder_try(s, &more, "");
	assert_non_null(more.listener);
	recorder_clear(&more);
	for (size_t i = 1; i < TRIALS_MAX; i++)
		recorder_clear(&ears[i]);
	STAGE_UNTIL(s, s->board.turns_running == 0);
}

STAGE_TEST(a_drain_cuts_it)
{
	struct stage *s = *state;
	struct recorder e;

	stage_try(s, &e);
	turn_service_interrupt(&s->turns);
	expect_failure(s, &e, TURN_SHUTDOWN);
	expect_over(s);
	recorder_clear(&e);
}

/* The process ends while one runs: the teardown finds nothing that is left. */
STAGE_TEST(the_end_of_the_process_forgets_it)
{
	struct stage *s = *state;
	static struct recorder e;

	stage_try(s, &e);
	model_say(s, "half");
	STAGE_UNTIL(s, e.tokens == 1);
	e.listener = NULL;
	recorder_clear(&e);
}

TEST_MAIN(NULL, NULL)
