/*
 * Topics: a hash table with chains, keyed by the random bytes of ids.
 */
#include "storaged/live/topics.h"

#include <stdlib.h>

#include "proto/base/basics.h"

void
topics_init(struct topics *t, enum topic_kind kind)
{
	static const struct topics_limits limits[TOPIC_KINDS] = {
	    [TOPIC_TURNS] = {TOPICS_TURNS_CLIENT_MAX, TOPICS_TURNS_MAX},
	    [TOPIC_ROOMS] = {TOPICS_ROOMS_MAX, TOPICS_ROOMS_MAX},
	};

	*t = (struct topics){
	    .kind = kind,
	    .limits = limits[kind],
	    .buckets = xcalloc(TOPICS_BUCKETS, sizeof(*t->buckets)),
	};
}

void
topics_clear(struct topics *t)
{
	must(t->n == 0);
	for (size_t i = 0; i < TOPICS_BUCKETS; i++)
		while (!LIST_EMPTY(&t->buckets[i]))
			topic_free(LIST_FIRST(&t->buckets[i]));
	free(t->buckets);
	t->buckets = NULL;
}

/* The last bytes of a UUIDv7 are random (RFC 9562, section 5.7). */
static struct topic_bucket *
topics_bucket_of(const struct topics *t, const struct id *id)
{
	return &t->buckets[((size_t)id->b[14] << 8 | id->b[15]) % TOPICS_BUCKETS];
}

struct topic *
topics_find(const struct topics *t, const struct id *id)
{
	struct topic *topic;

	LIST_FOREACH (topic, topics_bucket_of(t, id), bucket)
		if (id_equal(&topic->id, id))
			return topic;
	return NULL;
}

struct topic *
topics_find_or_add(struct topics *t, const struct id *id)
{
	struct topic *topic = topics_find(t, id);

	if (topic != NULL)
		return topic;
	topic = xcalloc(1, sizeof(*topic));
	topic->id = *id;
	LIST_INIT(&topic->followers);
	LIST_INSERT_HEAD(topics_bucket_of(t, id), topic, bucket);
	return topic;
}

void
topic_free(struct topic *topic)
{
	must(LIST_EMPTY(&topic->followers));
	LIST_REMOVE(topic, bucket);
	free(topic);
}

struct following *
topic_following(const struct topic *topic, const struct client *client)
{
	struct following *following;

	LIST_FOREACH (following, &topic->followers, of_topic)
		if (following->client == client)
			return following;
	return NULL;
}

bool
topics_may_follow(const struct topics *t, const struct client *client)
{
	return t->n < t->limits.of_all && client->follows[t->kind].n < t->limits.of_client;
}

struct following *
topics_follow(struct topics *t, struct topic *topic, struct client *client)
{
	struct following *following = topic_following(topic, client);

	if (following != NULL)
		return following;
	following = xcalloc(1, sizeof(*following));
	following->topic = topic;
	following->client = client;
	LIST_INSERT_HEAD(&topic->followers, following, of_topic);
	LIST_INSERT_HEAD(&client->follows[t->kind].list, following, of_client);
	client->follows[t->kind].n++;
	t->n++;
	return following;
}

void
topics_unfollow(struct topics *t, struct following *following)
{
	LIST_REMOVE(following, of_topic);
	LIST_REMOVE(following, of_client);
	following->client->follows[t->kind].n--;
	t->n--;
	free(following);
}
