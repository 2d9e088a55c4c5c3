/*
 * The sides of a picture are in the start of its file: what follows changes nothing.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/files/picture_size.h"

FUZZ(picture_size)
{
	uint32_t width, height, cut_width, cut_height;
	const bool found = picture_size_read(in, &width, &height);
	const size_t cut = in.len / 2;
	uint8_t *start = fuzz_copy((struct slice){in.p, cut});

	must(found == (width > 0 && height > 0));
	if (picture_size_read((struct slice){start, cut}, &cut_width, &cut_height))
		must(found && cut_width == width && cut_height == height);
	free(start);
}
