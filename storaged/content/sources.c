/*
 * Lookups of sources, and the counts in their states.
 */
#include "storaged/content/sources.h"

#include "proto/base/clock.h"

#include "proto/base/basics.h"

const char source_missing[] = "no such source";

int
source_find(
    struct txn *t, const struct id *org, const struct id *source, struct msg_source_record *r)
{
	struct key key = key_of_org(org, source);

	return txn_get_record(t, TABLE_SOURCES, &key, r);
}

int
source_need(struct txn *t, struct call *c, const struct id *org, const struct id *source,
    struct msg_source_record *r)
{
	int rc = source_find(t, org, source, r);

	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, source_missing) : rc;
}

int
source_find_state(struct txn *t, const struct id *org, const struct id *source,
    struct msg_source_state_record *r)
{
	struct key key = key_of_org(org, source);

	return txn_get_record(t, TABLE_SOURCE_STATES, &key, r);
}

int
source_state_begin(struct txn *t, const struct id *org, const struct id *source)
{
	const struct msg_source_state_record r = {
	    .v = RECORD_VERSION, .org = *org, .source = *source};
	struct key key = key_of_org(org, source);

	return txn_put_record(t, TABLE_SOURCE_STATES, &key, &r);
}

struct source_share
source_share_of(const struct msg_source_page_record *page)
{
	return (struct source_share){true, page->state, page->chunks, page->bytes};
}

static uint32_t *
source_count_of(struct msg_source_state_record *r, uint8_t state)
{
	if (state == PAGE_READ)
		return &r->read;
	return state == PAGE_UNREAD ? &r->unread : &r->waiting;
}

/* A count that would fall below zero was wrong before: `banter verify` reports it. */
static void
source_subtract(struct msg_source_state_record *r, const struct source_share *share)
{
	uint32_t *pages = source_count_of(r, share->state);

	*pages -= *pages > 0;
	r->chunks -= r->chunks < share->chunks ? r->chunks : share->chunks;
	r->bytes -= r->bytes < share->bytes ? r->bytes : share->bytes;
}

int
source_count(struct txn *t, const struct id *org, const struct id *source,
    const struct source_share *before, const struct source_share *after)
{
	struct key key = key_of_org(org, source);
	struct msg_source_state_record r;
	int rc = txn_get_record(t, TABLE_SOURCE_STATES, &key, &r);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (before->exists)
		source_subtract(&r, before);
	if (after->exists) {
		(*source_count_of(&r, after->state))++;
		r.chunks += after->chunks;
		r.bytes += after->bytes;
	}
	return txn_put_record(t, TABLE_SOURCE_STATES, &key, &r);
}

uint64_t
source_state_after(const struct msg_source_state_record *r)
{
	const uint64_t times[] = {
	    r->asked_at, r->allowed_at, r->refused_at, r->started_at, r->ended_at};
	uint64_t last = 0;

	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		last = times[i] > last ? times[i] : last;
	return clock_wall_after(last);
}

int
source_wants_crawl(struct txn *t, const struct id *org, const struct id *source)
{
	struct key key = key_of_org(org, source);
	struct msg_source_state_record r;
	int rc = txn_get_record(t, TABLE_SOURCE_STATES, &key, &r);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	r.asked_at = source_state_after(&r);
	return txn_put_record(t, TABLE_SOURCE_STATES, &key, &r);
}

/* Adds the state where the walk stands. */
static int
source_sum_add(const struct walk *w, struct source_sums *sums)
{
	struct msg_source_state_record r;
	int rc = record_read(w->value, TABLE_SOURCE_STATES, &r);

	if (rc != 0) {
		sums->complete = false;
		return txn_survives(rc) ? 0 : rc;
	}
	sums->waiting += r.waiting;
	sums->read += r.read;
	sums->unread += r.unread;
	sums->chunks += r.chunks;
	return 0;
}

int
source_sum(struct txn *t, unsigned most, struct source_sums *sums)
{
	const struct key all = {0};
	struct walk w;
	int rc;

	*sums = (struct source_sums){.complete = true};
	rc = txn_count(t, TABLE_SOURCES, &sums->sources);
	if (rc != 0)
		return rc;
	rc = walk_open(&w, t, TABLE_SOURCE_STATES, &all);
	if (rc == 0)
		rc = walk_from(&w, &all);
	for (unsigned n = 0; rc == 0; n++) {
		if (n == most) {
			sums->complete = false;
			break;
		}
		rc = source_sum_add(&w, sums);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

uint32_t
source_pages_counted(const struct msg_source_state_record *state)
{
	return state->waiting + state->read + state->unread;
}
