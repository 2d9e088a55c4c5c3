/*
 * PDF: pdftotext of poppler-utils makes text of it, in a process of its own with the same limits. Each page becomes
 * blocks with the anchor "page=N", which PDF viewers understand (RFC 8118, section 3).
 */
#ifndef WORKERD_CRAWL_EXTRACT_PDF_H
#define WORKERD_CRAWL_EXTRACT_PDF_H

#include <sys/types.h>

#include "workerd/crawl/extract/outcome.h"

struct pdf {
	pid_t pid;
	int text, errors; /* pipes from pdftotext */
};

/* Starts pdftotext on standard input: before the process is restricted. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int pdf_start(struct pdf *pdf);

/* Reads all of its output. */
void pdf_read(struct pdf *pdf, struct outcome *out);

#endif
