#include "workerd/api/content/content_metrics.h"

#include <inttypes.h>

#include "proto/base/basics.h"
#include "workerd/api/content/page_reasons.h"
#include "workerd/api/request/metric_text.h"

/* The buffer has room for all lines. */
#define WRITE(out, ...) must(buf_printf((out), __VA_ARGS__) == 0)

static void
content_metrics_write_pages(const struct msg_store_info *info, struct buf *out)
{
	static const char name[] = "banter_content_pages";

	metric_text_head(out, name, "gauge",
	    "Pages of all sources: not visited yet, with a text, or without one for a reason.");
	WRITE(out, "%s{state=\"waiting\"} %" PRIu64 "\n", name, info->pages_waiting);
	WRITE(out, "%s{state=\"read\"} %" PRIu64 "\n", name, info->pages_read);
	WRITE(out, "%s{state=\"unread\"} %" PRIu64 "\n", name, info->pages_unread);
}

static uint64_t
content_metrics_visits(struct slice list, unsigned result)
{
	struct msg_visits_item visits;
	struct slice item;

	while (wire_list_next(&list, &item))
		if (record_decode(item, MSG_VISITS_ITEM, &visits) == WIRE_OK &&
		    visits.result == result)
			return visits.n;
	return 0;
}

/* All results from the first one on, so that rates can be computed. */
static void
content_metrics_write_visits(const struct msg_store_info *info, struct buf *out)
{
	static const char name[] = "banter_crawl_visits_total";

	metric_text_head(out, name, "counter",
	    "Pages, files and pushed pages that crawld has read or tried to read, by what came "
	    "of it; "
	    "since the start of storaged.");
	for (unsigned result = 0; result < VISIT_RESULTS; result++)
		WRITE(out, "%s{result=\"%s\"} %" PRIu64 "\n", name,
		    result == REASON_NONE           ? "new_text"
			: result == VISIT_UNCHANGED ? "unchanged"
						    : page_reason_name(result),
		    content_metrics_visits(info->visits, result));
}

void
content_metrics_write(const struct msg_store_info *info, struct buf *out)
{
	metric_text_gauge(
	    out, "banter_content_sources", "Sources of all organizations.", info->sources);
	content_metrics_write_pages(info, out);
	metric_text_gauge(out, "banter_content_passages",
	    "Passages of all pages, which replies can quote.", info->chunks);
	metric_text_gauge(out, "banter_crawl_connected",
	    "1 while crawld is connected to storaged.", info->crawl_program.len > 0);
	content_metrics_write_visits(info, out);
}
