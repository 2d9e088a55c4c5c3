/*
 * WebP by libwebp: the first frame of an animation, at its place on the canvas. A picture that is larger than what is shown is
 * scaled while it is decoded, so that its pixels are never in memory at once, except those of lossless ones: 4 bytes each.
 */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "proto/base/basics.h"
#include "workerd/mediad/media/media_codecs.h"
#include "workerd/mediad/media/media_exif.h"

#define CHANNELS 4u

static enum media_status
media_webp_status(VP8StatusCode code)
{
	if (code == VP8_STATUS_OK)
		return MEDIA_OK;
	if (code == VP8_STATUS_OUT_OF_MEMORY)
		return MEDIA_TOO_LARGE;
	return code == VP8_STATUS_UNSUPPORTED_FEATURE ? MEDIA_UNSUPPORTED : MEDIA_DAMAGED;
}

/* Decodes a still frame of these sides: scaled if it is larger than what is shown, and may be. */
static enum media_status
media_webp_decode(
    WebPData frame, uint32_t width, uint32_t height, bool may_scale, struct picture *p)
{
	WebPDecoderConfig config;
	enum media_status status;

	must(WebPInitDecoderConfig(&config));
	status = media_webp_status(WebPGetFeatures(frame.bytes, frame.size, &config.input));
	if (status != MEDIA_OK)
		return status;
	/* The container and the frame may disagree. */
	if (config.input.has_animation || config.input.width != (int)width ||
	    config.input.height != (int)height)
		return MEDIA_DAMAGED;
	if (may_scale)
		picture_fit(&width, &height, PICTURE_SHOWN_MAX);
	status = picture_new(p, width, height);
	if (status != MEDIA_OK)
		return status;
	config.options.use_scaling =
	    width != (uint32_t)config.input.width || height != (uint32_t)config.input.height;
	config.options.scaled_width = (int)width;
	config.options.scaled_height = (int)height;
	config.output.colorspace = MODE_RGBA;
	config.output.is_external_memory = 1;
	config.output.u.RGBA.rgba = p->rgba;
	config.output.u.RGBA.stride = (int)(width * CHANNELS);
	config.output.u.RGBA.size = (size_t)width * height * CHANNELS;
	status = media_webp_status(WebPDecode(frame.bytes, frame.size, &config));
	WebPFreeDecBuffer(&config.output);
	return status;
}

/* Puts a frame that is smaller than the canvas at its place. */
static enum media_status
media_webp_place(const struct picture *frame, uint32_t x, uint32_t y, struct media_source *out)
{
	const struct picture *to = &out->picture;
	enum media_status status;

	/* libwebp checks this, too. */
	if (x > out->width || frame->width > out->width - x || y > out->height ||
	    frame->height > out->height - y)
		return MEDIA_DAMAGED;
	status = picture_new(&out->picture, out->width, out->height);
	for (uint32_t row = 0; status == MEDIA_OK && row < frame->height; row++)
		memcpy(to->rgba + ((size_t)(y + row) * to->width + x) * CHANNELS,
		    frame->rgba + (size_t)row * frame->width * CHANNELS,
		    (size_t)frame->width * CHANNELS);
	return status;
}

static enum media_status
media_webp_read_frame(const WebPIterator *it, struct media_source *out)
{
	struct picture frame = {0};
	enum media_status status;
	uint32_t width, height;
	bool whole;

	if (!it->complete || it->width <= 0 || it->height <= 0)
		return MEDIA_DAMAGED;
	width = (uint32_t)it->width;
	height = (uint32_t)it->height;
	whole = width == out->width && height == out->height;
	status = picture_check(width, height);
	if (status == MEDIA_OK && whole)
		return media_webp_decode(it->fragment, width, height, true, &out->picture);
	if (status == MEDIA_OK)
		status = media_webp_decode(it->fragment, width, height, false, &frame);
	if (status == MEDIA_OK)
		status = media_webp_place(
		    &frame, (uint32_t)it->x_offset, (uint32_t)it->y_offset, out);
	picture_clear(&frame);
	return status;
}

static enum media_status
media_webp_first(const WebPDemuxer *demux, struct media_source *out)
{
	enum media_status status;
	WebPIterator it;

	if (!WebPDemuxGetFrame(demux, 1, &it))
		return MEDIA_DAMAGED;
	status = media_webp_read_frame(&it, out);
	WebPDemuxReleaseIterator(&it);
	return status;
}

static unsigned
media_webp_orientation(const WebPDemuxer *demux)
{
	WebPChunkIterator it;
	unsigned orientation;

	if (!WebPDemuxGetChunk(demux, "EXIF", 1, &it))
		return 1;
	orientation = media_exif_orientation((struct slice){it.chunk.bytes, it.chunk.size});
	WebPDemuxReleaseChunkIterator(&it);
	return orientation;
}

enum media_status
media_webp_read(struct slice bytes, struct media_source *out)
{
	const WebPData data = {bytes.p, bytes.len};
	WebPDemuxer *demux = WebPDemux(&data);
	enum media_status status;

	/* NULL: also a file that is cut. */
	if (demux == NULL)
		return MEDIA_DAMAGED;
	out->width = WebPDemuxGetI(demux, WEBP_FF_CANVAS_WIDTH);
	out->height = WebPDemuxGetI(demux, WEBP_FF_CANVAS_HEIGHT);
	out->photo = true;
	status = picture_check(out->width, out->height);
	if (status == MEDIA_OK) {
		out->orientation = media_webp_orientation(demux);
		status = media_webp_first(demux, out);
	}
	WebPDemuxDelete(demux);
	return status;
}
