/*
 * Hexadecimal digits to numbers, and back.
 */
#ifndef PROTO_BASE_HEX_H
#define PROTO_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* The value of the digit 0-9, a-f or A-F; -1 for any other byte. Inline, since parsers call it for
 * every digit. */
static inline int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hexadecimal digits at p stand for, or -1 if one is invalid. */
static inline int
hex_value2(const uint8_t *p)
{
	int high = hex_value(p[0]), low = hex_value(p[1]);

	return high == -1 || low == -1 ? -1 : high << 4 | low;
}

/* The value of four hexadecimal digits at p, or -1 if one is invalid. */
static inline int32_t
hex_value4(const uint8_t *p)
{
	int32_t value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);

		if (digit == -1)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Writes 2 * n digits, without a NUL. */
static inline void
hex_write(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
}

#endif
