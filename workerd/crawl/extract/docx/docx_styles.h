/*
 * Which styles of a DOCX file are headings: their ids depend on the language of the program that wrote it.
 */
#ifndef WORKERD_CRAWL_EXTRACT_DOCX_DOCX_STYLES_H
#define WORKERD_CRAWL_EXTRACT_DOCX_DOCX_STYLES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"

#define DOCX_STYLES_MAX   256
#define DOCX_STYLE_ID_MAX 64

struct docx_styles {
	struct {
		char id[DOCX_STYLE_ID_MAX];
		uint8_t level; /* of headings; 0: none */
	} styles[DOCX_STYLES_MAX];
	size_t n;
};

/* Reads word/styles.xml; an invalid or empty one gives what could be read. */
void docx_styles_read(struct docx_styles *s, struct slice part);

/* The level of headings with this style; 0: it is none. */
uint8_t docx_styles_level(const struct docx_styles *s, const char *id);

#endif
