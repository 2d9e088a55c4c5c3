/*
 * What a site shows in place of a status 404.
 */
#include "proto/base/basics.h"
#include "workerd/crawl/document/document.h"
#include "workerd/crawl/source/crawl_internal.h"

#define PROBE_NAME 20 /* random characters */

/* A page that cannot exist shows what the site says in place of a 404. */
static void
crawl_probe_on_document(void *arg, struct document *doc)
{
	struct crawl *c = arg;

	c->extraction = NULL;
	if (doc->reason == REASON_NONE)
		c->missing_text = document_hash(doc);
	document_free(doc);
	extraction_pool_run(c->tools.extraction);
	crawl_go_on(c);
}

static void
crawl_probe_on_result(void *arg, struct visit_result *result)
{
	struct crawl *c = arg;
	struct fetch_response *response = result->response;
	struct extraction_job job = {.charset = {0}};

	c->visit = NULL;
	/* A redirect to another page makes its addresses duplicates of that one. */
	if (result->reason != REASON_NONE || result->redirected || result->status == 304 ||
	    !extraction_reads(slice_str(response->type))) {
		crawl_go_on(c);
		return;
	}
	job = (struct extraction_job){
	    .bytes = buf_slice(&response->body),
	    .type = slice_str(response->type),
	    .charset = slice_str(response->charset),
	    .url = slice_str(result->url),
	};
	c->extraction = extraction_start(c->tools.extraction, &job, crawl_probe_on_document, c);
}

void
crawl_step_probe(struct crawl *c)
{
	char name[PROBE_NAME + 1], url[URL_MAX + 1];
	const char *start = c->site.moved[0] != '\0' ? c->site.moved : c->site.start;

	c->phase = CRAWL_VISIT;
	secret_base62(name, PROBE_NAME);
	if (url_normalize(slice_str(name), start, url) != 0)
		return;
	c->phase = CRAWL_PROBE;
	if (c->probed || c->late) {
		c->phase = CRAWL_VISIT;
		return;
	}
	c->probed = true;
	c->visit = crawl_visit_start(c, url, FETCH_BYTES_MAX, false, crawl_probe_on_result);
}
