/*
 * The sources of a reply: the passages that were found for it, and its marks, the places in its text that cite them.
 * The model knows a passage by its place among those that were found, from 1; a reader by a number of its own, in the
 * order of the first citations. Passages with the same title and address are one source.
 *
 * Each reply that is being written has one of these, at its writer and wherever others follow it. It travels, and is
 * stored, as a SOURCES_RECORD.
 */
#ifndef WORKERD_KNOWLEDGE_CITATIONS_H
#define WORKERD_KNOWLEDGE_CITATIONS_H

#include "proto/ipc/messages.h"

#define CITATIONS_PASSAGES_MAX 250
#define CITATIONS_MARKS_MAX    300

struct citations;

/* A place that cites a source. */
struct source_mark {
	size_t at; /* bytes of the text before it */
	uint8_t n; /* of the source, from 1 */
};

/* A source as readers see it. */
struct source_view {
	uint8_t n;
	struct slice title, url; /* the address is http or https, or empty */
};

struct citations *citations_new(enum found_outcome outcome);
void citations_free(struct citations *s); /* NULL is legal */

/* From a SOURCES_RECORD. NULL: it is empty or damaged. */
struct citations *citations_read(struct slice record);

/* Appends a SOURCES_RECORD, whose marks are at most at the end of the text. Leaves out what does not fit, at first
 * passages that are not cited. */
void citations_write(const struct citations *s, size_t text, struct buf *out);

/* Adds a passage, which is copied; those over CITATIONS_PASSAGES_MAX are left out. */
void citations_add(struct citations *s, const struct msg_passage *passage);

/* The model cites passage number `number` behind so many bytes of the text; 0: it says that the content has no
 * answer. Returns whether that is a new mark: not if there is no such passage, or the same mark is there. */
bool citations_cite(struct citations *s, unsigned number, size_t at);

/* Whether the model has said that the content has no answer. */
bool citations_has_no_answer(const struct citations *s);

enum found_outcome citations_outcome(const struct citations *s);
void citations_set_outcome(struct citations *s, enum found_outcome outcome);

/* The marks, in the order of their places. */
size_t citations_n_marks(const struct citations *s);
struct source_mark citations_mark(const struct citations *s, size_t i);

/* The greatest number of a cited source, and the source with this number (1 to that); its n is 0 if it did not fit into
 * the record. */
uint8_t citations_n_cited(const struct citations *s);
struct source_view citations_cited(const struct citations *s, uint8_t n);

/* The passages, best first, as they are in the record. */
size_t citations_n_passages(const struct citations *s);
const struct msg_sources_passage *citations_passage(const struct citations *s, size_t i);

#endif
