#include "tests/fuzz/pictures.h"

#include "tests/fuzz/fuzz.h"
#include "tests/media/pictures.h"
#include "workerd/files/picture_size.h"
#include "workerd/mediad/media/media.h"

/* Larger ones take long with sanitizers, and are read in the same way. */
#define PIXELS_MAX 1000000u

static void
check_result(const struct media_result *r)
{
	struct media_result again;
	struct buf bytes;

	buf_init(&bytes, MEDIA_RESULT_MAX);
	must(media_result_encode(r, &bytes));
	must(media_result_decode(buf_slice(&bytes), &again));
	must(again.status == r->status);
	for (size_t i = 0; i < MEDIA_SIZES && r->status == MEDIA_OK; i++) {
		struct media_source copy = {0};

		must((r->copies[i].kind == FILE_JPEG ? media_jpeg_read : media_png_read)(
			 r->copies[i].bytes, &copy) == MEDIA_OK);
		must(copy.width == r->copies[i].width && copy.height == r->copies[i].height);
		must(copy.orientation <= 1);
		picture_clear(&copy.picture);
	}
	buf_clear(&bytes);
}

void
pictures_pass(struct slice in, media_read_fn *read)
{
	struct media_source source = {.orientation = 1};
	struct media_result r;
	uint32_t width, height;
	bool small;

	if (read(in, &source) == MEDIA_OK) {
		must(source.picture.rgba != NULL &&
		    picture_check(source.width, source.height) == MEDIA_OK &&
		    source.orientation >= 1 && source.orientation <= 8);
		must(!picture_size_read(in, &width, &height) ||
		    (width == source.width && height == source.height));
	}
	small = (uint64_t)source.width * source.height <= PIXELS_MAX;
	picture_clear(&source.picture);
	if (!small)
		return;
	media_convert(in, &r);
	check_result(&r);
	media_result_clear(&r);
}

struct seeds {
	seed_fn *fn;
	void *arg;
	enum file_kind kind; /* FILE_KINDS: all */
};

static void
pass_seed(void *arg, const struct picture_case *c)
{
	const struct seeds *seeds = arg;

	if (seeds->kind == FILE_KINDS || c->kind == seeds->kind)
		seeds->fn(seeds->arg, c->name, buf_slice(&c->bytes));
}

#define SEEDS(name, kind)                                                 \
	void seeds_##name(seed_fn *fn, void *arg)                         \
	{                                                                 \
		pictures_make(pass_seed, &(struct seeds){fn, arg, kind}); \
	}
SEEDS(jpeg, FILE_JPEG)
SEEDS(png, FILE_PNG)
SEEDS(webp, FILE_WEBP)
SEEDS(gif, FILE_GIF)
SEEDS(pictures, FILE_KINDS)
