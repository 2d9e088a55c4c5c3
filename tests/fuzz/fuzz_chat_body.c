/*
 * The body of a chat request, from anyone at all. What is accepted obeys the bounds of the
 * contract, and its two members alone, written anew, are accepted as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/json_escape.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/api/chat_body.h"

static void
check_session(struct slice session)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

	must(session.len >= 1 && session.len <= 128 && is_client_id(session));
	for (size_t i = 0; i < session.len; i++)
		must(memchr(alphabet, session.p[i], sizeof(alphabet) - 1) != NULL);
}

static void
check_message(struct slice message)
{
	must(utf8_valid(message) && message.len > 0);
	must(utf8_utf16_len(message) >= 1 && utf8_utf16_len(message) <= 4000);
}

static void
check_written_again(const struct chat_body *body)
{
	struct chat_body again;
	struct buf text;

	buf_init(&text, 128 * 6 + 12000 * 6 + 64);
	must(buf_append_str(&text, "{\"message\":\"") == 0);
	must(json_escape(&text, body->message) == 0);
	must(buf_append_str(&text, "\",\"sessionId\":\"") == 0);
	must(json_escape(&text, body->session) == 0);
	must(buf_append_str(&text, "\"}") == 0);
	must(chat_body_read(buf_slice(&text), &again) == NULL);
	must(slice_eq(again.session, body->session) && slice_eq(again.message, body->message));
	chat_body_clear(&again);
	buf_clear(&text);
}

int
fuzz_chat_body(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy((struct slice){data, size});
	struct chat_body body;
	const char *wrong = chat_body_read((struct slice){copy, size}, &body);

	if (wrong == NULL) {
		check_session(body.session);
		check_message(body.message);
		check_written_again(&body);
		chat_body_clear(&body);
	} else {
		must(*wrong != '\0' && body.json == NULL);
	}
	free(copy);
	return 0;
}
