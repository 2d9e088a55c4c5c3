/*
 * What a reply is based on: the agent's content is searched before the model is asked, and the marks by which the model
 * cites it are cut from its text. If the content has no answer, an agent may have a fixed one, and the model is not
 * asked at all. Small talk is always the model's: it is neither missed by the content nor an open question.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/knowledge/not_found_text.h"
#include "workerd/knowledge/small_talk.h"
#include "workerd/turn/turn_internal.h"

/* The reply is the agent's fixed text. A trial may end with its listener's call. */
static void
turn_answer_not_found(struct turn *t)
{
	const struct slice own = prompt_not_found_text(t->prompt);
	const struct slice usual = slice_str(not_found_text(slice_str(t->language)));

	reply_listeners_start(&t->listeners);
	if (t->state == TURN_FINDING)
		must(reply_listeners_append(&t->listeners, own.len > 0 ? own : usual) == 0);
	if (t->state == TURN_FINDING)
		turn_finish(t);
}

static void
turn_count_found(const struct turn *t, enum found_outcome outcome)
{
	static const enum metric_found numbers[] = {[FOUND_ANSWER] = METRIC_FOUND_ANSWER,
	    [FOUND_NO_ANSWER] = METRIC_FOUND_NO_ANSWER,
	    [FOUND_UNAVAILABLE] = METRIC_FOUND_UNAVAILABLE,
	    [FOUND_WHOLE] = METRIC_FOUND_WHOLE};
	struct scoreboard_worker *board = t->turns->board;
	enum metric_found number;

	must(outcome < ARRAY_LEN(numbers));
	number = outcome == FOUND_NO_ANSWER && t->small_talk ? METRIC_FOUND_SMALL_TALK
							     : numbers[outcome];
	metric_add(&board->found[number], 1);
	metric_observe(&board->find, clock_mono_ns() - t->finding_since_ns, 1);
}

static void
turn_on_found(void *arg, struct found_passages *found)
{
	struct turn *t = arg;

	t->finding = NULL;
	turn_count_found(t, found->outcome);
	t->passages = *found;
	found_passages_init(found);
	reply_listeners_set_sources(&t->listeners, found_passages_citations(&t->passages));
	if (t->passages.outcome == FOUND_NO_ANSWER && t->not_found == NOT_FOUND_FIXED &&
	    !t->small_talk)
		turn_answer_not_found(t);
	else
		turn_send_request(t);
}

void
turn_look_up(struct turn *t)
{
	struct finding_question question = {.org = t->org};

	if (turn_tools_load(t))
		return;
	t->not_found = prompt_not_found(t->prompt);
	/* A message has been answered; this reply only says what came of a step. */
	if (!id_is_zero(&t->step)) {
		t->not_found = NOT_FOUND_SAY;
		turn_send_request(t);
		return;
	}
	question.knowledge = prompt_knowledge(t->prompt, &question.sources);
	history_questions(&t->history, &question.text, &question.before);
	if (question.knowledge == KNOWLEDGE_NONE || question.text.len == 0) {
		turn_send_request(t);
		return;
	}
	t->small_talk = small_talk_is(question.text);
	turn_enter(t, TURN_FINDING);
	t->finding_since_ns = clock_mono_ns();
	t->finding = finding_start(&t->turns->finding, &question, turn_on_found, t);
}

static void
turn_marks_on_text(void *arg, struct slice text)
{
	turn_response_add_text(arg, text);
}

static void
turn_marks_on_mark(void *arg, unsigned number)
{
	struct turn *t = arg;
	struct reply_listeners *ls = &t->listeners;

	/* Before the first token a retry may still replace the response. */
	if (t->state == TURN_STREAMING &&
	    citations_cite(ls->sources, number, buf_len(&ls->text)) && buf_len(&ls->text) > 0)
		reply_listeners_cite(ls);
}

static const struct marks_events turn_marks_events = {turn_marks_on_text, turn_marks_on_mark};

void
turn_marks_cut(struct turn *t, struct slice text)
{
	if (t->listeners.sources == NULL)
		turn_response_add_text(t, text);
	else
		marks_feed(&t->marks, text, &turn_marks_events, t);
}

void
turn_marks_end(struct turn *t, struct slice text)
{
	if (text.len > 0)
		turn_marks_cut(t, text);
	marks_end(&t->marks, &turn_marks_events, t);
}

/* The response that they belong to did not come. */
void
turn_marks_reset(struct turn *t)
{
	t->marks = (struct marks){0};
	t->published_marks = t->checkpointed_marks = 0;
	if (t->listeners.sources != NULL && t->attempts > 1 && t->round_start == 0)
		reply_listeners_set_sources(
		    &t->listeners, found_passages_citations(&t->passages));
}

/* The content has no answer, by what was found or by what the model says. */
void
turn_settle_sources(struct turn *t)
{
	struct citations *s = t->listeners.sources;
	enum found_outcome outcome;

	if (s == NULL)
		return;
	outcome = citations_outcome(s);
	if (citations_has_no_answer(s) && citations_n_cited(s) == 0 &&
	    outcome != FOUND_UNAVAILABLE)
		outcome = FOUND_NO_ANSWER;
	if (outcome == FOUND_NO_ANSWER && t->small_talk)
		outcome = FOUND_NOTHING_ASKED;
	if (outcome == FOUND_NO_ANSWER && t->not_found == NOT_FOUND_GENERAL)
		outcome = FOUND_GENERAL;
	citations_set_outcome(s, outcome);
}
