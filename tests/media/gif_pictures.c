/*
 * GIF pictures by giflib, in a file of their own: its names and those of other libraries collide.
 */
#include <stdio.h>
#include <string.h>

#include <gif_lib.h>

#include "proto/base/basics.h"
#include "tests/media/pictures.h"

#define WIDTH  48
#define HEIGHT 32

struct gif_way {
	const char *name;
	bool interlaced, transparent, data;
	int margin; /* of the frame within the canvas */
	int frames;
};

static const struct gif_way gif_ways[] = {
    {"usual", .frames = 1},
    {"interlaced", .interlaced = true, .frames = 1},
    {"transparent", .transparent = true, .frames = 1},
    {"data", .data = true, .frames = 1},
    {"moving", .frames = 3},
    {"part", .margin = 8, .frames = 2},
};

static int
on_write(GifFileType *file, const GifByteType *bytes, int n)
{
	must(buf_append(file->UserData, bytes, (size_t)n) == 0);
	return n;
}

static void
put_row(GifFileType *file, int y)
{
	GifPixelType row[WIDTH];

	for (int x = 0; x < WIDTH; x++)
		row[x] = (GifPixelType)((2 * x >= WIDTH) + 2 * (2 * y >= HEIGHT));
	must(EGifPutLine(file, row, WIDTH) == GIF_OK);
}

static void
put_frame(GifFileType *file, const struct gif_way *way)
{
	static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};

	if (way->transparent || way->frames > 1) {
		GraphicsControlBlock control = {.DelayTime = 10,
		    .TransparentColor = way->transparent ? 3 : NO_TRANSPARENT_COLOR};
		GifByteType bytes[4];

		must(EGifGCBToExtension(&control, bytes) == 4);
		must(EGifPutExtension(file, GRAPHICS_EXT_FUNC_CODE, 4, bytes) == GIF_OK);
	}
	must(EGifPutImageDesc(file, way->margin, way->margin, WIDTH, HEIGHT, way->interlaced,
		 NULL) == GIF_OK);
	for (int pass = 0; pass < 4 && way->interlaced; pass++)
		for (int y = first[pass]; y < HEIGHT; y += step[pass])
			put_row(file, y);
	for (int y = 0; y < HEIGHT && !way->interlaced; y++)
		put_row(file, y);
}

static void
make_gif(const struct gif_way *way, struct buf *out)
{
	const GifColorType colors[4] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
	ColorMapObject *map = GifMakeMapObject(4, colors);
	int e = 0;
	GifFileType *file = EGifOpen(out, on_write, &e);

	must(file != NULL && map != NULL);
	EGifSetGifVersion(file, true);
	must(EGifPutScreenDesc(
		 file, WIDTH + 2 * way->margin, HEIGHT + 2 * way->margin, 8, 0, map) == GIF_OK);
	if (way->data)
		must(EGifPutComment(file, PICTURES_CANARY) == GIF_OK);
	for (int i = 0; i < way->frames; i++)
		put_frame(file, way);
	must(EGifCloseFile(file, &e) == GIF_OK);
	GifFreeMapObject(map);
	if (way->data) /* GIF and JavaScript at once */
		must(buf_append_str(out, "*/=1;alert('" PICTURES_CANARY "')") == 0);
}

void
pictures_make_gif(picture_case_fn *fn, void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(gif_ways); i++) {
		struct picture_case c = {.kind = FILE_GIF,
		    .width = (uint32_t)(WIDTH + 2 * gif_ways[i].margin),
		    .height = (uint32_t)(HEIGHT + 2 * gif_ways[i].margin),
		    .transparent = gif_ways[i].transparent || gif_ways[i].margin > 0};

		(void)snprintf(c.name, sizeof(c.name), "%s", gif_ways[i].name);
		buf_init(&c.bytes, 1u << 20);
		make_gif(&gif_ways[i], &c.bytes);
		fn(arg, &c);
		buf_clear(&c.bytes);
	}
}
