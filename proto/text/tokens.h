/*
 * Tokens of a model, as far as they can be known without it.
 *
 * A token has at least one byte, so a request has at most as many tokens as bytes: that is what budgets reserve. What
 * a call may have used whose usage nobody reported is an estimate: a quarter of a token for each byte of its request,
 * and half a token for each byte of the text that came.
 */
#ifndef PROTO_TEXT_TOKENS_H
#define PROTO_TEXT_TOKENS_H

#include "proto/base/buf.h"

/* Tokens of a reply where neither its agent nor the settings have a limit: with a budget, and without. */
#define TOKENS_OUTPUT_BUDGET 1024u
#define TOKENS_OUTPUT        4096u

/* What a reasoning model may think besides. */
#define TOKENS_REASONING 8192u

/* Whether the model of this name thinks before it answers, by the names that are known. */
bool tokens_model_reasons(struct slice model);

/* The most tokens that the model of this name may write for a reply whose visible text has this limit (0: the default).
 * effort: how much the model is asked to think; empty if nothing is said about it. budget: a budget limits the reply. */
uint32_t tokens_output_max(
    struct slice model, struct slice effort, uint32_t limit, bool budget);

/* An estimate of a text's tokens by its letters: those of Latin scripts are several in a token, those of Chinese or Thai
 * about one each. A text that is made to have many tokens may have twice as many. */
size_t tokens_estimate_text(struct slice text);

/* What a call with a request of so many bytes, which has brought so many bytes of text, may have used; at most
 * most_output for the text. */
uint32_t tokens_estimate_call(size_t request, size_t text, uint32_t most_output);

/* The most tokens that a picture with these sides costs. low: the model is asked to look at less detail, which only OpenAI's
 * models are known to do. */
uint32_t tokens_picture_max(struct slice model, uint32_t width, uint32_t height, bool low);

#endif
