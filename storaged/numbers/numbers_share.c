/*
 * The share of one conversation or message.
 */
#include "storaged/numbers/numbers_share.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* The place of a conversation's first reply. */
#define FIRST_REPLY 2u

static void
numbers_share_add(struct numbers_share *share, unsigned count, uint32_t by)
{
	must(share->n < ARRAY_LEN(share->of));
	if (by > 0)
		share->of[share->n++] = (struct numbers_part){count, by};
}

static uint32_t
numbers_share_hour(uint64_t ms)
{
	uint64_t hour = ms / CLOCK_HOUR_MS;

	return hour > UINT32_MAX ? UINT32_MAX : (uint32_t)hour;
}

void
numbers_share_of_conversation(
    const struct msg_conversation_record *conversation, struct numbers_share *share)
{
	*share = (struct numbers_share){.hour = numbers_share_hour(conversation->created_at)};
	numbers_share_add(share, COUNT_CONVERSATIONS, 1);
}

static enum count
numbers_share_end_of(const struct msg_message_record *reply)
{
	switch ((enum message_status)reply->status) {
	case MESSAGE_STOPPED:
		return COUNT_STOPPED;
	case MESSAGE_INTERRUPTED:
		return reply->text.len > 0 ? COUNT_INTERRUPTED : COUNT_FAILED;
	default:
		return COUNT_COMPLETE;
	}
}

/* A time of 0 is unknown. */
static void
numbers_share_add_time(struct numbers_share *share, enum count_histogram histogram, uint32_t ms)
{
	if (ms > 0)
		numbers_share_add(share, histogram + counts_bucket(ms), 1);
}

static void
numbers_share_add_details(struct numbers_share *share, struct slice record)
{
	struct msg_message_details details;

	if (record.len == 0 || record_decode(record, MSG_MESSAGE_DETAILS, &details) != WIRE_OK)
		return;
	share->agent = details.author;
	share->model = details.model;
	numbers_share_add_time(share, COUNT_FIRST_TOKEN, details.first_token_ms);
	numbers_share_add_time(share, COUNT_TOTAL_TIME, details.total_ms);
	numbers_share_add(share, COUNT_RATED_UP, details.rating == RATING_UP);
	numbers_share_add(share, COUNT_RATED_DOWN, details.rating == RATING_DOWN);
}

void
numbers_share_of_message(
    uint64_t seq, const struct msg_message_record *message, struct numbers_share *share)
{
	*share = (struct numbers_share){.hour = numbers_share_hour(message->created_at)};
	if (message->role != MESSAGE_ASSISTANT) {
		numbers_share_add(
		    share, message->role == MESSAGE_USER ? COUNT_QUESTIONS : COUNT_OPERATOR, 1);
		return;
	}
	numbers_share_add(share, numbers_share_end_of(message), 1);
	numbers_share_add(share, COUNT_BEGUN, seq == FIRST_REPLY);
	numbers_share_add(share, COUNT_TOKENS_IN, message->prompt_tokens);
	numbers_share_add(share, COUNT_TOKENS_OUT, message->completion_tokens);
	numbers_share_add_details(share, message->details);
}
