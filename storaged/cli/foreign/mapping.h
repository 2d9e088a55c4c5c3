/*
 * What the objects of Intercom's and Chatwoot's exports mean here. Both have many forms: answers of their API, pages of
 * them, rows of their database, one object for all of a conversation or one for each message. So an object is known by
 * its members, and nothing must be there but an id.
 */
#ifndef STORAGED_CLI_FOREIGN_MAPPING_H
#define STORAGED_CLI_FOREIGN_MAPPING_H

#include "storaged/cli/foreign/misfits.h"
#include "storaged/cli/foreign/spool.h"

enum foreign_chat { FOREIGN_CHATWOOT, FOREIGN_INTERCOM };

struct mapping {
	enum foreign_chat from;
	struct id org;
	/* Receives each item, whose texts are valid UTF-8, and valid during the call. */
	void (*found)(void *arg, const struct item *item);
	void *arg;
	struct misfits *misfits;
	uint64_t taken;              /* objects that were known */
	struct buf text[ITEM_TEXTS]; /* of the item that is made */
};

void mapping_init(struct mapping *m, enum foreign_chat from, struct misfits *misfits,
    void (*found)(void *arg, const struct item *item), void *arg);
void mapping_clear(struct mapping *m);

/* "chatwoot" or "intercom": also the beginning of the sessions' names. */
const char *mapping_name(enum foreign_chat from);

/* Takes an object, or a list or wrapper of some. hint: the name of the member that has it; "": none. */
void mapping_take(struct mapping *m, json_t *object, const char *hint);

#endif
