/*
 * The bracket that begins the marker is not in the rest of it, so after a mismatch only the present
 * character can begin another marker.
 */
#include "workerd/model/openai/hand_over.h"

#include <string.h>

#include "proto/base/basics.h"

static const char marker[] = HAND_OVER_MARKER;
static const char tool[] = HAND_OVER_TOOL;

/* Servers send the name in one piece or in several, and some repeat it in each event. */
void
hand_over_read_tool(struct hand_over *h, const struct openai_delta *d)
{
	size_t left;

	if (d->tool.len == 0)
		return;
	if (d->tool_call != h->call)
		h->named = 0;
	h->call = d->tool_call;
	left = strlen(tool) - h->named;
	if (d->tool.len > left || memcmp(tool + h->named, d->tool.p, d->tool.len) != 0) {
		h->named = 0;
		return;
	}
	h->named += (uint8_t)d->tool.len;
	if (tool[h->named] != '\0')
		return;
	h->found = true;
	h->named = 0;
}

/* Takes one character: appends what is certainly no marker. */
static void
hand_over_cut_byte(struct hand_over *h, uint8_t c, struct buf *out)
{
	if (c != (uint8_t)marker[h->held]) {
		must(buf_append(out, marker, h->held) == 0);
		h->held = 0;
	}
	if (c != (uint8_t)marker[h->held]) {
		must(buf_append(out, &c, 1) == 0);
		return;
	}
	h->held++;
	if (marker[h->held] != '\0')
		return;
	h->found = true;
	h->held = 0;
}

struct slice
hand_over_cut(struct hand_over *h, struct slice text, struct buf *out)
{
	if (h->held == 0 && memchr(text.p, marker[0], text.len) == NULL)
		return text;
	for (size_t i = 0; i < text.len; i++)
		hand_over_cut_byte(h, text.p[i], out);
	return buf_slice(out);
}

struct slice
hand_over_end(struct hand_over *h)
{
	struct slice rest = {(const uint8_t *)marker, h->held};

	h->held = 0;
	return rest;
}
