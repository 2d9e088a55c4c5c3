/*
 * The body of a chat request, from an untrusted client, with and without an Idempotency-Key. An
 * accepted body is within the limits of the contract, and its members alone, serialized again, are
 * accepted with the same result. Its members may also be those of a page and of a rating.
 */
#include "proto/base/json_escape.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_page.h"
#include "workerd/api/chat/chat_rating.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/request/client_id.h"

static void
check_id(struct slice id)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

	must(id.len >= 1 && id.len <= 128 && client_id_is_valid(id));
	for (size_t i = 0; i < id.len; i++)
		must(memchr(alphabet, id.p[i], sizeof(alphabet) - 1) != NULL);
}

static void
check_message(struct slice message)
{
	must(utf8_valid(message) && message.len > 0);
	must(utf8_utf16_len(message) >= 1 && utf8_utf16_len(message) <= 4000);
}

static void
put_member(struct buf *text, const char *before, const char *key, struct slice value)
{
	must(buf_printf(text, "%s\"%s\":\"", before, key) == 0);
	must(json_escape(text, value) == 0 && buf_append_str(text, "\"") == 0);
}

/* The client id once in the body and once in the header. */
static void
check_written_again(const struct chat_body *body)
{
	const struct slice none = {0};
	struct chat_body again;
	struct buf text;

	buf_init(&text, 2 * 128 * 6 + 12000 * 6 + 128);
	put_member(&text, "{", "message", body->message);
	put_member(&text, ",", "sessionId", body->session);
	for (int in_body = 0; in_body <= 1; in_body++) {
		size_t len = buf_len(&text);

		if (in_body == 1 && body->client_id.len > 0)
			put_member(&text, ",", "clientMessageId", body->client_id);
		must(buf_append_str(&text, "}") == 0);
		must(chat_body_read(buf_slice(&text),
			 in_body == 1 || body->client_id.len == 0 ? none : body->client_id,
			 &again) == NULL);
		must(slice_eq(again.session, body->session));
		must(slice_eq(again.message, body->message));
		must(slice_eq(again.client_id, body->client_id));
		chat_body_clear(&again);
		buf_truncate(&text, len);
	}
	buf_clear(&text);
}

/* An invalid header makes any body invalid; a valid one replaces the member, or must equal it. */
static void
check_header(struct slice text, struct slice header, bool is_good, struct slice client_id)
{
	struct chat_body body;
	const char *wrong = chat_body_read(text, header, &body);
	bool agrees = client_id.len == 0 || slice_eq(client_id, header);

	must((wrong == NULL) == (is_good && client_id_is_valid(header) && agrees));
	if (wrong != NULL)
		return;
	must(slice_eq(body.client_id, header));
	chat_body_clear(&body);
}

static void
check_session_alone(struct slice text, const struct chat_body *whole)
{
	struct chat_body body;
	const char *wrong = chat_body_read_session(text, &body);

	must(whole == NULL || wrong == NULL);
	if (wrong != NULL) {
		must(*wrong != '\0' && body.json == NULL);
		return;
	}
	check_id(body.session);
	must(whole == NULL || slice_eq(whole->session, body.session));
	chat_body_clear(&body);
}

static void
check_line(struct slice text, size_t most)
{
	must(text.len <= most && utf8_valid(text));
	must(text.len == 0 || utf8_is_line(text));
}

static void
check_address(struct slice text)
{
	check_line(text, 2048);
	must(text.len == 0 || strncasecmp((const char *)text.p, "http", 4) == 0);
}

/* The page of a message: whatever it says, what is stored is within the limits. */
static void
check_page(const struct json_t *object)
{
	struct msg_page_record page;
	struct buf record;

	buf_init(&record, CHAT_PAGE_MAX);
	chat_page_encode(object, json_read_member(object, "message"), &record);
	must(record_decode(buf_slice(&record), MSG_PAGE_RECORD, &page) == WIRE_OK);
	check_address(page.url);
	check_address(page.referrer);
	check_line(page.title, 900);
	check_line(page.language, 64);
	check_line(page.timezone, 64);
	check_line(page.browser, 512);
	buf_clear(&record);
}

static void
check_rating(const struct json_t *object)
{
	struct msg_rating_set rating = {0};

	if (chat_rating_read(object, &rating) != NULL)
		return;
	must(slice_eq(json_read_member(object, "rating"),
	    chat_rating_name((enum message_rating)rating.rating)));
	must(utf8_valid(rating.comment) && rating.comment.len <= 3000);
}

FUZZ(chat_body)
{
	static const char *const headers[] = {"key", "", "no id"};
	struct chat_body body;
	const char *wrong = chat_body_read(in, (struct slice){0}, &body);

	check_session_alone(in, wrong == NULL ? &body : NULL);
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		check_header(in, slice_str(headers[i]), wrong == NULL, body.client_id);
	if (wrong == NULL) {
		check_id(body.session);
		check_message(body.message);
		if (body.client_id.p != NULL)
			check_id(body.client_id);
		check_written_again(&body);
		check_page(body.json);
		check_rating(body.json);
		chat_body_clear(&body);
	} else {
		must(*wrong != '\0' && body.json == NULL);
	}
}
