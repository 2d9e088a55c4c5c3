/*
 * One request at a time: follower_next() sends the next one, or does a step of local work between two turns of
 * the event loop, so that searches are served meanwhile.
 */
#include "storaged/search/follower.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/search/base/store_link.h"
#include "storaged/search/compare.h"
#include "storaged/search/follower_apply.h"

/* After a start, the first comparison with the store begins after this time. */
#define COMPARE_FIRST_MS 600000u

#define ROWS_MAX 500 /* of the feed, in one transaction of the index */

/* While the documents of a long conversation are removed: how often rows are read, and how often storaged
 * hears that we still work, which is before it would disconnect us (storaged/live/index_wait.h). */
#define ROWS_EVERY_MS 100
#define ALIVE_MS      1000

/* Kinds of rows of the feed that concern the index. */
#define KINDS                                                                    \
	(1u << CHANGE_CONVERSATION | 1u << CHANGE_MESSAGE | 1u << CHANGE_REPLY | \
	    1u << CHANGE_CONTACT | 1u << CHANGE_NOTE | 1u << CHANGE_RATING)

struct follower {
	struct store_link link;
	const char *dir;
	struct index *index; /* NULL: not open */
	struct event *work;
	bool rows_due;  /* the feed may have rows behind the position */
	bool caught_up; /* since the connection stands, the index once had all rows */
	uint64_t
	    progress_ms; /* when it last was ready, or has written to the index or purged it */
	bool positioned; /* a new index knows where the feed was when its reading began */
	bool reading;    /* a new index is read from the store */
	bool purging;    /* erased words may be in the file */
	uint64_t position;             /* behind the rows that are applied */
	uint64_t reported;             /* on this connection; 0: nothing yet */
	uint64_t reported_ms, rows_ms; /* when that was, and when rows were last asked for */
	struct buf cursor;             /* of the reading */
	struct buf wanted; /* a list: what the last rows name, and is not looked up yet */
	uint64_t since_ms; /* the building began */
	struct compare compare;
	bool comparing; /* the reading that was asked for is the comparison's */
};

static void follower_next(struct follower *f);

static void
follower_begin_reading(struct follower *f)
{
	f->positioned = false;
	f->reading = true;
	f->position = 0;
	f->since_ms = clock_mono_ms();
	buf_reset(&f->cursor);
	buf_reset(&f->wanted);
	log_event(LOG_NOTICE, "search_index_building", L_STR("dir", f->dir));
}

/* False: it cannot be opened now. */
static bool
follower_open(struct follower *f)
{
	enum database_opened opened;

	if (f->index != NULL)
		return true;
	opened = index_open(&f->index, f->dir);
	if (opened == DATABASE_IN_USE)
		log_event(LOG_ERROR, "search_index_in_use", L_STR("dir", f->dir),
		    L_STR("help", "another searchd uses this directory"));
	if (f->index == NULL)
		return false;
	f->purging = true; /* the last process may have ended before that */
	f->reading = false;
	f->positioned = true;
	f->position = index_position(f->index);
	if (opened == DATABASE_EMPTY)
		follower_begin_reading(f);
	return true;
}

static void
follower_close(struct follower *f)
{
	index_close(f->index);
	f->index = NULL;
	buf_reset(&f->wanted);
	f->caught_up = false;
}

/* Begins again with an empty index. */
static void
follower_rebuild(struct follower *f, const char *why)
{
	log_event(LOG_WARN, "search_index_discarded", L_STR("why", why));
	follower_close(f);
	index_delete(f->dir);
	store_link_drop(&f->link, why, STORE_LINK_RETRY_MS);
}

void
follower_index_failed(struct follower *f)
{
	if (index_is_damaged(f->index)) {
		follower_rebuild(f, index_error(f->index));
		return;
	}
	log_event(LOG_ERROR, "search_index_failed", L_STR("error", index_error(f->index)));
	follower_close(f);
	/* storaged waits for no index that cannot be written. */
	store_link_drop(&f->link, "the index cannot be used", STORE_LINK_REOPEN_MS);
}

/* The work that takes long, a step of it: 1: there is more, 0: nothing is left, -1: the index failed. */
static int
follower_work_step(struct follower *f)
{
	int rc = 0;

	if (f->purging) {
		rc = index_purge_step(f->index);
		f->purging = rc == 1;
		if (rc >= 0)
			f->progress_ms = clock_mono_ms();
		rc = rc == 0 ? 1 : rc;
	} else if (f->positioned && !f->reading && !index_is_built(f->index)) {
		rc = index_build_step(f->index);
		if (rc >= 0)
			f->progress_ms = clock_mono_ms();
		if (rc == 0)
			log_event(LOG_NOTICE, "search_index_built",
			    L_UINT("documents", index_documents(f->index)),
			    L_UINT("bytes", index_bytes(f->index)),
			    L_UINT("ms", clock_mono_ms() - f->since_ms));
		rc = rc == 0 ? 1 : rc;
	}
	return rc;
}

static void
follower_read_changes(struct follower *f)
{
	f->rows_due = false;
	f->rows_ms = clock_mono_ms();
	store_link_ask(&f->link, MSG_CHANGES_READ,
	    &(struct msg_changes_read){.after = f->position,
		.newest = !f->positioned,
		.follow = f->positioned,
		.kinds = KINDS,
		.limit = ROWS_MAX});
}

static void
follower_look_up(struct follower *f)
{
	store_link_ask(&f->link, MSG_INDEX_LOOKUP,
	    &(struct msg_index_lookup){.wanted = buf_slice(&f->wanted)});
}

static void
follower_read_store(struct follower *f)
{
	store_link_ask(&f->link, MSG_INDEX_READ,
	    &(struct msg_index_read){.cursor = buf_slice(&f->cursor)});
}

static void
follower_send_report(struct follower *f)
{
	f->reported_ms = clock_mono_ms();
	store_link_tell(
	    &f->link, MSG_INDEX_REPORT, &(struct msg_index_report){.position = f->reported});
}

/* Reports the position of an index without erased words. storaged acknowledges erasures without waiting until it has
 * the first report of a connection: rows that were read before may lack some. */
static void
follower_report(struct follower *f)
{
	if (!f->positioned || f->reported == f->position)
		return;
	if (f->reported == 0)
		f->rows_due = true;
	f->reported = f->position;
	follower_send_report(f);
}

/* Reports the same position again while erased words are removed, so that storaged waits for that. */
static void
follower_report_alive(struct follower *f)
{
	if (f->purging && f->reported != 0 && clock_mono_ms() - f->reported_ms >= ALIVE_MS)
		follower_send_report(f);
}

static void
follower_on_work(evutil_socket_t fd, short what, void *arg)
{
	struct follower *f = arg;

	(void)fd;
	(void)what;
	if (!f->link.connected || f->link.waits)
		return;
	if (follower_work_step(f) < 0) {
		follower_index_failed(f);
		return;
	}
	follower_report_alive(f);
	if (f->link.connected)
		follower_next(f);
}

/* The next step of the work, when the event loop has looked for other events: one that is made active in its own
 * callback would run again before. */
static void
follower_work_soon(struct follower *f)
{
	must(event_add(f->work, &(struct timeval){0}) == 0);
}

static bool
follower_has_work(const struct follower *f)
{
	return f->purging || (f->positioned && !f->reading && !index_is_built(f->index));
}

static void
follower_log_caught_up(struct follower *f)
{
	if (!f->caught_up)
		log_event(LOG_NOTICE, "search_ready",
		    L_UINT("documents", index_documents(f->index)),
		    L_UINT("position", f->position));
	f->caught_up = true;
	f->progress_ms = clock_mono_ms();
}

/* The next step of the comparison with the store, or a timer for it. */
static void
follower_compare(struct follower *f)
{
	uint64_t due = compare_due_in(&f->compare);
	struct timeval in;

	if (due == UINT64_MAX)
		return;
	if (due > 0) {
		in = clock_timeval(due);
		must(event_add(f->work, &in) == 0);
		return;
	}
	if (compare_step(&f->compare, f->index, &f->wanted, &f->comparing) != 0) {
		follower_index_failed(f);
		return;
	}
	if (f->comparing)
		store_link_ask(&f->link, MSG_INDEX_READ,
		    &(struct msg_index_read){.cursor = buf_slice(&f->compare.cursor)});
	else
		follower_work_soon(f);
}

/* Whether to read rows now. Erased words are removed first, which takes long only for a long conversation. */
static bool
follower_reads_rows(const struct follower *f)
{
	if (!f->rows_due && f->positioned)
		return false;
	return !f->purging ||
	    (index_is_erasing(f->index) && clock_mono_ms() - f->rows_ms >= ROWS_EVERY_MS);
}

/* What to do next. Rows come before the rest, so that an erasure does not wait for a building. */
static void
follower_next(struct follower *f)
{
	if (buf_len(&f->wanted) == 0 && !f->purging)
		follower_report(f);
	if (!f->link.connected)
		return;
	if (buf_len(&f->wanted) > 0)
		follower_look_up(f);
	else if (follower_reads_rows(f))
		follower_read_changes(f);
	else if (!f->purging && f->reading)
		follower_read_store(f);
	else if (f->purging || follower_has_work(f))
		follower_work_soon(f);
	else if (index_is_lopsided(f->index))
		follower_rebuild(
		    f, "most of its texts came in another order than that of their times");
	else {
		follower_log_caught_up(f);
		follower_compare(f);
	}
}

/* 0, or -1: the index failed. */
static int
follower_take_rows(struct follower *f, const struct msg_changes_page *page)
{
	if (!f->positioned) {
		f->position = page->newest;
		f->positioned = true;
		return index_begin(f->index) != 0 ? -1 : index_commit(f->index, f->position);
	}
	f->position = page->next;
	f->rows_due = page->more;
	follower_want(&f->wanted, page->changes);
	if (buf_len(&f->wanted) > 0 || f->position == index_position(f->index))
		return 0;
	/* Only rows of other kinds. */
	return index_begin(f->index) != 0 ? -1 : index_commit(f->index, f->position);
}

/* Applies what was looked up for rows; the last part moves the position. */
static int
follower_take_looked_up(struct follower *f, const struct msg_index_page *page)
{
	int rc = index_begin(f->index);

	if (rc == 0)
		rc = follower_apply(f->index, page->items);
	compare_note_items(&f->compare, page->items);
	follower_wanted_done(&f->wanted, page->looked_up);
	f->purging = true;
	if (rc == 0)
		rc = index_commit(
		    f->index, buf_len(&f->wanted) > 0 ? index_position(f->index) : f->position);
	if (rc == 0)
		f->progress_ms = clock_mono_ms();
	return rc;
}

/* Applies a page of the comparison. */
static int
follower_take_compared(struct follower *f, const struct msg_index_page *page)
{
	int rc = index_begin(f->index);

	f->comparing = false;
	f->purging = true;
	if (rc == 0)
		rc = compare_take_page(&f->compare, f->index, page, &f->wanted);
	return rc != 0 ? rc : index_commit(f->index, f->position);
}

static int
follower_take_read(struct follower *f, const struct msg_index_page *page)
{
	int rc = index_begin(f->index);

	if (rc == 0)
		rc = follower_apply(f->index, page->items);
	buf_reset(&f->cursor);
	must(buf_append(&f->cursor, page->next.p, page->next.len) == 0);
	f->reading = page->next.len > 0;
	/* Rows that came meanwhile. */
	f->rows_due = true;
	if (rc == 0)
		rc = index_commit(f->index, f->position);
	if (rc == 0)
		f->progress_ms = clock_mono_ms();
	return rc;
}

static void
follower_take_answer(struct follower *f, uint16_t type, const union msg *m)
{
	int rc = 0;

	if (type == MSG_ERROR) {
		log_event(LOG_ERROR, "store_refused", L_SLICE("why", m->error.detail));
		store_link_back_off(&f->link, "a request was refused");
		return;
	}
	if (type == MSG_CHANGES_PAGE && m->changes_page.gone) {
		follower_rebuild(f, "the change feed does not go back to the index's position");
		return;
	}
	if (type == MSG_CHANGES_PAGE)
		rc = follower_take_rows(f, &m->changes_page);
	else if (type == MSG_INDEX_PAGE && f->comparing)
		rc = follower_take_compared(f, &m->index_page);
	else if (type == MSG_INDEX_PAGE && buf_len(&f->wanted) > 0)
		rc = follower_take_looked_up(f, &m->index_page);
	else if (type == MSG_INDEX_PAGE)
		rc = follower_take_read(f, &m->index_page);
	if (rc != 0)
		follower_index_failed(f);
	else
		follower_next(f);
}

static void
follower_take(void *arg, const struct frame *frame, const union msg *m)
{
	struct follower *f = arg;
	bool idle = !f->link.waits && !follower_has_work(f) && !f->reading;

	if (frame->request != 0) {
		follower_take_answer(f, frame->type, m);
		return;
	}
	f->rows_due = true;
	if (idle)
		follower_next(f);
}

static void
follower_connected(void *arg)
{
	struct follower *f = arg;

	f->reported = 0;
	f->rows_due = true;
	follower_next(f);
}

static void
follower_lost(void *arg)
{
	struct follower *f = arg;

	if (f->caught_up)
		f->progress_ms = clock_mono_ms();
	f->caught_up = f->comparing = false;
	compare_restart(&f->compare);
}

static bool
follower_prepare(void *arg)
{
	struct follower *f = arg;

	/* What was not applied is read again. */
	buf_reset(&f->wanted);
	if (!follower_open(f))
		return false;
	if (f->positioned)
		f->position = index_position(f->index);
	return true;
}

struct follower *
follower_new(struct event_base *base, const char *store_socket, const char *index_dir,
    uint64_t compare_ms)
{
	struct follower *f = xcalloc(1, sizeof(*f));
	const struct store_link_user user = {.prepare = follower_prepare,
	    .connected = follower_connected,
	    .lost = follower_lost,
	    .take = follower_take,
	    .arg = f};

	f->dir = index_dir;
	f->progress_ms = clock_mono_ms();
	buf_init(&f->cursor, 64);
	buf_init(&f->wanted, WIRE_PAYLOAD_MAX);
	compare_init(&f->compare, compare_ms,
	    COMPARE_FIRST_MS < compare_ms ? COMPARE_FIRST_MS : compare_ms);
	f->work = evtimer_new(base, follower_on_work, f);
	must(f->work != NULL);
	store_link_init(&f->link, base, store_socket, &user);
	return f;
}

void
follower_free(struct follower *f)
{
	if (f == NULL)
		return;
	index_close(f->index);
	store_link_clear(&f->link);
	event_free(f->work);
	buf_clear(&f->cursor);
	buf_clear(&f->wanted);
	compare_clear(&f->compare);
	free(f);
}

static const char *
follower_reason(const struct follower *f)
{
	if (f->index == NULL)
		return "the search index cannot be opened; see searchd's log";
	if (!index_is_built(f->index))
		return "the search index is being built";
	/* storaged acknowledges erasures without us when it has closed the connection. */
	if (!f->link.connected || store_link_is_cut(&f->link))
		return "searchd has no connection to storaged";
	return f->caught_up ? NULL : "the search index is catching up with the store";
}

struct index *
follower_index(struct follower *f, const char **reason)
{
	*reason = follower_reason(f);
	return *reason == NULL ? f->index : NULL;
}

void
follower_status(struct follower *f, struct msg_search_status *status)
{
	const char *reason = follower_reason(f);

	*status = (struct msg_search_status){.ready = reason == NULL,
	    .reason = slice_str(reason != NULL ? reason : ""),
	    .standing_ms = reason == NULL ? 0 : clock_mono_ms() - f->progress_ms,
	    .program = slice_str("")};
	if (f->index == NULL)
		return;
	status->documents = index_documents(f->index);
	status->bytes = index_bytes(f->index);
	status->position = f->position;
}
