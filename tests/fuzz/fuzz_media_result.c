/*
 * What a child that reads pictures may write, also one that a picture has taken over.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/mediad/media/media.h"

FUZZ(media_result)
{
	struct media_result r;
	struct buf again;

	if (!media_result_decode(in, &r))
		return;
	for (size_t i = 0; i < MEDIA_SIZES && r.status == MEDIA_OK; i++)
		must(r.copies[i].width <= PICTURE_SHOWN_MAX && r.copies[i].bytes.len <= in.len);
	buf_init(&again, MEDIA_RESULT_MAX);
	must(media_result_encode(&r, &again) && slice_eq(buf_slice(&again), in));
	buf_clear(&again);
}
