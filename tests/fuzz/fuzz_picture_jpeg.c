/*
 * A file that is read as JPEG, whatever its beginning is.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pictures.h"

FUZZ(picture_jpeg)
{
	pictures_pass(in, media_jpeg_read);
}
