/*
 * Which part of a conversation a client has: for a WebSocket of a widget, and for a stream of events.
 *
 * Messages have positions in their conversation. Those before `settled` were sent and cannot change. Messages
 * sent at or after that position are in `sent`, by id. A sync reads from `settled`, page by page, to the end:
 *
 *	live_thread_begin(), for each page live_thread_take() of its messages and live_thread_end_page(),
 *	at the end live_thread_finish()
 *
 * It settles messages that cannot change any more, and forgets them.
 */
#ifndef WORKERD_API_LIVE_LIVE_THREAD_H
#define WORKERD_API_LIVE_LIVE_THREAD_H

#include "proto/ipc/messages.h"

/* A message that the client received. */
struct live_sent {
	struct id message;
	bool interrupted; /* a reply that broke off; a retry may still complete it */
};

struct live_sent_list {
	struct live_sent *items;
	size_t n, cap;
};

struct live_thread {
	struct id conversation; /* zero: unknown, or none */
	uint64_t settled;
	struct live_sent_list sent;
	/* An interrupted reply is waited for only while it is the newest message; else while it is on the last
	 * page. */
	bool waits_for_newest;
	/* Of a sync. */
	struct live_sent_list seen; /* what the store returned */
	bool gap;                   /* some question has no reply */
	bool asked;                 /* the last message was a question */
	bool interrupted;           /* some reply of the page broke off */
};

/* NULL: the list does not have it. */
struct live_sent *live_sent_find(const struct live_sent_list *list, const struct id *message);

/* Frees the lists. */
void live_thread_clear(struct live_thread *t);

/* The conversation was deleted: the client has nothing. */
void live_thread_reset(struct live_thread *t);

/* Whether the client has a message that is not settled yet. */
bool live_thread_has(const struct live_thread *t, const struct id *message);

/* Notes that the client received a message; interrupted: a reply that broke off. */
void live_thread_add(struct live_thread *t, const struct id *message, bool interrupted);

/* The position from which the client lacks messages; at least 1. */
uint64_t live_thread_first(const struct live_thread *t);

void live_thread_begin(struct live_thread *t);
void live_thread_begin_page(struct live_thread *t);

/* Notes what may still change: a question without a reply, an interrupted reply. */
void live_thread_note(struct live_thread *t, const struct msg_message_record *r);

/* The client has this message of the page from now on. Whether it lacked it, or had an interrupted reply that was
 * completed since. */
bool live_thread_take(struct live_thread *t, const struct msg_message_record *r);

/* All of the page was taken. Settles it, and all before it, unless something may still change. next_seq: of the
 * conversation. newest: it is the client's first page, read backwards. */
void live_thread_end_page(
    struct live_thread *t, const struct msg_message_page *page, uint64_t next_seq, bool newest);

/* The sync is over. Whether replies other than the active one may be missing. */
bool live_thread_finish(struct live_thread *t);

#endif
