/*
 * Messages that need no information, such as "hi" and "thanks": that the content has no answer to them says nothing about
 * it. A message is one if it has no word, or consists of phrases of small_talk.def alone, in any language.
 *
 * Pure: no I/O.
 */
#ifndef WORKERD_KNOWLEDGE_SMALL_TALK_H
#define WORKERD_KNOWLEDGE_SMALL_TALK_H

#include <stdbool.h>

#include "proto/base/buf.h"

/* text: valid UTF-8. */
bool small_talk_is(struct slice text);

#endif
