/*
 * Documents made from inputs, for several targets.
 */
#ifndef TESTS_FUZZ_DOCUMENTS_H
#define TESTS_FUZZ_DOCUMENTS_H

#include "workerd/crawl/extract/outcome.h"

/* Encodes what a reader wrote and decodes it as crawld does: aborts if it is no valid document. Frees nothing of out. */
struct document *documents_pass(struct outcome *out);

/* Makes chunks of a document and checks them. */
void documents_check_chunks(const struct document *doc);

#endif
