#include "workerd/api/fields/sources_json.h"

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/fields/names.h"
#include "workerd/knowledge/citations.h"

static void
sources_json_write_url(struct json_writer *j, struct slice url)
{
	if (url.len == 0)
		json_write_null(j, "url");
	else
		json_write_str(j, "url", url);
}

static uint64_t
sources_json_position(const struct source_mark *mark, struct slice text)
{
	return utf8_utf16_len(
	    (struct slice){text.p, mark->at < text.len ? mark->at : text.len});
}

static void
sources_json_write_positions(
    struct json_writer *j, const struct citations *s, uint8_t n, struct slice text)
{
	json_write_open(j, "positions", '[');
	for (size_t i = 0; i < citations_n_marks(s); i++) {
		const struct source_mark mark = citations_mark(s, i);

		if (mark.n == n)
			json_write_uint(j, NULL, sources_json_position(&mark, text));
	}
	json_write_close(j, ']');
}

static void
sources_json_write_cited(struct json_writer *j, const struct citations *s, struct slice text)
{
	for (unsigned n = 1; n <= citations_n_cited(s); n++) {
		const struct source_view view = citations_cited(s, (uint8_t)n);

		if (view.n == 0)
			continue;
		json_write_open(j, NULL, '{');
		json_write_uint(j, "n", n);
		json_write_str(j, "title", view.title);
		sources_json_write_url(j, view.url);
		sources_json_write_positions(j, s, view.n, text);
		json_write_close(j, '}');
	}
}

static void
sources_json_write_outcome(struct json_writer *j, enum found_outcome outcome)
{
	switch (outcome) {
	case FOUND_ANSWER:
	case FOUND_WHOLE:
		json_write_bool(j, "found", true);
		break;
	case FOUND_NO_ANSWER:
		json_write_bool(j, "found", false);
		break;
	case FOUND_GENERAL:
		json_write_bool(j, "found", false);
		json_write_bool(j, "general", true);
		break;
	case FOUND_NOTHING_ASKED:
	case FOUND_UNAVAILABLE:
		json_write_null(j, "found");
		break;
	}
}

void
sources_json_write(struct json_writer *j, struct slice record, struct slice text)
{
	struct citations *s = citations_read(record);

	json_write_open(j, "sources", '[');
	if (s != NULL)
		sources_json_write_cited(j, s, text);
	json_write_close(j, ']');
	sources_json_write_outcome(j, s == NULL ? FOUND_NOTHING_ASKED : citations_outcome(s));
	citations_free(s);
}

static void
sources_json_write_passage(struct json_writer *j, const struct msg_sources_passage *p)
{
	const bool is_answer = p->kind == PASSAGE_ANSWER;

	json_write_open(j, NULL, '{');
	if (p->n == 0)
		json_write_null(j, "n");
	else
		json_write_uint(j, "n", p->n);
	json_write_str(j, "kind", slice_str(is_answer ? "answer" : "page"));
	json_write_id_or_null(j, "source", &p->source);
	json_write_id(j, is_answer ? "answer" : "page", &p->id);
	json_write_str(j, "title", p->title);
	sources_json_write_url(j, p->url);
	json_write_thousandths(j, "score", p->score);
	json_write_close(j, '}');
}

void
sources_json_write_found(struct json_writer *j, struct slice record, struct slice text)
{
	struct citations *s = citations_read(record);

	if (s == NULL)
		return;
	json_write_open(j, "sources", '{');
	json_write_str(j, "outcome", names_found_outcome((uint8_t)citations_outcome(s)));
	json_write_open(j, "passages", '[');
	for (size_t i = 0; i < citations_n_passages(s); i++)
		sources_json_write_passage(j, citations_passage(s, i));
	json_write_close(j, ']');
	json_write_open(j, "marks", '[');
	for (size_t i = 0; i < citations_n_marks(s); i++) {
		const struct source_mark mark = citations_mark(s, i);

		json_write_open(j, NULL, '{');
		json_write_uint(j, "n", mark.n);
		json_write_uint(j, "position", sources_json_position(&mark, text));
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
	citations_free(s);
}

void
sources_json_write_mark(struct json_writer *j, const struct turn_source *source)
{
	json_write_uint(j, "n", source->n);
	json_write_uint(j, "position", source->position);
	json_write_str(j, "title", source->title);
	sources_json_write_url(j, source->url);
}
