#include "tests/media/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "proto/base/basics.h"

#define WIDTH      48u
#define HEIGHT     32u
#define BYTES_MAX  (1u << 20)
#define PIXELS_MAX (WIDTH * HEIGHT)

void
pictures_color(
    uint32_t x, uint32_t y, uint32_t width, uint32_t height, bool transparent, uint8_t out[4])
{
	static const uint8_t colors[4][4] = {
	    {255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}};
	unsigned quarter = (unsigned)(2 * x >= width) + 2 * (unsigned)(2 * y >= height);

	memcpy(out, colors[quarter], 4);
	if (transparent && quarter == 3)
		out[3] = 0;
}

/* The pixel of the stored picture that the orientation shows there. */
static void
stored_color(uint32_t x, uint32_t y, uint32_t width, uint32_t height, unsigned orientation,
    bool transparent, uint8_t out[4])
{
	uint32_t u = x, v = y, w = width, h = height;

	switch (orientation) {
	case 2:
		u = width - 1 - x;
		break;
	case 3:
		u = width - 1 - x;
		v = height - 1 - y;
		break;
	case 4:
		v = height - 1 - y;
		break;
	case 5:
		u = y;
		v = x;
		break;
	case 6: /* the stored top is the shown right side */
		u = height - 1 - y;
		v = x;
		break;
	case 7:
		u = height - 1 - y;
		v = width - 1 - x;
		break;
	case 8:
		u = y;
		v = width - 1 - x;
		break;
	default:
		break;
	}
	if (orientation >= 5 && orientation <= 8) {
		w = height;
		h = width;
	}
	pictures_color(u, v, w, h, transparent, out);
}

static void
fill(uint8_t *rgba, unsigned orientation, bool transparent)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			stored_color(x, y, WIDTH, HEIGHT, orientation, transparent,
			    rgba + 4 * (size_t)(y * WIDTH + x));
}

/* Exif data with an orientation and, behind it, the canary. */
static size_t
put_exif(uint8_t *out, unsigned orientation, bool big)
{
	static const uint8_t little_head[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0,
	    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t big_head[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0,
	    0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};

	memcpy(out, big ? big_head : little_head, sizeof(big_head));
	out[big ? 19 : 18] = (uint8_t)orientation;
	memcpy(out + sizeof(big_head), PICTURES_CANARY, strlen(PICTURES_CANARY));
	return sizeof(big_head) + strlen(PICTURES_CANARY);
}

static void
open_case(struct picture_case *c, enum file_kind kind, const char *name, unsigned orientation)
{
	*c = (struct picture_case){.kind = kind, .width = WIDTH, .height = HEIGHT};
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	if (orientation >= 5) {
		c->width = HEIGHT;
		c->height = WIDTH;
	}
	buf_init(&c->bytes, BYTES_MAX);
}

static void
pass_case(struct picture_case *c, picture_case_fn *fn, void *arg)
{
	fn(arg, c);
	buf_clear(&c->bytes);
}

struct jpeg_way {
	const char *name;
	J_COLOR_SPACE in, stored;
	bool progressive, full_colors, restarts, data, big;
	unsigned orientation;
};

static const struct jpeg_way jpeg_ways[] = {
    {"usual", JCS_EXT_RGBX, JCS_YCbCr, .data = false},
    {"data", JCS_EXT_RGBX, JCS_YCbCr, .data = true},
    {"full-colours", JCS_EXT_RGBX, JCS_YCbCr, .full_colors = true},
    {"rgb", JCS_EXT_RGBX, JCS_RGB, .full_colors = true},
    {"gray", JCS_GRAYSCALE, JCS_GRAYSCALE, .data = false},
    {"inks", JCS_CMYK, JCS_CMYK, .data = false},
    {"inks-ycck", JCS_CMYK, JCS_YCCK, .data = false},
    {"progressive", JCS_EXT_RGBX, JCS_YCbCr, .progressive = true},
    {"restarts", JCS_EXT_RGBX, JCS_YCbCr, .restarts = true},
    {"orientation-2", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 2},
    {"orientation-3", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 3, .big = true},
    {"orientation-4", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 4},
    {"orientation-5", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 5, .big = true},
    {"orientation-6", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 6},
    {"orientation-7", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 7},
    {"orientation-8", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 8},
    {"orientation-9", JCS_EXT_RGBX, JCS_YCbCr, .data = true, .orientation = 9},
};

/* From RGBA to what the way stores: in place. */
static void
convert_pixels(uint8_t *rgba, J_COLOR_SPACE to)
{
	for (size_t i = 0; i < PIXELS_MAX; i++) {
		uint8_t *p = rgba + 4 * i;

		if (to == JCS_GRAYSCALE)
			rgba[i] = (uint8_t)((77 * p[0] + 150 * p[1] + 29 * p[2]) / 256);
		else if (to == JCS_CMYK) /* the inverse of ink; no black */
			p[3] = UINT8_MAX;
	}
}

static void
write_jpeg(struct jpeg_compress_struct *j, const uint8_t *pixels)
{
	while (j->next_scanline < j->image_height) {
		JSAMPROW row = (JSAMPROW)(uintptr_t)pixels +
		    (size_t)j->next_scanline * j->image_width * (unsigned)j->input_components;

		(void)jpeg_write_scanlines(j, &row, 1);
	}
}

static void
make_jpeg(const struct jpeg_way *way, struct buf *out)
{
	uint8_t rgba[4 * PIXELS_MAX], exif[128] = "Exif\0";
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr errors;
	unsigned char *file = NULL;
	unsigned long len = 0;

	fill(rgba, way->orientation, false);
	convert_pixels(rgba, way->in);
	j.err = jpeg_std_error(&errors);
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &file, &len);
	j.image_width = WIDTH;
	j.image_height = HEIGHT;
	j.input_components = way->in == JCS_GRAYSCALE ? 1 : 4;
	j.in_color_space = way->in;
	jpeg_set_defaults(&j);
	jpeg_set_colorspace(&j, way->stored);
	jpeg_set_quality(&j, 95, TRUE);
	if (way->full_colors)
		j.comp_info[0].h_samp_factor = j.comp_info[0].v_samp_factor = 1;
	if (way->progressive)
		jpeg_simple_progression(&j);
	j.restart_interval = way->restarts ? 1 : 0;
	jpeg_start_compress(&j, TRUE);
	if (way->data) {
		size_t n = 6 + put_exif(exif + 6, way->orientation, way->big);

		jpeg_write_marker(&j, JPEG_APP0 + 1, exif, (unsigned)n);
		jpeg_write_marker(&j, JPEG_COM, (const uint8_t *)PICTURES_CANARY,
		    (unsigned)strlen(PICTURES_CANARY));
	}
	write_jpeg(&j, rgba);
	jpeg_finish_compress(&j);
	must(buf_append(out, file, len) == 0);
	if (way->data) /* behind the end */
		must(buf_append_str(out, "PK\3\4" PICTURES_CANARY) == 0);
	jpeg_destroy_compress(&j);
	free(file);
}

struct png_way {
	const char *name;
	int type, depth;
	bool interlaced, transparent, data;
	unsigned orientation;
};

static const struct png_way png_ways[] = {
    {"rgb", PNG_COLOR_TYPE_RGB, 8, .data = false},
    {"rgba", PNG_COLOR_TYPE_RGB_ALPHA, 8, .transparent = true},
    {"rgba-interlaced", PNG_COLOR_TYPE_RGB_ALPHA, 8, .transparent = true, .interlaced = true},
    {"rgb-16", PNG_COLOR_TYPE_RGB, 16, .data = false},
    {"rgba-16", PNG_COLOR_TYPE_RGB_ALPHA, 16, .transparent = true},
    {"gray", PNG_COLOR_TYPE_GRAY, 8, .data = false},
    {"palette", PNG_COLOR_TYPE_PALETTE, 8, .data = false},
    {"palette-transparent", PNG_COLOR_TYPE_PALETTE, 8, .transparent = true},
    {"palette-2", PNG_COLOR_TYPE_PALETTE, 2, .interlaced = true},
    {"data", PNG_COLOR_TYPE_RGB, 8, .data = true, .orientation = 6},
};

static void
on_png_write(png_structp png, png_bytep bytes, size_t n)
{
	must(buf_append(png_get_io_ptr(png), bytes, n) == 0);
}

static void
on_png_flush(png_structp png)
{
	(void)png;
}

static _Noreturn void
on_png_error(png_structp png, png_const_charp message)
{
	(void)png;
	never(message);
}

static void
set_palette(png_structp png, png_infop info, bool transparent)
{
	png_color colors[4] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
	uint8_t alpha[4] = {255, 255, 255, 0};

	png_set_PLTE(png, info, colors, 4);
	if (transparent)
		png_set_tRNS(png, info, alpha, 4, NULL);
}

/* A row of the picture as the way stores it. */
static void
png_row(const struct png_way *way, uint32_t y, uint8_t *out)
{
	size_t bytes = way->depth == 16 ? 2 : 1;

	for (uint32_t x = 0; x < WIDTH; x++) {
		uint8_t c[4];

		stored_color(x, y, WIDTH, HEIGHT, way->orientation, way->transparent, c);
		if (way->type == PNG_COLOR_TYPE_PALETTE)
			*out++ = (uint8_t)((c[0] == 0) + (c[0] == 0 && c[1] == 0) +
			    3 * (c[0] != 0 && c[1] != 0));
		else if (way->type == PNG_COLOR_TYPE_GRAY)
			*out++ = (uint8_t)((77 * c[0] + 150 * c[1] + 29 * c[2]) / 256);
		else
			for (size_t i = 0; i < (way->type == PNG_COLOR_TYPE_RGB ? 3u : 4u); i++)
				for (size_t k = 0; k < bytes; k++)
					*out++ = c[i];
	}
}

static void
set_data(png_structp png, png_infop info, unsigned orientation)
{
	char key[] = "Comment", text[] = PICTURES_CANARY;
	png_text comment = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = key, .text = text};
	uint8_t exif[128];

	png_set_text(png, info, &comment, 1);
	png_set_eXIf_1(png, info, (uint32_t)put_exif(exif, orientation, true), exif);
}

static void
make_png(const struct png_way *way, struct buf *out)
{
	png_structp png =
	    png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_png_error, NULL);
	png_infop info = png_create_info_struct(png);
	int passes;

	png_set_write_fn(png, out, on_png_write, on_png_flush);
	png_set_IHDR(png, info, WIDTH, HEIGHT, way->depth, way->type,
	    way->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (way->type == PNG_COLOR_TYPE_PALETTE)
		set_palette(png, info, way->transparent);
	if (way->data)
		set_data(png, info, way->orientation);
	png_write_info(png, info);
	png_set_packing(png);
	passes = png_set_interlace_handling(png);
	for (; passes > 0; passes--) {
		for (uint32_t y = 0; y < HEIGHT; y++) {
			uint8_t row[WIDTH * 8];

			png_row(way, y, row);
			png_write_row(png, row);
		}
	}
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	if (way->data)
		must(buf_append_str(out, "<script>" PICTURES_CANARY) == 0);
}

enum webp_way {
	WEBP_LOSSY,
	WEBP_LOSSY_ALPHA,
	WEBP_LOSSLESS,
	WEBP_LOSSLESS_ALPHA,
	WEBP_DATA, /* in the container VP8X */
	WEBP_MOVING,
	WEBP_WAYS,
};

static const char *const webp_names[WEBP_WAYS] = {
    "lossy", "lossy-transparent", "lossless", "lossless-transparent", "data", "moving"};

static void
put_webp_data(WebPMux *mux)
{
	uint8_t exif[128];
	WebPData data = {exif, put_exif(exif, 8, false)};
	WebPData xmp = {(const uint8_t *)PICTURES_CANARY, strlen(PICTURES_CANARY)};

	must(WebPMuxSetChunk(mux, "EXIF", &data, 1) == WEBP_MUX_OK);
	must(WebPMuxSetChunk(mux, "XMP ", &xmp, 1) == WEBP_MUX_OK);
}

/* Two frames on a larger canvas. */
static void
put_webp_frames(WebPMux *mux, const WebPData *image)
{
	WebPMuxFrameInfo frame = {.bitstream = *image,
	    .duration = 100,
	    .id = WEBP_CHUNK_ANMF,
	    .dispose_method = WEBP_MUX_DISPOSE_NONE,
	    .blend_method = WEBP_MUX_NO_BLEND};

	must(WebPMuxSetAnimationParams(mux, &(WebPMuxAnimParams){.loop_count = 1}) ==
	    WEBP_MUX_OK);
	must(WebPMuxPushFrame(mux, &frame, 1) == WEBP_MUX_OK);
	must(WebPMuxPushFrame(mux, &frame, 1) == WEBP_MUX_OK);
	must(WebPMuxSetCanvasSize(mux, (int)WIDTH + 16, (int)HEIGHT + 16) == WEBP_MUX_OK);
}

static void
put_webp(enum webp_way way, const WebPData *image, struct buf *out)
{
	WebPMux *mux;
	WebPData file;

	if (way < WEBP_DATA) {
		must(buf_append(out, image->bytes, image->size) == 0);
		return;
	}
	mux = WebPMuxNew();
	if (way == WEBP_MOVING) {
		put_webp_frames(mux, image);
	} else {
		must(WebPMuxSetImage(mux, image, 1) == WEBP_MUX_OK);
		put_webp_data(mux);
	}
	must(WebPMuxAssemble(mux, &file) == WEBP_MUX_OK);
	must(buf_append(out, file.bytes, file.size) == 0);
	WebPDataClear(&file);
	WebPMuxDelete(mux);
}

static void
make_webp(enum webp_way way, struct buf *out)
{
	bool transparent = way == WEBP_LOSSY_ALPHA || way == WEBP_LOSSLESS_ALPHA;
	bool lossless = way == WEBP_LOSSLESS || way == WEBP_LOSSLESS_ALPHA;
	uint8_t rgba[4 * PIXELS_MAX], *file = NULL;
	WebPData image;
	size_t n;

	fill(rgba, way == WEBP_DATA ? 8 : 1, transparent);
	n = lossless ? WebPEncodeLosslessRGBA(rgba, WIDTH, HEIGHT, 4 * WIDTH, &file)
		     : WebPEncodeRGBA(rgba, WIDTH, HEIGHT, 4 * WIDTH, 95, &file);
	must(n > 0);
	image = (WebPData){file, n};
	put_webp(way, &image, out);
	WebPFree(file);
}

void
pictures_make(picture_case_fn *fn, void *arg)
{
	struct picture_case c;

	for (size_t i = 0; i < ARRAY_LEN(jpeg_ways); i++) {
		unsigned o = jpeg_ways[i].orientation;

		open_case(&c, FILE_JPEG, jpeg_ways[i].name, o < 9 ? o : 1);
		c.gray = jpeg_ways[i].in == JCS_GRAYSCALE;
		make_jpeg(&jpeg_ways[i], &c.bytes);
		pass_case(&c, fn, arg);
	}
	for (size_t i = 0; i < ARRAY_LEN(png_ways); i++) {
		open_case(&c, FILE_PNG, png_ways[i].name, png_ways[i].orientation);
		c.gray = png_ways[i].type == PNG_COLOR_TYPE_GRAY;
		c.transparent = png_ways[i].transparent;
		make_png(&png_ways[i], &c.bytes);
		pass_case(&c, fn, arg);
	}
	for (enum webp_way i = 0; i < WEBP_WAYS; i++) {
		open_case(&c, FILE_WEBP, webp_names[i], i == WEBP_DATA ? 8 : 1);
		c.transparent = i == WEBP_LOSSY_ALPHA || i == WEBP_LOSSLESS_ALPHA;
		if (i == WEBP_MOVING) {
			c.width += 16;
			c.height += 16;
			c.transparent = true;
		}
		make_webp(i, &c.bytes);
		pass_case(&c, fn, arg);
	}
	pictures_make_gif(fn, arg);
}

static void
make_large_jpeg(uint32_t width, uint32_t height, struct buf *out)
{
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr errors;
	uint8_t *row = xcalloc(width, 1);
	unsigned char *file = NULL;
	unsigned long len = 0;

	j.err = jpeg_std_error(&errors);
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &file, &len);
	j.image_width = width;
	j.image_height = height;
	j.input_components = 1;
	j.in_color_space = JCS_GRAYSCALE;
	jpeg_set_defaults(&j);
	jpeg_simple_progression(&j);
	jpeg_start_compress(&j, TRUE);
	for (uint32_t y = 0; y < height; y++)
		(void)jpeg_write_scanlines(&j, &row, 1);
	jpeg_finish_compress(&j);
	must(buf_append(out, file, len) == 0);
	jpeg_destroy_compress(&j);
	free(file);
	free(row);
}

static void
make_large_png(uint32_t width, uint32_t height, struct buf *out)
{
	png_structp png =
	    png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_png_error, NULL);
	png_infop info = png_create_info_struct(png);
	uint8_t *row = xcalloc(width / 8 + 1, 1);

	png_set_write_fn(png, out, on_png_write, on_png_flush);
	png_set_IHDR(png, info, width, height, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (uint32_t y = 0; y < height; y++)
		png_write_row(png, row);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(row);
}

void
pictures_make_large(enum file_kind kind, uint32_t width, uint32_t height, struct buf *out)
{
	if (kind == FILE_JPEG)
		make_large_jpeg(width, height, out);
	else
		make_large_png(width, height, out);
}

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13; /* Marsaglia's xorshift */
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

void
pictures_damage(struct slice bytes, uint32_t seed, struct buf *out)
{
	static const uint8_t extremes[] = {0, 1, 0x7f, 0x80, 0xff};
	uint32_t state = seed * 2654435761u + 1;
	size_t start = buf_len(out);

	must(buf_append(out, bytes.p, bytes.len) == 0);
	for (uint32_t n = next_random(&state) % 8 + 1; n > 0 && buf_len(out) > start + 4; n--) {
		uint8_t *p = (uint8_t *)(uintptr_t)buf_data(out) + start;
		size_t len = buf_len(out) - start, at = next_random(&state) % len;
		size_t from = next_random(&state) % len;

		switch (next_random(&state) % 5) {
		case 0:
			p[at] ^= (uint8_t)(1u << next_random(&state) % 8);
			break;
		case 1:
			p[at] = extremes[next_random(&state) % ARRAY_LEN(extremes)];
			break;
		case 2: /* bytes of another place */
			memmove(p + at, p + from, (len - (at > from ? at : from)) % 64);
			break;
		case 3: /* bytes are lost */
			memmove(p + at, p + at + 1, len - at - 1);
			buf_truncate(out, start + len - 1);
			break;
		default:
			if (n == 1)
				buf_truncate(out, start + at);
		}
	}
}
