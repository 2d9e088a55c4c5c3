/*
 * The table of failures.
 */
#include "workerd/api/chat/chat_failures.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define RETRY_AFTER_MS 2000

#define UNFIT_BODY_MAX 8192 /* bytes of the answer about at most 512 bytes of lines */

static const struct {
	int status;
	const char *code, *message;
	bool retry; /* send Retry-After */
	bool kept;  /* the partial reply is stored, as interrupted */
} failures[] = {
    [TURN_STORE_DOWN] = {503, "store_unavailable",
	"The service is temporarily unavailable, please try again", true, false},
    [TURN_STORE_FULL] = {503, "store_full",
	"The service is out of space, please try again later", true, false},
    [TURN_STORE_REFUSED] = {500, "internal", "Internal server error", false, false},
    [TURN_MODEL_DOWN] = {502, "model_failed", "The assistant failed to answer", false, true},
    [TURN_MODEL_SLOW] = {504, "model_timeout", "The assistant took too long to answer", false,
	true},
    [TURN_MODEL_BUSY] = {503, "model_busy", "The assistant is busy, please try again", true,
	true},
    [TURN_MODEL_UNAVAILABLE] = {503, "model_unavailable",
	"The assistant is unavailable for now, please try again", true, true},
    [TURN_TOO_LONG] = {502, "reply_too_long", "The assistant's answer is too long", false,
	true},
    [TURN_SHUTDOWN] = {503, "shutting_down", "The service is restarting, please try again",
	true, true},
    [TURN_ERASED] = {410, "conversation_deleted", "This conversation was deleted", false,
	false},
    [TURN_INTERRUPTED] = {503, "interrupted", "The reply was interrupted, please try again",
	true, true},
    [TURN_CONFLICT] = {409, "id_conflict", "This id was already used for another message",
	false, false},
    [TURN_NOT_FOUND] = {404, "not_found", "Message not found", false, false},
    [TURN_VISITOR_GONE] = {410, "widget_gone", "This chat is no longer available", false,
	false},
    [TURN_CONTACT_REQUIRED] = {403, "contact_required",
	"Please leave your contact details first", false, false},
    [TURN_CAPPED] = {429, "daily_cap", "This chat has reached its daily message limit", false,
	false},
    [TURN_BUDGET] = {429, "budget_exceeded",
	"This chat has reached its limit for now, please try again later", false, false},
    [TURN_SHARE] = {429, "budget_share",
	"You have reached your limit in this chat for today, please come back tomorrow", true,
	false},
    [TURN_SHARE_WAITS] = {429, "too_many_replies",
	"Please wait until the messages before yours are answered", true, false},
    [TURN_NO_FILE] = {409, "file_not_found", "A file is not there any more: send it again",
	false, false},
    [TURN_FILES_MANY] = {409, "too_many_files", "This conversation has too many files", false,
	false},
    [TURN_ANSWER_WRONG] = {422, "invalid_answer", "Some fields are invalid", false, false},
    [TURN_ANSWER_UNKNOWN] = {404, "answer_unknown",
	"There is no such message to answer in this conversation", false, false},
    [TURN_AGENT_DISABLED] = {503, "agent_disabled", "The assistant is not available", false,
	false},
    [TURN_BLOCKED] = {403, "blocked", "You cannot write in this chat any more", false, false},
    [TURN_TOO_MANY] = {429, "too_many_replies",
	"Please wait until your last messages are answered", true, false},
    [TURN_OVERLOADED] = {503, "overloaded", "The service is busy, please try again", true,
	true},
    [TURN_ABANDONED] = {503, "interrupted", "The reply was interrupted, please try again", true,
	true},
    [TURN_MESSAGE_LONG] = {502, "message_too_long",
	"This message is too long for the assistant, please shorten it", false, true},
};

/* By enum answer_unfit: what would fit. */
static const char *const unfit[] = {
    [UNFIT_NOTHING] = "fits",
    [UNFIT_UNKNOWN] = "is no button or field of that message",
    [UNFIT_MISSING] = "must be given",
    [UNFIT_TEXT] = "must be a text of at most 1000 characters, or a name of at most 200",
    [UNFIT_EMAIL] = "must be an e-mail address such as ann@example.com, of at most 254 bytes",
    [UNFIT_PHONE] = "must be a phone number such as +44 20 7946 0000, of at most 64 bytes",
    [UNFIT_NUMBER] = "must be a number such as 12.5, of at most 32 characters",
    [UNFIT_DATE] = "must be a date such as 2026-12-25",
    [UNFIT_CHOICE] = "must be one of the choices",
    [UNFIT_CONSENT] = "must be true",
    [UNFIT_LONG] = "must be shorter: the answer has at most 12000 bytes",
};

/* Takes a line "name=word" from what the store says of an answer. */
static bool
chat_failure_next_unfit(struct slice *text, struct slice *name, enum answer_unfit *why)
{
	const uint8_t *equals = text->len == 0 ? NULL : memchr(text->p, '=', text->len);
	const uint8_t *end = text->len == 0 ? NULL : memchr(text->p, '\n', text->len);
	struct slice word;

	if (equals == NULL || end == NULL || equals > end)
		return false;
	*name = (struct slice){text->p, (size_t)(equals - text->p)};
	word = (struct slice){equals + 1, (size_t)(end - equals - 1)};
	*text = (struct slice){end + 1, text->len - (size_t)(end + 1 - text->p)};
	*why = UNFIT_UNKNOWN;
	for (unsigned i = 0; i < ARRAY_LEN(unfit); i++)
		if (slice_eq_str(word, answer_unfit_words[i]))
			*why = (enum answer_unfit)i;
	return true;
}

void
chat_failure_write_fields(struct json_writer *j, const struct turn_error *error)
{
	struct slice text = error->text, name;
	enum answer_unfit why;

	if (error->failure != TURN_ANSWER_WRONG)
		return;
	json_write_open(j, "fields", '{');
	while (chat_failure_next_unfit(&text, &name, &why))
		json_write_member(j, name, slice_str(unfit[why]));
	json_write_close(j, '}');
	json_write_open(j, "reasons", '{');
	for (text = error->text; chat_failure_next_unfit(&text, &name, &why);) {
		json_write_open_named(j, name, '{');
		json_write_str(j, "code", slice_str(answer_unfit_words[why]));
		json_write_close(j, '}');
	}
	json_write_close(j, '}');
}

/* 422 with what is wrong. */
static void
chat_failure_reply_unfit(struct http_exchange *x, const struct turn_error *error)
{
	struct json_writer j;
	struct buf body;

	buf_init(&body, UNFIT_BODY_MAX);
	j = json_writer(&body);
	json_write_open(&j, NULL, '{');
	chat_failure_write(&j, error);
	chat_failure_write_fields(&j, error);
	json_write_close(&j, '}');
	must(!j.failed);
	reply_start(x, failures[error->failure].status);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", buf_slice(&body));
	buf_clear(&body);
}

void
chat_failure_reply(struct http_exchange *x, const struct turn_error *error)
{
	unsigned ms = chat_failure_retry_after_ms(error);

	if (error->failure == TURN_ANSWER_WRONG) {
		chat_failure_reply_unfit(x, error);
		return;
	}
	reply_start(x, failures[error->failure].status);
	if (ms > 0)
		reply_header_fmt(x, "Retry-After", "%u", ms / 1000 + (ms % 1000 != 0));
	reply_error_text(x, failures[error->failure].code, chat_failure_text(error));
}

unsigned
chat_failure_retry_after_ms(const struct turn_error *error)
{
	if (!failures[error->failure].retry)
		return 0;
	/* A share is of a UTC day. */
	if (error->failure == TURN_SHARE)
		return (unsigned)(CLOCK_DAY_MS - clock_wall_ms() % CLOCK_DAY_MS);
	return error->retry_after_ms > 0 ? error->retry_after_ms : RETRY_AFTER_MS;
}

const char *
chat_failure_code(enum turn_failure failure)
{
	return failures[failure].code;
}

const char *
chat_failure_message(enum turn_failure failure)
{
	return failures[failure].message;
}

struct slice
chat_failure_text(const struct turn_error *error)
{
	return error->text.len > 0 && error->failure != TURN_ANSWER_WRONG
	    ? error->text
	    : slice_str(failures[error->failure].message);
}

void
chat_failure_write(struct json_writer *j, const struct turn_error *error)
{
	json_write_str(j, "error", chat_failure_text(error));
	json_write_str(j, "code", slice_str(failures[error->failure].code));
}

bool
chat_failure_is_kept(enum turn_failure failure)
{
	return failures[failure].kept;
}
