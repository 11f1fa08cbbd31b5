#include "tb/tb_json.h"
#include "tb_utf8_internal.h"

static bool is_utf8(tb_str_t text)
{
    while (text.len > 0) {
        size_t len = tb_utf8_sequence_len(text);
        if (len == 0) {
            return false;
        }
        text.ptr += len;
        text.len -= len;
    }
    return true;
}

static void put_escaped(tb_buf_t *out, char c)
{
    static const char HEX[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;
    if (c == '"' || c == '\\') {
        tb_buf_put_char(out, '\\');
        tb_buf_put_char(out, c);
    } else if (byte < 0x20) {
        tb_buf_put(out, TB_STR("\\u00"));
        tb_buf_put_char(out, HEX[byte >> 4]);
        tb_buf_put_char(out, HEX[byte & 0x0F]);
    } else {
        tb_buf_put_char(out, c);
    }
}

tb_err_t tb_json_put_string(tb_buf_t *out, tb_str_t text)
{
    if (!is_utf8(text)) {
        return TB_ERR_BAD_UTF8;
    }
    tb_buf_put_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        put_escaped(out, text.ptr[i]);
    }
    tb_buf_put_char(out, '"');
    return TB_OK;
}
