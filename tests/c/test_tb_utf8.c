#include "tb_test.h"
#include "tb_utf8_internal.h"

/** The definition, written out: decodes, then looks at what was decoded. */
static size_t expected_len(const uint8_t *byte, size_t len)
{
    static const uint32_t SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = byte[0] < 0x80   ? 1
                  : byte[0] < 0xC0 ? 0
                  : byte[0] < 0xE0 ? 2
                  : byte[0] < 0xF0 ? 3
                  : byte[0] < 0xF8 ? 4
                                   : 0;
    if (need <= 1 || len < need) {
        return need == 1 ? 1 : 0;
    }
    uint32_t code = byte[0] & (0x7Fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((byte[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (byte[i] & 0x3F);
    }
    bool legal = code >= SMALLEST[need] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return legal ? need : 0;
}

static void every_pair_of_first_bytes_is_judged_as_RFC_3629_says(void **state)
{
    (void)state;
    static const uint8_t TAILS[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0};
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            for (size_t t = 0; t < TB_COUNT(TAILS) * TB_COUNT(TAILS); t++) {
                uint8_t bytes[4] = {(uint8_t)first, (uint8_t)second, TAILS[t / TB_COUNT(TAILS)],
                                    TAILS[t % TB_COUNT(TAILS)]};
                tb_str_t text = {.ptr = (const char *)bytes, .len = sizeof(bytes)};
                assert_int_equal(tb_utf8_sequence_len(text), expected_len(bytes, sizeof(bytes)));
            }
        }
    }
}

static void cut_sequence_is_refused_and_not_read_past_its_end(void **state)
{
    (void)state;
    static const char *const SEQUENCES[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < TB_COUNT(SEQUENCES); i++) {
        tb_str_t whole = tb_str(SEQUENCES[i]);
        assert_int_equal(tb_utf8_sequence_len(whole), whole.len);
        for (size_t len = 0; len < whole.len; len++) {
            tb_str_t cut = heap_copy((tb_str_t){.ptr = whole.ptr, .len = len});
            assert_int_equal(tb_utf8_sequence_len(cut), 0);
            heap_free(cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_first_bytes_is_judged_as_RFC_3629_says),
        cmocka_unit_test(cut_sequence_is_refused_and_not_read_past_its_end),
    };
    return cmocka_run_group_tests_name("tb_utf8", tests, NULL, NULL);
}
