/*
 * POST /v1/channels/{id}/files: announces a file of a person. Its id is made of the channel's own, so that an adapter that was killed
 * announces the same file again, and its message has the same files.
 */
#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/channels/channel_body.h"
#include "workerd/api/channels/channel_query.h"
#include "workerd/api/channels/channels_handlers.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/files/file_begin.h"
#include "workerd/api/guard/guard.h"
#include "workerd/webhooks/channel_session.h"

#define NAMED_MAX (CHANNEL_SESSION_SIZE + CHANNEL_MESSAGE_ID_MAX + 8)

static struct id
channel_file_id(struct slice session, struct slice own)
{
	struct hash256 hash;
	struct buf named;
	struct id id;

	buf_init(&named, NAMED_MAX);
	must(buf_append_str(&named, "file ") == 0 &&
	    buf_append(&named, session.p, session.len) == 0 &&
	    buf_append_str(&named, " ") == 0 && buf_append(&named, own.p, own.len) == 0);
	hash = secret_hash(buf_slice(&named));
	buf_clear(&named);
	memcpy(id.b, hash.b, sizeof(id.b));
	return id;
}

/* Returns what is wrong, or NULL. */
static const char *
channel_file_read(const json_t *body, struct slice *own, struct slice *peer)
{
	if (body == NULL)
		return "the body must be a JSON object in valid UTF-8 with id, from, name and bytes";
	*own = json_read_member(body, "id");
	*peer = json_read_member(json_object_get(body, "from"), "id");
	if (!channel_body_is_id(*own))
		return channel_body_id_rule;
	return channel_peer_is_valid(*peer)
	    ? NULL
	    : "from must be an object with id, a string of " CHANNEL_PEER_RULE;
}

/* The adapter has proved itself: from here on it is like any file of a session. */
static void
channel_file_begin(struct channel_query *q, const json_t *body, struct slice session,
    struct slice own)
{
	struct api_call c = q->call;

	c.org = q->q.org;
	c.widget = q->widget;
	(void)store_query_done(&q->q);
	file_begin_of_session(&c, body,
	    &(struct file_sender){.session = session,
		.payer = session,
		.file = channel_file_id(session, own)});
}

static void
channel_file_on_found(struct channel_query *q)
{
	json_t *body = json_read_object(q->q.x->body);
	char session[CHANNEL_SESSION_SIZE];
	struct slice own, peer;
	const char *wrong = channel_file_read(body, &own, &peer);

	if (wrong != NULL) {
		json_decref(body);
		channel_query_refuse_body(q, wrong);
		return;
	}
	channel_session(session, &q->channel, peer);
	if (guard_person_rate_take(q->q.api, q->q.x, slice_str(session)))
		channel_file_begin(q, body, slice_str(session), own);
	else
		guard_chat_refuse(q->q.api, store_query_done(&q->q));
	json_decref(body);
}

void
handle_channel_file(const struct api_call *c)
{
	channel_query_start(c, sizeof(struct channel_query), channel_file_on_found, NULL);
}
