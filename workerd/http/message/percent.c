/*
 * Percent-decoding and -encoding, byte by byte.
 */
#include "workerd/http/message/percent.h"

#include "proto/base/hex.h"
#include "proto/base/utf8.h"

/* Removes and decodes the next byte of s; -1 for a '%' without two digits. */
static int
percent_take_byte(struct slice *s)
{
	int byte = s->p[0];
	size_t n = 1;

	if (byte == '%') {
		byte = s->len < 3 ? -1 : hex_value2(s->p + 1);
		if (byte == -1)
			return -1;
		n = 3;
	}
	*s = (struct slice){s->p + n, s->len - n};
	return byte;
}

bool
percent_decode(struct slice s, uint8_t *out, size_t size, size_t *len)
{
	size_t n = 0;

	while (s.len > 0) {
		int byte = percent_take_byte(&s);

		if (byte < 0x20 || byte == 0x7f || n == size)
			return false;
		out[n++] = (uint8_t)byte;
	}
	*len = n;
	return utf8_valid((struct slice){out, n});
}

/* Whether a byte stands for itself. */
static bool
percent_is_unreserved(uint8_t byte)
{
	uint8_t lower = byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	    byte == '.' || byte == '_' || byte == '~';
}

bool
percent_encode(struct slice s, char *out, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t byte = s.p[i];

		if (size - n < 4)
			return false;
		if (percent_is_unreserved(byte)) {
			out[n++] = (char)byte;
			continue;
		}
		out[n++] = '%';
		out[n++] = digits[byte >> 4];
		out[n++] = digits[byte & 15];
	}
	out[n] = '\0';
	return true;
}
