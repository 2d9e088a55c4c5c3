/*
 * Open questions that ask the same: two are similar if they have at least half of their words in common (Jaccard
 * index), whatever their order, case and accents. A question belongs to the first cluster whose first question is
 * similar to it, or begins a new one.
 *
 * Pure: no I/O.
 */
#ifndef WORKERD_KNOWLEDGE_GAP_CLUSTERS_H
#define WORKERD_KNOWLEDGE_GAP_CLUSTERS_H

#include <stdbool.h>

#include "proto/base/buf.h"

/* Different words of a question that count. */
#define GAP_WORDS_MAX 64

struct gap_words {
	uint64_t signature; /* a bit for each word, at least */
	uint32_t n;
	uint64_t hashes[GAP_WORDS_MAX]; /* of the different words, ascending */
};

/* The words of a question, which is valid UTF-8. */
void gap_words_read(struct gap_words *words, struct slice question);

bool gap_words_are_similar(const struct gap_words *a, const struct gap_words *b);

struct gap_clusters;

struct gap_clusters *gap_clusters_new(void);
void gap_clusters_free(struct gap_clusters *c);

/* Adds a question. Returns the number of its cluster: that of an earlier question, or the next number, from 0 on. */
size_t gap_clusters_add(struct gap_clusters *c, struct slice question);

#endif
