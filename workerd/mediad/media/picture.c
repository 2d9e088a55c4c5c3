#include "workerd/mediad/media/picture.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define CHANNELS 4u

enum media_status
picture_check(uint64_t width, uint64_t height)
{
	if (width == 0 || height == 0)
		return MEDIA_DAMAGED;
	if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX ||
	    width * height > PICTURE_PIXELS_MAX)
		return MEDIA_TOO_LARGE;
	return MEDIA_OK;
}

enum media_status
picture_new(struct picture *p, uint32_t width, uint32_t height)
{
	must(picture_check(width, height) == MEDIA_OK);
	*p = (struct picture){.width = width, .height = height};
	p->rgba = calloc((size_t)width * height, CHANNELS);
	return p->rgba != NULL ? MEDIA_OK : MEDIA_TOO_LARGE;
}

void
picture_clear(struct picture *p)
{
	free(p->rgba);
	*p = (struct picture){0};
}

bool
picture_is_opaque(const struct picture *p)
{
	const size_t n = (size_t)p->width * p->height;

	for (size_t i = 0; i < n; i++)
		if (p->rgba[CHANNELS * i + 3] != UINT8_MAX)
			return false;
	return true;
}

static uint32_t
picture_shorten(uint32_t side, uint32_t longest, uint32_t max)
{
	uint32_t n = (uint32_t)(((uint64_t)side * max + longest / 2) / longest);

	return n > 0 ? n : 1;
}

void
picture_fit(uint32_t *width, uint32_t *height, uint32_t max)
{
	uint32_t longest = *width > *height ? *width : *height;

	if (longest <= max)
		return;
	*width = picture_shorten(*width, longest, max);
	*height = picture_shorten(*height, longest, max);
}

/*
 * Along a side, a pixel of the source has the length `to` and one of the copy the length `from`, so that both sides have the
 * length from * to. Weights are whole numbers: sums are exact. A colour counts with its alpha; the sum of a row is at most
 * 255 * 255 * 16384, which fits in 32 bits.
 */
struct picture_side {
	uint32_t from, to;
	uint32_t at;   /* pixel of the copy */
	uint32_t left; /* what this pixel still lacks */
};

/* The weight that a source pixel, of which `rest` is left, adds to the pixel `at`. */
static uint32_t
picture_weight(const struct picture_side *s, uint32_t rest)
{
	return rest < s->left ? rest : s->left;
}

static void
picture_sum_row(const uint8_t *row, struct picture_side x, uint32_t *sums)
{
	memset(sums, 0, (size_t)x.to * CHANNELS * sizeof(*sums));
	for (uint32_t i = 0; i < x.from; i++, row += CHANNELS) {
		for (uint32_t rest = x.to; rest > 0;) {
			const uint32_t w = picture_weight(&x, rest), a = w * row[3];
			uint32_t *sum = sums + (size_t)x.at * CHANNELS;

			sum[0] += a * row[0];
			sum[1] += a * row[1];
			sum[2] += a * row[2];
			sum[3] += a;
			rest -= w;
			x.left -= w;
			if (x.left == 0) {
				x.at++;
				x.left = x.from;
			}
		}
	}
}

/* area: the sum of the weights of a pixel. */
static void
picture_put_row(uint64_t *total, uint32_t width, uint64_t area, uint8_t *out)
{
	for (uint32_t i = 0; i < width; i++, total += CHANNELS, out += CHANNELS) {
		const uint64_t a = total[3];

		for (unsigned c = 0; c < 3; c++)
			out[c] = (uint8_t)(a == 0 ? 0 : (total[c] + a / 2) / a);
		out[3] = (uint8_t)((a + area / 2) / area);
	}
}

static void
picture_scale_rows(
    const struct picture *p, const struct picture *out, uint32_t *sums, uint64_t *total)
{
	const struct picture_side x = {p->width, out->width, 0, p->width};
	struct picture_side y = {p->height, out->height, 0, p->height};
	const uint64_t area = (uint64_t)p->width * p->height;
	const size_t n = (size_t)out->width * CHANNELS;

	for (uint32_t i = 0; i < p->height; i++) {
		picture_sum_row(p->rgba + (size_t)i * p->width * CHANNELS, x, sums);
		for (uint32_t rest = y.to; rest > 0;) {
			const uint32_t w = picture_weight(&y, rest);

			for (size_t k = 0; k < n; k++)
				total[k] += (uint64_t)w * sums[k];
			rest -= w;
			y.left -= w;
			if (y.left != 0)
				continue;
			picture_put_row(total, out->width, area, out->rgba + y.at * n);
			memset(total, 0, n * sizeof(*total));
			y.at++;
			y.left = y.from;
		}
	}
}

enum media_status
picture_scale(const struct picture *p, uint32_t width, uint32_t height, struct picture *out)
{
	enum media_status status = picture_new(out, width, height);
	uint64_t *total;
	uint32_t *sums;

	must(width <= p->width && height <= p->height);
	if (status != MEDIA_OK)
		return status;
	if (width == p->width && height == p->height) {
		memcpy(out->rgba, p->rgba, (size_t)width * height * CHANNELS);
		return MEDIA_OK;
	}
	sums = calloc((size_t)width * CHANNELS, sizeof(*sums));
	total = calloc((size_t)width * CHANNELS, sizeof(*total));
	if (sums != NULL && total != NULL)
		picture_scale_rows(p, out, sums, total);
	else
		status = MEDIA_TOO_LARGE;
	free(sums);
	free(total);
	return status;
}

/* Orientations 5 to 8 exchange rows and columns first; then the picture is mirrored, or turned by 180 degrees. */
enum media_status
picture_orient(struct picture *p, unsigned orientation)
{
	static const struct {
		bool swapped, mirrored, flipped;
	} ways[] = {
	    [2] = {false, true, false},
	    [3] = {false, true, true},
	    [4] = {false, false, true},
	    [5] = {true, false, false},
	    [6] = {true, true, false},
	    [7] = {true, true, true},
	    [8] = {true, false, true},
	};
	struct picture out;
	enum media_status status;
	bool swapped;

	if (orientation < 2 || orientation >= ARRAY_LEN(ways))
		return MEDIA_OK;
	swapped = ways[orientation].swapped;
	status =
	    picture_new(&out, swapped ? p->height : p->width, swapped ? p->width : p->height);
	if (status != MEDIA_OK)
		return status;
	for (uint32_t y = 0; y < out.height; y++) {
		for (uint32_t x = 0; x < out.width; x++) {
			uint32_t u = ways[orientation].mirrored ? out.width - 1 - x : x;
			uint32_t v = ways[orientation].flipped ? out.height - 1 - y : y;
			size_t from =
			    swapped ? (size_t)u * p->width + v : (size_t)v * p->width + u;

			memcpy(out.rgba + ((size_t)y * out.width + x) * CHANNELS,
			    p->rgba + from * CHANNELS, CHANNELS);
		}
	}
	picture_clear(p);
	*p = out;
	return MEDIA_OK;
}
