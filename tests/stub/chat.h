/*
 * One answer to chat/completions while it is being given: a state machine that is asked for its
 * next bytes when they are due. It writes the very bytes of the HTTP answer, well or ill as its
 * script says; the connection that owns it moves them and keeps the time.
 */
#ifndef TESTS_STUB_CHAT_H
#define TESTS_STUB_CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/stub/answer.h"
#include "tests/stub/bytes.h"
#include "tests/stub/call.h"
#include "tests/stub/reply.h"
#include "tests/stub/script.h"
#include "tests/stub/stats.h"

enum chat_step {
	CHAT_WAIT, /* call chat_step() again when due is past */
	CHAT_HANG, /* nothing more will come: wait for the client to go */
	CHAT_CUT,  /* close the connection once the bytes are out */
	CHAT_END,  /* the answer is whole once the bytes are out */
};

struct chat {
	struct stats *stats; /* borrowed from the server */
	struct script script;
	struct reply reply;
	uint64_t due; /* pace_now() time of the next step */
	uint64_t id;
	uint64_t prompt_tokens;
	struct bytes authorization; /* the call's header; only if it is to be repeated */
	struct bytes message;       /* only if the reply is to be held */
	struct bytes frame; /* what is the same in every event, made once: see turns.c */
	size_t head_len;    /* of frame: up to the list of choices */
	size_t prefix_len;  /* of frame: up to a token; the rest follows the token */
	uint32_t epoch;     /* of stats_begin() */
	bool stream;
	bool include_usage;
	bool close;   /* the connection ends after the answer */
	bool started; /* the head is out */
	bool failed;  /* ends as STATS_FAILED */
};

/*
 * An answer to call by script, of which it takes possession (script is empty afterwards). bare is
 * the message without directives. NULL with the answer in error if the script cannot be played.
 * Free with chat_free(), which also counts the call's end.
 */
[[gnu::warn_unused_result]] struct chat *chat_new(struct stats *stats, const struct call *call,
    struct script *script, struct span bare, const struct answer_about *about,
    struct api_error *error);
void chat_free(struct chat *c, enum stats_end how);

/* Appends what is due, at most some CHAT_BATCH bytes unless one token is longer. */
#define CHAT_BATCH ((size_t)16 << 10)
[[gnu::warn_unused_result]] enum chat_step chat_step(struct chat *c, struct bytes *out);

/* How it ended, after CHAT_CUT or CHAT_END. */
enum stats_end chat_outcome(const struct chat *c);

#endif
