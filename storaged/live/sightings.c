/*
 * One list of all widgets: reports are rare, and it is short.
 */
#include "storaged/live/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

void
sightings_clear(struct sightings *s)
{
	free(s->list);
	*s = (struct sightings){0};
}

static bool
sightings_is(const struct sighting *one, const struct id *widget, struct slice origin)
{
	return id_equal(&one->widget, widget) &&
	    slice_eq((struct slice){one->origin, one->len}, origin);
}

static struct sighting *
sightings_older(struct sighting *a, struct sighting *b)
{
	return a == NULL || b->at < a->at ? b : a;
}

/* A new one at the end of the list. */
static struct sighting *
sightings_append(struct sightings *s)
{
	if (s->n == s->room) {
		s->room = s->room == 0 ? 16 : 2 * s->room;
		s->list = xreallocarray(s->list, s->room, sizeof(*s->list));
	}
	return &s->list[s->n++];
}

/* The one that the new sighting replaces, or a new one. */
static struct sighting *
sightings_place(struct sightings *s, const struct id *widget, struct slice origin)
{
	struct sighting *oldest = NULL, *oldest_of_widget = NULL;
	size_t of_widget = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct sighting *one = &s->list[i];

		if (sightings_is(one, widget, origin))
			return one;
		oldest = sightings_older(oldest, one);
		if (!id_equal(&one->widget, widget))
			continue;
		oldest_of_widget = sightings_older(oldest_of_widget, one);
		of_widget++;
	}
	if (of_widget == SIGHTINGS_OF_WIDGET)
		return oldest_of_widget;
	return s->n == SIGHTINGS_MAX ? oldest : sightings_append(s);
}

void
sightings_note(struct sightings *s, const struct id *widget, struct slice origin, uint64_t now)
{
	struct sighting *one;

	if (origin.len == 0 || origin.len > SIGHTING_ORIGIN_MAX)
		return;
	one = sightings_place(s, widget, origin);
	one->widget = *widget;
	one->at = now;
	one->len = (uint16_t)origin.len;
	must(slice_copy(origin, one->origin, sizeof(one->origin)));
}

size_t
sightings_of(const struct sightings *s, const struct id *widget,
    const struct sighting *out[SIGHTINGS_OF_WIDGET])
{
	size_t n = 0;

	for (size_t i = 0; i < s->n && n < SIGHTINGS_OF_WIDGET; i++)
		if (id_equal(&s->list[i].widget, widget))
			out[n++] = &s->list[i];
	return n;
}
