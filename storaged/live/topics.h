/*
 * What clients follow: topics with an id, open turns (live.h) and visitors (rooms.h), each with those
 * who follow it. A following hangs in the list of its topic and in that of its client.
 *
 * In memory only, and bounded. Whoever has a table of them decides what its clients are told, and when
 * a topic that nobody follows goes.
 */
#ifndef STORAGED_LIVE_TOPICS_H
#define STORAGED_LIVE_TOPICS_H

#include "storaged/live/client.h"

/* Followings of one client, and of all, in a table; about 56 bytes each, and 56 a topic. */
#define TOPICS_CLIENT_MAX 65536u
#define TOPICS_MAX        262144u

#define TOPICS_BUCKETS 4096u

struct topic {
	LIST_ENTRY(topic) bucket;
	struct id id;
	struct followings followers;
	union {
		bool stop;        /* of a turn: whoever claims it is told so */
		struct id widget; /* of a visitor */
	};
};

struct following {
	LIST_ENTRY(following) of_topic;
	LIST_ENTRY(following) of_client;
	struct topic *topic;
	struct client *client;
	uint32_t has; /* of a turn: bytes of the text that it has without a gap */
};

LIST_HEAD(topic_bucket, topic);

struct topics {
	enum topic_kind kind;
	struct topic_bucket *buckets;
	size_t n; /* followings */
};

void topics_init(struct topics *t, enum topic_kind kind);

/* Frees all of it; no client follows any of them any more. */
void topics_clear(struct topics *t);

/* NULL: there is none with this id. */
struct topic *topics_find(const struct topics *t, const struct id *id);

/* A new one is zero behind its id. */
struct topic *topics_find_or_add(struct topics *t, const struct id *id);

/* Frees a topic that nobody follows. */
void topic_free(struct topic *topic);

/* NULL: the client does not follow it. */
struct following *topic_following(const struct topic *topic, const struct client *client);

/* Whether there is room for another following of this client's. */
bool topics_have_room(const struct topics *t, const struct client *client);

/* From now on the client follows this topic; it may have done so before. */
struct following *topics_follow(struct topics *t, struct topic *topic, struct client *client);

/* And no more. The topic stays. */
void topics_unfollow(struct topics *t, struct following *following);

#endif
