/*
 * Marks: words that the index has for a reply beside those of its text, so that it is found by its rating, its end,
 * whether the owner's content answered it, and the agent that wrote it.
 */
#ifndef STORAGED_SEARCH_MARKS_H
#define STORAGED_SEARCH_MARKS_H

#include "proto/ipc/messages.h"
#include "storaged/search/index.h"

struct marks {
	size_t len;
	char text[INDEX_MARKS_MAX];
};

/* The marks of a stored message; only replies have some. */
void marks_of_message(const struct msg_message_record *message, struct marks *marks);

/* The marks that a search wants. */
void marks_of_search(const struct msg_search *search, struct marks *marks);

static inline struct slice
marks_slice(const struct marks *marks)
{
	return (struct slice){(const uint8_t *)marks->text, marks->len};
}

#endif
