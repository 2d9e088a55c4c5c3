/*
 * The encoded SOURCES_RECORD of a reply. Its lists are bytes to the codec, since a record in a record holds none.
 */
#ifndef STORAGED_CONVERSATIONS_REPLY_SOURCES_H
#define STORAGED_CONVERSATIONS_REPLY_SOURCES_H

#include "proto/ipc/messages.h"

/* Whether the record and all items of its lists decode, so that wire_list_next() may be used; an empty one does. */
bool reply_sources_are_valid(struct slice sources);

#endif
