/*
 * Sends what was read of an export to a running storaged, exactly once: what is there already, by the id that follows from
 * its id in the other chat, is left as it is. So an import can be repeated, also after operators have changed contacts or
 * answered, and also with a newer export.
 */
#ifndef STORAGED_CLI_FOREIGN_DELIVER_H
#define STORAGED_CLI_FOREIGN_DELIVER_H

#include "storaged/cli/foreign/id_map.h"
#include "storaged/cli/foreign/mapping.h"
#include "storaged/cli/store/store_conn.h"

/* What is counted. */
enum deliver_what {
	DELIVER_CONTACT,
	DELIVER_CONVERSATION,
	DELIVER_MESSAGE,
	DELIVER_NOTE,
	DELIVER_TAG,
	DELIVER_ARTICLE,
	DELIVER_CHANGE, /* of a conversation that is there */
	DELIVER_KINDS,
};

/* Requests in flight, at most: about one batch of storaged. */
#define DELIVER_IN_FLIGHT 512u

struct delivery {
	struct store_conn store;
	enum foreign_chat from;
	struct id org, widget;
	struct spool *spool;
	struct misfits *misfits;
	uint64_t added[DELIVER_KINDS], there[DELIVER_KINDS];
	uint64_t now;           /* ms since 1970: for what has no time */
	struct id_map contacts; /* contacts that are another one here */
	struct id_map owners;   /* hashes of e-mails and phones, and their contacts */
	struct id_map tags;     /* hashes of names, and their tags */
	size_t tags_n;
	uint8_t
	    waits[DELIVER_IN_FLIGHT]; /* what each request in flight is, plus 1; 0: unused */
	uint32_t unused[DELIVER_IN_FLIGHT];
	size_t n_unused;
	struct buf record, details; /* what is sent */
};

/* The store is connected by the caller. */
void deliver_init(struct delivery *d);
void deliver_clear(struct delivery *d);

/* Sends all items of the sorted spool. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int deliver_all(struct delivery *d);

/* The parts of it, for the places [from, to) of one kind. */
[[gnu::warn_unused_result]] int deliver_contacts(struct delivery *d, size_t from, size_t to);
[[gnu::warn_unused_result]] int deliver_articles(struct delivery *d, size_t from, size_t to);
[[gnu::warn_unused_result]] int deliver_threads(struct delivery *d, size_t from, size_t to);

/* Queues a request to import something, and counts it when it is answered; a refusal is a misfit. */
[[gnu::warn_unused_result]] int deliver_send(
    struct delivery *d, enum deliver_what what, enum msg_type type, const void *msg);
[[gnu::warn_unused_result]] int deliver_send_record(
    struct delivery *d, enum deliver_what what, enum msg_type type, const void *record);

/* Counts a refusal as a misfit. 0, or the exit status after an error message: it concerns more than this object. */
[[gnu::warn_unused_result]] int deliver_refused(
    struct delivery *d, const struct msg_error *error, struct slice example);

/* Waits for all answers. */
[[gnu::warn_unused_result]] int deliver_settle(struct delivery *d);

/* Reads an item of the spool. */
[[gnu::warn_unused_result]] int deliver_read(
    struct delivery *d, size_t place, struct item *item);

/* The first place behind `from` that is of another group. */
size_t deliver_group_end(const struct delivery *d, size_t from, size_t to);

/* A hash of a text, as a key of id_map. */
struct id deliver_hash(const struct delivery *d, const char *kind, struct slice text);

/* Cuts a text to so many UTF-16 units, as one line. out must be empty. */
struct slice deliver_line(struct buf *out, struct slice text, size_t units);

#endif
