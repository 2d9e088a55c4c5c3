/*
 * Steps of clients, which may have any names; a new one connects. words.c describes what they send.
 *
 *	CLIENT connects [buffer=N]       with socket buffers of about so many bytes
 *	CLIENT connects proxied=1        as to an address of PROXY_LISTEN; with TLS it sends a header, too
 *	CLIENT sends WORD ...
 *	CLIENT sends_slowly WORD ...     with a turn of the loop after each byte
 *	CLIENT sends_split N WORD ...    with a turn of the loop after N bytes
 *	CLIENT gets STATUS [BODY]        waits for a whole reply; BODY is its text, or code=... of an error
 *	CLIENT gets_head STATUS          waits for the head of a reply
 *	CLIENT reply_has TEXT ...        the head of that reply; with the values of $names
 *	CLIENT reply_lacks TEXT ...
 *	CLIENT keeps_tag NAME            of that reply, without quotes
 *	CLIENT receives WORD ...         waits for these bytes, and takes what came up to their end
 *	CLIENT received WORD ...         the same without a turn of the loop
 *	CLIENT received_nothing          that no step has taken
 *	CLIENT ends                      waits for the end of the connection, with nothing before it
 *	CLIENT is_reset, CLIENT is_dropped       waits for a reset; for a reset or the end
 *	CLIENT is_open                   was neither
 *	CLIENT closes, CLIENT resets, CLIENT shuts_down
 */
#include <poll.h>
#include <sys/socket.h>

#include "tests/unit/workerd/http/steps/http_world.h"
#include "workerd/http/message/chunked.h"

/* The length of the reply's head, or 0: it is incomplete. */
static size_t
head_length(const struct client *c)
{
	const uint8_t *p = buf_data(&c->in), *end = memmem(p, buf_len(&c->in), "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - p) + 4;
}

/* Copies the head and takes it off the input. */
static void
take_head(struct client *c, const char *status)
{
	size_t len = head_length(c);
	const char *date;

	assert_true(len < sizeof(c->head));
	memcpy(c->head, buf_data(&c->in), len);
	c->head[len] = '\0';
	buf_consume(&c->in, len);
	if (strncmp(c->head, "HTTP/1.1 ", 9) != 0 || strncmp(c->head + 9, status, 3) != 0)
		scenario_fail("%s%.200s", c->head, (const char *)buf_data(&c->in));
	if (status[0] == '1')
		return;
	date = strstr(c->head, "\r\nDate: ");
	assert_non_null(date);
	assert_memory_equal(
	    date + strlen("\r\nDate: Sun, 06 Nov 1994 08:49:37"), " GMT\r\n", 6);
	if (!world.minimal)
		assert_non_null(strstr(c->head, "\r\nX-Frame-Options: DENY\r\n"));
}

/* Takes the whole body off the input; false: it is incomplete. */
static bool
take_chunks(struct client *c, struct buf *body)
{
	struct slice all = buf_slice(&c->in), piece;
	enum chunked_result result;
	struct chunked chunks;
	int status;

	if (memmem(all.p, all.len, "0\r\n\r\n", 5) == NULL)
		return false;
	buf_reset(body);
	chunked_init(&chunks, BUF_MAX, 100);
	while ((result = chunked_read(&chunks, &all, &piece, &status)) == CHUNKED_PIECE)
		assert_int_equal(buf_append(body, piece.p, piece.len), 0);
	assert_int_not_equal(result, CHUNKED_BAD);
	if (result == CHUNKED_END)
		buf_consume(&c->in, buf_len(&c->in) - all.len);
	return result == CHUNKED_END;
}

static bool
take_body(struct client *c, struct buf *body)
{
	const char *length = strstr(c->head, "\r\nContent-Length: ");
	size_t n = length == NULL ? 0 : strtoull(length + 18, NULL, 10);

	client_read(c);
	if (strstr(c->head, "\r\nTransfer-Encoding: chunked\r\n") != NULL)
		return take_chunks(c, body);
	if (buf_len(&c->in) < n)
		return false;
	assert_int_equal(buf_append(body, buf_data(&c->in), n), 0);
	buf_consume(&c->in, n);
	return true;
}

static void
expect_body(const struct buf *body, const char *word)
{
	struct slice all = buf_slice(body), want;
	char end[128];

	want = values_bytes(world.values, word);
	if (strncmp(word, "code=", 5) == 0) {
		snprintf(end, sizeof(end), "\"code\":\"%s\"}", word + 5);
		want = slice_str(end);
		assert_memory_equal(all.p, "{\"error\":\"", 10);
		assert_true(all.len >= want.len);
		all = (struct slice){all.p + all.len - want.len, want.len};
	}
	if (!slice_eq(all, want))
		scenario_fail("%zu bytes: %.*s", all.len, (int)(all.len < 500 ? all.len : 500),
		    (const char *)all.p);
}

static void
get_head(struct client *c, const char *status)
{
	UNTIL((client_read(c), head_length(c) > 0));
	take_head(c, status);
}

static void
get_reply(struct client *c, const struct words *step)
{
	struct buf body;

	get_head(c, step->word[2]);
	buf_init(&body, BUF_MAX);
	UNTIL(take_body(c, &body));
	if (step->n > 3)
		expect_body(&body, step->word[3]);
	buf_clear(&body);
}

/* Takes the input up to the end of this text; false: it has not come. */
static bool
take_text(struct client *c, struct slice text)
{
	const uint8_t *found;

	client_read(c);
	if (buf_len(&c->in) < text.len)
		return false;
	found = memmem(buf_data(&c->in), buf_len(&c->in), text.p, text.len);
	if (found != NULL)
		buf_consume(&c->in, (size_t)(found - buf_data(&c->in)) + text.len);
	return found != NULL;
}

/* Data may take time from one end of a connection to the other. */
static void
get_text_without_turn(struct client *c, struct slice text)
{
	struct pollfd more = {.fd = c->fd, .events = POLLIN};
	uint64_t until = clock_mono_ms() + WAIT_MS;

	while (!take_text(c, text)) {
		if (clock_mono_ms() > until)
			scenario_fail("it was not sent");
		(void)poll(&more, 1, 1000);
	}
}

static void
expect_nothing(struct client *c)
{
	if (buf_len(&c->in) > 0)
		scenario_fail("%zu bytes: %.*s", buf_len(&c->in), (int)buf_len(&c->in),
		    (const char *)buf_data(&c->in));
}

static bool
end_step(struct client *c, const char *verb)
{
	if (strcmp(verb, "ends") == 0) {
		UNTIL((client_read(c), c->eof || c->reset));
		assert_false(c->reset);
		expect_nothing(c);
	} else if (strcmp(verb, "is_reset") == 0) {
		UNTIL((client_read(c), c->reset));
	} else if (strcmp(verb, "is_dropped") == 0) {
		UNTIL((client_read(c), c->eof || c->reset));
	} else if (strcmp(verb, "is_open") == 0) {
		client_read(c);
		assert_false(c->eof || c->reset);
	} else if (strcmp(verb, "closes") == 0) {
		client_close(c);
	} else if (strcmp(verb, "resets") == 0) {
		struct linger linger = {.l_onoff = 1, .l_linger = 0};

		assert_int_equal(
		    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
		client_close(c);
	} else if (strcmp(verb, "shuts_down") == 0) {
		assert_int_equal(shutdown(c->fd, SHUT_WR), 0);
	} else {
		return false;
	}
	return true;
}

/* Whether all words, or none of them, are in the head. */
static void
expect_in_head(const struct client *c, const struct words *step, bool all)
{
	for (size_t i = 2; i < step->n; i++)
		if ((strstr(c->head, text_with_names(step->word[i])) != NULL) != all)
			scenario_fail("%s", c->head);
}

static void
keep_tag(const struct client *c, const char *name)
{
	const char *tag = strstr(c->head, "\r\nETag: \"");

	assert_non_null(tag);
	tag += strlen("\r\nETag: \"");
	assert_int_equal(strcspn(tag, "\""), 16);
	assert_true(
	    values_name_bytes(world.values, name, (struct slice){(const uint8_t *)tag, 16}));
}

static bool
reply_step(struct client *c, const struct words *step)
{
	const char *verb = step->word[1];
	bool has = strcmp(verb, "reply_has") == 0;

	if (strcmp(verb, "gets") == 0 && step->n >= 3) {
		get_reply(c, step);
	} else if (strcmp(verb, "gets_head") == 0 && step->n == 3) {
		get_head(c, step->word[2]);
	} else if (strcmp(verb, "keeps_tag") == 0 && step->n == 3) {
		keep_tag(c, step->word[2]);
	} else if (has || strcmp(verb, "reply_lacks") == 0) {
		expect_in_head(c, step, has);
	} else {
		return false;
	}
	return true;
}

static bool
receive_step(struct client *c, const struct words *step)
{
	const char *verb = step->word[1];
	struct slice text;

	if (strcmp(verb, "receives") == 0) {
		text = words_together(step, 2, false);
		UNTIL(take_text(c, text));
	} else if (strcmp(verb, "received") == 0) {
		get_text_without_turn(c, words_together(step, 2, false));
	} else if (strcmp(verb, "received_nothing") == 0) {
		client_read(c);
		expect_nothing(c);
	} else {
		return reply_step(c, step);
	}
	return true;
}

static void
send_split(struct client *c, struct slice bytes, size_t cut)
{
	cut = cut < bytes.len ? cut : bytes.len;
	client_send(c, (struct slice){bytes.p, cut});
	world_turn();
	client_send(c, (struct slice){bytes.p + cut, bytes.len - cut});
}

static void
send_slowly(struct client *c, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		client_send(c, (struct slice){bytes.p + i, 1});
		world_turn();
	}
}

bool
client_step(const struct words *step)
{
	const char *verb = step->word[1], *buffer = step_option(step, "buffer");
	struct client *c;

	if (strcmp(verb, "connects") == 0) {
		client_connect(
		    step->word[0], buffer == NULL ? 0 : (int)strtol(buffer, NULL, 10), step);
		return true;
	}
	c = client_named(step->word[0]);
	if (strcmp(verb, "sends") == 0)
		client_send(c, words_together(step, 2, true));
	else if (strcmp(verb, "sends_slowly") == 0)
		send_slowly(c, words_together(step, 2, true));
	else if (strcmp(verb, "sends_split") == 0 && step->n > 3)
		send_split(c, words_together(step, 3, true), strtoul(step->word[2], NULL, 10));
	else
		return receive_step(c, step) || end_step(c, verb) || wait_step(c, step) ||
		    tls_client_step(c, step);
	return true;
}
