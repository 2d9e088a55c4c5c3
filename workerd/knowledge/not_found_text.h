/*
 * What a visitor reads if the content has no answer, of an agent with a fixed text that has none of its own: in the
 * languages of the widget.
 */
#ifndef WORKERD_KNOWLEDGE_NOT_FOUND_TEXT_H
#define WORKERD_KNOWLEDGE_NOT_FOUND_TEXT_H

#include "proto/base/buf.h"

/* language: a tag such as "de-AT" (RFC 5646); English if it is empty or none of them. */
const char *not_found_text(struct slice language);

#endif
