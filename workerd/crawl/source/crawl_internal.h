/*
 * The parts of a crawl. Each phase is a step function, which starts at most one operation; when that has ended,
 * crawl_next() is called.
 */
#ifndef WORKERD_CRAWL_SOURCE_CRAWL_INTERNAL_H
#define WORKERD_CRAWL_SOURCE_CRAWL_INTERNAL_H

#include "workerd/crawl/fetch/visit.h"
#include "workerd/crawl/source/block_counts.h"
#include "workerd/crawl/source/crawl_tools.h"
#include "workerd/crawl/source/page_set.h"
#include "workerd/crawl/source/site.h"

#define CRAWL_AGENT_MAX 512
#define CRAWL_ERROR_MAX 300 /* bytes, as in SOURCE_STATE_RECORD */
#define CRAWL_DAY_MS    86400000u
#define CRAWL_HELD_MAX  BLOCK_COUNTS_SAMPLE
/* Of documents that are held, before the last one. All crawls together hold less than EXTRACTION_HELD_MAX then, so that
 * each can read its next document. */
#define CRAWL_HELD_BYTES ((size_t)2 << 20)
#define CRAWL_LINKS_MAX  ((size_t)2 << 20) /* bytes of start_links; others are left out */
#define CRAWL_PUTS_MAX   32                /* requests that store new pages, at a time */

/* The detail of a page whose text is stored, but not its end; the reason is REASON_SIZE. */
#define CRAWL_TEXT_CUT "the text is too long: its end is left out"

enum crawl_phase {
	CRAWL_BEGIN,    /* stores that the crawl is running */
	CRAWL_LOAD,     /* reads the pages that are known */
	CRAWL_START,    /* visits the page where the source begins */
	CRAWL_SITEMAPS, /* finds pages */
	CRAWL_NEW,      /* stores those that are new */
	CRAWL_PROBE,    /* learns what a missing page looks like */
	CRAWL_VISIT,    /* visits the pages that are due */
	CRAWL_UPLOADS,  /* reads uploaded content instead */
	CRAWL_PUT,      /* stores texts that were held */
	CRAWL_REMOVE,   /* removes pages that are gone */
	CRAWL_END,      /* stores how it ended */
	CRAWL_OVER,
};

struct crawl_put {
	struct crawl *crawl;
	struct page *page;
	struct store_call *call; /* NULL: not in use */
};

struct crawl {
	struct crawl_tools tools;
	crawl_done_fn *fn;
	void *arg;
	struct buf source_bytes; /* the record, encoded: source borrows from it */
	struct msg_source_record source;
	struct msg_source_state_record state; /* without its text */
	char error[CRAWL_ERROR_MAX + 1];      /* of the state */
	char agent[CRAWL_AGENT_MAX + 1];
	struct site site;
	struct page_set *pages;
	struct block_counts *blocks;
	enum crawl_phase phase;
	bool resumed; /* it continues one that was interrupted */
	bool full;    /* all pages are due: the owner has asked for the crawl */
	bool changed; /* the owner has changed the source since the last crawl began */
	bool decided; /* the owner has decided about the removal, and nothing else is done */
	bool failed;  /* it has ended early, because of error */
	bool unreachable;   /* ... of the network, or of the site's server */
	uint64_t paused_ms; /* the pause before it, if the one before failed, too */
	bool lost;     /* the source does not exist any more, or the store cannot be written */
	bool waits;    /* the removal needs the owner's decision */
	bool keeps;    /* the owner has refused it */
	bool planned;  /* the removal */
	size_t n_gone; /* pages of it */

	/* What it waits for; at most one of the next three, or some puts. */
	struct store_call *call;
	struct visit *visit;
	struct extraction *extraction;
	struct crawl_put puts[CRAWL_PUTS_MAX];
	size_t n_puts;
	size_t new_at; /* index of the first page that may be new, see crawl_store_new() */
	void (*after_new)(struct crawl *c);
	bool remove_text;       /* of the page that is stored then */
	struct event *end;      /* to go on from the event loop */
	struct event *too_slow; /* the site takes too long until its pages are known */
	bool late;              /* that has happened */
	bool pauses;            /* it is to pause */
	size_t looked_at;       /* pages, in this crawl: it pauses after some */
	bool busy;
	bool stepping; /* crawl_next() runs */

	struct id cursor;  /* of the pages that are read from the store */
	size_t at;         /* index of the next page to look at */
	struct page *page; /* that is visited or stored */
	bool waiting;      /* pages wait for others, see page_set.h: look at all once more */
	bool sampling;     /* further pages are read only to count their blocks */
	bool
	    second_look; /* pages were visited again whose blocks were judged otherwise before */
	unsigned failures; /* in a row */
	bool gives_up;     /* there were too many */
	bool probed;
	struct hash256 missing_text; /* what a missing page looks like; zero: unknown */

	/* Sitemaps: addresses, in the order in which they were found. */
	char **sitemaps;
	size_t n_sitemaps, next_sitemap;
	size_t guesses;           /* usual places of sitemaps that were looked at */
	const char *sitemap_base; /* address of the one that is being read, in normal form */
	size_t listed;            /* pages that sitemaps have named */
	struct buf
	    start_links; /* of the page where the source begins; see document_next_link() */
	size_t entries;

	/* Of the visit whose document is being read. */
	struct visit_version version;
	char type[FETCH_TYPE_MAX + 1];
	char charset[FETCH_CHARSET_MAX + 1];
	bool nofollow;
	struct page *held_pages[CRAWL_HELD_MAX]; /* with a document that is not stored */
	size_t held, held_bytes;
	size_t put; /* of these, the next one to store */

	/* An upload that is being read. */
	struct buf upload;
	char *upload_title;

	/* Parts of a long document. */
	struct crawl_parts *parts;

	size_t counted_read, counted_changed, counted_removed; /* for the log */
};

#define CRAWL_FIND_TURNS 6 /* CRAWL_TURN_MS that it may take until a site's pages are known */

/* Runs steps until one waits for something. */
void crawl_next(struct crawl *c);

/* An operation has begun, or has ended. */
void crawl_wait(struct crawl *c);
void crawl_go_on(struct crawl *c);

/* Ends the crawl early: as failed with this reason, or because the source is gone. */
void crawl_fail(struct crawl *c, const char *why);
void crawl_lose(struct crawl *c);

/* Pauses, when what was read is stored. */
void crawl_end_turn(struct crawl *c);

/* Sends a request, at most one at a time. fn is called with c. */
void crawl_call(struct crawl *c, enum msg_type type, const void *m, store_answer_fn *fn);

/* Whether a request was refused, or not answered, which ends the crawl. */
bool crawl_check(struct crawl *c, uint16_t type, const union msg *m);

/* For a store_answer_fn: whether the request was refused, or not answered; then it has ended the crawl if nothing
 * else makes sense. The codes in `expected` (bits) do not. */
[[nodiscard]] bool crawl_refused(
    struct crawl *c, uint16_t type, const union msg *m, unsigned expected);

/* Stores the pages that are new, so that owners see what waits and a kill loses no links; then calls the function. What
 * a visit has found is stored before the page itself, which would not be visited again. */
void crawl_store_new(struct crawl *c, void (*then)(struct crawl *c));

/* Stores the new pages, and then a page's record, without a text, or removing it. */
void crawl_put_record(struct crawl *c, struct page *page, bool remove_text);

/* Adds a page of this address, to be visited, if there is none and the source may have another one. The page, or
 * NULL. */
struct page *crawl_add_page(struct crawl *c, const char *url);

/* Learns from the pages where the last visit has found that the source begins. */
void crawl_find_moved(struct crawl *c);

/* Whether the record is of a page that is to be removed. */
bool crawl_is_gone(const struct msg_source_page_record *r);

/* Removes a page. */
void crawl_remove_page(struct crawl *c, struct page *page);

/* The step of each phase; it changes the phase, or starts an operation. */
void crawl_step_begin(struct crawl *c);
void crawl_step_load(struct crawl *c);
void crawl_step_start(struct crawl *c);
void crawl_step_sitemaps(struct crawl *c);
void crawl_step_new(struct crawl *c);
void crawl_step_probe(struct crawl *c);
void crawl_step_visit(struct crawl *c);
void crawl_step_uploads(struct crawl *c);
void crawl_step_put(struct crawl *c);
void crawl_step_remove(struct crawl *c);
void crawl_step_end(struct crawl *c);

/* Visits a page (crawl_visit.c). */
void crawl_visit_page(struct crawl *c, struct page *page);
struct visit *crawl_visit_start(
    struct crawl *c, const char *url, size_t bytes_max, bool ignores_robots, visit_fn *fn);

/* Ends a visit that takes too long: the page has failed. */
void crawl_visit_give_up(struct crawl *c);

/* A page was visited, and has this document, which is taken (crawl_text.c). */
void crawl_take_document(struct crawl *c, struct page *page, struct document *doc);

/* Adds the pages that the start links to, unless sitemaps name the pages. */
void crawl_take_start_links(struct crawl *c);

/* Puts a page with the text of its document (crawl_put.c). */
void crawl_put_text(struct crawl *c, struct page *page);
void crawl_parts_free(struct crawl *c);

/* What a visit that brought no new text means (crawl_judge.c): changes the record and stores it. version: what the
 * response says of it; NULL: it was 304. */
void crawl_judge_failure(struct crawl *c, struct page *page, enum page_reason reason,
    const char *detail, int status);
void crawl_judge_unchanged(
    struct crawl *c, struct page *page, const struct visit_version *version);
void crawl_judge_missing(struct crawl *c, struct page *page, const char *detail);
void crawl_judge_superseded(struct crawl *c, struct page *page, const struct page *by);
void crawl_judge_dropped(
    struct crawl *c, struct page *page, enum page_reason reason, const char *detail);

#endif
