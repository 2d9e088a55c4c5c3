/*
 * The directives: one table, and one loop that parses words by it. A word that is not in the table
 * is an error: a test with a misspelt directive must not pass.
 */
#include "tests/stub/script.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

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

    {"numbered", WORD_REPLY, AT(reply), REPLY_NUMBERED, 0, NULL,
	"tokens \"t0 \" \"t1 \" \"t2 \" ..."},
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
    {"retry-date", WORD_FLAG, AT(retry_date), 0, 0, NULL,
	"Retry-After is a date, S seconds from now"},
    {"echo-key", WORD_FLAG, AT(echo_key), 0, 0, NULL,
	"the messages of fail=STATUS and error-after repeat the Authorization header"},
    {"no-stream-options", WORD_NUMBER, AT(no_stream_options), 400, 499, "STATUS",
	"a call with stream_options is refused as one with an unknown argument"},

    {"hold-after", WORD_NUMBER, AT(hold_after), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens waits for POST /stub/release with a part of the message"},
    {"hang-after", WORD_NUMBER, AT(after[FAULT_HANG]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens sends nothing more; the connection stays open"},
    {"cut-after", WORD_NUMBER, AT(after[FAULT_CUT]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens closes the connection, without the last chunk"},
    {"garbage-after", WORD_NUMBER, AT(after[FAULT_GARBAGE]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens an event that is not JSON; then the stream continues"},
    {"invalid-utf8-after", WORD_NUMBER, AT(after[FAULT_UTF8]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens one with invalid UTF-8; then the stream continues"},
    {"error-after", WORD_NUMBER, AT(after[FAULT_ERROR]), 0, SCRIPT_TOKENS_MAX, "N",
	"after N tokens an event {\"error\":...}, then the stream ends without [DONE]"},
    {"rst", WORD_FLAG, AT(rst), 0, 0, NULL, "fail=close and cut-after reset the connection"},

    {"crlf", WORD_FLAG, AT(crlf), 0, 0, NULL, "CRLF line ends in the event stream"},
    {"cr", WORD_FLAG, AT(cr), 0, 0, NULL, "CR line ends"},
    {"bom", WORD_FLAG, AT(bom), 0, 0, NULL, "a byte order mark before the first event"},
    {"comments", WORD_FLAG, AT(comments), 0, 0, NULL, "a comment before each event"},
    {"lines", WORD_FLAG, AT(lines), 0, 0, NULL, "the data of each event in two lines"},
    {"no-space", WORD_FLAG, AT(no_space), 0, 0, NULL, "no space after data:"},
    {"split", WORD_NUMBER, AT(split), 1, 65536, "N",
	"each write has N bytes, head included, 0.1 ms apart"},
    {"no-usage", WORD_FLAG, AT(no_usage), 0, 0, NULL, "no usage, even if asked for"},
    {"finish", WORD_FINISH, AT(finish), 0, 0, "REASON",
	"finish_reason: stop, length, content_filter, tool_calls"},
};

#define TABLE_LEN (sizeof(table) / sizeof(table[0]))

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
	if (from->text != NULL && (to->text = strdup(from->text)) == NULL)
		err(1, "out of memory");
}

void
script_clear(struct script *s)
{
	free(s->text);
	s->text = NULL;
}

/* Parses milliseconds with up to six decimal places into nanoseconds. */
static int
script_parse_ms(struct span value, uint64_t *ns)
{
	const char *point = memchr(value.p, '.', value.len);
	struct span whole = value, part = {"", 0};
	uint64_t ms, fraction = 0;

	if (point != NULL) {
		whole.len = (size_t)(point - value.p);
		part = span_from(value, whole.len + 1);
		if (part.len > 6 || span_uint(part, 0, 999999, &fraction) == -1)
			return -1;
	}
	if (span_uint(whole, 0, DELAY_MS_MAX, &ms) == -1)
		return -1;
	for (size_t i = part.len; i < 6; i++)
		fraction *= 10;
	*ns = ms * 1000000u + fraction;
	return 0;
}

/* Parses the value of text="...": removes the quotes and the backslashes that quote a character. */
static int
script_parse_text(struct span value, char **out)
{
	char *text, *to;

	if (value.len < 2 || value.p[0] != '"' || value.p[value.len - 1] != '"')
		return -1;
	text = to = calloc(1, value.len);
	if (text == NULL)
		err(1, "out of memory");
	for (size_t i = 1; i + 1 < value.len; i++) {
		char c = value.p[i];

		if (c == '\\' && i + 2 < value.len) {
			c = value.p[++i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		*to++ = c;
	}
	free(*out);
	*out = text;
	return 0;
}

static int
script_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t
script_raw_byte(struct span s, char *byte)
{
	static const char names[] = "\\\"|nrt", bytes[] = "\\\"|\n\r\t";
	const char *at;

	*byte = s.p[0];
	if (s.p[0] != '\\')
		return 1;
	if (s.len >= 4 && s.p[1] == 'x' && script_hex_value(s.p[2]) >= 0 &&
	    script_hex_value(s.p[3]) >= 0) {
		*byte = (char)(script_hex_value(s.p[2]) << 4 | script_hex_value(s.p[3]));
		return 4;
	}
	if (s.len < 2 || (at = memchr(names, s.p[1], strlen(names))) == NULL)
		return 0;
	*byte = bytes[at - names];
	return 2;
}

/* Checks the value of raw="..." or wire="...": no piece is empty, as each is a chunk of the
 * response. The value is stored unparsed. */
static int
script_parse_raw(struct span value, char **out)
{
	struct span rest;
	size_t n, bytes = 0;
	char byte;

	if (value.len < 3 || value.p[0] != '"' || value.p[value.len - 1] != '"')
		return -1;
	value = (struct span){value.p + 1, value.len - 2};
	for (rest = value; rest.len > 0; rest = span_from(rest, n)) {
		bool ends = rest.p[0] == '|';

		n = script_raw_byte(rest, &byte);
		if (n == 0 || (ends && bytes == 0))
			return -1;
		bytes = ends ? 0 : bytes + 1;
	}
	free(*out);
	*out = strndup(value.p, value.len);
	if (*out == NULL)
		err(1, "out of memory");
	return bytes == 0 ? -1 : 0;
}

static int
script_parse_fail(struct span value, const struct word *w, uint32_t *out)
{
	uint64_t status;

	if (span_eq_str(value, "hang"))
		*out = FAIL_HANG;
	else if (span_eq_str(value, "close"))
		*out = FAIL_CLOSE;
	else if (span_uint(value, w->min, w->max, &status) == 0)
		*out = (uint32_t)status;
	else
		return -1;
	return 0;
}

static int
script_parse_finish(struct span value, const char **out)
{
	static const char *const reasons[] = {"stop", "length", "content_filter", "tool_calls"};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (span_eq_str(value, reasons[i])) {
			*out = reasons[i];
			return 0;
		}
	}
	return -1;
}

/* Stores one word's value in its member. -1 if the value is invalid. */
static int
script_obey(struct script *s, const struct word *w, struct span value)
{
	void *member = (char *)s + w->at;
	uint64_t n;

	switch (w->kind) {
	case WORD_FLAG:
		*(bool *)member = true;
		return 0;
	case WORD_NUMBER:
		if (span_uint(value, w->min, w->max, &n) == -1)
			return -1;
		*(uint32_t *)member = (uint32_t)n;
		return 0;
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

/* Length of the word at the start of s; spaces inside double quotes belong to it. */
static size_t
script_word_len(struct span s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len && (quoted || s.p[i] != ' '); i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\' && i + 1 < s.len)
			i++;
	}
	return i;
}

static int
script_obey_word(struct script *s, struct span word)
{
	const char *equals = memchr(word.p, '=', word.len);
	struct span name = word, value = {"", 0};

	if (equals != NULL) {
		name.len = (size_t)(equals - word.p);
		value = span_from(word, name.len + 1);
	}
	for (size_t i = 0; i < TABLE_LEN; i++) {
		if (!span_eq_str(name, table[i].name))
			continue;
		if ((table[i].value != NULL) != (equals != NULL))
			return -1;
		return script_obey(s, &table[i], value);
	}
	return -1;
}

int
script_parse(struct script *s, struct span words, char *why, size_t why_size)
{
	while (words.len > 0) {
		struct span word = {words.p, script_word_len(words)};

		if (word.len > 0 && script_obey_word(s, word) == -1) {
			snprintf(why, why_size, "openai-stub has no directive '%.*s'",
			    word.len > 60 ? 60 : (int)word.len, word.p);
			return -1;
		}
		words = span_from(words, word.len < words.len ? word.len + 1 : word.len);
	}
	return 0;
}

/* The offset of the "]]" that ends the directive at the start of s, or s.len. */
static size_t
script_closing(struct span s)
{
	bool quoted = false;

	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\')
			i++;
		else if (!quoted && s.p[i] == ']' && s.p[i + 1] == ']')
			return i;
	}
	return s.len;
}

bool
script_find(struct span message, struct span *words, struct bytes *rest)
{
	const char *open = message.len < 4 ? NULL : memmem(message.p, message.len, "[[", 2);
	struct span before, after;
	size_t end;

	if (open == NULL) {
		bytes_add_span(rest, message);
		return false;
	}
	before = (struct span){message.p, (size_t)(open - message.p)};
	*words = span_from(message, before.len + 2);
	end = script_closing(*words);
	if (end == words->len) {
		bytes_add_span(rest, message);
		return false;
	}
	after = span_from(*words, end + 2);
	words->len = end;
	if (before.len > 0 && before.p[before.len - 1] == ' ')
		before.len--;
	else if (after.len > 0 && after.p[0] == ' ')
		after = span_from(after, 1);
	bytes_add_span(rest, before);
	bytes_add_span(rest, after);
	return true;
}

void
script_help(FILE *out)
{
	for (size_t i = 0; i < TABLE_LEN; i++) {
		const struct word *w = &table[i];
		char name[48];

		snprintf(name, sizeof(name), "%s%s%s", w->name, w->value == NULL ? "" : "=",
		    w->value == NULL ? "" : w->value);
		fprintf(out, "  %-24s %s\n", name, w->help);
	}
}
