/*
 * Embeddings in the format of OpenAI (platform.openai.com, API reference, "Embeddings"), and how the store keeps them.
 * The format only, no I/O.
 */
#ifndef WORKERD_KNOWLEDGE_EMBEDDING_FORMAT_H
#define WORKERD_KNOWLEDGE_EMBEDDING_FORMAT_H

#include <stdbool.h>

#include "proto/base/buf.h"

#define EMBEDDING_DIMENSIONS_MAX 4096
#define EMBEDDING_BATCH_MAX      64

/* The vectors of a response, of length 1 each. One is zero if the server has none for its text: it is zero or not finite
 * there, or has other dimensions than most of them. */
struct embedded {
	size_t n, dimensions;
	float *values;   /* n times dimensions */
	uint64_t tokens; /* that the server has counted; 0: unknown */
};

/* Writes a request for the vectors of texts into an empty buffer. */
void embedding_format_write(
    struct buf *body, const char *model, const struct slice *texts, size_t n);

/* Reads a response for n texts. False: it is invalid. Else embedding_format_clear() it. */
[[gnu::warn_unused_result]] bool embedding_format_read(
    struct slice response, size_t n, struct embedded *e);
void embedding_format_clear(struct embedded *e);

/* Writes a vector as signed bytes; returns what each stands for (VECTOR_RECORD); 0: the vector is zero. */
float embedding_format_shrink(const float *vector, size_t dimensions, int8_t *values);

#endif
