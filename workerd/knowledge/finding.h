/*
 * Finds what a reply is based on: searchd names the passages that fit a question best, and storaged reads them as they
 * are now. Content with less than PASSAGES_WHOLE_MAX bytes goes in whole. A slow or absent searchd or storaged never
 * holds up a reply for longer than FINDING_TIMEOUT_MS for each of the two.
 */
#ifndef WORKERD_KNOWLEDGE_FINDING_H
#define WORKERD_KNOWLEDGE_FINDING_H

#include "workerd/knowledge/finding_service.h"
#include "workerd/knowledge/found_passages.h"

/* How long searchd may take, and then how long storaged. */
#define FINDING_TIMEOUT_MS 500

/* The content has no answer if its best passage has less than so many thousandths of the question's weight (FOUND). */
#define FINDING_COVERAGE_MIN 300

/* Bytes of hits that PASSAGES_READ takes; searchd sends far less, unless it is broken. */
#define FINDING_HITS_MAX 16384

struct finding;

struct finding_question {
	struct id org;
	enum knowledge knowledge; /* not none */
	struct slice sources;     /* as in AGENT_RECORD */
	struct slice text;
	struct slice before; /* the visitor's question before; empty: none */
};

/* Called once, from the event loop; passages is borrowed and may be moved from. */
typedef void finding_fn(void *arg, struct found_passages *found);

/* The question is copied. */
struct finding *finding_start(struct finding_service *service,
    const struct finding_question *question, finding_fn *fn, void *arg);

/* Frees it without the call. NULL is legal. */
void finding_cancel(struct finding *f);

#endif
