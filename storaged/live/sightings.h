/*
 * Where widgets were seen: the last origins whose pages have loaded a widget, each with the time. Workers report
 * an origin at most once an hour.
 *
 * In memory, and bounded, so that visits cost no write. After a restart of storaged it fills again with the next
 * visits; meanwhile the last sighting on disk and the pages of conversations tell where a widget was (widget_status.c).
 */
#ifndef STORAGED_LIVE_SIGHTINGS_H
#define STORAGED_LIVE_SIGHTINGS_H

#include "proto/ipc/messages.h"

/* Bytes of an origin; origins of one widget, and all together. */
#define SIGHTING_ORIGIN_MAX 256u
#define SIGHTINGS_OF_WIDGET 16u
#define SIGHTINGS_MAX       4096u

struct sighting {
	struct id widget;
	uint64_t at; /* ms since 1970 */
	uint16_t len;
	uint8_t origin[SIGHTING_ORIGIN_MAX];
};

/* Zeroes: empty. */
struct sightings {
	size_t n, room;
	struct sighting *list;
};

void sightings_clear(struct sightings *s);

/* The widget was seen there. Replaces the oldest one where there are too many; a longer origin is ignored. */
void sightings_note(
    struct sightings *s, const struct id *widget, struct slice origin, uint64_t now);

/* The sightings of a widget, in any order; returns their number. They are valid until the next change. */
size_t sightings_of(const struct sightings *s, const struct id *widget,
    const struct sighting *out[SIGHTINGS_OF_WIDGET]);

#endif
