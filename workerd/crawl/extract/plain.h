/*
 * Plain text: paragraphs are separated by empty lines.
 */
#ifndef WORKERD_CRAWL_EXTRACT_PLAIN_H
#define WORKERD_CRAWL_EXTRACT_PLAIN_H

#include "workerd/crawl/extract/outcome.h"

/* Reads valid UTF-8. Lines stay as they are. */
void plain_read(struct outcome *out, struct slice text);

/* Takes the next line from text, without its end; false at the end. */
bool plain_next_line(struct slice *text, struct slice *line);

#endif
