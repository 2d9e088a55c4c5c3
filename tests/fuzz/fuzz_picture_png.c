/*
 * A file that is read as PNG, whatever its beginning is.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pictures.h"

FUZZ(picture_png)
{
	pictures_pass(in, media_png_read);
}
