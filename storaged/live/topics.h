/*
 * Topics that clients follow: open turns (live.h) and rooms (rooms.h), by id. A following is in
 * the list of its topic and in that of its client.
 *
 * In memory only, and bounded. The owner of a table decides what its clients are told, and when a
 * topic without followers is freed.
 */
#ifndef STORAGED_LIVE_TOPICS_H
#define STORAGED_LIVE_TOPICS_H

#include "storaged/live/client.h"

/*
 * Followings of one client, and of all clients, in one table; 64 bytes each, and as many for each topic. A
 * worker follows a room only while it has a WebSocket or a stream of it, which costs the worker much more
 * memory: so these have a common limit only, of 128 MiB.
 */
#define TOPICS_TURNS_CLIENT_MAX 65536u
#define TOPICS_TURNS_MAX        262144u
#define TOPICS_ROOMS_MAX        1048576u

#define TOPICS_BUCKETS 65536u

struct topic {
	LIST_ENTRY(topic) bucket;
	struct id id;
	struct followings followers;
	union {
		bool stop;        /* of a turn: the worker that claims it must stop it */
		struct id widget; /* of a visitor's room */
	};
	uint64_t typed_at; /* of a room: when its followers were told of typing; 0: never */
};

struct following {
	LIST_ENTRY(following) of_topic;
	LIST_ENTRY(following) of_client;
	struct topic *topic;
	struct client *client;
	uint32_t has; /* of a turn: bytes of the text that the client has without a gap */
	bool ended;   /* of a room: the client does not know it yet (rooms_send_ends()) */
};

LIST_HEAD(topic_bucket, topic);

struct topics_limits {
	size_t of_client, of_all;
};

struct topics {
	enum topic_kind kind;
	struct topics_limits limits;
	struct topic_bucket *buckets;
	size_t n; /* followings */
};

void topics_init(struct topics *t, enum topic_kind kind);

/* Frees everything; no client may follow any topic. */
void topics_clear(struct topics *t);

/* NULL: not found. */
struct topic *topics_find(const struct topics *t, const struct id *id);

/* A new topic is zero behind its id. */
struct topic *topics_find_or_add(struct topics *t, const struct id *id);

/* Frees a topic that nobody follows. */
void topic_free(struct topic *topic);

/* NULL: the client does not follow it. */
struct following *topic_following(const struct topic *topic, const struct client *client);

/* Whether the client may follow one more topic. */
bool topics_may_follow(const struct topics *t, const struct client *client);

/* The client follows this topic; it may do so already. */
struct following *topics_follow(struct topics *t, struct topic *topic, struct client *client);

/* The client stops following. The topic stays. */
void topics_unfollow(struct topics *t, struct following *following);

#endif
