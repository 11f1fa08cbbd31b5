#include "tb/tb_buf.h"

#include <string.h>

#define DECIMALS_MAX 9
#define SCALED_LIMIT 1e15

tb_str_t tb_str(const char *text)
{
    return (tb_str_t){.ptr = text, .len = strlen(text)};
}

bool tb_str_equal(tb_str_t a, tb_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

void tb_buf_put(tb_buf_t *out, tb_str_t text)
{
    if (out->overflow || text.len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    if (text.len > 0) {
        memcpy(out->ptr + out->len, text.ptr, text.len);
        out->len += text.len;
    }
}

void tb_buf_put_char(tb_buf_t *out, char c)
{
    tb_buf_put(out, (tb_str_t){.ptr = &c, .len = 1});
}

void tb_buf_put_uint(tb_buf_t *out, uint64_t value)
{
    char digits[20]; // 18446744073709551615
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    tb_buf_put(out, (tb_str_t){.ptr = digits + at, .len = sizeof(digits) - at});
}

void tb_buf_put_int(tb_buf_t *out, int64_t value)
{
    if (value < 0) {
        tb_buf_put_char(out, '-');
    }
    tb_buf_put_uint(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

tb_err_t tb_buf_put_fixed(tb_buf_t *out, double value, unsigned decimals)
{
    static const uint32_t POWERS[DECIMALS_MAX + 1] = {1,      10,      100,      1000,      10000,
                                                      100000, 1000000, 10000000, 100000000, 1000000000};
    if (decimals > DECIMALS_MAX) {
        return TB_ERR_INVALID_ARG;
    }
    double scaled = (value < 0 ? -value : value) * POWERS[decimals];
    if (!(scaled < SCALED_LIMIT)) { // so written, NaN is refused too
        return TB_ERR_OUT_OF_RANGE;
    }
    uint64_t rounded = (uint64_t)(scaled + 0.5);
    uint64_t fraction = rounded % POWERS[decimals];
    if (value < 0 && rounded != 0) {
        tb_buf_put_char(out, '-');
    }
    tb_buf_put_uint(out, rounded / POWERS[decimals]);
    if (fraction == 0) {
        return TB_OK;
    }
    tb_buf_put_char(out, '.');
    for (unsigned place = decimals; fraction != 0; place--) {
        uint32_t unit = POWERS[place - 1];
        tb_buf_put_char(out, (char)('0' + fraction / unit));
        fraction %= unit;
    }
    return TB_OK;
}

tb_str_t tb_buf_view(const tb_buf_t *buf)
{
    return (tb_str_t){.ptr = buf->ptr, .len = buf->len};
}

tb_err_t tb_buf_result(const tb_buf_t *buf)
{
    return buf->overflow ? TB_ERR_TOO_LONG : TB_OK;
}

tb_err_t tb_buf_terminate(tb_buf_t *buf)
{
    if (buf->overflow || buf->len == buf->cap) {
        return TB_ERR_TOO_LONG;
    }
    buf->ptr[buf->len] = '\0';
    return TB_OK;
}

tb_err_t tb_str_copy(tb_str_t text, char *dst, size_t cap)
{
    if (text.len >= cap) {
        return TB_ERR_TOO_LONG;
    }
    if (text.len > 0) {
        memcpy(dst, text.ptr, text.len);
    }
    dst[text.len] = '\0';
    return TB_OK;
}

const char *tb_text_at(const char *texts, size_t at)
{
    for (; at > 0; at--) {
        texts += strlen(texts) + 1;
    }
    return texts;
}

void tb_wipe(void *memory, size_t len)
{
    volatile unsigned char *at = memory;
    while (len-- > 0) {
        *at++ = 0;
    }
}
