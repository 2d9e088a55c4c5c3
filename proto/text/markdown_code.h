/*
 * Whether a byte of Markdown that arrives in pieces is code: between backticks, to the end of the line at most, or
 * between lines that begin with ``` or ~~~ (CommonMark, sections 4.5 and 6.1). For what is cut from a model's text: what
 * looks like it within code is text.
 *
 * Owns no memory. All zero is the start of a text.
 */
#ifndef PROTO_TEXT_MARKDOWN_CODE_H
#define PROTO_TEXT_MARKDOWN_CODE_H

#include <stdbool.h>
#include <stdint.h>

enum markdown_code_in {
	MARKDOWN_NO_CODE,
	MARKDOWN_SPAN,    /* within a line */
	MARKDOWN_OPENING, /* the line that opens a block, which may turn out to be a span */
	MARKDOWN_BLOCK,
};

struct markdown_code {
	enum markdown_code_in in;
	uint8_t fence;         /* the character of the block's fence */
	unsigned fence_length; /* of the span or block */
	uint8_t
	    run; /* character of the run of backticks or tildes before this place; 0: none */
	unsigned run_length;
	bool run_is_first; /* the run begins its line */
	bool in_line;    /* the line has more than indentation and marks of quotes and lists */
	bool is_closing; /* of a block: only spaces may follow in this line */
	bool escaped;    /* behind a backslash */
};

/* Takes the next byte. Returns whether it is a part of code, its backticks included. */
bool markdown_code_read(struct markdown_code *m, uint8_t c);

#endif
