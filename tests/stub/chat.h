/*
 * One response to chat/completions, or to responses, in progress: a state machine that returns its next bytes when
 * they are due. It produces the exact bytes of the HTTP response, correct or faulty as its script
 * says; the connection that owns it sends them and keeps the time.
 */
#ifndef TESTS_STUB_CHAT_H
#define TESTS_STUB_CHAT_H

#include "tests/stub/dialect.h"
#include "tests/stub/reply.h"
#include "tests/stub/script.h"
#include "tests/stub/stats.h"

enum chat_step {
	CHAT_WAIT, /* call chat_step() again at `due` */
	CHAT_HANG, /* nothing more follows: wait for the client to disconnect */
	CHAT_CUT,  /* close the connection when the bytes are sent */
	CHAT_END,  /* the response is complete when the bytes are sent */
};

struct chat {
	struct stats *stats;   /* borrowed from the server, as the next one */
	const json_t *dialect; /* NULL: OpenAI's */
	struct script script;
	struct call call;
	struct reply reply;
	uint64_t due; /* clock_mono_ns() time of the next step */
	uint64_t id;
	struct buf authorization; /* the request's header */
	struct buf frame;         /* the part common to all events, built once: see chat.c */
	struct buf token;         /* the dialect's event of a token; empty: it has none */
	size_t text_at;           /* and where its text belongs */
	size_t head_len;          /* of frame: up to the list of choices */
	size_t prefix_len;        /* of frame: up to a token; the rest follows the token */
	struct buf text;          /* of the Responses API: the tokens so far, as in JSON */
	size_t token_at;          /* and where the current one begins in its event */
	uint32_t sequence;        /* and the number of the next event */
	bool close;               /* the connection closes after the response */
	bool started;             /* the head is written */
};

/* Starts the response to call by script, and takes over the contents of both (they are empty
 * afterwards). bare is the message without directives. Free with chat_free(). */
[[gnu::warn_unused_result]] struct chat *chat_new(struct stats *stats, const json_t *dialect,
    struct call *call, struct script *script, struct slice bare, struct slice authorization,
    const struct answer_about *about);
void chat_free(struct chat *c);

/* Appends what is due: at most about CHAT_BATCH bytes, unless one token is longer. */
#define CHAT_BATCH ((size_t)16 << 10)
[[gnu::warn_unused_result]] enum chat_step chat_step(struct chat *c, struct buf *out);

#endif
