/*
 * One request at a time: content_follower_next() sends the next one, or does a step of local work between two turns
 * of the event loop, so that questions and searches are served meanwhile.
 *
 * A list of rows or items is worked through one by one: a source or an answer takes one request, a page one for
 * each piece of its text, and then steps that write it. The position moves when all of a list's rows are written.
 */
#include "storaged/search/passages/content_follower.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/search/base/store_link.h"
#include "storaged/search/passages/page_update.h"
#include "storaged/search/passages/seen_pages.h"
#include "storaged/search/passages/wanted.h"

#define KINDS (1u << CHANGE_SOURCE | 1u << CHANGE_PAGE | 1u << CHANGE_ANSWER)

#define ROWS_MAX 500

/* Chunks in one transaction, whose words FTS5 writes in one part: some 20 ms (make bench-search). */
#define COMMIT_CHUNKS 250

/* Erased words leave the file when no change has come for the first time, or after the second one: merging writes
 * much of the index again. */
#define MERGE_IDLE_MS   20000
#define MERGE_LATEST_MS UINT64_C(3600000)

/* After a start, the first comparison with the store begins after this time. */
#define COMPARE_FIRST_MS 900000u

struct content_follower {
	struct store_link link;
	const char *dir;
	struct passages *index; /* NULL: not open */
	struct event *work;
	bool positioned; /* the index knows where the feed was when its reading began */
	bool rows_due;   /* the feed may have rows behind the position */
	bool listing;    /* all content is read, or compared */
	bool sweeping;   /* pages that the listing did not name are removed */
	bool gone;       /* the listing reads what the feed did not keep */
	bool current;    /* since the connection stands, the index once had all rows */
	bool caught_up;
	bool rests;           /* there is nothing to do now */
	bool failed;          /* since it last wrote to the index, writing has failed */
	uint64_t progress_ms; /* when it last had all rows, or came nearer to that */
	uint64_t position;    /* behind the rows that are taken */
	struct wanted_list rows, items;
	struct buf cursor; /* of the listing */
	struct id listed;  /* the source of its last item */
	struct seen_pages seen;
	struct page_update update;
	bool updating; /* it is written now */
	bool loading;  /* it is read for its vectors, not for a list */
	struct vector_sets vectors;
	uint64_t since_ms;             /* the listing began */
	uint64_t written_ms, clean_ms; /* the last change, and when the file was last clean */
	uint64_t compare_ms, compare_at;
};

static void
content_follower_work_in(struct content_follower *f, uint64_t ms)
{
	struct timeval in = clock_timeval(ms);

	must(event_add(f->work, &in) == 0);
}

static int
content_follower_list_all(struct content_follower *f)
{
	f->listing = true;
	f->sweeping = false;
	memset(&f->listed, 0, sizeof(f->listed));
	f->since_ms = clock_mono_ms();
	buf_reset(&f->cursor);
	wanted_clear(&f->items);
	seen_pages_reset(&f->seen);
	return 0;
}

static bool
content_follower_open(struct content_follower *f)
{
	enum database_opened opened;

	if (f->index != NULL)
		return true;
	opened = passages_open(&f->index, f->dir);
	if (opened == DATABASE_IN_USE)
		log_event(LOG_ERROR, "passages_index_in_use", L_STR("dir", f->dir),
		    L_STR("help", "another searchd uses this directory"));
	if (f->index == NULL)
		return false;
	f->position = passages_position(f->index);
	f->positioned = opened == DATABASE_READY || f->position != 0;
	f->listing = f->sweeping = f->gone = false;
	f->written_ms = f->clean_ms = clock_mono_ms();
	if (opened == DATABASE_EMPTY) {
		log_event(LOG_NOTICE, "passages_index_building", L_STR("dir", f->dir));
		content_follower_list_all(f);
	}
	return true;
}

/* The index may lack rows from now on. */
static void
content_follower_fall_behind(struct content_follower *f)
{
	if (f->caught_up)
		f->progress_ms = clock_mono_ms();
	f->caught_up = false;
}

/* What is not committed is read again. */
static void
content_follower_close(struct content_follower *f)
{
	passages_close(f->index);
	f->index = NULL;
	f->updating = false;
	content_follower_fall_behind(f);
	f->loading = false;
	page_update_clear(&f->update);
	wanted_clear(&f->rows);
	wanted_clear(&f->items);
	vector_sets_clear(&f->vectors);
}

void
content_follower_index_failed(struct content_follower *f)
{
	struct database *db = passages_database(f->index);
	bool damaged = database_is_damaged(db);

	f->failed = true;
	if (damaged)
		log_event(LOG_WARN, "passages_index_discarded", L_STR("why", db->error));
	else
		log_event(LOG_ERROR, "passages_index_failed", L_STR("error", db->error));
	content_follower_close(f);
	if (damaged)
		passages_delete(f->dir);
	store_link_drop(&f->link, "the index of passages cannot be used",
	    damaged ? STORE_LINK_RETRY_MS : STORE_LINK_REOPEN_MS);
}

static int
content_follower_ask_rows(struct content_follower *f)
{
	f->rows_due = false;
	store_link_ask(&f->link, MSG_CHANGES_READ,
	    &(struct msg_changes_read){.after = f->position,
		.newest = !f->positioned,
		.follow = f->positioned,
		.kinds = KINDS,
		.limit = ROWS_MAX});
	return 0;
}

static int
content_follower_ask_list(struct content_follower *f)
{
	store_link_ask(&f->link, MSG_CONTENT_LIST,
	    &(struct msg_content_list){.cursor = buf_slice(&f->cursor)});
	return 0;
}

static void
content_follower_ask_text(struct content_follower *f, uint32_t from)
{
	const struct passages_page *page = &f->update.page;

	store_link_ask(&f->link, MSG_SOURCE_TEXT_READ,
	    &(struct msg_source_text_read){.org = page->org,
		.source = page->source,
		.page = page->id,
		.from = from,
		.vectors = vector_sets_of(&f->vectors, &page->org) != NULL});
}

static void
content_follower_ask_see(struct content_follower *f, const struct wanted *w)
{
	store_link_ask(&f->link, MSG_CONTENT_SEE,
	    &(struct msg_content_see){
		.kind = w->kind == WANTED_ANSWER ? PASSAGE_ANSWER : PASSAGE_CHUNK,
		.org = w->org,
		.id = w->id});
}

/* The list that is worked through: rows come first, so that they do not wait for the reading of all content. */
static struct wanted_list *
content_follower_list(struct content_follower *f)
{
	return wanted_next(&f->rows) != NULL ? &f->rows : &f->items;
}

static struct passages_page
content_follower_page_of(const struct wanted *w)
{
	struct passages_page page = {.org = w->org, .id = w->id, .kind = PASSAGE_ANSWER};

	if (w->kind == WANTED_PAGE) {
		page.kind = PASSAGE_CHUNK;
		page.source = w->source;
	}
	return page;
}

/* After a failure, what needs no writing is no progress: it is done again after each attempt. */
static int
content_follower_commit(struct content_follower *f, uint64_t position)
{
	bool writes = passages_uncommitted(f->index) > 0;

	if (passages_commit(f->index, position) != 0)
		return -1;
	f->failed &= !writes;
	if (!f->failed)
		f->progress_ms = clock_mono_ms();
	return 0;
}

/* Goes to the next one of the list. The position moves behind the last row. 0 or -1. */
static int
content_follower_done(struct content_follower *f)
{
	struct wanted_list *list = content_follower_list(f);

	list->at++;
	if (wanted_next(list) == NULL)
		wanted_clear(list);
	else if (passages_uncommitted(f->index) < COMMIT_CHUNKS)
		return 0;
	f->written_ms = clock_mono_ms();
	return content_follower_commit(
	    f, wanted_next(&f->rows) == NULL ? f->position : passages_position(f->index));
}

/* Whether the index has the listed page as the store has it. 1: yes, 0: no. */
static int
content_follower_has(struct content_follower *f, const struct wanted *w)
{
	const struct passages_page page = content_follower_page_of(w);
	struct hash256 hash;
	int64_t number;
	int found = passages_find_page(f->index, &page, &number);

	if (found != 1)
		return found;
	seen_pages_add(&f->seen, number);
	if (hash_is_zero(&w->hash))
		return 0;
	if (passages_get_hash(f->index, number, &hash) != 0)
		return -1;
	return hash_equal(&hash, &w->hash);
}

static int
content_follower_erase(struct content_follower *f, const struct wanted *w)
{
	int64_t source;
	int found = passages_source_number(f->index, &w->org, &w->id, &source);

	if (found == 1)
		vector_sets_forget(&f->vectors, &w->org, source);
	return found < 0 ? -1 : passages_erase(f->index, &w->org, &w->id);
}

/* Begins with the next one of a list. */
static int
content_follower_start(struct content_follower *f)
{
	const struct wanted *w = wanted_next(content_follower_list(f));
	const struct passages_page page = content_follower_page_of(w);
	int rc = passages_begin(f->index);

	if (rc == 0 && w->kind == WANTED_SOURCE && w->deleted)
		return content_follower_erase(f, w) != 0 ? -1 : content_follower_done(f);
	if (rc == 0 && w->kind != WANTED_SOURCE)
		rc = content_follower_has(f, w);
	if (rc != 0)
		return rc < 0 ? -1 : content_follower_done(f);
	page_update_begin(&f->update, &page);
	if (w->kind == WANTED_PAGE)
		content_follower_ask_text(f, 0);
	else
		content_follower_ask_see(f, w);
	return 0;
}

/* Writes a step of the page that was read. */
static int
content_follower_update(struct content_follower *f)
{
	int rc = page_update_step(&f->update, f->index);
	bool loading = f->loading;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	f->updating = f->loading = false;
	if (f->listing && f->update.n > 0)
		seen_pages_add(&f->seen, f->update.number);
	vector_sets_take(&f->vectors, &f->update);
	page_update_clear(&f->update);
	if (loading)
		return content_follower_commit(f, passages_position(f->index));
	return content_follower_done(f);
}

/* Reads the next page whose vectors a question needs. */
static int
content_follower_load(struct content_follower *f)
{
	struct passages_page page;
	int found = vector_sets_next_page(&f->vectors, f->index, &page);

	if (found != 1)
		return found;
	if (passages_begin(f->index) != 0)
		return -1;
	page_update_begin(&f->update, &page);
	f->loading = true;
	content_follower_ask_text(f, 0);
	return 0;
}

static int
content_follower_end_listing(struct content_follower *f)
{
	f->listing = f->sweeping = f->gone = false;
	f->compare_at = clock_mono_ms() + f->compare_ms;
	if (passages_is_built(f->index))
		return 0;
	log_event(LOG_NOTICE, "passages_index_built",
	    L_UINT("chunks", passages_count(f->index)),
	    L_UINT("bytes", database_bytes(passages_database(f->index))),
	    L_UINT("ms", clock_mono_ms() - f->since_ms));
	if (passages_begin(f->index) != 0 || passages_set_built(f->index) != 0)
		return -1;
	return content_follower_commit(f, f->position);
}

/* Reads the next page that the listing did not name, which removes it if the store does not have it; or ends the
 * listing. */
static int
content_follower_sweep(struct content_follower *f)
{
	struct passages_page page;
	int found = seen_pages_next_lost(&f->seen, f->index, &page);

	if (found == 1)
		wanted_add_page(&f->items, &page);
	if (found != 0)
		return found < 0 ? -1 : 0;
	return content_follower_end_listing(f);
}

/* When erased words are to leave the file, in ms; UINT64_MAX: there are none. */
static uint64_t
content_follower_merge_in(const struct content_follower *f)
{
	uint64_t now = clock_mono_ms(), idle = f->written_ms + MERGE_IDLE_MS;
	uint64_t latest = f->clean_ms + MERGE_LATEST_MS;
	uint64_t at = idle < latest ? idle : latest;

	if (!passages_has_merges(f->index))
		return UINT64_MAX;
	return at > now ? at - now : 0;
}

/* When the index is to be compared with the store, likewise. */
static uint64_t
content_follower_compare_in(const struct content_follower *f)
{
	uint64_t now = clock_mono_ms();

	if (f->compare_ms == 0)
		return UINT64_MAX;
	return f->compare_at > now ? f->compare_at - now : 0;
}

static int
content_follower_purge(struct content_follower *f, bool all)
{
	int rc = passages_purge_step(f->index, all);

	if (rc == 0 && all)
		f->clean_ms = clock_mono_ms();
	if (rc < 0)
		return -1;
	f->progress_ms = clock_mono_ms();
	return 0;
}

/* Waits for rows, and for the time of the next work. */
static int
content_follower_rest(struct content_follower *f)
{
	uint64_t merge = content_follower_merge_in(f), compare = content_follower_compare_in(f);

	if (!f->caught_up)
		log_event(LOG_NOTICE, "passages_ready",
		    L_UINT("chunks", passages_count(f->index)),
		    L_UINT("position", f->position));
	f->caught_up = f->rests = true;
	f->failed = false;
	f->progress_ms = clock_mono_ms();
	if (merge < compare)
		compare = merge;
	if (compare != UINT64_MAX)
		content_follower_work_in(f, compare);
	return 0;
}

/* The next request, or a step of local work. Rows come first, so that a deletion does not wait for the reading of all
 * content. 0, or -1: the index failed. */
static int
content_follower_do(struct content_follower *f)
{
	if (f->updating)
		return content_follower_update(f);
	if (wanted_next(&f->rows) != NULL)
		return content_follower_start(f);
	if (!f->positioned || f->rows_due)
		return content_follower_ask_rows(f);
	f->current |= !f->gone;
	if (passages_has_erased(f->index))
		return content_follower_purge(f, false);
	if (wanted_next(&f->items) != NULL)
		return content_follower_start(f);
	if (f->sweeping)
		return content_follower_sweep(f);
	if (f->listing)
		return content_follower_ask_list(f);
	if (vector_sets_have_pages(&f->vectors))
		return content_follower_load(f);
	if (content_follower_merge_in(f) == 0)
		return content_follower_purge(f, true);
	if (content_follower_compare_in(f) == 0)
		return content_follower_list_all(f);
	return content_follower_rest(f);
}

/* Goes on, unless an answer is awaited. What needs no answer goes on in the next turn of the event loop. */
static void
content_follower_next(struct content_follower *f)
{
	if (!f->link.connected || f->link.waits)
		return;
	f->rests = false;
	if (content_follower_do(f) != 0)
		content_follower_index_failed(f);
	else if (f->link.connected && !f->link.waits && !f->rests)
		content_follower_work_in(f, 0);
}

static void
content_follower_on_work(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	content_follower_next(arg);
}

/* 0, or -1: the index failed. */
static int
content_follower_take_rows(struct content_follower *f, const struct msg_changes_page *page)
{
	if (!f->positioned || page->gone) {
		if (f->positioned)
			log_event(LOG_WARN, "passages_feed_gone",
			    L_STR("help", "the index is compared with the store"));
		f->gone = true;
		f->positioned = !page->gone;
		f->position = page->newest;
		/* The request did not follow the feed. */
		f->rows_due = true;
		content_follower_list_all(f);
		return passages_begin(f->index) != 0 ? -1
						     : passages_commit(f->index, f->position);
	}
	f->position = page->next;
	f->rows_due = page->more;
	wanted_add_rows(&f->rows, page->changes);
	if (wanted_next(&f->rows) != NULL || f->position == passages_position(f->index))
		return 0;
	/* Only rows of other kinds. */
	return passages_begin(f->index) != 0 ? -1 : passages_commit(f->index, f->position);
}

static int
content_follower_take_list(struct content_follower *f, const struct msg_content_page *page)
{
	wanted_add_items(&f->items, page->items, &f->listed);
	buf_reset(&f->cursor);
	must(buf_append(&f->cursor, page->next.p, page->next.len) == 0);
	f->sweeping = page->next.len == 0;
	return 0;
}

static int
content_follower_take_text(struct content_follower *f, const struct msg_source_text *piece)
{
	page_update_take(&f->update, piece);
	if (piece->next == 0)
		f->updating = true;
	else
		content_follower_ask_text(f, piece->next);
	return 0;
}

static int
content_follower_take_seen(struct content_follower *f, const struct msg_content_seen *seen)
{
	const struct wanted *w = wanted_next(content_follower_list(f));
	struct msg_answer_record answer;

	if (w->kind == WANTED_SOURCE)
		return passages_set_searched(f->index, &w->org, &w->id, seen->searched) != 0
		    ? -1
		    : content_follower_done(f);
	if (seen->searched &&
	    record_decode(seen->answer, MSG_ANSWER_RECORD, &answer) == WIRE_OK)
		page_update_take_answer(&f->update, &answer);
	f->updating = true;
	return 0;
}

/* A page that does not exist any more is removed. */
static int
content_follower_take_error(struct content_follower *f, const struct msg_error *error)
{
	const struct wanted *w = wanted_next(content_follower_list(f));
	const struct passages_page page = f->update.page;

	if (error->code == STORE_NOT_FOUND &&
	    (f->loading || (w != NULL && w->kind == WANTED_PAGE))) {
		page_update_begin(&f->update, &page);
		f->updating = true;
		return 0;
	}
	log_event(LOG_ERROR, "store_refused", L_SLICE("why", error->detail));
	store_link_back_off(&f->link, "a request was refused");
	return 0;
}

static int
content_follower_take_answer(struct content_follower *f, uint16_t type, const union msg *m)
{
	switch (type) {
	case MSG_CHANGES_PAGE:
		return content_follower_take_rows(f, &m->changes_page);
	case MSG_CONTENT_PAGE:
		return content_follower_take_list(f, &m->content_page);
	case MSG_SOURCE_TEXT:
		return content_follower_take_text(f, &m->source_text);
	case MSG_CONTENT_SEEN:
		return content_follower_take_seen(f, &m->content_seen);
	case MSG_ERROR:
		return content_follower_take_error(f, &m->error);
	default:
		store_link_back_off(&f->link, "an answer to nothing that was asked");
		return 0;
	}
}

static void
content_follower_take(void *arg, const struct frame *frame, const union msg *m)
{
	struct content_follower *f = arg;

	if (frame->request == 0)
		f->rows_due = true;
	else if (content_follower_take_answer(f, frame->type, m) != 0) {
		content_follower_index_failed(f);
		return;
	}
	content_follower_next(f);
}

static bool
content_follower_prepare(void *arg)
{
	return content_follower_open(arg);
}

static void
content_follower_connected(void *arg)
{
	struct content_follower *f = arg;

	f->rows_due = true;
	content_follower_next(f);
}

/* The page that was being read is read again. */
static void
content_follower_lost(void *arg)
{
	struct content_follower *f = arg;

	f->current = false;
	content_follower_fall_behind(f);
	if (f->updating)
		return;
	if (f->loading)
		vector_sets_again(&f->vectors, &f->update.page.org);
	f->loading = false;
	page_update_clear(&f->update);
}

struct content_follower *
content_follower_new(struct event_base *base, const char *store_socket, const char *dir,
    uint64_t compare_ms, uint64_t vectors_max)
{
	struct content_follower *f = xcalloc(1, sizeof(*f));
	const struct store_link_user user = {.prepare = content_follower_prepare,
	    .connected = content_follower_connected,
	    .lost = content_follower_lost,
	    .take = content_follower_take,
	    .arg = f};

	f->dir = dir;
	f->compare_ms = compare_ms;
	f->progress_ms = clock_mono_ms();
	f->compare_at =
	    clock_mono_ms() + (COMPARE_FIRST_MS < compare_ms ? COMPARE_FIRST_MS : compare_ms);
	vector_sets_init(&f->vectors, vectors_max);
	buf_init(&f->cursor, 64);
	page_update_init(&f->update);
	f->work = evtimer_new(base, content_follower_on_work, f);
	must(f->work != NULL);
	store_link_init(&f->link, base, store_socket, &user);
	return f;
}

void
content_follower_free(struct content_follower *f)
{
	if (f == NULL)
		return;
	content_follower_close(f);
	store_link_clear(&f->link);
	event_free(f->work);
	buf_clear(&f->cursor);
	seen_pages_reset(&f->seen);
	free(f);
}

struct passages *
content_follower_index(struct content_follower *f, const char **reason)
{
	*reason = "";
	if (f->index == NULL)
		*reason = "the index of passages cannot be opened; see searchd's log";
	else if (!passages_is_built(f->index))
		*reason = "the index of passages is being built";
	else if (
	    !f->current) /* it may be old: on several machines, another one was the owner */
		*reason = "the index of passages is catching up with the store";
	return **reason == '\0' ? f->index : NULL;
}

void
content_follower_status(struct content_follower *f, struct msg_search_status *status)
{
	const char *reason;

	status->passages_ready = content_follower_index(f, &reason) != NULL;
	status->passages_standing_ms = f->caught_up ? 0 : clock_mono_ms() - f->progress_ms;
	if (f->index == NULL)
		return;
	status->passages = passages_count(f->index);
	status->passages_bytes = database_bytes(passages_database(f->index));
	vector_sets_count(&f->vectors, &status->vectors, &status->vectors_bytes);
}

const struct vectors *
content_follower_vectors(struct content_follower *f, const struct id *org, struct slice model)
{
	struct vector_set *set = vector_sets_ask(&f->vectors, f->index, org, model);

	/* It may rest. */
	if (set != NULL && set->n_pages > 0)
		content_follower_work_in(f, 0);
	return set != NULL && vector_set_is_ready(set) ? &set->vectors : NULL;
}
