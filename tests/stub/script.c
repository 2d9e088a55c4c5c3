/*
 * The directives: one table, and one loop that parses words by it. A word that is not in the table
 * is an error: a test with a misspelt directive must not pass.
 */
#include "tests/stub/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define DELAY_MS_DEFAULT 30
#define DELAY_MS_MAX     3600000u
#define HUGE_MAX         (16u << 20)

enum kind {
	WORD_FLAG,   /* bool, true if present */
	WORD_NUMBER, /* uint32_t */
	WORD_MS,     /* uint64_t nanoseconds, written in milliseconds with a fraction */
	WORD_FAIL,   /* uint32_t: a status or a name */
	WORD_REPLY,  /* enum script_reply, the table's min */
	WORD_TEXT,   /* text="..." */
	WORD_RAW,    /* raw text, for the enum script_reply in the table's min */
	WORD_FINISH, /* a finish_reason */
};

#define AT(member) offsetof(struct script, member)

static const struct word {
	const char *name;
	enum kind kind;
	size_t at;
	uint32_t min;
	uint32_t max;
	const char *value;
	const char *help;
} table[] = {
    {"tokens", WORD_NUMBER, AT(tokens), 0, SCRIPT_TOKENS_MAX, "N",
	"N tokens, numbered unless another kind of reply is set"},
    {"delay", WORD_MS, AT(delay_ns), 0, 0, "MS",
	"between tokens; 0 is full speed, 0.25 is allowed"},
    {"first-delay", WORD_MS, AT(first_delay_ns), 0, 0, "MS",
	"before the first byte of the response"},

    {"stamp", WORD_REPLY, AT(reply), REPLY_STAMP, 0, NULL,
	"tokens \"<index>:<CLOCK_MONOTONIC ns> \", taken when the token is produced"},
    {"unicode", WORD_REPLY, AT(reply), REPLY_UNICODE, 0, NULL,
	"emoji, joined, right-to-left and control characters; half in \\u escapes"},
    {"echo", WORD_REPLY, AT(reply), REPLY_ECHO, 0, NULL,
	"the reply is the message without the directive and one space beside it"},
    {"text", WORD_TEXT, AT(text), 0, 0, "\"...\"",
	"the reply is this; \\\" \\\\ \\n \\t inside"},
    {"raw", WORD_RAW, AT(text), REPLY_RAW, 0, "\"...|...\"",
	"tokens that are put into their events unescaped; \\xHH is any byte"},
    {"wire", WORD_RAW, AT(text), REPLY_WIRE, 0, "\"...|...\"",
	"the same in place of whole events; \\n and \\r end their lines"},
    {"empty", WORD_REPLY, AT(reply), REPLY_EMPTY, 0, NULL, "no content at all"},
    {"huge", WORD_NUMBER, AT(huge), 1, HUGE_MAX, "BYTES",
	"each token is BYTES letters a...z; one token unless tokens=N"},

    {"fail", WORD_FAIL, AT(fail), 400, 599, "STATUS|hang|close",
	"instead of a response: an error, no data, a closed connection"},
    {"fail-times", WORD_NUMBER, AT(fail_times), 0, 1000000, "N",
	"only the first N calls with this same message fail"},
    {"retry-after", WORD_NUMBER, AT(retry_after), 0, 86400, "S",
	"Retry-After header of fail=STATUS"},
    {"echo-key", WORD_FLAG, AT(echo_key), 0, 0, NULL,
	"the messages of fail=STATUS and error-after repeat the Authorization header"},
    {"no-stream-options", WORD_NUMBER, AT(no_stream_options), 400, 499, "STATUS",
	"a call with stream_options is refused as one with an unknown argument"},
    {"no-tools", WORD_NUMBER, AT(no_tools), 400, 599, "STATUS",
	"a call with tools is refused, as by a model that cannot call them"},

    {"only-responses", WORD_NUMBER, AT(only_responses), 400, 599, "STATUS",
	"a chat completion is refused, as for a model of the Responses API"},

    {"hand-over", WORD_FLAG, AT(hand_over), 0, 0, NULL,
	"the reply ends with a call of the tool hand_over; without tools, with [hand_over]"},

    {"hold-after", WORD_NUMBER, AT(hold_after), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens waits for POST /stub/release with a part of the message"},
    {"hang-after", WORD_NUMBER, AT(after[FAULT_HANG]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens sends nothing more; the connection stays open"},
    {"cut-after", WORD_NUMBER, AT(after[FAULT_CUT]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens closes the connection, without the last chunk"},
    {"garbage-after", WORD_NUMBER, AT(after[FAULT_GARBAGE]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens an event that is not JSON; then the stream continues"},
    {"error-after", WORD_NUMBER, AT(after[FAULT_ERROR]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens an event {\"error\":...}, then the stream ends without [DONE]"},
    {"rst", WORD_FLAG, AT(rst), 0, 0, NULL, "fail=close and cut-after reset the connection"},

    {"no-usage", WORD_FLAG, AT(no_usage), 0, 0, NULL, "no usage, even if asked for"},
    {"finish", WORD_FINISH, AT(finish), 0, 0, "REASON",
	"finish_reason: stop, length, content_filter, tool_calls"},
};

void
script_init(struct script *s)
{
	*s = (struct script){
	    .delay_ns = DELAY_MS_DEFAULT * 1000000u,
	    .tokens = SCRIPT_UNSET,
	    .huge = SCRIPT_UNSET,
	    .fail_times = SCRIPT_UNSET,
	    .retry_after = SCRIPT_UNSET,
	    .no_stream_options = SCRIPT_UNSET,
	    .no_tools = SCRIPT_UNSET,
	    .only_responses = SCRIPT_UNSET,
	    .hold_after = SCRIPT_UNSET,
	    .finish = "stop",
	};
	for (int i = 0; i < FAULTS; i++)
		s->after[i] = SCRIPT_UNSET;
}

void
script_copy(struct script *to, const struct script *from)
{
	*to = *from;
	to->text = from->text == NULL ? NULL : xstrdup(from->text);
}

void
script_clear(struct script *s)
{
	free(s->text);
	s->text = NULL;
}

/* A whole decimal number from min to max: 0, or -1 if s is anything else. */
static int
script_parse_number(const char *s, uint32_t min, uint32_t max, uint32_t *out)
{
	unsigned long n = strtoul(s, NULL, 10);

	if (*s == '\0' || strspn(s, "0123456789") != strlen(s) || n < min || n > max)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

/* Parses milliseconds with decimal places into nanoseconds. */
static int
script_parse_ms(const char *value, uint64_t *ns)
{
	char *end;
	double ms = strtod(value, &end);

	if (!isdigit((unsigned char)*value) || *end != '\0' || ms > DELAY_MS_MAX ||
	    strspn(value, "0123456789.") != strlen(value))
		return -1;
	*ns = (uint64_t)(ms * 1e6 + 0.5);
	return 0;
}

/* The content of a value in quotes, to be freed; NULL if it has none. */
static char *
script_unquote(const char *value)
{
	size_t n = strlen(value);
	char *text;

	if (n < 2 || value[0] != '"' || value[n - 1] != '"')
		return NULL;
	text = xstrdup(value + 1);
	text[n - 2] = '\0';
	return text;
}

/* Parses the value of text="...": removes the quotes and the backslashes that quote a character. */
static int
script_parse_text(const char *value, char **out)
{
	char *text = script_unquote(value), *to = text;

	if (text == NULL)
		return -1;
	for (const char *from = text; *from != '\0'; from++) {
		char c = *from;

		if (c == '\\' && from[1] != '\0') {
			c = *++from;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		*to++ = c;
	}
	*to = '\0';
	free(*out);
	*out = text;
	return 0;
}

size_t
script_raw_byte(const char *s, char *byte)
{
	static const char names[] = "\\\"|nrt", bytes[] = "\\\"|\n\r\t";
	const char *at;

	*byte = s[0];
	if (s[0] != '\\')
		return 1;
	if (s[1] == 'x' && isxdigit((unsigned char)s[2]) && isxdigit((unsigned char)s[3])) {
		*byte = (char)strtoul((char[]){s[2], s[3], '\0'}, NULL, 16);
		return 4;
	}
	at = s[1] == '\0' ? NULL : strchr(names, s[1]);
	if (at == NULL)
		return 0;
	*byte = bytes[at - names];
	return 2;
}

/* Checks the value of raw="..." or wire="...": no piece is empty, as each is a chunk of the
 * response. The value is stored unparsed. */
static int
script_parse_raw(const char *value, char **out)
{
	char *text = script_unquote(value), byte;
	size_t n, bytes = 0;

	if (text == NULL)
		return -1;
	free(*out);
	*out = text;
	for (; *text != '\0'; text += n) {
		bool ends = *text == '|';

		n = script_raw_byte(text, &byte);
		if (n == 0 || (ends && bytes == 0))
			return -1;
		bytes = ends ? 0 : bytes + 1;
	}
	return bytes == 0 ? -1 : 0;
}

static int
script_parse_fail(const char *value, const struct word *w, uint32_t *out)
{
	if (strcmp(value, "hang") == 0)
		*out = FAIL_HANG;
	else if (strcmp(value, "close") == 0)
		*out = FAIL_CLOSE;
	else
		return script_parse_number(value, w->min, w->max, out);
	return 0;
}

static int
script_parse_finish(const char *value, const char **out)
{
	static const char *const reasons[] = {"stop", "length", "content_filter", "tool_calls"};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		if (strcmp(value, reasons[i]) == 0) {
			*out = reasons[i];
			return 0;
		}
	}
	return -1;
}

/* Stores one word's value in its member. -1 if the value is invalid. */
static int
script_obey(struct script *s, const struct word *w, const char *value)
{
	void *member = (char *)s + w->at;

	switch (w->kind) {
	case WORD_FLAG:
		*(bool *)member = true;
		return 0;
	case WORD_NUMBER:
		return script_parse_number(value, w->min, w->max, member);
	case WORD_MS:
		return script_parse_ms(value, member);
	case WORD_FAIL:
		return script_parse_fail(value, w, member);
	case WORD_REPLY:
		*(uint32_t *)member = w->min;
		return 0;
	case WORD_TEXT:
		s->reply = REPLY_TEXT;
		return script_parse_text(value, member);
	case WORD_RAW:
		s->reply = w->min;
		return script_parse_raw(value, member);
	case WORD_FINISH:
		return script_parse_finish(value, member);
	}
	return -1;
}

/* The end of the words or, up to a separator, of the first one. Double quotes hide separators. */
static const char *
script_end(const char *s, const char *separator)
{
	bool quoted = false;

	for (; *s != '\0'; s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (quoted && *s == '\\' && s[1] != '\0')
			s++;
		else if (!quoted && strncmp(s, separator, strlen(separator)) == 0)
			break;
	}
	return s;
}

static int
script_obey_word(struct script *s, char *word)
{
	char *value = word, *name = strsep(&value, "=");

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(name, table[i].name) == 0 &&
		    (table[i].value != NULL) == (value != NULL))
			return script_obey(s, &table[i], value == NULL ? "" : value);
	return -1;
}

int
script_parse(struct script *s, const char *words, char *why, size_t why_size)
{
	while (*words != '\0') {
		const char *end = script_end(words, " ");
		char *word = strndup(words, (size_t)(end - words));
		int r;

		must(word != NULL);
		r = *word == '\0' ? 0 : script_obey_word(s, word);
		free(word);
		if (r == -1) {
			snprintf(why, why_size, "openai-stub has no directive '%.*s'",
			    (int)(end - words > 60 ? 60 : end - words), words);
			return -1;
		}
		words = end + (*end == ' ');
	}
	return 0;
}

char *
script_find(struct slice message, struct buf *rest)
{
	char *text = strndup((const char *)message.p, message.len), *open, *words;
	const char *close;
	size_t after;

	must(text != NULL);
	open = strstr(text, "[[");
	close = open == NULL ? "" : script_end(open + 2, "]]");
	if (*close == '\0') {
		free(text);
		put_slice(rest, message);
		return NULL;
	}
	words = strndup(open + 2, (size_t)(close - open - 2));
	must(words != NULL);
	after = (size_t)(close - text) + 2;
	if (open > text && open[-1] == ' ')
		open--;
	else if (after < message.len && message.p[after] == ' ')
		after++;
	put(rest, text, (size_t)(open - text));
	put(rest, message.p + after, message.len - after);
	free(text);
	return words;
}

void
script_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct word *w = &table[i];
		char name[48];

		snprintf(name, sizeof(name), "%s%s%s", w->name, w->value == NULL ? "" : "=",
		    w->value == NULL ? "" : w->value);
		fprintf(out, "  %-24s %s\n", name, w->help);
	}
}
