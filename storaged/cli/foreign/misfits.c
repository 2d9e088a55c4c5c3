#include "storaged/cli/foreign/misfits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"

static void
misfits_copy(char out[MISFIT_TEXT], struct slice text)
{
	struct slice valid;
	struct buf buf;

	buf_init(&buf, 4 * MISFIT_TEXT);
	if (text.len > MISFIT_TEXT)
		text.len = MISFIT_TEXT;
	must(utf8_repair(&buf, text) == 0);
	valid = buf_slice(&buf);
	if (valid.len >= MISFIT_TEXT)
		valid.len = MISFIT_TEXT - 1;
	valid.len -= utf8_incomplete_tail(valid);
	for (size_t i = 0; i < valid.len; i++)
		out[i] = valid.p[i] < ' ' || valid.p[i] == 0x7f ? ' ' : (char)valid.p[i];
	out[valid.len] = '\0';
	buf_clear(&buf);
}

void
misfits_add(struct misfits *m, const char *reason, struct slice example)
{
	char text[MISFIT_TEXT];
	size_t i = 0;

	misfits_copy(text, slice_str(reason));
	m->total++;
	while (i < m->n && strcmp(m->of[i].reason, text) != 0)
		i++;
	if (i == MISFIT_REASONS) {
		i = MISFIT_REASONS - 1;
		misfits_copy(m->of[i].reason, slice_str("other reasons"));
	} else if (i == m->n) {
		m->n++;
		(void)snprintf(m->of[i].reason, sizeof(m->of[i].reason), "%s", text);
		misfits_copy(m->of[i].example, example);
	}
	m->of[i].n++;
}

static int
misfits_compare(const void *a, const void *b)
{
	const struct misfit *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->reason, y->reason);
}

void
misfits_print(const struct misfits *m)
{
	struct misfits sorted = *m;

	qsort(sorted.of, sorted.n, sizeof(sorted.of[0]), misfits_compare);
	for (size_t i = 0; i < sorted.n; i++) {
		const struct misfit *one = &sorted.of[i];

		console_print("  %8" PRIu64 "  %s%s%s%s", one->n, one->reason,
		    one->example[0] == '\0' ? "" : " (such as ", one->example,
		    one->example[0] == '\0' ? "" : ")");
	}
}

json_t *
misfits_json(const struct misfits *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:I, s:s}", "reason", m->of[i].reason, "count",
			(json_int_t)m->of[i].n, "example", m->of[i].example));
	return list;
}
