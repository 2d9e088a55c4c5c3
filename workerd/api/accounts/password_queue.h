/*
 * The order of waiting passwords. It is fair to everyone who waits, so that a flood of wrong passwords delays
 * itself.
 *
 * There are two parts: one for people who are signed in, or signed in before from the same browser or address,
 * and one for strangers. While both have jobs, they take turns. Within a part, the
 * one with the fewest recent attempts is first, and among equals the newest: if a flood of clients tries
 * for the first time, nobody has to wait for all of them.
 *
 * Not thread-safe: the password hasher has a lock.
 */
#ifndef WORKERD_API_ACCOUNTS_PASSWORD_QUEUE_H
#define WORKERD_API_ACCOUNTS_PASSWORD_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/* Whose password it is, which decides about its place. */
struct password_owner {
	bool known;        /* signed in, now or before */
	uint32_t attempts; /* recent ones, without this one */
};

/* Embedded in a job, and owned by it. */
struct password_place {
	TAILQ_ENTRY(password_place) link;
	struct password_owner owner;
	bool waits; /* in the queue */
};

TAILQ_HEAD(password_places, password_place);

struct password_queue {
	struct password_places parts[2]; /* strangers, known people */
	bool turn;                       /* the part that is next */
};

void password_queue_init(struct password_queue *q);

/* Adds a place, of which the owner is set. */
void password_queue_add(struct password_queue *q, struct password_place *place);

void password_queue_remove(struct password_queue *q, struct password_place *place);

/* Whether anyone waits; and removes who is next. */
bool password_queue_is_empty(const struct password_queue *q);
struct password_place *password_queue_take(struct password_queue *q);

/* Removes the last one of the owner's part if the owner would go before it; otherwise NULL. */
struct password_place *password_queue_displace(
    struct password_queue *q, const struct password_owner *owner);

#endif
