/*
 * The text of a message or article that is HTML, for messages, which are plain text or Markdown.
 */
#ifndef STORAGED_CLI_FOREIGN_HTML_TEXT_H
#define STORAGED_CLI_FOREIGN_HTML_TEXT_H

#include "proto/base/buf.h"

/* Whether a text has a tag that a message editor writes, such as <p> or <br>. */
bool html_text_is_html(struct slice text);

/* Appends the text of valid UTF-8: paragraphs and list items are lines, the address of a link or picture follows it in
 * parentheses, unless it is very long. The result has at most twice the bytes of html. -1: out is full. */
[[gnu::warn_unused_result]] int html_text_append(struct buf *out, struct slice html);

#endif
