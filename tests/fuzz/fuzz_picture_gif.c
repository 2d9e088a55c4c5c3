/*
 * A file that is read as GIF, whatever its beginning is.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pictures.h"

FUZZ(picture_gif)
{
	pictures_pass(in, media_gif_read);
}
