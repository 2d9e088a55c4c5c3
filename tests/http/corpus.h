/*
 * The raw requests of corpus.def for tests in C.
 */
#ifndef TESTS_HTTP_CORPUS_H
#define TESTS_HTTP_CORPUS_H

#include "proto/base/buf.h"

struct corpus_case {
	const char *outcomes, *name;
	struct buf bytes;
};

struct corpus {
	struct corpus_case *cases;
	size_t n;
};

void corpus_load(struct corpus *c);
void corpus_clear(struct corpus *c);

#endif
