/*
 * The raw requests of corpus.txt, which documents its format, for tests in C.
 */
#ifndef TESTS_HTTP_CORPUS_H
#define TESTS_HTTP_CORPUS_H

#include "proto/base/buf.h"

#define CORPUS_FILE         "tests/http/corpus.txt" /* relative to the top of the tree */
#define CORPUS_OUTCOMES_MAX 8

/* The outcome of a request; a refusal is its status. */
#define OUTCOME_OK   1
#define OUTCOME_MORE 2

struct corpus_case {
	char *name;
	int outcomes[CORPUS_OUTCOMES_MAX];
	size_t n_outcomes;
	struct buf bytes;
};

struct corpus {
	struct corpus_case *cases;
	size_t n;
};

/* Loads the file; exits with a message if it cannot be read or parsed. */
void corpus_load(struct corpus *c, const char *path);
void corpus_clear(struct corpus *c);

/* An outcome as corpus.txt writes it. */
const char *outcome_name(int outcome, char text[16]);

#endif
