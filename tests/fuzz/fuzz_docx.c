/*
 * A DOCX file if the input begins with "P", as archives do; else its parts: word/styles.xml up to a zero byte, then
 * word/document.xml.
 */
#include "proto/ipc/messages.h"
#include "tests/fuzz/documents.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/extract/docx/docx.h"
#include "workerd/crawl/extract/docx/docx_body.h"

static void
read_parts(struct outcome *out, struct slice in)
{
	static struct docx_styles styles;
	const uint8_t *zero = in.len > 0 ? memchr(in.p, 0, in.len) : NULL;
	size_t n = zero != NULL ? (size_t)(zero - in.p) : 0;

	docx_styles_read(&styles, (struct slice){in.p, n});
	if (zero != NULL)
		in = (struct slice){in.p + n + 1, in.len - n - 1};
	if (docx_body_read(out, &styles, in) == -1)
		outcome_fail(out, REASON_DAMAGED, "");
}

FUZZ(docx)
{
	struct outcome out;

	docx_load();
	outcome_init(&out);
	if (in.len > 0 && in.p[0] == 'P')
		docx_read(&out, in);
	else
		read_parts(&out, in);
	document_free(documents_pass(&out));
	outcome_clear(&out);
}
