// The grammar of RFC 8259, read byte by byte: jsmn finds where tokens stand, but accepts much that is not JSON.

#include <string.h>

#include "tb/tb_json.h"
#include "tb_utf8_internal.h"

static char peek(const tb_str_t *in)
{
    return (char)(in->len > 0 ? in->ptr[0] : '\0');
}

static void skip(tb_str_t *in, size_t count)
{
    in->ptr += count;
    in->len -= count;
}

static bool take(tb_str_t *in, char c)
{
    if (in->len == 0 || in->ptr[0] != c) {
        return false;
    }
    skip(in, 1);
    return true;
}

static void skip_space(tb_str_t *in)
{
    while (in->len > 0 && memchr(" \t\r\n", in->ptr[0], 4) != NULL) {
        skip(in, 1);
    }
}

static bool take_digits(tb_str_t *in)
{
    size_t start = in->len;
    while (peek(in) >= '0' && peek(in) <= '9') {
        skip(in, 1);
    }
    return in->len != start;
}

static tb_err_t check_number(tb_str_t *in)
{
    (void)take(in, '-');
    bool valid = take(in, '0') || take_digits(in);
    if (valid && take(in, '.')) {
        valid = take_digits(in);
    }
    if (valid && (take(in, 'e') || take(in, 'E'))) {
        (void)(take(in, '+') || take(in, '-'));
        valid = take_digits(in);
    }
    return valid ? TB_OK : TB_ERR_BAD_JSON;
}

/** Reads four hex digits. Returns false when they are not there. */
static bool take_hex4(tb_str_t *in, uint32_t *out)
{
    uint32_t value = 0;
    if (in->len < 4) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        static const char DIGITS[] = "0123456789abcdefABCDEF";
        const char *at = memchr(DIGITS, in->ptr[i], sizeof(DIGITS) - 1);
        if (at == NULL) {
            return false;
        }
        uint32_t digit = (uint32_t)(at - DIGITS);
        value = value * 16 + (digit < 16 ? digit : digit - 6);
    }
    skip(in, 4);
    *out = value;
    return true;
}

/** Reads what follows a backslash; half a surrogate pair is refused, since no UTF-8 can hold it. */
static bool take_escape(tb_str_t *in)
{
    uint32_t unit = 0;
    if (in->len == 0) {
        return false;
    }
    char kind = in->ptr[0];
    skip(in, 1);
    if (kind != 'u') {
        return memchr("\"\\/bfnrt", kind, 8) != NULL;
    }
    if (!take_hex4(in, &unit)) {
        return false;
    }
    if (unit < 0xD800 || unit > 0xDFFF) {
        return true;
    }
    return unit < 0xDC00 && take(in, '\\') && take(in, 'u') && take_hex4(in, &unit) && unit >= 0xDC00 && unit <= 0xDFFF;
}

static tb_err_t check_string(tb_str_t *in)
{
    if (!take(in, '"')) {
        return TB_ERR_BAD_JSON;
    }
    while (!take(in, '"')) {
        if (in->len == 0 || (unsigned char)in->ptr[0] < 0x20) {
            return TB_ERR_BAD_JSON;
        }
        if (take(in, '\\')) {
            if (!take_escape(in)) {
                return TB_ERR_BAD_JSON;
            }
            continue;
        }
        size_t len = tb_utf8_sequence_len(*in);
        if (len == 0) {
            return TB_ERR_BAD_UTF8;
        }
        skip(in, len);
    }
    return TB_OK;
}

static tb_err_t check_scalar(tb_str_t *in)
{
    static const tb_str_t LITERALS[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    if (peek(in) == '"') {
        return check_string(in);
    }
    for (size_t i = 0; i < TB_COUNT(LITERALS); i++) {
        if (in->len >= LITERALS[i].len && memcmp(in->ptr, LITERALS[i].ptr, LITERALS[i].len) == 0) {
            skip(in, LITERALS[i].len);
            return TB_OK;
        }
    }
    return check_number(in);
}

/** Reads `"key":`. */
static tb_err_t check_key(tb_str_t *in)
{
    skip_space(in);
    tb_err_t err = check_string(in);
    if (err != TB_OK) {
        return err;
    }
    skip_space(in);
    return take(in, ':') ? TB_OK : TB_ERR_BAD_JSON;
}

/** The brackets that are open, innermost last; a stack of its own, so that the C stack does not grow with the input. */
typedef struct {
    char closers[TB_JSON_DEPTH_MAX];
    size_t depth;
} nesting_t;

/** Enters the container that starts here. Sets @p empty when it is closed at once. */
static tb_err_t open_container(tb_str_t *in, nesting_t *nest, bool *empty)
{
    char closer = peek(in) == '{' ? '}' : ']';
    skip(in, 1);
    skip_space(in);
    *empty = take(in, closer);
    if (*empty) {
        return TB_OK;
    }
    if (nest->depth == TB_JSON_DEPTH_MAX) {
        return TB_ERR_TOO_LONG;
    }
    nest->closers[nest->depth++] = closer;
    return closer == '}' ? check_key(in) : TB_OK;
}

/** Reads what may follow a value: closing brackets, then a comma (with the next key) or the end. */
static tb_err_t after_value(tb_str_t *in, nesting_t *nest)
{
    skip_space(in);
    while (nest->depth > 0 && take(in, nest->closers[nest->depth - 1])) {
        nest->depth--;
        skip_space(in);
    }
    if (nest->depth == 0) {
        return in->len == 0 ? TB_OK : TB_ERR_BAD_JSON;
    }
    if (!take(in, ',')) {
        return TB_ERR_BAD_JSON;
    }
    return nest->closers[nest->depth - 1] == '}' ? check_key(in) : TB_OK;
}

tb_err_t tb_json_check(tb_str_t text)
{
    nesting_t nest = {.depth = 0};
    do {
        skip_space(&text);
        bool is_value = true;
        tb_err_t err;
        if (peek(&text) == '{' || peek(&text) == '[') {
            err = open_container(&text, &nest, &is_value);
        } else {
            err = check_scalar(&text);
        }
        if (err == TB_OK && is_value) {
            err = after_value(&text, &nest);
        }
        if (err != TB_OK) {
            return err;
        }
    } while (nest.depth > 0);
    return TB_OK;
}
