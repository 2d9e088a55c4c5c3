/*
 * The sources of a reply: the passages that were found for it, and its marks, the places in its text that cite them.
 * The model knows a passage by its place among those that were found, from 1; a reader by a number of its own, in the
 * order of the first citations. Passages with the same title and address are one source.
 *
 * Each reply that is being written has one of these, at its writer and wherever others follow it. It travels, and is
 * stored, as a SOURCES_RECORD.
 */
#ifndef WORKERD_KNOWLEDGE_SOURCES_H
#define WORKERD_KNOWLEDGE_SOURCES_H

#include "proto/ipc/messages.h"

#define SOURCES_PASSAGES_MAX 250
#define SOURCES_MARKS_MAX    300

struct sources;

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

struct sources *sources_new(enum found_outcome outcome);
void sources_free(struct sources *s); /* NULL is legal */

/* From a SOURCES_RECORD. NULL: it is empty or damaged. */
struct sources *sources_read(struct slice record);

/* Appends a SOURCES_RECORD, whose marks are at most at the end of the text. Leaves out what does not fit, at first
 * passages that are not cited. */
void sources_write(const struct sources *s, size_t text, struct buf *out);

/* Adds a passage, which is copied; those over SOURCES_PASSAGES_MAX are left out. */
void sources_add(struct sources *s, const struct msg_passage *passage);

/* The model cites passage number `number` behind so many bytes of the text; 0: it says that the content has no
 * answer. Returns whether that is a new mark: not if there is no such passage, or the same mark is there. */
bool sources_cite(struct sources *s, unsigned number, size_t at);

/* Whether the model has said that the content has no answer. */
bool sources_has_no_answer(const struct sources *s);

enum found_outcome sources_outcome(const struct sources *s);
void sources_set_outcome(struct sources *s, enum found_outcome outcome);

/* The marks, in the order of their places. */
size_t sources_n_marks(const struct sources *s);
struct source_mark sources_mark(const struct sources *s, size_t i);

/* The greatest number of a cited source, and the source with this number (1 to that); its n is 0 if it did not fit into
 * the record. */
uint8_t sources_n_cited(const struct sources *s);
struct source_view sources_cited(const struct sources *s, uint8_t n);

/* The passages, best first, as they are in the record. */
size_t sources_n_passages(const struct sources *s);
const struct msg_sources_passage *sources_passage(const struct sources *s, size_t i);

#endif
