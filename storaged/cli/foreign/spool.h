/*
 * What was read of an export, on disk until all of it was read: files have messages and their conversations in any order.
 * The files are deleted while they are open, and their memory is the kernel's cache.
 */
#ifndef STORAGED_CLI_FOREIGN_SPOOL_H
#define STORAGED_CLI_FOREIGN_SPOOL_H

#include <stdio.h>

#include "proto/base/ids.h"
#include "proto/ipc/messages.h"

/* In the order in which they are sent. */
enum item_kind { ITEM_CONTACT, ITEM_ARTICLE, ITEM_CONVERSATION, ITEM_MESSAGE, ITEM_NOTE };

/* The texts of an item by its kind. Empty: unknown. */
enum {
	ITEM_NAME = 0,
	ITEM_EMAIL = 1,
	ITEM_PHONE = 2,
	ARTICLE_TITLE = 0,
	ARTICLE_TEXT = 1,
	ARTICLE_NAME = 2, /* in the source; its suffix says what the text is */
	CONVERSATION_SESSION = 0,
	CONVERSATION_TAGS = 1, /* names, one a line */
	MESSAGE_TEXT = 0,
	MESSAGE_AUTHOR = 1,
	ITEM_TEXTS = 3,
};

struct item {
	uint8_t kind;    /* enum item_kind */
	uint8_t role;    /* enum message_role of a message */
	uint8_t state;   /* enum conversation_state, plus 1; 0: unknown */
	struct id group; /* the conversation; of others their own id */
	struct id id;
	struct id contact; /* of a conversation, or of the visitor's message; zero: unknown */
	uint64_t at, updated; /* ms since 1970; 0: unknown */
	struct slice text[ITEM_TEXTS];
};

/* Where an item is. */
struct item_place {
	struct id group;
	uint64_t at, offset;
	uint8_t kind;
};

struct spool {
	FILE *items;
	int index; /* file of item_place */
	struct item_place *places;
	size_t n, capacity;
	struct buf item; /* the last that was read */
	int error;       /* errno: the disk is full, for example */
};

/* 0, or -1 with errno. */
[[gnu::warn_unused_result]] int spool_open(struct spool *s);
void spool_close(struct spool *s);

/* Adds an item. On failure, error is set, and further items are ignored. */
void spool_add(struct spool *s, const struct item *item);

/* All items were added: sorts their places by kind, conversations with what is in them together, by time. */
void spool_sort(struct spool *s);

/* Reads an item, valid until the next call. -1 with errno. */
[[gnu::warn_unused_result]] int spool_read(
    struct spool *s, const struct item_place *place, struct item *item);

#endif
