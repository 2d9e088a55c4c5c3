/*
 * JSON of model servers, read leniently: repaired if its strings are not valid, a member that is there twice has its
 * last value, and integers may be larger than 64 bits.
 *
 * For the files of this folder.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_JSON_H
#define WORKERD_MODEL_OPENAI_OPENAI_JSON_H

#include <jansson.h>

#include "workerd/model/openai/utf8_reassembly.h"

struct openai_json {
	json_t *root;  /* NULL: not JSON; the caller's */
	bool repaired; /* its strings are decoded by openai_json_decode() */
};

/* Any JSON value, with or without a byte order mark. */
struct openai_json openai_json_load(struct slice data);

/* A string's bytes, which belong to it; empty for other values and for NULL. */
struct slice openai_json_string(const json_t *value);

/* A number of any JSON type and size, or a text with one; 0: it is none, or negative. */
uint32_t openai_json_number(const json_t *value);

/* Appends a string's text to out, joined to the incomplete character before it. 0, or -1 as
 * utf8_reassembly_add() does. */
[[gnu::warn_unused_result]] int openai_json_decode(
    struct utf8_reassembly *reassembly, struct buf *out, struct slice string, bool repaired);

#endif
