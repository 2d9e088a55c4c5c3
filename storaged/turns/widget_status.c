/*
 * The origins of a widget are those that it was seen on since storaged started (sightings.h), the last one before
 * (META_SEEN), and those of the pages of its last conversations.
 */
#include "storaged/turns/widget_status.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/conversations/pages.h"
#include "storaged/turns/daily_caps.h"

/* The last conversations whose pages are looked at. */
#define PAGES_MAX 20u

/* Origins, each with its last time. */
struct widget_places {
	size_t n;
	struct msg_sighting of[SIGHTINGS_OF_WIDGET];
};

/* The last sighting that is on disk, *s; its origin is valid until the next change. 0, MDB_NOTFOUND or another error. */
static int
widget_status_stored(struct txn *t, const struct id *widget, struct msg_sighting *s)
{
	struct key key = key_seen(widget);
	struct slice value;
	int rc = txn_get(t, TABLE_META, &key, &value);

	if (rc != 0)
		return rc;
	return record_decode(value, MSG_SIGHTING, s) == WIRE_OK ? 0 : MDB_NOTFOUND;
}

/* Stores the sighting if the last one on disk is not of this hour, so that visits cost no more than one write. */
static int
widget_status_store(struct txn *t, const struct msg_widget_seen *m, uint64_t now)
{
	struct key widget = key_of_org(&m->org, &m->widget), key = key_seen(&m->widget);
	struct msg_sighting stored, seen = {.origin = m->origin, .at = now};
	struct slice value;
	int rc = widget_status_stored(t, &m->widget, &stored);

	if (rc == 0 && stored.at <= now && now - stored.at < CLOCK_HOUR_MS)
		return 0;
	if (rc == 0 || txn_survives(rc))
		rc = txn_get(t, TABLE_WIDGETS, &widget, &value);
	return rc != 0 ? rc : txn_put_meta(t, &key, MSG_SIGHTING, &seen);
}

int
handle_widget_seen(struct txn *t, struct call *c)
{
	const struct msg_widget_seen *m = &c->m->widget_seen;
	const uint64_t now = clock_wall_ms();
	int rc = call_may_write(t) ? widget_status_store(t, m, now) : 0;

	if (rc != 0 && !txn_survives(rc))
		return rc;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_WIDGET_SEEN, .room = m->widget, .text = m->origin, .seen = now});
	call_ok(c);
	return 0;
}

static void
widget_status_add(struct widget_places *places, struct slice origin, uint64_t at)
{
	size_t i = 0;

	while (i < places->n && !slice_eq(places->of[i].origin, origin))
		i++;
	if (i == SIGHTINGS_OF_WIDGET)
		return;
	if (i == places->n)
		places->of[places->n++] = (struct msg_sighting){.origin = origin};
	if (places->of[i].at < at)
		places->of[i].at = at;
}

/* The origin of an http or https address; empty: it is no such address, or the origin is too long. */
static struct slice
widget_status_origin(struct slice url)
{
	const uint8_t *host = memmem(url.p, url.len, "://", 3);
	size_t n;

	if (url.len < 4 || memcmp(url.p, "http", 4) != 0 || host == NULL)
		return (struct slice){0};
	for (n = (size_t)(host - url.p) + 3; n < url.len; n++)
		if (url.p[n] == '/' || url.p[n] == '?' || url.p[n] == '#')
			break;
	return (struct slice){url.p, n <= SIGHTING_ORIGIN_MAX ? n : 0};
}

/* Adds where the conversation's visitor was. */
static int
widget_status_add_page(
    struct txn *t, const struct id *conversation, struct widget_places *places)
{
	struct msg_page_record r;
	struct slice page, origin;
	int rc = page_get(t, conversation, &page);

	if (rc != 0 || page.len == 0 || record_decode(page, MSG_PAGE_RECORD, &r) != WIRE_OK)
		return rc;
	origin = widget_status_origin(r.url);
	if (origin.len > 0)
		widget_status_add(places, origin, r.at);
	return 0;
}

static int
widget_status_add_pages(
    struct txn *t, const struct id *org, const struct id *widget, struct widget_places *places)
{
	const struct key front = key_of_org(org, widget);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CONVERSATIONS_BY_WIDGET, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (unsigned n = 0; rc == 0 && n < PAGES_MAX; n++) {
		struct id conversation = activity_conversation(w.key);

		rc = widget_status_add_page(t, &conversation, places);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
widget_status_add_sightings(struct txn *t, const struct live *live, const struct id *widget,
    struct widget_places *places)
{
	const struct sighting *seen[SIGHTINGS_OF_WIDGET];
	size_t n = sightings_of(&live->sightings, widget, seen);
	struct msg_sighting stored;
	int rc = widget_status_stored(t, widget, &stored);

	if (rc == 0)
		widget_status_add(places, stored.origin, stored.at);
	for (size_t i = 0; i < n; i++)
		widget_status_add(
		    places, (struct slice){seen[i]->origin, seen[i]->len}, seen[i]->at);
	return txn_survives(rc) ? 0 : rc;
}

static void
widget_status_list(struct txn *t, const struct widget_places *places)
{
	struct buf item;

	buf_reset(&t->env->list);
	buf_init(&item, sizeof(struct sighting) + 16);
	for (size_t i = 0; i < places->n; i++) {
		buf_reset(&item);
		must(record_encode(&item, MSG_SIGHTING, &places->of[i]) == 0);
		must(wire_list_add(&t->env->list, buf_slice(&item)) == 0);
	}
	buf_clear(&item);
}

int
handle_widget_status_get(struct txn *t, struct call *c)
{
	const struct msg_widget_status_get *m = &c->m->widget_status_get;
	struct key key = key_of_org(&m->org, &m->widget);
	struct msg_widget_status status = {0};
	struct widget_places places = {0};
	struct msg_widget_record r;
	int rc = txn_get(t, TABLE_WIDGETS, &key, &status.widget);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such widget");
	if (rc == 0)
		rc = record_read(status.widget, TABLE_WIDGETS, &r);
	if (rc == 0)
		rc = daily_cap_count(t, &m->widget, clock_wall_ms(), &status.messages);
	if (rc != 0)
		return rc;
	rc = widget_status_add_sightings(t, c->live, &m->widget, &places);
	if (rc == 0)
		rc = widget_status_add_pages(t, &m->org, &m->widget, &places);
	if (rc != 0)
		return rc;
	widget_status_list(t, &places);
	status.sightings = buf_slice(&t->env->list);
	call_answer(c, MSG_WIDGET_STATUS, &status);
	return 0;
}
