#include "workerd/api/files/file_lane.h"

#include <stdlib.h>

#include "proto/base/basics.h"

/* Pieces of 64 KiB under way; uploads of a worker, and of one address. */
#define LANE_FLYING         4u
#define LANE_UPLOADS        256u
#define LANE_OF_ADDRESS_MAX 8u

struct file_lane {
	TAILQ_HEAD(, file_upload) uploads, turns;
	unsigned n, flying;
};

struct file_lane *
file_lane_new(void)
{
	struct file_lane *lane = xcalloc(1, sizeof(*lane));

	TAILQ_INIT(&lane->uploads);
	TAILQ_INIT(&lane->turns);
	return lane;
}

void
file_lane_free(struct file_lane *lane)
{
	free(lane);
}

enum lane_refusal
file_lane_enter(struct file_lane *lane, struct file_upload *u, uint64_t source)
{
	const struct file_upload *other;
	unsigned same = 0;

	TAILQ_FOREACH (other, &lane->uploads, link)
		same += source != 0 && other->source == source;
	if (same >= LANE_OF_ADDRESS_MAX)
		return LANE_OF_ADDRESS;
	if (lane->n == LANE_UPLOADS)
		return LANE_FULL;
	*u = (struct file_upload){.lane = lane, .source = source};
	TAILQ_INSERT_TAIL(&lane->uploads, u, link);
	lane->n++;
	return LANE_OK;
}

/* Lets uploads go on whose turn has come. */
static void
file_lane_run(struct file_lane *lane)
{
	struct file_upload *u;

	while (lane->flying < LANE_FLYING && (u = TAILQ_FIRST(&lane->turns)) != NULL) {
		TAILQ_REMOVE(&lane->turns, u, turn);
		u->state = UPLOAD_FLIES;
		lane->flying++;
		u->go(u);
	}
}

void
file_lane_want(struct file_upload *u, void (*go)(struct file_upload *u))
{
	must(u->state == UPLOAD_IDLE);
	u->state = UPLOAD_WAITS;
	u->go = go;
	TAILQ_INSERT_TAIL(&u->lane->turns, u, turn);
	file_lane_run(u->lane);
}

void
file_lane_landed(struct file_upload *u)
{
	must(u->state == UPLOAD_FLIES);
	u->state = UPLOAD_IDLE;
	u->lane->flying--;
	file_lane_run(u->lane);
}

void
file_lane_leave(struct file_upload *u)
{
	struct file_lane *lane = u->lane;

	if (lane == NULL)
		return;
	if (u->state == UPLOAD_WAITS)
		TAILQ_REMOVE(&lane->turns, u, turn);
	else if (u->state == UPLOAD_FLIES)
		lane->flying--;
	TAILQ_REMOVE(&lane->uploads, u, link);
	lane->n--;
	u->lane = NULL;
	file_lane_run(lane);
}
