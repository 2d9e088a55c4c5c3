/*
 * JPEG by libjpeg-turbo. Its errors are jumps (libjpeg.txt, "Error handling"); nothing between setjmp() and the jump is kept in
 * local variables.
 *
 * A picture that is much larger than what is shown is decoded at n/8 of its sides, which costs less time and memory. A
 * progressive one has all coefficients in memory: at most 6 bytes a pixel (8 with four colours).
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "proto/base/basics.h"
#include "workerd/mediad/media/media_codecs.h"
#include "workerd/mediad/media/media_exif.h"

#define QUALITY     86
#define SCANS_MAX   200 /* of a progressive picture: usual ones have 10 */
#define MARKERS_MAX 64  /* of those with Exif data that are kept */
#define CHANNELS    4

struct media_jpeg {
	struct jpeg_error_mgr errors; /* first: libjpeg passes its address */
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
	enum media_status status;
	struct jpeg_decompress_struct in;
	struct jpeg_compress_struct out;
	uint8_t *row;        /* of four colours */
	unsigned char *file; /* of the writer */
	unsigned long file_len;
};

static struct media_jpeg *
media_jpeg_of(j_common_ptr info)
{
	return (struct media_jpeg *)(void *)info->err;
}

static _Noreturn void
media_jpeg_fail(struct media_jpeg *j, enum media_status status)
{
	j->status = status;
	longjmp(j->failed, 1);
}

static void
media_jpeg_on_error(j_common_ptr info)
{
	switch (info->err->msg_code) {
	case JERR_OUT_OF_MEMORY:
	case JERR_IMAGE_TOO_BIG:
	case JERR_WIDTH_OVERFLOW:
		media_jpeg_fail(media_jpeg_of(info), MEDIA_TOO_LARGE);
	case JERR_ARITH_NOTIMPL:
	case JERR_SOF_UNSUPPORTED:
	case JERR_BAD_PRECISION:
	case JERR_CONVERSION_NOTIMPL:
	case JERR_NOTIMPL:
		media_jpeg_fail(media_jpeg_of(info), MEDIA_UNSUPPORTED);
	default:
		media_jpeg_fail(media_jpeg_of(info), MEDIA_DAMAGED);
	}
}

/* Warnings about pixels are no reason to refuse a photo, as in browsers; the end of the file is. */
static void
media_jpeg_on_message(j_common_ptr info, int level)
{
	if (level == -1 && info->err->msg_code == JWRN_JPEG_EOF)
		media_jpeg_fail(media_jpeg_of(info), MEDIA_DAMAGED);
}

/* Each scan passes over all coefficients, and a few bytes of file are enough for one. */
static void
media_jpeg_on_progress(j_common_ptr info)
{
	if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > SCANS_MAX)
		media_jpeg_fail(media_jpeg_of(info), MEDIA_DAMAGED);
}

static void
media_jpeg_open(struct media_jpeg *j)
{
	memset(j, 0, sizeof(*j));
	(void)jpeg_std_error(&j->errors);
	j->errors.error_exit = media_jpeg_on_error;
	j->errors.emit_message = media_jpeg_on_message;
	j->progress.progress_monitor = media_jpeg_on_progress;
	j->in.err = j->out.err = &j->errors;
}

/* The smallest n of n/8 that keeps the longest side at least as long as what is shown. */
static unsigned
media_jpeg_eighths(uint32_t width, uint32_t height)
{
	uint32_t longest = width > height ? width : height;
	unsigned n = 8;

	while (n > 1 && longest * (n - 1) / 8 >= PICTURE_SHOWN_MAX)
		n--;
	return n;
}

static unsigned
media_jpeg_orientation(const struct jpeg_decompress_struct *in)
{
	unsigned n = 0;

	for (jpeg_saved_marker_ptr m = in->marker_list; m != NULL && n < MARKERS_MAX;
	     m = m->next, n++)
		if (m->data_length >= 6 && memcmp(m->data, "Exif\0", 6) == 0)
			return media_exif_orientation((struct slice){m->data, m->data_length});
	return 1;
}

/* Adobe's programs store the inverse of ink, and so does everybody. */
static void
media_jpeg_convert_inks(const uint8_t *inks, uint8_t *rgba, uint32_t width)
{
	for (uint32_t i = 0; i < width; i++, inks += 4, rgba += CHANNELS) {
		for (unsigned c = 0; c < 3; c++)
			rgba[c] = (uint8_t)(inks[c] * inks[3] / 255);
		rgba[3] = UINT8_MAX;
	}
}

static void
media_jpeg_read_rows(struct media_jpeg *j, const struct picture *p)
{
	bool inks = j->in.out_color_space == JCS_CMYK;

	while (j->in.output_scanline < j->in.output_height) {
		uint8_t *to = p->rgba + (size_t)j->in.output_scanline * p->width * CHANNELS;
		JSAMPROW row = inks ? j->row : to;

		if (jpeg_read_scanlines(&j->in, &row, 1) != 1)
			media_jpeg_fail(j, MEDIA_DAMAGED);
		if (inks)
			media_jpeg_convert_inks(j->row, to, p->width);
	}
	(void)jpeg_finish_decompress(&j->in);
}

static void
media_jpeg_start(struct media_jpeg *j, struct slice bytes)
{
	jpeg_create_decompress(&j->in);
	j->in.progress = &j->progress;
	jpeg_mem_src(&j->in, bytes.p, bytes.len);
	jpeg_save_markers(&j->in, JPEG_APP0 + 1, 0xffff);
	(void)jpeg_read_header(&j->in, TRUE);
}

static void
media_jpeg_decode(struct media_jpeg *j, struct slice bytes, struct media_source *out)
{
	bool inks;

	media_jpeg_start(j, bytes);
	out->width = j->in.image_width;
	out->height = j->in.image_height;
	out->orientation = media_jpeg_orientation(&j->in);
	out->photo = true;
	j->status = picture_check(out->width, out->height);
	if (j->status != MEDIA_OK)
		media_jpeg_fail(j, j->status);
	inks = j->in.jpeg_color_space == JCS_CMYK || j->in.jpeg_color_space == JCS_YCCK;
	j->in.out_color_space = inks ? JCS_CMYK : JCS_EXT_RGBA;
	j->in.scale_num = media_jpeg_eighths(out->width, out->height);
	j->in.scale_denom = 8;
	(void)jpeg_start_decompress(&j->in);
	j->status = picture_new(&out->picture, j->in.output_width, j->in.output_height);
	if (j->status == MEDIA_OK && inks) {
		j->row = malloc((size_t)j->in.output_width * CHANNELS);
		j->status = j->row != NULL ? MEDIA_OK : MEDIA_TOO_LARGE;
	}
	if (j->status != MEDIA_OK)
		media_jpeg_fail(j, j->status);
	media_jpeg_read_rows(j, &out->picture);
}

enum media_status
media_jpeg_read(struct slice bytes, struct media_source *out)
{
	struct media_jpeg j;

	media_jpeg_open(&j);
	if (setjmp(j.failed) == 0)
		media_jpeg_decode(&j, bytes, out);
	jpeg_destroy_decompress(&j.in);
	free(j.row);
	return j.status;
}

static void
media_jpeg_encode(struct media_jpeg *j, const struct picture *p, bool photo)
{
	jpeg_create_compress(&j->out);
	jpeg_mem_dest(&j->out, &j->file, &j->file_len);
	j->out.image_width = p->width;
	j->out.image_height = p->height;
	j->out.input_components = CHANNELS;
	j->out.in_color_space = JCS_EXT_RGBX;
	jpeg_set_defaults(&j->out);
	jpeg_set_quality(&j->out, QUALITY, TRUE);
	j->out.optimize_coding = TRUE;
	/* Letters in a screenshot keep the resolution of their colours. */
	if (!photo)
		j->out.comp_info[0].h_samp_factor = j->out.comp_info[0].v_samp_factor = 1;
	jpeg_start_compress(&j->out, TRUE);
	while (j->out.next_scanline < j->out.image_height) {
		JSAMPROW row = p->rgba + (size_t)j->out.next_scanline * p->width * CHANNELS;

		(void)jpeg_write_scanlines(&j->out, &row, 1);
	}
	jpeg_finish_compress(&j->out);
}

enum media_status
media_jpeg_write(const struct picture *p, bool photo, struct buf *out)
{
	struct media_jpeg j;

	media_jpeg_open(&j);
	if (setjmp(j.failed) == 0)
		media_jpeg_encode(&j, p, photo);
	if (j.status == MEDIA_OK && buf_append(out, j.file, j.file_len) == -1)
		j.status = MEDIA_TOO_LARGE;
	jpeg_destroy_compress(&j.out);
	free(j.file);
	return j.status;
}
