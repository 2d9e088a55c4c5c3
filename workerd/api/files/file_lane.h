/*
 * The way of uploads to the store: at most LANE_FLYING pieces of all uploads of a worker are under way, so that a visitor's
 * message never waits behind many. An upload holds one piece while it waits for its turn.
 */
#ifndef WORKERD_API_FILES_FILE_LANE_H
#define WORKERD_API_FILES_FILE_LANE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct file_lane;

/* An upload. All bytes zero: it is not in the lane. */
struct file_upload {
	struct file_lane *lane; /* NULL: not in it */
	TAILQ_ENTRY(file_upload) link, turn;
	uint64_t source; /* key of the client's address; 0: it has no limit */
	enum { UPLOAD_IDLE, UPLOAD_WAITS, UPLOAD_FLIES } state;
	void (*go)(struct file_upload *u); /* its turn has come */
};

enum lane_refusal {
	LANE_OK,
	LANE_FULL,       /* the worker receives as many as it can */
	LANE_OF_ADDRESS, /* the address sends as many as it may */
};

struct file_lane *file_lane_new(void);
void file_lane_free(struct file_lane *lane);

/* An upload begins or is refused; and ends, in any state. */
enum lane_refusal file_lane_enter(
    struct file_lane *lane, struct file_upload *u, uint64_t source);
void file_lane_leave(struct file_upload *u);

/* The upload wants to send a piece: go() is called now or later. */
void file_lane_want(struct file_upload *u, void (*go)(struct file_upload *u));

/* The piece is stored. */
void file_lane_landed(struct file_upload *u);

#endif
