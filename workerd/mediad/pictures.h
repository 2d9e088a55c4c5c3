/*
 * The pictures under way: asks storaged for those that wait, has each converted, stores the two copies, and reports what became of
 * it.
 *
 * A picture on which anything fails but itself is forgotten, and asked for again after a pause: it waits at storaged until its
 * result is stored. Only a picture that kills its process twice is refused as damaged.
 */
#ifndef WORKERD_MEDIAD_PICTURES_H
#define WORKERD_MEDIAD_PICTURES_H

#include <event2/event.h>

#include "workerd/mediad/conversions.h"
#include "workerd/store/store_client.h"

struct pictures;

/* All are borrowed. */
struct pictures *pictures_new(
    struct event_base *base, struct store_client *store, struct conversions *conversions);
void pictures_free(struct pictures *p);

/* How many are under way, and were checked since the start. */
size_t pictures_under_way(const struct pictures *p);
uint64_t pictures_checked(const struct pictures *p);

#endif
