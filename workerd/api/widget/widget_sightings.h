/*
 * Reports to the store on which sites widgets are: each origin at most once an hour, so that visits cost nothing.
 *
 * One for each worker.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_SIGHTINGS_H
#define WORKERD_API_WIDGET_WIDGET_SIGHTINGS_H

#include "workerd/api/request/api_call.h"

struct widget_sightings;

/* store is borrowed. */
struct widget_sightings *widget_sightings_new(struct store_client *store);
void widget_sightings_free(struct widget_sightings *s);

/* A page of the request's Origin has loaded the widget that the guards have found; nothing without an Origin. */
void widget_sightings_note(const struct api_call *c);

#endif
