/*
 * The state that the handlers of one worker share. workerd/api/api.c creates it, and one lives for the
 * life of the worker.
 *
 * Each part that belongs to one folder is opaque to the others.
 */
#ifndef WORKERD_API_REQUEST_API_STATE_H
#define WORKERD_API_REQUEST_API_STATE_H

#include <sys/queue.h>

#include "proto/base/buf.h"
#include "proto/base/secrets.h"
#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings.h"
#include "workerd/files/file_links.h"
#include "workerd/store/store_client.h"
#include "workerd/turn/turns.h"

struct event;
struct event_feed;
struct event_stream;
struct file_lane;
struct gap_askings;
struct live_rooms;
struct model_lister;
struct pages;
struct password_hasher;
struct router;
struct search_client;
struct server_settings;
struct timeval;
struct webhooks;
struct widget_sightings;
struct widget_sockets;

struct api {
	/* Borrowed from the worker, which frees them after the API. */
	const struct settings *settings;
	struct turns *turns;
	struct store_client *store;
	struct search_client *search;
	struct scoreboard *board;
	struct scoreboard_worker *worker; /* this worker's slot of the scoreboard */

	/* Owned. */
	struct router *router;                     /* of workerd/api/routing.c */
	struct pages *pages;                       /* of workerd/api/pages */
	struct live_rooms *rooms;                  /* of workerd/api/live */
	struct event_feed *events;                 /* of workerd/api/events */
	struct widget_sockets *widget_sockets;     /* of workerd/api/widget */
	struct model_lister *models;               /* of workerd/model */
	struct widget_sightings *widget_sightings; /* likewise */
	struct password_hasher *hasher;            /* of workerd/api/accounts */
	struct webhooks *webhooks;                 /* of workerd/webhooks */
	struct gap_askings *gap_askings;           /* of workerd/api/content */
	struct file_lane *file_lane;               /* of workerd/api/files */
	struct buf scratch;                        /* api_scratch() */
	struct server_settings *shown_settings;    /* of workerd/api/server */
	struct msg_crash_report crashes;           /* last reported to the store */
	struct event *crash_watch;                 /* reports changes */
	/* The store's; zero: not read on this connection. Set only by api_use_login_secret(). */
	struct hash256 login_secret;
	/* Keys whose use was reported to the store, for guard_key.c. Keys with the same place are reported more often. */
	struct {
		struct hash256 key;
		uint64_t at; /* ms, monotonic */
	} key_uses[64];

	/* Interval of the comments that keep silent event streams open; libevent owns it. */
	const struct timeval *stream_heartbeat;
	LIST_HEAD(, event_stream) endless_streams; /* of event_stream.h */
	bool draining;
};

/* The secret of the store that this worker is connected to, also for the addresses of files; zero: unknown from now on. */
static inline void
api_use_login_secret(struct api *api, const struct hash256 *secret)
{
	api->login_secret = *secret;
	file_link_use(secret);
}

/* The buffer for a small answer, emptied: valid until the next call. */
static inline struct buf *
api_scratch(struct api *api)
{
	buf_reset(&api->scratch);
	return &api->scratch;
}

#endif
