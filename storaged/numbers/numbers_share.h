/*
 * What one conversation or message adds to the numbers: the only place that decides it, for counting
 * and for the check by `banter verify`.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_SHARE_H
#define STORAGED_NUMBERS_NUMBERS_SHARE_H

#include "proto/counts/counts.h"
#include "proto/ipc/messages.h"

struct numbers_share {
	struct id agent; /* who replied; zero: it is no reply, or the agent is unknown */
	uint32_t hour;   /* since 1970 */
	struct slice
	    model; /* the tokens are of this one, borrowed from the record; empty: it is unknown, or no reply */
	unsigned n;
	struct numbers_part {
		unsigned count; /* enum count, or a bucket of an enum count_histogram */
		uint32_t by;
	} of[8];
};

void numbers_share_of_conversation(
    const struct msg_conversation_record *conversation, struct numbers_share *share);

/* seq: its place in the conversation. */
void numbers_share_of_message(
    uint64_t seq, const struct msg_message_record *message, struct numbers_share *share);

#endif
