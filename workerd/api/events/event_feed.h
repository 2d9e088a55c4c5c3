/*
 * The change feed of the store, as the streams of one worker read it.
 *
 * All readers that have caught up share one position and one request per commit, whatever their
 * organization. A reader that resumes first reads the rows since its own position alone, and only while its
 * client takes them. Without readers, the worker asks the store for nothing.
 *
 * If the connection to the store is lost, the feed goes on behind its last row: no row is missed or repeated.
 */
#ifndef WORKERD_API_EVENTS_EVENT_FEED_H
#define WORKERD_API_EVENTS_EVENT_FEED_H

#include <sys/queue.h>

#include "workerd/store/store_client.h"

struct event_base;
struct event_feed;
struct event_reader;

/* A reader's callbacks. None but `begun` and `row` is called twice, and the last three are the reader's end:
 * it may be freed. */
struct event_reader_ops {
	/* Rows may come from now on. Called once, before `row`. */
	void (*begun)(struct event_reader *r);
	void (*row)(struct event_reader *r, const struct msg_change_record *row);
	/* Whether more rows may come that the reader has missed; asked again later if not. */
	bool (*has_room)(const struct event_reader *r);
	/* The rows behind its position were removed, or its position is of another store. */
	void (*gone)(struct event_reader *r, uint64_t newest);
	/* The store failed before `begun`, with this answer (type 0: none). */
	void (*failed)(struct event_reader *r, uint16_t type, const union msg *m);
	/* The worker ends all readers. */
	void (*ended)(struct event_reader *r);
};

enum event_reader_state {
	READER_STARTS,     /* waits for the feed's position */
	READER_RESUMES,    /* reads a page of what it has missed */
	READER_WAITS_ROOM, /* has missed more, but its client is slow */
	READER_LIVE,
};

/* Embedded in a stream; the first fields are set by its owner. */
struct event_reader {
	const struct event_reader_ops *ops;
	struct id org;
	uint32_t kinds; /* set of 1 << enum change_kind; 0: all */
	bool resumes;   /* from `at` on; otherwise from the newest row */
	uint64_t at;    /* number of the last row that it has */

	/* private to the feed */
	struct event_feed *feed;
	TAILQ_ENTRY(event_reader) link;
	enum event_reader_state state;
	bool has_begun;
	struct store_call *call;
};

struct event_feed *event_feed_new(struct event_base *base, struct store_client *store);
void event_feed_free(struct event_feed *feed); /* without readers */

/* May call `begun` at once; every other callback comes later, from the event loop. */
void event_feed_join(struct event_feed *feed, struct event_reader *r);
void event_feed_leave(struct event_reader *r);

/* The number from which the reader could resume without missing a row. */
uint64_t event_feed_position(const struct event_reader *r);

/* Ends all readers. */
void event_feed_end(struct event_feed *feed);

#endif
