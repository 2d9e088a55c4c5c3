/*
 * What storaged has done since its start, for `banter status`: in memory only, written by batch.c,
 * read by status.c.
 */
#ifndef STORAGED_REQUEST_ACTIVITY_H
#define STORAGED_REQUEST_ACTIVITY_H

#include <stdint.h>

#include "proto/ipc/messages.h"

/* Seconds that the recent rate covers, with the current one. */
#define ACTIVITY_SECONDS 10u

struct activity {
	uint64_t started_at;   /* ms since 1970 */
	uint64_t started_mono; /* ms of the monotonic clock */
	uint64_t commits, requests, refused;
	/* Commits of the last seconds: a ring, and the second (monotonic) of its newest slot. */
	uint32_t recent[ACTIVITY_SECONDS];
	uint64_t second;
	/* The last CRASH_REPORT, and when it came (ms, monotonic). */
	struct msg_crash_report crashes;
	uint64_t crashes_at;
	/* Since when (ms since 1970) no mail was taken or refused by a server, and why; 0: the last one was. */
	uint64_t mail_failing_at;
	char mail_error[257];
};

void activity_init(struct activity *a);

/* A write transaction was committed. */
void activity_commit(struct activity *a);

/* Commits of the last seconds; *ms is the time that they cover: less than ACTIVITY_SECONDS, and
 * at least one second. */
uint32_t activity_recent(const struct activity *a, uint32_t *ms);

#endif
