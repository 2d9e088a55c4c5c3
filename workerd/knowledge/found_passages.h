/*
 * The passages that a reply is based on: the best of those that were found, and the part of the prompt that has them.
 *
 * The part stands directly before the visitor's message, so that all before it is the same for the model server's
 * cache. Each passage begins with a line that has a random code, which no content can contain:
 *
 *	=== 5f3c9a1e2b7d4c60 [S1] Title > Heading
 *	text
 *	=== 5f3c9a1e2b7d4c60 end
 */
#ifndef WORKERD_KNOWLEDGE_FOUND_PASSAGES_H
#define WORKERD_KNOWLEDGE_FOUND_PASSAGES_H

#include "workerd/knowledge/citations.h"

#define PASSAGES_MAX         6
#define PASSAGES_OF_PAGE_MAX 3
#define PASSAGES_BYTES_MAX   (8u * 1024) /* with titles and headings */

/* Content with less text goes in whole: about 4,000 tokens. */
#define PASSAGES_WHOLE_MAX (16u * 1024)

/* Short texts may have long titles and headings: what goes in whole is cut here. */
#define PASSAGES_WHOLE_PROMPT_MAX (64u * 1024)

/* The longest part of a prompt. */
#define PASSAGES_PROMPT_MAX (256u * 1024)

/* What was found for a message. */
struct found_passages {
	enum found_outcome outcome;
	struct buf list; /* of PASSAGE records, numbered from 1 in the prompt */
};

void found_passages_init(struct found_passages *p);
void found_passages_clear(struct found_passages *p);

/* Chooses the best of what storaged read, best first, within the limits. */
void found_passages_choose(struct found_passages *p, struct slice found);

/* Takes all of the content, as far as it fits into PASSAGES_WHOLE_PROMPT_MAX. */
void found_passages_take_all(struct found_passages *p, struct slice content);

/* Appends the part of the prompt, which ends where the visitor's message begins; nothing if nothing was looked up.
 * not_found: what the agent does if the content has no answer. */
void found_passages_write(
    const struct found_passages *p, enum not_found not_found, struct buf *prompt);

/* The sources of the reply, without marks; NULL if nothing was looked up. */
struct citations *found_passages_citations(const struct found_passages *p);

#endif
