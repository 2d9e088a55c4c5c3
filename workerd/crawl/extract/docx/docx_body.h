/*
 * The text of word/document.xml.
 */
#ifndef WORKERD_CRAWL_EXTRACT_DOCX_DOCX_BODY_H
#define WORKERD_CRAWL_EXTRACT_DOCX_DOCX_BODY_H

#include "workerd/crawl/extract/docx/docx_styles.h"
#include "workerd/crawl/extract/outcome.h"

/* 0, or -1: it is not well-formed; then the text is incomplete. */
[[gnu::warn_unused_result]] int docx_body_read(
    struct outcome *out, const struct docx_styles *styles, struct slice part);

#endif
