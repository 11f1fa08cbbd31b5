#include "tb_utf8_internal.h"

size_t tb_utf8_sequence_len(tb_str_t text)
{
    // first byte from..to, length, range of the second byte: it excludes overlong forms, surrogates and > U+10FFFF
    static const struct {
        uint8_t from, to, len, second_from, second_to;
    } FORMS[] = {
        {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF}, {0xE1, 0xEC, 3, 0x80, 0xBF},
        {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF}, {0xF0, 0xF0, 4, 0x90, 0xBF},
        {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
    };
    if (text.len == 0) {
        return 0;
    }
    const uint8_t *byte = (const uint8_t *)text.ptr;
    if (byte[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < TB_COUNT(FORMS); i++) {
        if (byte[0] < FORMS[i].from || byte[0] > FORMS[i].to) {
            continue;
        }
        if (text.len < FORMS[i].len || byte[1] < FORMS[i].second_from || byte[1] > FORMS[i].second_to) {
            return 0;
        }
        for (size_t k = 2; k < FORMS[i].len; k++) {
            if ((byte[k] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return FORMS[i].len;
    }
    return 0;
}
