#include <string.h>

#define JSMN_STATIC
#include <jsmn.h>

#include "tb/tb_json.h"

/** One character of a JSON string after another, unescaped to UTF-8. */
typedef struct {
    tb_str_t rest;
    char utf8[4];
    size_t utf8_len;
    size_t utf8_at;
} unescaper_t;

static unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static uint32_t take_hex4(unescaper_t *in)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value = value * 16 + hex_digit(in->rest.ptr[i]);
    }
    in->rest.ptr += 4;
    in->rest.len -= 4;
    return value;
}

static void put_code_point(unescaper_t *in, uint32_t code)
{
    in->utf8_at = 0;
    if (code < 0x80) {
        in->utf8[0] = (char)code;
        in->utf8_len = 1;
        return;
    }
    in->utf8_len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t LEAD[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = in->utf8_len - 1; i > 0; i--) {
        in->utf8[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    in->utf8[0] = (char)(LEAD[in->utf8_len] | code);
}

/** Unescapes what follows a backslash. The string has passed tb_json_check(), so all of it is there. */
static void unescape(unescaper_t *in)
{
    static const char FROM[] = "bfnrt";
    static const char TO[] = "\b\f\n\r\t";
    char kind = in->rest.ptr[0];
    in->rest.ptr++;
    in->rest.len--;
    if (kind == 'u') {
        uint32_t code = take_hex4(in);
        if (code >= 0xD800 && code <= 0xDFFF) { // \ud83d\ude00: a pair
            in->rest.ptr += 2;
            in->rest.len -= 2;
            code = 0x10000 + ((code - 0xD800) << 10) + (take_hex4(in) - 0xDC00);
        }
        put_code_point(in, code);
        return;
    }
    const char *at = memchr(FROM, kind, sizeof(FROM) - 1);
    put_code_point(in, (uint32_t)(at != NULL ? TO[at - FROM] : kind));
}

/** Stores the next byte of the unescaped text in @p out, or returns false at the end. */
static bool next_byte(unescaper_t *in, char *out)
{
    if (in->utf8_at == in->utf8_len) {
        if (in->rest.len == 0) {
            return false;
        }
        char c = in->rest.ptr[0];
        in->rest.ptr++;
        in->rest.len--;
        if (c != '\\') {
            *out = c;
            return true;
        }
        unescape(in);
    }
    *out = in->utf8[in->utf8_at++];
    return true;
}

/** Compares two strings as they read, whatever way they are escaped. */
static bool same_text(tb_str_t raw_a, tb_str_t raw_b)
{
    unescaper_t a = {.rest = raw_a};
    unescaper_t b = {.rest = raw_b};
    for (;;) {
        char byte_a = 0;
        char byte_b = 0;
        bool more_a = next_byte(&a, &byte_a);
        bool more_b = next_byte(&b, &byte_b);
        if (more_a != more_b || byte_a != byte_b) {
            return false;
        }
        if (!more_a) {
            return true;
        }
    }
}

static bool reads(tb_str_t raw, tb_str_t text)
{
    unescaper_t in = {.rest = raw};
    for (size_t i = 0; i < text.len; i++) {
        char byte = 0;
        if (!next_byte(&in, &byte) || byte != text.ptr[i]) {
            return false;
        }
    }
    return in.rest.len == 0 && in.utf8_at == in.utf8_len;
}

static tb_str_t token_text(tb_str_t text, const jsmntok_t *token)
{
    return (tb_str_t){.ptr = text.ptr + token->start, .len = (size_t)(token->end - token->start)};
}

static tb_json_value_t token_value(tb_str_t text, const jsmntok_t *token)
{
    tb_json_value_t value = {.type = TB_JSON_NUMBER, .raw = token_text(text, token)};
    switch (token->type) {
    case JSMN_OBJECT:
        value.type = TB_JSON_OBJECT;
        break;
    case JSMN_ARRAY:
        value.type = TB_JSON_ARRAY;
        break;
    case JSMN_STRING:
        value.type = TB_JSON_STRING;
        break;
    case JSMN_UNDEFINED:
    case JSMN_PRIMITIVE:
        if (value.raw.ptr[0] == 'n') {
            value.type = TB_JSON_NULL;
        } else if (value.raw.ptr[0] == 't' || value.raw.ptr[0] == 'f') {
            value.type = TB_JSON_BOOL;
        }
        break;
    }
    return value;
}

/** Index of the token after the value at @p at: tokens stand in the order of the text. */
static size_t after(const jsmntok_t *tokens, size_t count, size_t at)
{
    int end = tokens[at].end;
    do {
        at++;
    } while (at < count && tokens[at].start < end);
    return at;
}

static bool has_duplicate_key(tb_str_t text, const jsmntok_t *tokens, size_t count)
{
    for (size_t a = 1; a < count; a = after(tokens, count, a + 1)) {
        for (size_t b = after(tokens, count, a + 1); b < count; b = after(tokens, count, b + 1)) {
            if (same_text(token_text(text, &tokens[a]), token_text(text, &tokens[b]))) {
                return true;
            }
        }
    }
    return false;
}

tb_err_t tb_json_read_object(tb_str_t text, tb_json_member_t *members, size_t count)
{
    tb_err_t err = tb_json_check(text);
    if (err != TB_OK) {
        return err;
    }
    jsmntok_t tokens[TB_JSON_TOKENS_MAX];
    jsmn_parser parser;
    jsmn_init(&parser);
    int found = jsmn_parse(&parser, text.ptr, text.len, tokens, TB_COUNT(tokens));
    if (found == JSMN_ERROR_NOMEM) {
        return TB_ERR_TOO_LONG;
    }
    if (found < 1 || tokens[0].type != JSMN_OBJECT || has_duplicate_key(text, tokens, (size_t)found)) {
        return TB_ERR_BAD_JSON;
    }
    for (size_t m = 0; m < count; m++) {
        members[m].value = (tb_json_value_t){.type = TB_JSON_ABSENT};
        for (size_t at = 1; at < (size_t)found; at = after(tokens, (size_t)found, at + 1)) {
            if (reads(token_text(text, &tokens[at]), members[m].key)) {
                members[m].value = token_value(text, &tokens[at + 1]);
                break;
            }
        }
    }
    return TB_OK;
}

tb_err_t tb_json_read_string(const tb_json_value_t *value, char *dst, size_t cap)
{
    if (value->type != TB_JSON_STRING) {
        return TB_ERR_INCOMPLETE;
    }
    char byte = 0;
    size_t len = 0;
    for (unescaper_t in = {.rest = value->raw}; next_byte(&in, &byte); len++) { // measure first: dst stays untouched
        if (byte == '\0') {
            return TB_ERR_BAD_JSON;
        }
    }
    if (len >= cap) {
        return TB_ERR_TOO_LONG;
    }
    unescaper_t in = {.rest = value->raw};
    for (size_t i = 0; next_byte(&in, &byte); i++) {
        dst[i] = byte;
    }
    dst[len] = '\0';
    return TB_OK;
}

bool tb_json_is_string(const tb_json_value_t *value, tb_str_t text)
{
    return value->type == TB_JSON_STRING && reads(value->raw, text);
}
