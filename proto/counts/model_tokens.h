/*
 * The tokens of replies by the model that wrote them: a part of what is counted (counts.h), which has their sums. What has no
 * entry here is of an unknown model: of replies before this was counted, or of more models than there is room for.
 *
 * Encoded: for each model, in the order of their names, the length of its name, the name, and both numbers, as
 * variable-length integers (LEB128).
 */
#ifndef PROTO_COUNTS_MODEL_TOKENS_H
#define PROTO_COUNTS_MODEL_TOKENS_H

#include <stdint.h>

#include "proto/base/buf.h"

/* Models of a row: those that an agent and its fallbacks have in a day. */
#define MODEL_TOKENS_MAX 16u

#define MODEL_NAME_BYTES 256u

/* The longest encoding and the longest text. */
#define MODEL_TOKENS_BYTES_MAX (MODEL_TOKENS_MAX * (2 + MODEL_NAME_BYTES + 2 * 10))
#define MODEL_TOKENS_TEXT_MAX  (MODEL_TOKENS_MAX * (6 * MODEL_NAME_BYTES + 48) + 2)

/* Zeroes: empty. */
struct model_tokens {
	unsigned n;
	struct model_use {
		uint16_t len;
		uint8_t name[MODEL_NAME_BYTES];
		uint64_t in, out;
	} of[MODEL_TOKENS_MAX]; /* in the order of their names */
};

struct slice model_use_name(const struct model_use *use);

/* Adds tokens; negative numbers subtract, to zero at most. Without effect for an empty name, and for a new model
 * if there is no room. */
void model_tokens_change(struct model_tokens *m, struct slice name, int64_t in, int64_t out);

void model_tokens_add(struct model_tokens *to, const struct model_tokens *m);

/* Writes the encoding to out, MODEL_TOKENS_BYTES_MAX bytes; returns its length, 0 if there are none. */
size_t model_tokens_encode(const struct model_tokens *m, uint8_t *out);

/* The next model of an encoding, whose name is a part of it. False: it ends, or is damaged, and then not empty. */
[[gnu::warn_unused_result]] bool model_tokens_next(
    struct slice *in, struct slice *name, uint64_t *tokens_in, uint64_t *tokens_out);

/* Adds what is encoded. False, with some of it added, if it is not an encoding of model_tokens_encode(). */
[[gnu::warn_unused_result]] bool model_tokens_add_encoded(
    struct model_tokens *to, struct slice in);

/* Appends them as a JSON object, {"gpt-4.1-mini":[1200,80]}; nothing if there are none. 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result]] int model_tokens_write_text(
    struct buf *out, const struct model_tokens *m);

/* Reads such a text, or an empty one; numbers are below 2^53. False: it is not one. */
[[gnu::warn_unused_result]] bool model_tokens_read_text(
    struct model_tokens *m, struct slice text);

#endif
