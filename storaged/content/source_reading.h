/*
 * What workers, searchd and crawld read of sources: pages, their text, and a list of all content.
 *
 * Nothing of a removed source is read, although its pages may still be there.
 */
#ifndef STORAGED_CONTENT_SOURCE_READING_H
#define STORAGED_CONTENT_SOURCE_READING_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_source_page_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_source_text_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_content_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_content_see(struct txn *t, struct call *c);

#endif
