/*
 * The table of failures.
 */
#include "workerd/api/chat/chat_failures.h"

#include "proto/base/clock.h"

#define RETRY_AFTER_MS 2000

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

void
chat_failure_reply(struct http_exchange *x, const struct turn_error *error)
{
	unsigned ms = chat_failure_retry_after_ms(error);

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
	return error->text.len > 0 ? error->text : slice_str(failures[error->failure].message);
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
