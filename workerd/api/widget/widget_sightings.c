/*
 * A small table of what was reported, by a hash of widget and origin. If two of them have the same place, they are
 * reported more often, which does no harm. The store keeps its list in memory: when the connection to it is lost,
 * everything may be reported again.
 */
#include "workerd/api/widget/widget_sightings.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define PLACES     4096u
#define ORIGIN_MAX 256u /* bytes, as in WIDGET_SEEN */

struct widget_sightings {
	struct store_client *store;
	struct {
		uint64_t hash;
		uint64_t at; /* ms, monotonic; 0: never */
	} reported[PLACES];
};

static void
widget_sightings_on_lost(void *arg)
{
	struct widget_sightings *s = arg;

	memset(s->reported, 0, sizeof(s->reported));
}

struct widget_sightings *
widget_sightings_new(struct store_client *store)
{
	static const struct store_events events = {.lost = widget_sightings_on_lost};
	struct widget_sightings *s = xcalloc(1, sizeof(*s));

	s->store = store;
	store_client_listen(store, &events, s);
	return s;
}

void
widget_sightings_free(struct widget_sightings *s)
{
	free(s);
}

/* An origin as browsers send it (RFC 6454, section 6.2), and not the origin `null`. */
static bool
widget_sightings_is_origin(struct slice origin)
{
	if (origin.len < 8 || origin.len > ORIGIN_MAX || memcmp(origin.p, "http", 4) != 0 ||
	    memmem(origin.p, origin.len, "://", 3) == NULL)
		return false;
	for (size_t i = 0; i < origin.len; i++)
		if (origin.p[i] <= ' ' || origin.p[i] >= 0x7f)
			return false;
	return true;
}

/* FNV-1a, 64 bits. */
static uint64_t
widget_sightings_hash(const struct id *widget, struct slice origin)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < sizeof(widget->b); i++)
		hash = (hash ^ widget->b[i]) * 0x100000001b3u;
	for (size_t i = 0; i < origin.len; i++)
		hash = (hash ^ origin.p[i]) * 0x100000001b3u;
	return hash;
}

/* Whether it is to be reported now; notes that it is. */
static bool
widget_sightings_take(struct widget_sightings *s, uint64_t hash)
{
	uint64_t now = clock_mono_ms();
	uint64_t *at = &s->reported[hash % PLACES].at;

	if (*at != 0 && s->reported[hash % PLACES].hash == hash && now - *at < CLOCK_HOUR_MS)
		return false;
	s->reported[hash % PLACES].hash = hash;
	*at = now;
	return true;
}

void
widget_sightings_note(const struct api_call *c)
{
	struct widget_sightings *s = c->api->widget_sightings;
	struct msg_widget_seen seen = {
	    .org = c->org, .widget = c->widget, .origin = http_header(c->x->req, "origin")};

	if (seen.origin.p == NULL || !widget_sightings_is_origin(seen.origin) ||
	    !widget_sightings_take(s, widget_sightings_hash(&seen.widget, seen.origin)))
		return;
	(void)!store_call(s->store, MSG_WIDGET_SEEN, &seen, STORE_TIMEOUT_MS, NULL, NULL);
}
