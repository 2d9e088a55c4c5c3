/*
 * Bytes that may be a tag are held until they are one, or cannot be one any more. The code of the text is followed only
 * outside of thoughts: a tag puts it back to where the tag began.
 */
#include "workerd/model/openai/thoughts.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/model/openai/hand_over.h"

enum thoughts_tag_kind {
	TAG_NONE,    /* not a tag */
	TAG_PARTIAL, /* the start of one */
	TAG_OPEN,
	TAG_CLOSE,
	TAG_CLOSE_OWN, /* of a word that pages use, too: it closes only what a tag has opened */
	TAG_CHANNEL,   /* of gpt-oss (OpenAI's "harmony" format): a channel's name follows */
	TAG_START,     /* a role follows, and perhaps a channel */
	TAG_MESSAGE,   /* the end of such a header */
	TAG_END,       /* the end of such a message */
	TAG_ANSWER,    /* around the answer, behind a thought */
	TAG_ANSWERED,
	TAG_TOOL, /* the call of a tool */
	TAG_TOOL_END,
	TAG_CALL, /* a call of hand_over as a whole */
};

/* In lower case. An element may have attributes and spaces before its bracket, which the table leaves out. */
static const struct {
	const char *text;
	enum thoughts_tag_kind kind;
	bool is_element;
} thoughts_tags[] = {
    {"<think", TAG_OPEN, true},
    {"</think", TAG_CLOSE, true},
    {"<thinking", TAG_OPEN, true},
    {"</thinking", TAG_CLOSE, true},
    {"<thought", TAG_OPEN, true},
    {"</thought", TAG_CLOSE, true},
    {"<thoughts", TAG_OPEN, true},
    {"</thoughts", TAG_CLOSE, true},
    {"<reasoning", TAG_OPEN, true},
    {"</reasoning", TAG_CLOSE, true},
    {"<seed:think", TAG_OPEN, true},
    {"</seed:think", TAG_CLOSE, true},
    {"<mm:think", TAG_OPEN, true}, /* MiniMax */
    {"</mm:think", TAG_CLOSE, true},
    {"<longcat_think", TAG_OPEN, true},
    {"</longcat_think", TAG_CLOSE, true},
    {"<antthinking", TAG_OPEN, true},
    {"</antthinking", TAG_CLOSE, true},
    {"<reflection", TAG_OPEN, true},
    {"</reflection", TAG_CLOSE_OWN, true},
    {"<scratchpad", TAG_OPEN, true},
    {"</scratchpad", TAG_CLOSE_OWN, true},
    {"<inner_monologue", TAG_OPEN, true},
    {"</inner_monologue", TAG_CLOSE_OWN, true},
    {"<answer", TAG_ANSWER, true}, /* Hunyuan */
    {"</answer", TAG_ANSWERED, true},
    {"[think]", TAG_OPEN, false}, /* Mistral */
    {"[/think]", TAG_CLOSE, false},
    {"\xe2\x97\x81think\xe2\x96\xb7", TAG_OPEN, false}, /* Kimi */
    {"\xe2\x97\x81/think\xe2\x96\xb7", TAG_CLOSE, false},
    {"<|begin_of_thought|>", TAG_OPEN, false},
    {"<|end_of_thought|>", TAG_CLOSE, false},
    {"<|start_thinking|>", TAG_OPEN, false}, /* Cohere */
    {"<|end_thinking|>", TAG_CLOSE, false},
    {"<tool_call", TAG_TOOL, true}, /* Hermes, Qwen */
    {"</tool_call", TAG_TOOL_END, true},
    {"<function_call", TAG_TOOL, true},
    {"</function_call", TAG_TOOL_END, true},
    {"<function=" HAND_OVER_TOOL ">", TAG_CALL, false},
    {"</function", TAG_TOOL_END, true},
    {"[tool_calls]", TAG_TOOL, false},   /* Mistral, to the end */
    {"<|python_tag|>", TAG_TOOL, false}, /* Llama, to the end */
    {"<|tool_call|>", TAG_TOOL, false},  /* Granite, Phi */
    {"<|/tool_call|>", TAG_TOOL_END, false},
    {"<|tool_calls_section_begin|>", TAG_TOOL, false}, /* Kimi */
    {"<|tool_calls_section_end|>", TAG_TOOL_END, false},
    {"<|inner_prefix|>", TAG_OPEN, false}, /* Apertus */
    {"<|inner_suffix|>", TAG_CLOSE, false},
    {"<unused94>", TAG_OPEN, false}, /* MedGemma */
    {"<unused95>", TAG_CLOSE, false},
    {"<|channel>", TAG_OPEN, false}, /* Gemma 4 */
    {"<channel|>", TAG_CLOSE, false},
    {"<|channel|>", TAG_CHANNEL, false},
    {"<|start|>", TAG_START, false},
    {"<|message|>", TAG_MESSAGE, false},
    {"<|end|>", TAG_END, false},
    {"<|return|>", TAG_END, false},
    {"<|call|>", TAG_END, false},
    /* The end of a text, which a server should have kept for itself. */
    {"<|im_end|>", TAG_END, false},
    {"<|eot_id|>", TAG_END, false},
    {"<|endoftext|>", TAG_END, false},
    {"<|end_of_text|>", TAG_END, false},
    {"<end_of_turn>", TAG_END, false},
};

void
thoughts_init(struct thoughts *t)
{
	*t = (struct thoughts){.place = THOUGHTS_TEXT};
	buf_init(&t->doubtful, THOUGHTS_INSIDE_MAX);
}

void
thoughts_clear(struct thoughts *t)
{
	buf_clear(&t->doubtful);
}

void
thoughts_begin_inside(struct thoughts *t)
{
	t->place = THOUGHTS_THOUGHT;
	t->is_doubtful = t->is_inside = true;
}

void
thoughts_begin_outside(struct thoughts *t)
{
	t->place = THOUGHTS_TEXT;
	t->is_doubtful = t->is_inside = false;
	buf_clear(&t->doubtful);
}

bool
thoughts_is_open(const struct thoughts *t)
{
	return t->place != THOUGHTS_TEXT;
}

static uint8_t
thoughts_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
thoughts_may_begin(uint8_t c)
{
	return c == '<' || c == '[' || c == 0xe2;
}

/* What follows the name of an element. */
static enum thoughts_tag_kind
thoughts_match_rest(enum thoughts_tag_kind kind, const uint8_t *p, size_t n)
{
	if (n == 0)
		return TAG_PARTIAL;
	if (*p != '>' && *p != '/' && memchr(" \t\r\n", *p, 4) == NULL)
		return TAG_NONE;
	if (memchr(p + 1, '<', n - 1) != NULL || (p[n - 1] != '>' && n >= THOUGHTS_TAG_MAX / 2))
		return TAG_NONE;
	if (p[n - 1] != '>')
		return TAG_PARTIAL;
	/* An empty element is dropped. */
	return n >= 2 && p[n - 2] == '/' ? TAG_END : kind;
}

/* What the held bytes are. */
static enum thoughts_tag_kind
thoughts_match(const struct thoughts *t)
{
	enum thoughts_tag_kind best = TAG_NONE, kind;

	for (size_t i = 0; i < ARRAY_LEN(thoughts_tags); i++) {
		const char *tag = thoughts_tags[i].text;
		size_t same = 0;

		while (same < t->n_held && tag[same] != '\0' &&
		    thoughts_lower(t->held[same]) == (uint8_t)tag[same])
			same++;
		if (same < t->n_held && tag[same] != '\0')
			continue;
		if (tag[same] != '\0')
			kind = TAG_PARTIAL;
		else if (thoughts_tags[i].is_element)
			kind = thoughts_match_rest(
			    thoughts_tags[i].kind, t->held + same, t->n_held - same);
		else
			kind = thoughts_tags[i].kind;
		if (kind > best)
			best = kind;
	}
	return best;
}

/* What may still become text is kept, unless it gets too long: then it is a thought, or, from the start of the reply, an
 * answer without a thought. */
static void
thoughts_keep(struct thoughts *t, const uint8_t *p, size_t n, struct buf *out)
{
	const size_t max = t->is_inside ? THOUGHTS_INSIDE_MAX : THOUGHTS_DOUBTFUL_MAX;

	if (!t->is_doubtful)
		return;
	if (buf_len(&t->doubtful) + n <= max) {
		must(buf_append(&t->doubtful, p, n) == 0);
		return;
	}
	if (t->is_inside || (t->place == THOUGHTS_TOOL && !t->called)) {
		must(buf_append(out, buf_data(&t->doubtful), buf_len(&t->doubtful)) == 0 &&
		    buf_append(out, p, n) == 0);
		t->place = THOUGHTS_TEXT;
		t->has_text = true;
	}
	buf_clear(&t->doubtful);
	t->is_doubtful = t->is_inside = false;
}

/* Looks for the name of the tool in a call. */
static void
thoughts_read_call(struct thoughts *t, const uint8_t *p, size_t n)
{
	static const char name[] = HAND_OVER_TOOL;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != (uint8_t)name[t->n_named])
			t->n_named = 0;
		if (p[i] == (uint8_t)name[t->n_named])
			t->n_named++;
		if (name[t->n_named] != '\0')
			continue;
		t->called = true;
		t->n_named = 0;
	}
}

/* Bytes that are no tag. */
static void
thoughts_put(struct thoughts *t, const uint8_t *p, size_t n, struct buf *out)
{
	switch (t->place) {
	case THOUGHTS_TEXT:
		must(buf_append(out, p, n) == 0);
		for (size_t i = 0; i < n; i++)
			t->has_text |= memchr(" \t\r\n", p[i], 4) == NULL;
		break;
	case THOUGHTS_THOUGHT:
		thoughts_keep(t, p, n, out);
		break;
	case THOUGHTS_TOOL:
		thoughts_read_call(t, p, n);
		thoughts_keep(t, p, n, out);
		break;
	case THOUGHTS_HEADER:
		thoughts_read_call(t, p, n);
		for (size_t i = 0; i < n && t->n_header < sizeof(t->header); i++)
			t->header[t->n_header++] = p[i];
		break;
	case THOUGHTS_CHANNEL:
		break;
	}
}

/* A tag within a line of the answer may be its subject: without a tag that closes it is text. */
static void
thoughts_open(struct thoughts *t, struct buf *out)
{
	t->is_doubtful = t->has_text && t->before.in_line;
	t->is_inside = false;
	t->place = THOUGHTS_THOUGHT;
	thoughts_keep(t, t->held, t->n_held, out);
}

/* The text before a tag that closes what nothing has opened was a thought. */
static void
thoughts_close_first(struct thoughts *t, struct buf *out)
{
	t->restarted = t->has_text;
	t->began_inside = true;
	t->has_text = false;
	t->before = (struct markdown_code){.in = MARKDOWN_NO_CODE};
	buf_reset(out);
}

static void
thoughts_close(struct thoughts *t, struct buf *out)
{
	if (t->place == THOUGHTS_TEXT && !t->seen)
		thoughts_close_first(t, out);
	if (t->is_inside)
		t->began_inside = true;
	t->seen = true;
	t->place = THOUGHTS_TEXT;
	t->is_doubtful = t->is_inside = false;
	buf_clear(&t->doubtful);
}

/* The channel "final", or a message without a channel, is for the visitor. */
static bool
thoughts_header_is_final(const struct thoughts *t)
{
	return t->is_role || (t->n_header >= 5 && memcmp(t->header, "final", 5) == 0);
}

/* Some models write their answer in a tag of its own behind their thoughts. false: the tag is a part of the text. */
static bool
thoughts_take_answer(struct thoughts *t, enum thoughts_tag_kind kind)
{
	if (t->place != THOUGHTS_TEXT || !t->seen)
		return false;
	if (kind == TAG_ANSWERED)
		return t->in_answer;
	if (t->has_text)
		return false;
	t->in_answer = true;
	return true;
}

/* A call that is neither complete nor of our tool becomes text again. */
static void
thoughts_open_tool(struct thoughts *t, struct buf *out)
{
	t->n_named = 0;
	t->is_doubtful = true;
	t->is_inside = false;
	t->place = THOUGHTS_TOOL;
	thoughts_keep(t, t->held, t->n_held, out);
}

/* Whether a call has arguments or further tags; else the answer is about the tags. `doubtful` begins with a tag. */
static bool
thoughts_is_call(const struct buf *doubtful)
{
	const uint8_t *p = buf_data(doubtful);
	const size_t n = buf_len(doubtful);

	return n > 0 &&
	    (memchr(p + 1, '{', n - 1) != NULL || memchr(p + 1, '<', n - 1) != NULL);
}

static void
thoughts_take_tool(struct thoughts *t, enum thoughts_tag_kind kind, struct buf *out)
{
	if (kind == TAG_TOOL_END && t->place == THOUGHTS_TOOL) {
		t->place = THOUGHTS_TEXT;
		if (t->is_doubtful && !t->called && !thoughts_is_call(&t->doubtful)) {
			thoughts_put(t, buf_data(&t->doubtful), buf_len(&t->doubtful), out);
			thoughts_put(t, t->held, t->n_held, out);
		} else {
			t->cut_call = true;
		}
		t->is_doubtful = false;
		buf_clear(&t->doubtful);
	} else if (kind == TAG_TOOL && t->place == THOUGHTS_TEXT) {
		thoughts_open_tool(t, out);
	} else if (kind == TAG_CALL && t->place == THOUGHTS_TEXT) {
		thoughts_open_tool(t, out);
		t->called = true;
	} else if (kind != TAG_TOOL_END || !t->cut_call) {
		thoughts_put(t, t->held, t->n_held, out);
	}
}

/* A tag has its meaning where it can stand; elsewhere it is dropped outside of thoughts, and a part of one within. */
static void
thoughts_take_tag(struct thoughts *t, enum thoughts_tag_kind kind, struct buf *out)
{
	const bool in_thought = t->place == THOUGHTS_THOUGHT;

	if (t->place == THOUGHTS_TOOL || kind >= TAG_TOOL) {
		thoughts_take_tool(t, kind, out);
	} else if ((kind == TAG_CLOSE || kind == TAG_CLOSE_OWN) && in_thought) {
		thoughts_close(t, out);
	} else if (kind == TAG_CLOSE && t->place == THOUGHTS_TEXT) {
		thoughts_close(t, out);
	} else if (kind == TAG_CLOSE_OWN && t->place == THOUGHTS_TEXT) {
		thoughts_put(t, t->held, t->n_held, out);
	} else if (in_thought) {
		thoughts_keep(t, t->held, t->n_held, out);
	} else if (kind == TAG_OPEN && t->place == THOUGHTS_TEXT) {
		thoughts_open(t, out);
	} else if (kind == TAG_CHANNEL || kind == TAG_START) {
		t->place = THOUGHTS_HEADER;
		t->is_role = kind == TAG_START;
		t->n_header = 0;
	} else if (kind == TAG_MESSAGE && t->place == THOUGHTS_HEADER) {
		t->place = thoughts_header_is_final(t) ? THOUGHTS_TEXT : THOUGHTS_CHANNEL;
		t->seen |= t->place == THOUGHTS_CHANNEL;
	} else if (kind == TAG_END && t->place == THOUGHTS_CHANNEL) {
		t->place = THOUGHTS_TEXT;
	} else if ((kind == TAG_ANSWER || kind == TAG_ANSWERED) &&
	    !thoughts_take_answer(t, kind)) {
		thoughts_put(t, t->held, t->n_held, out);
	}
	/* The tag is no part of the line. */
	t->code = t->before;
	t->n_held = 0;
}

static void
thoughts_drop_first(struct thoughts *t, struct buf *out)
{
	const uint8_t first = t->held[0];

	t->n_held--;
	memmove(t->held, t->held + 1, t->n_held);
	thoughts_put(t, &first, 1, out);
}

/* Takes a byte that is no code. */
static void
thoughts_take(struct thoughts *t, uint8_t c, struct buf *out)
{
	enum thoughts_tag_kind kind = TAG_NONE;

	if (t->n_held == 0 && !thoughts_may_begin(c)) {
		thoughts_put(t, &c, 1, out);
		return;
	}
	must(t->n_held < THOUGHTS_TAG_MAX);
	t->held[t->n_held++] = c;
	while (t->n_held > 0 && (kind = thoughts_match(t)) == TAG_NONE)
		thoughts_drop_first(t, out);
	if (t->n_held > 0 && kind != TAG_PARTIAL)
		thoughts_take_tag(t, kind, out);
}

static void
thoughts_feed(struct thoughts *t, uint8_t c, struct buf *out)
{
	const struct markdown_code before = t->code;

	if (t->place == THOUGHTS_TEXT && markdown_code_read(&t->code, c)) {
		thoughts_put(t, t->held, t->n_held, out);
		t->n_held = 0;
		thoughts_put(t, &c, 1, out);
		return;
	}
	if (t->n_held == 0 && t->place == THOUGHTS_TEXT)
		t->before = before;
	thoughts_take(t, c, out);
}

/* Text without anything that may be a tag, which is nearly all text. */
static bool
thoughts_is_plain(const struct thoughts *t, struct slice text)
{
	if (t->place != THOUGHTS_TEXT || t->n_held > 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (thoughts_may_begin(text.p[i]))
			return false;
	return true;
}

struct slice
thoughts_cut(struct thoughts *t, struct slice text, struct buf *out)
{
	if (!thoughts_is_plain(t, text)) {
		for (size_t i = 0; i < text.len; i++)
			thoughts_feed(t, text.p[i], out);
		return buf_slice(out);
	}
	for (size_t i = 0; i < text.len; i++) {
		(void)markdown_code_read(&t->code, text.p[i]);
		t->has_text |= memchr(" \t\r\n", text.p[i], 4) == NULL;
	}
	return text;
}

struct slice
thoughts_end(struct thoughts *t, struct buf *out)
{
	if (t->place == THOUGHTS_TOOL && t->called)
		t->is_doubtful = false;
	if (t->is_doubtful)
		must(buf_append(out, buf_data(&t->doubtful), buf_len(&t->doubtful)) == 0);
	if (t->is_doubtful || t->place == THOUGHTS_TEXT)
		must(buf_append(out, t->held, t->n_held) == 0);
	t->place = THOUGHTS_TEXT;
	t->is_doubtful = t->is_inside = false;
	t->n_held = 0;
	buf_clear(&t->doubtful);
	return buf_slice(out);
}
