/*
 * Passages are between lines that begin with "=== ", a code, and the passage's mark.
 */
#include "tests/stub/demo_passages.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MESSAGE   "\nMessage:\n"
#define FOUND     "Passages of this website's content"
#define NOT_FOUND "This website's content has no answer"
#define LINE      "=== "
#define WORD_MIN  4
#define QUOTE_MAX 320

static bool
begins_with(struct slice s, const char *front)
{
	size_t len = strlen(front);

	return s.len >= len && memcmp(s.p, front, len) == 0;
}

struct slice
demo_message_of(struct slice prompt)
{
	const size_t len = strlen(MESSAGE);

	if (!begins_with(prompt, FOUND) && !begins_with(prompt, NOT_FOUND))
		return prompt;
	for (size_t i = prompt.len; i >= len; i--) {
		if (memcmp(prompt.p + i - len, MESSAGE, len) == 0)
			return (struct slice){prompt.p + i, prompt.len - i};
	}
	return prompt;
}

/* Takes the next line, without its end. */
static bool
next_line(struct slice *rest, struct slice *line)
{
	const uint8_t *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->p, '\n', rest->len);
	*line = (struct slice){rest->p, end == NULL ? rest->len : (size_t)(end - rest->p)};
	*rest = end != NULL ? (struct slice){end + 1, rest->len - line->len - 1}
			    : (struct slice){0};
	return true;
}

static bool
has_word(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.len <= text.len; i++) {
		if (strncasecmp((const char *)text.p + i, (const char *)word.p, word.len) == 0)
			return true;
	}
	return false;
}

/* How many longer words of the message the text has. */
static unsigned
shared_words(struct slice text, struct slice message)
{
	unsigned n = 0;

	for (size_t i = 0, end; i < message.len; i = end + 1) {
		for (end = i; end < message.len && isalnum(message.p[end]);)
			end++;
		if (end - i >= WORD_MIN)
			n += has_word(text, (struct slice){message.p + i, end - i});
	}
	return n;
}

/* The first sentences of a text, at most QUOTE_MAX bytes; all of it if it is short. */
static struct slice
first_sentences(struct slice text)
{
	size_t cut = 0;

	if (text.len <= QUOTE_MAX)
		return text;
	for (size_t i = 0; i + 1 < QUOTE_MAX; i++) {
		if (strchr(".!?", text.p[i]) != NULL && text.p[i + 1] == ' ')
			cut = i + 1;
	}
	return (struct slice){text.p, cut};
}

bool
demo_quote(struct slice prompt, struct buf *out)
{
	const struct slice message = demo_message_of(prompt);
	struct slice rest = {prompt.p, prompt.len - message.len}, line, best = {0};
	unsigned most = 0, number = 0, best_number = 0;

	if (begins_with(prompt, NOT_FOUND)) {
		put_str(out,
		    "[S0]I could not find that in this website's content. Shall I ask a "
		    "person?");
		return true;
	}
	if (!begins_with(prompt, FOUND))
		return false;
	while (next_line(&rest, &line)) {
		if (begins_with(line, LINE)) {
			number++;
			continue;
		}
		const struct slice quote = first_sentences(line);

		if (number == 0 || quote.len == 0)
			continue;
		const unsigned shared = shared_words(line, message);

		if (best_number == 0 || shared > most) {
			best = quote;
			best_number = number;
			most = shared;
		}
	}
	if (best_number == 0)
		return false;
	putf(out, "This website says: %.*s[S%u]", (int)best.len, (const char *)best.p,
	    best_number);
	return true;
}
