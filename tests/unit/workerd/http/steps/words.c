/*
 * The words of a step that sends or expects bytes; together they are one text.
 *
 *	{GET /path}, {POST /path HTTP/1.0; Name: value; ...}   the head of a request; in HTTP/1.1 it has a Host
 *	[text hi], [ping], [close 1000 reason], ...            a frame; of a client with a mask of zeros
 *	[text... h] [... i]                                    the fragments of a message
 *	any other word or "text"                               these bytes (values.h)
 *
 * `*N` behind a word repeats it. In a request, $name is a value that an earlier step has named.
 */
#include "tests/unit/workerd/http/steps/http_world.h"

#include "workerd/http/ws/ws_frames.h"

#define TEXT_MAX (8u * 1024 * 1024)

/* Appends text with the values of its names. */
static void
add_text(struct buf *out, const char *text)
{
	char name[32];

	while (*text != '\0') {
		size_t len = strcspn(text, "$");

		assert_int_equal(buf_append(out, text, len), 0);
		text += len;
		if (*text == '\0')
			return;
		len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
		snprintf(name, sizeof(name), "%.*s", (int)len + 1, text);
		assert_int_equal(
		    buf_append_str(out, (const char *)values_bytes(world.values, name).p), 0);
		text += len + 1;
	}
}

static void
add_request(struct buf *out, char *text)
{
	const char *line = strsep(&text, ";");
	bool has_version = strstr(line, " HTTP/") != NULL;

	add_text(out, line);
	if (!has_version)
		add_text(out, " HTTP/1.1");
	if (!has_version || strstr(line, " HTTP/1.1") != NULL)
		add_text(out, "\r\nHost: a");
	while ((line = strsep(&text, ";")) != NULL) {
		add_text(out, "\r\n");
		add_text(out, line + strspn(line, " "));
	}
	add_text(out, "\r\n\r\n");
}

/* "text", "text...", "...": the first byte of a frame. */
static uint8_t
first_byte(const char *kind)
{
	static const char *const kinds[] = {"text", "text...", "...", "ping", "pong", "close"};
	static const uint8_t bytes[] = {0x81, 0x01, 0x80, 0x89, 0x8a, 0x88};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return bytes[i];
	scenario_fail("there is no frame \"%s\"", kind);
}

/* "1000 reason" */
static struct slice
close_payload(const char *text)
{
	static uint8_t payload[WS_CONTROL_MAX];
	char *reason;
	unsigned long code = strtoul(text, &reason, 10);

	return (struct slice){payload,
	    ws_close_payload(payload, (unsigned)code, slice_str(reason + (*reason == ' ')))};
}

/* A client's frame has a mask of zeros behind the length. */
static void
add_frame(struct buf *out, char *text, bool masked)
{
	const char *kind = strsep(&text, " ");
	bool close = strcmp(kind, "close") == 0;
	struct slice payload =
	    close ? close_payload(text) : values_bytes(world.values, text == NULL ? "" : text);
	struct buf frame;
	size_t head;

	buf_init(&frame, payload.len + WS_HEAD_MAX);
	assert_int_equal(ws_frame_write(&frame, WS_TEXT, payload), 0);
	head = buf_len(&frame) - payload.len;
	frame.mem[0] = first_byte(kind);
	frame.mem[1] |= masked ? 0x80 : 0;
	assert_int_equal(buf_append(out, buf_data(&frame), head), 0);
	assert_int_equal(buf_append(out, "\0\0\0\0", masked ? 4 : 0), 0);
	assert_int_equal(buf_append(out, payload.p, payload.len), 0);
	buf_clear(&frame);
}

/* {...} or [...], once. */
static void
add_bracketed(struct buf *out, const char *word, size_t len, bool masked)
{
	char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)len - 2, word + 1);
	if (word[0] == '{')
		add_request(out, text);
	else
		add_frame(out, text, masked);
}

static void
add_word(struct buf *out, const char *word, bool masked)
{
	const char *end = strrchr(word, word[0] == '{' ? '}' : ']');
	struct slice bytes;

	if (word[0] == '{' || word[0] == '[') {
		size_t times = end[1] == '*' ? strtoul(end + 2, NULL, 10) : 1;

		for (size_t i = 0; i < times; i++)
			add_bracketed(out, word, (size_t)(end + 1 - word), masked);
		return;
	}
	bytes = values_bytes(world.values, word);
	assert_int_equal(buf_append(out, bytes.p, bytes.len), 0);
}

struct slice
words_together(const struct words *step, size_t from, bool masked)
{
	static struct buf out;

	buf_clear(&out);
	buf_init(&out, TEXT_MAX);
	for (size_t i = from; i < step->n; i++)
		add_word(&out, step->word[i], masked);
	return buf_slice(&out);
}

const char *
text_with_names(const char *word)
{
	static struct buf out;

	buf_clear(&out);
	buf_init(&out, TEXT_MAX);
	add_text(&out, (const char *)values_bytes(world.values, word).p);
	assert_int_equal(buf_append(&out, "", 1), 0);
	return (const char *)buf_data(&out);
}
