#include "workerd/knowledge/citations.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* As in messages.def. */
#define RECORD_PASSAGES_MAX 12288
#define RECORD_MARKS_MAX    4096
#define TITLE_MAX           300
#define URL_MAX             2304

struct citations {
	enum found_outcome outcome;
	bool no_answer;
	uint8_t n_cited;
	size_t n_passages, n_marks;
	struct msg_sources_passage *passages;
	struct source_mark *marks;
};

/* How many entries a list is enlarged by: most replies need no second time. */
#define STEP 8

struct citations *
citations_new(enum found_outcome outcome)
{
	struct citations *s = xcalloc(1, sizeof(*s));

	s->outcome = outcome;
	return s;
}

void
citations_free(struct citations *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_passages; i++)
		free((void *)(uintptr_t)s->passages[i].title.p);
	free(s->passages);
	free(s->marks);
	free(s);
}

/* The longest start of a text with at most so many bytes, in whole characters. */
static struct slice
citations_cut(struct slice text, size_t max)
{
	struct slice cut = {text.p, text.len < max ? text.len : max};

	if (cut.len < text.len)
		cut.len -= utf8_incomplete_tail(cut);
	return cut;
}

/* Adds a passage with copies of its texts, which share an allocation. */
static void
citations_add_passage(struct citations *s, const struct msg_sources_passage *passage)
{
	struct msg_sources_passage *p;
	uint8_t *texts;

	if (s->n_passages == CITATIONS_PASSAGES_MAX)
		return;
	if (s->n_passages % STEP == 0)
		s->passages =
		    xreallocarray(s->passages, s->n_passages + STEP, sizeof(*s->passages));
	p = &s->passages[s->n_passages++];
	*p = *passage;
	texts = xcalloc(1, p->title.len + p->url.len + 1);
	must(slice_copy(p->title, texts, p->title.len));
	must(slice_copy(p->url, texts + p->title.len, p->url.len));
	p->title.p = texts;
	p->url.p = texts + p->title.len;
}

static void
citations_add_mark(struct citations *s, struct source_mark mark)
{
	if (s->n_marks == CITATIONS_MARKS_MAX)
		return;
	if (s->n_marks % STEP == 0)
		s->marks = xreallocarray(s->marks, s->n_marks + STEP, sizeof(*s->marks));
	s->marks[s->n_marks++] = mark;
}

void
citations_add(struct citations *s, const struct msg_passage *passage)
{
	struct msg_sources_passage p = {
	    .title = citations_cut(passage->title, TITLE_MAX),
	    .url = passage->url.len <= URL_MAX ? passage->url : (struct slice){0},
	};
	struct msg_passage_ref ref;

	if (record_decode(passage->ref, MSG_PASSAGE_REF, &ref) == WIRE_OK) {
		p.kind = ref.kind;
		p.source = ref.source;
		p.id = ref.id;
		p.index = ref.index;
		p.score = ref.score;
	}
	citations_add_passage(s, &p);
}

/* The number of a source that was cited before; 0: none. */
static uint8_t
citations_find_same(const struct citations *s, const struct msg_sources_passage *p)
{
	for (size_t i = 0; i < s->n_passages; i++) {
		const struct msg_sources_passage *other = &s->passages[i];

		if (other->n > 0 && slice_eq(other->title, p->title) &&
		    slice_eq(other->url, p->url))
			return other->n;
	}
	return 0;
}

static bool
citations_has_mark(const struct citations *s, const struct source_mark *mark)
{
	for (size_t i = s->n_marks; i > 0 && s->marks[i - 1].at == mark->at; i--)
		if (s->marks[i - 1].n == mark->n)
			return true;
	return false;
}

bool
citations_cite(struct citations *s, unsigned number, size_t at)
{
	struct source_mark mark = {.at = at};
	struct msg_sources_passage *p;

	if (number == 0)
		s->no_answer = true;
	if (number == 0 || number > s->n_passages || s->n_marks == CITATIONS_MARKS_MAX)
		return false;
	p = &s->passages[number - 1];
	if (p->n == 0)
		p->n = citations_find_same(s, p);
	/* A damaged record may have used up the numbers. */
	if (p->n == 0 && s->n_cited == UINT8_MAX)
		return false;
	if (p->n == 0)
		p->n = ++s->n_cited;
	mark.n = p->n;
	if (citations_has_mark(s, &mark))
		return false;
	citations_add_mark(s, mark);
	return true;
}

bool
citations_has_no_answer(const struct citations *s)
{
	return s->no_answer;
}

enum found_outcome
citations_outcome(const struct citations *s)
{
	return s->outcome;
}

void
citations_set_outcome(struct citations *s, enum found_outcome outcome)
{
	s->outcome = outcome;
}

size_t
citations_n_marks(const struct citations *s)
{
	return s->n_marks;
}

struct source_mark
citations_mark(const struct citations *s, size_t i)
{
	must(i < s->n_marks);
	return s->marks[i];
}

uint8_t
citations_n_cited(const struct citations *s)
{
	return s->n_cited;
}

/* A client may show the address as a link. */
static bool
citations_is_web(struct slice url)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		const size_t n = strlen(schemes[i]);

		if (url.len > n && strncasecmp((const char *)url.p, schemes[i], n) == 0)
			return true;
	}
	return false;
}

struct source_view
citations_cited(const struct citations *s, uint8_t n)
{
	struct source_view view = {0};

	for (size_t i = 0; i < s->n_passages; i++) {
		const struct msg_sources_passage *p = &s->passages[i];

		if (p->n != n)
			continue;
		view.n = n;
		view.title = p->title;
		if (citations_is_web(p->url))
			view.url = p->url;
		break;
	}
	return view;
}

size_t
citations_n_passages(const struct citations *s)
{
	return s->n_passages;
}

const struct msg_sources_passage *
citations_passage(const struct citations *s, size_t i)
{
	must(i < s->n_passages);
	return &s->passages[i];
}

static void
citations_encode_passage(const struct msg_sources_passage *p, struct buf *item)
{
	buf_reset(item);
	must(record_encode(item, MSG_SOURCES_PASSAGE, p) == 0);
}

/* Bytes of the list with the cited passages alone. */
static size_t
citations_size_of_cited(const struct citations *s, struct buf *item)
{
	size_t size = 0;

	for (size_t i = 0; i < s->n_passages; i++) {
		if (s->passages[i].n == 0)
			continue;
		citations_encode_passage(&s->passages[i], item);
		size += 4 + buf_len(item);
	}
	return size;
}

static void
citations_write_passages(const struct citations *s, struct buf *list)
{
	struct buf item;
	size_t cited, spare;

	buf_init(&item, WIRE_FRAME_MAX);
	cited = citations_size_of_cited(s, &item);
	spare = cited < RECORD_PASSAGES_MAX ? RECORD_PASSAGES_MAX - cited : 0;
	for (size_t i = 0; i < s->n_passages; i++) {
		const bool is_cited = s->passages[i].n > 0;

		citations_encode_passage(&s->passages[i], &item);
		if (!is_cited && 4 + buf_len(&item) > spare)
			continue;
		if (!is_cited)
			spare -= 4 + buf_len(&item);
		(void)!wire_list_add(list, buf_slice(&item));
	}
	buf_clear(&item);
}

static void
citations_write_marks(const struct citations *s, size_t text, struct buf *list)
{
	struct buf item;

	buf_init(&item, WIRE_FRAME_MAX);
	for (size_t i = 0; i < s->n_marks; i++) {
		const size_t at = s->marks[i].at < text ? s->marks[i].at : text;

		buf_reset(&item);
		must(record_encode(&item, MSG_SOURCES_MARK,
			 &(struct msg_sources_mark){.at = (uint32_t)at, .n = s->marks[i].n}) ==
		    0);
		if (wire_list_add(list, buf_slice(&item)) == -1)
			break;
	}
	buf_clear(&item);
}

void
citations_write(const struct citations *s, size_t text, struct buf *out)
{
	struct msg_sources_record record = {.outcome = (uint8_t)s->outcome};
	struct buf passages, marks;

	buf_init(&passages, RECORD_PASSAGES_MAX);
	buf_init(&marks, RECORD_MARKS_MAX);
	citations_write_passages(s, &passages);
	citations_write_marks(s, text, &marks);
	record.passages = buf_slice(&passages);
	record.marks = buf_slice(&marks);
	must(record_encode(out, MSG_SOURCES_RECORD, &record) == 0);
	buf_clear(&passages);
	buf_clear(&marks);
}

/* The lists in the record are bytes, which no decoder has checked. */
struct citations *
citations_read(struct slice encoded)
{
	struct msg_sources_record record;
	struct msg_sources_passage passage;
	struct msg_sources_mark mark;
	struct citations *s;
	struct slice item;

	if (encoded.len == 0 || record_decode(encoded, MSG_SOURCES_RECORD, &record) != WIRE_OK)
		return NULL;
	s = citations_new((enum found_outcome)record.outcome);
	while (wire_list_next(&record.passages, &item) &&
	    record_decode(item, MSG_SOURCES_PASSAGE, &passage) == WIRE_OK) {
		citations_add_passage(s, &passage);
		if (passage.n > s->n_cited)
			s->n_cited = passage.n;
	}
	while (wire_list_next(&record.marks, &item) &&
	    record_decode(item, MSG_SOURCES_MARK, &mark) == WIRE_OK)
		citations_add_mark(s, (struct source_mark){.at = mark.at, .n = mark.n});
	return s;
}
