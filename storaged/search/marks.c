/*
 * No mark begins with the letter of an organization's word (index_scope()), and only an agent's has digits.
 */
#include "storaged/search/marks.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"

static void
marks_add(struct marks *marks, const char *word)
{
	size_t len = strlen(word);

	must(marks->len + 1 + len <= INDEX_MARKS_MAX);
	if (marks->len > 0)
		marks->text[marks->len++] = ' ';
	memcpy(marks->text + marks->len, word, len);
	marks->len += len;
}

/* The word for a value, if it has one. */
static void
marks_add_named(struct marks *marks, const char *const *words, unsigned value)
{
	const char *word = word_of(words, value);

	if (word != NULL)
		marks_add(marks, word);
}

static void
marks_add_agent(struct marks *marks, const struct id *agent)
{
	char word[1 + 2 * sizeof(agent->b) + 1] = "a";

	if (id_is_zero(agent))
		return;
	for (size_t i = 0; i < sizeof(agent->b); i++)
		snprintf(word + 1 + 2 * i, 3, "%02x", agent->b[i]);
	marks_add(marks, word);
}

static void
marks_fill(struct marks *marks, unsigned rating, unsigned status, bool unanswered,
    const struct id *agent)
{
	marks->len = 0;
	if (rating != RATING_NONE)
		marks_add_named(marks, message_rating_words, rating);
	if (status != MESSAGE_COMPLETE && status != MESSAGE_HANDED)
		marks_add_named(marks, message_status_words, status);
	if (unanswered)
		marks_add(marks, "unanswered");
	marks_add_agent(marks, agent);
}

void
marks_of_message(const struct msg_message_record *message, struct marks *marks)
{
	struct msg_message_details details = {0};
	struct msg_sources_record sources = {0};

	marks->len = 0;
	if (message->role != MESSAGE_ASSISTANT)
		return;
	if (record_decode(message->details, MSG_MESSAGE_DETAILS, &details) != WIRE_OK)
		details = (struct msg_message_details){0};
	if (record_decode(message->sources, MSG_SOURCES_RECORD, &sources) != WIRE_OK)
		sources = (struct msg_sources_record){0};
	marks_fill(marks, details.rating, message->status,
	    sources.outcome == FOUND_NO_ANSWER || sources.outcome == FOUND_GENERAL,
	    &details.author);
}

void
marks_of_search(const struct msg_search *search, struct marks *marks)
{
	marks_fill(
	    marks, search->rating, search->status, search->unanswered != 0, &search->agent);
}
