/*
 * GIF by giflib, row by row: DGifSlurp() would decode all frames. The first frame becomes the picture, on the canvas of the
 * file (GIF89a, 18), which is transparent around it.
 */
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "proto/base/basics.h"
#include "workerd/mediad/media/media_codecs.h"

#define CHANNELS 4u

struct media_gif {
	struct slice rest;
	GifFileType *file;
	int transparent; /* index of a colour; -1: none */
	GifPixelType *row;
};

static int
media_gif_on_read(GifFileType *file, GifByteType *to, int n)
{
	struct media_gif *g = file->UserData;
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len > g->rest.len)
		len = g->rest.len;
	must(slice_copy((struct slice){g->rest.p, len}, to, len));
	g->rest.p += len;
	g->rest.len -= len;
	return (int)len;
}

static bool
media_gif_read_extension(struct media_gif *g)
{
	GraphicsControlBlock control;
	GifByteType *block;
	int code;

	if (DGifGetExtension(g->file, &code, &block) == GIF_ERROR)
		return false;
	if (block != NULL && code == GRAPHICS_EXT_FUNC_CODE &&
	    DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
		g->transparent = control.TransparentColor;
	while (block != NULL)
		if (DGifGetExtensionNext(g->file, &block) == GIF_ERROR)
			return false;
	return true;
}

/* Reads up to the first frame's description; false: there is none. */
static bool
media_gif_find_frame(struct media_gif *g)
{
	GifRecordType type;

	for (;;) {
		if (DGifGetRecordType(g->file, &type) == GIF_ERROR)
			return false;
		if (type == IMAGE_DESC_RECORD_TYPE)
			return true;
		if (type != EXTENSION_RECORD_TYPE || !media_gif_read_extension(g))
			return false;
	}
}

/* A colour that the palette lacks is black, as in browsers. What is outside of the canvas is left out. */
static void
media_gif_put_row(const struct media_gif *g, const ColorMapObject *colors, uint32_t y,
    const struct picture *p)
{
	const GifImageDesc *frame = &g->file->Image;

	if (y >= p->height)
		return;
	for (uint32_t i = 0; i < (uint32_t)frame->Width; i++) {
		uint32_t x = (uint32_t)frame->Left + i;
		uint8_t *to = p->rgba + ((size_t)y * p->width + x) * CHANNELS;

		if (x >= p->width)
			return;
		if (g->row[i] == g->transparent)
			continue;
		if (g->row[i] < colors->ColorCount) {
			to[0] = colors->Colors[g->row[i]].Red;
			to[1] = colors->Colors[g->row[i]].Green;
			to[2] = colors->Colors[g->row[i]].Blue;
		}
		to[3] = UINT8_MAX;
	}
}

static enum media_status
media_gif_read_rows(struct media_gif *g, const struct picture *p)
{
	/* GIF89a, appendix E. */
	static const struct {
		uint32_t first, step;
	} passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}}, whole[] = {{0, 1}};
	const GifImageDesc *frame = &g->file->Image;
	const ColorMapObject *colors =
	    frame->ColorMap != NULL ? frame->ColorMap : g->file->SColorMap;
	size_t n = frame->Interlace ? ARRAY_LEN(passes) : ARRAY_LEN(whole);

	if (colors == NULL)
		return MEDIA_DAMAGED;
	for (size_t i = 0; i < n; i++) {
		uint32_t y = frame->Interlace ? passes[i].first : whole[i].first;
		uint32_t step = frame->Interlace ? passes[i].step : whole[i].step;

		for (; y < (uint32_t)frame->Height; y += step) {
			if (DGifGetLine(g->file, g->row, frame->Width) == GIF_ERROR)
				return MEDIA_DAMAGED;
			media_gif_put_row(g, colors, (uint32_t)frame->Top + y, p);
		}
	}
	return MEDIA_OK;
}

static enum media_status
media_gif_read_frame(struct media_gif *g, struct media_source *out)
{
	const GifFileType *file = g->file;
	enum media_status status;

	if (file->Image.Width <= 0 || file->Image.Height <= 0 || file->Image.Left < 0 ||
	    file->Image.Top < 0)
		return MEDIA_DAMAGED;
	/* Each row of the frame is decoded, also outside of the canvas. */
	status = picture_check((uint64_t)file->Image.Width, (uint64_t)file->Image.Height);
	if (status != MEDIA_OK)
		return status;
	g->row = calloc((size_t)file->Image.Width, sizeof(*g->row));
	if (g->row == NULL)
		return MEDIA_TOO_LARGE;
	status = picture_new(&out->picture, out->width, out->height);
	return status == MEDIA_OK ? media_gif_read_rows(g, &out->picture) : status;
}

static enum media_status
media_gif_decode(struct media_gif *g, struct media_source *out)
{
	enum media_status status;

	out->width = g->file->SWidth > 0 ? (uint32_t)g->file->SWidth : 0;
	out->height = g->file->SHeight > 0 ? (uint32_t)g->file->SHeight : 0;
	status = picture_check(out->width, out->height);
	if (status != MEDIA_OK)
		return status;
	if (!media_gif_find_frame(g) || DGifGetImageDesc(g->file) == GIF_ERROR)
		return MEDIA_DAMAGED;
	return media_gif_read_frame(g, out);
}

enum media_status
media_gif_read(struct slice bytes, struct media_source *out)
{
	struct media_gif g = {.rest = bytes, .transparent = NO_TRANSPARENT_COLOR};
	enum media_status status;
	int e = 0;

	g.file = DGifOpen(&g, media_gif_on_read, &e);
	if (g.file == NULL)
		return e == D_GIF_ERR_NOT_ENOUGH_MEM ? MEDIA_TOO_LARGE : MEDIA_DAMAGED;
	status = media_gif_decode(&g, out);
	free(g.row);
	(void)DGifCloseFile(g.file, &e);
	return status;
}
