/*
 * The table. Its letters are the initials of the classes.
 */
#include "workerd/http/message/byte_class.h"

#define T BYTE_TOKEN
#define V BYTE_VALUE
#define U BYTE_TARGET
#define H BYTE_HOST
#define W BYTE_SPACE

const uint8_t byte_class[256] = {
    ['\t'] = V | W,
    [' '] = V | W,
    ['!'] = T | V | U,
    ['"'] = V | U,
    ['#'] = T | V,
    ['$'] = T | V | U,
    ['%'] = T | V | U | H,
    ['&'] = T | V | U,
    ['\''] = T | V | U,
    ['('] = V | U,
    [')'] = V | U,
    ['*'] = T | V | U,
    ['+'] = T | V | U,
    [','] = V | U,
    ['-'] = T | V | U | H,
    ['.'] = T | V | U | H,
    ['/'] = V | U,
    ['0' ... '9'] = T | V | U | H,
    [':'] = V | U | H,
    [';'] = V | U,
    ['<'] = V | U,
    ['='] = V | U,
    ['>'] = V | U,
    ['?'] = V | U,
    ['@'] = V | U,
    ['A' ... 'Z'] = T | V | U | H,
    ['['] = V | U | H,
    ['\\'] = V | U,
    [']'] = V | U | H,
    ['^'] = T | V | U,
    ['_'] = T | V | U | H,
    ['`'] = T | V | U,
    ['a' ... 'z'] = T | V | U | H,
    ['{'] = V | U,
    ['|'] = T | V | U,
    ['}'] = V | U,
    ['~'] = T | V | U | H,
    [0x80 ... 0xff] = V,
};
