/*
 * A list: few organizations ask at a time.
 */
#include "storaged/search/passages/vector_sets.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

void
vector_sets_init(struct vector_sets *sets, uint64_t bytes_max)
{
	TAILQ_INIT(&sets->list);
	sets->bytes_max = bytes_max;
}

static void
vector_set_empty(struct vector_set *set)
{
	vectors_clear(&set->vectors);
	free(set->pages);
	set->pages = NULL;
	set->n_pages = set->n_all = 0;
}

static void
vector_sets_remove(struct vector_sets *sets, struct vector_set *set)
{
	vector_set_empty(set);
	TAILQ_REMOVE(&sets->list, set, link);
	free(set);
}

void
vector_sets_clear(struct vector_sets *sets)
{
	struct vector_set *set;

	while ((set = TAILQ_FIRST(&sets->list)) != NULL)
		vector_sets_remove(sets, set);
}

struct vector_set *
vector_sets_of(struct vector_sets *sets, const struct id *org)
{
	struct vector_set *set;

	TAILQ_FOREACH (set, &sets->list, link)
		if (id_equal(&set->org, org))
			return set;
	return NULL;
}

static struct vector_set *
vector_sets_add(
    struct vector_sets *sets, struct passages *ix, const struct id *org, struct slice model)
{
	struct vector_set *set = xcalloc(1, sizeof(*set));

	set->org = *org;
	must(slice_copy_text(model, set->model, sizeof(set->model)));
	TAILQ_INSERT_HEAD(&sets->list, set, link);
	if (passages_pages_of(ix, org, &set->pages, &set->n_all) == 0) {
		set->n_pages = set->n_all;
		return set;
	}
	vector_sets_remove(sets, set);
	return NULL;
}

struct vector_set *
vector_sets_ask(
    struct vector_sets *sets, struct passages *ix, const struct id *org, struct slice model)
{
	struct vector_set *set = vector_sets_of(sets, org);

	must(model.len <= MODEL_MAX);
	if (set != NULL && !slice_eq_str(model, set->model)) {
		vector_sets_remove(sets, set);
		set = NULL;
	}
	if (set == NULL)
		return vector_sets_add(sets, ix, org, model);
	TAILQ_REMOVE(&sets->list, set, link);
	TAILQ_INSERT_HEAD(&sets->list, set, link);
	return set;
}

bool
vector_set_is_ready(const struct vector_set *set)
{
	return set->n_pages == 0 && !set->refused;
}

static struct vector_set *
vector_sets_unread(struct vector_sets *sets)
{
	struct vector_set *set;

	TAILQ_FOREACH (set, &sets->list, link)
		if (set->n_pages > 0)
			return set;
	return NULL;
}

bool
vector_sets_have_pages(struct vector_sets *sets)
{
	return vector_sets_unread(sets) != NULL;
}

/* Its number is still in the array, unless the set is a new one, of which no page was begun. */
void
vector_sets_again(struct vector_sets *sets, const struct id *org)
{
	struct vector_set *set = vector_sets_of(sets, org);

	if (set != NULL && set->n_pages < set->n_all)
		set->n_pages++;
}

int
vector_sets_next_page(struct vector_sets *sets, struct passages *ix, struct passages_page *page)
{
	struct vector_set *set;

	while ((set = vector_sets_unread(sets)) != NULL) {
		int64_t number = set->pages[--set->n_pages] - 1, wanted = number + 1;
		int found = passages_next_page(ix, &number, page);

		if (found < 0)
			return -1;
		if (found == 1 && number == wanted && page->kind == PASSAGE_CHUNK)
			return 1;
	}
	return 0;
}

static int
vector_sets_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Removes the vectors of all chunks that the page has and had. */
static void
vector_set_remove(struct vector_set *set, const struct page_update *update)
{
	int64_t *rows = xcalloc(update->n + update->n_stored + 1, sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; i < update->n; i++)
		rows[n++] = update->chunks[i].row;
	for (size_t i = 0; i < update->n_stored; i++)
		rows[n++] = update->stored[i].row;
	qsort(rows, n, sizeof(*rows), vector_sets_compare);
	vectors_remove(&set->vectors, rows, n);
	free(rows);
}

static void
vector_set_add(struct vector_set *set, const struct page_update *update)
{
	struct msg_vector_record vector;

	for (size_t i = 0; i < update->n; i++) {
		struct slice encoded = page_update_vector(update, i);

		if (encoded.len > 0 && update->chunks[i].row != 0 &&
		    record_decode(encoded, MSG_VECTOR_RECORD, &vector) == WIRE_OK &&
		    slice_eq_str(vector.model, set->model))
			vectors_add(&set->vectors, update->chunks[i].row, vector.values);
	}
}

/* Gives up sets until the rest has room; the one that was asked last at the end. */
static void
vector_sets_bound(struct vector_sets *sets)
{
	uint64_t n, bytes;
	struct vector_set *set;

	vector_sets_count(sets, &n, &bytes);
	while (bytes > sets->bytes_max) {
		set = TAILQ_LAST(&sets->list, vector_set_list);
		if (set == TAILQ_FIRST(&sets->list)) {
			log_event(LOG_ERROR, "vectors_too_large", L_UINT("bytes", bytes),
			    L_STR("help",
				"passages are found by words alone; raise "
				"SEARCH_VECTORS_MAX_BYTES"));
			vector_set_empty(set);
			set->refused = true;
			return;
		}
		vector_sets_remove(sets, set);
		vector_sets_count(sets, &n, &bytes);
	}
}

void
vector_sets_take(struct vector_sets *sets, const struct page_update *update)
{
	struct vector_set *set = vector_sets_of(sets, &update->page.org);

	if (set == NULL || set->refused)
		return;
	vector_set_remove(set, update);
	vector_set_add(set, update);
	vector_sets_bound(sets);
}

void
vector_sets_forget(struct vector_sets *sets, const struct id *org, int64_t source)
{
	struct vector_set *set = vector_sets_of(sets, org);

	if (set != NULL)
		vectors_remove_source(&set->vectors, source);
}

void
vector_sets_count(const struct vector_sets *sets, uint64_t *n, uint64_t *bytes)
{
	const struct vector_set *set;

	*n = *bytes = 0;
	TAILQ_FOREACH (set, &sets->list, link) {
		*n += set->vectors.n;
		*bytes += vectors_bytes(&set->vectors);
	}
}
