/*
 * A site usually has pages that are not read, such as those that robots.txt excludes; a file that is not read is an
 * error.
 */
#include "storaged/cli/learn/learn_report.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/message_json.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/store/store_pages.h"

/* Pages that are printed for people. */
#define SHOWN_MAX 20

static const char *
learn_report_reason(uint8_t reason)
{
	static const char *const texts[PAGE_REASONS] = {
	    [REASON_NONE] = "it was not read",
	    [REASON_ROBOTS] = "robots.txt excludes it",
	    [REASON_NOINDEX] = "it asks not to be indexed",
	    [REASON_STATUS] = "the server did not return it",
	    [REASON_SIZE] = "it is too large",
	    [REASON_LOGIN] = "it needs a login",
	    [REASON_SCRIPTS] = "it needs scripts",
	    [REASON_DUPLICATE] = "it equals another page",
	    [REASON_TYPE] = "its type cannot be read",
	    [REASON_EMPTY] = "it has no text",
	    [REASON_ENCRYPTED] = "it is encrypted",
	    [REASON_DAMAGED] = "it is damaged",
	    [REASON_TIMEOUT] = "the server took too long",
	    [REASON_NETWORK] = "the server cannot be reached",
	    [REASON_ADDRESS] = "it leads to an address that is not allowed (CRAWL_ALLOW)",
	    [REASON_REDIRECTS] = "it is redirected too often",
	    [REASON_LIMIT] = "the source has too many pages",
	};

	return reason < PAGE_REASONS && texts[reason] != NULL ? texts[reason]
							      : texts[REASON_NONE];
}

/* How many agents answer from a source. */
struct learn_agents {
	const struct id *source;
	size_t n;
};

static void
learn_report_agent(void *arg, struct slice item)
{
	struct learn_agents *agents = arg;
	struct msg_agent_record r;
	bool uses;

	must(record_decode(item, MSG_AGENT_RECORD, &r) == WIRE_OK);
	uses = r.knowledge == KNOWLEDGE_ALL;
	for (size_t i = 0; r.knowledge == KNOWLEDGE_SOME && i < r.sources.len;
	     i += sizeof(struct id))
		uses |= memcmp(r.sources.p + i, agents->source->b, sizeof(struct id)) == 0;
	agents->n += r.enabled && uses;
}

static int
learn_report_agents(
    const struct learn_report *report, struct store_conn *conn, size_t *agents_n)
{
	struct learn_agents agents = {.source = &report->source->id};
	struct msg_record_list ask = {.kind = MSG_AGENT_RECORD, .org = report->source->org};
	int status = store_pages_walk(conn, MSG_RECORD_LIST, &ask, &ask.cursor, MSG_RECORD_PAGE,
	    learn_report_agent, &agents);

	*agents_n = agents.n;
	return status;
}

/* The pages that were not read, or whose newest version was not. */
struct learn_unread {
	const struct learn_report *report;
	json_t *pages;
	size_t n; /* of them; of files: those that were uploaded now */
};

static bool
learn_report_concerns(const struct learn_report *report, const struct id *page)
{
	if (report->files == NULL)
		return true;
	for (size_t i = 0; i < report->files->n; i++)
		if (id_equal(&report->files->of[i].page, page))
			return true;
	return false;
}

static void
learn_report_page(void *arg, struct slice item)
{
	struct learn_unread *unread = arg;
	struct msg_source_page_record r;
	const char *word;

	must(record_decode(item, MSG_SOURCE_PAGE_RECORD, &r) == WIRE_OK);
	if ((r.state != PAGE_UNREAD && r.reason == REASON_NONE) ||
	    !learn_report_concerns(unread->report, &r.id))
		return;
	unread->n++;
	word = message_json_word(MSG_SOURCE_PAGE_RECORD, "reason", r.reason);
	json_array_append_new(unread->pages,
	    json_pack("{s:s%, s:s, s:s%, s:s}", "url", (const char *)r.url.p, r.url.len,
		"reason", word == NULL ? "" : word, "detail", (const char *)r.detail.p,
		r.detail.len, "why", learn_report_reason(r.reason)));
}

static int
learn_report_read(
    const struct learn_report *report, struct store_conn *conn, struct learn_unread *unread)
{
	struct msg_source_page_list ask = {
	    .org = report->source->org, .source = report->source->id, .limit = 500};

	return store_pages_walk(conn, MSG_SOURCE_PAGE_LIST, &ask, &ask.cursor, MSG_SOURCE_PAGES,
	    learn_report_page, unread);
}

static json_t *
learn_report_left_out(const struct learn_files *files)
{
	json_t *list = json_array();

	for (size_t i = 0; files != NULL && i < files->n; i++)
		if (files->of[i].left_out != NULL)
			json_array_append_new(list,
			    json_pack("{s:o, s:s}", "path", list_text(files->of[i].path), "why",
				files->of[i].left_out));
	return list;
}

static void
learn_report_json(const struct learn_report *report,
    const struct msg_source_state_record *state, size_t agents, json_t *unread,
    json_t *left_out)
{
	char id[ID_TEXT_LEN + 1];

	id_format(&report->source->id, id);
	list_print_json(json_pack(
	    "{s:s, s:s, s:b, s:b, s:{s:I, s:I, s:I}, s:I, s:I, s:I, s:s%, s:o, s:o, s:I}",
	    "source", id, "name", report->source->name, "created", (int)report->source->created,
	    "complete", (int)report->complete, "pages", "read", (json_int_t)state->read,
	    "waiting", (json_int_t)state->waiting, "unread", (json_int_t)state->unread,
	    "chunks", (json_int_t)state->chunks, "bytes", (json_int_t)state->bytes, "agents",
	    (json_int_t)agents, "error", (const char *)state->error.p, state->error.len,
	    "unread", unread, "left_out", left_out, "other_files",
	    (json_int_t)(report->files == NULL ? 0 : report->files->others)));
}

static void
learn_report_text(const struct learn_report *report,
    const struct msg_source_state_record *state, size_t agents, const json_t *unread,
    const json_t *left_out)
{
	const json_t *item;
	size_t i;

	console_print("%s: %s read, with %s of text in %s; %s waiting, %s not read",
	    report->source->name, units_count(state->read, "page", "pages").text,
	    units_bytes(state->bytes).text, units_count(state->chunks, "chunk", "chunks").text,
	    units_count(state->waiting, "page is", "pages are").text,
	    units_count(state->unread, "page was", "pages were").text);
	json_array_foreach (unread, i, item) {
		const char *detail = json_string_value(json_object_get(item, "detail"));

		if (i == SHOWN_MAX) {
			console_print("  ... and %zu more", json_array_size(unread) - i);
			break;
		}
		console_print("  %s: %s%s%s%s", json_string_value(json_object_get(item, "url")),
		    json_string_value(json_object_get(item, "why")),
		    *detail != '\0' ? " (" : "", detail, *detail != '\0' ? ")" : "");
	}
	json_array_foreach (left_out, i, item) {
		console_warn("%s is left out: %s",
		    json_string_value(json_object_get(item, "path")),
		    json_string_value(json_object_get(item, "why")));
	}
	if (report->files != NULL && report->files->others > 0)
		console_print("  %s of other types left out",
		    units_count(report->files->others, "file was", "files were").text);
	if (agents > 0)
		console_print(
		    "%s from it", units_count(agents, "agent answers", "agents answer").text);
	else
		console_print(
		    "Next: no agent answers from it yet. In the dashboard, open the agent, and "
		    "choose under Knowledge\neverything, or this source.");
}

static int
learn_report_status(const struct learn_report *report,
    const struct msg_source_state_record *state, size_t unread, size_t left_out)
{
	if (state->state == SOURCE_FAILED && report->files == NULL)
		return console_fail(EX_DATAERR, "crawld cannot read the source: %.*s",
		    (int)state->error.len, (const char *)state->error.p);
	if (state->state == SOURCE_WAITS)
		return console_fail(EX_TEMPFAIL,
		    "the crawl would remove %s: decide in the dashboard whether it may",
		    units_count(state->removing, "page", "pages").text);
	if (report->files != NULL && unread + left_out > 0)
		return console_fail(EX_DATAERR, "not all files were read");
	if (report->files == NULL && state->read == 0 && report->complete)
		return console_fail(EX_DATAERR, "no page was read");
	return 0;
}

int
learn_report_print(const struct learn_report *report, struct store_conn *conn)
{
	struct learn_unread unread = {.report = report, .pages = json_array()};
	json_t *left_out = learn_report_left_out(report->files);
	size_t left_out_n = json_array_size(left_out);
	struct msg_source_state_record state;
	size_t agents = 0;
	int status = learn_report_read(report, conn, &unread);

	if (status == 0)
		status = learn_report_agents(report, conn, &agents);
	if (status == 0)
		status = learn_source_state(conn, report->source, &state);
	if (status == 0 && report->json) {
		learn_report_json(
		    report, &state, agents, json_incref(unread.pages), json_incref(left_out));
	} else if (status == 0) {
		learn_report_text(report, &state, agents, unread.pages, left_out);
	}
	if (status == 0)
		status = learn_report_status(report, &state, unread.n, left_out_n);
	json_decref(unread.pages);
	json_decref(left_out);
	return status;
}
