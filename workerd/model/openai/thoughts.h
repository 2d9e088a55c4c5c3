/*
 * The thoughts of a model within its text: <think>…</think> and its relatives, and the channels of gpt-oss
 * (<|channel|>analysis<|message|>…). They are cut from the text wherever the tokens split them, outside of code, in
 * which a tag is text: between backticks, to the end of the line at most, and between lines that begin with ``` or ~~~.
 *
 * The calls of tools in the text are cut, too (<tool_call>, [TOOL_CALLS] …): servers leave them there whose model has
 * another form than they expect.
 *
 * A tag that closes without one that opens ends a thought that began with the reply: some servers put the opening tag
 * into the prompt. The format only, no I/O. One for each reply.
 */
#ifndef WORKERD_MODEL_OPENAI_THOUGHTS_H
#define WORKERD_MODEL_OPENAI_THOUGHTS_H

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/text/markdown_code.h"

/* The longest tag with its attributes; what is longer is text. */
#define THOUGHTS_TAG_MAX 96

/* The longest thought within a line of the answer that becomes text again if nothing closes it. */
#define THOUGHTS_DOUBTFUL_MAX 8192

enum thoughts_place {
	THOUGHTS_TEXT,
	THOUGHTS_THOUGHT, /* until its tag closes */
	THOUGHTS_HEADER,  /* of a channel, until <|message|> */
	THOUGHTS_CHANNEL, /* a channel that is not for the visitor, until it ends */
	THOUGHTS_TOOL,    /* the call of a tool, which the server should have read */
};

struct thoughts {
	enum thoughts_place place;
	bool seen;         /* a thought was cut */
	bool has_text;     /* the visitor has text that is no white space */
	bool is_doubtful;  /* the thought becomes text if nothing closes it */
	bool is_inside;    /* the reply is taken to begin within a thought */
	bool began_inside; /* the reply has begun within a thought */
	bool restarted;    /* for the caller: discard the text before, which was a thought */
	bool is_role;      /* of a header: it has no channel */
	bool in_answer;    /* a tag has begun the answer */
	bool called;       /* the text calls the tool hand_over */
	bool cut_call;     /* a call was cut: a further tag that closes one is its rest */
	uint8_t n_named;   /* bytes of its name so far */
	uint8_t n_header, n_held;
	uint8_t header[8];              /* the start of a channel's name */
	uint8_t held[THOUGHTS_TAG_MAX]; /* may be the start of a tag */
	struct markdown_code code;      /* of the text */
	struct markdown_code before;    /* the same, where the held bytes begin */
	struct buf doubtful;            /* the thought, if it may become text */
};

void thoughts_init(struct thoughts *t);
void thoughts_clear(struct thoughts *t);

/* The reply begins within a thought: this model's replies do. */
void thoughts_begin_inside(struct thoughts *t);

/* It does not, as its server separates thoughts from the text. */
void thoughts_begin_outside(struct thoughts *t);

/* Whether the model is thinking at the moment. */
bool thoughts_is_open(const struct thoughts *t);

/* Bytes that are kept of a reply that is taken to begin within a thought; a longer one has no thought. */
#define THOUGHTS_INSIDE_MAX (64u * 1024)

/* The most bytes that thoughts_cut() writes for so many, and thoughts_end() for 0. */
#define THOUGHTS_ROOM(len) ((len) + THOUGHTS_TAG_MAX + THOUGHTS_INSIDE_MAX)

/*
 * The text without thoughts. It is the given text if that needs no change; otherwise it is written to out, which is
 * empty. If t->restarted is set afterwards, all text before was a thought, and this is the text from the beginning;
 * the caller sets it to false.
 */
struct slice thoughts_cut(struct thoughts *t, struct slice text, struct buf *out);

/* The text that still waits at the end of the reply, written to out, which is empty. */
struct slice thoughts_end(struct thoughts *t, struct buf *out);

#endif
