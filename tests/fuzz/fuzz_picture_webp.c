/*
 * A file that is read as WebP, whatever its beginning is.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pictures.h"

FUZZ(picture_webp)
{
	pictures_pass(in, media_webp_read);
}
