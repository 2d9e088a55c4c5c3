/*
 * Lengths are on a logarithmic scale: 16 codes for each doubling.
 */
#include "storaged/search/ranking/row.h"

#include <math.h>

uint8_t
row_length_code(unsigned tokens)
{
	float code = 16.0f * log2f(1.0f + (float)tokens);

	return code > 255 ? 255 : (uint8_t)lroundf(code);
}

float
row_length(int64_t row)
{
	static float lengths[256];

	if (lengths[255] == 0)
		for (int i = 0; i < 256; i++)
			lengths[i] = exp2f((float)i / 16.0f) - 1.0f;
	return lengths[(uint8_t)row];
}
