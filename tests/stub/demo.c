/*
 * The demo model's text: an opening that fits the message, a self-introduction, up to two words of
 * the visitor, and how to configure a real model. A hash of the message chooses the variants. With passages of the
 * website's content, it quotes one of them.
 */
#include "tests/stub/demo.h"

#include <ctype.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/stub/demo_passages.h"
#include "workerd/http/message/header_fields.h"

#define WORD_MIN 4
#define WORD_MAX 32
#define VARIANTS 3

enum mood { MOOD_PLAIN, MOOD_GREETING, MOOD_QUESTION, MOOD_THANKS, MOODS };

static const char *const openings[MOODS][VARIANTS] = {
    [MOOD_PLAIN] = {"Thank you, I have read every word.", "Got it, thanks for telling me!",
	"Thanks for your message!"},
    [MOOD_GREETING] = {"Hello and welcome!", "Hi there, good to see you!",
	"Hey, nice of you to drop by!"},
    [MOOD_QUESTION] = {"Good question!", "That is well worth asking.",
	"I wish I knew for sure!"},
    [MOOD_THANKS] = {"You are very welcome!", "My pleasure!", "Any time, really!"},
};

static const char *const selves[VARIANTS] = {
    " This is banter's bundled demo model speaking: I answer promptly, but I know nothing.",
    " I am banter's bundled demo model, so I can chat, but I have no knowledge of my own.",
    " You are talking to banter's bundled demo model, all manners and no knowledge.",
};

/* The text before and after the visitor's words. */
static const char *const takes[VARIANTS][2] = {
    {" A real model would now tell you all about ", "."},
    {" About ", ", a real model would have a lot more to say."},
    {" You mentioned ", ", and a real model would take it from there."},
};

static const char *const wordless[VARIANTS] = {
    " Tell me a little more, and watch the words come in one by one.",
    " Ask me anything, just to see how the widget feels.",
    " Send me a longer message, and I will pick up your words.",
};

static const char *const closings[VARIANTS] = {
    " Put your OPENAI_API_KEY into .env, start again, and one will answer in my place.",
    " Set OPENAI_API_KEY, and a real one answers instead of me.",
    " With OPENAI_API_KEY set, the next reply comes from a real one.",
};

/* Common words of four letters and more, which say nothing about the subject. */
static const char *const dull[] = {"about", "also", "been", "could", "does", "dont", "from",
    "give", "good", "have", "hello", "here", "into", "just", "know", "like", "make", "more",
    "much", "need", "only", "over", "please", "really", "should", "some", "tell", "than",
    "thank", "thanks", "that", "their", "them", "then", "there", "these", "they", "thing",
    "this", "very", "want", "were", "what", "when", "where", "which", "while", "will", "with",
    "would", "your"};

static const struct {
	const char *word;
	enum mood mood;
} signals[] = {
    {"hello", MOOD_GREETING},
    {"hey", MOOD_GREETING},
    {"hi", MOOD_GREETING},
    {"morning", MOOD_GREETING},
    {"thank", MOOD_THANKS},
    {"thanks", MOOD_THANKS},
};

/* Takes the next word from rest; false if there is none. */
static bool
demo_next_word(struct slice *rest, struct slice *word)
{
	size_t n = 0;

	while (rest->len > 0 && !isalnum(rest->p[0]) && rest->p[0] < 0x80)
		*rest = (struct slice){rest->p + 1, rest->len - 1};
	while (n < rest->len && (isalnum(rest->p[n]) || rest->p[n] >= 0x80))
		n++;
	*word = (struct slice){rest->p, n};
	*rest = (struct slice){rest->p + n, rest->len - n};
	return n > 0;
}

static bool
demo_is_telling(struct slice word)
{
	if (word.len < WORD_MIN || word.len > WORD_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(dull); i++) {
		if (header_equals(word, dull[i]))
			return false;
	}
	return true;
}

static enum mood
demo_mood_of(struct slice message)
{
	struct slice rest = message, word;

	for (int n = 0; n < 3 && demo_next_word(&rest, &word); n++) {
		for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
			if (header_equals(word, signals[i].word))
				return signals[i].mood;
		}
	}
	return memchr(message.p, '?', message.len) != NULL ? MOOD_QUESTION : MOOD_PLAIN;
}

/* The two longest uncommon words in the order of the message; empty if there are fewer. */
static void
demo_choose_words(struct slice message, struct slice chosen[2])
{
	struct slice rest = message, word;

	chosen[0] = chosen[1] = slice_str("");
	while (demo_next_word(&rest, &word)) {
		if (!demo_is_telling(word))
			continue;
		if (chosen[0].len == 0) {
			chosen[0] = word;
		} else if (chosen[1].len == 0) {
			chosen[1] = word;
		} else if (chosen[1].len < word.len || chosen[0].len < word.len) {
			if (chosen[0].len < chosen[1].len)
				chosen[0] = chosen[1];
			chosen[1] = word;
		}
	}
}

/* FNV-1a, 64 bits. */
static uint64_t
demo_hash(struct slice s)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ s.p[i]) * 0x100000001b3u;
	return hash;
}

/* About the model itself, behind a quotation. */
static const char *const quoting = " (The bundled demo model only quotes.";

void
demo_reply(struct slice prompt, struct buf *out)
{
	const struct slice message = demo_message_of(prompt);
	uint64_t hash = demo_hash(message);
	/* The low bits of FNV-1a mix poorly: each choice uses other, higher bits. */
	size_t a = (hash >> 16) % VARIANTS, b = (hash >> 28) % VARIANTS;
	size_t c = (hash >> 40) % VARIANTS, d = (hash >> 52) % VARIANTS;
	struct slice chosen[2];

	if (demo_quote(prompt, out)) {
		putf(out, "%s%s)", quoting, closings[d]);
		return;
	}
	demo_choose_words(message, chosen);
	putf(out, "%s%s", openings[demo_mood_of(message)][a], selves[b]);
	if (chosen[0].len == 0)
		put_str(out, wordless[c]);
	else if (chosen[1].len == 0)
		putf(out, "%s\u201c%.*s\u201d%s", takes[c][0], (int)chosen[0].len,
		    (const char *)chosen[0].p, takes[c][1]);
	else
		putf(out, "%s\u201c%.*s\u201d and \u201c%.*s\u201d%s", takes[c][0],
		    (int)chosen[0].len, (const char *)chosen[0].p, (int)chosen[1].len,
		    (const char *)chosen[1].p, takes[c][1]);
	put_str(out, closings[d]);
}
