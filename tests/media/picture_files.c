/*
 * picture-files DIR: writes each picture of pictures.h to a file of DIR, and a line for each to standard output: its file, the media
 * type, the sides of what is shown, and 1 if it has a transparent part. For tests in other languages.
 */
#include <stdio.h>

#include "proto/base/basics.h"
#include "tests/media/pictures.h"

static void
picture_file_write(void *arg, const struct picture_case *c)
{
	static unsigned n;
	char path[4096];
	FILE *file;

	must(snprintf(path, sizeof(path), "%s/%u", (const char *)arg, n) < (int)sizeof(path));
	file = fopen(path, "wbe");
	must(file != NULL);
	must(fwrite(buf_data(&c->bytes), 1, buf_len(&c->bytes), file) == buf_len(&c->bytes));
	must(fclose(file) == 0);
	printf("%u\t%s\t%s\t%u\t%u\t%d\n", n++, c->name, file_kind_type(c->kind), c->width,
	    c->height, c->transparent);
}

int
main(int argc, char **argv)
{
	must(argc == 2);
	pictures_make(picture_file_write, argv[1]);
	return 0;
}
